"""Whoever asks rings, and the worker looks at once; without a bell everything goes on."""

import os
import time
from multiprocessing.connection import wait

import pytest

from explorer import jobs
from explorer.home import home
from explorer.jobs import bell
from explorer.jobs.bell import Bell
from explorer.looks.similarity.question.stages import CompareQuestion

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of POSIX")


def rang(ours: Bell) -> bool:
    """Whether it rings now; it does not any more afterwards."""
    found = bool(wait(ours.handles(), timeout=0))
    ours.hush()
    assert not wait(ours.handles(), timeout=0)
    return found


def test_asking_and_cancelling_ring_and_looking_does_not() -> None:
    ours, asked = Bell(), CompareQuestion(a="x", b="y")
    assert not rang(ours)
    jobs.result(asked)
    assert rang(ours)
    jobs.result(asked)
    jobs.status(asked)
    assert not rang(ours)
    jobs.cancel(asked)
    assert rang(ours)


def test_the_next_worker_takes_the_bell_over() -> None:
    Bell()
    ours = Bell()
    bell.ring()
    assert rang(ours)


def test_nobody_waits_who_rings_often_or_in_vain() -> None:
    began = time.monotonic()
    bell.ring()  # there is none
    ours = Bell()
    for _ in range(20_000):  # more than a pipe holds
        bell.ring()
    assert rang(ours) and time.monotonic() - began < 30


def test_another_file_of_that_name_is_left_alone() -> None:
    home().mkdir(parents=True, exist_ok=True)
    (home() / "bell").write_text("mine")
    ours = Bell()
    bell.ring()
    assert ours.handles() == [] and (home() / "bell").read_text() == "mine"
    ours.hush()
