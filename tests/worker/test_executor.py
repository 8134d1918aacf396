"""What the worker asks of an executor and does with what it hears, with one that only plays what it is told to."""

import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from explorer import jobs, recipe, runs
from explorer.errors import ExplorerError
from explorer.jobs.recovering import TRIES
from explorer.runs.question import TrainQuestion
from explorer.worker import daemon
from explorer.worker.__main__ import _executor
from explorer.worker.cluster import waiting
from explorer.worker.cluster.waiting import Waiting
from explorer.worker.daemon import Worker
from explorer.worker.executor import Event, Executor
from explorer.worker.local import Local


class StandIn:
    """An executor of some places; `said` is what it says next."""

    lookers: Any = None

    def __init__(self, places: int) -> None:
        self.places, self.under_way, self.cancelled = places, [], []
        self.said: list[Event] = []

    def capacity(self) -> int:
        return self.places

    def free(self) -> int:
        return self.places - len(self.under_way)

    def prepare(self) -> None: ...

    def submit(self, task: TrainQuestion) -> None:
        runs.start(task.run)
        self.under_way.append(task)

    def cancel(self, task: TrainQuestion) -> None:
        self.cancelled.append(task)

    def events(self) -> Iterator[Event]:
        while self.said:
            event = self.said.pop(0)
            if event.ended:
                self.under_way.remove(event.task)
            yield event

    def handles(self) -> list[Any]:
        return []

    def close(self) -> None: ...


@pytest.fixture
def executor() -> StandIn:
    return StandIn(2)


def heard(worker: Worker, *events: Event) -> None:
    executor: Any = worker.executor
    executor.said += events
    worker._listen()


def queued(n: int) -> list[TrainQuestion]:
    return [TrainQuestion(run=jobs.train(recipe.make(seed=seed), owner="Ada")) for seed in range(n)]


def test_an_executor_gets_as_many_trainings_as_it_has_places_for(executor: StandIn) -> None:
    tasks, worker = queued(4), Worker(executor)
    worker._watch(0.0)
    worker._claim()
    assert executor.under_way == tasks[:2] and jobs.at_once() == 2
    executor.places = 3  # a machine joined
    worker._watch(0.0)
    worker._claim()
    assert executor.under_way == tasks[:3] and jobs.at_once() == 3
    heard(worker, Event(tasks[0], "done"))
    worker._claim()
    assert executor.under_way == tasks[1:] and jobs.status(tasks[0]).state == "done"


def test_what_an_executor_says_of_a_training_stands_in_the_queue_and_in_its_folder(executor: StandIn) -> None:
    (task, other), worker = queued(2), Worker(executor)
    worker._claim()
    heard(worker, Event(task, "progress", 0.4, "Epoch 2 of 5"))
    answer = jobs.status(task)
    assert answer and (answer.state, answer.progress, answer.message) == ("running", 0.4, "Epoch 2 of 5")
    jobs.cancel(task)
    worker._stop_unwanted(0.0)
    assert executor.cancelled == [task]
    heard(worker, Event(task, "stopped"), Event(other, "died", words="Out of memory."))
    assert [jobs.status(one).state for one in (task, other)] == ["cancelled", "failed"]
    assert [runs.read(one.run).state for one in (task, other)] == ["stopped", "interrupted"]
    assert runs.read(other.run).error == "Out of memory." and not worker._busy()


