"""The adviser: its rules by hand, its words, and its table, which the numbers beside the rules come from."""

import csv
from pathlib import Path

import numpy as np
import pytest
import stand_ins
from opening import opened, store, words

from benchmarks import adviser as measured
from explorer import answers, runs
from explorer.evidence import Score, together
from explorer.experiments import adviser, compute
from explorer.experiments.advice import advice, settling
from explorer.experiments.adviser import RULES, Signs, earlier, rule_for
from explorer.experiments.budget import Choice, Contrast
from explorer.experiments.question import SignsQuestion
from explorer.recipe import make

__all__ = ["store"]
TABLE = Path(__file__).parents[2] / "docs" / "adviser.csv"
PLAIN = Signs(
    per_class=10, classes=4, probe=Score(200, 120), early="layer2", fixed=20, broken=18, p_value=1.0, distance=0.2
)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, "few"),
        ({"probe": Score(200, 195), "p_value": 0.01, "fixed": 40}, "easy"),
        ({"p_value": 0.01, "fixed": 40}, "early"),
        ({"p_value": 0.01, "fixed": 5}, "few"),  # shown to be worse
        ({"distance": 0.05}, "near"),
        ({"distance": 0.4}, "few"),
        ({"distance": 0.4, "per_class": 100}, "far"),
        ({"distance": None}, "few"),
    ],
)
def test_the_first_rule_that_holds_is_taken(changes: dict[str, object], rule: str) -> None:
    assert rule_for(Signs(**{**PLAIN.__dict__, **changes})).name == rule


def test_the_best_earlier_stage_is_corrected_for_all_that_were_tried() -> None:
    """1 of 8 discordant: p = 2 · 9 / 256 = 0.0703, times two stages; of equals p is 1."""
    assert earlier({"stem": (4, 4), "layer1": (7, 1)}) == ("layer1", 7, 1, pytest.approx(0.1406, abs=1e-4))
    assert earlier({}) == ("", 0, 0, 1.0)


def test_advice_is_two_sentences_with_evidence_and_says_how_sure_it_is() -> None:
    said = advice(PLAIN, RULES["few"])
    assert said.sentences[0] == "Take **Feature extraction**: 10 images of each class are few to tune with."
    assert "60.0 % (95 % interval" in said.evidence[0] and "fixes 20, breaks 18" in said.evidence[1]
    assert "0.20 nats, between near and far" in said.evidence[2] and "measured draw" in said.sure
    assert "guess" in advice(PLAIN, adviser.Rule("few", "there are few images", "linear_probe", "best_stage")).sure


def test_after_a_sweep_it_says_what_would_settle_it() -> None:
    rows = np.zeros((1, 100))
    rows[0, :12], rows[0, 12:18] = 1, -1

    def said(rows: np.ndarray, p_value: float) -> str:
        found = Choice(10, "linear_probe", 0.7, None, (Contrast("full", 10, together(rows), p_value),))
        return settling(found, "linear_probe")

    assert said(rows, 0.3).startswith("To settle Full fine-tuning, if the difference is as large as it looks: about ")
    assert said(0 * rows, 1.0).startswith("Full fine-tuning and Feature extraction are too close")
    assert said(abs(rows), 0.01).startswith("Every strategy is told apart from Feature extraction")


def test_signs_are_taken_of_real_images(narrow: None) -> None:
    found = compute.signs(make(dataset="digits", per_class=5, epochs=3, input_size=32))
    assert found.classes == 10 and found.per_class == 5 and found.probe.n > 100 and 0 <= found.probe.accuracy <= 1
    assert found.early in ("stem", "layer1", "layer2", "layer3") and found.distance is not None and found.distance > 0
    assert not runs.listing(), "nothing was run"


def test_the_numbers_beside_the_rules_are_those_of_the_table() -> None:
    rows = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
    by_rule, _ = measured.scored(rows)
    assert {name: (rule.level, rule.draws) for name, rule in RULES.items()} == by_rule
    level, draws = (sum(column) for column in zip(*by_rule.values(), strict=True))
    assert draws == len(rows) >= 10 and level >= 0.8 * draws, "the bar: level with the best in 8 of 10 draws"


def test_what_is_written_of_another_backbone_is_in_its_file() -> None:
    rows = list(csv.DictReader(TABLE.with_name("adviser_mobilenet_v2.csv").read_text(encoding="utf-8").splitlines()))
    by_rule, always = measured.scored(rows)
    assert {name for name, (_, draws) in by_rule.items() if draws} == {"few", "near"}
    said = TABLE.with_name("adviser.md").read_text(encoding="utf-8").partition("## Another backbone")[2]
    score = [sum(column) for column in zip(*by_rule.values(), strict=True)]
    assert "**{} of {}**; always the probe {} of {}, always the probe at the best stage {} of {}, ".format(
        *score, *always["linear_probe"], *always["best_stage"]
    ) + "BatchNorm only {} of {}, full fine-tuning {} of {}".format(
        *always["bn_only"], *always["full"]
    ) in said.replace("\n", " ")
    for row in rows:
        rule = rule_for(measured.signs_of(row)).name
        right = " | ".join(row[f"right_{arm}"] + " ✗" * (row[f"level_{arm}"] == "0") for arm in adviser.ARMS)
        line = (
            f"| {row['set']} | {row['asked']} | {row['seed']} | {float(row['distance']):.2f} | {row['probe_right']} of "
        )
        assert f"{line}{row['probe_n']} | {right} | {row['n']} | {rule} |" in said


def test_the_page_asks_only_when_it_is_told_to_and_sets_the_experiment_up() -> None:
    app = opened("experiments", kind="budget")
    assert "Take **" not in words(app)
    app.pills(key="experiment_sizes").set_value([2, 10]).run()
    asked = SignsQuestion(recipe=make(per_class=10, strategy="linear_probe"))
    answers.save(PLAIN, asked.path)
    app.button(key="budget_advise").click().run()
    assert not app.exception and "Take **Feature extraction**: 10 images of each class" in words(app)
    app.button(key="budget_to_budget").click().run()
    assert not app.exception and app.pills(key="experiment_strategies").value == ["linear_probe", "best_stage"]
    assert app.pills(key="experiment_sizes").value == [2, 5, None]
    assert stand_ins.N and not runs.listing()
