"""Trainings for a cluster, without one: what goes out, what a node does with it, what comes back, how an end is judged."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import explorer
from explorer import edits, jobs, machine, recipe, runs
from explorer.errors import ExplorerError
from explorer.recipe import sources
from explorer.runs import elsewhere
from explorer.runs.question import TrainQuestion
from explorer.training.compute import handlers
from explorer.worker import budgets, choosing
from explorer.worker.cluster import node, parcels
from explorer.worker.cluster.executor import SETTLES, Cluster, Flight
from explorer.worker.cluster.job import Job, Parcel, Update
from explorer.worker.cluster.parcels import Shipping, missing, small, unpack
from explorer.worker.cluster.places import Places


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a node, whose processes are this one: what a node sets is as before in the end."""
    root = tmp_path / "node"
    monkeypatch.setenv("THAW_NODE_HOME", str(root))
    before = dict(os.environ)
    yield root / "n1"
    os.environ.clear()
    os.environ.update(before)
    sources.LOCAL_FOLDERS.clear()


class Memory(list[Any]):
    """Ray's memory: what was put, by its number; `got` are the numbers that were fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[int] = []

    def put(self, piece: Any) -> int:
        self.append(piece)
        return len(self) - 1

    def get(self, number: int) -> Any:
        self.got.append(number)
        return self[number]


def job_of(run: str, memory: Memory, **more: Any) -> Job:
    """The job of a run, as the executor makes it."""
    wanted = runs.read(run).recipe
    assert wanted is not None
    found, folders = Shipping(memory.put).parcels(wanted)
    files = elsewhere.packed(run)
    runs.start(run)
    return Job(run, files, version=explorer.__version__, small=small(wanted), parcels=found, folders=folders, **more)


def test_a_run_is_carried_out_in_the_node_s_folder_and_comes_back_file_by_file(
    far: Path, tiny: dict[str, Any], narrow: str, home: Path, tmp_path: Path
) -> None:
    """It learns what it learns on this machine, to the last bit, though the folder that its recipe names is not where it runs."""
    pictures = tmp_path / "pictures"
    shutil.copytree(tiny["data_dir"], pictures)
    wanted = recipe.make(**tiny | {"backbone": narrow, "data_dir": str(pictures)})
    here, there = runs.create(wanted), runs.create(wanted)
    handlers.train(here)
    memory = Memory()
    job = job_of(there, memory)
    pictures.rename(tmp_path / "away")
    said = [*node.carry_out(job, "n1", memory.get)]
    os.environ["THAW_HOME"] = str(home)  # the server's again
    for update in said:
        elsewhere.receive(there, update.files)
    assert said[0].words == "Fetching pictures and weights" and said[-1].ended == "done", said[-1].words
    a, b = runs.read(here), runs.read(there)
    assert (
        b.state == "finished"
        and b.test == a.test
        and [e.train_loss for e in a.epochs] == [e.train_loss for e in b.epochs]
    )
    assert runs.audit(there).clean and not runs.resumable(there)
    for name, tensor in runs.tensors(here, "learned").items():
        assert (tensor == runs.tensors(there, "learned")[name]).all(), name
    assert b.facts["pid"] == os.getpid() and not (far / "runs" / there).exists(), "nothing of a run stays on the node"
    assert memory.got == [*range(len(memory))]
    for parcel in job.parcels:
        unpack(parcel, far, memory.get)
    assert missing(job.parcels, far) == [] and len(memory.got) == len(memory), "pictures are fetched once for each node"


def test_a_folder_goes_by_its_content_and_is_sent_once(tiny: dict[str, Any], tmp_path: Path, far: Path) -> None:
    memory = Memory()
    shipping = Shipping(memory.put)
    first, folders = shipping.parcels(recipe.make(**tiny))
    again, _ = shipping.parcels(recipe.make(**tiny | {"seed": 3}))
    assert first == again and len(memory) == len(first[0].pieces) == 1
    moved = shutil.copytree(tiny["data_dir"], tmp_path / "moved" / Path(tiny["data_dir"]).name)
    (other,), _ = shipping.parcels(recipe.make(**tiny | {"data_dir": str(moved)}))
    assert other.place == first[0].place == folders[tiny["data_dir"]], "the same pictures elsewhere are the same"
    next(moved.rglob("*.png")).write_bytes(b"changed")
    (changed,), _ = shipping.parcels(recipe.make(**tiny | {"data_dir": str(moved)}))
    assert changed.place != other.place
    unpack(first[0], far, memory.get)
    sent = {p.relative_to(tiny["data_dir"]): p.read_bytes() for p in Path(tiny["data_dir"]).rglob("*.png")}
    there = far / first[0].place
    assert {p.relative_to(there): p.read_bytes() for p in there.rglob("*.png")} == sent
    bad = Parcel("folders/x/y", (memory.put([("../outside", 1, b"x")]),))
    with pytest.raises(ExplorerError, match="outside"):
        unpack(bad, far, memory.get)
    assert not (far / "folders" / "x" / "outside").exists()


@pytest.mark.parametrize("weights", ["IMAGENET1K_V1", "matched:IMAGENET1K_V1"])
def test_weights_travel_also_where_only_their_statistics_are_wanted(weights: str) -> None:
    wanted = recipe.make(backbone="squeezenet1_1", weights=weights)
    file = wanted.row.weights_path(weights)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    (parcel,), _ = Shipping(Memory().put).parcels(wanted)
    assert parcel.place == f"torch/hub/checkpoints/{file.name}"


def test_large_sets_travel_in_pieces_and_edits_with_the_run(
    tiny: dict[str, Any], far: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "MOST", 20_000)
    memory = Memory()
    (parcel,), _ = Shipping(memory.put).parcels(recipe.make(**tiny))
    assert len(memory) > 3 and all(len(piece) == 1 or sum(len(c) for *_, c in piece) <= 20_000 for piece in memory)
    unpack(parcel, far, memory.get)
    assert sum(1 for _ in (far / parcel.place).rglob("*.png")) == 42
    changes = edits.Edits("folder", tiny["data_dir"]).changed(("lying/00.png",), split=edits.OUT)
    name = edits.keep(changes)
    assert [*small(recipe.make(**tiny | {"edits": name}))] == [f"edits/{name}.json"]


def test_a_run_computes_on_the_threads_of_its_task_and_stops_in_good_order(
    far: Path, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray's process may have served a smaller task before; its `cancel` raises KeyboardInterrupt in the task's main thread."""
    seen, ended = [], threading.Event()

    def train(run: str, report: Any) -> None:
        torch.set_num_threads(machine.threads())  # as the handler does
        seen.append(torch.get_num_threads())
        try:
            for i in range(1000):
                report(0.5, f"Step {i}")
                time.sleep(0.01)
        finally:
            ended.set()

    monkeypatch.setattr(handlers, "train", train)
    monkeypatch.setattr(node, "EVERY", 0.02)
    torch.set_num_threads(1)
    run = runs.create(recipe.make(**tiny))
    memory = Memory()
    stream: Any = node.carry_out(job_of(run, memory, threads=2), "n1", memory.get)
    while not next(stream).words.startswith("Step"):
        pass
    with pytest.raises(KeyboardInterrupt):
        stream.throw(KeyboardInterrupt())
    assert ended.is_set() and seen == [2] and not (far / "runs" / run).exists()
    torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("settings", "version", "said"),
    [
        ({"THAW_RUN_GB": "0.001"}, explorer.__version__, "GB of memory"),
        ({}, "0.0.1", "Install the same on both"),
    ],
)
def test_what_a_node_will_not_carry_out_is_said(
    settings: dict[str, str], version: str, said: str, far: Path, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(run: str, report: Any) -> None:
        for _ in range(1000):
            report(0.5, "Learning")
            time.sleep(0.01)

    monkeypatch.setattr(handlers, "train", train)
    monkeypatch.setattr(node, "EVERY", 0.02)
    memory = Memory()
    job = job_of(runs.create(recipe.make(**tiny)), memory, settings=settings)
    job = replace(job, version=version)
    *_, last = node.carry_out(job, "n1", memory.get)
    assert last.ended == "failed" and said in last.words


@pytest.mark.parametrize(
    ("nodes", "settings", "trainings", "threads", "gpus"),
    [
        ([], {}, 0, 1, 0.0),
        ([{"CPU": 2.0}], {}, 1, 2, 0.0),
        ([{"CPU": 16.0}, {"CPU": 6.0}, {}], {}, 5, 4, 0.0),
        ([{"CPU": 16.0}, {"CPU": 6.0}], {"THAW_THREADS": "1"}, 22, 1, 0.0),
        ([{"CPU": 16.0}], {"THAW_SLOTS": "2"}, 2, 4, 0.0),
        ([{"CPU": 16.0, "GPU": 1.0}, {"CPU": 16.0}], {}, 2, 4, 0.5),
        ([{"CPU": 4.0, "GPU": 8.0}], {}, 1, 4, 0.5),
    ],
)
def test_a_cluster_has_as_many_places_as_its_nodes_have_room_for(
    nodes: list[dict[str, float]],
    settings: dict[str, str],
    trainings: int,
    threads: int,
    gpus: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("THAW_THREADS", raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    places = Places(nodes)
    assert (places.trainings, places.threads, places.gpus) == (trainings, threads, gpus)


class RayError(Exception):
    """Ray's own, and of it the kinds that are judged."""


KINDS = ("NodeDiedError", "ObjectLostError", "OutOfMemoryError", "WorkerCrashedError", "RayTaskError")
ERRORS = SimpleNamespace(RayError=RayError, **{name: type(name, (RayError,), {}) for name in KINDS})


class RemoteFunction:
    """What Ray makes of a function; `submitted` on Ray notes how each task was."""

    def __init__(self, ray: "Ray", how: dict[str, Any]) -> None:
        self.ray, self.how = ray, how

    def options(self, **more: Any) -> "RemoteFunction":
        return RemoteFunction(self.ray, self.how | more)

    def remote(self, job: Job) -> Any:
        self.ray.submitted.append(self.how)
        return iter(())


class Ray:
    """What the executor asks of Ray; `says` are the updates and errors of the one task."""

    exceptions = ERRORS

    def __init__(self, *says: Any) -> None:
        self.says, self.cancelled, self.dead = list(says), [], False
        self.submitted: list[dict[str, Any]] = []
        self.lends = {"CPU": 2.0}

    def put(self, piece: Any) -> Any:
        return piece

    def remote(self, **how: Any) -> Any:
        return lambda function: RemoteFunction(self, how)

    def nodes(self) -> list[dict[str, Any]]:
        return [{"NodeID": "n1", "Alive": not self.dead, "Resources": self.lends}]

    def wait(self, streams: Any, **_: Any) -> tuple[Any, Any]:
        return (streams, []) if self.says else ([], streams)

    def get(self, said: Any) -> Any:
        if isinstance(said, Exception):
            raise said
        return said

    def cancel(self, stream: Any, force: bool) -> None:
        self.cancelled.append(force)

    def shutdown(self) -> None: ...


def flying(ray: Ray, task: TrainQuestion) -> tuple[Cluster, Flight]:
    """A cluster on which the task was submitted."""
    cluster = Cluster(ray)
    sent: Future[Any] = Future()

    class Stream:
        def __next__(self) -> Any:
            return ray.says.pop(0)

    sent.set_result(Stream())
    cluster._flights[task] = flight = Flight(task, time.monotonic(), sent, node="n1")
    return cluster, flight


def begun() -> TrainQuestion:
    run = jobs.train(recipe.make())
    runs.start(run)
    return TrainQuestion(run=run)


@pytest.mark.parametrize(
    ("error", "cancelled", "node_dead", "kind", "words"),
    [
        ("NodeDiedError", False, True, "lost", "is gone"),
        ("ObjectLostError", False, True, "lost", "is gone"),
        ("WorkerCrashedError", False, True, "lost", "is gone"),
        ("WorkerCrashedError", False, False, "died", "ended unexpectedly"),
        ("OutOfMemoryError", False, False, "died", "ran out of memory"),
        ("RayTaskError", False, False, "failed", "RayTaskError: no module"),
        ("RayTaskError", True, False, "stopped", ""),
        ("NodeDiedError", True, True, "stopped", ""),
    ],
)
def test_an_end_is_judged_by_what_ray_says(error: str, cancelled: bool, node_dead: bool, kind: str, words: str) -> None:
    task = begun()
    ray = Ray(Update("n1", 0.5, "Epoch 1"), getattr(ERRORS, error)("no module"))
    cluster, flight = flying(ray, task)
    ray.dead = node_dead
    if cancelled:
        cluster.cancel(task)
        cluster.cancel(task)
        assert ray.cancelled == [False], "Ray is told once"
    said = [*cluster.events()]
    if error == "WorkerCrashedError":
        assert len(said) == 1, "whether its node died too is known a moment later"
        flight.crashed -= SETTLES + 1
        said += cluster.events()
    assert said[0].kind == "progress" and said[0].words == "Epoch 1"
    assert (said[-1].kind, len(said), cluster._flights) == (kind, 2, {}) and words in said[-1].words
    assert runs.read(task.run).state == ("failed" if kind == "failed" else "running"), "the worker writes the rest"


def test_a_run_that_does_not_stop_or_hangs_is_killed_and_a_worker_that_ends_gives_its_runs_back() -> None:
    task, ray = begun(), Ray()
    cluster, flight = flying(ray, task)
    assert [*cluster.events()] == [] and ray.cancelled == []
    flight.heard -= budgets.SILENT + 1
    assert [*cluster.events()] == [] and [*cluster.events()] == [] and ray.cancelled == [True]
    ray.says.append(ERRORS.RayTaskError())
    (event,) = cluster.events()
    assert event.kind == "died" and "no sign of life" in event.words
    cluster, flight = flying(ray, task)
    cluster.cancel(task)
    flight.stopping -= 2 * budgets.OBEYS + 1
    assert [*cluster.events()] == [] and ray.cancelled == [True, False, True]
    cluster.close()
    assert runs.read(task.run).state == "interrupted"
    assert jobs.claim("train") == task and jobs.clear_lost("The worker ended.") == 1
    assert runs.read(task.run).state == "queued", "the next worker goes on with it"


@pytest.mark.parametrize(
    ("lends", "device", "gpus", "calls"),
    [
        ({"CPU": 8.0}, "auto", 0, 25),
        ({"CPU": 8.0, "GPU": 1.0}, "auto", 0.5, 1),
        ({"CPU": 8.0, "GPU": 1.0}, "cpu", 0, 25),
    ],
)
def test_a_run_takes_a_share_of_a_gpu_where_there_is_one_and_a_process_to_itself_then(
    lends: dict[str, float], device: str, gpus: float, calls: int
) -> None:
    """A process that used a GPU holds memory there until it ends."""
    ray = Ray()
    ray.lends = lends
    cluster, task = Cluster(ray), TrainQuestion(run=jobs.train(recipe.make(device=device)))
    assert cluster.free() > 0
    cluster.submit(task)
    cluster._flights[task].sent.result(60)
    (how,) = ray.submitted
    assert (how["num_gpus"], how["max_calls"], how["num_cpus"]) == (gpus, calls, 1)
    assert how["num_returns"] == "streaming" and how["max_retries"] == 0 and runs.read(task.run).state == "running"


def test_a_run_cancelled_while_it_is_packed_is_cancelled_once_it_was_sent() -> None:
    task, ray = begun(), Ray()
    cluster, flight = flying(ray, task)
    sent, flight.sent = flight.sent, Future()
    cluster.cancel(task)
    assert [*cluster.events()] == [] and ray.cancelled == []
    flight.sent = sent
    assert [*cluster.events()] == [] and ray.cancelled == [False]


def test_a_run_of_which_all_came_back_is_done_though_its_node_died_then() -> None:
    task = begun()
    ray = Ray(Update("n1", 1.0, "Scoring", {"run.json": b'{"state": "finished"}'}), ERRORS.NodeDiedError())
    cluster, _ = flying(ray, task)
    assert cluster.capacity() == 2
    assert [event.kind for event in cluster.events()] == ["progress", "done"]
    assert cluster.capacity() == 0, "a node found dead has no places, though Ray still lists it"
    assert runs.read(task.run).state == "finished"


def test_a_run_deleted_meanwhile_is_ended() -> None:
    task = begun()
    ray = Ray(Update("n1", 0.5, "Epoch 1", {"epochs.jsonl": b"{}\n"}))
    cluster, _ = flying(ray, task)
    runs.delete(task.run)
    (event,) = cluster.events()
    assert event.kind == "failed" and "no run" in event.words and ray.cancelled == [True]


@pytest.mark.parametrize(
    ("given", "setting"), [("", "local"), ("auto", "auto"), ("ray://10.0.0.7:6379", "10.0.0.7:6379")]
)
def test_the_executor_is_a_setting(given: str, setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_EXECUTOR", given)
    assert choosing.setting() == setting
    for wrong in ("ray", "ray://", "ray://head", "kubernetes"):
        monkeypatch.setenv("THAW_EXECUTOR", wrong)
        with pytest.raises(ExplorerError, match="Allowed: local"):
            choosing.setting()
