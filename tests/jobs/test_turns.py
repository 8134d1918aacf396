"""Whose turn it is: what visitors are told agrees with the order in which tasks begin; and what one visitor may take."""

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
import stand_ins

from explorer import jobs, limits, machine, own_sets, runs, uploads, workspaces
from explorer.course.question.live import BaseFiltersQuestion
from explorer.errors import ExplorerError
from explorer.home import home as thaw_home
from explorer.jobs import expiry, overview, pausing, quotas
from explorer.looks.data.question.census import CensusQuestion
from explorer.looks.images.question import GalleryQuestion
from explorer.recipe import make
from explorer.runs.question import TrainQuestion
from explorer.training.question import FindRatesQuestion
from explorer.workspaces import gate
from explorer.workspaces.places import SEEN

A, B, PRESENTER = (workspaces.mark_of(c * 32) for c in "abc")


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_SHARED", "1")
    monkeypatch.setattr(gate, "_asks", [])  # nobody looks, but where a test says so
    workspaces.appoint(PRESENTER, workspaces.token())


def ahead(task: TrainQuestion) -> int:
    found = jobs.status(task)
    assert found is not None
    return found.ahead


@pytest.mark.parametrize("slots", [1, 3])
def test_the_position_told_is_the_order_in_which_tasks_begin(
    slots: int, monkeypatch: pytest.MonkeyPatch, shared: None
) -> None:
    """Random queues of random owners, taken as the worker takes them: what began first ends first."""
    monkeypatch.setattr(machine, "slots", lambda: slots)
    for seed in range(8):
        drawn = random.Random(seed)
        owners = [PRESENTER, *(f"owner {i}" for i in range(drawn.randint(1, 5)))]
        tasks = [TrainQuestion(run=f"{seed}-{i}") for i in range(drawn.randint(1, 20))]
        for task in tasks:
            jobs.result(task, drawn.choice(owners))
        under_way: list[TrainQuestion] = []
        for _ in range(drawn.randint(0, slots)):
            if (begun := jobs.claim("train")) is not None:
                under_way.append(begun)
        told = {task: ahead(task) for task in tasks if task not in under_way}
        began = len(under_way)
        while told:
            if len(under_way) >= slots:
                jobs.note(under_way.pop(0), state="done")
            begun = jobs.claim("train")
            assert isinstance(begun, TrainQuestion) and told.pop(begun) == began, f"seed {seed}"
            under_way.append(begun)
            began += 1
        for task in under_way:
            jobs.note(task, state="done")


def test_a_race_of_one_is_spread_between_the_runs_of_others_and_the_presenter_is_first(
    monkeypatch: pytest.MonkeyPatch, shared: None
) -> None:
    monkeypatch.setattr(machine, "slots", lambda: 1)
    race = [TrainQuestion(run=f"race{i}") for i in range(25)]
    for task in race:
        jobs.result(task, A)
    assert not jobs.training(), "all wait"
    assert jobs.claim("train") == race[0] and jobs.training()
    probe, pinned, look = TrainQuestion(run="probe"), TrainQuestion(run="pinned"), GalleryQuestion(run="x")
    for task, owner in ((probe, B), (pinned, PRESENTER), (look, B)):
        jobs.result(task, owner)
    assert ahead(probe) == 2 and ahead(pinned) == 1 and ahead(race[1]) == 3, "not 24, nor 26"
    assert jobs.claim("look") == look, "a look waits for no training"
    assert [task.run for task in overview.trainings()][:4] == ["race0", "pinned", "probe", "race1"], (
        "as they begin, looks apart"
    )
    jobs.note(race[0], state="done")
    assert not jobs.training(), "the look is none"
    assert [jobs.claim("train") for _ in range(3)] == [pinned, probe, race[1]]


def test_a_paused_queue_is_the_presenters(shared: None) -> None:
    with workspaces.acting(A), pytest.raises(ExplorerError, match="Only the presenter"):
        pausing.pause(True)
    with workspaces.acting(PRESENTER):
        pausing.pause(True)
        assert pausing.paused()
        pausing.pause(False)
    assert not pausing.paused()


