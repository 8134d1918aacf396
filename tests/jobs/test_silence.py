"""A worker that lives and shows nothing is found and ended; one that beats, and the machine's sleep, are no reason."""

import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

from explorer import jobs
from explorer.bundle import build
from explorer.jobs import workers


def test_a_worker_that_hangs_is_ended_after_so_many_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "explorer.worker"])
    try:
        # For this module alone: filelock takes another number for a fork, and closes the locks that this process holds.
        monkeypatch.setattr(workers, "os", SimpleNamespace(getpid=lambda: stand_in.pid))
        silence, now = jobs.Silence(), time.time()
        for hours in (1, 2):  # the machine slept, the worker beats after it
            monkeypatch.setattr(time, "time", lambda hours=hours: now + 3600.0 * hours)
            jobs.beat("worker", "ready")
            assert not any(silence.broken_after(3) for _ in range(9)), "time stands still"
        ended = []
        for look in range(5):
            monkeypatch.setattr(time, "time", lambda look=look: now + 7200.0 + 2.0 * (look + 1))
            ended.append(silence.broken_after(3))
            if any(ended):
                break
        assert ended == [False, False, True] and not psutil.pid_exists(stand_in.pid)
    finally:
        stand_in.kill()


def test_a_number_that_another_process_has_now_is_left_alone() -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert not jobs.end_worker(other.pid) and other.poll() is None and psutil.pid_exists(other.pid)
    finally:
        other.kill()
        other.wait()
    assert not jobs.end_worker(other.pid)


def test_a_worker_of_another_build_is_ended_and_one_of_this_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not jobs.end_other_build(), "there is none"
    stand_in = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "explorer.worker"])
    try:
        with monkeypatch.context() as patch:
            patch.setattr(workers, "os", SimpleNamespace(getpid=lambda: stand_in.pid))
            jobs.beat("build", build())
            jobs.beat("worker", "ready")
        assert not jobs.end_other_build() and stand_in.poll() is None
        monkeypatch.setattr(workers, "build", lambda: "another")
        assert jobs.end_other_build() and not psutil.pid_exists(stand_in.pid)
        assert not jobs.end_other_build(), "its last sign of life is still young"
    finally:
        stand_in.kill()


def test_a_worker_that_noted_no_build_is_older_than_such_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "explorer.worker"])
    try:
        with monkeypatch.context() as patch:
            patch.setattr(workers, "os", SimpleNamespace(getpid=lambda: stand_in.pid))
            jobs.beat("worker", "ready")
        assert jobs.end_other_build() and not psutil.pid_exists(stand_in.pid)
    finally:
        stand_in.kill()
