"""Looks for a cluster, without one: what goes out, what a node does with it, and what comes back."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from explorer import jobs, recipe, runs
from explorer.answers import save
from explorer.jobs import permission, turns
from explorer.jobs.wishes import wish
from explorer.looks.images.question import GalleryQuestion, SeeQuestion
from explorer.looks.projection.question import ProjectQuestion, SeparationQuestion
from explorer.looks.similarity.question.stages import CompareQuestion
from explorer.question import Question, every
from explorer.recipe import sources
from explorer.training.compute import handlers
from explorer.training.question import AnatomyQuestion
from explorer.worker import handlers as answering
from explorer.worker.cluster import looker
from explorer.worker.cluster.job import Ask, LookUpdate
from explorer.worker.cluster.looker import Looker
from explorer.worker.cluster.looking import Lookers
from explorer.worker.daemon import Worker
from explorer.worker.local import Local


class RayError(Exception):
    """Ray's own."""


class Handle:
    """An actor as Ray shows it, in this process; `says` is what it says instead of an answer."""

    def __init__(self, ray: "Ray", node: str) -> None:
        self.asked: list[Ask] = []
        self.dead, self.says = False, list[Any]()
        self.ready = SimpleNamespace(remote=lambda: True)
        self.answer = SimpleNamespace(options=lambda **_: SimpleNamespace(remote=self.stream))
        self._ray, self._node = ray, node

    def stream(self, ask: Ask) -> Iterator[Any]:
        self.asked.append(ask)
        return iter(self.says) if self.says else self.looked(ask)

    def looked(self, ask: Ask) -> Iterator[LookUpdate]:
        """What a node's process does, in the node's folder; the server's is back afterwards."""
        before = dict(os.environ)
        try:
            said = list(Looker(self._node, self._ray.objects.__getitem__).answer(ask))
        finally:
            os.environ.clear()
            os.environ.update(before)
            sources.LOCAL_FOLDERS.clear()
        yield from said


class Ray:
    """What the lookers ask of Ray."""

    exceptions = SimpleNamespace(RayError=RayError)

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.actors: list[Handle] = []

    def start(self, node: str) -> Handle:
        self.actors.append(Handle(self, node))
        return self.actors[-1]

    def put(self, piece: Any) -> int:
        self.objects.append(piece)
        return len(self.objects) - 1

    def wait(self, some: list[Any], **_: Any) -> tuple[Any, Any]:
        return some, []

    def get(self, said: Any) -> Any:
        if isinstance(said, Exception):
            raise said
        return said

    def kill(self, handle: Handle) -> None:
        handle.dead = True


@pytest.fixture
def ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ray:
    monkeypatch.setenv("THAW_NODE_HOME", str(tmp_path / "node"))
    monkeypatch.setattr(looker, "loading", lambda: ())
    monkeypatch.setattr(looker, "EVERY", 0.01)
    return Ray()


@pytest.fixture
def worker(ray: Ray) -> Worker:
    """A worker with two nodes, the first of which it is on itself."""
    executor: Any = Local(1)
    executor.lookers = Lookers(ray, ray.start, "n1")
    executor.lookers.follow(["n1", "n2"])
    return Worker(executor)


def turn(worker: Worker) -> None:
    worker._claim()
    for actor in worker.executor.lookers._actors.values():
        if actor.asked is not None:
            actor.sent.exception(10)
    worker._stop_unwanted(0.0)
    worker._listen()


def state(question: Question[Any]) -> str:
    found = jobs.status(question)
    assert found is not None
    return found.state


def pair(tiny: dict[str, Any], narrow: str, tmp_path: Path) -> tuple[str, str]:
    """Two finished runs on pictures in a folder that is theirs."""
    pictures = tmp_path / "pictures"
    shutil.copytree(tiny["data_dir"], pictures)
    wanted = recipe.make(
        **tiny | {"backbone": narrow, "data_dir": str(pictures), "strategy": "last_stage", "epochs": 1}
    )
    a, b = (runs.create(one) for one in (wanted, wanted.model_copy(update={"seed": 1})))
    handlers.train(a)
    handlers.train(b)
    return a, b


def test_a_node_gives_the_answers_of_this_machine(
    worker: Worker, ray: Ray, tiny: dict[str, Any], narrow: str, tmp_path: Path
) -> None:
    """To the last bit, though the folder that the recipe names is not there any more where it looks."""
    a, b = pair(tiny, narrow, tmp_path)
    asked: list[Question[Any]] = [CompareQuestion(a=a, b=b), SeparationQuestion(run=a), GalleryQuestion(run=b)]
    assert [actor._node for actor in ray.actors] == ["n2"] and worker.abroad.capacity() == 1
    for question in asked:
        jobs.result(question)
        turn(worker)
        assert state(question) == "done", question.name()
    came = [question.path.read_bytes() for question in asked]
    assert not worker.abroad.busy() and len(ray.actors[0].asked) == 3
    assert {*ray.actors[0].asked[0].runs} == {a, b}
    for question, there in zip(asked, came, strict=True):
        save(answering.answer(question, lambda *_: None), question.path)
        assert question.path.read_bytes() == there, question.name()


