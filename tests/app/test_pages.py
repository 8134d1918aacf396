"""Every page on an empty store, with one run, with two, with runs of different data sets, with half a folder."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import stand_ins
import stand_ins_features
import streamlit as st
from opening import opened, store, two_runs, words  # noqa: F401  (store is a fixture)
from streamlit.testing.v1 import AppTest

from explorer import jobs, runs
from explorer.app import mine
from explorer.errors import ExplorerError
from explorer.looks.similarity.question.stages import CompareQuestion
from explorer.recipe import default_comparison, make
from explorer.runs import folders, names
from explorer.runs.question import TrainQuestion

pytestmark = pytest.mark.long(60)

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
LOOKS = ("features", "projection", "attribution", "similarity")


def one_run() -> None:
    stand_ins.finished_run(strategy="linear_probe")


def different_data() -> None:
    stand_ins.finished_run(strategy="linear_probe", dataset="shapes")
    stand_ins.finished_run(strategy="last_stage", dataset="digits")


def a_race() -> dict[tuple[str, int], str]:
    return stand_ins.race({"linear_probe": (6, 7), "last_stage": (2, 3), "full": (3, 3)})


STORES: dict[str, Callable[[], object]] = {
    "empty": lambda: None,
    "one run": one_run,
    "two runs": two_runs,
    "different data sets": different_data,
    "interrupted": stand_ins.interrupted_run,
    "a race": a_race,
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("kind", STORES)
def test_every_page_on_every_store(page: str, kind: str) -> None:
    STORES[kind]()
    app = opened(page)
    assert not app.exception, app.exception
    assert app.title


@pytest.mark.parametrize("page", LOOKS)
def test_a_look_without_two_runs_says_so_and_offers_the_way_out(page: str) -> None:
    assert "no finished run" in words(opened(page))
    one_run()
    app = opened(page)
    assert "one finished run" in words(app)
    assert any(button.label == "Make a run" for button in app.button)


@pytest.mark.parametrize("page", LOOKS)
def test_runs_of_different_data_sets_are_not_compared(page: str) -> None:
    different_data()
    app = opened(page)
    assert "do not share their test images" in words(app)
    assert any(button.label == "Train a match for A" for button in app.button)


@pytest.mark.parametrize("page", LOOKS)
def test_a_look_at_two_runs_draws_its_figure(page: str) -> None:
    two_runs()
    app = opened(page)
    assert not app.exception
    assert app.get("plotly_chart")
    assert not app.error


def test_a_is_the_probe_and_b_the_tuned_run_by_default() -> None:
    a, b = two_runs()
    app = opened("similarity")
    assert (app.selectbox(key="pick_a").value, app.selectbox(key="pick_b").value) == (a, b)


def test_the_address_chooses_runs_stage_and_image() -> None:
    a, b = two_runs()
    stand_ins.answer(b, a, images=(5,))
    stand_ins_features.answer(b, a, images=(5,))
    app = opened("features", a=b, b=a, stage="layer2", image="5")
    assert app.selectbox(key="pick_a").value == b
    assert app.number_input(key="pick_image").value == 5
    assert app.session_state["pick_stage"] == "layer2"
    assert not app.exception and app.get("plotly_chart")


def test_a_choice_survives_a_change_of_page() -> None:
    two_runs()
    app = opened("features")
    app.number_input(key="pick_image").set_value(7).run()
    app.switch_page("../../pages/attribution.py").run()
    assert app.number_input(key="pick_image").value == 7


@pytest.mark.parametrize("value", [{"image": "-3"}, {"image": "many"}, {"a": "../etc"}, {"backbone": "EVIL"}])
def test_a_bad_address_falls_back_with_a_note(value: dict[str, str]) -> None:
    two_runs()
    app = opened("features", **value)
    assert not app.exception
    assert "The address asked for" in words(app) or "is not among" in words(app)


def test_an_unknown_stage_falls_back_with_a_note() -> None:
    two_runs()
    app = opened("features", stage="layer9")
    assert not app.exception and "has no stage layer9" in words(app)


def test_an_image_beyond_the_last_falls_back_with_a_note() -> None:
    two_runs()
    assert "There is no image 9999" in words(opened("features", image="9999"))
    app = opened("features", images="3-4.999999")
    assert "names images that are not there: the test set holds" in words(app) and app.query_params["images"] == "3-4"


def test_an_unclean_audit_is_red() -> None:
    _, b = two_runs()
    stand_ins.unclean(b)
    app = opened("similarity")
    assert any("layer1" in box.value for box in app.error)


def test_home_starts_the_default_comparison_once() -> None:
    opened("home")
    opened("home")
    assert [runs.find(recipe, ("queued",)) is not None for recipe in default_comparison()] == [True] * 3
    assert len(runs.listing()) == 3


def test_home_is_filled_when_the_comparison_is_done() -> None:
    random, probe, tuned = (
        stand_ins.finished_run(wrong, **recipe.model_dump())
        for wrong, recipe in zip((12, 6, 3), default_comparison(), strict=True)
    )
    stand_ins.answer(probe, tuned, images=tuple(range(stand_ins.N)))
    app = opened("home")
    assert not app.exception and not app.error
    assert len(app.get("plotly_chart")) == 4 and app.get("html")
    said = words(app)
    assert "B fixes 6 images and breaks 0: +25.0 points (+3.7 to +42.5)" in said
    assert "No difference shown" in said and "keep clear of each other" not in said
    assert "For other" not in said


def test_home_says_what_holds_for_other_photos() -> None:
    """Six images fixed are p = 0.03; that they lie in two photos makes them no proof for other photos."""
    random, probe, tuned = (
        stand_ins.finished_run(wrong, photos=8, **recipe.model_dump())
        for wrong, recipe in zip((12, 6, 3), default_comparison(), strict=True)
    )
    stand_ins.answer(probe, tuned, images=tuple(range(stand_ins.N)))
    said = words(opened("home"))
    assert "**B is better on these images (p = 0.031, exact McNemar test).**" in said
    assert re.search(
        r"For other photos than these 8: −?\S+ to \+\S+\. \*\*No difference shown \(p = 0\.5, whole photos", said
    )
    assert "they are for more images of these 8 photos" in said


def test_a_run_of_patches_says_what_its_interval_is_for() -> None:
    run = stand_ins.finished_run(4, photos=8)
    st.session_state.clear()
    said = words(opened("training"))
    found = runs.read(run).grouped
    assert f"not for other photos: for those it is {100 * found.low:.1f} to {100 * found.high:.1f} %" in said


def test_home_shows_why_a_run_failed_and_runs_it_again() -> None:
    recipe = default_comparison()[1]
    run = runs.create(recipe)
    stand_ins.record(run, state="failed", error="The loss became NaN in epoch 3.")
    app = opened("home")
    assert any("NaN" in box.value for box in app.error)
    next(button for button in app.button if button.label == "Try again").click().run()
    assert runs.find(recipe, ("queued",)) is not None


def test_training_starts_a_run_and_follows_it() -> None:
    app = opened("training")
    app.button(key="train_start").click().run()
    assert not app.exception
    (run,) = runs.listing()
    assert run.state == "queued" and run.recipe == make()
    assert app.session_state["following"] == run.id
    app.button(key=f"stop_{run.id}").click().run()
    assert runs.read(run.id).state == "stopped"


def test_a_bad_recipe_is_explained_beside_the_form_and_nothing_is_lost() -> None:
    app = opened("training", dataset="folder")
    app.slider(key="train_epochs").set_value(33).run()
    app.button(key="train_start").click().run()
    assert any("Type the path of your folder" in box.value for box in app.error)
    assert app.slider(key="train_epochs").value == 33
    assert not runs.listing()


def test_a_failed_look_offers_to_try_again() -> None:
    a, b = two_runs()
    task = CompareQuestion(a=a, b=b)
    task.path.unlink()
    jobs.result(task)
    jobs.note(task, state="failed", error="out of memory")
    app = opened("similarity")
    assert any("out of memory" in box.value for box in app.error)
    app.button(key=f"ask_{task.key}_retry").click().run()
    answer = jobs.status(task)
    assert answer is not None and answer.state == "queued"


def test_a_damaged_result_is_named_and_can_be_asked_again() -> None:
    a, b = two_runs()
    task = CompareQuestion(a=a, b=b)
    task.path.write_bytes(b"PK half")
    app = opened("similarity")
    assert any("damaged" in box.value for box in app.error)
    app.button(key=f"ask_{task.key}_retry").click().run()
    assert not app.exception and not task.path.is_file()


def tick(app: AppTest, *wanted: str) -> AppTest:
    rows = [app.session_state["runs_drawn"].index(run) for run in wanted]
    app.session_state["runs_table"] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    return app.run()


def test_a_tick_belongs_to_its_run_whatever_comes_and_goes() -> None:
    a, b = two_runs()
    c = stand_ins.finished_run(strategy="full")
    app = tick(opened("runs"), b)
    stand_ins.finished_run(strategy="gradual")  # somebody else's, above all others
    app.run()
    assert app.session_state["runs_ticked"] == {b}
    assert f"### {runs.read(b).name}" in words(app)
    app.button(key="runs_delete").click().run()
    assert {run.id for run in runs.listing()} >= {a, c} and b not in {run.id for run in runs.listing()}
    assert "Tick one run" in words(app), "nothing stands ready to go next"
    app.button(key="runs_undo").click().run()
    assert app.session_state["runs_ticked"] == {b} and f"### {runs.read(b).name}" in words(app)


def test_deleted_runs_come_back_for_whoever_looks() -> None:
    a, b = two_runs()
    app = tick(opened("runs"), a, b)
    app.button(key="runs_delete").click().run()
    assert len(runs.listing()) == 2, "more than one: it asks first"
    app.button(key="runs_delete_sure").click().run()
    assert not runs.listing()
    app = opened("runs")  # reloaded, or another visitor
    assert "2 deleted" in words(app) and "Undo works for 10 minutes, or until the disk is full" in words(app)
    assert names.name(a) in words(app)
    app.button(key="runs_undo").click().run()
    assert {run.id for run in runs.listing()} == {a, b}
    assert "2 deleted" not in words(app)


def test_undo_is_offered_as_long_as_it_works() -> None:
    stand_ins.finished_run()
    run = stand_ins.finished_run()
    runs.delete(run)
    app = opened("runs")
    assert "1 deleted" in words(app)
    runs.empty_trash(0)
    app.button(key="runs_undo").click().run()
    assert not app.exception and any("cannot be brought back" in toast.value for toast in app.toast)
    assert "1 deleted" not in words(app)


def test_runs_are_filtered_and_what_failed_is_folded_away() -> None:
    a, b = two_runs()
    bad = runs.create(make(dataset="shapes"))
    stand_ins.record(bad, state="failed")
    names.keep(b, runs.Naming("", "glass", True))
    app = opened("runs")
    assert app.session_state["runs_drawn"] == [run for run in folders.every() if run != bad]
    app.toggle(key="runs_failed").set_value(True).run()
    assert len(app.session_state["runs_drawn"]) == 3
    app.toggle(key="runs_failed").set_value(False)
    app.multiselect(key="runs_only_Data").set_value(["shapes"]).run()
    assert app.session_state["runs_drawn"] == [bad], "better than nothing"
    app.toggle(key="runs_starred").set_value(True).run()
    assert "No run passes these filters." in words(app) and not app.exception
    app.button(key="runs_show_all").click().run()
    app.text_input(key="runs_find").set_value("GLASS").run()
    assert app.session_state["runs_drawn"] == [b]
    runs.delete(bad)
    app.text_input(key="runs_find").set_value("").run()
    assert not app.exception and len(app.session_state["runs_drawn"]) == 2


def test_what_filters_runs_stands_in_the_address_and_mine_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = two_runs()
    monkeypatch.setattr(mine, "workspace_name", lambda: "0a" * 16)
    app = opened("runs")
    assert "Mine" not in [toggle.label for toggle in app.toggle], "nothing was started from this browser"
    app.multiselect(key="runs_only_Strategy").set_value(["Last stage"]).run()
    assert app.session_state["runs_drawn"] == [b] and app.query_params["only_strategy"] == "last-stage"
    app = opened("training")
    app.button(key="train_start").click().run()
    started = next(run.id for run in runs.listing() if run.id not in (a, b))
    app = opened("runs", mine="1", only_state="queued", find="")  # reloaded: another session of the same browser
    assert app.session_state["runs_drawn"] == [started] and app.multiselect(key="runs_only_State").value == ["queued"]
    app = opened("runs", only_data="gone", starred="1")
    assert r"The address asked for only\_data = 'gone'" in words(app) and "No run passes" in words(app)
    app.button(key="runs_show_all").click().run()
    assert len(app.session_state["runs_drawn"]) == 3 and "starred" not in app.query_params


def test_freezing_describes_the_recipe() -> None:
    stand_ins.measured(make())
    app = opened("freezing")
    assert not app.exception
    assert app.get("html") and app.table


def test_names_from_outside_load_nothing() -> None:
    nasty = ("![t](https://tracker.example/x.png)", "<img src=x onerror=alert(1)>", "fur")
    a = stand_ins.finished_run(6, classes=nasty, strategy="linear_probe")
    b = stand_ins.finished_run(2, classes=nasty, strategy="last_stage")
    stand_ins.answer(a, b, targets=nasty)
    for page in ("features", "attribution", "runs", "home"):
        app = opened(page)
        assert not app.exception
        assert "![t](" not in words(app) and "<img" not in words(app)


def test_a_race_is_started_seed_by_seed_followed_and_stopped() -> None:
    app = opened("race")
    assert "No race yet" in words(app)
    app.slider(key="race_seeds").set_value(2).run()
    app.button(key="race_start").click().run()
    assert not app.exception and not app.error
    made = sorted(runs.listing(), key=lambda run: run.created)
    assert [(run.recipe.seed, run.recipe.strategy) for run in made if run.recipe] == [
        (seed, name) for seed in (0, 1) for name in ("linear_probe", "last_stage", "full")
    ]
    (race,) = {run.facts["race"] for run in made}
    assert app.query_params["race"] == race
    assert "0 of 6 runs have ended" in app.get("progress")[0].proto.text
    app.button(key="race_stop").click().run()
    assert {run.state for run in runs.listing()} == {"stopped"}
    assert "6 of 6 runs have no result" in words(app) and not app.exception


def test_two_seeds_that_are_through_show_curves_result_and_pairs() -> None:
    a_race()
    app = opened("race")
    assert not app.exception and not app.error
    assert len(app.get("plotly_chart")) == 3 and len(app.table) == 2
    said = words(app)
    assert "For other" not in said
    assert "No difference shown with either seed" in said and "the same 2 seeds for all" in said
    assert "The 2 seeds share their 24 test images" in said
    app.segmented_control(key="race_rows").set_value("runs").run()
    assert len(app.table[0].value) == 6


def test_a_race_over_photos_tests_whole_photos_too() -> None:
    stand_ins.race({"linear_probe": (12,), "full": (2,)}, photos=8)
    app = opened("race")
    assert not app.exception and not app.error
    said = words(app)
    assert "B is better on these images" in said and "For other photos: **No difference shown (p = 0.12, whole" in said
    assert "are for more images of the same 8 photos" in said
    assert {"For other groups", "p (whole groups)"} <= set(app.table[1].value.columns)


def test_a_race_under_way_shows_the_curves_it_has() -> None:
    made = a_race()
    for run in (made["full", 1], made["last_stage", 1]):
        stand_ins.record(run, state="queued", test=None)
        jobs.result(TrainQuestion(run=run))
    app = opened("race")
    assert not app.exception
    charts = [chart.proto.id for chart in app.get("plotly_chart")]
    assert len(charts) == 3, "the curves, the result so far, and the difference where a seed has both"
    assert app.button(key="race_stop")
    assert "4 of 6 runs have a result" in words(app)


def test_the_address_names_the_race_and_a_race_that_is_gone_is_said() -> None:
    a_race()
    stand_ins.race({"full": (1,), "linear_probe": (1,)}, "20260102-030406-cafe")
    app = opened("race", race=stand_ins.RACE)
    assert app.selectbox(key="pick_race").value == stand_ins.RACE
    app.selectbox(key="pick_race").set_value("20260102-030406-cafe").run()
    assert app.query_params["race"] == "20260102-030406-cafe"
    app = opened("race", race="../../etc")
    assert not app.exception and "There is no race" in words(app)
    assert app.query_params["race"] == "20260102-030406-cafe"


def test_a_race_with_deleted_and_failed_runs_opens_and_can_be_made_whole() -> None:
    made = a_race()
    runs.delete(made["last_stage", 0])
    stand_ins.record(made["full", 1], state="failed", test=None, error="The loss became inf in epoch 2.")
    stand_ins.record(made["full", 0], state="interrupted", test=None)
    runs.store_checkpoint(made["full", 0], b"half-way")
    app = opened("race")
    said = words(app).replace("\\", "")
    assert not app.exception and "The loss became inf in epoch 2." in said and "deleted, or never queued" in said
    app.button(key="race_again").click().run()
    assert not app.exception
    queued = [run for run in runs.listing() if run.state == "queued"]
    assert {(run.recipe.strategy, run.recipe.seed) for run in queued if run.recipe} == {
        ("last_stage", 0), ("full", 0), ("full", 1),
    }  # fmt: skip
    assert made["full", 0] in {run.id for run in queued}, "what has a checkpoint goes on from it"
    assert {run.facts["race"] for run in queued} == {stand_ins.RACE}


def test_a_disk_that_fills_up_half_way_leaves_what_was_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("race")
    train, calls = jobs.train, []

    def full(*arguments: object, **named: str) -> str:
        calls.append(named["race"])
        if len(calls) == 3:
            raise ExplorerError("Cannot write: No space left on device.")
        return train(*arguments, **named)

    monkeypatch.setattr(jobs, "train", full)
    app.button(key="race_start").click().run()
    assert not app.exception and len(calls) == 3 and len(runs.listing()) == 2
    assert any("2 of 3 runs were queued" in box.value and "No space left" in box.value for box in app.error)
    assert app.button(key="race_stop") and app.query_params["race"] == calls[0]


def test_too_many_strategies_or_a_bad_recipe_start_nothing() -> None:
    app = opened("race")
    app.pills(key="race_strategies").set_value(["full"]).run()
    app.button(key="race_start").click().run()
    assert any("2 to 5" in box.value.replace("\\", "") for box in app.error)
    app.pills(key="race_strategies").set_value(["full", "gradual"]).run()
    app.slider(key="train_epochs").set_value(1).run()
    app.button(key="race_start").click().run()
    assert any("unfrozen" in box.value for box in app.error) and not runs.listing()
    app = opened("race", dataset="folder")
    app.button(key="race_start").click().run()
    assert any("Type the path of your folder" in box.value for box in app.error)


def test_a_pair_of_the_race_is_opened_on_another_page() -> None:
    made = a_race()
    app = opened("race")
    app.segmented_control(key="race_seed").set_value(1).run()
    app.button(key="race_to_projection").click().run()
    assert app.title[0].value == "One shared map"
    assert (app.session_state["choice"].a, app.session_state["choice"].b) == (made["linear_probe", 1], made["full", 1])
