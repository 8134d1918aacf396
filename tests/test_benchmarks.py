"""What the benchmarks conclude from what they measured: the walk over rates, the bars, the shares."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from stand_ins_card import another_card

from benchmarks import card, ceiling, estimates, faults, finder, heads, passes, photos, rates, worlds
from benchmarks.ceiling import Round, Speed
from benchmarks.rates import Rates, Walk
from benchmarks.report import Spread
from benchmarks.tutorial import rows
from benchmarks.tutorial.arms import Arm, Setting, expressible
from explorer.catalogue import STRATEGIES
from explorer.data.near_copies.pairs import Pairs
from explorer.evidence import Score
from explorer.recipe import Recipe

RESNET = {"backbone": "resnet10"}


def walk(**right: list[float]) -> Walk:
    """Of `full`: the default's accuracies, and those of a pair with three times the head's rate."""
    made = Walk("full", RESNET, {}, 3)
    other = made.start.scaled(3, 1)
    made.right = {made.start: {"a": right["default"]}, other: {"a": right["other"]}}
    return made


def test_a_pair_wins_only_by_more_than_the_spread_over_seeds() -> None:
    sure = walk(default=[0.50, 0.60, 0.70], other=[0.53, 0.62, 0.74])  # gains 3 ± 1
    lucky = walk(default=[0.50, 0.60, 0.70], other=[0.62, 0.57, 0.70])  # gains 3 ± 8
    for made, wins in ((sure, True), (lucky, False)):
        assert made.beats(made.start.scaled(3, 1), made.start) is wins
    assert not sure.beats(sure.start, sure.start)


def test_rates_are_judged_by_the_epoch_that_a_run_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the best of all: in LP-FT that may be one in which the head alone had learned."""
    epochs = [SimpleNamespace(val=SimpleNamespace(accuracy=share)) for share in (0.9, 0.4, 0.6)]
    monkeypatch.setattr(rates, "prepare", lambda wanted: wanted)
    monkeypatch.setattr(rates, "train", lambda session: iter(epochs))
    monkeypatch.setattr(rates, "take_best", lambda session: 3)
    made = walk(default=[0.5] * 3, other=[0.5] * 3)
    assert made.one(made.start, {}, 0) == 0.6


