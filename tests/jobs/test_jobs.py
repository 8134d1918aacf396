"""The queue: equal questions share an answer, owners take turns, a dead worker's work is named lost."""

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from explorer import evidence, jobs, question, recipe, runs
from explorer.answers import save
from explorer.errors import ExplorerError
from explorer.jobs.recovering import TRIES
from explorer.looks.attribution.question.maps import AttributeQuestion
from explorer.looks.images.question import GalleryQuestion, MovementQuestion
from explorer.looks.projection.question import ProjectQuestion
from explorer.looks.similarity.question.stages import CompareQuestion
from explorer.question import Question
from explorer.runs.question import TrainQuestion
from explorer.training.question import FindRatesQuestion


@pytest.fixture(autouse=True)
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time that goes on by one second with each look, so that nothing is ever at the same time."""

    def clock() -> Iterator[float]:
        now = 1_800_000_000.0
        while True:
            yield (now := now + 1)

    ticks = clock()
    monkeypatch.setattr(time, "time", lambda: next(ticks))


def test_equal_questions_have_one_key_whatever_the_order_of_their_arguments() -> None:
    one, same = CompareQuestion(a="x", b="y"), CompareQuestion(b="y", a="x")
    assert one == same and one.key == same.key and one.path == same.path
    keys = {one.key, CompareQuestion(a="y", b="x").key, MovementQuestion(a="x", b="y").key}
    assert len(keys) == 3 and all(len(key) == 32 for key in keys)


def test_a_key_holds_the_version_of_the_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    old = GalleryQuestion(run="x").key
    monkeypatch.setattr("explorer.question.VERSION", question.VERSION + 1)
    assert GalleryQuestion(run="x").key != old


def test_a_revision_renews_the_answers_to_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if by VERSION, but those to no other question: what ships with Thaw stays as it is."""
    old, other = GalleryQuestion(run="x").key, CompareQuestion(a="x", b="y").key
    monkeypatch.setattr(GalleryQuestion, "revision", GalleryQuestion.revision + 1)
    assert GalleryQuestion(run="x").key != old and CompareQuestion(a="x", b="y").key == other


@pytest.mark.parametrize(
    ("task", "lane"),
    [
        (TrainQuestion(run="x"), "train"),
        (ProjectQuestion(a="x", b="y", method="umap"), "map"),
        (ProjectQuestion(a="x", b="y", method="pca"), "look"),
        (GalleryQuestion(run="x"), "look"),
        (FindRatesQuestion(recipe=recipe.make()), "map"),
        (AttributeQuestion(a="x", b="y", image=0, target="t"), "look"),
        (AttributeQuestion(a="x", b="y", image=0, target="t", method="integrated_gradients"), "map"),
    ],
)
def test_each_task_has_its_lane(task: Question[Any], lane: str) -> None:
    assert task.lane == lane


def test_a_question_is_queued_once_claimed_once_and_answered_from_its_file() -> None:
    task = GalleryQuestion(run="x")
    assert jobs.status(task) is None
    assert jobs.result(task, "me").state == "queued" and jobs.result(task, "you").state == "queued"
    assert jobs.claim("train") is None and jobs.claim("map") is None
    assert jobs.claim("look") == task and jobs.claim("look") is None
    jobs.note(task, progress=0.5, message="half")
    answer = jobs.status(task)
    assert answer is not None
    assert (answer.state, answer.progress, answer.message, answer.waiting) == ("running", 0.5, "half", True)
    save(evidence.Score(2, 1), task.path)
    jobs.note(task, state="done")
    assert jobs.result(task).state == "done" and jobs.result(task).value() == evidence.Score(2, 1)


def test_a_result_that_was_trimmed_away_is_computed_again() -> None:
    task = GalleryQuestion(run="x")
    jobs.result(task)
    jobs.claim("look")
    jobs.note(task, state="done")
    assert jobs.result(task).state == "queued"


