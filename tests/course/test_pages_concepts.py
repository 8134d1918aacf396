"""The map of concepts as a page: progress comes in by address and file, goes out, starts over; achievements; presenting."""

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import stand_ins
import streamlit as st
from opening import opened, two_runs, words
from stand_ins_lessons import concept_file
from streamlit.testing.v1 import AppTest

from explorer import jobs, runs
from explorer.app import asking, mine
from explorer.bundle import ASSETS
from explorer.course import progress, texts
from explorer.course.progress import Progress
from explorer.recipe import make
from explorer.workspaces import gate

KNOWN = texts.concepts().by_name
GOOD = progress.to_json(Progress(frozenset({"1a", "1b"}), frozenset({"raced"})))


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(asking, "PATIENCE", 0.0)


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the button *Export* would save, the latest last."""
    found: list[str] = []
    real = st.download_button

    def noting(label: str, data: str, *arguments: Any, **named: Any) -> bool:
        found.append(data)
        return real(label, data, *arguments, **named)

    monkeypatch.setattr(st, "download_button", noting)
    return found


def links(app: AppTest) -> list[str]:
    return [link.proto.label for link in app.get("page_link")]


def drawn(app: AppTest) -> dict[str, Any]:
    """What the browser is told to draw."""
    (component,) = (part for part in app.get("bidi_component") if part.proto.component_name.endswith("thaw_concepts"))
    return json.loads(component.proto.json)


def states(app: AppTest) -> dict[str, str]:
    """How each node of the drawn map stands."""
    return {node["name"]: node["state"] for _, nodes in drawn(app)["columns"] for node in nodes}


def learned(app: AppTest) -> str:
    """What the browser is handed to keep; the address holds none of it."""
    assert "learned" not in app.query_params
    *_, component = (part for part in app.get("bidi_component") if part.proto.component_name.endswith("thaw_progress"))
    return str(json.loads(component.proto.json)["words"])


def begun(words: str, **address: str) -> AppTest:
    """The map, opened by a visitor whose browser remembers this."""
    app = opened("concepts", **address)
    app.session_state["progress"] = progress.from_address(words)[0]
    return app.run()


def start_over(app: AppTest) -> AppTest:
    """The button asks first."""
    app.button(key="concepts_over").click().run()
    return app.button(key="concepts_over_sure").click().run()


def upload(app: AppTest, content: bytes) -> AppTest:
    app.file_uploader[0].upload("progress.json", content, "application/json").run()
    return app


def test_two_workspaces_of_one_browser_learn_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def place(app: AppTest) -> str:
        *_, component = (
            part for part in app.get("bidi_component") if part.proto.component_name.endswith("thaw_progress")
        )
        return str(json.loads(component.proto.json)["place"])

    assert place(opened("concepts")) == "thaw-progress"
    monkeypatch.setenv("THAW_SHARED", "1")
    monkeypatch.setattr(gate, "_asks", [])
    found = set()
    for letter in "ab":
        monkeypatch.setattr(mine, "workspace_name", lambda name=letter * 32: name)
        found.add(place(opened("concepts")))
    assert len(found) == 2 and "thaw-progress" not in found


# The map


def test_on_an_empty_store_the_beginning_comes_next() -> None:
    app = opened("concepts")
    assert not app.exception and not app.warning and not app.error
    assert app.title[0].value == "Concept map"
    assert app.get("progress")[0].proto.text == f"**0 of {len(KNOWN)}** concepts are done"
    assert list(states(app)) == list(KNOWN) and states(app)["pretrained_model"] == "next"
    assert drawn(app)["chosen"] == "pretrained_model"
    (detail,) = app.subheader
    assert detail.value.startswith("Pre-trained model ") and ": next]" in detail.value
    assert app.button(key="concepts_over").disabled and not app.toggle(key="concepts_unlock").value
    assert learned(app) == ""


def test_the_list_says_all_that_the_map_shows() -> None:
    said = words(begun("1a"))
    for row in KNOWN.values():
        assert f"- **{row.title}** (" in said and row.sentence in said
    assert "**Pre-trained model** (done)" in said
    assert "Needs: Pre-trained model." in said


def test_a_concept_in_the_address_is_shown_with_what_opens_it_and_ways_from_it() -> None:
    app = begun("4d", concept="batchnorm")
    assert not app.exception and not app.warning
    assert app.subheader[0].value.startswith("BatchNorm statistics ") and ": done]" in app.subheader[0].value
    assert drawn(app)["chosen"] == "batchnorm"
    said = words(app)
    assert "It opens with either" in said and progress.ACHIEVEMENTS["bug_seen"].words in said
    assert re.search(r"the check of step 4: :green\[:material/check_circle:\] 4d", said)
    assert "Freezing :small[(next)]" not in links(app) and "Freezing :small[(later)]" in links(app)
    assert "In the glossary" in links(app) and "Do it on the page “Train”" in links(app)
    assert any(label.startswith("Step 4") for label in links(app))
    assert not any("learned" in link.proto.query_string for link in app.get("page_link")), "a link hands nothing over"


def test_a_concept_without_a_deed_opens_with_checks_alone() -> None:
    app = opened("concepts", concept="stages")
    assert "It opens with\n" in words(app) and "either" not in words(app)
    assert not any(label.startswith("Do it on") for label in links(app))


@pytest.mark.parametrize("name", KNOWN)
def test_every_concept_opens(name: str) -> None:
    app = opened("concepts", concept=name)
    assert not app.exception and not app.warning and app.subheader[0].value.startswith(KNOWN[name].title)


def test_an_unknown_concept_is_said() -> None:
    app = opened("concepts", concept="<b>x")
    (box,) = app.warning
    assert "has no concept" in box.value and "<b>" not in box.value.replace("\\<", "")
    assert not app.exception and app.subheader[0].value.startswith("Pre-trained model ")


def test_with_everything_done_no_concept_is_pushed_forward() -> None:
    every = progress.to_address(Progress(frozenset(code for row in KNOWN.values() for code in row.checks)))
    app = begun(every)
    assert not app.exception and not app.subheader and drawn(app)["chosen"] == ""
    assert app.get("progress")[0].proto.text.startswith(f"**{len(KNOWN)} of {len(KNOWN)}**")


def test_a_bad_concept_file_is_named_and_the_rest_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ASSETS / "concepts", tmp_path / "assets" / "concepts")
    folder = tmp_path / "assets" / "concepts" / "en"
    concept_file(folder, "stages", step="twelve")
    concept_file(folder, "own", needs="own")
    monkeypatch.setattr(sys.modules["explorer.course.texts.concepts"], "ASSETS", tmp_path / "assets")
    app = opened("concepts")
    assert not app.exception
    (box,) = app.warning
    said = box.value.replace("\\", "")
    assert "stages.md, line 3: the step 'twelve'" in said and "it needs stages, which this folder does not hold" in said
    assert "own.md: it needs own" in said and "The rest is here." in said
    assert set(states(app)) == set(KNOWN) - {"stages"} | {"own"}
    assert "has no concept" in words(opened("concepts", concept="stages"))


def test_no_concepts_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["explorer.course.texts.concepts"], "ASSETS", tmp_path)
    app = opened("concepts")
    assert not app.exception and "holds no text" in app.warning[0].value


# The address


def test_progress_stays_on_every_page_and_links_hand_none_over() -> None:
    app = begun("1a.frozen_clean")
    for page in ("lessons", "glossary", "concepts"):
        app.switch_page(f"../../pages/{page}.py").run()
        assert not app.exception and learned(app) == "1a.frozen_clean", page


def test_an_exported_link_asks_before_it_adds_anything() -> None:
    app = begun("1a", learned="2a.raced.<b>won")
    assert states(app)["backbone"] != "done" and "progress that Thaw does not know" in app.warning[0].value
    assert "This link holds progress" in words(app)
    app.button(key="progress_leave").click().run()
    assert learned(app) == "1a" and not [b for b in app.button if b.key == "progress_leave"]
    app.query_params["learned"] = "2a.looked"
    app.run().button(key="progress_add").click().run()
    assert learned(app) == "1a.2a.looked" and states(app)["backbone"] == "done"
    app.query_params["learned"] = "1a.2a"  # nothing new: nothing is asked
    assert "This link holds progress" not in words(app.run())


def test_what_the_browser_kept_is_added_and_a_later_round_replaces_it() -> None:
    app = AppTest.from_function(remembering, default_timeout=30)
    said = [
        ({"words": "1a.raced", "round": 0}, "1a.raced"),
        ({"words": "1b.<b>", "round": 0}, "1a.1b.raced"),
        ({"words": "2a", "round": 3}, "2a"),
        ({"words": "1a", "round": 1}, "2a"),
        ({"blocked": True}, "2a"),
        ({"words": 7, "round": 3}, "2a"),
        ({"words": "8a", "round": "3"}, "2a"),
        ({"words": "8a", "round": 10**9}, "2a"),
        (None, "2a"),
        ([], "2a"),
    ]
    for found, known in said:
        app.session_state["found"] = found
        assert learned(app.run()) == known, found
    assert not app.exception


def remembering() -> None:
    """A page whose browser has just said what it holds."""
    import streamlit as st

    from explorer.course.view import browser_store, progress

    browser_store.take(st.session_state["found"])
    progress.recall("lessons")


# The file


def test_export_holds_what_is_learned(exported: list[str]) -> None:
    begun("1a.raced.all")
    assert progress.from_json(exported[-1].encode()) == Progress(frozenset({"1a"}), frozenset({"raced"}), True)


def test_an_imported_file_is_added_and_can_be_imported_again(exported: list[str]) -> None:
    app = begun("1a.2a")
    upload(app, GOOD.encode())
    assert not app.exception and not app.error
    assert "Imported: checks 2, deeds 1; 2 of them are new here." in app.success[0].value
    assert learned(app) == "1a.1b.2a.raced" and states(app)["choosing"] == "done"
    assert progress.from_json(exported[-1].encode()).passed == {"1a", "1b", "2a"}
    upload(app, GOOD.encode())
    assert "0 of them are new here" in app.success[0].value and learned(app) == "1a.1b.2a.raced"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "is no JSON"),
        (b"\xff\xfe", "it is no text"),
        (b'{"a": 1}', "of something else"),
        (GOOD.replace('"version": 1', '"version": 99').encode(), "this Thaw reads versions 1 to 1"),
        (GOOD.replace("raced", "<b>won").encode(), "“deeds” holds"),
        (b" " * 30_000, "it has 30,000 bytes"),
        (b"", "is no JSON"),
    ],
)
def test_a_file_that_is_no_progress_is_refused_and_nothing_changes(content: bytes, reason: str) -> None:
    app = begun("1a")
    upload(app, content)
    assert not app.exception and not app.success
    (box,) = app.error
    said = box.value.replace("\\", "")
    assert "This file cannot be imported" in said and reason in said and "is unchanged" in said
    assert "<b>" not in box.value.replace("\\<", "")
    assert learned(app) == "1a" and states(app)["pretrained_model"] == "done"
    upload(app, GOOD.encode())
    assert not app.error and app.success and learned(app) == "1a.1b.raced"


# Over and over


def test_starting_over_forgets_and_undo_brings_back(exported: list[str]) -> None:
    app = begun("1a.raced.all")
    app.button(key="concepts_over").click().run()
    assert learned(app) == "1a.raced.all", "it asks first"
    app.button(key="concepts_over_sure").click().run()
    assert learned(app) == "" and "done" not in states(app).values()
    assert progress.from_json(exported[-1].encode()) == Progress() and not app.toggle(key="concepts_unlock").value
    assert "Started over" in app.info[0].value and app.button(key="concepts_over").disabled
    app.button(key="concepts_undo").click().run()
    assert learned(app) == "1a.raced.all" and states(app)["pretrained_model"] == "done"
    assert app.toggle(key="concepts_unlock").value and not app.info


def test_undo_keeps_what_came_since() -> None:
    app = begun("1a")
    start_over(app)
    upload(app, GOOD.replace("1a", "8a").encode())
    app.button(key="concepts_undo").click().run()
    assert learned(app) == "1a.1b.8a.raced"


def test_unlocking_opens_everything_and_locks_again() -> None:
    app = begun("1a")
    app.toggle(key="concepts_unlock").set_value(True).run()
    assert learned(app) == "1a.all" and states(app).pop("pretrained_model") == "done"
    assert {state for name, state in states(app).items() if name != "pretrained_model"} == {"open"}
    app.toggle(key="concepts_unlock").set_value(False).run()
    assert learned(app) == "1a" and "open" not in states(app).values()


# Achievements


def own(app: AppTest, *ids: str) -> AppTest:
    """This visitor started these runs."""
    app.session_state["started_runs"] = list(ids)
    return app.run()


def test_a_run_of_this_visitor_counts_once_it_has_finished() -> None:
    app = opened("concepts")
    run = stand_ins.finished_run(strategy="linear_probe")
    stand_ins.record(run, state="running", pid=os.getpid(), pid_started=psutil.Process().create_time())
    assert learned(own(app, run)) == ""
    stand_ins.record(run, state="finished")
    app.run()
    assert learned(app) == "frozen_clean.probed" and states(app)["freezing"] == "done"


@pytest.mark.parametrize("state", ["stopped", "failed", "interrupted"])
def test_a_run_that_went_on_from_its_checkpoint_counts_too(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "resume", lambda run, by: stand_ins.record(run, state="queued"))
    app = opened("concepts")
    run = stand_ins.finished_run(strategy="linear_probe")
    runs.store_checkpoint(run, b"a checkpoint")
    stand_ins.record(run, state="running" if state == "interrupted" else state)  # running in no process: interrupted
    assert learned(own(app, run)) == ""
    app.session_state["following"] = run
    app.switch_page("../../pages/training.py").run()
    app.button(key=f"run_{run}_resume").click().run()
    stand_ins.record(run, state="finished")
    app.switch_page("../../pages/concepts.py").run()
    assert learned(app) == "frozen_clean.probed"


def test_runs_of_others_count_for_nothing() -> None:
    stand_ins.finished_run(strategy="full")
    assert learned(opened("concepts")) == ""


def test_a_red_audit_opens_batchnorm_and_not_freezing() -> None:
    app = opened("concepts")
    run = stand_ins.finished_run(strategy="linear_probe", batchnorm="moving")
    stand_ins.unclean(run)
    own(app, run)
    assert learned(app) == "bug_seen"
    assert states(app)["batchnorm"] == "done" and states(app)["freezing"] != "done"


def test_a_failed_run_and_a_deleted_one_are_no_harm() -> None:
    app = opened("concepts")
    run = runs.create(make(strategy="full"))
    stand_ins.record(run, state="failed", error="NaN")
    own(app, run, "20260101-000000-resnet10-full-gone", stand_ins.interrupted_run())
    assert not app.exception and learned(app) == ""


def test_after_starting_over_old_runs_count_no_longer_and_new_ones_do() -> None:
    app = opened("concepts")
    probe = stand_ins.finished_run(strategy="linear_probe")
    own(app, probe)
    start_over(app)
    assert learned(app) == ""
    tuned = stand_ins.finished_run(strategy="full")
    own(app, probe, tuned)
    assert learned(app) == "tuned" and not app.exception


def noting() -> None:
    """A page on which the visitor has just asked for the run that stands in `asked`."""
    import streamlit as st

    from explorer.app import visitor
    from explorer.course.view import progress

    visitor.note_run(st.session_state.get("asked"))
    progress.recall("lessons")
    st.button("Start over", on_click=progress.start_over)


def test_a_run_asked_for_again_after_starting_over_counts_again() -> None:
    """The lesson finds its runs again: without this nobody could learn them a second time."""
    app = AppTest.from_function(noting, default_timeout=30)
    app.session_state["asked"] = stand_ins.finished_run(strategy="linear_probe")
    assert learned(app.run()) == "frozen_clean.probed"
    app.session_state["asked"] = None
    app.button[0].click().run()
    assert learned(app) == "" and learned(app.run()) == ""
    app.session_state["asked"] = runs.listing()[0].id
    assert learned(app.run()) == "frozen_clean.probed"


@pytest.mark.parametrize("page", progress.VISITS)
def test_a_page_shown_with_two_runs_is_a_deed(page: str) -> None:
    two_runs()
    app = opened(page)
    assert not app.exception
    assert learned(app) == progress.VISITS[page]
    app.switch_page("../../pages/concepts.py").run()
    assert learned(app) == progress.VISITS[page]


def test_the_pair_that_ships_is_shown_by_itself_and_so_no_deed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two_runs()
    monkeypatch.setenv("THAW_SAMPLES", str(tmp_path / "samples"))
    shutil.move(runs.runs_folder(), tmp_path / "samples" / "runs")
    app = opened("similarity")
    assert not app.exception and all(runs.is_sample(app.session_state[f"pick_{field}"]) for field in "ab")
    assert learned(app) == ""


@pytest.mark.parametrize("page", progress.VISITS)
def test_a_page_without_two_runs_is_none(page: str) -> None:
    stand_ins.finished_run(strategy="linear_probe")
    assert learned(opened(page)) == ""


def test_a_run_beside_itself_is_no_deed() -> None:
    a, _ = two_runs()
    stand_ins.answer(a, a)
    app = opened("similarity", a=a, b=a)
    assert not app.exception and learned(app) == ""


# Presenting


def hidden(app: AppTest) -> bool:
    """Whether the menu is out of sight."""
    return any(re.search(r"stSidebar\].*display: none", part.proto.body) for part in app.get("html"))


def test_presenting_hides_the_menu_and_a_button_brings_it_back() -> None:
    app = begun("1a", present="1")
    assert not app.exception and hidden(app)
    assert app.toggle(key="display_present").value and app.query_params["present"] == "1"
    app.switch_page("../../pages/glossary.py").run()
    assert hidden(app) and app.query_params["present"] == "1", "it stays from page to page"
    app.button(key="present_off").click().run()
    assert not hidden(app) and "present" not in app.query_params
    assert not app.toggle(key="display_present").value
    assert not [button for button in app.button if button.key == "present_off"]
    app.switch_page("../../pages/concepts.py").run()
    assert not hidden(app) and learned(app) == "1a"


def test_the_switch_in_the_menu_presents_too() -> None:
    app = opened("concepts")
    assert not hidden(app) and "present" not in app.query_params
    app.toggle(key="display_present").set_value(True).run()
    assert hidden(app) and app.query_params["present"] == "1" and not app.exception
    app.button(key="present_off").click().run()
    assert not hidden(app)


@pytest.mark.parametrize("value", ["0", "yes", ""])
def test_another_word_in_the_address_does_not_present(value: str) -> None:
    app = opened("concepts", present=value)
    assert not hidden(app) and not app.exception
