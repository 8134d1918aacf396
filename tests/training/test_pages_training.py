"""The form of a recipe: each choice reaches the recipe, what does not apply is not offered, rates can be found."""

import dataclasses
from typing import Any
from unittest import mock

import pytest
import stand_ins
from opening import opened, words
from streamlit.testing.v1 import AppTest

from explorer import cache, jobs, runs
from explorer.answers import save
from explorer.catalogue import STRATEGIES
from explorer.evidence import Balanced
from explorer.recipe import Recipe, make
from explorer.training.question import FindRatesQuestion
from explorer.training.view import starting


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> list[Recipe]:
    """The recipes that were started; nothing is carried out."""
    started: list[Recipe] = []

    def start(recipe: Recipe) -> str:
        started.append(recipe)
        return runs.create(recipe)

    monkeypatch.setattr(starting, "start", start)
    return started


def advanced(strategy: str = "linear_probe", **choices: str) -> AppTest:
    app = opened("training", **choices)
    app.selectbox(key="strategy").set_value(strategy)
    return app.run()


def test_a_backbone_starts_from_its_own_rate_and_keeps_it_to_itself() -> None:
    app = advanced("full")
    assert app.number_input(key="stage_rate_full_frozen_everywhere").value == 6e-4
    app.selectbox(key="pick_backbone").set_value("mobilenet_v2").run()
    own = app.number_input(key="stage_rate_full_frozen_everywhere_mobilenet_v2")
    assert own.value == 2e-4
    own.set_value(1e-4).run()
    app.selectbox(key="pick_backbone").set_value("resnet10").run()
    assert app.number_input(key="stage_rate_full_frozen_everywhere").value == 6e-4


def test_a_probe_whose_scale_and_shift_learn_starts_from_the_backbone_s_own_rate() -> None:
    app = advanced(batchnorm="affine")
    assert app.number_input(key="stage_rate_linear_probe_affine_resnet10").value == 9e-3
    app.selectbox(key="pick_backbone").set_value("resnet18").run()
    assert app.number_input(key="stage_rate_linear_probe_affine").value == 3e-3


def test_the_menu_of_backbones_says_what_is_elsewhere_and_names_what_is_here_in_full() -> None:
    """At 1280 pixels it shows some 45 characters."""
    labels = opened("training").selectbox(key="pick_backbone").options
    assert labels[0] == "ResNet-10 (built in) · 4.91 M parameters"
    assert any(label.endswith(" · weights to download") for label in labels[1:])


def begin(app: AppTest) -> None:
    app.button(key="train_start").click()
    app.run()
    assert not app.exception


@pytest.mark.parametrize("strategy", [name for name in STRATEGIES if name != "custom"])
def test_every_strategy_can_be_started_with_its_own_defaults(strategy: str, store: list[Recipe]) -> None:
    app = advanced(strategy)
    assert STRATEGIES[strategy].prefer in words(app)
    begin(app)
    assert store == [make(strategy=strategy)]


def test_what_is_chosen_in_advanced_reaches_the_recipe(store: list[Recipe]) -> None:
    app = advanced("gradual")
    app.number_input(key="head_rate_gradual").set_value(0.02)
    app.slider(key="decay_gradual").set_value(0.5)
    app.number_input(key="unfreeze_gradual").set_value(3)
    app.selectbox(key="train_augmentation").set_value("crop")
    app.checkbox(key="train_weighted").set_value(True)
    app.run()
    app.slider(key="train_views").set_value(6)
    app.run()
    assert "for 6 fixed versions of each image is cached" in words(app)
    begin(app)
    wanted: dict[str, Any] = {"strategy": "gradual", "head_rate": 0.02, "rate_decay": 0.5, "unfreeze_every": 3}
    assert store == [make(**wanted, augmentation="crop", views=6, class_weights=True)]


def test_normalisation_is_not_offered_where_there_is_none(store: list[Recipe]) -> None:
    app = advanced("bn_only")
    assert "nothing can be cached" in words(app).lower()
    app.selectbox(key="pick_backbone").set_value("squeezenet1_1").run()
    assert "bn_only" not in app.selectbox(key="strategy").options
    assert app.selectbox(key="strategy").value == "linear_probe"
    assert "has no normalisation layers" in words(app) and not app.exception