def test_a_queue_that_takes_nothing_for_a_while_ends_no_worker_and_loses_no_word(
    executor: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk, which took the worker along, and with it what trained."""
    (task,), worker, refused = queued(1), Worker(executor), []

    def full(name: str, times: int) -> None:
        real = getattr(jobs, name)

        def write(*arguments: Any, **facts: Any) -> Any:
            if refused.count(name) < times:
                refused.append(name)
                raise ExplorerError("The queue cannot be used (database or disk is full).")
            return real(*arguments, **facts)

        monkeypatch.setattr(jobs, name, write)

    full("tell_at_once", 2)
    full("note", 3)
    monkeypatch.setattr(Worker, "_start", lambda *a: None)
    for name, seconds in {"AGAIN": 0.0, "BEAT": 0.0, "LONELY": 0.3}.items():
        monkeypatch.setattr(daemon, name, seconds)
    executor.said.append(Event(task, "done"))
    worker.run()
    assert refused == ["tell_at_once"] * 2 + ["note"] * 3
    answer = jobs.status(task)
    assert answer and answer.state == "done"


def test_a_worker_whose_queue_stays_broken_ends(executor: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **facts: Any) -> None:
        raise ExplorerError("The queue cannot be used (file is not a database).")

    monkeypatch.setattr(jobs, "waiting", broken)
    monkeypatch.setattr(Worker, "_start", lambda *a: None)
    for name, seconds in {"AGAIN": 0.01, "PATIENT": 0.1}.items():
        monkeypatch.setattr(daemon, name, seconds)
    with pytest.raises(ExplorerError, match="not a database"):
        Worker(executor).run()


def test_a_training_whose_machine_is_gone_goes_on_by_itself_a_few_times(executor: StandIn) -> None:
    (task,), worker = queued(1), Worker(executor)
    for times in range(1, TRIES + 1):
        worker._claim()
        heard(worker, Event(task, "lost", words="Its machine is gone."))
        found, answer = runs.read(task.run), jobs.status(task)
        assert found.state == "queued" and found.facts["restarts"] == times and answer and answer.state == "queued"
    with jobs.database() as db:
        assert db.execute("SELECT owner FROM task").fetchone()["owner"] == "Ada", "it is still its owner's"
    worker._claim()
    heard(worker, Event(task, "lost", words="Its machine is gone."))
    found = runs.read(task.run)
    assert found.state == "interrupted" and found.error.startswith(
        f"Its machine is gone. It was resumed automatically {TRIES} times"
    )


def test_a_training_that_was_cancelled_as_its_machine_went_does_not_go_on(executor: StandIn) -> None:
    (task,), worker = queued(1), Worker(executor)
    worker._claim()
    jobs.cancel(task)
    heard(worker, Event(task, "lost", words="Its machine is gone."))
    assert runs.read(task.run).state == "interrupted"
    worker._claim()
    assert not executor.under_way


def test_this_machine_is_an_executor() -> None:
    local: Executor = Local(3)
    assert (local.capacity(), local.free(), [*local.events()], local.handles()) == (3, 3, [], [])


def test_a_cluster_that_cannot_be_joined_is_waited_for_and_auto_takes_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as where it is not installed
    found = []
    for setting in ("ray://10.0.0.7:6379", "auto", "somewhere"):
        monkeypatch.setenv("THAW_EXECUTOR", setting)
        found.append((*_executor(), jobs.trainings_wait()))
    (named, nothing, waits), (auto, *no_words), (none, slip, _) = found
    assert isinstance(named, Waiting) and not nothing and 'pip install ".[ray]"' in waits
    assert isinstance(auto, Local) and no_words == ["", ""]
    assert none is None and slip.startswith("THAW_EXECUTOR is 'somewhere'. Allowed:")


def test_trainings_wait_for_a_cluster_and_begin_once_it_is_there(
    executor: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = [ExplorerError("No Ray cluster could be joined."), executor]

    def connect(address: str) -> Executor:
        found: Any = heads.pop(0)
        if isinstance(found, ExplorerError):
            raise found
        return found

    monkeypatch.setattr(waiting, "AGAIN", -1.0)
    (task,) = queued(1)
    with socket.create_server(("127.0.0.1", 0)) as head:
        there, away = f"127.0.0.1:{head.getsockname()[1]}", "127.0.0.1:1"
        nobody = Waiting(away, connect, "away")
        nobody.prepare()
        assert len(heads) == 2, "nobody answers there, so Ray need not try"
        worker = Worker(Waiting(there, connect, "No Ray cluster yet."))
        worker._watch(0.0)
        worker._claim()
        assert jobs.trainings_wait() == "No Ray cluster yet." and not worker.training and jobs.at_once() == 1
        for why in ("No Ray cluster could be joined.", ""):
            worker.executor.prepare()
            assert jobs.trainings_wait() == why
    worker._claim()
    assert executor.under_way == [task] and worker.executor.capacity() == 2
