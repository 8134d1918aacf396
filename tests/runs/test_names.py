"""What people call runs: names that are stable, kept beside the run, found again; deleting and bringing back together."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stand_ins

from explorer import jobs, runs
from explorer.cli import main
from explorer.errors import ExplorerError
from explorer.home import UNDO, names_folder
from explorer.recipe import make
from explorer.runs import Naming, names


def test_a_generated_name_is_the_ids_alone_and_seldom_anothers() -> None:
    ids = [f"20260102-030405{i:03d}-resnet10-full-{i:04x}" for i in range(100)]
    assert [names.generated(run) for run in ids] == [names.generated(run) for run in ids]
    assert names.generated("20261128-104356564-resnet10-linear_probe-6aaa") == "gentle tapir"
    assert len({names.generated(run) for run in ids}) > 95
    assert all(len(name.split()) == 2 for name in map(names.generated, ids))


def test_a_name_a_note_and_a_star_stay_out_of_the_runs_folder() -> None:
    run = runs.create(make())
    before = {path.name: path.read_bytes() for path in runs.folder(run).iterdir()}
    assert runs.read(run).name == names.generated(run) and runs.read(run).named == Naming()
    names.keep(run, Naming("  my\nfirst\u202e  probe ", " as in the tutorial\n", True))
    found = runs.read(run)
    assert (found.name, found.named.note, found.named.starred) == ("my first probe", "as in the tutorial", True)
    assert {path.name: path.read_bytes() for path in runs.folder(run).iterdir()} == before
    assert {"name": "my first probe", "note": "as in the tutorial", "starred": True}.items() <= found.json().items()
    names.keep(run, Naming(names.generated(run)))
    assert runs.read(run).named == Naming(), "the generated name is none that was given"


@pytest.mark.parametrize("name", ["latest", "-h", "x" * 41, "*"])
def test_a_name_that_cannot_be_gone_by_is_refused(name: str) -> None:
    run = runs.create(make())
    with pytest.raises(ExplorerError, match="up to 40 characters"):
        names.keep(run, Naming(name))
    with pytest.raises(ExplorerError, match="There is no run"):
        names.keep("../elsewhere", Naming("fine"))
    assert not names_folder().exists()


def test_a_damaged_name_is_none() -> None:
    run = runs.create(make())
    names.keep(run, Naming("fine"))
    names.file_of(run).write_text("[1, 2", encoding="utf-8")
    assert runs.read(run).name == names.generated(run)


def test_a_run_is_found_by_id_name_or_the_beginning_of_either(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (runs.create(make(seed=i)) for i in range(3))
    generated = {first: "amber heron", second: "amber hare", third: "calm owl"}
    monkeypatch.setattr(names, "generated", generated.__getitem__)
    for text in (first, "amber heron", "Amber-Heron", "amber_hero", first[:-1]):
        assert runs.called(text) == first, text
    assert runs.called("calm") == third and runs.called("latest") == runs.listing()[0].id
    assert runs.called("nobody") == "nobody" and runs.called("") == ""
    with pytest.raises(ExplorerError, match="'amber h' may be 2 runs: .*Type more of the name") as told:
        runs.called("amber h")
    assert first in str(told.value) and second in str(told.value)
    names.keep(third, Naming("amber heron"))
    with pytest.raises(ExplorerError, match="may be 2 runs"):
        runs.called("amber heron")
    names.keep(third, Naming("amber"))
    assert runs.called("amber") == third, "a whole name before beginnings of others"


def test_latest_is_no_run_that_failed_before_its_first_epoch() -> None:
    first, slip = (runs.create(make(seed=i), here=True) for i in range(2))
    for run in (first, slip):
        runs.start(run)
    assert runs.called("latest") == slip, "under way"
    runs.close(slip, "failed", "The device 'cuda' was asked for, but there is no usable GPU here.")
    assert runs.called("latest") == first
    runs.close(first, "failed", "The disk is full.")
    assert runs.called("latest") == slip, "there is no other"


def test_the_command_line_takes_names_and_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    run = stand_ins.finished_run()
    names.keep(run, Naming("First probe", "from the lesson", True))
    assert main(["runs", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["runs"]
    assert (row["name"], row["note"], row["starred"]) == ("First probe", "from the lesson", True)
    assert main(["audit", "first", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"] == run
    assert main(["audit", "second", "--json"]) == 2 and "There is no run 'second'" in capsys.readouterr().out


def test_runs_deleted_together_come_back_together_with_their_names() -> None:
    a, b, c = (runs.create(make(seed=i)) for i in range(3))
    names.keep(a, Naming("mine"))
    runs.delete(a, b)
    time.sleep(0.01)
    runs.delete(c)
    assert [set(together) for together in runs.deleted()] == [{c}, {a, b}] and not runs.listing()
    runs.restore(a)
    assert runs.deleted() == [(c,), (b,)] and runs.read(a).name == "mine"


def test_a_run_that_is_gone_takes_its_name_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.create(make())
    names.keep(run, Naming("mine"))
    runs.delete(run)
    assert names.file_of(run).is_file()
    late = time.time() + UNDO + 1
    monkeypatch.setattr(time, "time", lambda: late)
    assert runs.deleted() == [] and runs.empty_trash() == 1
    assert not names.file_of(run).exists()


def test_a_run_of_the_command_line_is_not_lost_while_its_process_lives() -> None:
    run = runs.create(make(), here=True)
    assert jobs.lost(runs.read(run)).state == "queued", "before anything heavy is loaded"
    runs.start(run)
    assert jobs.lost(runs.read(run)).state == "running"


@pytest.mark.parametrize("started", [False, True])
def test_it_is_lost_once_its_process_is_gone(started: bool, home: Path) -> None:
    lines = ["from explorer import runs", "from explorer.recipe import make", "run = runs.create(make(), here=True)"]
    lines += ["runs.start(run)"] if started else []
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*lines, "print(run)"])],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert jobs.lost(runs.read(done.stdout.strip())).state == "interrupted"
