"""What to freeze: the page says what a choice costs, and speaks of the normalisation that the backbone really has."""

import stand_ins
from opening import opened, words
from streamlit.testing.v1 import AppTest

from explorer.catalogue import BACKBONES, BATCHNORM_MODES, BATCHNORM_TITLES, LAYERNORM_MODES
from explorer.recipe import make
from explorer.training.view.estimates import time_words


def test_moving_statistics_keep_nothing_and_the_page_says_so() -> None:
    stand_ins.measured(make(strategy="linear_probe", batchnorm="moving"))
    app = opened("freezing", strategy="linear_probe", batchnorm="moving")
    assert not app.exception
    assert {box.label: box.value for box in app.metric}["Stages that run once"] == "0 of 5"
    assert (
        "BatchNorm statistics move even in frozen stages, so nothing is cached: each epoch runs the whole network"
        in words(app)
    )
    assert "runs once per image" not in words(app)


def test_a_clean_probe_runs_its_backbone_once() -> None:
    stand_ins.measured(make(strategy="linear_probe"))
    app = opened("freezing", strategy="linear_probe")
    assert {box.label: box.value for box in app.metric}["Stages that run once"] == "5 of 5"
    assert "The whole backbone runs once per image" in words(app)
    assert BATCHNORM_MODES["frozen"] in words(app) and "runs every BatchNorm layer in eval mode" in words(app)


def test_of_a_vit_nothing_is_said_of_batchnorm() -> None:
    stand_ins.measured(make(backbone="vit_b_16"))
    app = opened("freezing", backbone="vit_b_16", strategy="last_stage")
    assert not app.exception
    modes = app.segmented_control(key="freezing_batchnorm_other")
    assert modes.label == "LayerNorm in frozen stages" and modes.options == [
        "Frozen",
        "Affine: scale and shift are trained",
    ]
    assert LAYERNORM_MODES["frozen"] in words(app)
    assert "BatchNorm layer" not in words(app) and "BatchNorm statistics" not in words(app)
    columns = app.table[0].value
    assert set(columns["Their statistics"]) == {"none"}


def test_every_backbone_has_words_for_its_normalisation() -> None:
    assert {row.normalisation for row in BACKBONES.values()} == {"batch", "layer", "none"}


def test_the_page_says_which_batchnorm_mode_is_in_force_and_offers_those_that_differ() -> None:
    stand_ins.measured(make())
    for strategy, titles in {
        "last_stage": list(BATCHNORM_TITLES.values()),
        "linear_probe": ["Frozen", BATCHNORM_TITLES["moving"], BATCHNORM_TITLES["affine"]],
    }.items():
        app = opened("freezing", strategy=strategy)
        assert app.segmented_control(key="freezing_batchnorm").options == titles
        assert BATCHNORM_MODES[make(strategy=strategy).batchnorm] in words(app)


def test_the_mode_stays_the_good_one_when_the_strategy_changes() -> None:
    """‘Frozen’ of a probe is the statistics kept; it must not become those of the batch where stages learn."""
    stand_ins.measured(make())
    app = opened("freezing", strategy="linear_probe")
    for name, value in (("full", "frozen_everywhere"), ("from_scratch", "frozen"), ("full", "frozen_everywhere")):
        app.selectbox(key="strategy").set_value(name).run()
        key = "freezing_batchnorm" + ("_other" if name == "from_scratch" else "")
        assert not app.exception and app.segmented_control(key=key).value == value, name


def test_random_weights_have_no_statistics_to_keep() -> None:
    stand_ins.measured(make())
    app = opened("freezing", strategy="full")
    app.selectbox(key="weights_resnet10").set_value("random").run()
    assert not app.exception and not app.error
    assert app.segmented_control(key="freezing_batchnorm_other").options[0] == "Of the batch, in trainable stages"


def _pressed(app: AppTest, *stages: str) -> AppTest:
    for stage in stages:
        app = app.button(key=f"block_{stage}").click().run()
        assert not app.exception, app.exception
    return app


def test_a_block_thaws_its_stage_and_the_strategy_follows() -> None:
    stand_ins.measured(make())
    app = opened("freezing")
    numbers = {box.label: box.value for box in app.metric}
    assert numbers["Stages that run once"] == "5 of 5" and numbers["Trainable parameters"] == "8.72 k"
    for stage, strategy, numbers in (
        ("layer4", "last_stage", ("13.7 k", "4 of 5")),
        ("layer3", "last_2_stages", ("17.7 k", "3 of 5")),
        ("layer4", "custom", ("12.7 k", "3 of 5")),
        ("layer3", "linear_probe", ("8.72 k", "5 of 5")),
    ):
        app = _pressed(app, stage)
        found = {box.label: box.value for box in app.metric}
        assert app.selectbox(key="strategy").value == strategy
        assert (found["Trainable parameters"], found["Stages that run once"]) == numbers
        assert found["Time on this machine"].startswith("about ")
    assert app.button(key="block_head").disabled


def test_the_choice_is_in_the_address_and_comes_back_from_it() -> None:
    stand_ins.measured(make())
    app = _pressed(opened("freezing"), "layer2")
    assert {"strategy": "custom", "stages": "layer2"}.items() <= dict(app.query_params).items()
    again = opened("freezing", strategy="custom", stages="stem.layer3", batchnorm="frozen", weights="random")
    assert not again.exception and not again.warning
    assert "thaw(model.fc, model.conv1, model.bn1, model.layer3)" in again.code[0].value
    assert again.selectbox(key="weights_resnet10").value == "random"
    rest = _pressed(
        opened("freezing", strategy="custom", stages="layer1.layer2.layer3.layer4", weights="matched:BUILT_IN"), "stem"
    )
    assert rest.selectbox(key="strategy").value == "full", "from scratch has random weights"
    assert rest.selectbox(key="weights_resnet10").value == "matched:BUILT_IN" and not rest.warning
    lost = opened("freezing", strategy="custom", stages="layer9", weights="V7")
    assert not lost.exception and len(lost.warning) == 2 and "layer9" in lost.warning[0].value


def test_train_takes_over_all_that_was_chosen() -> None:
    stand_ins.measured(make())
    app = _pressed(opened("freezing", strategy="bn_only"), "layer1")
    assert app.selectbox(key="strategy").value == "custom", "scale and shift learn in the others"
    app.button(key="freezing_train").click().run()
    assert app.title[0].value == "Train" and not app.exception
    assert app.selectbox(key="strategy").value == "custom"
    assert app.segmented_control(key="train_batchnorm").value == "affine"


def test_a_schedule_shows_its_phases_below_the_blocks() -> None:
    stand_ins.measured(make())
    app = opened("freezing", strategy="lp_ft")
    assert "Epochs 6 to 10" in "".join(str(box.proto) for box in app.get("html"))
    app = _pressed(app, "stem")
    assert app.selectbox(key="strategy").value == "custom"


def test_times_are_told_as_roughly_as_they_are_known() -> None:
    told = {
        3.2: "about 3 s",
        42: "about 40 s",
        100: "about 2 min",
        2900: "about 50 min",
        7000: "about 2 h",
        None: "not known yet",
    }
    assert {seconds: time_words(seconds) for seconds in told} == told
