"""What lies on the line from A's weights to B's: accuracy of every mixture, on test and on shifted images."""

from functools import partial
from typing import Any

import streamlit as st

from explorer.app.address import keep, number
from explorer.app.asking import ask, majority
from explorer.app.controls import segments
from explorer.app.drawing import draw
from explorer.app.words import group_of, safe_md
from explorer.catalogue.shifts import SHIFTS
from explorer.evidence import Grouped, Score
from explorer.looks.pair import comparison
from explorer.looks.similarity.figures.interpolation import interpolation
from explorer.looks.similarity.question.weights import (
    InterpolateQuestion,
    Interpolation,
    InterpolationScores,
)
from explorer.looks.similarity.view.weights import ask_reestimate, ends_words, paired_words
from explorer.question import Question
from explorer.recipe import Recipe
from explorer.runs import FinishedRun

NOTHING = "none"


def interpolate(a: FinishedRun, b: FinishedRun) -> None:
    """Interpolate: what lies on the straight line between the weights of A and B?"""
    if (why := comparison.strangers(a.recipe, b.recipe, "line")) is not None:
        st.info(safe_md(str(why)), icon=":material/link_off:")
        return
    st.markdown(
        "(1 − α) · A + α · B, weight by weight, heads and BatchNorm statistics too (WiSE-FT: Wortsman et al. 2022, arXiv "
        "2109.01903). The interpolated network costs nothing extra to run: it is one network."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = segments("Shifted test images", [NOTHING, *SHIFTS], "shift", "similarity_shift", "noise",
                        format_func=lambda name: SHIFTS[name].title if name in SHIFTS else "None")  # fmt: skip
        reestimate = not _statistics_kept(a, b) and ask_reestimate(b, "similarity_settle_mixtures", default=False)
    found = ask(_question(a, b, ("test", "validation"), reestimate), "Interpolating A and B", height=470)
    corrupted = None
    if kind in SHIFTS:
        question = _question(a, b, (kind,), reestimate)
        corrupted = ask(question, "The same on shifted images", height=0) if found is not None else None
    if found is not None:
        title = SHIFTS[kind].title.lower() if kind in SHIFTS else ""
        _curve_and_table(found, corrupted, title, reestimate, group_of(b), majority(b))
        if kind in SHIFTS:
            st.caption(f"Shift: {SHIFTS[kind].meaning} Generated from the test images, the same each time (seed 0).")


def _statistics_kept(a: FinishedRun, b: FinishedRun) -> bool:
    """Whether by their recipes neither run's learning moved a statistic, so that there is none to re-estimate."""
    return all(_fixed(run.recipe) for run in (a, b))


def _fixed(recipe: Recipe) -> bool:
    """Whether learning leaves all statistics alone: kept in every stage, or no stage with BatchNorm in train mode at all."""
    return recipe.keeps_statistics or (not recipe.learns and recipe.batchnorm != "moving")


def _question(a: FinishedRun, b: FinishedRun, images: tuple[str, ...], reestimate: bool) -> Question[Any]:
    return InterpolateQuestion(a=a.id, b=b.id, images=images, settle=reestimate)


@st.fragment
def _curve_and_table(
    found: Interpolation,
    corrupted: Interpolation | None,
    title: str,
    reestimate: bool,
    group: str,
    chance: float | None,
) -> None:
    """The curve, and in words the mixture under the slider; images of one group share a `group`, e.g. a photo; `chance` is what
    always naming the largest class gives."""
    key, last = f"similarity_alpha_{found.a}_{found.b}_{reestimate}", len(found.alphas) - 1
    keep("alpha", key, found.chosen, number(0, last))
    at = st.select_slider(
        "α", list(range(last + 1)), key=key,
        format_func=lambda i: f"{found.alphas[i]:g}", help="0 is A, 1 is B. Starts at the α that validation chooses.",
    )  # fmt: skip
    draw(
        partial(interpolation, found, corrupted, title, at, group, chance),
        "similarity_interpolation",
        code=("explorer/looks/similarity/compute/interpolation.py", "interpolated"),
    )
    st.table(
        _score_table(found, corrupted, title, at, group),
        alt="The interpolated network at this α against A and against B",
    )
    _notes(found)


def _score_table(
    found: Interpolation, corrupted: Interpolation | None, title: str, at: int, group: str
) -> dict[str, list[str]]:
    kinds = [found.on("test"), *(corrupted.kinds if corrupted else ()), found.on("validation")]
    names = ["test", *([f"test, {title}"] if corrupted else []), "validation"]
    last = len(found.alphas) - 1
    controls = (
        {
            f"{name}, re-estimated statistics only": [
                f"{_short(c.score, c.accuracy, group)}, {paired_words(c, name, group)}"
                for c in (k.control(end) for k in kinds)
            ]
            for name, end in (("A", 0), ("B", -1))
        }
        if found.settled
        else {}
    )
    return {
        "Images": [f"{name}, n = {kind.score(0).n}" for name, kind in zip(names, kinds, strict=True)],
        "A (α = 0)": [_short(kind.score(0), kind.grouped(0), group) for kind in kinds],
        f"α = {found.alphas[at]:g}": [f"**{_short(kind.score(at), kind.grouped(at), group)}**" for kind in kinds],
        "B (α = 1)": [_short(kind.score(last), kind.grouped(last), group) for kind in kinds],
        "Against A": [_tested(kind, at, 0, "A", group) for kind in kinds],
        "Against B": [_tested(kind, at, last, "B", group) for kind in kinds],
        **controls,
    }


def _tested(kind: InterpolationScores, at: int, reference: int, name: str, group: str) -> str:
    """The paired test, but not on validation, where α may have been chosen for its score."""
    return "α is chosen here" if kind.images == "validation" else paired_words(kind.against(at, reference), name, group)


def _short(score: Score, other: Grouped | None, group: str) -> str:
    """Accuracy and intervals, where n stands elsewhere."""
    return (
        f"{100 * score.accuracy:.1f} % ({ends_words(score)}{f'; other {group}s {ends_words(other)}' if other else ''})"
    )


def _notes(found: Interpolation) -> None:
    """What was shared, how statistics were treated, and whether the ends are what the runs recorded."""
    test, last = found.on("test"), len(found.alphas) - 1
    shared = f"A and B share all up to {found.common}; only what follows is interpolated." if found.common else ""
    if not found.layers:
        statistics = "No BatchNorm layer differs, so there are no statistics to estimate."
    elif not found.moved:
        statistics = (
            f"A and B have the same statistics in all {found.layers} BatchNorm layers; every interpolated network "
            "keeps them."
        )
    elif found.settled:
        statistics = (
            f"Between the ends the statistics of {found.moved} BatchNorm layers, in which A and B differ, were "
            f"re-estimated from {found.settled} training images of B. A and B keep theirs; the control shows what "
            "re-estimation alone costs them."
        )
    else:
        statistics = (
            f"The statistics of {found.moved} BatchNorm layers, in which A and B differ, were interpolated like the "
            "weights."
        )
    a, b = found.recorded_a.correct, found.recorded_b.correct
    if (a, b) == (test.score(0).correct, test.score(last).correct):
        check = "At both ends it is what A and B had recorded, to the image."
    else:
        check = f"Recorded: A {a}, B {b} right; another machine rounds differently."
    n = test.score(0).n
    some = f" A seeded random subset of {n} of {test.of} test images, to save time." if n < test.of else ""
    st.caption(" ".join(filter(None, (shared, statistics, check))) + some)