def test_a_visitor_s_own_picture_and_what_is_no_look_stay_here(worker: Worker, ray: Ray) -> None:
    own = SeeQuestion(a="a", b="b", image="0" * 32)
    anatomy = AnatomyQuestion(backbone="resnet18", pixels=64)
    for question in (own, anatomy):
        jobs.result(question)
        turn(worker)
        assert state(question) == "queued"
    assert not ray.actors[0].asked and not worker.abroad.busy()
    assert jobs.claim("look") == own, "the worker's own process takes it as ever"


@pytest.mark.parametrize("said", [RayError("the node died"), LookUpdate(1.0, "no such run", ended=True)])
def test_what_a_node_does_not_answer_is_answered_here(
    said: Any, worker: Worker, ray: Ray, tiny: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    run = runs.create(recipe.make(**tiny))
    question = GalleryQuestion(run=run)
    ray.actors[0].says = [said]
    jobs.result(question)
    turn(worker)
    turn(worker)
    assert state(question) == "queued" and len(ray.actors[0].asked) == 1, "no node is asked a second time"
    assert caplog.messages == [
        f"a look is answered here, since a node did not: {said if isinstance(said, RayError) else said.words}"
    ]
    assert jobs.claim("look") == question
    lost = isinstance(said, RayError)
    assert ray.actors[0].dead == lost and worker.abroad.capacity() == (0 if lost else 1)
    worker.executor.lookers.follow(["n1", "n2"])
    assert len(ray.actors) == 1, "a node whose process died has a minute"


def test_a_run_that_is_gone_is_told_by_the_worker_s_own_process(worker: Worker, ray: Ray) -> None:
    question = GalleryQuestion(run="gone")
    jobs.result(question)
    turn(worker)
    assert state(question) == "queued" and not ray.actors[0].asked and worker.abroad.capacity() == 1


@pytest.mark.parametrize("why", ["cancelled", "late", "nobody waits"])
def test_a_look_is_ended_with_its_process_and_another_takes_its_place(
    why: str, worker: Worker, ray: Ray, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = ProjectQuestion(a=(run := runs.create(recipe.make(**tiny))), b=run)
    ray.actors[0].says = [LookUpdate(0.25, "Fitting")]
    monkeypatch.setattr(
        ray, "wait", lambda some, **_: (some, []) if some == [True] or ray.actors[0].says else ([], some)
    )
    jobs.result(question)
    worker._claim()
    worker.executor.lookers._actors["n2"].sent.exception(10)
    ray.actors[0].says.clear()
    assert worker.abroad.busy() and state(question) == "running"
    now = 0.0
    if why == "cancelled":
        jobs.cancel(question)
    elif why == "late":
        now = 1e9
    else:
        wish(question.key, "Ada")
        with jobs.database() as db:
            db.execute("UPDATE wish SET at = 0")
        worker._watch(now)
    worker._stop_unwanted(now)
    found = jobs.status(question)
    assert ray.actors[0].dead and not worker.abroad.busy()
    if why == "nobody waits":
        assert found is None, "who comes back asks anew"
    else:
        assert found is not None and found.state == ("cancelled" if why == "cancelled" else "failed")
        assert ("longer than 300 seconds" in found.error) == (why == "late")
    worker.executor.lookers.follow(["n1", "n2"])
    assert len(ray.actors) == 2 and worker.abroad.capacity() == 1


def test_the_queue_counts_what_nodes_answer(worker: Worker) -> None:
    worker._watch(0.0)
    with jobs.database() as db:
        assert [turns.at_once(db, lane) for lane in ("train", "look", "map", "arrive")] == [1, 2, 2, 1]


def test_a_node_of_another_version_says_so(ray: Ray) -> None:
    (said,) = ray.start("n2").looked(Ask("gallery", "{}", version="0.0.1"))
    assert said.ended and not said.answer and "0.0.1" in said.words


def test_of_many_runs_the_latest_stay_on_a_node(ray: Ray, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(looker, "KEPT", 2)
    monkeypatch.setenv("THAW_HOME", str(tmp_path))
    here = Looker("n2", ray.objects.__getitem__)
    for i in range(4):
        (here.home / "folders" / f"{i}" / f"run{i}").mkdir(parents=True)
        here._show({f"run{i}": f"folders/{i}/run{i}"})
        os.utime(here.home / "runs" / f"run{i}", (i, i), follow_symlinks=False)
    assert sorted(path.name for path in (here.home / "runs").iterdir()) == ["run2", "run3"]
    assert sorted(path.name for path in (here.home / "folders").glob("*/*")) == ["run2", "run3"]


def test_nodes_come_and_go(ray: Ray) -> None:
    lookers = Lookers(ray, ray.start, "n1")
    lookers.follow(["n2", "n3"])
    assert (lookers.capacity(), lookers.free()) == (2, 2)
    lookers.follow(["n3"])
    assert lookers.capacity() == 1
    lookers.close()
    assert lookers.capacity() == 0 and ray.actors[1].dead


def test_what_nodes_may_be_asked_names_all_that_it_reads() -> None:
    """Runs, recipes and numbers of images; folders, batches and sets of the server would not be found there."""
    for name in Lookers(Ray(), lambda node: None, "n1").names():
        fields = every()[name].model_fields
        assert {"recipe", *permission.RUNS} & {*fields}, name
        assert not ({*permission.CHECKS} - {"image"}) & {*fields}, name
