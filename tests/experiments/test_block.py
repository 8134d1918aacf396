"""Which block: gains over the head alone by hand, bets and hints graded, each stage's gradient, and the page that bets first."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import stand_ins
from opening import opened, store, words

from explorer import answers, cli, runs
from explorer.cli import sweeping
from explorer.errors import ExplorerError
from explorer.evidence import together
from explorer.experiments import block, cells, concluding, telling
from explorer.experiments.block import NONE, Gradients
from explorer.experiments.cells import Sweep
from explorer.experiments.compute.gradients import gradients
from explorer.experiments.figures.block import block_table
from explorer.experiments.plan import Plan, plan, read
from explorer.experiments.question import GradientsQuestion
from explorer.experiments.view.block import grades_table
from explorer.recipe import make

__all__ = ["store"]
WRONG = {
    "clean": {"head": 12, "stem": 12, "layer1": 12, "layer2": 11, "layer3": 3, "layer4": 2, "all": 2},
    "blur-4": {"head": 12, "stem": 2, "layer1": 10, "layer2": 12, "layer3": 12, "layer4": 11, "all": 4},
    "invert": {"head": 8, "stem": 8, "layer1": 7, "layer2": 8, "layer3": 8, "layer4": 8, "all": 8},
}
"""Input → block → how many of 24 images it gets wrong, the last ones: each block's are among those of a worse one."""


def wanted() -> Plan:
    return plan(kind="block", sizes=(25,), inputs=tuple(WRONG), seeds=3)


def made() -> Sweep:
    for cell in cells.planned(wanted()):
        stage, _, how = cell.arm.partition("@")
        stand_ins.finished_run(WRONG[how][stage], **cell.recipe.model_dump())
    return cells.fill(wanted(), runs.listing())


def test_every_block_is_tuned_alone_at_one_rate_on_every_input() -> None:
    found = plan(kind="block", inputs=("clean", "blur", "blur-2", "invert-5"), seeds=1)
    assert found.inputs == ("clean", "blur-2", "invert") and found.sizes == (25,)
    assert found.text == "block;sizes=25;inputs=clean.blur-2.invert;seeds=1;epochs=10" and read(found.text) == found
    by_arm = {cell.arm: cell.recipe for cell in found.cells}
    assert [*by_arm][:7] == [f"{s}@clean" for s in ("head", "layer4", "layer3", "layer2", "layer1", "stem", "all")]
    assert by_arm["head@clean"] == make(), "the ordinary probe"
    alone = [by_arm[f"{stage}@blur-2"] for stage in ("stem", "layer4")]
    assert [one.learns for one in alone] == [("stem",), ("layer4",)]
    assert {(one.head_rate, one.backbone_rate, one.spoilt) for one in alone} == {(1e-3, 3e-4, "blur-2")}
    assert by_arm["all@invert"] == make(strategy="full", spoilt="invert")
    assert telling.title_of("stem@blur-2") == "stem alone, blurred at severity 2"
    for wrong, why in (
        ({"inputs": ("fog-2",)}, "Unknown kind"),
        ({"spoilt": "blur-4"}, "say how pictures are corrupted"),
    ):
        with pytest.raises(ExplorerError, match=why):
            plan(kind="block", **wrong)


