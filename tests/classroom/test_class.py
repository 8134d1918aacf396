"""The presenter's page: everybody's accuracies without names; shown to nobody else; what participants see of it all."""

import os
from pathlib import Path

import pytest
import stand_ins
from opening import opened, store, words

from explorer import jobs, runs, workspaces
from explorer.app import asking, mine
from explorer.classroom.figures import class_accuracies, offsets
from explorer.classroom.results import class_results, whose
from explorer.classroom.server import server, visitors
from explorer.errors import ExplorerError
from explorer.jobs.devices import Device
from explorer.jobs.pausing import paused
from explorer.recipe import make
from explorer.training.view.publishing import publish, withdraw
from explorer.workspaces import example, gate

__all__ = ["store"]
NAME, OTHER = "a" * 32, "b" * 32
A, B = workspaces.mark_of(NAME), workspaces.mark_of(OTHER)


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch, store: None) -> None:
    monkeypatch.setenv("THAW_SHARED", "1")
    monkeypatch.setattr(gate, "_asks", [])
    monkeypatch.setattr(mine, "workspace_name", lambda: NAME)


def a_class() -> tuple[str, str]:
    """Two visitors with three runs; a run of nobody's."""
    found = []
    for mark, wrong in ((A, 6), (B, 4)):
        workspaces.note_visit(mark)
        with workspaces.acting(mark):
            found.append(stand_ins.finished_run(wrong=wrong, strategy="linear_probe", seed=wrong))
    with workspaces.acting(B):
        found.append(stand_ins.finished_run(wrong=2, strategy="last_stage"))
    with workspaces.everything():
        stand_ins.finished_run(wrong=9, strategy="full")
    return found[0], found[2]


def test_results_count_visitors_runs_by_strategy_and_tell_no_names() -> None:
    a_class()
    with workspaces.everything():
        (found,) = class_results(asking.all_runs(), whose())
    assert [(row.learns, len(row.accuracies), row.visitors) for row in found.rows] == [(False, 2, 2), (True, 1, 1)]
    assert (found.runs, found.visitors, found.tuned, found.images) == (3, 2, 1, stand_ins.N)
    low, high = found.rows[0].accuracies
    assert low < high and found.rows[0].median == pytest.approx((low + high) / 2)
    figure = class_accuracies(found)
    assert sum(len(trace.x) for trace in figure.data) == 3 and "n = 2 runs by 2 visitors" in figure.layout.meta["alt"]
    told = figure.checked().to_json()
    with workspaces.everything():
        assert not any(run.id in told or run.name in told for run in runs.listing())


def test_dots_that_would_hide_each_other_stand_apart() -> None:
    heights = offsets((0.5, 0.5, 0.5, 0.6), near=0.02)
    assert len(set(heights[:3])) == 3 and heights[3] == 0.0
    assert len(offsets((0.5,) * 60, near=0.02)) == 60


def test_the_presenter_sees_the_class_and_a_participant_does_not() -> None:
    a, b = a_class()
    with workspaces.acting(B):
        jobs.train(make(seed=9), B)
    app = opened("class")
    assert not app.exception and "Only the presenter" in words(app) and not app.metric
    workspaces.appoint(A, workspaces.token())
    app = opened("class")
    assert not app.exception
    assert {cell.label: cell.value for cell in app.metric} == {
        "Visitors here": "2 of 2", "Have tuned a stage": "1", "Runs finished": "3", "Running": "0", "Waiting": "1",
    }  # fmt: skip
    labels = [button.label for button in app.button]
    assert "Pause the queue" in labels and "Cancel" in labels
    next(button for button in app.button if button.label == "Cancel").click().run()
    assert "Nothing is training or waiting." in words(app) and not app.exception
    assert (visitors().active, visitors().idle) == (2, 0) and server().processes[0].memory > 1e6
    with workspaces.everything():
        stand_ins.answer(a, b)
    workspaces.note(workspaces.PUBLISHED, "runs", b)
    with workspaces.acting(A):
        publish(runs.read(a))
        workspaces.note(B, "sets", "somebodys-00000000")
        with pytest.raises(ExplorerError, match="cannot be published"):
            workspaces.publish("sets", "somebodys-00000000")
        example.pin(a, b, "Look at the bricks.")
    home = opened("home")
    assert not home.exception and "Today's example" in words(home) and "Look at the bricks" in words(home)
    app = opened("images")
    assert [app.selectbox(key=f"pick_{field}").value for field in "ab"] == [a, b]
    with workspaces.acting(B):
        assert runs.read(a).id == a and workspaces.published("runs", a)
        with pytest.raises(ExplorerError, match="Only the presenter"):
            example.unpin()


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("NVIDIA H200, 1024, 143771\n", [Device("NVIDIA H200", (2**30, 143771 * 2**20))]),
        ("A, B, 1, 2\nOrin, [N/A], [N/A]\n", [Device("A, B", (2**20, 2 * 2**20))]),
        ("No devices were found\n", []),
    ],
)
def test_the_memory_of_devices_is_what_their_driver_tells(
    told: str, found: list[Device], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\nprintf '{told}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert [*server().devices] == found
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert not server().devices, "a driver that does not answer"


def test_what_is_withdrawn_and_a_right_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = "own:" + "4" * 16
    workspaces.appoint(A, workspaces.token())
    workspaces.note(A, "weights", weights)
    with workspaces.acting(A):
        first, second = (runs.read(stand_ins.finished_run(seed=i, weights=weights)) for i in range(2))
        publish(first), publish(second)
        withdraw(first)
        assert workspaces.published("weights", weights), "the other run begins from them too"
        withdraw(second)
    with workspaces.acting(B):
        assert not workspaces.sees("weights", weights) and not workspaces.sees("runs", first.id)
    app = opened("class")
    assert app.metric and not app.exception
    monkeypatch.setenv("THAW_PRESENTER", "another token")
    next(button for button in app.button if button.label == "Pause the queue").click().run()
    assert not paused() and not app.exception and not app.metric and "Only the presenter" in words(app)
    workspaces.appoint(B, workspaces.token())
    workspaces.note(workspaces.PUBLISHED, "runs", second.id)
    with workspaces.acting(B):
        withdraw(second)  # what the presenter before published
        with pytest.raises(ExplorerError, match="There is no run"):
            runs.delete(second.id)
    with workspaces.acting(A):
        assert runs.read(second.id).id == second.id, "their own runs stay theirs"
