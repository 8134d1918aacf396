"""The recipe of the Train page in its address: whole, short, read back as it was, and harmless where somebody typed nonsense."""

from typing import Any

import pytest
from opening import opened, store, words  # noqa: F401  (store is a fixture)

from explorer.recipe import Recipe, make
from explorer.training.view import starting
from explorer.training.view.form_address import from_text, to_text

RECIPES: tuple[dict[str, Any], ...] = (
    {},
    {"strategy": "full", "per_class": None, "epochs": 20, "seed": 3},
    {"strategy": "custom", "stages": ("layer2", "layer4"), "batchnorm": "frozen", "augmentation": "crop", "views": 6},
    {"strategy": "gradual", "epochs": 12, "unfreeze_every": 3, "backbone_rate": 0.01, "rate_decay": 0.5},
    {"weights": "random", "class_weights": True, "batch_size": 8, "device": "cpu", "head_rate": 0.02},
    {"strategy": "from_scratch", "spoilt": "blur-4"},
)


@pytest.mark.parametrize("choices", RECIPES)
def test_a_recipe_comes_back_from_its_address(choices: dict[str, Any]) -> None:
    recipe = make(**choices)
    said = to_text(recipe)
    assert from_text(said) == (recipe, []) and len(said) <= len(choices), "nothing that is as usual"


def test_nonsense_is_named_and_the_rest_counts() -> None:
    asked = {
        "epochs": "0",
        "strategy": "nope",
        "head_rate": "nan",
        "views": "99",
        "seed": "-1",
        "weights": "x" * 999,
        "spoilt": "fog",
    }
    found, wrong = from_text(asked | {"per_class": "50", "device": "cpu"})
    assert sorted(wrong) == sorted(asked) and found == make(per_class=50, device="cpu")
    assert from_text({"epochs": "250"}) == (make(), ["epochs"]), "more than the form can show is said, not cut"


def test_a_link_fills_the_form_and_the_form_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Recipe] = []
    monkeypatch.setattr(starting, "start", lambda recipe: started.append(recipe) or "none")
    recipe = make(strategy="gradual", per_class=None, epochs=12, seed=4, rate_decay=0.5, weights="matched", batch_size=8,
                  spoilt="invert")  # fmt: skip
    app = opened("training", **to_text(recipe), bogus="1")
    assert app.session_state["train_advanced"] is True, "what is folded away is shown where the link sets it"
    assert not app.exception and not app.warning
    app.button(key="train_start").click().run()
    assert started == [recipe]
    app.slider(key="train_epochs").set_value(20).run()
    assert app.query_params["epochs"] == "20" and app.query_params["bogus"] == "1"
    app.selectbox(key="strategy").set_value("linear_probe").run()
    assert "strategy" not in app.query_params and app.slider(key="train_epochs").value == 20
    app.switch_page("../../pages/race.py").run()
    assert app.slider(key="train_epochs").value == 20 and app.checkbox(key="train_all").value, "race takes them over"
    app.switch_page("../../pages/training.py").run()
    assert (app.slider(key="train_epochs").value, app.number_input(key="train_seed").value) == (20, 4)


def test_a_wrong_link_says_so_and_shows_the_default() -> None:
    app = opened("training", head_rate="fast", epochs="7")
    assert any("head" in box.value and "does not exist here" in box.value for box in app.warning)
    assert app.slider(key="train_epochs").value == 7 and not app.exception
    app = opened("race", epochs="9", per_class="x")
    assert app.slider(key="train_epochs").value == 9 and app.number_input(key="train_per_class").value == 25
    assert any("= 'x'" in box.value for box in app.warning) and not app.exception


def test_the_folder_goes_along_to_the_race_and_back() -> None:
    app = opened("training", dataset="folder", data_dir="/data/glass")
    assert app.text_input(key="train_folder").value == "/data/glass" and app.query_params["data_dir"] == "/data/glass"
    app.switch_page("../../pages/race.py").run()
    assert app.text_input(key="train_folder").value == "/data/glass"