def test_quotas_say_what_to_do_and_bind_no_presenter(monkeypatch: pytest.MonkeyPatch, shared: None) -> None:
    monkeypatch.setenv("THAW_VISITOR_RUNS", "2")
    with workspaces.acting(A):
        first = [jobs.train(make(seed=i), A) for i in range(2)][0]
        with pytest.raises(ExplorerError, match="2 is the most for one visitor .THAW_VISITOR_RUNS.*stop some on Runs"):
            jobs.train(make(seed=2), A)
        assert len(runs.listing()) == 2
        jobs.cancel(TrainQuestion(run=first))
        jobs.train(make(seed=2), A)
        monkeypatch.setenv("THAW_VISITOR_GB", "0")
        monkeypatch.setenv("THAW_VISITOR_RUNS", "9")
        with pytest.raises(ExplorerError, match="THAW_VISITOR_GB"):
            jobs.train(make(seed=3), A)
        monkeypatch.setenv("THAW_VISITOR_SETS", "0")
        with pytest.raises(ExplorerError, match="THAW_VISITOR_SETS"):
            quotas.require_set()
        monkeypatch.setenv("THAW_VISITOR_PICTURES", "2")
        kept = [uploads.keep(bytes([i])) for i in range(4)]
        assert workspaces.owned(A, "pictures") == sorted(kept[2:])
    with workspaces.acting(PRESENTER):
        jobs.train(make(seed=4), PRESENTER)
        with pytest.raises(ExplorerError, match="no run"):
            runs.read(first)
        jobs.cancel(TrainQuestion(run=runs.listing()[0].id))
    with workspaces.acting(B), pytest.raises(ExplorerError, match="no run"):
        jobs.cancel(TrainQuestion(run=first))


@pytest.mark.parametrize(
    ("choices", "what"),
    [
        ({"backbone": "vgg16", "weights": "IMAGENET1K_V1"}, "weights IMAGENET1K_V1 of VGG-16 are"),
        ({"backbone": "resnet18", "weights": "matched"}, "weights IMAGENET1K_V1 of ResNet-18 are"),
        ({"dataset": "cifar10"}, "data set CIFAR-10 is"),
    ],
)
def test_the_presenter_alone_makes_the_server_download(
    choices: dict[str, Any], what: str, monkeypatch: pytest.MonkeyPatch, shared: None
) -> None:
    wanted = make(**choices)
    with workspaces.acting(A):
        for ask in (lambda: jobs.train(wanted, A), lambda: jobs.result(FindRatesQuestion(recipe=wanted), A)):
            with pytest.raises(ExplorerError, match=f"{what} not on this server.*ask the presenter"):
                ask()
        assert not runs.listing()
        if "backbone" in choices:  # its pictures are here
            jobs.result(CensusQuestion(recipe=wanted), A)
            with pytest.raises(ExplorerError, match="not on this server"):
                jobs.result(BaseFiltersQuestion(backbone=wanted.backbone, weights=wanted.weights), A)
        monkeypatch.setenv("THAW_VISITOR_DOWNLOADS", "1")
        jobs.train(wanted, A)
        monkeypatch.delenv("THAW_VISITOR_DOWNLOADS")
    with workspaces.acting(PRESENTER):
        jobs.train(wanted, PRESENTER)
    jobs.train(wanted)  # locally: nobody is asked


def test_a_presenter_stops_anybodys_run(shared: None) -> None:
    with workspaces.acting(A):
        run = jobs.train(make(), A)
    with workspaces.acting(PRESENTER):
        jobs.cancel(TrainQuestion(run=run))
    assert runs.read(run).state == "stopped"


def test_idle_workspaces_go_with_what_they_alone_own(monkeypatch: pytest.MonkeyPatch, shared: None) -> None:
    made = {}
    for mark, seed in ((A, 0), (B, 1)):
        with workspaces.acting(mark):
            made[mark] = [stand_ins.finished_run(seed=seed), stand_ins.finished_run(seed=seed + 2)]
            uploads.keep(f"{seed}".encode())
        workspaces.note_visit(mark)
    workspaces.note(workspaces.PUBLISHED, "runs", made[A][1])
    assert expiry.sweep() == 0
    old = time.time() - 31 * expiry.DAY
    os.utime(workspaces.folder(A) / SEEN, (old, old))
    assert expiry.kept_until(B) > time.time() + 29 * expiry.DAY and expiry.sweep() == 1
    assert workspaces.every() == sorted([B, PRESENTER])
    assert {run.id for run in runs.listing()} == {made[A][1], *made[B]}, "what was published stays"
    assert len(list(uploads.folder().iterdir())) == 1
    visitor = workspaces.mark_of("d" * 32)
    workspaces.note_visit(visitor)
    os.utime(workspaces.folder(visitor) / SEEN, (time.time() - 2 * expiry.DAY,) * 2)
    assert expiry.sweep() == 1, "who made nothing is not kept for a month"
    assert not own_sets.listing() and limits.idle_days() == 30


def test_what_was_noted_of_browsers_is_taken_over(home: Path) -> None:
    (home / "browsers").mkdir(parents=True)
    (home / "browsers" / A).write_text("one-run\nanother\n", encoding="utf-8")
    assert expiry.sweep() == 0
    assert workspaces.owned(A, "runs") == ["another", "one-run"] and not (thaw_home() / "browsers").exists()
