"""A run's life: the states it can be in, what each means, and which may follow which.

    queued → running → finished
       ↑        ↓
       └── stopped, failed, interrupted

Nothing but `explorer.runs.move` writes a state, and it asks here first.
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
        "the process that carried it out",
        ("running",),
    ),
    "interrupted": State(
        "its process or its task is gone, and did not say why",
        "the worker that finds it so; who reads the folder of a dead process sees it without its being written",
        ("queued", "running", "interrupted"),
    ),
}

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
    if new not in STATES:
        raise ValueError(f"a run has no state {new!r}; it has {', '.join(STATES)}")
    if now not in STATES[new].after:
        raise ExplorerError(
            f"The run {run} is {now} ({STATES[now].meaning}), so it cannot become {new}. Train its recipe again, as another run."
        )


def seen(written: str, alive: bool) -> str:
    """The state of a run whose folder says `written`: one that runs in no process any more is interrupted."""
    return "interrupted" if written == "running" and not alive else written
