"""The daemon, for real: one worker carries out runs and questions, is cancelled, killed, and started again."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from explorer import jobs, recipe, runs
from explorer.errors import ExplorerError
from explorer.jobs import Answer
from explorer.looks.data.question.faults import FaultsQuestion
from explorer.looks.images.question import GalleryQuestion
from explorer.question import Question
from explorer.runs.question import TrainQuestion
from explorer.training.question import DescribeQuestion
from explorer.worker import budgets, crew, daemon, handlers, processes
from explorer.worker.__main__ import _misconfigured
from explorer.worker.local import Local

pytestmark = pytest.mark.long(110)

PATIENCE = 120.0  # seconds; a busy machine is slow, and only a worker that hangs should fail


def wait_for(what: str, true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Whatever `true` gives once it is something, or a failure that says what was waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        jobs.beat("server")  # a worker without a server would end by itself
        if found := true():
            return found
        time.sleep(0.05)
    log = Path(os.environ["THAW_HOME"], "worker.log")
    pytest.fail(f"{what}: not within {seconds} s. worker.log: {log.read_text()[-3000:] if log.is_file() else 'none'}")


def settled(task: Question[Any]) -> Answer:
    def ended() -> Answer | None:
        answer = jobs.status(task)
        return answer if answer and not answer.waiting else None

    return wait_for(f"{task.name()} ends", ended)


def in_state(run: str, state: str, seconds: float = PATIENCE) -> runs.Run:
    return wait_for(f"{run} is {state}", lambda: (r := runs.read(run)).state == state and r, seconds)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker") / "thaw"


@pytest.fixture(scope="module")
def deleted(store: Path) -> tuple[str, str]:
    """Two deleted runs that the worker finds when it starts: one for longer than it can be restored, one since just now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THAW_HOME", str(store))
        old, young = runs.create(recipe.make()), runs.create(recipe.make())
        for run in (old, young):
            runs.delete(run)
        os.utime(runs.runs_folder() / f".{old}.deleted", (time.time() - runs.UNDO - 1,) * 2)
    return old, young


@pytest.fixture(scope="module")
def started(store: Path, deleted: tuple[str, str]) -> Iterator[list[Any]]:
    """The workers that were started, the last one alive; all of them end with the module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THAW_HOME", str(store))
        patch.setenv("THAW_SLOTS", "1")
        workers = [jobs.ensure_worker()]
        yield workers
    for worker in workers:
        family = psutil.Process(worker.pid).children(recursive=True) if worker.poll() is None else []
        worker.terminate()
        worker.wait(20)
        psutil.wait_procs(family, 20)


@pytest.fixture
def worker(started: list[Any], store: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The running worker's folder is this test's folder."""
    monkeypatch.setenv("THAW_HOME", str(store))
    monkeypatch.setenv("THAW_SLOTS", "1")
    return started


@pytest.fixture
def choices(tiny: dict[str, Any]) -> dict[str, Any]:
    return tiny | {"backbone": "squeezenet1_1", "strategy": "last_stage"}


def test_a_run_goes_from_queued_to_finished(worker: list[Any], choices: dict[str, Any]) -> None:
    run = jobs.train(recipe.make(**choices))
    assert runs.read(run).state == "queued"
    found = in_state(run, "finished")
    assert len(found.epochs) == 2 and found.clean is True and found.test is not None
    assert settled(TrainQuestion(run=run)).state == "done"
    assert runs.audit(run).clean and len(runs.predictions(run).ids) == found.test.n
    assert found.facts["pid"] not in (os.getpid(), worker[-1].pid), "trainings have a process of their own"
    next_one = in_state(jobs.train(recipe.make(**choices | {"seed": 1})), "finished")
    assert next_one.facts["pid"] == found.facts["pid"], "it stays warm for the next run"


def test_the_worker_frees_the_space_of_deleted_runs(worker: list[Any], deleted: tuple[str, str]) -> None:
    old, young = deleted
    wait_for("the deleted run is removed", lambda: not (runs.runs_folder() / f".{old}.deleted").exists())
    runs.restore(young)
    runs.delete(young)


