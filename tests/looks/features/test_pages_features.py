"""The features page: the whole backbone, one stage, one channel, the first filters."""

import pytest
import stand_ins
import stand_ins_features
from opening import opened, words
from streamlit.testing.v1 import AppTest

from explorer.app import asking
from explorer.looks.features.view import FEATURE_VIEWS


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.0)


def two(**after: object) -> tuple[str, str]:
    a = stand_ins.finished_run(wrong=6, strategy="linear_probe")
    b = stand_ins.finished_run(wrong=2, **({"strategy": "last_stage"} | after))
    stand_ins.answer(a, b)
    stand_ins_features.answer(a, b)
    return a, b


def at(view: str, **address: str) -> AppTest:
    app = opened("features", **address)
    app.segmented_control(key="features_view").set_value(view).run()
    assert not app.exception
    return app


@pytest.mark.parametrize("view", FEATURE_VIEWS)
def test_every_view_opens(view: str) -> None:
    two()
    app = at(view)
    assert app.get("plotly_chart")


def test_what_stayed_the_same_is_said() -> None:
    two()
    assert "stem, layer1, layer2, layer3. No stage up to there was trained" in words(at("The whole backbone"))


def test_channels_are_ranked_and_every_page_of_them_opens() -> None:
    two()
    app = at("One stage")
    app.segmented_control(key="features_rank").set_value("class selectivity").run()
    assert "Class-selectivity index" in words(app) and "n = 24" in words(app)
    app.number_input(key="features_page").set_value(2).run()
    assert not app.exception


def test_a_channel_says_what_it_answers_to_now() -> None:
    two()
    app = at("One channel", stage="layer4")
    app.number_input(key="features_channel").set_value(3).run()
    assert "In A 9 of 9 are *brick* (of all images 33 %); in B 9 of 9 are *grass*" in words(app)
    assert "rank correlation 0.25 (Spearman, n = 24)" in words(app)


def unrelated() -> None:
    two(strategy="linear_probe", weights="random")


def test_stages_of_unrelated_networks_show_each_its_own_strongest_channels() -> None:
    unrelated()
    app = at("One stage")
    said = words(app)
    assert not app.error and "respond differently to this picture" not in said
    assert not any(control.key == "features_rank" for control in app.segmented_control)
    spec = app.get("plotly_chart")[0].proto.spec
    assert "coloraxis2" not in spec and "B − A" not in spec and "own strongest" in spec
    app.number_input(key="features_page").set_value(2).run()
    assert not app.exception and "by its own strength" in words(app)


def test_channels_of_unrelated_networks_are_chosen_one_by_one() -> None:
    unrelated()
    app = at("One channel")
    app.number_input(key="features_channel").set_value(3).run()
    app.number_input(key="features_channel_b").set_value(5).run()
    spec = app.get("plotly_chart")[0].proto.spec
    assert "channel 3 of A" in spec and "channel 5 of B" in spec and "coloraxis2" not in spec
    assert "What excites it most" not in words(app) and "mean change" not in spec


def test_a_channel_of_unrelated_networks_is_not_followed() -> None:
    two(strategy="linear_probe", weights="random")
    app = at("One channel")
    assert "this number names two different channels" in words(app)
    assert "their channels do not correspond" in words(app)


@pytest.mark.parametrize(
    ("data", "key"), [([5], "features_channel"), ([5, 0], "features_channel"), ([5, 1], "features_channel_b")]
)
def test_a_click_opens_the_channel_of_the_network_it_was_made_in(data: list[int], key: str) -> None:
    def script(data: list[int]) -> None:
        import streamlit as st

        from explorer.looks.features.view import stages as features

        st.session_state["chart"] = {"selection": {"points": [{"customdata": data}]}}
        features.first_clicked(lambda data: features._open_channel(*data), "chart")()

    app = AppTest.from_function(script, args=(data,)).run()
    assert not app.exception
    assert app.session_state[key] == 5 and app.session_state["features_view"] == "One channel"
