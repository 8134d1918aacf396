"""Other weights put into B: stages set back, one by one or together, and what lies on the line from A to B."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from explorer.app.address import Written, keep, number
from explorer.app.asking import ask, majority
from explorer.app.controls import segments, toggle
from explorer.app.drawing import draw, fine_print
from explorer.app.words import group_of, percent, safe_md
from explorer.catalogue.shifts import SHIFTS
from explorer.evidence import Grouped, Paired, Score
from explorer.looks.pair import comparison
from explorer.looks.similarity.figures.interpolation import interpolation
from explorer.looks.similarity.figures.rewind import rewind
from explorer.looks.similarity.question.weights import (
    InterpolateQuestion,
    Interpolation,
    Mixtures,
    Rewind,
    RewindQuestion,
)
from explorer.question import Question
from explorer.recipe import Recipe
from explorer.runs import FinishedRun

NOTHING = "none"
_STARTS = {"start": "its first weights", "random": "random weights"}


def paired_words(found: Paired, reference: str, group: str = "group") -> str:
    """A score against a reference on the same images, in words: better, worse, or nothing shown, with p; where images come in
    groups (of one `group`, e.g. photo), for other groups too."""
    if not found.fixed and not found.broken:
        return f"the same images right as {reference}"
    better = "better" if found.fixed > found.broken else "worse"
    words = _shown(f"**{better} than {reference}**", found.p_value)
    if found.grouped is None or found.grouped.p_value is None:
        return words
    return f"{words}; for other {group}s {_shown(f'**{better}**', found.grouped.p_value)}"


def _shown(difference: str, p_value: float) -> str:
    p = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
    return f"{difference if p_value < 0.05 else 'no difference shown'} ({p})"


def accuracy_words(score: Score, other: Grouped | None, group: str) -> str:
    """An accuracy with its interval and n; where images come in groups, its interval for other groups too."""
    return percent(score) + (f"; other {group}s {_ends(other)}" if other else "")


def _ends(found: Score | Grouped) -> str:
    return f"{100 * found.low:.1f} to {100 * found.high:.1f}"


def rewind_stages(a: FinishedRun, b: FinishedRun) -> None:
    """Rewind: which stages of B carry the task?"""
    st.markdown(
        "Every stage of B is set back, one at a time, on a copy: to the weights that B **began** with, or to "
        "**random** ones. The accuracy lost is what that stage contributed (Zhang, Bengio & Singer 2019, arXiv "
        "1902.01996)."
    )
    settled = _ask_settled(b, "similarity_settled", default=True)
    found = ask(RewindQuestion(run=b.id), "Setting back each stage of B", height=520)
    if found is None:
        return
    _rewound(found, settled, "similarity_rewind", group_of(b))
    st.subheader("Set back several together")
    _together(b, settled)


def _ask_settled(b: FinishedRun, key: str, default: bool) -> bool:
    """Whether re-estimated BatchNorm statistics are wanted; a sentence where there is nothing to estimate."""
    if b.recipe.row.normalisation != "batch":
        st.caption(f"{b.recipe.row.title} has no BatchNorm, so there are no statistics to re-estimate.")
        return False
    words = "Re-estimate BatchNorm statistics on training images"
    reason = (
        "The stored statistics belong to the tuned weights; without this, part of any drop in accuracy comes from "
        "that mismatch. Only statistics that training moved are re-estimated; what that costs by itself is shown as "
        "a control."
    )
    return toggle(words, key.removeprefix("similarity_"), key, default, help=reason)


def _rewound(found: Rewind, settled: bool, key: str, group: str) -> None:
    """Figure, table and control of one answer; images of one group share a `group`, e.g. a photo."""
    draw(partial(rewind, found, settled, group), key, code=("explorer/looks/similarity/compute/rewind.py", "rewind"))
    if found.base.correct != found.recorded.correct:
        st.warning(
            f"When it ended, B had {found.recorded.correct} of these {found.recorded.n} images right; computed here "
            f"it has {found.base.correct}. Another machine or number format rounds differently; comparisons use the "
            "latter.",
            icon=":material/difference:",
        )
    rows = found.resets
    outcomes = [row.outcome(settled) for row in rows]
    new = settled and any(row.control for row in rows)
    table = {
        "Stage": [safe_md(" + ".join(row.stages)) for row in rows],
        "Set back to": [_STARTS[row.to] for row in rows],
        "Accuracy": [accuracy_words(outcome.score, outcome.accuracy, group) for outcome in outcomes],
        "Fixes · breaks": [f"{outcome.fixed} · {outcome.broken}" for outcome in outcomes],
        "Against B": [
            "exactly B: every weight is as it was" if row.identical else paired_words(outcome, "B", group)
            for row, outcome in zip(rows, outcomes, strict=True)
        ],
    }
    if new:
        table["Control: re-estimated statistics only"] = [
            accuracy_words(row.control.score, row.control.accuracy, group) if row.control else "none" for row in rows
        ]
        table["Against the control"] = [paired_words(row.beyond, "it", group) if row.beyond else "" for row in rows]
    st.table(table, alt="Accuracy with stages set back, and the paired test against B")
    if words := _statistics_words(found, settled):
        fine_print(words)


def _statistics_words(found: Rewind, settled: bool) -> str:
    """Which BatchNorm statistics are in force, and what the control is."""
    if not found.layers:
        return ""
    kept = (
        f"B kept the statistics that it began with in all its {found.layers} BatchNorm layers: they are constants of "
        "the network and fit its first weights as well as its last ones, so setting stages back to their first "
        "weights keeps them."
        if not found.moved
        else f"Training moved the statistics of {found.moved} of B's {found.layers} BatchNorm layers."
    )
    if not settled:
        return (
            f"{kept} A stage that is set back brings its own statistics with its weights; all others stay as they are."
        )
    return (
        f"{kept} Statistics are re-estimated from {found.images} training images, from the first stage set back "
        "onwards: in the layers whose statistics differ between B and the weights put in (with random weights, in "
        "all of them). Control: B with every weight as it was and the same layers' statistics re-estimated. What a "
        "stage contributed is the difference from the control."
    )


def _together(b: FinishedRun, settled: bool) -> None:
    names = b.recipe.row.stage_names
    with st.form("similarity_together", border=False):
        stages = st.pills("Stages", names, selection_mode="multi", key="similarity_stages", default=list(names[-2:]))
        to = st.segmented_control(
            "to", list(_STARTS), default="start", required=True, key="similarity_to", format_func=_STARTS.__getitem__
        )
        if st.form_submit_button("Set back", icon=":material/history:"):
            chosen = tuple(name for name in names if name in stages)
            st.session_state["similarity_wanted"] = (b.id, to or "start", chosen) if chosen else None
            if not chosen:
                st.caption("Choose at least one stage.")
    wanted = keep("set_back", "similarity_wanted", None, _resets(b.id, names))
    if wanted is None:
        return
    _, kind, chosen = wanted
    found = ask(RewindQuestion(run=b.id, stages=chosen, to=kind), "Setting them back", height=250)
    if found is not None:
        _rewound(found, settled, "similarity_rewind_some", group_of(b))


def _resets(run: str, names: Sequence[str]) -> Written[tuple[str, str, tuple[str, ...]] | None]:
    """What this run's stages are set back to, and which, as the address holds it: `start.layer3.layer4`."""

    def read(text: str) -> tuple[str, str, tuple[str, ...]]:
        kind, *stages = text.split(".")
        if kind not in _STARTS or not stages or not set(stages) <= set(names):
            raise ValueError(text)
        return run, kind, tuple(name for name in names if name in stages)

    def write(wanted: tuple[str, str, tuple[str, ...]] | None) -> str:
        return ".".join((wanted[1], *wanted[2])) if wanted is not None and wanted[0] == run else ""

    return Written(read, write)