def test_a_worker_empties_the_trash_when_it_starts_and_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, emptied = iter(range(0, 1000, 7)), []
    monkeypatch.setattr(daemon.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(daemon.runs, "empty_trash", lambda: emptied.append(1))
    monkeypatch.setattr(daemon.Worker, "_start", lambda *a: None)
    for step in ("_claim", "_stop_unwanted", "_listen"):
        monkeypatch.setattr(daemon.Worker, step, lambda *a: None)
    monkeypatch.setattr(daemon, "LONELY", 200.0)
    daemon.Worker(Local(1)).run()
    assert len(emptied) == 4, "at 7, 70, 133 and 196 seconds"


def test_a_second_worker_is_not_started(worker: list[Any]) -> None:
    assert jobs.ensure_worker() is None
    assert jobs.alive().pid == worker[-1].pid


def test_a_look_is_answered(worker: list[Any], choices: dict[str, Any]) -> None:
    task = DescribeQuestion(recipe=recipe.make(**choices))
    jobs.result(task)
    assert settled(task).state == "done"
    assert [s.stage for s in jobs.result(task).value().stages][-1] == "head"
    assert jobs.alive().state == "ready"


def test_a_failing_look_gives_its_message(worker: list[Any]) -> None:
    asked = GalleryQuestion(run="nope")
    jobs.result(asked)
    answer = settled(asked)
    assert answer.state == "failed" and "There is no run 'nope'" in answer.error


def test_a_failing_run_gives_its_message(worker: list[Any], choices: dict[str, Any], tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    run = jobs.train(recipe.make(**choices | {"data_dir": str(empty)}))
    found = in_state(run, "failed")
    assert str(empty) in found.error and "holds no picture" in found.error
    answer = settled(TrainQuestion(run=run))
    assert (answer.state, answer.error) == ("failed", found.error)


def long_run(choices: dict[str, Any]) -> str:
    """A run that would take minutes, after its first epoch."""
    run = jobs.train(recipe.make(**choices | {"epochs": 500, "backbone_rate": 1e-6}))
    wait_for("the first epoch", lambda: runs.read(run).epochs)
    return run


def test_a_run_whose_process_was_killed_goes_on_from_its_checkpoint(worker: list[Any], choices: dict[str, Any]) -> None:
    run = long_run(choices)
    wait_for("a checkpoint", lambda: runs.resumable(run))
    os.kill(runs.read(run).facts["pid"], signal.SIGKILL)
    found = wait_for("its end is told", lambda: (r := runs.read(run)).error and r)
    assert found.state == "interrupted" and "killed" in found.error and found.epochs
    last = found.epochs[-1].epoch
    jobs.resume(run)
    assert runs.read(run).state in ("queued", "running")
    wait_for("later epochs", lambda: runs.read(run).epochs and runs.read(run).epochs[-1].epoch > last)
    numbers = [epoch.epoch for epoch in runs.read(run).epochs]
    assert numbers == list(range(1, len(numbers) + 1)), "no epoch is missing or counted twice"
    jobs.cancel(TrainQuestion(run=run))
    assert not in_state(run, "stopped", seconds=10).error


def test_a_run_stops_when_asked_and_keeps_its_epochs(worker: list[Any], choices: dict[str, Any]) -> None:
    run = long_run(choices)
    pid = runs.read(run).facts["pid"]
    waiting = jobs.train(recipe.make(**choices | {"seed": 5}))
    time.sleep(0.3)
    assert runs.read(waiting).state == "queued", "one slot carries out one run at a time"
    jobs.cancel(TrainQuestion(run=run))
    found = in_state(run, "stopped", seconds=5)
    assert found.epochs and not found.error
    assert settled(TrainQuestion(run=run)).state == "cancelled"
    wait_for("the process ends", lambda: not psutil.pid_exists(pid))
    in_state(waiting, "finished")


def test_a_killed_run_reads_interrupted_with_words_and_the_next_one_runs(
    worker: list[Any], choices: dict[str, Any]
) -> None:
    run = long_run(choices)
    os.kill(runs.read(run).facts["pid"], signal.SIGKILL)
    found = wait_for("its end is told", lambda: (r := runs.read(run)).error and r)
    assert (
        found.state == "interrupted"
        and "killed" in found.error
        and "memory" in found.error
        and "smaller" in found.error
    )
    assert found.epochs
    assert settled(TrainQuestion(run=run)).error == found.error
    in_state(jobs.train(recipe.make(**choices | {"seed": 6})), "finished")


def test_a_worker_replaces_its_warm_processes(worker: list[Any], choices: dict[str, Any]) -> None:
    (server,) = (p for p in psutil.Process(worker[-1].pid).children() if p.children())
    before = {p.pid for p in server.children()}
    for child in server.children():
        child.kill()
    wait_for(
        "others take their place", lambda: len(after := {p.pid for p in server.children()}) == 3 and not after & before
    )
    task = DescribeQuestion(recipe=recipe.make(**choices | {"seed": 7}))
    jobs.result(task)
    assert settled(task).state == "done"


def test_after_a_killed_worker_runs_read_interrupted_and_go_on_by_themselves(
    worker: list[Any], choices: dict[str, Any]
) -> None:
    run = long_run(choices)
    waiting = jobs.train(recipe.make(**choices | {"seed": 8}))
    family = psutil.Process(worker[-1].pid).children(recursive=True)
    worker[-1].kill()
    worker[-1].wait()
    found = in_state(run, "interrupted", seconds=20)
    assert found.epochs, "what was stored before is kept"
    wait_for("the training ends with its worker", lambda: not psutil.pid_exists(found.facts["pid"]), 20)
    for process in family:  # the one that warms up UMAP would end when it says so, after half a minute
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    worker.append(jobs.ensure_worker())
    assert worker[-1] is not None
    last = found.epochs[-1].epoch
    wait_for("later epochs", lambda: (r := runs.read(run)).state == "running" and r.epochs[-1].epoch > last)
    assert runs.read(run).facts["restarts"] == 1
    jobs.cancel(TrainQuestion(run=run))
    in_state(run, "stopped")
    in_state(waiting, "finished")
    assert jobs.alive().starts == 2


def test_a_worker_that_is_told_to_end_takes_its_processes_along(worker: list[Any], choices: dict[str, Any]) -> None:
    run = long_run(choices)
    family = psutil.Process(worker[-1].pid).children(recursive=True)
    worker[-1].terminate()
    assert worker[-1].wait(20) == 0
    _, left = psutil.wait_procs(family, 20)
    assert not left
    answer = jobs.status(TrainQuestion(run=run))
    assert answer is not None and (answer.state, runs.read(run).state) == ("queued", "queued"), "the next takes it up"
    with jobs.worker_lock():
        pass


@pytest.mark.parametrize(
    ("how", "grown", "next_runs"),
    [("well", 0, True), ("well", processes.GROWN + 1, False), ("stopped", 0, False), ("failed", 0, False)],
)
def test_a_trainer_stays_where_a_run_left_it_as_it_was(
    how: str, grown: float, next_runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says when it is free, so that no run is handed to one that is about to end; a late `stop` stops nothing."""
    held, ran = iter([5e8, 5e8 + grown, 5e8]), []

    def answer(question: Question[Any], report: Any) -> None:
        ran.append(question)
        if len(ran) == 1 and how != "well":
            if how == "failed":
                raise ExplorerError("no picture")
            report.stopped = True  # as a run does, the handler ends in good order

    monkeypatch.setattr(handlers, "answer", answer)
    monkeypatch.setattr(processes, "_resident", lambda: next(held))
    ours, theirs = multiprocessing.Pipe()
    first, second = TrainQuestion(run="a"), TrainQuestion(run="b")
    for said in ("stop", second):
        ours.send(said)
    life = threading.Thread(target=processes.train, args=(theirs, first), daemon=True)
    life.start()
    said = []
    while len(said) < (5 if next_runs else 1) and ours.poll(PATIENCE):
        said.append(ours.recv()[0])
    ours.close()
    life.join(PATIENCE)
    assert not life.is_alive()
    assert ran == ([first, second] if next_runs else [first])
    assert said == (
        ["done", "ready", "ready", "done", "ready"] if next_runs else ["failed" if how == "failed" else "done"]
    )


class Process:
    """A child that only counts how often it was killed."""

    def __init__(self) -> None:
        self.kills = 0

    def kill(self) -> None:
        self.kills += 1


@pytest.mark.parametrize(
    ("lane", "asked", "busy", "kills"),
    [
        ("look", None, 9, 0),
        ("look", 0.0, 9, 1),
        ("look", None, GalleryQuestion.longest + 1, 1),
        ("map", None, GalleryQuestion.longest + 1, 1),
        ("arrive", 0.1, 9, 0),
        ("arrive", None, GalleryQuestion.longest + 1, 1),
    ],
)
def test_what_does_not_end_by_itself_is_killed(lane: str, asked: float | None, busy: float, kills: int) -> None:
    task, now, process, sent = GalleryQuestion(run="x"), 1e7, Process(), []
    jobs.result(task)
    jobs.claim("look")
    pipe: Any = SimpleNamespace(send=sent.append)
    child = crew.Child(lane, process, pipe, task, since=now - busy)
    worker = daemon.Worker(Local(1))
    worker.crew.children = [child]
    if asked is not None:
        jobs.cancel(task)
        worker._stop_unwanted(now - asked)
        assert sent == (["stop"] if lane == "arrive" else [])
        process.kills = 0
    worker._stop_unwanted(now)
    assert process.kills == kills


@pytest.mark.parametrize(("asked", "kills"), [(None, 0), (0.1, 0), (crew.GRACE + 0.1, 1)])
def test_a_training_that_does_not_stop_by_itself_is_killed(asked: float | None, kills: int) -> None:
    task, process, (ours, theirs), (never, there) = (
        TrainQuestion(run="x"),
        Process(),
        *(multiprocessing.Pipe() for _ in "ab"),
    )
    process.sentinel, process.pid = never, os.getpid()
    worker = Local(1)
    worker.crew.children = [crew.Child("train", process, ours, task, since=time.monotonic() - 9)]
    if asked is not None:
        worker.cancel(TrainQuestion(run="another"))
        worker.cancel(task)
        worker.crew.children[0].stopping -= asked
    assert not [*worker.events()] and process.kills == kills
    assert theirs.poll() == (asked is not None) and (asked is None or theirs.recv() == "stop")
    for pipe in (ours, theirs, never, there):
        pipe.close()


@pytest.mark.parametrize(("silent", "kills"), [(FaultsQuestion.longest - 1, 0), (FaultsQuestion.longest + 1, 1)])
def test_a_patient_look_may_take_as_long_as_it_makes_progress(silent: float, kills: int) -> None:
    task, now, process = FaultsQuestion(recipe=recipe.make()), 1e7, Process()
    child = crew.Child("map", process, SimpleNamespace(), task, since=now - 1e5, heard=now - silent)
    worker = daemon.Worker(Local(1))
    worker.crew.children = [child]
    worker._stop_unwanted(now)
    assert process.kills == kills


@pytest.mark.parametrize(
    ("settings", "busy", "heard", "told", "kills"),
    [
        ({}, budgets.SILENT - 9, 0.0, "", 0),
        ({}, budgets.SILENT + 9, 0.0, "", 1),
        ({}, budgets.SILENT + 9, 9.0, "", 0),
        ({"THAW_RUN_MINUTES": "1"}, 59.0, 9.0, "", 0),
        ({"THAW_RUN_MINUTES": "1"}, 61.0, 9.0, "longer than 1 minutes", 0),
        ({"THAW_RUN_GB": "0.001"}, 1.0, 1.0, "GB of memory", 0),
    ],
)
def test_a_training_beyond_its_budget_is_told_and_one_that_hangs_is_replaced(
    settings: dict[str, str], busy: float, heard: float, told: str, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`heard` seconds ago it said something; 0: it never did."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    task, now, process, sent = TrainQuestion(run="x"), 1e7, Process(), []
    process.pid = os.getpid()
    pipe: Any = SimpleNamespace(send=sent.append)
    child = crew.Child("train", process, pipe, task, now - busy, heard=now - heard if heard else 0.0)
    worker = Local(1)
    worker.crew.children = [child]
    worker._watch(now)
    assert process.kills == kills and len(sent) == bool(told) and all(told in words for words in sent)
    if told:
        worker._watch(now + 1)
        assert len(sent) == 1, "it is told once"
        worker._watch(now + budgets.OBEYS + 1)
        assert process.kills == 1, "it did not obey"


def test_a_run_that_is_told_of_its_budget_fails_in_words() -> None:
    ours, theirs = multiprocessing.Pipe()
    report = processes.Reporting(theirs)
    report(0.1, "learning")
    ours.send(processes.OVER + "too long")
    with pytest.raises(ExplorerError, match="too long"):
        report(0.2, "learning")


def test_a_look_that_took_too_long_says_so() -> None:
    assert "longer than 300 seconds" in crew.cause(-9, late=300.0)
    assert "memory" in crew.cause(-9)


def test_a_look_handed_to_a_child_that_just_died_does_not_end_the_worker() -> None:
    jobs.result(GalleryQuestion(run="x"))

    def broken(message: object) -> None:
        raise BrokenPipeError

    child = crew.Child("look", Process(), SimpleNamespace(send=broken), since=1.0)
    worker = daemon.Worker(Local(1))
    worker.crew.children = [child]
    worker._claim()
    assert child.task == GalleryQuestion(run="x")  # still its own, so that burying the child fails it in words


def test_a_worker_with_a_setting_that_is_no_number_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _misconfigured() == ""
    monkeypatch.setenv("THAW_SLOTS", "several")
    assert _misconfigured().startswith("THAW_SLOTS is 'several'. Allowed:")
