"""Looks that nobody waits for any more: dropped, and asked anew by who comes back; trainings go on whoever leaves."""

import time

import pytest

from explorer import jobs
from explorer.jobs import wishes
from explorer.looks.images.question import GalleryQuestion
from explorer.runs.question import TrainQuestion


def test_what_nobody_waits_for_is_dropped_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, left, awaited, of_nobody = (GalleryQuestion(run=name) for name in "abcd")
    run, now = TrainQuestion(run="x"), time.time()
    for task in (begun, left, awaited, of_nobody, run):
        jobs.result(task, "me")
        if task != of_nobody:  # the command line asked for that
            wishes.wish(task.key, "me")
    assert jobs.claim("look") == begun and wishes.drop_unwanted() == set()
    monkeypatch.setattr(time, "time", lambda: now + wishes.PATIENCE + 5)
    wishes.wish(awaited.key, "you")
    assert wishes.drop_unwanted() == {begun.key}
    assert jobs.status(left) is None, "as if nobody had asked"
    for task in (awaited, of_nobody, run):
        assert jobs.status(task).state == "queued"
    jobs.note(begun, state="cancelled")
    wishes.forget(begun.key)
    assert jobs.result(begun, "me").state == "queued", "who comes back asks anew"
    wishes.forget(run.key)
    assert jobs.status(run) is not None


def test_a_look_that_others_wait_for_is_theirs_too() -> None:
    look = GalleryQuestion(run="a")
    wishes.wish(look.key, "me")
    assert not wishes.others_wish(look.key, "me")
    wishes.wish(look.key, "you")
    assert wishes.others_wish(look.key, "me") and wishes.others_wish(look.key, "you")
