"""The folder of a run: written aside and renamed, readable at every moment, in words when it is damaged."""

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import stand_ins
import stand_ins_disk
from safetensors import SafetensorError

from explorer import recipe, runs, uploads
from explorer.answers import save, unpack
from explorer.errors import ExplorerError
from explorer.evidence import Balanced, Score


def path_of(run: str) -> Path:
    return runs.runs_folder() / run


def test_a_new_run_is_queued_whole_and_has_its_recipe(home: Path) -> None:
    wanted = recipe.make(strategy="last_stage", seed=4)
    run = runs.create(wanted)
    found = runs.read(run)
    assert (found.state, found.recipe, found.epochs, found.test) == ("queued", wanted, (), None)
    assert found.title == wanted.title
    assert json.loads((home / "runs" / run / "run.json").read_text())["schema"] == runs.SCHEMA
    assert [p.name for p in (home / "runs").iterdir()] == [run]


def test_an_empty_store_has_no_runs_and_says_so() -> None:
    assert runs.listing() == [] and runs.finished() == []
    assert runs.find(recipe.make()) is None
    with pytest.raises(ExplorerError, match=r"no run 'x'.*none yet.*Train one first"):
        runs.read("x")
    run = runs.create(recipe.make())
    with pytest.raises(ExplorerError, match=rf"no run 'x'. The latest are: {run}\. Name one of them"):
        runs.read("x")


@pytest.mark.parametrize("name", ["", ".", "..", "../runs", ".trash", "a/b", "/", "nope", "x\0y"])
def test_no_name_leads_out_of_the_store(name: str) -> None:
    runs.delete(runs.create(recipe.make()))
    for ask in (runs.folder, runs.read, runs.delete, runs.audit, runs.predictions):
        with pytest.raises(ExplorerError, match="There is no run"):
            ask(name)


def test_a_finished_run_reads_as_it_was_written() -> None:
    run = stand_ins.finished_run(wrong=4)
    found = runs.read(run)
    assert found.state == "finished" and found.clean is True
    assert found.epochs == tuple(stand_ins.epochs())
    assert (found.test, found.train) == (Score(24, 20), Score(60, 58))
    assert runs.audit(run).clean
    assert found.facts["chosen_epoch"] == 3
    contract = {"run", "state", "recipe", "test", "train", "seconds", "parameters", "audit"}
    assert set(found.json()) == contract | {"balanced", "steps", "kept_steps", "peak_memory", "name", "note", "starred"}
    assert json.loads(json.dumps(found.json()))["test"]["correct"] == 20


def test_predictions_survive_their_table() -> None:
    classes = ("plain", 'with "quotes", commas', "中文 ünï")
    ids = ["a/1.png", "b, c.png", "line\nbreak.png"]
    probability = np.array([[0.2, 0.5, 0.3], [0.9, 0.1, 0.0], [1 / 3, 1 / 3, 1 / 3]], np.float32)
    run = runs.create(recipe.make())
    runs.store_predictions(run, ids, np.array([1, 2, 0]), probability, classes)
    found = runs.predictions(run)
    assert found.ids == tuple(ids) and found.classes == classes
    assert found.labels.tolist() == [1, 2, 0] and found.predicted.tolist() == [1, 0, 0]
    assert np.allclose(found.probability, probability, atol=1e-6)


def test_groups_are_kept_with_the_predictions() -> None:
    run, probability = runs.create(recipe.make()), np.eye(3, dtype=np.float32)
    runs.store_predictions(run, "abc", np.array([0, 1, 1]), probability, ("x", "y", "z"), ["p 1", "p, 2", "p 1"])
    assert runs.predictions(run).groups.tolist() == ["p 1", "p, 2", "p 1"]
    other = runs.create(recipe.make())
    runs.store_predictions(other, "abc", np.array([0, 1, 1]), probability, ("x", "y", "z"))
    assert runs.predictions(other).groups is None and runs.predictions(other).grouped is None


