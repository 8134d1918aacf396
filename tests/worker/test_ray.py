"""A real Ray cluster of two nodes on this machine: a race on it, one node killed, and the numbers are those of one machine."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer import jobs, recipe, runs
from explorer.answers import save
from explorer.looks.images.question import GalleryQuestion, SeeQuestion
from explorer.looks.projection.question import ProjectQuestion, SeparationQuestion
from explorer.looks.similarity.question.stages import CompareQuestion
from explorer.question import Question
from explorer.runs.question import TrainQuestion
from explorer.training.compute import handlers
from explorer.worker.cluster import executor
from explorer.worker.daemon import Worker
from explorer.worker.handlers import answer

pytest.importorskip("ray", reason='Ray is not installed (pip install ".[ray]")')

pytestmark = [pytest.mark.long(45), pytest.mark.filterwarnings("ignore")]  # Ray's own warnings are not ours

PATIENCE = 150.0  # seconds; a busy machine is slow, and only a cluster that hangs should fail


@pytest.fixture
def nodes(
    request: pytest.FixtureRequest, tmp_path: Path, own_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A head that computes nothing, and two nodes (or as many as the test says) of one processor each, whose folders are not the
    server's."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("THAW_NODE_HOME", str(tmp_path / "nodes"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    small = {"object_store_memory": 100_000_000, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=small | {"num_cpus": 0})
    for _ in range(getattr(request, "param", 2)):
        cluster.add_node(num_cpus=1, **small)
    yield cluster
    cluster.shutdown()


def serve(worker: Worker, what: str, until: Callable[[], Any]) -> None:
    """The worker's loop without its looks, until something is so."""
    end, watched = time.monotonic() + PATIENCE, 0.0
    while not until():
        assert time.monotonic() < end, f"{what}: not within {PATIENCE} s"
        if time.monotonic() - watched > 1:
            watched = time.monotonic()
            worker._watch(watched)
        worker._claim()
        worker._stop_unwanted(time.monotonic())
        worker._listen()


def numbers(run: runs.Run) -> list[Any]:
    """What a run measured, without its times."""
    return [run.test, run.balanced, *((e.epoch, e.train_loss, e.val_loss, e.train, e.val) for e in run.epochs)]


def test_a_race_goes_on_when_a_node_dies_with_the_numbers_of_one_machine(
    nodes: Any, tiny: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = tiny | {"backbone": "squeezenet1_1", "strategy": "last_stage", "epochs": 3}
    plans = [recipe.make(**choices | {"epochs": 40, "seed": seed}) for seed in (0, 1)]
    plans += [recipe.make(**choices | {"seed": 2}), recipe.make(**choices | {"strategy": "linear_probe"})]
    monkeypatch.setattr(executor, "RUNS_A_PROCESS", 3)  # a node's second process goes on where the first ended
    cluster = executor.connect(nodes.address)
    try:
        worker = Worker(cluster)
        race = [jobs.train(plan, race="race") for plan in plans]
        serve(worker, "a checkpoint came back", lambda: runs.resumable(race[0]))
        assert jobs.at_once() == 2 and runs.read(race[0]).state == "running" and runs.read(race[3]).state == "queued"
        hit = cluster._flights[TrainQuestion(run=race[0])].node
        (dying,) = (one for one in nodes.worker_nodes if one.node_id == hit)
        nodes.remove_node(dying, allow_graceful=False)
        serve(worker, "the death is seen", lambda: runs.read(race[0]).facts.get("restarts"))
        serve(worker, "all end", lambda: all(runs.read(run).state == "finished" for run in race))
        assert jobs.at_once() == 1 and len([*(tmp_path / "nodes").iterdir()]) == 2, "both had some"
        assert "Resumed after epoch" in runs.read(race[0]).facts["note"], "from its checkpoint"
        long = jobs.train(recipe.make(**choices | {"epochs": 500}))
        serve(worker, "it begins", lambda: runs.read(long).epochs)
        jobs.cancel(TrainQuestion(run=long))
        serve(worker, "it stops", lambda: runs.read(long).state == "stopped")
        assert not runs.read(long).error and not worker._busy()
    finally:
        cluster.close()
    for plan, run in zip(plans, race, strict=True):
        here = runs.create(plan)
        handlers.train(here)
        assert numbers(runs.read(here)) == numbers(runs.read(run)), plan.title
        assert runs.audit(run).clean and jobs.status(TrainQuestion(run=run)).state == "done"


@pytest.mark.parametrize("nodes", [1], indirect=True)
def test_looks_are_answered_on_a_node_too_and_here_where_it_dies(
    nodes: Any, tiny: dict[str, Any], tmp_path: Path
) -> None:
    """The worker has no looking process here, so what is answered came from the node: the answers of this machine, to the last
    bit, though pictures and runs travelled."""
    wanted = recipe.make(**tiny | {"backbone": "squeezenet1_1", "strategy": "last_stage", "epochs": 1})
    a, b = (runs.create(one) for one in (wanted, wanted.model_copy(update={"seed": 1})))
    for run in (a, b):
        handlers.train(run)
    quick: list[Question[Any]] = [CompareQuestion(a=a, b=b), SeparationQuestion(run=a), GalleryQuestion(run=b)]
    picture = SeeQuestion(a=a, b=b, image="0" * 32)
    cluster = executor.connect(nodes.address)
    try:
        worker, lookers = Worker(cluster), cluster.lookers
        assert lookers is not None
        serve(worker, "the node answers looks", lambda: cluster.capacity() and lookers.free())
        for question in (*quick, picture):
            jobs.result(question)
        serve(worker, "all are answered", lambda: all(jobs.status(question).state == "done" for question in quick))
        assert jobs.status(picture).state == "queued" and not worker.abroad.busy(), "it stays here"
        came = [question.path.read_bytes() for question in quick]
        slow = ProjectQuestion(a=a, b=b)
        jobs.result(slow)
        serve(worker, "the map is under way", lambda: jobs.status(slow).progress)
        jobs.cancel(slow)
        serve(worker, "it is ended", lambda: jobs.status(slow).state == "cancelled")
        serve(worker, "another process is there", lambda: cluster.capacity() and lookers.free())
        again = ProjectQuestion(a=a, b=b, seed=1)
        jobs.result(again)
        serve(worker, "the next is under way", lambda: jobs.status(again).progress)
        nodes.remove_node(nodes.worker_nodes.copy().pop(), allow_graceful=False)
        serve(worker, "it waits for this machine", lambda: jobs.status(again).state == "queued")
    finally:
        cluster.close()
    for question, there in zip(quick, came, strict=True):
        save(answer(question, lambda *_: None), question.path)
        assert question.path.read_bytes() == there, question.name()