def test_a_mistake_is_told_when_it_is_started_and_not_before(store: list[Recipe]) -> None:
    app = advanced("lp_ft")
    app.slider(key="train_epochs").set_value(1).run()
    assert not app.error
    begin(app)
    assert store == [] and "Give more epochs" in words(app)
    app.slider(key="train_epochs").set_value(4).run()
    begin(app)
    assert [recipe.epochs for recipe in store] == [4] and "training_error" not in app.session_state


def test_rates_are_found_shown_and_taken_over(store: list[Recipe]) -> None:
    app = advanced("last_stage")
    assert not app.get("plotly_chart")
    wanted = FindRatesQuestion(recipe=make(strategy="last_stage"))
    save(stand_ins.rate_search(), wanted.path)
    app.button(key="train_find_rates").click().run()
    assert app.get("plotly_chart") and "order of magnitude" in words(app)
    assert "Head learning rate: 0.006, the largest rate at which" in words(
        app
    ) and "Backbone learning rate: keep 0.0003" in words(app)
    assert (
        "Head learning rate: the loss did not diverge up to 0.7, so the test says nothing about an upper limit"
        in words(app)
    )
    assert app.button(key="train_use_rates").label == "Use these rates: head 0.006, backbone 0.0003 (as it is)"
    app.button(key="train_use_rates").click().run()
    assert app.number_input(key="head_rate_last_stage").value == 6e-3
    assert app.get("plotly_chart"), "the curves stay while the rates change"
    begin(app)
    assert (store[0].head_rate, store[0].backbone_rate) == (6e-3, 3e-4)


def test_rates_that_are_kept_are_no_discovery(store: list[Recipe]) -> None:
    app = advanced("last_stage")
    app.number_input(key="head_rate_last_stage").set_value(2e-3).run()
    found = stand_ins.rate_search()
    kept = dataclasses.replace(found.head, own=2e-3, suggested=2e-3)
    wanted = FindRatesQuestion(recipe=make(strategy="last_stage", head_rate=2e-3))
    save(dataclasses.replace(found, head=kept), wanted.path)
    app.button(key="train_find_rates").click().run()
    assert "Nothing to change: head 0.002, backbone 0.0003 (the default)." in words(app)
    assert not [button for button in app.button if button.key == "train_use_rates"]


def test_a_run_with_a_checkpoint_offers_to_go_on() -> None:
    run = runs.create(make())
    runs.close(run, "stopped")
    early = opened("training")
    assert not any(button.label == "Resume from checkpoint" for button in early.button)
    assert "It had not finished an epoch, so nothing was measured." in words(early) + "".join(
        i.value for i in early.info
    )
    runs.store_checkpoint(run, b"what it needs")
    app = opened("training")
    with mock.patch.object(jobs, "resume") as resume:
        app.button(key=f"run_{run}_resume").click().run()
    assert resume.call_args.args[0] == run and not app.exception


def test_what_is_not_as_usual_is_told_where_it_is_folded_away() -> None:
    app = opened("training")
    assert "Advanced:" not in words(app)
    app.number_input(key="train_seed").set_value(3)
    app.selectbox(key="weights_resnet10").set_value("random")
    app.run()
    assert "Advanced: random weights, batch statistics, seed 3" in words(
        app
    ) or "Advanced: random weights, seed 3" in words(app)
    app.checkbox(key="train_all").set_value(True).run()
    assert app.number_input(key="train_per_class").disabled, "it says nothing beside *Use all training images*"