def old_run(ids: list[str]) -> str:
    """A run as Thaw kept it before groups and with the interval of balanced accuracy that was too high."""
    rng, labels = np.random.default_rng(0), np.arange(60) % 3
    run = runs.create(recipe.make())
    runs.store_predictions(run, ids, labels, np.eye(3)[np.where(rng.random(60) < 0.7, labels, 0)], ("x", "y", "z"))
    stand_ins.record(run, schema=1, state="finished", test=Score(60, 40), balanced=Balanced(0.7, 0.1, 0.7, 60, 3))
    return run


def test_runs_from_before_groups_open_and_are_made_anew() -> None:
    run = old_run([f"photo {i // 10}@{i},0" for i in range(60)])
    found, said = runs.read(run), runs.predictions(run)
    assert said.groups.tolist() == [f"photo {i // 10}" for i in range(60)]
    assert found.grouped == said.grouped and found.grouped.groups == 6
    assert found.balanced == said.balanced and found.balanced.high > found.balanced.value
    assert found.json()["grouped"]["groups"] == 6
    plain = runs.read(old_run([f"{i}.png" for i in range(60)]))
    assert plain.grouped is None and "grouped" not in plain.json() and plain.balanced == found.balanced
    (runs.folder(run) / "predictions.csv").unlink()
    assert runs.read(run).balanced == Balanced(0.7, 0.1, 0.7, 60, 3)  # nothing to make it from


def test_tensors_survive_their_file_and_other_layouts() -> None:
    run = runs.create(recipe.make())
    tensors = {"a": np.arange(6, dtype=np.float32).reshape(2, 3).T, "b": np.zeros((0, 2), np.float16)}
    runs.store_tensors(run, "features", tensors)
    found = runs.tensors(run, "features")
    assert found.keys() == tensors.keys()
    assert all(np.array_equal(found[k], v) and found[k].dtype == v.dtype for k, v in tensors.items())


def test_the_epoch_that_is_kept_has_its_features_unrounded() -> None:
    """Else a figure of it differs between a page that reads epochs and one that reads what the run keeps."""
    run = runs.create(recipe.make())
    kept, other = (np.random.default_rng(seed).normal(size=(4, 8)).astype(np.float32) for seed in (0, 1))
    halves = {"epoch/1": other.astype(np.float16), "epoch/2": kept.astype(np.float16)}
    runs.store_tensors(run, "features", {"before/layer4": other * 2, "after/layer4": kept, **halves})
    found = runs.tensors(run, "features")
    np.testing.assert_array_equal(found["epoch/2"], kept)
    assert found["epoch/1"].dtype == np.float16 and (found["epoch/2"] != halves["epoch/2"]).any()
    np.testing.assert_array_equal(found["epoch/1"], halves["epoch/1"])


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (runs.audit, "freeze audit"),
        (runs.predictions, "predictions"),
        (lambda run: runs.tensors(run, "learned"), "learned"),
        (lambda run: runs.tensors(run, "features"), "features"),
    ],
)
def test_what_a_run_does_not_hold_yet_is_said_with_its_state(ask: Callable[[str], Any], what: str) -> None:
    run = runs.create(recipe.make())
    with pytest.raises(ExplorerError, match=f"{run} holds no {what}: it is queued"):
        ask(run)


@pytest.mark.parametrize(
    ("file", "ask"),
    [
        ("audit.json", runs.audit),
        ("predictions.csv", runs.predictions),
        ("features.safetensors", lambda run: runs.tensors(run, "features")),
    ],
)
@pytest.mark.parametrize("keep", [0, 1, 40])
def test_a_damaged_file_is_named_with_what_to_do(file: str, ask: Callable[[str], Any], keep: int) -> None:
    run = stand_ins.finished_run()
    runs.store_tensors(run, "features", {"x": np.zeros(30)})
    path = path_of(run) / file
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ExplorerError, match=f"{file} is damaged.*Delete the run"):
        ask(run)


