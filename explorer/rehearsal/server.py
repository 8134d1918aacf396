"""A real server on a free port of this machine, with an empty Thaw folder of its own, for as long as a block lasts."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from explorer.bundle import PACKAGE

HEAVY = ("torch", "captum", "umap", "sklearn", "matplotlib", "numba", "llvmlite")
PATIENCE = 60.0  # seconds within which the port must answer


@dataclass
class Server:
    """A running server: where, its process and folder, when it was started (`time.perf_counter`) and when its port answered."""

    port: int
    process: psutil.Process
    started: float
    answered: float
    home: Path = Path()
    again: Callable[[], subprocess.Popen[bytes]] | None = None

    @property
    def address(self) -> str:
        """What a browser is given."""
        return f"http://127.0.0.1:{self.port}"

    def megabytes(self) -> float:
        """Resident memory of the server's process alone, in MB."""
        return self.process.memory_info().rss / 1e6

    def computed(self) -> float:
        """Milliseconds of CPU that the server's process has used so far (in steps of about 10)."""
        times = self.process.cpu_times()
        return 1000 * (times.user + times.system)

    def restart(self) -> float:
        """End the server's process and start another at the same port and folder; seconds until it answers."""
        began = time.perf_counter()
        self.process.terminate()
        self.process.wait(20)
        if self.again is None:
            raise RuntimeError("This server was not started here.")
        self.process = psutil.Process(self.again().pid)
        while time.perf_counter() - began < PATIENCE:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                break
            time.sleep(0.05)
        return time.perf_counter() - began

    def heavy(self) -> list[str] | None:
        """Which of the heavy libraries have a file mapped in the server's process; None where the system hides it."""
        if not hasattr(self.process, "memory_maps"):  # macOS
            return None
        parts = {part for file in self.process.memory_maps() for part in Path(file.path).parts}
        return [name for name in HEAVY if name in parts or any(p.startswith(f"lib{name}") for p in parts)]


@contextmanager
def server(checkout: Path | None = None, home: Path | None = None, **settings: str) -> Iterator[Server]:
    """Start one with an empty Thaw folder (which this process uses too), and end it and its worker.

    `checkout` is where another build's code lies (default: this one), `home` a folder to use in the empty one's stead, which
    stays, `settings` are environment variables for it.
    """
    with tempfile.TemporaryDirectory(prefix="thaw-rehearsal-", ignore_cleanup_errors=True) as empty:
        folder = str(home or empty)
        before = os.environ.get("THAW_HOME")
        os.environ["THAW_HOME"] = folder
        port = _free_port()
        log = Path(empty, "server.log")
        processes: list[subprocess.Popen[bytes]] = []

        def start() -> subprocess.Popen[bytes]:
            processes.append(_start(port, checkout or PACKAGE.parent, log, settings))
            return processes[-1]

        started = time.perf_counter()
        process = start()
        try:
            _wait(port, process, log)
            yield Server(port, psutil.Process(process.pid), started, time.perf_counter(), Path(folder), start)
        finally:
            for one in reversed(processes):
                _end(one)
            os.environ.pop("THAW_HOME")
            if before is not None:
                os.environ["THAW_HOME"] = before


def _start(port: int, checkout: Path, log: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    options = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    command = [sys.executable, "-m", "explorer", "serve", *options, "--server.fileWatcherType=none"]
    environment = os.environ | {"PYTHONPATH": str(checkout)} | settings
    with log.open("ab") as file:
        return subprocess.Popen(command, cwd=checkout, env=environment, stdout=file, stderr=file)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the port answers. Raises SystemExit with the server's last words where it does not."""
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.01)
    raise SystemExit(f"The server did not answer on port {port}. Its log ends with:\n{log.read_text()[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server, then the processes it started: asked first, then killed."""
    family: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    for one in (psutil.Process(process.pid) if process.poll() is None else None, *family[:1]):
        if one is not None:
            with suppress(psutil.NoSuchProcess):
                one.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    for one in psutil.wait_procs(family, timeout=5)[1]:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    if process.poll() is None:
        process.kill()
        process.wait()
