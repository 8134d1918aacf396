"""Is each run right as often as it is sure, before and after scaling by a temperature?"""

from functools import partial

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import draw
from explorer.looks.calibration.figures import reliability
from explorer.looks.calibration.question import Calibration, CalibrationQuestion
from explorer.runs import FinishedRun


def calibrated(a: FinishedRun, b: FinishedRun) -> None:
    """The reliability of A and B, as they are or scaled, and what it says in words."""
    found = {
        letter: ask(CalibrationQuestion(run=run.id), f"Calibration of {letter}", height=400)
        for letter, run in (("A", a), ("B", b))
    }
    known = {letter: answer for letter, answer in found.items() if answer is not None}
    if len(known) < len(found):
        return
    scaled = st.segmented_control(
        "Probabilities", ["As they are", "Scaled by temperature"], default="As they are", required=True, key="images_scaled",
        persist_state="session",
    ) == "Scaled by temperature"  # fmt: skip
    shown = {letter: answer.scaled if scaled else answer.plain for letter, answer in known.items()}
    draw(partial(reliability, shown), "images_reliability",
         code=("explorer/looks/calibration/compute/reliability.py", "reliability"))  # fmt: skip
    for letter, answer in known.items():
        st.markdown(words(letter, answer))


def words(letter: str, found: Calibration) -> str:
    """The error beside that of a perfect model, and what the temperature does."""
    plain, t = found.plain, found.temperature
    low, mean, high = plain.perfect
    span = f"{low:.3f} to {high:.3f}, mean {mean:.3f}"
    verdict = "More than chance explains" if plain.error > high else "No more than chance explains"
    way = "less sure" if t > 1 else "surer"
    return (
        f"**{letter}**: error **{plain.error:.3f}**; a perfectly calibrated model of the same {plain.n} confidences shows "
        f"{span}. {verdict}. The temperature found on {found.validation} validation images is **{t:.2f}** ({way}); with it the "
        f"error is {found.scaled.error:.3f}. It changes no answer."
    )
