"""The page on which pictures arrive, and the address that they stream to."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import stand_ins
import stand_ins_data
from opening import opened, store, words
from starlette.requests import Request

from explorer import answers, jobs, limits, own_sets, runs
from explorer.app import launch
from explorer.arriving.compute.keeping import arrive
from explorer.arriving.question import ArriveQuestion, Preview, PreviewQuestion
from explorer.own_sets import parcels
from explorer.recipe import make

__all__ = ["store"]


def parcel_with(seen: Preview) -> str:
    """A parcel of one file, of which the preview is known."""
    key = parcels.open_parcel()
    file = parcels.put(key, "My_pets.zip", [b"x" * 100])
    answers.save(seen, PreviewQuestion(parcel=key, at=f"1-100-{file.path.name}").path)
    return key


def test_an_empty_page_says_what_to_do_and_names_no_set() -> None:
    app = opened("bring")
    assert not app.exception and "Nothing has arrived yet" in words(app) and "No set is kept yet" in words(app)
    app.segmented_control(key="bring_way").set_value("classes").run()
    assert not app.exception and app.text_input(key="bring_class").value == ""


def test_what_arrived_is_shown_before_it_is_kept_and_survives_a_reload() -> None:
    key = parcel_with(stand_ins.preview())
    app = opened("bring", parcel=key)
    assert not app.exception
    assert "12 pictures in 2 classes" in words(app) and "12 pictures + 1 left out" in words(app).replace("\\", "")
    assert r"\<b\>cats\</b\>" in words(app)  # a class name is text
    assert app.text_input(key="bring_title").value == "My pets"
    app.button(key="bring_keep").click().run()
    asked = ArriveQuestion(parcel=key, title="My pets", at=f"1-100-{parcels.contents(key)[0].path.name}")
    answer = jobs.status(asked)
    assert answer is not None and answer.waiting and "Keeping My pets" in [part.value for part in app.subheader]
    jobs.cancel(asked)
    app.run()
    assert "Cancelled: nothing was kept" in words(app) and app.text_input(key="bring_title").value == "My pets"
    app.button(key="bring_keep").click().run()
    answer = jobs.status(asked)
    assert answer is not None and answer.waiting  # asked once more, though it was cancelled


def test_other_sources_of_labels_are_offered_where_folders_tell_nothing() -> None:
    key = parcel_with(stand_ins.preview("It has no sub-folders: read the names (--labels prefix).", ("prefix",)))
    app = opened("bring", parcel=key)
    assert "It has no sub\\-folders" in words(app) and "bring_keep" not in [button.key for button in app.button]
    said = words(app).replace("\\", "")
    assert "--labels" not in said and "choose ‘the files' names’" in said
    assert app.segmented_control(key="bring_labels").options == [
        "the folders' names",
        "the files' names",
    ]


def test_a_wrong_parcel_in_the_address_is_a_new_page() -> None:
    app = opened("bring", parcel="../../etc")
    assert not app.exception and "Nothing has arrived yet" in words(app)


def test_a_kept_set_is_offered_everywhere_and_deleted_after_a_question(patterns: Path) -> None:
    key = parcels.open_parcel()
    for path in patterns.rglob("*.png"):
        parcels.put(key, path.relative_to(patterns).as_posix(), [path.read_bytes()])
    made = arrive(key, "Patterns", "folders", "", lambda share, words: None)
    app = opened("bring")
    assert "**Patterns** · 42 pictures, 3 classes" in words(app)
    app.button(key=f"use_{made.name}").click().run()
    app.switch_page("../../pages/training.py").run()
    assert not app.exception and app.selectbox(key="pick_dataset").value == made.name
    assert "Patterns" in app.selectbox(key="pick_dataset").options
    stand_ins_data.answer(make(dataset=made.name, per_class=None))
    app.switch_page("../../pages/data.py").run()
    assert not app.exception and "stands under two classes" in words(app)
    app.session_state["data_view"] = "How far from ImageNet?"
    assert not app.run().exception
    run = runs.create(make(dataset=made.name))
    app.switch_page("../../pages/bring.py").run()
    assert "1 run on it" in words(app) and app.button(key=f"delete_{made.name}").disabled
    app.checkbox(key=f"sure_{made.name}").check().run()
    runs.close(run, "stopped")
    app.button(key=f"delete_{made.name}").click().run()
    assert not app.exception and not own_sets.listing()
    app.switch_page("../../pages/training.py").run()
    assert not app.exception and app.selectbox(key="pick_dataset").value == "photo_patches"
    app.selectbox(key="pick_backbone").set_value("mobilenet_v2").run()
    assert not app.exception


def put(key: str, name: str, pieces: list[bytes], length: str = "", broken: bool = False) -> tuple[int, dict[str, Any]]:
    """What the server answers to a file sent in these pieces."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages.append(
        {"type": "http.disconnect"} if broken else {"type": "http.request", "body": b"", "more_body": False}
    )

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    headers = [(b"content-length", length.encode())] if length else []
    scope = {"type": "http", "method": "PUT", "path": "/", "headers": headers, "query_string": f"name={name}".encode(),
             "path_params": {"key": key}}  # fmt: skip
    answer = asyncio.run(launch.arriving(Request(scope, receive)))
    return answer.status_code, json.loads(bytes(answer.body))


def test_a_file_streams_to_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    key = parcels.open_parcel()
    piece = b"x" * 700_000
    assert put(key, "a%2Fb.jpg", [piece] * 3) == (200, {"name": "a/b.jpg", "size": 2_100_000})
    (found,) = parcels.contents(key)
    assert found.path.read_bytes() == piece * 3
    assert put(key, "c.jpg", [piece], broken=True)[0] == 400
    assert put("0" * 32, "c.jpg", [piece])[0] == put("..", "c.jpg", [piece])[0] == 404
    assert put(key, "c.jpg", [piece], length="nonsense")[0] == 400
    monkeypatch.setenv("THAW_MAX_UPLOAD_GB", "0.0025")
    assert put(key, "c.jpg", [piece])[0] == 413  # with what is there already
    assert put(key, "c.jpg", [], length="2600000")[0] == 413  # by what it says
    assert [file.name for file in parcels.contents(key)] == ["a/b.jpg"]
    assert not list(parcels.folder().rglob("*.part"))
    assert limits.upload_bytes() == 2_500_000