def test_gains_the_best_block_and_what_is_level_with_it(tmp_path: Path) -> None:
    sweep = made()
    steps = block.gains(sweep, runs.predictions)
    by_arm = {step.arm: step for step in steps}
    assert len(steps) == 18 and by_arm["layer4@clean"].difference.value == pytest.approx(10 / 24)
    least = min(step.difference.p_value for step in steps)
    assert min(step.adjusted for step in steps) == pytest.approx(18 * least), "corrected over all inputs at once"
    clean, blurred, inverted = block.verdicts(sweep, steps, runs.predictions)
    assert (clean.best, blurred.best, inverted.best) == ("layer4", "stem", "layer1")
    assert clean.gain.shown and blurred.gain.shown and not inverted.gain.shown, "1 image of 24 is no gain that is shown"
    assert [clean.grade(bet) for bet in ("layer4", "layer3", "stem", NONE)] == ["best", "level", "worse", "worse"]
    assert [inverted.grade(bet) for bet in ("layer1", "stem", NONE)] == ["open", "open", "level"]
    assert clean.behind["layer3"][0].value == pytest.approx(1 / 24)
    loss = replace(clean, gain=replace(clean.gain, difference=together(-np.ones((1, 24)))))
    told_best = grades_table((clean, inverted, loss), {}, {})["Best block"]
    assert told_best == ["layer4", "layer1, not shown", "none gains"], "a shown loss makes no block the best"
    told = block.graded((clean, blurred, inverted), {"clean": "layer3", "blur-4": "stem", "invert": "stem"})
    assert (told.best, told.level, told.of, told.open) == (1, 1, 2, 1)
    said = concluding.block_findings(sweep, runs.predictions)
    assert "layer4 gains most over the head alone, +41.7 points" in said[0]
    assert "Not shown to differ from it: layer3." in said[0]
    assert "no block is shown to gain anything" in said[2] and "18 comparisons" in said[3]
    asked = ["sweep", "--kind", "block", "--sizes", "25", "--inputs", *WRONG, "--out", str(tmp_path / "cells.csv")]
    answer = sweeping.sweep(cli.parser().parse_args(asked))
    assert answer["findings"] == said and (answer["cells"], answer["computed"]) == (63, 0)
    assert "stem@blur-4" in (tmp_path / "cells.csv").read_text()
    words = telling.graded_words("Your bets", told)
    assert "in **2 of 2** inputs (the best itself in 1). 1 more stay open" in words
    stages = sweep.cells[0].planned.recipe.row.stage_names
    table = block_table(stages, tuple(WRONG), steps, block.accuracies(sweep), 24).data[0]
    assert table.text[4][0] == table.text[0][1] == "+41.7★" and table.text[1][2] == "+4.2"


def test_the_gradient_of_each_stage_is_that_of_the_probe_s_mean_loss(narrow: str) -> None:
    recipe = make(backbone=narrow, weights="random", dataset="shapes", per_class=3, epochs=2, input_size=32)
    found = gradients(recipe)
    assert found.stages == recipe.row.stage_names and found.n == 24 and (found.norms > 0).all()
    assert found.named == found.stages[int(found.norms.argmax())] and 0 < found.loss < 5
    np.testing.assert_array_equal(gradients(recipe).norms, found.norms)
    blurred = gradients(recipe.model_copy(update={"spoilt": "blur-5"}))
    assert not np.allclose(blurred.norms, found.norms, rtol=1e-3), "other pictures, other gradients"


def test_the_page_hides_the_result_until_there_are_bets_and_grades_them_with_the_hint() -> None:
    sweep = made()
    stages = sweep.cells[0].planned.recipe.row.stage_names
    for how, largest in zip(WRONG, (4, 3, 0), strict=True):
        norms = np.full(5, 0.001)
        norms[largest] = 0.005
        answer = Gradients(stages=stages, norms=norms, n=200, loss=1.0)
        answers.save(answer, GradientsQuestion(recipe=sweep.recipe(f"head@{how}")).path)
    app = opened("experiments", kind="block", plan=sweep.plan.text)
    assert not app.exception and not app.error and not app.get("plotly_chart")
    assert "The result is hidden" in words(app) and "The best block" not in words(app)
    app = opened("experiments", kind="block", plan=sweep.plan.text, bet0="layer3", bet1="stem", bet2="head", hint="1")
    said = words(app)
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 1
    assert app.radio(key="block_bet_1").value == "stem" and "**Your bets**: the best block, or one not shown" in said
    assert app.table[0].value["layer4"].tolist() == ["5 ▲", "1", "1"]
    grades = app.table[1].value
    assert grades["Your bet"].tolist() == ["layer3: level with it", "stem: the best", "none gains: level with it"]
    assert grades["The hint"].tolist() == ["layer4: the best", "layer3: shown to be worse", "stem: open"]
    app = opened("experiments", kind="block", plan=sweep.plan.text, bet0="magic")
    assert "does not exist here" in words(app) and not app.exception
    app.button(key="block_show").click().run()
    assert len(app.get("plotly_chart")) == 1 and app.query_params["shown"] in ("1", ["1"])
