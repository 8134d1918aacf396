"""The data budget: learning curves, where they cross, and what follows for the reader's number of images."""

from functools import partial

import streamlit as st

from explorer.app.address import keep, number
from explorer.app.asking import predictions
from explorer.app.drawing import draw, explain, show_code
from explorer.app.words import frozen_first, group_of
from explorer.experiments import budget, telling
from explorer.experiments.advice import settling
from explorer.experiments.budget import Contrast, Gains
from explorer.experiments.cells import Sweep
from explorer.experiments.figures.budget import Line, Mark, learning_curves
from explorer.experiments.view.following import follow
from explorer.runs import FinishedRun


def show_budget(sweep: Sweep) -> None:
    """The whole result of a data budget, as far as it is there."""
    base = budget.base_of(sweep)
    every = [one for arm in sweep.arms if arm != base and (one := budget.gains(sweep, arm, predictions)).at]
    rows = budget.contrasts(every)
    sizes = sorted({point.images for points in budget.curves(sweep).values() for point in points})
    yours = _yours(sizes)
    if yours is not None:
        _choice(sweep, every, yours, base)
    follow(sweep, lambda fresh: _figure(fresh, rows, yours))
    if every:
        _findings(sweep, every, rows, base)


def _yours(sizes: list[float]) -> int | None:
    """The reader's number of images per class; None before there are two sizes."""
    low, high = (int(-(-sizes[0] // 1)), int(sizes[-1])) if sizes else (0, 0)
    if high <= low:
        return None
    keep("yours", "budget_yours", min(max(25, low), high), number(low, high))
    return int(
        st.number_input("Your images per class", low, high, key="budget_yours", persist_state="session", width=220)
    )


def _choice(sweep: Sweep, every: list[Gains], images: int, base: str) -> None:
    """What to take with so many images."""
    found = budget.choose(sweep, every, images)
    if found is None:
        return
    measured = [point.images for point in budget.curves(sweep)[base]]
    tuned = sweep.recipe(found.taken).tuned
    icon = ":material/local_fire_department:" if tuned else ":material/ac_unit:"
    with st.container(border=True):
        st.markdown(f"{icon} {telling.choice_words(found, base, measured)}")
        st.caption(settling(found, base))


def _figure(sweep: Sweep, rows: tuple[Contrast, ...], yours: int | None) -> None:
    lines = lines_of(sweep, rows)
    if not any(line.marks for line in lines):
        if sweep.live:
            recipes = (cell.planned.recipe for cell in sweep.cells)
            st.caption(f"The first curve appears with the first cell.{frozen_first(recipes)}")
            st.skeleton(height=380)
        return
    classes = next((c for cell in sweep.cells if cell.run and (c := cell.run.facts.get("classes"))), ())
    chance = 1 / len(classes) if len(classes) > 1 else None
    code = ("explorer/experiments/budget.py", "contrasts")
    draw(partial(learning_curves, lines, chance, yours), "learning_curves", code=code)


def lines_of(sweep: Sweep, rows: tuple[Contrast, ...]) -> list[Line]:
    """The curves as the figure takes them."""
    shown = {(row.arm, row.images) for row in rows if row.shown}
    found = []
    for arm, points in budget.curves(sweep).items():
        marks = tuple(
            Mark(p.images, p.accuracy.mean, *p.band, len(p.scores), p.n, (arm, p.images) in shown) for p in points
        )
        recipe = sweep.recipe(arm)
        found.append(Line(telling.title_of(arm), not recipe.tuned, recipe.drawn, marks))
    return found


def _findings(sweep: Sweep, every: list[Gains], rows: tuple[Contrast, ...], base: str) -> None:
    """Where curves cross, and what is shown of them."""
    st.header("Where the curves cross")
    for one in every:
        words = telling.crossing_words(budget.crossing_of(one), one, base) or f"**{telling.title_of(one.arm)}**"
        st.markdown(f"- {words} {telling.contrast_words(one.arm, base, rows)}")
    if words := telling.reads_words(sweep):
        st.markdown(f"- {words}")
    group = group_of(sample) if (sample := _grouped(sweep, every)) else ""
    others = (
        f" They are for other {group}s than these, since images of one {group} are right or wrong together."
        if group
        else ""
    )
    explain(
        f"A crossing is where a strategy is ahead of {telling.title_of(base)} for good, on straight lines between the sizes.",
        f"Intervals come from 2000 resamples of seeds and test images.{others} {telling.correction_words(rows)} With one seed "
        "nothing is known of other draws of the training images.",
    )
    show_code("explorer/evidence/crossing.py", "crossing")


def _grouped(sweep: Sweep, every: list[Gains]) -> FinishedRun | None:
    """A run whose test images come in groups, where they do."""
    if all(one.groups is None for one in every):
        return None
    return next((run for cell in sweep.cells if (run := cell.finished)), None)
