"""What to freeze: the page says what a choice costs, and speaks of the normalisation that the backbone really has."""

import stand_ins
from opening import opened, words

from explorer.catalogue import BACKBONES, BATCHNORM_MODES, BATCHNORM_TITLES, LAYERNORM_MODES
from explorer.recipe import make


def test_moving_statistics_keep_nothing_and_the_page_says_so() -> None:
    stand_ins.describe(make(strategy="linear_probe", batchnorm="moving"))
    app = opened("freezing", strategy="linear_probe", batchnorm="moving")
    assert not app.exception
    assert {box.label: box.value for box in app.metric}["Stages that run once"] == "0 of 5"
    assert (
        "BatchNorm statistics move even in frozen stages, so nothing is cached: each epoch runs the whole network"
        in words(app)
    )
    assert "runs once per image" not in words(app)


def test_a_clean_probe_runs_its_backbone_once() -> None:
    stand_ins.describe(make(strategy="linear_probe"))
    app = opened("freezing", strategy="linear_probe")
    assert {box.label: box.value for box in app.metric}["Stages that run once"] == "5 of 5"
    assert "The whole backbone runs once per image" in words(app)
    assert BATCHNORM_MODES["frozen"] in words(app) and "runs every BatchNorm layer in eval mode" in words(app)


def test_of_a_vit_nothing_is_said_of_batchnorm() -> None:
    stand_ins.describe(make(backbone="vit_b_16", strategy="last_stage", weights="random"))
    stand_ins.describe(make(backbone="vit_b_16", strategy="last_stage"))
    app = opened("freezing", backbone="vit_b_16", strategy="last_stage")
    assert not app.exception
    modes = app.segmented_control(key="freezing_batchnorm_other")
    assert modes.label == "LayerNorm in frozen stages" and modes.options == ["Frozen", "Affine: scale and shift learn"]
    assert LAYERNORM_MODES["frozen"] in words(app)
    assert "BatchNorm layer" not in words(app) and "BatchNorm statistics" not in words(app)
    columns = app.table[0].value
    assert set(columns["Their statistics"]) == {"none"}


def test_every_backbone_has_words_for_its_normalisation() -> None:
    assert {row.normalisation for row in BACKBONES.values()} == {"batch", "layer", "none"}


def test_the_page_says_which_batchnorm_mode_is_in_force_and_offers_those_that_differ() -> None:
    for strategy, titles in {
        "last_stage": list(BATCHNORM_TITLES.values()),
        "linear_probe": ["Frozen", BATCHNORM_TITLES["moving"], BATCHNORM_TITLES["affine"]],
    }.items():
        stand_ins.describe(make(strategy=strategy))
        app = opened("freezing", strategy=strategy)
        assert app.segmented_control(key="freezing_batchnorm").options == titles
        assert BATCHNORM_MODES[make(strategy=strategy).batchnorm] in words(app)


def test_the_mode_stays_the_good_one_when_the_strategy_changes() -> None:
    """‘Frozen’ of a probe is the statistics kept; it must not become those of the batch where stages learn."""
    for name in ("linear_probe", "full", "from_scratch"):
        stand_ins.describe(make(strategy=name))
    app = opened("freezing", strategy="linear_probe")
    for name, value in (("full", "frozen_everywhere"), ("from_scratch", "frozen"), ("full", "frozen_everywhere")):
        app.selectbox(key="strategy").set_value(name).run()
        key = "freezing_batchnorm" + ("_other" if name == "from_scratch" else "")
        assert not app.exception and app.segmented_control(key=key).value == value, name


def test_random_weights_have_no_statistics_to_keep() -> None:
    stand_ins.describe(make(strategy="full"))
    stand_ins.describe(make(strategy="full", weights="random"))
    app = opened("freezing", strategy="full")
    app.selectbox(key="weights_resnet10").set_value("random").run()
    assert not app.exception and not app.error
    assert app.segmented_control(key="freezing_batchnorm_other").options[0] == "Of the batch, in trainable stages"