def test_what_was_started_is_what_is_shown_whatever_else_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two visitors start the same recipe in the same minute; a third one's race is newer than both."""
    monkeypatch.setattr(starting, "start", jobs.train)
    app, other = opened("training"), opened("training")
    for visitor in (app, other):
        visitor.number_input(key="train_seed").set_value(5).run()
        visitor.button(key="train_start").click().run()
        assert "is in the queue. [Show it](#the-run)" in visitor.toast[0].value
    theirs = runs.create(make(), race="20270101-000000-cafe")
    mine, his = (visitor.session_state["following"] for visitor in (app, other))
    assert mine != his and {mine, his, theirs} == {run.id for run in runs.listing()}
    for visitor, run in ((app, mine), (other, his)):
        visitor.run()
        assert visitor.session_state["following"] == run and visitor.query_params["run"] == run
        options = visitor.selectbox(key="following").options
        assert len(set(options)) == 3, "no two labels are alike"
        assert runs.read(run).name in visitor.subheader[0].value and visitor.button(key=f"stop_{run}")
        assert not visitor.exception
    app.switch_page("../../pages/runs.py").run()
    app.switch_page("../../pages/training.py").run()
    assert app.session_state["following"] == mine, "after another page too"


def test_a_link_opens_its_run_and_a_bad_one_says_so() -> None:
    a, b = stand_ins.finished_run(seed=1), stand_ins.finished_run(seed=2)
    for run in (a, b):
        app = opened("training", run=run)
        assert app.selectbox(key="following").value == run and not app.warning
    app = opened("training", run="../../etc")
    assert any("There is no run" in box.value for box in app.warning) and not app.exception
    assert app.selectbox(key="following").value in (a, b)


def test_a_run_is_named_noted_and_starred_on_its_card() -> None:
    run = stand_ins.finished_run()
    app = opened("training")
    app.text_input(key=f"run_{run}_name").set_value("Glass, first try")
    app.text_area(key=f"run_{run}_note").set_value("as in *the tutorial*")
    next(button for button in app.button if button.label == "Save").click().run()
    app.button(key=f"run_{run}_star").click().run()
    found = runs.read(run).named
    assert (found.name, found.note, found.starred) == ("Glass, first try", "as in *the tutorial*", True)
    assert app.subheader[0].value.startswith("Glass, first try") and r"as in \*the tutorial\*" in words(app)
    app.text_input(key=f"run_{run}_name").set_value("latest")
    next(button for button in app.button if button.label == "Save").click().run()
    assert "cannot go by the name" in app.toast[0].value and runs.read(run).name == "Glass, first try"


def test_the_command_lines_run_is_followed_and_not_stopped_from_here() -> None:
    run = runs.create(make(), here=True)
    runs.start(run)
    for epoch in stand_ins.epochs(4):
        runs.append(run, epoch)
    app = opened("training")
    assert app.button(key=f"stop_{run}").disabled and not app.exception
    assert not any("interrupted" in str(part.value) for part in app.markdown)


def test_what_to_freeze_shows_each_phase_and_every_strategy() -> None:
    stand_ins.measured(make(strategy="gradual"))
    app = opened("freezing")
    app.selectbox(key="strategy").set_value("gradual").run()
    assert not app.exception
    (strips,) = (part.proto.body for part in app.get("html") if "Epoch 1" in part.proto.body)
    assert strips.count('role="img"') == 6 and "Epochs 6 to 10" in strips
    assert "6 phases" in words(app)
    assert len(app.table) == 2, "the stages, and the strategies"


def test_the_outputs_of_frozen_stages_can_be_cleared() -> None:
    stand_ins.finished_run()
    assert "Cached features of frozen stages" not in words(opened("runs"))
    cache.folder().mkdir(parents=True)
    cache.path("some").write_bytes(b"x" * 3_000_000)
    app = opened("runs")
    assert "3 MB in 1 files" in words(app)
    assert "All runs and their results stay" in words(app), "what it clears, before it does"
    app.button(key="runs_clear_cache").click().run()
    assert cache.size() == (0, 0) and "Cached features of frozen stages" not in words(app)


def test_balanced_accuracy_stands_beside_accuracy_where_the_two_differ() -> None:
    run = stand_ins.finished_run()
    assert "balanced" not in words(opened("training"))
    runs.update(run, balanced=Balanced(0.7, 0.6, 0.8, 24, 3))
    assert "balanced 70.0 % (60.0 to 80.0, 3 classes)" in words(opened("training"))
