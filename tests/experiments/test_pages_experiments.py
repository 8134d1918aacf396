"""The page Experiments: races first, a data budget from the form to its sentences, a depth sweep with its front."""

import pytest
import stand_ins
from opening import opened, store, words

from explorer import jobs, runs
from explorer.cli import sweeping
from explorer.experiments import cells, kept
from explorer.experiments.plan import KINDS, Plan, plan
from explorer.experiments.view import entry, picking

__all__ = ["store"]
BUDGET = {("linear_probe", 2): 10, ("linear_probe", 8): 8, ("full", 2): 14, ("full", 8): 4}


def a_budget(seeds: int = 2) -> Plan:
    wanted = plan(sizes=(2, 8), strategies=("linear_probe", "full"), seeds=seeds)
    for (strategy, size), wrong in BUDGET.items():
        for seed in range(seeds):
            run = stand_ins.finished_run(wrong, strategy=strategy, per_class=size, seed=seed)
            runs.update(run, counts={"train": 3 * size, "val": 30, "test": stand_ins.N})
    return wanted


def test_races_are_the_first_experiment_and_their_old_address_opens_them() -> None:
    for page in ("experiments", "race"):
        app = opened(page)
        assert not app.exception and app.title[0].value == "Which way of tuning wins here?"
        assert app.segmented_control(key="experiment_kind").value == "race" and app.button(key="race_start")
    app = opened("race", kind="budget")
    assert app.title[0].value == "How many images before tuning pays?" and not app.exception


def test_a_budget_is_started_followed_cancelled_and_run_again() -> None:
    app = opened("experiments", kind="budget")
    assert "No experiment of this kind yet" in words(app)
    app.pills(key="experiment_sizes").set_value([2, 10]).run()
    app.pills(key="experiment_strategies").set_value(["linear_probe", "full"]).run()
    app.slider(key="experiment_seeds").set_value(2).run()
    app.button(key="budget_start").click().run()
    assert not app.exception and not app.error
    made = sorted(runs.listing(), key=lambda run: run.created)
    assert [(r.recipe.seed, r.recipe.strategy, r.recipe.per_class) for r in made if r.recipe][:3] == [
        (0, "linear_probe", 2), (0, "linear_probe", 10), (0, "full", 2),
    ]  # fmt: skip
    assert len(made) == 8 and "0 of 8 cells have ended" in app.get("progress")[0].proto.text
    (one,) = kept.started()
    assert app.query_params["plan"] in (one.text, [one.text])
    app.button(key="experiment_stop").click().run()
    assert {run.state for run in runs.listing()} == {"stopped"} and "8 of 8 cells have no result" in words(app)
    app.button(key="experiment_again").click().run()
    assert not app.exception and cells.fill(one, [jobs.lost(run) for run in runs.listing()]).live


def test_a_link_shows_a_budget_with_what_it_says_of_the_reader_s_number_of_images() -> None:
    wanted = a_budget()
    app = opened("experiments", kind="budget", plan=wanted.text, yours="4")
    said = words(app)
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 1
    assert "With **4 images per class: Feature extraction**" in said
    assert "overtakes Feature extraction at about **4 images per class**" in said and "Holm" in said
    assert app.button(key="budget_start").label == "**Run 56 cells**", "of 60 by default these are there"


def test_a_link_that_names_a_plan_alone_opens_its_kind_and_a_race_lets_it_go() -> None:
    app = opened("experiments", plan="depth;seeds=2")
    assert app.title[0].value == "How deep should tuning go?" and not app.warning and not app.exception
    app.segmented_control(key="experiment_kind").set_value("race").run()
    assert "plan" not in app.query_params and app.title[0].value == "Which way of tuning wins here?"
    app.segmented_control(key="experiment_kind").set_value("depth").run()
    assert str(app.query_params["plan"]).startswith("depth;"), "it is shown again"


@pytest.mark.parametrize("text", ["budget;sizes=x", "magic", "budget;backbone=resnet11", "depth;seeds=99", ";;;"])
def test_an_address_that_names_no_experiment_is_said(text: str) -> None:
    app = opened("experiments", kind="budget", plan=text)
    assert not app.exception and "asks for an experiment that is not possible" in words(app).replace("\\", "")


def test_each_kind_has_its_form_its_title_and_its_findings() -> None:
    assert set(picking.PICKS) == set(entry.TITLES) - {"race"} == set(KINDS)
    assert {*sweeping.FINDINGS, "rates", "shift"} == set(KINDS), (
        "the two that ask more than predictions say theirs apart"
    )


def test_a_depth_sweep_has_a_front_a_table_and_a_word_on_dips() -> None:
    wanted = plan(kind="depth", sizes=(25,), seeds=1)
    wrong = {"pretrained/0": 8, "pretrained/1": 6, "pretrained/2": 9, "pretrained/3": 5, "random/0": 16}
    for cell in cells.planned(wanted):
        if cell.arm in wrong:
            run = stand_ins.finished_run(wrong[cell.arm], **cell.recipe.model_dump())
            runs.update(run, parameters={"learned": 100 * (1 + int(cell.arm[-1])), "total": 10_000})
    app = opened("experiments", kind="depth", plan=wanted.text, cost="weights")
    said = words(app)
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 2
    rows = app.table[0].value["Trainable"].tolist()
    assert rows[:4] == ["★ head alone", "★ last stage", "last 2 stages", "★ last 3 stages"]
    assert "A dip at 2 stages" in said and "7 of 12 cells have no result" in said
