"""How many trainings a machine takes at a time, and how many threads each of them gets."""

import os
from pathlib import Path

import pytest

from explorer import machine
from explorer.errors import ExplorerError
from explorer.models import devices


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting, no GPU."""
    for name in ("THAW_SLOTS", "THAW_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "exists", lambda path: False)


@pytest.mark.parametrize(
    ("cores", "slots", "threads"), [(1, 1, 1), (2, 1, 1), (4, 1, 3), (8, 2, 3), (16, 4, 3), (64, 16, 3)]
)
def test_all_trainings_together_leave_one_core_for_the_pages(
    cores: int, slots: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: cores)
    assert (machine.slots(), machine.threads()) == (slots, threads)
    assert slots * threads <= max(1, cores - 1)
    assert devices.set_threads() == threads


def test_two_trainings_share_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 16)
    monkeypatch.setattr(Path, "exists", lambda path: path == Path("/dev/nvidia0"))
    assert (machine.slots(), machine.threads()) == (2, 7)
    assert machine.side_by_side() == 2


@pytest.mark.parametrize(("cores", "places"), [(1, 1), (2, 2), (3, 1), (4, 1), (8, 2), (16, 5)])
def test_a_command_serves_no_pages_so_no_core_is_kept_for_them(
    cores: int, places: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: cores)
    assert machine.side_by_side() == places
    assert places * machine.threads() <= cores
    monkeypatch.setenv("THAW_SLOTS", "3")
    assert machine.side_by_side() == 3


def test_settings_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 8)
    monkeypatch.setenv("THAW_SLOTS", "7")
    assert (machine.slots(), machine.threads()) == (7, 1)
    monkeypatch.setenv("THAW_THREADS", " 5 ")
    assert machine.threads() == 5


@pytest.mark.parametrize("name", ["THAW_SLOTS", "THAW_THREADS"])
@pytest.mark.parametrize("value", ["0", "-1", "2.5", "many", "1e3", "²"])
def test_a_setting_that_is_no_number_is_told(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ExplorerError, match=f"{name} is '{value}'. Allowed: a whole number from 1"):
        machine.threads()


def test_only_cores_that_the_process_may_use_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5, 7}, raising=False)
    assert machine.cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.cores() == 1
