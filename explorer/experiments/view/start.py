"""Pre-trained, or merely scaled? The starts beside each other, what is shown of them, and how fast each learns."""

from functools import partial

import streamlit as st

from explorer.app.asking import predictions
from explorer.app.drawing import draw, explain
from explorer.experiments import start, telling
from explorer.experiments.cells import Sweep
from explorer.experiments.compared import KEPT, START_WORDS, stage_words
from explorer.experiments.figures.start import start_curves, start_marks
from explorer.experiments.numbers import gained_by, right
from explorer.experiments.pairing import Step
from explorer.experiments.start import Mark
from explorer.experiments.view.following import follow


def show_start(sweep: Sweep) -> None:
    """The whole result, as far as it is there."""
    steps = start.steps(sweep, predictions)
    for words in telling.start_words(steps):
        st.markdown(words)
    follow(sweep, _figures)
    found = start.marks(sweep)
    if lag := telling.lag_words(sweep):
        st.warning(lag, icon=":material/warning:")
    if found:
        _result(found, steps)


def _figures(sweep: Sweep) -> None:
    if found := start.marks(sweep):
        draw(partial(start_marks, found), "start_marks", code=("explorer/models/matching.py", "redraw"))
    elif sweep.live:
        st.caption("The first marks appear with the first cell.")
        st.skeleton(height=380)
    if lines := start.curves(sweep):
        st.subheader("How fast everything is trained")
        draw(
            partial(start_curves, lines, sweep.plan.epochs),
            "start_curves",
            code=("explorer/experiments/start.py", "curves"),
        )


def _result(found: tuple[Mark, ...], steps: tuple[Step, ...]) -> None:
    st.header("On test images")
    st.table(starts_table(found, steps), hide_index=True, alt="Test accuracy of each start, and what it gains")
    explain(
        "Pre-trained over matched: what was learned. Matched over random: what scale alone does.",
        telling.correction_words(steps),
        "**Matched** weights are drawn by the seed, each tensor from a normal with the mean and the standard deviation of the "
        "pre-trained one (*Mean Var init*, Raghu et al. 2019, arXiv 1902.07208); BatchNorm's running statistics stay. While "
        "everything is trained, all three starts normalise by the batch, since drawn weights have no statistics worth keeping: "
        "only the initial weights differ. The row with kept statistics is the pre-trained start as Thaw tunes it by default.",
    )


def starts_table(found: tuple[Mark, ...], steps: tuple[Step, ...]) -> dict[str, list[str]]:
    """One row an arm, with its gain over the one that it is held against."""
    by_arm = {step.arm: step for step in steps}
    over = {"pretrained": "matched", "matched": "random", KEPT: "pre-trained, batch’s statistics"}
    return {
        "Trainable": [stage_words(mark.depth) for mark in found],
        "Start": [START_WORDS[mark.start] for mark in found],
        "Test accuracy": [right(mark.accuracy, mark.n) for mark in found],
        "Compared with": [over.get(mark.start, "–") for mark in found],
        "Gain, points": [gained_by(by_arm.get(mark.arm)) for mark in found],
    }
