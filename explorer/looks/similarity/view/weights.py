"""Other weights put into B: stages rewound to what they were, one by one or together."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from explorer.app.address import Written, keep
from explorer.app.asking import ask
from explorer.app.controls import toggle
from explorer.app.drawing import draw, fine_print
from explorer.app.words import group_of, percent, safe_md
from explorer.evidence import Grouped, Paired, Score
from explorer.evidence.many import p_digits
from explorer.looks.similarity.figures.rewind import rewind
from explorer.looks.similarity.question.weights import (
    Rewind,
    RewindQuestion,
)
from explorer.runs import FinishedRun

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
    p = "p < 0.001" if p_value < 0.001 else f"p = {p_digits(p_value)}"
    return f"{difference if p_value < 0.05 else 'no difference shown'} ({p})"


def accuracy_words(score: Score, other: Grouped | None, group: str) -> str:
    """An accuracy with its interval and n; where images come in groups, its interval for other groups too."""
    return percent(score) + (f"; other {group}s {ends_words(other)}" if other else "")


def ends_words(found: Score | Grouped) -> str:
    return f"{100 * found.low:.1f} to {100 * found.high:.1f}"


def rewind_stages(a: FinishedRun, b: FinishedRun) -> None:
    """Rewind: which stages of B carry the task?"""
    st.markdown(
        "Each stage of B in turn is rewound, on a copy: to the weights that B **began** with, or to "
        "**random** ones. The accuracy lost is what that stage contributed (Zhang, Bengio & Singer 2019, arXiv "
        "1902.01996)."
    )
    reestimated = ask_reestimate(b, "similarity_settled", default=True)
    found = ask(RewindQuestion(run=b.id), "Rewinding each stage of B", height=520)
    if found is None:
        return
    _rewound(found, reestimated, "similarity_rewind", group_of(b))
    st.subheader("Rewind several together")
    _together(b, reestimated)


def ask_reestimate(b: FinishedRun, key: str, default: bool) -> bool:
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


def _rewound(found: Rewind, reestimated: bool, key: str, group: str) -> None:
    """Figure, table and control of one answer; images of one group share a `group`, e.g. a photo."""
    draw(
        partial(rewind, found, reestimated, group), key, code=("explorer/looks/similarity/compute/rewind.py", "rewind")
    )
    if found.base.correct != found.recorded.correct:
        st.warning(
            f"When it ended, B had {found.recorded.correct} of these {found.recorded.n} images right; computed here "
            f"it has {found.base.correct}. Another machine or number format rounds differently; comparisons use the "
            "latter.",
            icon=":material/difference:",
        )
    rows = found.resets
    outcomes = [row.outcome(reestimated) for row in rows]
    new = reestimated and any(row.control for row in rows)
    table = {
        "Stage": [safe_md(" + ".join(row.stages)) for row in rows],
        "Rewound to": [_STARTS[row.to] for row in rows],
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
    st.table(table, alt="Accuracy with stages rewound, and the paired test against B")
    if words := _statistics_words(found, reestimated):
        fine_print(words)


def _statistics_words(found: Rewind, reestimated: bool) -> str:
    """Which BatchNorm statistics are in force, and what the control is."""
    if not found.layers:
        return ""
    kept = (
        f"B kept the statistics that it began with in all its {found.layers} BatchNorm layers: they are constants of "
        "the network and fit its first weights as well as its last ones, so rewinding stages to their first "
        "weights keeps them."
        if not found.moved
        else f"Training moved the statistics of {found.moved} of B's {found.layers} BatchNorm layers."
    )
    if not reestimated:
        return (
            f"{kept} A stage that is rewound brings its own statistics with its weights; all others stay as they are."
        )
    return (
        f"{kept} Statistics are re-estimated from {found.images} training images, from the first rewound stage "
        "onwards: in the layers whose statistics differ between B and the weights put in (with random weights, in "
        "all of them). Control: B with every weight as it was and the same layers' statistics re-estimated. What a "
        "stage contributed is the difference from the control."
    )


def _together(b: FinishedRun, reestimated: bool) -> None:
    names = b.recipe.row.stage_names
    with st.form("similarity_together", border=False):
        stages = st.pills("Stages", names, selection_mode="multi", key="similarity_stages", default=list(names[-2:]))
        to = st.segmented_control(
            "to", list(_STARTS), default="start", required=True, key="similarity_to", format_func=_STARTS.__getitem__
        )
        if st.form_submit_button("Rewind", icon=":material/history:"):
            chosen = tuple(name for name in names if name in stages)
            st.session_state["similarity_wanted"] = (b.id, to or "start", chosen) if chosen else None
            if not chosen:
                st.caption("Choose at least one stage.")
    wanted = keep("set_back", "similarity_wanted", None, _resets(b.id, names))
    if wanted is None:
        return
    _, kind, chosen = wanted
    found = ask(RewindQuestion(run=b.id, stages=chosen, to=kind), "Rewinding them", height=250)
    if found is not None:
        _rewound(found, reestimated, "similarity_rewind_some", group_of(b))


def _resets(run: str, names: Sequence[str]) -> Written[tuple[str, str, tuple[str, ...]] | None]:
    """What this run's stages are rewound to, and which, as the address holds it: `start.layer3.layer4`."""

    def read(text: str) -> tuple[str, str, tuple[str, ...]]:
        kind, *stages = text.split(".")
        if kind not in _STARTS or not stages or not set(stages) <= set(names):
            raise ValueError(text)
        return run, kind, tuple(name for name in names if name in stages)

    def write(wanted: tuple[str, str, tuple[str, ...]] | None) -> str:
        return ".".join((wanted[1], *wanted[2])) if wanted is not None and wanted[0] == run else ""

    return Written(read, write)