CUT = ['{"schema": 1, "state": "runn', "", "null", "[]", "{}", '{"recipe": null}', '{"state": "finished"}', "\x00\xff"]
FOREIGN = [{"backbone": "resnet999"}, {"optimizer": "sgd"}, {"epochs": "x"}, []]


@pytest.mark.parametrize("text", CUT + [json.dumps({"state": "finished", "recipe": r}) for r in FOREIGN])
def test_half_a_folder_reads_interrupted_and_hides_no_other(text: str) -> None:
    whole = stand_ins.finished_run()
    half = runs.create(recipe.make())
    (path_of(half) / "run.json").write_text(text)
    found = runs.read(half)
    assert (found.state, found.recipe, found.title) == ("interrupted", None, half)
    assert "cannot be read" in found.error
    assert {run.id for run in runs.listing()} == {whole, half}
    assert runs.known(runs.listing()) == [runs.known_run(whole)] and runs.known_run(whole).recipe == recipe.make()
    with pytest.raises(ExplorerError, match=f"The run {half} has no readable recipe"):
        runs.known_run(half)
    assert [run.id for run in runs.finished()] == [whole]
    assert runs.find(recipe.make()) is not None
    json.dumps(found.json())
    runs.delete(half)
    assert [run.id for run in runs.listing()] == [whole]


def test_an_empty_folder_or_a_damaged_score_reads_interrupted() -> None:
    (runs.runs_folder() / "20260101-000000-empty").mkdir(parents=True)
    run = stand_ins.finished_run()
    runs.update(run, test={"$type": "Nothing"})
    assert [r.state for r in runs.listing()] == ["interrupted", "interrupted"]


def test_what_create_left_aside_is_no_run() -> None:
    (runs.runs_folder() / ".20260101-000000-resnet10-full-dead.part").mkdir(parents=True)
    (runs.runs_folder() / "a file").touch()
    assert runs.listing() == []


@pytest.mark.parametrize("cut", ['{"$type": "Epo', '{"$type": "Epoch", "epoch": 5}', '{"$type": "Nothing"}', "\0\0"])
def test_a_cut_last_line_is_left_out(cut: str) -> None:
    run = stand_ins.finished_run()
    with (path_of(run) / "epochs.jsonl").open("a") as file:
        file.write(cut)
    assert runs.read(run).epochs == tuple(stand_ins.epochs())
    (path_of(run) / "epochs.jsonl").unlink()
    assert runs.read(run).epochs == ()


def test_a_run_whose_process_died_reads_interrupted() -> None:
    run = runs.create(recipe.make())
    runs.start(run, versions={"torch": "x"})
    assert runs.read(run).state == "running"
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    runs.update(run, pid=child.pid)
    assert runs.read(run).state == "interrupted"


def test_a_process_number_used_again_does_not_revive_a_run() -> None:
    run = runs.create(recipe.make())
    runs.start(run)
    runs.update(run, pid_started=psutil.Process().create_time() - 3600)
    assert runs.read(run).state == "interrupted"
    runs.update(run, pid_started=None)
    assert runs.read(run).state == "interrupted"


def test_find_wants_exactly_this_recipe_in_one_of_these_states() -> None:
    run = stand_ins.finished_run(strategy="full")
    other = runs.create(recipe.make(strategy="full", seed=9))
    assert runs.find(recipe.make(strategy="full")).id == run
    assert runs.find(recipe.make(strategy="full", seed=9)) is None
    assert runs.find(recipe.make(strategy="full", seed=9), ("queued", "running")).id == other
    assert runs.find(recipe.make(strategy="full", seed=8)) is None


