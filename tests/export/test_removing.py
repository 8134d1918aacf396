"""Weights of one's own are deleted for good, with who uses them told, and never another visitor's."""

import json

import pytest
import stand_ins
import stand_ins_export

from explorer import jobs, runs, workspaces
from explorer.catalogue import own
from explorer.cli import main
from explorer.errors import ExplorerError
from explorer.export import removing
from explorer.recipe import make

A, B, PRESENTER = (workspaces.mark_of(c * 32) for c in "abc")


def kept() -> str:
    name = stand_ins_export.brought().weights
    own.keep("resnet10", name, b"x" * 1000, "mine.pth")
    return name


def test_they_go_and_the_numbers_stay() -> None:
    name = kept()
    run = stand_ins.finished_run(weights=name)
    assert own.size(name) >= 1000 and [row.name for row in own.known("resnet10")] == [name]
    assert [used.id for used in removing.remove(name)] == [run]
    assert not own.known("resnet10") and not own.files(name) and runs.read(run).state == "finished"
    with pytest.raises(ExplorerError, match="no weights 'own:.* Nothing was deleted"):
        removing.remove(name)


def test_not_while_something_trains_from_them(capsys: pytest.CaptureFixture[str]) -> None:
    name = kept()
    jobs.train(make(weights=name))
    assert main(["forget", name]) == 2
    assert "trains from them. Stop that first" in capsys.readouterr().err and own.known("resnet10")


def test_the_command_deletes_weights_as_it_does_sets(capsys: pytest.CaptureFixture[str]) -> None:
    name = kept()
    assert main(["forget", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"deleted": name, "runs": []}
    assert not own.known("resnet10")


def test_who_brought_the_same_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    name = kept()
    monkeypatch.setenv("THAW_SHARED", "1")
    workspaces.appoint(PRESENTER, workspaces.token())
    for visitor in (A, B):
        with workspaces.acting(visitor):
            workspaces.take("weights", name, words="mine.pth")
    with workspaces.acting(A):
        removing.remove(name)
        assert not own.known("resnet10")
        with pytest.raises(ExplorerError, match="no weights"):
            removing.remove(name)
    with workspaces.acting(B):
        assert [row.name for row in own.known("resnet10")] == [name]
        removing.remove(name)
    assert not own.files(name)
