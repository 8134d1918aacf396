"""Whatever comes to a full disk besides runs: deleted runs go, then it works; where it stays full, that is said."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

import pytest
import stand_ins
import torch
from stand_ins_disk import FullDisk

from explorer import home, jobs, limits, own_sets, runs
from explorer.catalogue import own
from explorer.catalogue.backbones import backbone
from explorer.catalogue.datasets import dataset, datasets_folder
from explorer.data import downloads
from explorer.data.feature_cache import entries
from explorer.errors import ExplorerError
from explorer.export import batches
from explorer.export.compute import handlers
from explorer.export.question import ExportQuestion
from explorer.jobs import connections, expiry
from explorer.looks.images.question import GalleryQuestion
from explorer.models import weights
from explorer.models.checkpoints import keeping
from explorer.own_sets import parcels
from explorer.progress import silent


@pytest.fixture
def deleted() -> str:
    run = stand_ins.finished_run()
    runs.delete(run)
    return run


@pytest.fixture
def disk(deleted: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FullDisk]:
    with monkeypatch.context() as patch:
        yield FullDisk(patch)


def test_a_checkpoint_of_one_s_own(disk: FullDisk) -> None:
    keeping._keep(backbone("resnet10"), "own:0123", {"x": torch.zeros(2)}, "mine.pt")
    assert own.path("resnet10", "own:0123").is_file() and disk.refused and runs.deleted() == []


def test_a_checkpoint_on_a_disk_that_stays_full_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    FullDisk(monkeypatch, for_ever=True)
    with pytest.raises(ExplorerError, match="weights cannot be kept in .*No space left on device. Free some space"):
        keeping._keep(backbone("resnet10"), "own:0123", {"x": torch.zeros(2)}, "mine.pt")
    assert not list(own.folder().iterdir())


def fetching(root: Path) -> None:
    """A download as torchvision's: where https does not work it is tried once more otherwise, and that error is raised."""
    (root / "FashionMNIST").mkdir()
    try:
        (root / "FashionMNIST" / "images.gz").write_bytes(b"1234")
    except OSError as error:
        raise URLError("no route") from error


def test_a_public_data_set(disk: FullDisk) -> None:
    row = dataset("fashion_mnist")
    downloads._fetch(row, fetching)
    assert (datasets_folder() / row.folder / "images.gz").read_bytes() == b"1234"
    assert disk.refused and runs.deleted() == []


def test_a_public_data_set_on_a_disk_that_stays_full_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    FullDisk(monkeypatch, for_ever=True)
    with pytest.raises(
        ExplorerError, match="Fashion-MNIST cannot be kept in .*No space left on device. Free some space"
    ):
        downloads._fetch(dataset("fashion_mnist"), fetching)
    assert not [path for path in datasets_folder().iterdir() if path.suffix != ".lock"]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> torch.nn.Module:
    """A network whose weights a download would write into a folder that is empty."""
    made, row = torch.nn.Linear(2, 1), backbone("resnet18")

    def state(builder: str, name: str) -> dict[str, torch.Tensor]:
        row.weights_path(name).parent.mkdir(parents=True, exist_ok=True)
        row.weights_path(name).write_bytes(b"weights")
        return made.state_dict()

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(weights.libraries, "state", state)
    monkeypatch.setattr(weights.libraries, "state_of_timm", lambda builder, name: made.state_dict())
    return made


def test_weights_that_are_downloaded(model: torch.nn.Module, disk: FullDisk) -> None:
    weights.load(backbone("resnet18"), model, "IMAGENET1K_V1", silent)
    assert disk.refused and runs.deleted() == []