def test_a_failure_stays_until_somebody_retries() -> None:
    task = GalleryQuestion(run="x")
    jobs.result(task)
    jobs.claim("look")
    jobs.note(task, state="failed", error="no such picture")
    answer = jobs.result(task)
    assert (answer.state, answer.error, answer.waiting) == ("failed", "no such picture", False)
    answer = jobs.result(task, retry=True)
    assert (answer.state, answer.error) == ("queued", "")


def test_a_retry_leaves_what_waits_or_runs_alone() -> None:
    task = GalleryQuestion(run="x")
    jobs.result(task)
    jobs.claim("look")
    assert jobs.result(task, retry=True).state == "running"


def test_ahead_counts_the_lane_only() -> None:
    tasks = [GalleryQuestion(run=str(i)) for i in range(3)]
    jobs.result(TrainQuestion(run="other lane"))
    assert [jobs.result(task).ahead for task in tasks] == [0, 1, 2]
    jobs.claim("look")
    assert [jobs.result(task).ahead for task in tasks] == [0, 1, 2]


def test_owners_take_turns() -> None:
    for owner, n in (("many", 4), ("few", 2), ("late", 1)):
        for i in range(n):
            jobs.result(GalleryQuestion(run=f"{owner}{i}"), owner)
    served = []
    while (task := jobs.claim("look")) is not None:
        served.append(task.run)
        jobs.note(task, state="failed")
    assert served == ["many0", "few0", "late0", "many1", "few1", "many2", "many3"]


def test_who_has_nothing_running_goes_first() -> None:
    for name in ("a1", "a2", "a3", "b1", "b2"):
        jobs.result(GalleryQuestion(run=name), owner=name[0])
    claimed = [jobs.claim("look").run for _ in range(4)]
    assert claimed == ["a1", "b1", "a2", "b2"]  # both stay running
    jobs.note(GalleryQuestion(run="b1"), state="failed")
    jobs.result(GalleryQuestion(run="b3"), "b")
    assert jobs.claim("look").run == "b3"


def test_two_claimers_never_get_the_same_task() -> None:
    wanted = {GalleryQuestion(run=str(i)) for i in range(24)}
    for task in wanted:
        jobs.result(task)
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: jobs.claim("look"), range(30)))
    assert sorted(t.key for t in claimed if t) == sorted(t.key for t in wanted)


def test_many_may_find_the_folder_empty_at_once(home: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda i: jobs.result(GalleryQuestion(run=str(i))).state, range(16)))
    assert states == ["queued"] * 16
    with jobs.database() as db:
        assert db.execute("SELECT count(*) FROM task").fetchone()[0] == 16
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_what_a_crash_left_of_an_unfinished_queue_is_no_obstacle(home: Path) -> None:
    home.mkdir()
    (home / ".state.db.part").write_bytes(b"half")
    assert jobs.alive().state == "gone"


@pytest.mark.parametrize("content", [b"", b"this is not a database, it is far too long a text for one" * 99])
def test_a_damaged_queue_is_told_in_words(home: Path, content: bytes) -> None:
    home.mkdir()
    (home / "state.db").write_bytes(content)
    with pytest.raises(ExplorerError, match=r"state\.db cannot be used.*delete the file"):
        jobs.alive()


def test_a_folder_that_cannot_be_made_is_told_in_words(home: Path) -> None:
    home.write_text("a file stands where the folder should be")
    with pytest.raises(ExplorerError, match="THAW_HOME"):
        jobs.result(GalleryQuestion(run="x"))


def test_a_full_disk_is_told_in_words() -> None:
    with pytest.raises(ExplorerError, match="disk is full.*Free some space"), jobs.database():
        raise sqlite3.OperationalError("database or disk is full")


def test_a_run_is_there_at_once_and_stops_at_once_while_it_waits() -> None:
    run = jobs.train(recipe.make(), "me")
    assert runs.read(run).state == "queued"
    jobs.cancel(TrainQuestion(run=run))
    assert runs.read(run).state == "stopped"
    assert jobs.status(TrainQuestion(run=run)).state == "cancelled"
    assert jobs.claim("train") is None


