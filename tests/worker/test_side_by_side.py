"""`sweep` trains as many cells at a time as there are cores for: to the bit what one after the other gives, stopped in good
order, and what fails or dies is said."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer import runs
from explorer.runs import Run

pytestmark = pytest.mark.long(25)

ROOT = Path(__file__).parents[2]
TWO = [
    "--strategies",
    "linear_probe",
    "last_stage",
    "--sizes",
    "1",
    "--seeds",
    "1",
    "--epochs",
    "2",
    "--input-size",
    "32",
]
LONG = ["--strategies", "full", "--sizes", "5", "--seeds", "2", "--epochs", "100", "--input-size", "32"]


def sweep(arguments: list[str], places: int, home: Path) -> subprocess.Popen[str]:
    """The command, in a session of its own, as a terminal has it."""
    return subprocess.Popen(
        [sys.executable, "-m", "explorer", "sweep", *arguments, "--json"],
        cwd=ROOT,
        env=os.environ | {"THAW_SLOTS": str(places), "THAW_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def told(arguments: list[str], places: int, home: Path) -> dict[str, Any]:
    """What the command says at its end."""
    out, err = sweep(arguments, places, home).communicate(timeout=120)
    assert not err
    return json.loads(out)


def until(true: Callable[[], object]) -> None:
    """Wait for it, a minute at most."""
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    pytest.fail("it never came to pass")


def learning() -> list[Run]:
    """The runs that have learned for an epoch and are at the next."""
    return [run for run in runs.listing() if run.state == "running" and run.epochs]


def test_two_at_a_time_give_what_one_gives_to_the_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {places: told(TWO, places, tmp_path / str(places)) for places in (1, 2)}
    assert found[2]["computed"] == found[2]["cells"] == 2
    assert found[2]["curves"] == found[1]["curves"]
    learned = {}
    for places in (1, 2):
        monkeypatch.setenv("THAW_HOME", str(tmp_path / str(places)))
        pids = {run.facts["pid"] for run in runs.finished()}
        assert len(pids) == places
        learned[places] = {
            (run.recipe.strategy, name): tensor
            for run in runs.finished()
            for name, tensor in runs.tensors(run.id, "learned").items()
        }
    assert learned[1].keys() == learned[2].keys()
    assert all(np.array_equal(learned[1][name], learned[2][name]) for name in learned[1])


def test_ctrl_c_stops_all_that_is_under_way_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAW_HOME", str(tmp_path))
    command = sweep(LONG, 2, tmp_path)
    until(lambda: len(learning()) == 2)
    os.killpg(command.pid, signal.SIGINT)
    command.communicate(timeout=30)
    stopped = {run.id: len(run.epochs) for run in runs.listing()}
    assert [run.state for run in runs.listing()] == ["stopped", "stopped"]
    again = sweep(LONG, 2, tmp_path)
    until(lambda: len(learning()) == 2 and all(len(run.epochs) > stopped[run.id] for run in learning()))
    assert {run.id for run in runs.listing()} == stopped.keys()  # the same runs, from their checkpoints
    again.kill()
    again.communicate(timeout=30)
    until(lambda: [run.state for run in runs.listing()] == ["interrupted", "interrupted"])


def test_a_training_that_dies_is_said_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_HOME", str(tmp_path))
    command = sweep([*LONG, "--epochs", "8"], 2, tmp_path)
    until(lambda: len(learning()) == 2)
    victim = learning()[0]
    os.kill(victim.facts["pid"], signal.SIGKILL)
    out, _ = command.communicate(timeout=120)
    answer = json.loads(out)
    (failed,) = answer["failed"]
    assert "The process was killed" in failed
    assert f"seed {victim.recipe.seed}" in failed
    assert (answer["computed"], answer["finished"]) == (1, 1)
    assert runs.read(victim.id).state == "interrupted"
