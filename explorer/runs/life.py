"""A run's life: the states it can be in, what each means, and which may follow which.

    queued  →  running  →  finished
      ↑ ↓        ↑ ↓
    stopped, failed, interrupted

What waits does not fail, what is interrupted may still be stopped, and what is lost is queued or interrupted once more: the table
has every step. A new run begins NEW; one that comes whole from elsewhere keeps its state (`adopting.adopt`: a finished one out of
a ZIP; `elsewhere.unpack`: one that this machine carries out for another). From then on nothing but `explorer.runs.move` writes a
state, and it asks here first.
"""

from dataclasses import dataclass

from explorer.errors import ExplorerError


@dataclass(frozen=True)
class State:
    """One state: what it means, who sets it, and the states that may come before it."""

    meaning: str
    set_by: str
    after: tuple[str, ...]


STATES = {
    "queued": State(
        "it waits for a process",
        "who asks for it: a new run, or one that resumes from its checkpoint (queued again where its task was lost)",
        ("queued", "stopped", "failed", "interrupted"),
    ),
    "running": State(
        "a process carries it out",
        "that process, as it begins",
        ("queued", "stopped", "failed", "interrupted"),
    ),
    "finished": State(
        "it came to its end, and all results are there",
        "the process that carried it out",
        ("running",),
    ),
    "stopped": State(
        "somebody asked for its end",
        "the process; the queue where it still waited; the worker where the process did not listen",
        ("queued", "running", "interrupted"),
    ),
    "failed": State(
        "it cannot go on: the loss diverged, the disk was full, the images cannot be read",
        "the process that carried it out; the server where that was on a cluster, which reports its error",
        ("running",),
    ),
    "interrupted": State(
        "its process or its task is gone, and did not say why",
        "the worker that finds it so; who reads the folder of a dead process sees it without its being written",
        ("queued", "running", "interrupted"),
    ),
}

NEW = "queued"
"""What a run is when it is made."""

FROM_OUTSIDE = ("stopped", "failed", "interrupted")
"""What others than its process may write of a run (`runs.close`): its results are its own."""

LIVE = ("queued", "running")
"""It may still change by itself."""

FINAL = ("finished", "stopped", "failed")
"""It was written by somebody who knew, and changes only where somebody asks for the run again."""

ENDED_EARLY = ("stopped", "failed", "interrupted")
"""It came to no result, and can be carried out again."""

OVER = ("finished", *ENDED_EARLY)
"""It does not change by itself any more."""


def check(run: str, now: str, new: str) -> None:
    """Raises ExplorerError where a run in the state `now` cannot come into the state `new`; ValueError where there is no such
    state."""
    if now not in STATES[known(new)].after:
        raise ExplorerError(
            f"The run {run} is {now} ({STATES[now].meaning}), so it cannot become {new}. Train its recipe again, as another run."
        )


def known(state: str) -> str:
    """The state; ValueError where a run has none of that name."""
    if state not in STATES:
        raise ValueError(f"a run has no state {state!r}; it has {', '.join(STATES)}")
    return state


def seen(written: str, alive: bool, waits: bool = True) -> str:
    """The state of a run whose folder says `written`: interrupted where its process is not `alive`, and while it is queued where
    besides no task `waits` to be carried out."""
    gone = not alive and (written == "running" or not waits)
    return "interrupted" if written in LIVE and gone else written
