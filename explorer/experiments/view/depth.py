"""The depth sweep: every cut, what it costs, and what nothing else beats."""

from functools import partial

import streamlit as st

from explorer.app.asking import predictions
from explorer.app.controls import segments
from explorer.app.drawing import draw, explain
from explorer.app.words import count
from explorer.experiments import depth, telling
from explorer.experiments.cells import Sweep
from explorer.experiments.depth import Cut
from explorer.experiments.figures.depth import cost_front, depth_curves, words_of
from explorer.experiments.numbers import gained_by, right
from explorer.experiments.pairing import Step
from explorer.experiments.view.following import follow
from explorer.training.view.estimates import megabytes

_COSTS = {"seconds": "Seconds", "weights": "Trainable parameters", "memory": "Memory"}


def show_depth(sweep: Sweep) -> None:
    """The whole result of a depth sweep, as far as it is there."""
    steps = depth.against_head(sweep, predictions)
    shown = frozenset(step.arm for step in steps if step.shown)
    follow(sweep, lambda fresh: _figure(fresh, shown))
    found = depth.cuts(sweep)
    if len(found) < 2:
        return
    st.header("What it costs")
    cost = segments("Against", list(_COSTS), "cost", "depth_cost", format_func=_COSTS.__getitem__)
    best = depth.front(found, cost)
    draw(partial(cost_front, found, best, cost), f"cost_front_{cost}", code=("explorer/evidence/pareto.py", "pareto"))
    st.table(cuts_table(found, steps, {cut.arm for cut in best}), hide_index=True, alt="Accuracy and cost of every cut")
    if lag := telling.lag_words(sweep):
        st.warning(lag, icon=":material/warning:")
    _explained(found, steps)


def _figure(sweep: Sweep, shown: frozenset[str]) -> None:
    found = depth.cuts(sweep)
    if found:
        stages = sweep.cells[0].planned.recipe.row.stage_names
        draw(
            partial(depth_curves, found, stages, shown),
            "depth_curves",
            code=("explorer/experiments/depth.py", "against_head"),
        )
    elif sweep.live:
        st.caption("The curve appears with the first cell.")
        st.skeleton(height=380)


def cuts_table(found: tuple[Cut, ...], steps: tuple[Step, ...], best: set[str]) -> dict[str, list[str]]:
    """One row a cut."""
    of_head = {step.arm: step for step in steps}
    return {
        "Trainable": [("★ " if cut.arm in best else "") + words_of(cut) for cut in found],
        "Start": [{"pretrained": "pre-trained"}.get(cut.start, cut.start) for cut in found],
        "Test accuracy": [right(cut.accuracy, cut.n) for cut in found],
        "Over the head alone, points": [gained_by(of_head.get(cut.arm)) for cut in found],
        "Seconds": [f"{cut.costs['seconds']:.1f}" if "seconds" in cut.costs else "–" for cut in found],
        "Trainable parameters": [count(cut.costs["weights"]) if "weights" in cut.costs else "–" for cut in found],
        "Memory": [megabytes(cut.costs["memory"]) if cut.costs.get("memory") else "–" for cut in found],
    }


def _explained(found: tuple[Cut, ...], steps: tuple[Step, ...]) -> None:
    """The dip, where one is seen, and how p-values are meant."""
    explain(
        telling.dip_words(found),
        f"p-values are corrected for {len(steps)} comparisons (Holm 1979): any difference that is due to chance is shown in at "
        "most 1 of 20 experiments." if len(steps) > 1 else "",
    )  # fmt: skip
