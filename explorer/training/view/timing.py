"""Time told: how long a recipe takes, when a run that waits will start, how long one under way still takes."""

import time
from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer import jobs, runs, workspaces
from explorer.app.asking import finished
from explorer.errors import ExplorerError
from explorer.jobs import Answer
from explorer.jobs.pausing import paused
from explorer.recipe import Recipe, make
from explorer.runs import FinishedRun, KnownRun, Run
from explorer.training.view.estimates import await_speed, estimate, speed_of, time_words

LONG = 30.0  # seconds from which on a recipe is worth shortening
SAVES = 0.6  # what a shorter recipe may take of it to be named
LAST = 1.0  # seconds that scoring and the audit take at the end of a run


def tell_time(recipe: Recipe) -> None:
    """How long the recipe takes on this machine, and what would make it shorter; asks again until the speed is measured."""
    if speed_of(recipe) is None:
        if await_speed(recipe):
            st.caption(
                ":material/timer: How long it takes will be shown in a moment: this machine's speed is being measured."
            )
        return
    known = finished()
    took = estimate(recipe, known)
    if took is None:
        st.caption(":material/timer: How long it takes is told once a run has read the folder.")
        return
    less = shorter(recipe, known, took)
    more = f" Shorter: {'; '.join(less)}." if less else ""
    st.caption(f":material/timer: It takes **{time_words(took)}** on this machine.{more}")


def shorter(recipe: Recipe, known: Sequence[FinishedRun], took: float) -> list[str]:
    """Up to two changes that save much of the time, the one that saves most first, with what is left: `feature extraction
    (about 5 s)`."""
    if took < LONG:
        return []
    found = []
    for words, changes in _CHANGES.items():
        try:
            other = make(**_given(recipe) | changes)
        except ExplorerError:  # not with this backbone, or not with so few epochs
            continue
        less = estimate(other, known)
        if less is not None and less < SAVES * took and _less(other, recipe):
            found.append((less, f"{words} ({time_words(less)})"))
    return [words for _, words in sorted(found)[:2]]


_CHANGES: dict[str, dict[str, object]] = {
    "feature extraction": {"strategy": "linear_probe"},
    "tuning the last stage only": {"strategy": "last_stage"},
    "25 images a class": {"per_class": 25},
    "5 epochs": {"epochs": 5},
    "no augmentation": {"augmentation": "none", "views": None},
}


def _given(recipe: Recipe) -> dict[str, object]:
    """What a recipe of another strategy keeps of this one."""
    data = ("dataset", "data_dir", "labels", "edits", "spoilt", "per_class")
    kept = (*data, "backbone", "weights", "epochs", "batch_size", "input_size", "augmentation", "views")
    return {name: getattr(recipe, name) for name in (*kept, "strategy", "stages")}


def _less(other: Recipe, recipe: Recipe) -> bool:
    """Whether it is less work, and not more of anything: 25 images where there were ten are no saving."""
    images = [r.per_class or 100_000 for r in (other, recipe)]
    strange = recipe.drawn and other.strategy != recipe.strategy  # its features are worth nothing
    return other.epochs <= recipe.epochs and images[0] <= images[1] and not strange


def left(run: Run, at_it: float, whole: float | None) -> float | None:
    """Seconds that a run still takes after `at_it` of them: by its own epochs once it has some, before by what was expected of
    the `whole` (0 where it is over its time)."""
    if isinstance(run, KnownRun) and run.epochs:
        done = len(run.epochs)
        return (run.recipe.epochs - done) * run.epochs[-1].seconds / done + LAST
    return None if whole is None else max(whole - at_it, 0.0)


def wait(run: str, totals: dict[str, float], known: Sequence[FinishedRun]) -> float | None:
    """Seconds until a run that waits starts: what those before it still take, divided by how many run at a time. `totals` keeps
    what was worked out, for the next look."""
    found = 0.0
    for before, at_it in jobs.trainings_before(run):
        try:
            with workspaces.everything():  # of another visitor's run nothing is told but its time
                other = runs.read(before)
        except ExplorerError:  # deleted
            continue
        rest = left(other, at_it, _whole(other, totals, known))
        if rest is None:
            return None
        found += max(rest, LAST)
    return found / jobs.at_once()


def _whole(run: Run, totals: dict[str, float], known: Sequence[FinishedRun]) -> float | None:
    """What is expected of a run, worked out once."""
    if run.id not in totals and isinstance(run, KnownRun) and (found := estimate(run.recipe, known)) is not None:
        totals[run.id] = found
    return totals.get(run.id)


def live_words(
    run: Run, said: str, answer: Answer[Any] | None, totals: dict[str, float], known: Sequence[FinishedRun]
) -> str:
    """What is said of a run that is not over, and its time: `In the queue: 2 before it, starts in about 1 min`; `answer` is how
    it stands in the queue."""
    whole = _whole(run, totals, known)
    if answer is not None and answer.state == "queued":
        until = None if paused() else wait(run.id, totals, known)
        starts = f", starts in {time_words(until)}" if until is not None and until >= LAST else ""
        return f"{said}{starts}" + (f", takes {time_words(whole)}" if whole is not None else "")
    at_it = time.time() - answer.started if answer is not None and answer.started else 0.0
    rest = left(run, at_it, whole)
    return f"{said} · {time_words(rest)} left" if rest else said  # overdue before its first epoch: nobody knows
