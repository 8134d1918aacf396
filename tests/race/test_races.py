"""A race: grouped by strategy and seed, averaged, paired; whole again when runs failed or were deleted."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
import stand_ins
from stand_ins import RACE

from explorer import evidence, jobs, runs
from explorer.errors import ExplorerError
from explorer.looks.pair import comparison
from explorer.race import arms, races
from explorer.race.view import standings
from explorer.race.view.titles import arm_titles, titles_of
from explorer.recipe import make
from explorer.runs import KnownRun, Predictions
from explorer.runs.question import TrainQuestion
from explorer.runs.steps import kept_steps, steps


def only() -> races.Race:
    (race,) = races.listing(runs.listing())
    return race


def test_a_run_of_a_race_carries_its_name_and_others_carry_none() -> None:
    lone = runs.create(make())
    run = jobs.train(make(), "me", race=RACE)
    assert runs.read(run).facts["race"] == RACE and runs.read(run).state == "queued"
    assert jobs.status(TrainQuestion(run=run)) is not None
    told = json.loads((runs.folder(lone) / "run.json").read_text())
    assert "race" not in told and "race" not in runs.read(lone).facts


def test_new_races_have_names_of_their_own_that_sort_by_time() -> None:
    first, second = races.new_id(), races.new_id()
    assert first != second and first[:15] <= second[:15]
    stand_ins.finished_run(race=first)
    assert only().id == first


def test_recipes_share_everything_but_the_strategy_and_go_seed_by_seed() -> None:
    found = arms.recipes(["linear_probe", "full"], 2, per_class=7, epochs=3, dataset="shapes")
    assert [(r.seed, r.strategy) for r in found] == [
        (0, "linear_probe"), (0, "full"), (1, "linear_probe"), (1, "full"),
    ]  # fmt: skip
    for name in ("split_seed", "per_class", "epochs", "dataset", "backbone", "batch_size", "input_size", "device"):
        assert len({getattr(recipe, name) for recipe in found}) == 1, name
    assert found[0].head_rate != found[1].head_rate, "each strategy learns at its own rate"


def test_ticked_stages_reach_the_custom_strategy_alone() -> None:
    custom, probe = arms.recipes(["custom", "linear_probe"], 1, stages=("layer3",))
    assert custom.learns == ("layer3",) and probe.learns == ()


@pytest.mark.parametrize("names", [[], ["full"], ["full", "full"], [*"abcdef"]])
def test_a_race_takes_two_to_five_different_strategies(names: list[str]) -> None:
    with pytest.raises(ExplorerError, match=f"2 to 5 different strategies, not {len(names)}"):
        arms.recipes(names, 1)


def test_a_race_can_run_every_strategy_that_tunes_in_both_batchnorm_modes() -> None:
    found = arms.recipes(["linear_probe", "full", "from_scratch", "bn_only"], 1, both_modes=True)
    assert [(r.strategy, r.batchnorm) for r in found] == [
        ("linear_probe", "frozen"), ("full", "frozen_everywhere"), ("full", "frozen"),
        ("from_scratch", "frozen"), ("bn_only", "affine"),
    ]  # fmt: skip
    assert [arms.arm_name(r) for r in found] == ["linear_probe", "full", "full/frozen", "from_scratch", "bn_only"]
    with pytest.raises(ExplorerError, match="2 to 5 arms, and these 3 strategies make 6 in all variants"):
        arms.recipes(["full", "last_stage", "gradual"], 1, both_modes=True)


def test_a_strategy_can_run_augmented_at_other_rates_and_on_another_backbone() -> None:
    crop, other = {"augmentation": "crop", "views": 4}, {"backbone": "mobilenet_v2", "weights": "random"}
    rates = {"full": {"head_rate": 0.004, "backbone_rate": 1e-4}}
    found = arms.recipes(["full"], 1, more=[crop, other], rates=rates, per_class=7)
    assert {recipe.per_class for recipe in found} == {7}
    assert [arms.arm_name(recipe) for recipe in found] == ["full", "full/0.004-0.0001", "full/crop", "full"]
    assert found[3].backbone == "mobilenet_v2" and arms.arm_name(found[3], several=True) == "mobilenet_v2/full"
    assert arm_titles(found) == [
        "Full fine-tuning, ResNet-10", "Full fine-tuning, ResNet-10, rates 0.004 and 0.0001",
        "Full fine-tuning, ResNet-10, random crops", "Full fine-tuning, random weights, MobileNetV2",
    ]  # fmt: skip
    vgg = arms.recipes(["bn_only", "custom"], 1, more=[{"backbone": "vgg16", "weights": "random"}], stages=("layer4",))
    assert {recipe.backbone for recipe in vgg} == {"resnet10"}, "neither fits it"


def test_arms_on_two_backbones_stay_apart() -> None:
    race = races.new_id()
    for choices in ({}, {"backbone": "resnet18", "weights": "random"}, {"augmentation": "flip", "views": 4}):
        stand_ins.finished_run(race=race, strategy="full", **choices)
    assert [arm.name for arm in only().arms] == ["resnet10/full", "resnet10/full/flip", "resnet18/full"]
    assert len({*titles_of(only()).values()}) == 3


def test_two_batchnorm_modes_of_one_strategy_are_two_arms() -> None:
    race = races.new_id()
    ids = {
        mode: stand_ins.finished_run(race=race, strategy="full", batchnorm=mode)
        for mode in ("frozen", "frozen_everywhere")
    }
    found = {arm.name: arm.runs[0].id for arm in only().arms}
    assert found == {"full": ids["frozen_everywhere"], "full/frozen": ids["frozen"]}


@pytest.mark.parametrize("seeds", [0, 6])
def test_a_race_takes_one_to_five_seeds(seeds: int) -> None:
    with pytest.raises(ExplorerError, match=f"1 to 5 seeds, not {seeds}"):
        arms.recipes(["full", "last_stage"], seeds)


def test_a_bad_recipe_is_refused_before_anything_is_queued() -> None:
    with pytest.raises(ExplorerError, match="epochs"):
        arms.recipes(["linear_probe", "full"], 1, epochs=0)
    assert not runs.listing()


def test_runs_are_grouped_by_strategy_in_the_catalogue_s_order_and_by_seed() -> None:
    made = stand_ins.race({"full": (2, 4), "linear_probe": (6, 6)})
    stand_ins.finished_run()
    race = only()
    assert [arm.name for arm in race.arms] == ["linear_probe", "full"]
    assert race.seeds == (0, 1) and race.size == race.finished == 4 and not race.live and not race.missing
    assert {(a.name, seed): run.id for a in race.arms for seed, run in a.runs.items()} == made


def test_the_spread_over_seeds_can_be_checked_on_paper() -> None:
    stand_ins.race({"full": (2, 4, 6), "linear_probe": (6, 6, 6)})
    probe, full = only().arms
    found = full.accuracy
    assert found is not None and found.n == 3
    assert found.mean == pytest.approx(20 / 24) and found.deviation == pytest.approx(2 / 24)
    assert (found.low, found.high) == (18 / 24, 22 / 24)
    assert probe.accuracy is not None and probe.accuracy.deviation == 0
    alone = races.spread([0.5])
    assert alone is not None and alone.deviation is None and races.spread([]) is None


@pytest.mark.parametrize(("images", "each"), [(60, 2), (32, 1), (33, 1), (64, 2), (65, 2), (66, 3), (1, 1), (2, 1)])
def test_steps_are_batches_times_epochs_done(images: int, each: int) -> None:
    run = KnownRun("r", "stopped", make(), epochs=tuple(stand_ins.epochs(3)), facts={"counts": {"train": images}})
    assert steps(run) == 3 * each
    assert steps(replace(run, facts={"steps": 17, "counts": {"train": images}})) == 17
    assert steps(replace(run, facts={})) is None


def test_steps_up_to_the_kept_epoch_are_as_recorded_or_its_share_in_runs_of_before() -> None:
    run = KnownRun("r", "finished", make(), epochs=tuple(stand_ins.epochs(4)), facts={"steps": 28, "chosen_epoch": 3})
    assert kept_steps(run) == 21
    assert kept_steps(replace(run, facts={**run.facts, "kept_steps": 20})) == 20
    assert kept_steps(replace(run, facts={"counts": {"train": 60}, "chosen_epoch": 3})) == 6, "two batches each"
    for facts in ({}, {"steps": 28}, {"chosen_epoch": 3}, {"steps": 28, "chosen_epoch": 0}):
        assert kept_steps(replace(run, facts=facts)) is None
    assert kept_steps(replace(run, epochs=())) is None


def test_what_was_recorded_is_read_where_it_is_there() -> None:
    made = stand_ins.race({"full": (2, 4), "linear_probe": (6, 6)})
    runs.update(made["full", 0], peak_memory=3e8, balanced=evidence.Balanced(0.9, 0.8, 0.95, 24, 3))
    probe, full = only().arms
    memory, kept, seconds = full.over("peak_memory"), full.over("chosen_epoch"), full.over("seconds", "total")
    assert memory is not None and kept is not None and seconds is not None
    assert (memory.high, memory.n, kept.mean, seconds.n) == (3e8, 1, 3, 2)
    assert full.balanced is not None and full.balanced.mean == 0.9
    assert probe.over("peak_memory") is None and probe.balanced is None and full.over("seconds", "nothing") is None


def test_one_unclean_audit_makes_the_strategy_unclean() -> None:
    made = stand_ins.race({"full": (2, 4), "linear_probe": (6, 6)})
    stand_ins.unclean(made["linear_probe", 1])
    assert [arm.clean for arm in only().arms] == [False, True]


def test_what_failed_or_was_deleted_is_missing_and_nothing_else_is_lost() -> None:
    made = stand_ins.race({"full": (2, 4), "linear_probe": (6, 6)})
    stand_ins.record(made["full", 1], state="failed", error="The loss became inf.", test=None)
    runs.delete(made["linear_probe", 0])
    race = only()
    assert race.finished == 2 and race.size == 4
    wanted = {(recipe.strategy, recipe.seed): run and run.error for recipe, run in race.missing}
    assert wanted == {("linear_probe", 0): None, ("full", 1): "The loss became inf."}
    table = standings.runs_of_race(race)
    assert ["The loss became inf" in said for said in table["State"]] == [False, False, False, True]
    assert "deleted" in table["State"][0] and "not there" in table["State"][0]
    assert [said[0] for said in table["Test accuracy"]] == ["–", "*", "*", "–"]


def test_a_run_that_was_run_again_counts_once() -> None:
    made = stand_ins.race({"full": (2,), "linear_probe": (6,)})
    stand_ins.record(made["full", 0], state="failed", error="x", test=None)
    again = stand_ins.finished_run(3, race=RACE, strategy="full", epochs=4)
    race = only()
    assert race.arms[1].runs[0].id == again and len(race.runs) == 2 and not race.missing
    later = runs.create(race.arms[1].recipe, race=RACE)
    assert only().arms[1].runs[0].id == again, "a finished run counts before one under way"
    runs.delete(again)
    assert only().arms[1].runs[0].id == later and only().live


def test_half_a_folder_and_a_foreign_name_belong_to_no_race() -> None:
    stand_ins.interrupted_run()
    runs.update(stand_ins.finished_run(), race="../../etc")
    runs.update(stand_ins.finished_run(), race=7)
    assert races.listing(runs.listing()) == [] and races.gather(RACE, []) is None


def _said(right: list[bool], classes: tuple[str, ...] = ("a", "b"), name: str = "i") -> Predictions:
    labels = np.zeros(len(right), int)
    predicted = np.where(right, 0, 1)
    return Predictions(
        tuple(f"{name}{k}" for k in range(len(right))), classes, labels, predicted, np.zeros((len(right), 2))
    )


def test_pairs_are_counted_image_by_image() -> None:
    found = comparison.paired(_said([True, True, False, False, False]), _said([True, False, True, True, False]))
    assert (found.both_right, found.fixed, found.broken, found.both_wrong) == (1, 2, 1, 1)
    assert found.n == 5 and found.score == evidence.Score(5, 3) and found.p_value == evidence.mcnemar(2, 1) == 1.0


def test_pairs_in_groups_are_tested_by_group() -> None:
    groups = np.repeat(["p", "q", "r", "s"], 5)
    a, b = (replace(_said(right), groups=groups) for right in ([False] * 10 + [True] * 10, [True] * 20))
    found = comparison.paired(a, b)
    assert found.p_value == evidence.mcnemar(10, 0) < 0.01 and found.grouped.p_value == 0.5
    assert found == evidence.Paired(10, 10, 0, 0, found.grouped, found.accuracy) and found.grouped is not None
    assert evidence.grouped_verdict([found]).startswith("No difference shown (p = 0.5")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([(0.01, 0.1)], "B is better (p = 0.01"),
        ([(0.01, -0.1), (0.04, -0.2)], "A is better with each seed (p ≤ 0.04"),
        ([(0.01, 0.1), (0.01, -0.1)], "No difference shown with all seeds"),
        ([(0.01, 0.1), (0.2, 0.1)], "No difference shown with all seeds (p ≤ 0.2"),
    ],
)
def test_a_difference_for_other_groups_needs_every_seed(found: list[tuple[float, float]], words: str) -> None:
    tests = [
        evidence.Paired(60, max(0, round(100 * d)), max(0, round(-100 * d)), 20, evidence.Grouped(9, -1, 1, 9, p))
        for p, d in found
    ]
    assert evidence.grouped_verdict(tests).startswith(words)


@pytest.mark.parametrize("other", [_said([True]), _said([True, True], name="j"), _said([True, True], ("b", "a"))])
def test_runs_that_saw_other_images_are_not_paired(other: Predictions) -> None:
    with pytest.raises(ExplorerError, match="not scored on the same test images"):
        comparison.paired(_said([True, True]), other)


CLEAR, CLEAR_A, UNCLEAR = (12, 1), (1, 12), (5, 4)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([CLEAR], "B is better on these images (p = 0.0034"),
        ([UNCLEAR], "No difference shown (p = 1"),
        ([CLEAR, CLEAR], "B is better on these images with both seeds (p ≤ 0.0034"),
        ([CLEAR_A, CLEAR_A, CLEAR_A], "A is better on these images with all 3 seeds"),
        ([UNCLEAR, UNCLEAR], "No difference shown with either seed (p ≥ 1"),
        ([CLEAR, UNCLEAR, CLEAR], "No difference shown that holds for all 3 seeds: taken one by one, B is better with 2"),
        ([CLEAR, CLEAR_A], "No difference shown that holds for both seeds: taken one by one, B is better with 1, A is better"),
    ],
)  # fmt: skip
def test_a_difference_is_shown_only_where_every_seed_shows_it(cells: list[tuple[int, int]], words: str) -> None:
    tests = [evidence.Paired(100, fixed, broken, 10) for fixed, broken in cells]
    assert races.verdict(tests).startswith(words)


def test_seeds_are_never_pooled_into_one_count() -> None:
    small = [evidence.Paired(100, 4, 0, 10) for _ in range(5)]
    assert evidence.mcnemar(20, 0) < 1e-5 and "No difference shown" in races.verdict(small)


def test_the_csv_has_every_run_with_its_numbers_and_reasons() -> None:
    made = stand_ins.race({"full": (2, 4), "linear_probe": (6, 6)})
    stand_ins.record(made["full", 1], state="stopped", test=None)
    runs.delete(made["linear_probe", 1])
    rows = list(csv.DictReader(io.StringIO(standings.race_csv(only()))))
    assert [(row["strategy"], row["seed"], row["state"]) for row in rows] == [
        ("linear_probe", "0", "finished"),
        ("linear_probe", "1", "not there"),
        ("full", "0", "finished"),
        ("full", "1", "stopped"),
    ]
    assert float(rows[0]["test_accuracy"]) == 18 / 24 and rows[0]["test_n"] == "24" and rows[0]["steps"] == "8"
    assert rows[0]["kept_steps"] == "6" and rows[0]["kept_epoch"] == "3"
    assert float(rows[0]["test_low"]) == evidence.wilson(18, 24)[0] and rows[0]["audit_clean"] == "True"
    assert rows[1]["test_accuracy"] == "" and "deleted" in rows[1]["reason"]
    assert rows[3]["reason"] == "Stopped on request after 4 epochs."


def test_the_table_says_n_and_interval_or_spread() -> None:
    stand_ins.race({"full": (2,), "linear_probe": (6,)})
    assert standings.race_table(only())["Test accuracy"][1] == "**91.7 %** (74.2 to 97.7, n = 24)"
    stand_ins.race({"full": (2, 4), "linear_probe": (6, 6)}, "20260102-030406-cafe")
    table = standings.race_table(races.listing(runs.listing())[0])
    assert table["Test accuracy"][1] == "**87.5 ± 5.9 %** (83.3 to 91.7, 2 seeds, n = 24 each)"
    assert table["Steps"] == ["8, kept 6"] * 2
    assert table["Epochs"] == ["4, kept 3"] * 2 and table["Peak memory"] == ["–"] * 2 and "Balanced" not in table
