"""The BatchNorm lab: modes over each other, with a slider for the number of images in a batch."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from explorer.app.address import keep, one_of
from explorer.app.asking import predictions
from explorer.app.drawing import draw, explain
from explorer.catalogue.strategies import BATCHNORM_MODES, BATCHNORM_TITLES
from explorer.experiments import batchnorm, telling
from explorer.experiments.batchnorm import Line
from explorer.experiments.cells import Sweep
from explorer.experiments.compared import MODES, parted
from explorer.experiments.figures.batchnorm import mode_curves
from explorer.experiments.numbers import gained_by, right
from explorer.experiments.pairing import Step
from explorer.experiments.view.following import follow


def show_batchnorm(sweep: Sweep) -> None:
    """The whole result, as far as it is there."""
    batches = list(sweep.plan.batches)
    batch = batches[0]
    if len(batches) > 1:
        keep("batch", "batchnorm_batch", batches[0], one_of(batches))
        batch = st.select_slider("Batch size", batches, key="batchnorm_batch", persist_state="session")
    follow(sweep, lambda fresh: _figure(fresh, int(batch)))
    found = batchnorm.lines(sweep)
    steps = batchnorm.against_kept(sweep, predictions)
    if any(line.test for line in found):
        _result(found, steps)


def _figure(sweep: Sweep, batch: int) -> None:
    lines = [line for line in batchnorm.lines(sweep) if line.batch == batch]
    if not lines:
        if sweep.live:
            st.caption("Lines grow from the first epoch on.")
            st.skeleton(height=380)
        else:
            st.caption(f"No run with batches of {batch} has come to an epoch yet.")
        return
    plan = partial(mode_curves, lines, BATCHNORM_TITLES, batch, sweep.plan.epochs)
    draw(plan, "mode_curves", code=("explorer/experiments/batchnorm.py", "against_kept"))


def _result(found: Sequence[Line], steps: Sequence[Step]) -> None:
    st.header("On test images")
    st.markdown(telling.modes_words(steps))
    st.table(modes_table(found, steps), hide_index=True, alt="Test accuracy of each BatchNorm mode by batch size")
    explain(
        "In which mode does accuracy hold when batches shrink?",
        f"{telling.correction_words(steps)} The rates were chosen with batches of 32: other batch sizes may need others.",
        "  \n".join(f"**{BATCHNORM_TITLES[mode]}**: {BATCHNORM_MODES[mode]}" for mode in MODES),
    )


def modes_table(found: Sequence[Line], steps: Sequence[Step]) -> dict[str, list[str]]:
    """One row a mode and batch size."""
    by_place = {parted(step.arm): step for step in steps}
    done = [line for line in found if line.test]
    return {
        "Batch size": [str(line.batch) for line in done],
        "BatchNorm": [BATCHNORM_TITLES[line.mode] for line in done],
        "Test accuracy": [right(line.test, line.n_test) for line in done],
        "Over kept statistics, points": [gained_by(by_place.get((line.mode, str(line.batch)))) for line in done],
    }
