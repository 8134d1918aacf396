"""The shift test: what is lost when test images are spoilt, by hand; and a real run scored on them."""

import csv
from pathlib import Path

import numpy as np
import pytest
import stand_ins
from opening import opened, store, words

from explorer import answers, cli, runs
from explorer.catalogue.shifts import SEVEREST, SHIFTS, USUAL
from explorer.cli import sweeping
from explorer.data.shifts import shifted
from explorer.errors import ExplorerError
from explorer.experiments import cells, compute, shift, table
from explorer.experiments.cells import Sweep
from explorer.experiments.plan import plan
from explorer.experiments.question import SpoiltQuestion
from explorer.experiments.shift import Spoilt
from explorer.recipe import make
from explorer.training.compute import handlers

__all__ = ["store"]
RIGHT = {"linear_probe": (16, 14), "full": (22, 4)}
"""Of 24 images: as they are, and spoilt."""


def made(seeds: int = 3) -> tuple[Sweep, dict[str, Spoilt]]:
    wanted, found = plan(kind="shift", sizes=(25,), strategies=tuple(RIGHT), seeds=seeds), {}
    for cell in cells.planned(wanted):
        run = stand_ins.finished_run(24 - RIGHT[cell.arm][0], **cell.recipe.model_dump())
        right = np.zeros((len(SHIFTS), SEVEREST + 1, 24), np.bool_)
        right[:, 0, : RIGHT[cell.arm][0]] = True
        right[:, 1:, : RIGHT[cell.arm][1]] = True
        found[run] = Spoilt(run=run, kinds=tuple(SHIFTS), rows=np.arange(24), right=right)
    return cells.fill(wanted, runs.listing()), found


def test_severities_rise_around_the_usual_one() -> None:
    noise, contrast = SHIFTS["noise"], SHIFTS["contrast"]
    assert noise.strength(USUAL) == noise.amount and contrast.strength(USUAL) == contrast.amount
    assert [round(noise.strength(s) / noise.amount, 2) for s in range(1, 6)] == [0.5, 1, 1.5, 2, 3]
    assert [round(contrast.strength(s), 3) for s in range(1, 6)] == [0.632, 0.4, 0.253, 0.16, 0.064]
    with pytest.raises(ExplorerError, match="Unknown severity"):
        noise.strength(6)
    picture = np.arange(192, dtype=np.uint8).reshape(1, 8, 8, 3)
    apart = [np.abs(shifted(picture, "noise", severity=s).astype(int) - picture).mean() for s in (1, 3, 5)]
    assert apart[0] < apart[1] < apart[2]


def test_what_gains_inside_and_loses_outside_is_said() -> None:
    sweep, found = made()
    first, full = shift.held(sweep, found, "noise", 3, runs.predictions)
    assert (first.inside.mean, first.outside.mean, first.drop) == pytest.approx((16 / 24, 14 / 24, 2 / 24))
    assert full.over_inside is not None and full.over_inside.value == pytest.approx(6 / 24)
    assert full.over_outside is not None and full.over_outside.value == pytest.approx(-10 / 24)
    raw = sorted([full.over_inside.p_value, full.over_outside.p_value])
    assert sorted([full.p_inside, full.p_outside]) == pytest.approx([2 * raw[0], max(2 * raw[0], raw[1])])
    assert full.turned and not first.turned
    assert "**full** gains" in shift.turned_words((first, full), {"linear_probe": "probe", "full": "full"})
    assert [s.mean for s in shift.lines(sweep, found, "blur")["full"]] == pytest.approx([22 / 24, *[4 / 24] * 5])


def test_a_run_is_scored_on_images_spoilt_more_and_more(narrow: None) -> None:
    run = handlers.train(runs.create(make(dataset="digits", per_class=10, epochs=4, input_size=32), here=True))
    found = compute.spoilt(run.id)
    assert found.right.shape == (len(SHIFTS), SEVEREST + 1, len(found.rows)) and len(found.rows) <= compute.TESTED
    clean = runs.predictions(run.id).right[found.rows]
    assert np.mean(found.at("noise", 0) == clean) > 0.99, "severity 0 is the test itself"


def test_the_page_shows_lines_and_a_table_at_the_severity_of_the_address() -> None:
    sweep, found = made()
    for run, answer in found.items():
        answers.save(answer, SpoiltQuestion(run=run).path)
    app = opened("experiments", kind="shift", plan=sweep.plan.text, severity="4", shift="blur")
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 1
    assert app.slider(key="shift_severity").value == 4 and "gains on images like the training images" in words(app)
    assert app.table[0].value["Lost, points"].tolist() == ["8.3", "75.0"]


def test_the_command_line_scores_what_is_not_scored_and_says_what_the_page_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sweep, found = made()
    scored: list[str] = []
    monkeypatch.setattr(compute, "spoilt", lambda run, report: scored.append(run) or found[run])
    asked = ["sweep", "--plan", sweep.plan.text, "--out", str(tmp_path / "cells.csv")]
    sweeping.sweep(cli.parser().parse_args(asked))
    told = sweeping.sweep(cli.parser().parse_args(asked))
    assert sorted(scored) == sorted(found), "what was scored is kept, as the app would"
    assert told["computed"] == 0
    noise = next(words for words in told["findings"] if words.startswith(SHIFTS["noise"].title))
    assert "Full fine-tuning gains on images like the training images and loses on corrupted ones" in noise
    assert told["findings"][-1].startswith("p-values are corrected within each kind of shift, for 2 comparisons")
    with (tmp_path / "cells.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["arm"], row["noise_3"]) for row in rows} == {("linear_probe", str(14 / 24)), ("full", str(4 / 24))}
    assert {row["noise_3"] for row in table.rows(sweep)} == {None}
