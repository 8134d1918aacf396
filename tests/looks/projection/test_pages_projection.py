"""The page of the shared map: its views, what a click and a lasso do, and what it says where nothing moved."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stand_ins
import stand_ins_maps
from opening import opened, words
from streamlit.testing.v1 import AppTest

from explorer import jobs, runs
from explorer.answers import save
from explorer.app import asking
from explorer.looks.projection.question import MapControlsQuestion, ProjectEpochsQuestion, ProjectQuestion
from explorer.looks.projection.view import choosing
from explorer.question import ask_for


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(asking, "PATIENCE", 0.0)


def two_runs(unmoved: bool = False, **choices: Any) -> tuple[str, str]:
    a = stand_ins.finished_run(wrong=6, strategy="linear_probe", **choices)
    strategy = "linear_probe" if unmoved else "last_stage"
    b = stand_ins.finished_run(wrong=2, strategy=strategy, seed=1, **choices)
    stand_ins_maps.answer(a, b, unmoved)
    return a, b


def shown(**address: str) -> AppTest:
    a, b = two_runs()
    return opened("projection", a=a, b=b, **address)


def pick(app: AppTest, what: str, value: object) -> AppTest:
    return app.segmented_control(key=f"projection_{what}").set_value(value).run()


def marked(event: dict[str, Any]) -> AppTest:
    """A visitor who looks at image 3, with images 1 and 2 selected, after an event of the chart."""

    def script() -> None:
        import streamlit as st

        from explorer.app.visitor import choice, choose
        from explorer.looks.projection.view.showing import image_from_map

        choose(image=3, images="1-2")
        image_from_map("chart")()
        st.write(choice())

    app = AppTest.from_function(script)
    app.session_state["chart"] = {"selection": event}
    app.run()
    assert not app.exception
    return app


def event(images: list[int], kind: str = "") -> dict[str, Any]:
    """What the browser sends after a click, or a lasso or box around points."""
    found = {"points": [{"customdata": [i]} for i in images], "point_indices": images, "box": [], "lasso": []}
    return {**found, **({kind: [{"x": [0, 1], "y": [0, 1]}]} if kind else {})}


@pytest.mark.parametrize("view", choosing.VIEWS)
@pytest.mark.parametrize("method", ["umap", "aligned", "pca"])
def test_every_view_of_every_layout_is_drawn(view: str, method: str) -> None:
    app = pick(pick(shown(image="5", images="1.4-6"), "method", method), "view", view)
    assert not app.exception and not app.error
    assert len(app.get("plotly_chart")) == 1
    said = words(app)
    assert "84 %" not in said and "held-out test images" in said
    assert len(app.table) == (1 if view in (choosing.EPOCHS, choosing.NOISE) else 2)


@pytest.mark.parametrize("colour", choosing.COLOURS)
@pytest.mark.parametrize("view", [choosing.PAIR, choosing.ARROWS, choosing.SLIDE])
def test_every_colour_is_drawn(view: str, colour: str) -> None:
    app = pick(pick(shown(), "view", view), "colour", colour)
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 1


def test_the_table_tells_the_numbers_of_the_full_space_with_their_n() -> None:
    app = shown()
    table = app.table[1].value
    assert table["k-NN accuracy"].iloc[0].startswith("83.3 % (") and "of 24)" in table["k-NN accuracy"].iloc[0]
    assert table["Linear probe"].iloc[1].startswith("87.5 %") and table["Silhouette"].iloc[0] == "0.21"
    assert "5-fold, stratified" in words(app)
    app = pick(app, "view", choosing.EPOCHS)
    assert "Trust in this map" not in app.table[0].value, "the epochs' maps have figures of their own"


@pytest.mark.parametrize("method", ["umap", "aligned", "pca"])
def test_beside_the_mixing_stands_what_strangers_would_give(method: str) -> None:
    app = pick(shown(), "method", method)
    table = app.table[0].value
    assert table["Distance left"].tolist() == ["19 %", "64 %", "102 %"]
    assert table["Same image nearer, on this map"].tolist() == ["87 %", "63 %", "49 %"]
    assert table["Mixing, on this map"].tolist() == ["0.42", "0.22", "0.31"]
    assert [name.partition(":")[0] for name in table.iloc[:, 0]] == ["A and B", "Control", "Control"]
    said = words(app)
    assert "not that the images stayed" in said and "about 100 % unrelated" in said and "n = 24" in said


def test_the_map_is_there_before_its_controls() -> None:
    a, b = two_runs()
    MapControlsQuestion(a=a, b=b, method="umap").path.unlink()
    app = opened("projection", a=a, b=b)
    assert not app.exception and len(app.table[0].value) == 1 and app.get("plotly_chart")
    answer = jobs.status(MapControlsQuestion(a=a, b=b, method="umap"))
    assert answer is not None and answer.state == "queued"
    assert MapControlsQuestion(a=a, b=b, method="pca").lane == "map"


def test_what_the_rotation_was_fitted_on_is_said() -> None:
    said = words(shown())
    assert "250 training images, 50 components" in said
    assert "After the rotation, which was fitted on 250 other images, 19 %" in said
    a, b = two_runs()
    task = ProjectQuestion(a=a, b=b, method="umap")
    save(replace(stand_ins.projection("umap"), others=0, axes=0), task.path)
    said = words(opened("projection", a=a, b=b))
    assert "nothing was rotated or reduced" in said and "Nothing was rotated, since too few other images" in said


def test_shuffled_labels_are_scored_beside_and_dealt_out_again() -> None:
    app = pick(shown(), "colour", choosing.SHUFFLED)
    assert "33.3 % (29.2 to 37.5, 3 deals" in app.table[1].value["k-NN, shuffled labels"].iloc[0]
    before = app.get("plotly_chart")[0].proto.spec
    app.button(key="projection_again").click().run()
    assert not app.exception and app.get("plotly_chart")[0].proto.spec != before


def test_a_click_chooses_the_image_and_leaves_the_selection() -> None:
    app = marked(event([7]))
    chosen = app.session_state["choice"]
    assert (chosen.image, chosen.images) == (7, "1-2") and app.query_params["image"] == "7"


@pytest.mark.parametrize("kind", ["lasso", "box"])
def test_a_lasso_selects_and_leaves_the_chosen_image(kind: str) -> None:
    app = marked(event([5, 6, 7, 23, 5], kind))  # an image may be caught in A's half and in B's
    chosen = app.session_state["choice"]
    assert (chosen.image, chosen.images) == (3, "5-7.23") and app.query_params["images"] == "5-7.23"


def test_a_lasso_around_one_image_selects_it_and_around_none_clears() -> None:
    assert marked(event([9], "lasso")).session_state["choice"].images == "9"
    assert marked(event([], "lasso")).session_state["choice"].images == ""


def test_no_point_and_no_image_change_nothing() -> None:
    for nothing in (event([]), event([-1]), {**event([]), "points": [{"x": 1}]}):
        chosen = marked(nothing).session_state["choice"]
        assert (chosen.image, chosen.images) == (3, "1-2")


def test_a_selection_made_anywhere_is_bright_told_and_cleared() -> None:
    app = shown(image="3", images="5-7.23")
    said = words(app)
    assert "4 selected" in said and "n = 4" in said
    assert app.number_input(key="pick_image").value == 3, "the chosen image is shown large"
    assert '"opacity":[0.12' in app.get("plotly_chart")[0].proto.spec
    app.button(key="projection_clear").click().run()
    assert app.session_state["choice"].images == "" and "4 selected" not in words(app)
    assert '"opacity":[0.12' not in app.get("plotly_chart")[0].proto.spec


def test_pictures_are_those_of_the_gallery() -> None:
    app = pick(shown(images="2.9"), "points", choosing.PICTURES)
    assert not app.exception
    assert app.get("plotly_chart")[0].proto.spec.count("data:image") == 4  # two images, in A and in B


def test_nothing_moved_is_said_with_its_reason() -> None:
    a, b = two_runs(unmoved=True)
    app = opened("projection", a=a, b=b)
    assert any("Nothing moved" in box.value and "trained only their heads" in box.value for box in app.info)
    app = pick(app, "view", choosing.EPOCHS)
    assert any("Nothing moves from epoch to epoch" in box.value for box in app.info) and not app.exception


def test_networks_of_different_start_are_not_read_as_movement() -> None:
    a = stand_ins.finished_run(wrong=6, strategy="linear_probe", weights="random")
    b = stand_ins.finished_run(wrong=2, strategy="linear_probe")
    stand_ins_maps.answer(a, b)
    app = opened("projection", a=a, b=b)
    assert any("different weights" in box.value for box in app.warning)


def test_a_transformers_points_are_not_what_its_head_reads() -> None:
    a, b = two_runs(backbone="vit_b_16")
    app = opened("projection", a=a, b=b)
    assert any("class token" in box.value for box in app.warning)


def test_usual_settings_share_their_result_and_others_ask_for_their_own() -> None:
    app = shown()
    app.number_input(key="projection_seed").set_value(4).run()
    a, b = app.session_state["pick_a"], app.session_state["pick_b"]
    asked = ProjectQuestion(a=a, b=b, method="umap", seed=4)
    answer = jobs.status(asked)
    assert answer is not None and answer.state == "queued" and asked.lane == "map"
    assert app.get("plotly_chart"), "the map by PCA stands in"
    assert "stands in until" in words(app)
    next(button for button in app.button if button.label == "Reset to the defaults").click().run()
    assert "seed 0" in words(app) and not app.exception


@pytest.mark.parametrize(("view", "task"), [(choosing.EPOCHS, "project_epochs"), (choosing.NOISE, "project_noise")])
@pytest.mark.parametrize("method", ["umap", "aligned"])
def test_the_epochs_and_the_noise_show_pca_until_umap_is_there(view: str, task: str, method: str) -> None:
    a, b = two_runs()
    late = ask_for(task, run=b, method="umap")
    late.path.unlink()
    by_pca = stand_ins_maps.trajectory(b) if view == choosing.EPOCHS else stand_ins_maps.noise()
    save(replace(by_pca, method="pca"), ask_for(task, run=b, method="pca").path)
    app = pick(pick(opened("projection", a=a, b=b), "method", method), "view", view)
    assert not app.exception and len(app.get("plotly_chart")) == 1 and "stands in until" in words(app)
    answer = jobs.status(late)
    assert answer is not None and answer.state == "queued"
    save(by_pca, late.path)
    jobs.note(late, state="done")
    app.run()
    assert "stands in until" not in words(app) and len(app.get("plotly_chart")) == 1


def test_maps_that_move_say_where_to_click() -> None:
    app = shown()
    for view in choosing.VIEWS:
        moves = view in (choosing.SLIDE, choosing.EPOCHS)
        assert ("is animated and cannot be clicked" in words(pick(app, "view", view))) == moves


@pytest.mark.parametrize("method", ["umap", "aligned", "pca"])
def test_how_the_map_was_made_is_said_in_full(method: str) -> None:
    said = words(pick(shown(), "method", method))
    parts = ["centred and scaled on their own", "orthogonal Procrustes", "training images that the map does not show"]
    parts += ["first principal components, 50 at most"]
    parts += {
        "umap": ["one seeded UMAP", "exact joint nearest neighbours", "seed 0"],
        "aligned": ["each laid out from their own neighbours"],
        "pca": ["two directions of largest variance"],
    }[method]
    assert all(part in said for part in parts), said


def test_another_seed_is_the_next_one() -> None:
    app = shown()
    next(button for button in app.button if button.label == "Another seed").click().run()
    assert app.number_input(key="projection_seed").value == 1 and not app.exception


def test_aligned_umap_goes_where_slow_tasks_go() -> None:
    assert ProjectQuestion(method="aligned", a="a", b="b").lane == "map"
    assert ProjectEpochsQuestion(run="b", method="umap").lane == "map"
    assert ProjectEpochsQuestion(run="b", method="pca").lane == "look"


def test_the_five_warnings_are_one_click_away_with_their_source() -> None:
    said = words(shown())
    assert all(f"{i}. **" in said for i in range(1, 6)) and "understanding-umap" in said


def test_a_map_that_cannot_be_made_says_why() -> None:
    a, b = two_runs()
    for task in (ProjectQuestion(a=a, b=b, method=m) for m in ("umap", "pca")):
        task.path.unlink()
        jobs.result(task)
        jobs.note(task, state="failed", error="A map needs at least 4 images, got 3. Choose more test images.")
    app = opened("projection", a=a, b=b)
    assert any("at least 4 images" in box.value for box in app.error) and not app.exception


def test_nasty_class_names_load_nothing() -> None:
    nasty = ("![t](https://tracker.example/x.png)", "<img src=x onerror=alert(1)>", "fur")
    a = stand_ins.finished_run(6, classes=nasty, strategy="linear_probe")
    b = stand_ins.finished_run(2, classes=nasty, strategy="last_stage")
    stand_ins_maps.answer(a, b)
    app = opened("projection", a=a, b=b, images="0-5", image="4")
    assert not app.exception
    said = words(app).replace("\\<", "").replace("\\!", "")  # escaped, a sign is only a sign
    assert "![t](" not in said and "<img" not in said


def test_predictions_and_map_hold_the_same_images() -> None:
    a, b = two_runs()
    assert np.array_equal(runs.predictions(a).labels, stand_ins.projection().labels)
    assert len(runs.predictions(b).labels) == stand_ins.N
