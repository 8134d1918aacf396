"""Report, notebook and archive of a run: self-contained, and what comes back is what went out."""

import dataclasses
import json
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stand_ins
import torch

from explorer import runs
from explorer.catalogue import own
from explorer.cli import main
from explorer.errors import ExplorerError
from explorer.export import archive
from explorer.export.compute import handlers
from explorer.export.compute.bringing import bring
from explorer.export.report import report
from explorer.looks.pair import compute
from explorer.progress import silent
from explorer.recipe import make
from explorer.runs import FinishedRun
from explorer.training.compute import handlers as training


def train(choices: dict[str, Any], **more: Any) -> str:
    return training.train(runs.create(make(**choices | {"epochs": 1} | more))).id


class Page(HTMLParser):
    """The tags of a page that are open, and every address in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]


def test_a_report_holds_the_numbers_and_loads_nothing() -> None:
    classes = ("<b>x</b>", "grass", "fur & more")
    run = runs.read(stand_ins.finished_run(wrong=4, classes=classes, photos=4))
    assert isinstance(run, FinishedRun)
    picture = "data:image/jpeg;base64,AAAA"
    text = report(run, runs.predictions(run.id), runs.audit(run.id), [picture] * 3)
    page = Page(text)
    assert page.addresses == [picture] * 3 and "script" not in page.tags and "link" not in page.tags
    assert "83.3 %</span> of 24 test images" in text and "95 % interval 64.1 % to 93.3 %" in text
    assert "&lt;b&gt;x&lt;/b&gt;" in text and "<b>x" not in text and "fur &amp; more" in text
    assert "What this cannot tell" in text and "4 groups" in text and text.count("<svg") == 2
    assert not re.search(r"https?://", text)


def test_a_report_says_what_its_numbers_should_not_be_read_without() -> None:
    run = runs.read(stand_ins.finished_run(wrong=4, classes=("a", "b", "c")))
    assert isinstance(run, FinishedRun)
    said = runs.predictions(run.id), runs.audit(run.id)
    assert 'class="caution"' not in report(run, *said)
    copied = {"test": {"copied": 9, "of": 24, "example": ["<i>.png", "train.png"]}}
    text = report(dataclasses.replace(run, facts={**run.facts, "copies": copied}), *said)
    assert (
        "At least 9 of 24 test images are near-copies of training images (for one &lt;i&gt;.png of train.png)" in text
    )


def test_a_report_is_written_without_pictures_too(tiny: dict[str, Any], narrow: str, tmp_path: Path) -> None:
    run = train(tiny, backbone=narrow)
    (note,) = handlers.write(run, "report", tmp_path / "r.html", silent)
    assert (tmp_path / "r.html").read_text(encoding="utf-8").count("data:image/jpeg") == 3
    gone = runs.read(stand_ins.finished_run(dataset="folder", data_dir="/no/such/folder")).id
    assert "Without pictures" in handlers.write(gone, "report", tmp_path / "g.html", silent)[1]


def test_a_notebook_runs_by_itself_and_agrees_with_the_run(tiny: dict[str, Any], tmp_path: Path) -> None:
    run = train(tiny, backbone="squeezenet1_1")
    handlers.write(run, "notebook", tmp_path / "n.zip", silent)
    with zipfile.ZipFile(tmp_path / "n.zip") as pack:
        pack.extractall(tmp_path / "away")
    book = json.loads((tmp_path / "away" / "run.ipynb").read_text(encoding="utf-8"))
    assert (book["nbformat"], len(book["cells"])) == (4, 10) and len({cell["id"] for cell in book["cells"]}) == 10
    code = "\n".join(cell["source"] for cell in book["cells"] if cell["cell_type"] == "code")
    (tmp_path / "away" / "cells.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "cells.py"],
        cwd=tmp_path / "away",
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (right, n) = map(int, re.findall(r"agrees with the run on (\d+) of (\d+)", done.stdout)[0])
    assert n == len(runs.predictions(run).labels) and right >= n - 1  # a run may learn in bfloat16


def test_a_run_comes_back_as_it_went(
    tiny: dict[str, Any], narrow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from explorer.catalogue import BACKBONES
    from explorer.models.backbones import blank

    torch.save(blank(BACKBONES[narrow]).state_dict(), tmp_path / "mine.pth")
    weights = bring(narrow, str(tmp_path / "mine.pth")).weights
    run = train(tiny, backbone=narrow, weights=weights)
    assert main(["export", run, "--to", "zip", "--out", str(tmp_path / "r.zip")]) == 0
    before, said, model = runs.read(run), runs.predictions(run), compute.network(run).model.state_dict()
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "other"))
    compute.network.cache_clear()
    capsys.readouterr()
    assert main(["import", str(tmp_path / "r.zip"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"] == run
    after = runs.read(run)
    assert (after.recipe, after.test, after.epochs, after.balanced) == (
        before.recipe,
        before.test,
        before.epochs,
        before.balanced,
    )
    assert np.array_equal(runs.predictions(run).probability, said.probability) and runs.audit(run).clean == before.clean
    assert own.path(narrow, weights).is_file()
    assert all(torch.equal(tensor, model[name]) for name, tensor in compute.network(run).model.state_dict().items())
    with pytest.raises(ExplorerError, match="is here already. Delete it first"):
        archive.bring(tmp_path / "r.zip")
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "third"))
    monkeypatch.setattr("explorer.runs.adopting.is_sample", lambda name: name == run)
    with pytest.raises(ExplorerError, match="ships with Thaw: it is here already"):
        archive.bring(tmp_path / "r.zip")


def altered(path: Path, **changes: bytes | None) -> Path:
    """The archive with files replaced, added, or (None) left out."""
    out = path.with_name("altered.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, content in changes.items():
            if content is not None:
                new.writestr(name, content)
    return out


def test_an_archive_that_is_none_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    run = stand_ins.finished_run()
    runs.store_tensors(run, "learned", {"fc.weight": np.ones((3, 4), np.float32)})
    found = runs.read(run)
    assert isinstance(found, FinishedRun)
    archive.pack(found, tmp_path / "r.zip")
    runs.delete(run)
    facts = json.loads(zipfile.ZipFile(tmp_path / "r.zip").read("run.json"))

    def with_facts(**changes: Any) -> dict[str, bytes]:
        return {"run.json": json.dumps(facts | changes).encode()}

    wrong: list[tuple[dict[str, bytes | None], str]] = [
        ({"../up.txt": b"x"}, r"it is no run of Thaw's \(it holds '../up.txt'\)"),
        ({"audit.json": None}, "it lacks audit.json"),
        ({"run.json": b"{"}, "its notes cannot be read"),
        ({**with_facts(schema=99)}, "a later version of Thaw wrote it"),
        ({**with_facts(state="running")}, "its run is running"),
        ({**with_facts(id="../../x")}, "cannot be the name of a run"),
        ({**with_facts(recipe={"backbone": "nope"})}, "its recipe cannot be read: Unknown backbone"),
        ({"predictions.csv": b"words"}, "cannot be opened.*predictions"),
        ({"learned.safetensors": b"words"}, "learned.safetensors is damaged"),
        ({**with_facts(test={"$type": "Score", "n": 5, "correct": 10**9})}, "1000000000 of 5 cannot be right"),
        (
            {**with_facts(test=facts["test"] | {"correct": 1})},
            "says 1 of .* right, with 3 classes; predictions.csv says",
        ),
        ({**with_facts(test=None)}, "run.json is not what a training writes: test"),
        ({**with_facts(classes=["a"] * 500)}, "with 500 classes; predictions.csv"),
        ({**with_facts(seconds="long")}, "run.json is not what a training writes: seconds"),
        ({**with_facts(majority=float("nan"))}, "run.json is not what a training writes: majority"),
        ({**with_facts(skipped=[["a.jpg"]])}, "run.json is not what a training writes: skipped.0"),
        ({**with_facts(created="yesterday")}, "run.json is not what a training writes: created"),
        ({"epochs.jsonl": b'{"epoch": "x"}'}, "epochs.jsonl is not what a training writes: epoch"),
        ({"audit.json": b'{"clean": true}'}, "audit.json is not what a training writes: run"),
    ]
    for changes, told in wrong:
        with pytest.raises(ExplorerError, match=told):
            archive.bring(altered(tmp_path / "r.zip", **changes))
        assert not runs.listing()
    for none in (tmp_path, tmp_path / "none.zip"):
        with pytest.raises(ExplorerError, match="There is no file"):
            archive.bring(none)
    whole = (tmp_path / "r.zip").read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.zip").write_bytes(whole[:length])
        with pytest.raises(ExplorerError, match=r"'cut\.zip' cannot be opened as a run"):
            archive.bring(tmp_path / "cut.zip")
    assert archive.bring(tmp_path / "r.zip") == run and runs.read(run).facts["imported"]
