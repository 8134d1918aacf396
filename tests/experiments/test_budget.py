"""What a data budget says, from made-up runs whose numbers one can count."""

import math

import pytest
import stand_ins

from explorer import runs
from explorer.evidence.crossing import Crossing
from explorer.experiments import budget, cells, concluding, telling
from explorer.experiments.cells import Sweep
from explorer.experiments.plan import plan

WRONG = {("linear_probe", 2): 10, ("linear_probe", 8): 8, ("full", 2): 14, ("full", 8): 4}
"""Of 24: the probe rises from 14 to 16 right, full fine-tuning from 10 to 20; so B - A is -4, then +4: they cross at 4."""


def made(seeds: int = 3, more: int = 0) -> Sweep:
    wanted = plan(sizes=(2, 8), strategies=("linear_probe", "full"), seeds=seeds)
    for (strategy, size), wrong in WRONG.items():
        for seed in range(seeds):
            run = stand_ins.finished_run(wrong + more * seed, strategy=strategy, per_class=size, seed=seed)
            runs.update(run, counts={"train": 3 * size, "val": 30, "test": stand_ins.N})
    return cells.fill(wanted, runs.listing())


def test_curves_have_a_band_over_seeds_and_one_seed_has_its_interval() -> None:
    sweep = made(2, more=2)
    (low, high) = budget.curves(sweep)["linear_probe"]
    assert (low.images, high.images, low.n) == (2, 8, 24)
    assert low.accuracy.mean == pytest.approx(13 / 24) and low.band == (12 / 24, 14 / 24)
    alone = made(1)
    assert budget.curves(alone)["full"][0].band == pytest.approx((0.2447, 0.6122), abs=0.02), (
        "Wilson's interval of 10 of 24"
    )


def test_two_curves_cross_where_arithmetic_says() -> None:
    sweep = made()
    one = budget.gains(sweep, "full", runs.predictions)
    assert [rows.mean() for rows in one.whole()] == pytest.approx([-4 / 24, 4 / 24])
    found = budget.crossing_of(one)
    assert found is not None and found.at == pytest.approx(4) and found.crosses
    said = telling.crossing_words(found, one, "linear_probe")
    assert (
        "**Full fine-tuning** overtakes Feature extraction at about **4 images per class**" in said
        and "3 seeds, n = 24" in said
    )


def test_an_interval_whose_ends_lie_on_one_side_is_said_so() -> None:
    one = budget.gains(made(), "full", runs.predictions)
    said = [
        telling.crossing_words(Crossing(at, low, high, 0.0), one, "linear_probe")
        for at, low, high in ((math.inf, math.inf, math.inf), (0.0, 0.0, 0.0), (math.inf, 5.0, math.inf))
    ]
    assert said[0].endswith("the most that was measured; all of the 95 % interval says so (3 seeds, n = 24).")
    assert said[1].endswith("from 2 images per class on; all of the 95 % interval says so (3 seeds, n = 24).")
    assert said[2].endswith("the most that was measured; overtaking: 5 to beyond 8 (95 % interval; 3 seeds, n = 24).")


def test_between_two_sizes_a_line_over_the_logarithm_is_read_and_beyond_them_nothing() -> None:
    sweep = made()
    one = budget.gains(sweep, "full", runs.predictions)
    middle = one.between(4)
    assert middle is not None and middle.mean() == pytest.approx(0)
    assert one.between(1) is None and one.between(9) is None
    found = budget.choose(sweep, [one], 4)
    assert found is not None and found.taken == "linear_probe" and found.accuracy == pytest.approx(15 / 24)
    words = telling.choice_words(found, "linear_probe", [2, 8])
    assert (
        "With **4 images per class: Feature extraction** (62.5 ± 0.0 %, interpolated between the sizes measured)"
        in words
    )
    assert "gains nothing that can be shown: 0.0 points" in words
    assert budget.choose(sweep, [one], 100) is None


def test_what_is_shown_of_one_comparison_need_not_be_of_two() -> None:
    rows = budget.contrasts([budget.gains(made(), "full", runs.predictions)])
    raw = sorted(row.difference.p_value for row in rows)
    assert sorted(row.adjusted for row in rows) == pytest.approx([2 * raw[0], max(2 * raw[0], raw[1])])
    assert "corrected for 2 comparisons" in telling.correction_words(rows)
    shown = telling.contrast_words("full", "linear_probe", rows)
    assert shown.startswith("Shown" if any(row.shown for row in rows) else "No difference")


def test_runs_on_other_test_images_are_left_out_and_ragged_seeds_meet_where_they_are_shared() -> None:
    sweep = made()
    strange = stand_ins.finished_run(3, classes=("a", "b", "c"), strategy="full", per_class=8, seed=1)
    said = runs.predictions(strange)
    runs.store_predictions(strange, [f"other-{i}" for i in range(24)], said.labels, said.probability, said.classes)
    runs.update(strange, counts={"train": 24, "val": 30, "test": 24})
    sweep = cells.fill(sweep.plan, runs.listing())
    one = budget.gains(sweep, "full", runs.predictions)
    assert [sorted(by_seed) for by_seed in one.at.values()] == [[0, 1, 2], [0, 2]] and one.whole().shape == (2, 2, 24)


def test_the_stages_that_heads_read_are_counted() -> None:
    wanted = plan(sizes=(2, 8), strategies=("linear_probe", "best_stage"), seeds=1)
    assert telling.reads_words(made(1)) == ""
    for size, stage in ((2, "layer3"), (8, "layer4")):
        runs.update(stand_ins.finished_run(strategy="best_stage", per_class=size), reads=stage)
    said = telling.reads_words(cells.fill(wanted, runs.listing()))
    assert said == "**Probe at the best stage** read, of 2 cells: layer3 in 1, layer4 in 1."


def test_everything_is_told_and_nothing_of_what_is_not_there() -> None:
    assert any("overtakes" in words for words in concluding.budget_findings(made(), runs.predictions))
    empty = cells.fill(plan(), [])
    assert concluding.budget_findings(empty, runs.predictions) == [] and budget.choose(empty, [], 10) is None
