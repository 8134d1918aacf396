"""The learning-rate sweep and the BatchNorm lab: marks, breaks and modes by hand; a real run's features; both pages."""

import numpy as np
import pytest
import stand_ins
from opening import opened, store, words

from explorer import answers, evidence, runs
from explorer.errors import ExplorerError
from explorer.experiments import batchnorm, cells, concluding, rates, telling
from explorer.experiments.cells import Sweep
from explorer.experiments.compute.moving import moved
from explorer.experiments.figures.batchnorm import mode_curves
from explorer.experiments.figures.rates import rate_curves
from explorer.experiments.plan import plan, read
from explorer.experiments.question import MovedQuestion
from explorer.experiments.rates import DIVERGED, Moved
from explorer.recipe import make
from explorer.training.compute import handlers
from explorer.training.compute.scoring import Diverged, check_loss

__all__ = ["store"]
WRONG = {"linear_probe": 8, "full*0": 4, "full*1": 6, "full*2": 20}
CKA = {"linear_probe": 1.0, "full*0": 0.9, "full*1": 0.6, "full*2": 0.1}


def a_sweep() -> tuple[Sweep, dict[str, Moved]]:
    """Full fine-tuning at three rates and two seeds; at the largest one seed diverged."""
    wanted, found = plan(kind="rates", sizes=(25,), strategies=("full",), decades=(0, 1, 2), seeds=2), {}
    for cell in cells.planned(wanted):
        run = stand_ins.finished_run(WRONG[cell.arm], **cell.recipe.model_dump())
        if (cell.arm, cell.seed) == ("full*2", 1):
            stand_ins.record(run, state="failed", test=None, error=f"{DIVERGED} nan in epoch 2.")
            continue
        found[run] = Moved(run=run, stage="layer4", n=24, cka=CKA[cell.arm] - 0.02 * cell.seed, low=0.0, high=1.0)
    return cells.fill(wanted, runs.listing()), found


def test_rates_are_powers_of_ten_of_each_strategy_s_own() -> None:
    wanted = plan(kind="rates", seeds=1)
    assert wanted.text == "rates;sizes=25;strategies=last_stage.full.lp_ft;decades=-1.0.1.2;seeds=1;epochs=10"
    assert read(wanted.text) == wanted
    by_arm = {cell.arm: cell.recipe for cell in wanted.cells}
    assert [*by_arm][:3] == ["linear_probe", "last_stage*-1", "last_stage*0"] and len(by_arm) == 13
    assert by_arm["full*0"] == make(strategy="full") and by_arm["full*2"].backbone_rate == pytest.approx(6e-2)
    assert telling.title_of("full*-1") == "Full fine-tuning, rate × 0.1"
    other = plan(kind="rates", backbone="mobilenet_v2", strategies=("full",), decades=(0, 1), seeds=1)
    assert [cell.recipe.backbone_rate for cell in other.cells] == [0.0, 2e-4, pytest.approx(2e-3)]
    for wrong in ({"decades": (9,)}, {"batches": (1,)}):
        with pytest.raises(ExplorerError, match="Allowed"):
            plan(kind="rates", **wrong)
    with pytest.raises(Diverged, match=f"^{DIVERGED}"):
        check_loss(float("nan"), 1, make())