def interpolate(a: FinishedRun, b: FinishedRun) -> None:
    """Interpolate: what lies on the straight line between the weights of A and B?"""
    if (why := comparison.strangers(a.recipe, b.recipe, "line")) is not None:
        st.info(safe_md(str(why)), icon=":material/link_off:")
        return
    st.markdown(
        "(1 − α) · A + α · B, weight by weight, heads and BatchNorm statistics too (WiSE-FT: Wortsman et al. 2022, arXiv "
        "2109.01903). The mixture costs nothing to run: it is one network."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = segments("Shifted test images", [NOTHING, *SHIFTS], "shift", "similarity_shift", "noise",
                        format_func=lambda name: SHIFTS[name].title if name in SHIFTS else "None")  # fmt: skip
        settle = not _kept(a, b) and _ask_settled(b, "similarity_settle_mixtures", default=False)
    found = ask(_mixtures(a, b, ("test", "validation"), settle), "Mixing A and B", height=470)
    spoilt = None
    if kind in SHIFTS:
        wanted = _mixtures(a, b, (kind,), settle)
        spoilt = ask(wanted, "The same on shifted images", height=0) if found is not None else None
    if found is not None:
        title = SHIFTS[kind].title.lower() if kind in SHIFTS else ""
        _mixture(found, spoilt, title, settle, group_of(b), majority(b))
        if kind in SHIFTS:
            st.caption(f"Shift: {SHIFTS[kind].meaning} Generated from the test images, the same each time (seed 0).")


def _kept(a: FinishedRun, b: FinishedRun) -> bool:
    """Whether by their recipes neither run's learning moved a statistic, so that there is none to re-estimate."""
    return all(_fixed(run.recipe) for run in (a, b))


def _fixed(recipe: Recipe) -> bool:
    """Whether learning leaves all statistics alone: kept in every stage, or no stage with BatchNorm in train mode at all."""
    return recipe.keeps_statistics or (not recipe.learns and recipe.batchnorm != "moving")


def _mixtures(a: FinishedRun, b: FinishedRun, images: tuple[str, ...], settle: bool) -> Question[Any]:
    return InterpolateQuestion(a=a.id, b=b.id, images=images, settle=settle)


@st.fragment
def _mixture(
    found: Interpolation, spoilt: Interpolation | None, title: str, settle: bool, group: str, chance: float | None
) -> None:
    """The curve, and in words the mixture under the slider; images of one group share a `group`, e.g. a photo; `chance` is what
    always naming the largest class gives."""
    key, last = f"similarity_alpha_{found.a}_{found.b}_{settle}", len(found.alphas) - 1
    keep("alpha", key, found.chosen, number(0, last))
    at = st.select_slider(
        "α", list(range(last + 1)), key=key,
        format_func=lambda i: f"{found.alphas[i]:g}", help="0 is A, 1 is B. Starts at the α that validation chooses.",
    )  # fmt: skip
    draw(
        partial(interpolation, found, spoilt, title, at, group, chance),
        "similarity_mixtures",
        code=("explorer/looks/similarity/compute/interpolation.py", "mixed"),
    )
    st.table(_mixture_table(found, spoilt, title, at, group), alt="The mixture at this α against A and against B")
    _mixture_words(found)


def _mixture_table(
    found: Interpolation, spoilt: Interpolation | None, title: str, at: int, group: str
) -> dict[str, list[str]]:
    kinds = [found.on("test"), *(spoilt.kinds if spoilt else ()), found.on("validation")]
    names = ["test", *([f"test, {title}"] if spoilt else []), "validation"]
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


def _tested(kind: Mixtures, at: int, reference: int, name: str, group: str) -> str:
    """The paired test, but not on validation, where α may have been chosen for its score."""
    return "α is chosen here" if kind.images == "validation" else paired_words(kind.against(at, reference), name, group)


def _short(score: Score, other: Grouped | None, group: str) -> str:
    """Accuracy and intervals, where n stands elsewhere."""
    return f"{100 * score.accuracy:.1f} % ({_ends(score)}{f'; other {group}s {_ends(other)}' if other else ''})"


def _mixture_words(found: Interpolation) -> None:
    """What was shared, how statistics were treated, and whether the ends are what the runs recorded."""
    test, last = found.on("test"), len(found.alphas) - 1
    shared = f"A and B share all up to {found.common}; only what follows is mixed." if found.common else ""
    if not found.layers:
        statistics = "No BatchNorm layer differs, so there are no statistics to estimate."
    elif not found.moved:
        statistics = (
            f"A and B have the same statistics in all {found.layers} BatchNorm layers; every mixture keeps them."
        )
    elif found.settled:
        statistics = (
            f"Between the ends the statistics of {found.moved} BatchNorm layers, in which A and B differ, were "
            f"re-estimated from {found.settled} training images of B. A and B keep theirs; the control shows what "
            "re-estimation alone costs them."
        )
    else:
        statistics = (
            f"The statistics of {found.moved} BatchNorm layers, in which A and B differ, were mixed like the weights."
        )
    a, b = found.recorded_a.correct, found.recorded_b.correct
    if (a, b) == (test.score(0).correct, test.score(last).correct):
        check = "At both ends it is what A and B had recorded, to the image."
    else:
        check = f"Recorded: A {a}, B {b} right; another machine rounds differently."
    n = test.score(0).n
    some = f" A seeded random subset of {n} of {test.of} test images, to save time." if n < test.of else ""
    st.caption(" ".join(filter(None, (shared, statistics, check))) + some)
