"""How far a run's confidences are those of its hits, and what the figure says of it."""

from typing import Any

import pytest
import stand_ins_data

from explorer import evidence, runs
from explorer.looks.calibration.compute.reliability import calibration
from explorer.looks.calibration.figures import reliability
from explorer.recipe import make
from explorer.training.compute.handlers import train


@pytest.fixture
def run(tiny: dict[str, Any], narrow: str) -> str:
    return train(runs.create(make(**tiny | {"backbone": narrow}))).id


def test_a_run_s_calibration_is_of_its_own_numbers(run: str) -> None:
    found, said = calibration(run), runs.predictions(run)
    assert found.plain.n == len(said.labels) and 1 / 20 <= found.temperature <= 20
    weights = found.plain.counts / found.plain.n
    assert found.plain.error == pytest.approx(float((weights * abs(found.plain.right - found.plain.confidence)).sum()))
    assert (weights * found.plain.right).sum() == pytest.approx(said.right.mean())
    assert runs.read(run).majority == said.majority == evidence.majority(said.labels)


def test_the_figure_tells_the_error_and_that_of_a_perfect_model() -> None:
    drawn = reliability({"A": stand_ins_data.reliability()})
    assert "0.100" in drawn.layout.meta["alt"] and "0.020 to 0.120" in drawn.layout.meta["alt"]
