"""What runs on a node of the cluster: one training, in a folder of the node's own, told to the server as it goes."""

import getpass
import json
import os
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import explorer
from explorer.errors import ExplorerError, Stopped
from explorer.home import runs_folder
from explorer.recipe import sources
from explorer.runs import elsewhere
from explorer.worker import budgets
from explorer.worker.cluster.job import Job, Needs, Piece, Update
from explorer.worker.cluster.parcels import TORCH, missing, unpack

EVERY = 0.25  # seconds between two looks at what is new
IDLE = 86400.0  # seconds after which the folder of a node that is no more is removed


class ProgressReporter:
    """A training's progress report, read by the thread beside it; raises Stopped in the training once `stop` is set, and `over`,
    why it exceeds its budget, as ExplorerError."""

    def __init__(self) -> None:
        self.latest, self.stop, self.over = (0.0, "Starting"), False, ""

    def __call__(self, share: float, words: str) -> None:
        """Note how far it is."""
        if self.stop:
            raise Stopped
        if self.over:
            raise ExplorerError(self.over)
        self.latest = share, words


def folder(node: str) -> Path:
    """This node's folder: $THAW_NODE_HOME, or in the system's place for temporary files; in it one for each time that a node was
    started. Those of nodes that are no more go."""
    root = Path(os.environ.get("THAW_NODE_HOME") or Path(tempfile.gettempdir(), f"thaw-node-{getpass.getuser()}"))
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    if hasattr(os, "getuid") and root.stat().st_uid != os.getuid():
        raise ExplorerError(f"The folder {root} belongs to somebody else. Set THAW_NODE_HOME on the node to another.")
    mine = root / node[:16]
    mine.mkdir(exist_ok=True)
    os.utime(mine)
    for other in root.iterdir():
        with suppress(OSError):
            if time.time() - other.stat().st_mtime > IDLE:
                shutil.rmtree(other, ignore_errors=True)
    return mine


def carry_out(job: Job, node: str, get: Callable[[Any], Piece]) -> Iterator[Update]:
    """Carry out the job, and say what is new: the last update tells how it ended.

    The training has a thread of its own, which sets on how many threads torch computes: a process that Ray used before may have
    been set to another number. Who closes the generator, or raises KeyboardInterrupt in it (as Ray's `cancel` does), stops the
    training in good order.
    """
    if job.version != explorer.__version__:
        yield _refused(
            node,
            f"The node {node[:8]} has Thaw {explorer.__version__}, the server {job.version}. Install the same on both.",
        )
        return
    home, telling = Path(), ProgressReporter()
    ended: list[tuple[str, str]] = []
    try:
        home = folder(node)
        settle(job, home)
        for parcel in missing(job.parcels, home):
            yield Update(node, 0.0, "Fetching pictures and weights")
            unpack(parcel, home, get)
        elsewhere.unpack(job.run, job.files)
        changes = elsewhere.Changes(job.run)
        thread = Thread(target=_learn, args=(job.run, telling, ended), name="training", daemon=True)
        thread.start()
        try:
            yield from _follow(job, home, node, thread, telling, changes)
        finally:
            telling.stop = True
            thread.join(budgets.OBEYS)
        kind, words = ended[0] if ended else ("failed", "It did not end when it was told to.")
        yield Update(node, 1.0, said_at_home(job, home, words), _at_home(job, home, changes()), kind)
    except ExplorerError as error:
        yield _refused(node, said_at_home(job, home, str(error)))
    finally:
        shutil.rmtree(runs_folder() / job.run, ignore_errors=True)


def settle(job: Needs, home: Path) -> None:
    """Make this process one that computes for the server: its folder, threads, settings, where its folders lie here."""
    os.environ |= {**job.settings, "THAW_HOME": str(home), "THAW_THREADS": str(job.threads)}
    if any(parcel.place.startswith(TORCH) for parcel in job.parcels):
        os.environ["TORCH_HOME"] = str(home / TORCH.partition("/")[0])
    sources.LOCAL_FOLDERS.clear()
    sources.LOCAL_FOLDERS.update({name: home / place for name, place in job.folders.items()})
    for place, content in job.small.items():
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_bytes(content)


def _learn(run: str, telling: ProgressReporter, ended: list[tuple[str, str]]) -> None:
    """The training's thread."""
    try:
        from explorer.training.compute.handlers import train  # here, since it loads torch

        train(run, telling)
        ended.append(("done", ""))
    except ExplorerError as error:
        ended.append(("failed", str(error)))
    except BaseException as error:
        traceback.print_exc()
        ended.append(("failed", f"{type(error).__name__}: {error}"))


def _follow(
    job: Job, home: Path, node: str, thread: Thread, telling: ProgressReporter, changes: elsewhere.Changes
) -> Iterator[Update]:
    """What is new, as long as the training goes on; ends it where it exceeds its budget."""
    said, began = telling.latest, time.monotonic()
    while thread.is_alive():
        thread.join(EVERY)
        telling.over = telling.over or budgets.exceeded(os.getpid(), time.monotonic() - began)
        files = changes()
        if files or telling.latest != said:
            said = telling.latest
            yield Update(node, *said, _at_home(job, home, files))


def _at_home(job: Job, home: Path, files: dict[str, bytes | None]) -> dict[str, bytes | None]:
    """The files as they are for the server: a folder of its own goes by its name there."""
    facts = files.get("run.json")
    if facts:
        for name, place in job.folders.items():
            facts = facts.replace(json.dumps(str(home / place))[1:-1].encode(), json.dumps(name)[1:-1].encode())
        return files | {"run.json": facts}
    return files


def said_at_home(job: Needs, home: Path, words: str) -> str:
    """Words in which a folder of the server's goes by its name there."""
    for name, place in job.folders.items():
        words = words.replace(str(home / place), name)
    return words


def _refused(node: str, words: str) -> Update:
    return Update(node, 0.0, words, ended="failed")