def test_features_break_where_a_strategy_is_shown_to_be_worse_than_the_probe() -> None:
    sweep, found = a_sweep()
    marks = {mark.arm: mark for mark in rates.marks(sweep, found)}
    assert marks["full*2"].diverged == 1 and marks["full*2"].accuracy is not None and marks["full*2"].accuracy.n == 1
    assert marks["full*1"].cka is not None and marks["full*1"].cka.mean == pytest.approx(0.59)
    steps = rates.against_probe(sweep, runs.predictions)
    assert [step.difference.value for step in steps] == pytest.approx([4 / 24, 2 / 24, -12 / 24])
    (one,) = rates.breakings(tuple(marks.values()), steps)
    assert (one.best.arm, one.broken and one.broken.arm) == ("full*0", "full*2")
    said = concluding.rate_findings(sweep, runs.predictions, found)
    assert "Full fine-tuning does best with its own rate × 1 (83.3 ± 0.0 %, CKA 0.89; 2 seeds, n = 24)" in said[0]
    assert "From × 100 on it is shown to be worse than the probe (−50.0 points" in said[0] and "CKA 0.10" in said[0]
    fig = rate_curves(tuple(marks.values()), {"linear_probe": "probe", "full": "full"}, frozenset({"full*2"}))
    above = next(trace for trace in fig.data if trace.name == "full")
    assert list(above.marker.symbol) == ["circle-open", "circle-open", "circle"] and list(above.x) == [0, 1, 2]
    for run, answer in found.items():
        answers.save(answer, MovedQuestion(run=run).path)
    app = opened("experiments", kind="rates", plan=sweep.plan.text)
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 1
    assert (
        "does best with its own rate × 1" in words(app) and app.table[0].value["CKA to before"].tolist()[-1] == "0.10"
    )
    assert "1 diverged" in app.table[0].value["Test accuracy"].tolist()[-1]


def test_how_far_features_moved_is_read_from_what_a_run_kept(narrow: str) -> None:
    choices = {
        "backbone": narrow,
        "weights": "random",
        "dataset": "digits",
        "per_class": 4,
        "epochs": 2,
        "input_size": 32,
    }
    made = {
        name: handlers.train(runs.create(make(**choices, strategy=name), here=True))
        for name in ("linear_probe", "full")
    }
    still, tuned = (moved(made[name].id) for name in ("linear_probe", "full"))
    assert still.cka == pytest.approx(1) and tuned.cka < still.cka and tuned.low <= tuned.cka <= tuned.high
    assert still.stage == "layer4" and still.n == made["full"].test.n


def test_modes_are_held_against_kept_statistics_with_the_same_batches() -> None:
    wanted = plan(kind="batchnorm", sizes=(25,), batches=(4, 32), seeds=2)
    assert wanted.strategies == ("last_2_stages",) and read(wanted.text) == wanted
    wrong = {
        "frozen_everywhere*4": 4,
        "frozen*4": 16,
        "moving*4": 18,
        "frozen_everywhere*32": 4,
        "frozen*32": 5,
        "moving*32": 5,
    }
    for cell in cells.planned(wanted):
        assert (cell.recipe.batch_size, cell.recipe.batchnorm) == (int(cell.arm.split("*")[1]), cell.arm.split("*")[0])
        stand_ins.finished_run(wrong[cell.arm], **cell.recipe.model_dump())
    sweep = cells.fill(wanted, runs.listing())
    found = {(line.mode, line.batch): line for line in batchnorm.lines(sweep)}
    line = found["frozen", 4]
    assert [v.mean for v in line.validation] == pytest.approx([(14 + 3 * i) / 30 for i in range(1, 5)])
    assert (
        line.test is not None
        and line.test.mean == pytest.approx(8 / 24)
        and (line.n_validation, line.n_test) == (30, 24)
    )
    steps = batchnorm.against_kept(sweep, runs.predictions)
    assert [(s.arm, s.base) for s in steps][:2] == [
        ("frozen*4", "frozen_everywhere*4"),
        ("moving*4", "frozen_everywhere*4"),
    ]
    assert [s.difference.value for s in steps] == pytest.approx([-0.5, -14 / 24, -1 / 24, -1 / 24])
    said = telling.modes_words(steps)
    assert said.count("worse with batches of 4.") == 2
    assert telling.modes_words([s for s in steps if s.arm.endswith("*32")]).count("no difference shown") == 2
    fig = mode_curves([line], {"frozen": "batch"}, 4, 10)
    assert np.allclose(fig.data[1].y, [v.mean for v in line.validation])
    app = opened("experiments", kind="batchnorm", plan=wanted.text, batch="32")
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 1
    assert app.select_slider(key="batchnorm_batch").value == 32 and "worse with batches of 4" in words(app)
    assert len(app.table[0].value["BatchNorm"]) == 6
    assert evidence.holm([s.difference.p_value for s in steps]) == tuple(s.adjusted for s in steps)