@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_weights_on_a_disk_that_stays_full_are_not_called_missing(
    library: str, model: torch.nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    FullDisk(monkeypatch, for_ever=True)
    row = replace(backbone("resnet18"), library=library, builder="resnet18")
    with pytest.raises(ExplorerError, match="ResNet-18 cannot be kept in .*No space left on device. Free some space"):
        weights.load(row, model, "IMAGENET1K_V1", silent)


def test_an_exported_file(deleted: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = stand_ins.finished_run()

    def weights(run: str, out: Path, ending: str, report: handlers.ProgressCallback) -> tuple[str, ...]:
        handlers.weights.save({"x": torch.zeros(2)}, out, {})
        return ("said once",)

    monkeypatch.setitem(handlers.WRITERS, "weights", weights)
    disk = FullDisk(monkeypatch)
    monkeypatch.setattr(handlers.building, "check", lambda row: None)
    monkeypatch.setattr(handlers.compute, "finished", lambda run: runs.read(run).recipe)
    assert handlers.write(run, "weights", tmp_path / "a.safetensors", lambda share, words: None) == ("said once",)
    assert disk.refused and runs.deleted() == []


def test_an_entry_of_the_cache_of_frozen_outputs(deleted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = torch.arange(12, dtype=torch.float32).reshape(4, 3)
    entries.cache.folder().mkdir(parents=True)
    disk = FullDisk(monkeypatch)
    with entries.Writer("key", {entries.STORED: rows.to("meta")}) as writer:
        for part in (rows[:2], rows[2:]):
            writer.add(part)
        assert torch.equal(writer.close().stored, rows)
    found = entries.find("key")
    assert disk.refused and found is not None and torch.equal(found.stored, rows), "the checksum agrees"


def test_the_cache_waits_for_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    entries.cache.folder().mkdir(parents=True)
    FullDisk(monkeypatch, for_ever=True)
    monkeypatch.setattr(home.time, "sleep", lambda seconds: pytest.fail("it can be computed again"))
    with home.waiting_for_room(), pytest.raises(OSError, match="No space left"):
        entries.Writer("key", {entries.STORED: torch.zeros(1, device="meta")})
    assert not list(entries.cache.folder().iterdir())


def test_a_file_that_a_visitor_sends(disk: FullDisk) -> None:
    key = parcels.open_parcel()
    pieces = [b"abcd", b"efg"]
    assert parcels.put(key, "a.zip", pieces).path.read_bytes() == b"abcdefg"
    parcels._HELD.clear()
    assert [(found.name, found.size) for found in parcels.contents(key)] == [("a.zip", 7)] and disk.refused


def test_the_list_of_a_parcel_holds_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    key = parcels.open_parcel()
    parcels.put(key, "a.jpg", [b"x"])
    runs.delete(stand_ins.finished_run())
    FullDisk(monkeypatch)
    parcels.put(key, "b.jpg", [])
    parcels._HELD.clear()
    assert [found.name for found in parcels.contents(key)] == ["a.jpg", "b.jpg"]


def test_what_a_set_is_said_to_be(disk: FullDisk, tmp_path: Path) -> None:
    kept = own_sets.OwnSet("pets-00000000", "Pets", 0.0, 2, 4, 8, "folders", "4 pictures", "0" * 64)
    own_sets.write(tmp_path, kept, [own_sets.StoredFile("a/1.png", "0" * 40, 2)])
    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["files.json", "set.json"] and disk.refused


def test_pictures_to_be_classified(disk: FullDisk) -> None:
    key = batches.keep([("a.png", b"1234"), ("b.png", b"56")])
    assert [(name, file.read_bytes()) for name, file in batches.pictures(key)] == [("a.png", b"1234"), ("b.png", b"56")]
    assert disk.refused and runs.deleted() == []


def test_what_visitors_bring_is_refused_only_when_deleted_runs_are_gone(
    deleted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(home.home())

    def usage(place: Path) -> object:
        return free._replace(free=10 if any(runs.runs_folder().glob(".*.deleted")) else 1000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    monkeypatch.setattr(limits, "SPARE", 100)
    key = parcels.open_parcel()
    parcels.put(key, "a.zip", [b"x"])
    assert runs.deleted() == []
    monkeypatch.setattr(limits, "SPARE", 10_000)
    with pytest.raises(parcels.Refused, match="nearly full"):
        parcels.put(key, "b.zip", [b"x"])


@pytest.fixture
def full_queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """A queue whose file cannot grow as long as a deleted run is there."""
    opened: list[sqlite3.Connection] = []
    original, emptied = connections._opened, home.empty_trash

    def limited(path: Path) -> sqlite3.Connection:
        connection = original(path)
        opened.append(connection)
        if any(runs.runs_folder().glob(".*.deleted")):
            sqlite3.Connection.execute(connection, "PRAGMA max_page_count = 1")
        return connection

    def empty(older: float = home.UNDO) -> int:
        count = emptied(older)
        for connection in opened if count else ():
            sqlite3.Connection.execute(connection, "PRAGMA max_page_count = 1000000")
        return count

    def begin() -> None:
        for _, connection in connections._IDLE:
            connection.close()
        connections._IDLE.clear()
        monkeypatch.setattr(connections, "_opened", limited)
        monkeypatch.setattr(home, "empty_trash", empty)

    yield begin


LONG = "x" * 20_000


def test_a_question_on_a_full_disk(full_queue: Callable[[], None]) -> None:
    jobs.result(GalleryQuestion(run="first"))
    runs.delete(stand_ins.finished_run())
    full_queue()
    assert jobs.result(GalleryQuestion(run=LONG)).state == "queued"
    assert runs.deleted() == [] and jobs.claim("look") == GalleryQuestion(run="first")


def test_a_transaction_on_a_full_disk_is_begun_again(full_queue: Callable[[], None]) -> None:
    """SQLite takes all of it back, so it cannot go on where it was: whoever began it is told, and the next time it works."""
    jobs.result(GalleryQuestion(run="first"))
    runs.delete(stand_ins.finished_run())
    full_queue()

    def change() -> None:
        with jobs.database() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("UPDATE task SET message = ?", (LONG,))
            db.execute("COMMIT")

    with pytest.raises(ExplorerError, match="rolled back: the disk was full"):
        change()
    assert runs.deleted() == []
    change()


def test_a_queue_on_a_disk_that_stays_full_says_so(full_queue: Callable[[], None]) -> None:
    jobs.result(GalleryQuestion(run="first"))
    run = stand_ins.finished_run()
    runs.delete(run)
    full_queue()
    for path in runs.runs_folder().glob(".*.deleted"):
        path.rename(path.with_name(".other.deleted"))
    with jobs.database() as db:
        db.execute("SELECT 1")
        shutil.rmtree(runs.runs_folder() / ".other.deleted")
        with pytest.raises(OSError, match="disk is full"):
            db.execute("UPDATE task SET message = ?", (LONG,))


def test_answers_and_exports_of_a_run_go_with_it_for_good() -> None:
    run, other = stand_ins.finished_run(), stand_ins.finished_run()
    asked = [kind for one in (run, other) for kind in (GalleryQuestion(run=one), ExportQuestion(run=one, to="zip"))]
    files: dict[str, list[Path]] = {run: [], other: []}
    exports = home.home() / "exports"
    exports.mkdir()
    for question in asked:
        jobs.result(question)
        jobs.note(question, state="done")
        question.path.parent.mkdir(exist_ok=True)
        question.path.touch()
        files[question.run].append(question.path)
        if isinstance(question, ExportQuestion):
            files[question.run].append(exports / f"{question.key}.zip")
            files[question.run][-1].touch()
    runs.delete(run)
    expiry.forget_deleted()
    assert all(path.is_file() for path in files[run]), "it can be brought back"
    runs.empty_trash(0)
    expiry.forget_deleted()
    assert not any(path.exists() for path in files[run]) and all(path.is_file() for path in files[other])
    with jobs.database() as db:
        assert {row["key"] for row in db.execute("SELECT key FROM task")} == {
            one.key for one in asked if one.run == other
        }