def test_a_walk_that_was_cut_off_goes_on_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of the same rates, set and seed is done once; another seed, set or recipe is another run."""
    ran = []
    monkeypatch.setattr(Walk, "one", lambda walk, *which: ran.append(which) or 0.5)
    sources = {"a": {"dataset": "a"}}
    for seeds, epochs, before in ((2, 10, 0), (3, 10, 2), (3, 5, 3)):
        made = Walk("full", RESNET | {"epochs": epochs}, sources, seeds, tmp_path / "runs.jsonl")
        made.run(made.start, seeds)
        assert made.right == {made.start: {"a": [0.5] * seeds}}
        assert len(ran) == before + (3 if epochs == 5 else seeds - before)


def test_a_difference_of_one_photo_counts_by_patches_and_not_by_photos() -> None:
    groups = np.repeat(np.arange(10), 9)
    probe, tuned = (groups > 0).astype(int), np.ones(90, int)
    common = {"per_class": 5, "seed": 0}
    found = [
        {"strategy": "linear_probe", "mode": "frozen", "right": probe.tolist()} | common,
        {"strategy": "full", "mode": "frozen", "right": tuned.tolist()} | common,
        {"strategy": "full", "mode": "frozen", "right": tuned.tolist()} | common | {"seed": 1},  # without its probe
    ]
    pairs = photos.compared(found, groups)
    assert photos.lines(pairs) == [["`full`", "1", "1", "0"]]
    assert photos.alike(found[:1], groups).endswith("1.00 to 1.00, counting like 9 to 9 independent ones.")


def test_heads_are_compared_in_every_pair() -> None:
    """Two of three heads have one map, the third another: one pair of three agrees."""
    rising = np.arange(4.0).reshape(1, 2, 2)
    assert heads.alike_in_pairs(np.stack([rising, rising, -rising])) == ("33%", f"{(1 - 1 - 1) / 3:.2f}")


def test_seeds_are_compared_in_pairs_as_far_as_both_have_them() -> None:
    made = walk(default=[0.5, 0.6, 0.7], other=[0.4])
    gain, spread = made.difference(made.start.scaled(3, 1), made.start)
    assert gain == pytest.approx(-0.1) and spread == 0
    assert made.whole() == [made.start]


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name != "custom"])
def test_neighbours_differ_from_the_centre_in_what_learns(name: str) -> None:
    centre = Walk(name, RESNET, {}, 3).start
    near = rates.neighbours(name, centre)
    assert len(set(near)) == len(near) and centre not in near
    assert any(n.backbone != centre.backbone for n in near) is bool(centre.backbone)
    assert any(n.decay != centre.decay for n in near) is (name in rates.DECAYS)


def test_rates_are_rounded_to_one_digit() -> None:
    assert Rates(1e-3, 3e-4, 1.0).scaled(1 / 3, 3) == Rates(3e-4, 9e-4, 1.0)


def test_the_tutorial_s_loop_cannot_unfreeze_on_the_way() -> None:
    assert {name for name in STRATEGIES if not expressible(name)} == {"gradual", "lp_ft"}


def arm(seconds: float, speed: float, precision: str = "bfloat16") -> Arm:
    return Arm(seconds, 1.0, 10, (speed,), 2_000_000_000, 700_000_000, Score(10, 5), precision)


@pytest.mark.parametrize(
    ("name", "precision", "reached"),
    [("linear_probe", "bfloat16", "end to end ≥ 25×: **no**"), ("full", "bfloat16", "end to end ≥ 2×: yes")]
    + [("last_stage", "bfloat16", "learning ≥ 3×: **no**"), ("full", "float32", "")],
)
def test_bars_hold_where_they_were_set(tmp_path: object, name: str, precision: str, reached: str) -> None:
    setting = Setting(tmp_path, "resnet18", "random", None, 10, 10, 1, 1, ("layer3",))
    theirs, mine = arm(100.0, 10.0), arm(10.0, 25.0, precision)  # 10× from end to end, 2.5× while learning
    first, second = rows.rows(setting, name, {"tutorial": [theirs], "ours": [mine], "again": []})
    assert "10×" in second[2] and "2.5×" in second[3] and first[4] == "2000"
    assert second[-1].partition("; ")[0] == (reached or "random weights: accuracy says nothing")


def test_shares_are_taken_round_by_round_and_the_bar_in_processor_time() -> None:
    found = [Round(Speed(10, 10), Speed(9, 8), Speed(5, 5)), Round(Speed(20, 10), Speed(18, 8), Speed(10, 5))]
    _, learning, epoch = ceiling.rows(found, "of some", processor=True)
    assert learning[2:] == ("90 %", "80 %", "≥ 85 %: **no**")
    assert epoch[2:] == ("50 %", "50 %", "≥ 90 %: **no**")
    whole = [Round(Speed(10, 10), Speed(9, 8), Speed(9, 5))]
    assert ceiling.rows(whole, "of some", processor=True)[2][2:] == ("90 %", "50 %", "≥ 90 %: yes"), "by the clock"
    assert ceiling.rows(found, "of some", processor=False)[1][2:] == ("90 %", "", "≥ 85 %: yes")


def ran(speed: float, first: float = 1.0, learned: str = "a", note: str = "") -> card.Ran:
    return card.Ran(Spread((speed, speed + 10)), first, learned, note)


def test_a_card_is_held_against_the_other_build_and_against_its_own_plain_steps() -> None:
    captured, plain, other = ran(700), ran(250), ran(200)
    assert card.step_row("x", captured, plain, other, 3.0)[4:] == ("3.4×", "to the last bit", "≥ 3×: yes", "")
    assert card.step_row("x", captured, plain, other, 5.0)[6] == "≥ 5×: **no**"
    told = card.step_row("x", ran(255, learned="b", note="not captured"), plain, None, 3.0)
    assert told[1] == "" and told[4:] == ("1.0×", "**no**", "", "not captured")
    assert card.first_row("x", ran(1, first=2.6), ran(1, first=14.5)) == ("x", "14.5", "2.6", "≤ 2.5 s: **no**")


def test_looks_take_turns_on_the_processor_and_on_the_card(
    tiny: dict[str, Any], narrow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = card.two(tiny | {"backbone": narrow})
    with monkeypatch.context() as patch, another_card(patch) as spare:
        rows = card.look_rows(spare, pair, 1)
    assert [row[0].partition(",")[0] for row in rows] == [name for name, _ in card.LOOKS]
    assert all(row[3].endswith("×") and row[4].startswith("≥ 2×: ") for row in rows)
    assert len(spare.moved) >= 2 * 2 * len(rows), "both networks, in both rounds, whatever the look"


def found_rates(own: list[float], found: list[float], start: str = "default", name: str = "a") -> list[finder.Row]:
    """A set's rows of the finder's benchmark, one a seed; the rates differ where the accuracy does."""
    common = {"set": name, "strategy": "full", "start": start, "per_class": 10, "epochs": 10, "input_size": 64}
    pairs = enumerate(zip(own, found, strict=True))
    return [
        common | {"seed": s, "own": [1e-3], "found": [1e-3 if a == b else 2e-3], "own_right": a, "found_right": b}
        for s, (a, b) in pairs
    ]


def test_passes_abreast_are_held_against_one_at_a_time_and_against_the_other_build() -> None:
    both, one, other = ([passes.Timed(s, "a") for s in seconds] for seconds in ([27, 29], [40, 44], [35, 36]))
    told = passes.row("last_stage", both, one, other)
    assert told == (
        "`last_stage`",
        "35.5 (35–36)",
        "42 (40–44)",
        "28 (27–29)",
        "1.50×",
        "1.27×",
        "to the last bit",
        "≥ 1.25×: yes",
    )
    assert passes.row("last_stage", both, one, both)[-1] == "≥ 1.25×: **no**"
    assert passes.row("full", both, [passes.Timed(40, "b")], [])[3:] == ("1.43×", "**no**", "")


def test_factors_of_a_rate_are_all_run_and_the_best_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk("full", RESNET, {"a": {}}, 2, factors=((1, 0.33), (1, 0.1), (3, 1)))
    found = {(1e-3, 6e-4): 0.5, (1e-3, 2e-4): 0.8, (1e-3, 6e-5): 0.7, (3e-3, 6e-4): 0.6}
    monkeypatch.setattr(Walk, "one", lambda walk, tried, choices, seed: found[tried.head, tried.backbone] + seed / 100)
    assert walk.go() == Rates(1e-3, 2e-4, 1.0)
    assert {(tried.head, tried.backbone): values["a"] for tried, values in walk.right.items()} == {
        rate: [value, value + 0.01] for rate, value in found.items()
    }


@pytest.mark.parametrize(
    ("name", "own", "backbone"),
    [
        ("full", "resnet10", 6e-4),
        ("full", "mobilenet_v2", 2e-4),
        ("bn_only", "resnet10", 9e-3),
        ("bn_only", "vgg16", 3e-3),
    ],
)
def test_a_walk_starts_from_what_the_strategy_starts_from_on_that_backbone(
    name: str, own: str, backbone: float
) -> None:
    assert Walk(name, {"backbone": own}, {}, 2).start.backbone == backbone


@pytest.mark.parametrize(
    ("found", "reached"),
    [([0.5, 0.6, 0.7], "yes"), ([0.5, 0.6, 0.69], "**no**"), ([0.55, 0.6, 0.7], "yes")],
)
def test_the_finder_is_held_against_the_default(found: list[float], reached: str) -> None:
    made = finder.report(found_rates([0.5, 0.6, 0.7], found))
    assert made.endswith(f"the spread over seeds: {reached}.")


def test_the_finder_may_lose_nowhere_more_than_the_spread_even_where_it_gains_in_the_mean() -> None:
    gains, loses = found_rates([0.5, 0.6], [0.9, 0.9]), found_rates([0.5, 0.51], [0.4, 0.4], name="b")
    assert "**no**" in finder.report(gains + loses)
    assert "Bar" not in finder.report(found_rates([0.5, 0.6], [0.9, 0.9], "30 times too large"))


def test_a_world_s_candidate_is_a_pair_of_recipes_that_differ_in_what_learns() -> None:
    probe, tuned = worlds.recipes("bn_only:48:all:5:0.01", 3)
    assert (probe.input_size, probe.per_class, probe.epochs, probe.seed) == (48, None, 5, 3)
    assert (tuned.strategy, tuned.backbone_rate) == ("bn_only", 0.01)
    _, some = worlds.recipes("stem.layer1:64:25:2", 0)
    assert some.learns == ("stem", "layer1") and some.per_class == 25


def test_the_quickest_world_comes_first() -> None:
    def row(name: str, seed: int, seconds: float, fixed: int) -> worlds.Row:
        run = {"cpu": seconds, "val": 0.7}
        cells = {"n": 400, "both_right": 200, "fixed": fixed, "broken": 20}
        return {"tuned": name, "seed": seed, "probe": {"cpu": 5.0, "val": 0.6}, "run": run} | cells

    told = worlds.report([row("slow", 0, 90, 100), row("quick", 0, 9, 60), row("quick", 1, 11, 100)]).splitlines()[2:]
    assert told[0].startswith(
        "| `quick` | 2 | 5 + 10 | +10.0 (+10.0 to +10.0) | +15.0 (+10.0 to +20.0) | 220 → 260, 220 → 300 |"
    )
    assert told[1].startswith("| `slow` | 1 | 5 + 90 |")


def test_an_estimate_is_corrected_by_the_runs_before_it() -> None:
    told = [estimates.Told("shapes", "full", 10.0, took) for took in (30.0, 20.0, 25.0)]
    first, then = zip(*estimates.ratios(told), strict=True)
    assert first == (pytest.approx(1 / 3), 0.5, 0.4)
    assert then == (pytest.approx(1 / 3), 1.5, pytest.approx(1.0)), "by 3, then by the median of 3 and 2"
    assert "Within a factor of 2: 1 of 3 first, 2 of 3 then." in estimates.report(told)
    assert set(estimates.STRATEGIES) == set(STRATEGIES) - {"custom"}


def test_a_row_of_faults_is_measured_once_and_names_each_kind_of_copy(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that was cut off goes on where it was; `--anew` and other settings measure again."""
    asked: list[str] = []
    cells = faults.row(
        "x", Pairs(np.array([[0, 2]]), np.zeros(1), 2.0, 5.0, 5, 5), np.array([0, 1, 0]), np.array([-1, -1, 0]), 1.0
    )
    assert len(cells) == len(faults.COPIES) and cells[4:5] == ("100 %",) and "1 of 1, 100.0 %" in cells

    def measured(name: str, recipe: Recipe, given: object) -> tuple[str, ...]:
        asked.append(name)
        return cells

    monkeypatch.setitem(faults.PARTS, "copies", (faults.COPIES, measured))
    for more in ([], [], ["--most", "300"], ["--anew"]):
        faults.main(["--part", "copies", *more])
    assert len(asked) == 3 and capsys.readouterr().out.count("| x | 2 |") == 4


def test_every_benchmark_stands_in_the_table_with_the_room_that_it_measures() -> None:
    folder = Path(ceiling.__file__).parent
    listed = re.findall(
        r"(?m)^\| ([\w/]+) \| `python -m benchmarks\.(\w+)", (folder / "README.md").read_text(encoding="utf-8")
    )
    assert all((folder.parent / "explorer" / room).is_dir() for room, _ in listed), listed
    told = {file.stem for file in folder.glob("*.py") if "parse_args()" in file.read_text(encoding="utf-8")}
    assert told <= {name for _, name in listed}, told