def test_what_runs_is_only_asked_to_end() -> None:
    run = jobs.train(recipe.make())
    task = jobs.claim("train")
    assert task == TrainQuestion(run=run) and jobs.cancelled() == set()
    jobs.cancel(task)
    assert jobs.cancelled() == {task.key}
    assert jobs.status(task).state == "running"
    assert runs.read(run).state == "queued"


def test_to_cancel_what_nobody_asked_is_no_fault() -> None:
    jobs.cancel(GalleryQuestion(run="x"))
    jobs.cancel(TrainQuestion(run="x"))


def test_what_a_dead_worker_left_is_named_lost_and_its_run_goes_on_a_few_times() -> None:
    look, waiting = GalleryQuestion(run="x"), GalleryQuestion(run="y")
    run = jobs.train(recipe.make())
    jobs.result(look)
    jobs.claim("train"), jobs.claim("look")
    jobs.result(waiting)
    assert jobs.clear_lost("It died.") == 2
    assert jobs.clear_lost("It died.") == 0
    assert (jobs.status(look).state, jobs.status(look).error) == ("failed", "It died.")
    assert jobs.status(waiting).state == "queued"
    for times in range(1, TRIES + 1):
        found = runs.read(run)
        assert (found.state, found.error, found.facts["restarts"]) == ("queued", "", times)
        assert jobs.claim("train") == TrainQuestion(run=run)
        assert jobs.clear_lost("It died.") == 1
    found = runs.read(run)
    assert found.state == "interrupted" and f"It died. It was resumed automatically {TRIES} times" in found.error
    jobs.resume(run)
    assert runs.read(run).facts["restarts"] == 0, "who asks for it gives it as many tries again"
    jobs.claim("train")
    jobs.cancel(TrainQuestion(run=run))
    assert jobs.clear_lost("It died.") == 1 and runs.read(run).state == "stopped", "what was to end does not go on"


def test_a_lost_run_that_was_deleted_or_damaged_does_not_stop_the_others() -> None:
    gone, damaged, whole = (jobs.train(recipe.make(seed=i)) for i in range(3))
    for _ in range(3):
        jobs.claim("train")
    runs.delete(gone)
    (runs.folder(damaged) / "run.json").write_text("{")
    assert jobs.clear_lost("It died.") == 3
    assert runs.read(whole).state == "queued"


def test_a_worker_is_gone_after_a_while_without_a_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    assert jobs.alive() == jobs.Beat("gone")
    jobs.beat("worker", "warming", started=True)
    jobs.beat("worker")
    assert (jobs.alive().state, jobs.alive().starts, jobs.alive().pid) == ("ready", 1, os.getpid())
    jobs.beat("worker", "warming", started=True)
    assert jobs.alive().starts == 2 and jobs.alive("server").state == "gone"
    monkeypatch.setattr("explorer.jobs.workers.STALE", 0.0)
    assert jobs.alive().state == "gone" and jobs.alive().age > 0


def test_no_second_worker_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: pytest.fail("a second worker was started"))
    with jobs.worker_lock():
        assert jobs.ensure_worker() is None


def test_trim_keeps_the_latest_results_and_forgets_old_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [GalleryQuestion(run=str(i)) for i in range(4)]
    for i, task in enumerate(tasks):
        jobs.result(task)
        task.path.parent.mkdir(exist_ok=True)
        task.path.write_bytes(b"x" * 100)
        os.utime(task.path, (i, i))
    jobs.trim(limit=250)
    assert [task.path.is_file() for task in tasks] == [False, False, True, True]
    jobs.note(tasks[0], state="failed", finished=time.time() - 15 * 86400)
    jobs.note(tasks[1], state="failed", finished=time.time() - 13 * 86400)
    jobs.trim()
    assert [jobs.status(task) is None for task in tasks[:2]] == [True, False]


def test_what_another_version_asked_fails_in_words() -> None:
    jobs.result(GalleryQuestion(run="x"))
    with jobs.database() as db:
        db.execute("UPDATE task SET name = 'seen_long_ago'")
    assert jobs.claim("look") is None
    with jobs.database() as db:
        row = db.execute("SELECT state, error FROM task").fetchone()
    assert row["state"] == "failed" and "'seen_long_ago'" in row["error"] and "ask once more" in row["error"]
