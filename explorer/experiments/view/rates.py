"""The learning-rate sweep: accuracy and how far features moved, over the backbone's rate."""

from functools import partial

import streamlit as st

from explorer.app.asking import predictions
from explorer.app.drawing import draw, explain
from explorer.experiments import rates, telling
from explorer.experiments.cells import Sweep
from explorer.experiments.compared import times
from explorer.experiments.figures.rates import rate_curves
from explorer.experiments.numbers import gained_by, right
from explorer.experiments.pairing import Step
from explorer.experiments.question import MovedQuestion
from explorer.experiments.rates import Mark, Moved
from explorer.experiments.view.each import of_each, say_rest
from explorer.experiments.view.following import follow
from explorer.race.races import Spread


def show_rates(sweep: Sweep) -> None:
    """The whole result, as far as it is there."""

    def asked(run: str) -> MovedQuestion:
        return MovedQuestion(run=run)

    moved, waiting, wrong = of_each(sweep, asked, "Comparing features")
    steps = rates.against_probe(sweep, predictions)
    shown = frozenset(step.arm for step in steps if step.shown)
    follow(sweep, lambda fresh: _figure(fresh, moved, shown))
    say_rest(sweep, asked, len(moved), waiting, wrong, "runs have their features compared", "rates")
    found = rates.marks(sweep, moved)
    if len(found) > 1:
        _result(found, steps)


def _figure(sweep: Sweep, moved: dict[str, Moved], shown: frozenset[str]) -> None:
    found = rates.marks(sweep, moved)
    if not any(mark.accuracy for mark in found):
        if sweep.live:
            st.caption("Marks appear with the first run that finishes.")
            st.skeleton(height=560)
        return
    titles = {mark.strategy: telling.title_of(mark.strategy) for mark in found}
    draw(partial(rate_curves, found, titles, shown), "rate_curves", code=("explorer/experiments/rates.py", "breakings"))


def _result(found: tuple[Mark, ...], steps: tuple[Step, ...]) -> None:
    st.header("Where features break")
    for one in rates.breakings(found, steps):
        st.markdown(f"- {telling.breaking_words(one)}")
    st.table(rates_table(found, steps), hide_index=True, alt="Accuracy, CKA and gain over the probe at every rate")
    explain(
        "CKA is 1 if features were only rotated or scaled, and near 0 if nothing of them is left "
        "(Kornblith et al. 2019, arXiv 1905.00414).",
        f"{telling.correction_words(steps)} A rate that breaks features here may do no harm with more images or fewer steps.",
    )


def rates_table(found: tuple[Mark, ...], steps: tuple[Step, ...]) -> dict[str, list[str]]:
    """One row an arm."""
    by_arm = {step.arm: step for step in steps}
    probe = [mark.strategy == "linear_probe" for mark in found]
    return {
        "Strategy": [telling.title_of(mark.strategy) for mark in found],
        "Backbone learning rate": [
            "0" if p else f"{m.rate:.2g} ({times(m.decade)})" for m, p in zip(found, probe, strict=True)
        ],
        "Test accuracy": [_right(mark) for mark in found],
        "CKA to before": [_cka(mark.cka) for mark in found],
        "Over the probe, points": [gained_by(by_arm.get(mark.arm)) for mark in found],
    }


def _right(mark: Mark) -> str:
    lost = f"{mark.diverged} diverged" if mark.diverged else ""
    if mark.accuracy is None:
        return lost
    said = right(mark.accuracy, mark.n)
    return f"{said}, {lost}" if lost else said


def _cka(found: Spread | None) -> str:
    if found is None:
        return "–"
    return f"{found.mean:.2f}" + ("" if found.deviation is None else f" ± {found.deviation:.2f}")