def test_delete_can_be_undone_for_ten_minutes_then_the_space_is_free(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stand_ins.finished_run()
    before = sorted(p.name for p in path_of(run).iterdir())
    now = time.time()
    runs.delete(run)
    assert runs.listing() == []
    monkeypatch.setattr(time, "time", lambda: now + runs.UNDO - 5)
    assert runs.empty_trash() == 0
    runs.restore(run)
    assert [r.id for r in runs.listing()] == [run]
    assert sorted(p.name for p in path_of(run).iterdir()) == before
    monkeypatch.undo()
    monkeypatch.setenv("THAW_HOME", str(home))
    runs.delete(run)
    monkeypatch.setattr(time, "time", lambda: now + runs.UNDO + 60)
    assert (runs.empty_trash(), runs.empty_trash()) == (1, 0)
    assert list((home / "runs").iterdir()) == []
    with pytest.raises(ExplorerError, match="cannot be brought back.*kept for 10 minutes, or until the disk is full"):
        runs.restore(run)


def test_the_undo_counts_from_the_deletion_not_from_the_training() -> None:
    run = stand_ins.finished_run()
    os.utime(path_of(run), (0, 0))
    runs.delete(run)
    assert runs.empty_trash() == 0
    runs.restore(run)


def test_what_earlier_versions_put_aside_goes_too(home: Path) -> None:
    old = home / "runs" / ".trash" / "20260101-000000-resnet10-full-dead"
    old.mkdir(parents=True)
    (old / "run.json").write_text("{}")
    runs.empty_trash()
    assert list((home / "runs").iterdir()) == []


def stores(run: str) -> dict[str, Callable[[], object]]:
    """Every way in which something of a run comes to the disk."""
    audit = stand_ins.audit_of(run, recipe.make())
    half = np.full((1, 2), 0.5)
    return {
        "create": lambda: runs.create(recipe.make(seed=7)),
        "update": lambda: runs.update(run, note=1),
        "append": lambda: runs.append(run, stand_ins.epochs()[0]),
        "truncate_epochs": lambda: runs.truncate_epochs(run, 1),
        "tensors": lambda: runs.store_tensors(run, "learned", {"x": np.ones(3, np.float32)}),
        "predictions": lambda: runs.store_predictions(run, "a", np.array([0]), half, ("x", "y"), ["g"]),
        "audit": lambda: runs.store_audit(run, audit),
        "checkpoint": lambda: runs.store_checkpoint(run, b"saved"),
        "result": lambda: save(Score(1, 1), home_of(run) / "cache" / "x.npz"),
        "picture": lambda: uploads.keep(b"picture"),
    }


def home_of(run: str) -> Path:
    return path_of(run).parents[1]


WAYS = (
    "create",
    "update",
    "append",
    "truncate_epochs",
    "tensors",
    "predictions",
    "audit",
    "checkpoint",
    "result",
    "picture",
)


@pytest.mark.parametrize("way", WAYS)
def test_a_full_disk_takes_the_deleted_runs_then_it_works(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run, deleted = stand_ins.finished_run(), stand_ins.finished_run()
    store, epochs = stores(run)[way], runs.read(run).epochs
    runs.delete(deleted)
    with monkeypatch.context() as patch:
        disk = stand_ins_disk.FullDisk(patch)
        store()
    assert disk.refused
    with pytest.raises(ExplorerError, match="cannot be brought back"):
        runs.restore(deleted)
    assert runs.read(run).state == "finished"
    if way == "append":
        assert runs.read(run).epochs == (*epochs, epochs[0]), "half a line went before the whole one came"
    assert not list(home_of(run).rglob(".*"))


@pytest.mark.parametrize("way", WAYS)
def test_a_disk_that_stays_full_is_told_and_keeps_what_was(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run, deleted = stand_ins.finished_run(), stand_ins.finished_run()
    runs.store_checkpoint(run, b"before")
    store = stores(run)[way]
    before = {p.name: p.read_bytes() for p in path_of(run).iterdir()}
    runs.delete(deleted)
    with monkeypatch.context() as patch:
        stand_ins_disk.FullDisk(patch, for_ever=True)
        with pytest.raises(ExplorerError, match="No space left.*Free some space"):
            store()
    assert {p.name: p.read_bytes() for p in path_of(run).iterdir()} == before
    assert not list(home_of(run).rglob(".*"))


def test_a_folder_that_may_not_be_written_costs_no_deleted_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run, deleted = stand_ins.finished_run(), stand_ins.finished_run()
    runs.delete(deleted)

    def refuse(*arguments: Any, **named: Any) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patch, pytest.raises(ExplorerError, match="Permission denied"):
        patch.setattr(Path, "write_text", refuse)
        runs.update(run, note=1)
    runs.restore(deleted)


def test_deleting_takes_no_space(monkeypatch: pytest.MonkeyPatch) -> None:
    run = stand_ins.finished_run()
    with monkeypatch.context() as patch:
        stand_ins_disk.FullDisk(patch, for_ever=True)
        patch.setattr(Path, "mkdir", lambda *a, **k: pytest.fail("a folder needs space"))
        runs.delete(run)
    assert runs.listing() == []


def test_tensors_that_the_disk_does_not_take_are_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """safetensors raises an error of its own; the words are those it was seen to say on a full disk."""

    def full(*arguments: Any) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    run = stand_ins.finished_run()
    monkeypatch.setattr("explorer.runs.contents.save_file", full)
    with pytest.raises(ExplorerError, match="No space left on device. Free some space"):
        runs.store_tensors(run, "learned", {})


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_disk_that_takes_nothing_is_told_in_words(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    run = stand_ins.finished_run()
    before = {p.name: p.read_bytes() for p in path_of(run).iterdir()}

    def full(*arguments: Any, **named: Any) -> Any:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        patch.setattr("explorer.runs.contents.save_file", full)
        audit = stand_ins.audit_of(run, recipe.make())
        for store in (
            lambda: runs.update(run, note=1),
            lambda: runs.store_audit(run, audit),
            lambda: runs.store_tensors(run, "learned", {}),
            lambda: runs.create(recipe.make()),
        ):
            with pytest.raises(ExplorerError, match=rf"{os.strerror(number)}.*Free some space.*THAW_HOME"):
                store()
    assert {p.name: p.read_bytes() for p in path_of(run).iterdir()} == before
    assert [r.id for r in runs.listing()] == [run]


def test_a_fault_that_is_not_the_disk_s_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **named: Any) -> None:
        raise OSError(errno.EINVAL, "invalid")

    run = runs.create(recipe.make())
    monkeypatch.setattr(Path, "write_text", broken)
    with pytest.raises(OSError, match="invalid"):
        runs.update(run, note=1)


_REWRITE = """
import sys
from explorer import runs
for i in range(200):
    runs.update(sys.argv[1], note="x" * (1 + i % 50) * 1000)
"""


def test_a_reader_never_sees_half_a_manifest(home: Path) -> None:
    run = stand_ins.finished_run()
    # a bare interpreter: multiprocessing would run this process's main script again, a page after a page's test
    writer = subprocess.Popen([sys.executable, "-c", _REWRITE, run], cwd=Path(__file__).parents[2])
    states = set()
    while writer.poll() is None:
        states.add(runs.read(run).state)
    assert writer.returncode == 0, "the writer itself failed"
    assert states == {"finished"}


def test_results_go_through_the_manifest_unchanged() -> None:
    run = runs.create(recipe.make())
    runs.update(run, test=Score(9, 4), chosen_epoch=np.int64(3), seconds={"total": 1.5}, classes=("a", "b"))
    found = runs.read(run)
    assert found.test == Score(9, 4)
    assert found.facts["classes"] == ["a", "b"] and found.facts["chosen_epoch"] == 3
    assert unpack(found.facts["test"]) == Score(9, 4)
