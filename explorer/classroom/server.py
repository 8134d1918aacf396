"""The server as its owner sees it: processes and their memory, the disk, who is here."""

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil

from explorer import jobs, workspaces
from explorer.home import home
from explorer.jobs.devices import Device, devices
from explorer.workspaces.places import last_seen

ACTIVE = 300.0  # seconds since a page was last drawn for somebody who counts as here


@dataclass(frozen=True)
class Visitors:
    """How many workspaces: those somebody works in now, and the others."""

    active: int
    idle: int


@dataclass(frozen=True)
class Process:
    """A process of ours: what it is, and its resident memory in bytes."""

    what: str
    memory: int


@dataclass(frozen=True)
class Server:
    """Processes, the machine's memory and the disk below Thaw's folder, each as bytes (used, all)."""

    processes: tuple[Process, ...]
    memory: tuple[int, int]
    disk: tuple[int, int]
    worker: str
    devices: tuple[Device, ...] = ()


def visitors() -> Visitors:
    """Who is here and who was; presenters count too."""
    ages = [time.time() - last_seen(mark) for mark in workspaces.every() if last_seen(mark)]
    active = sum(age < ACTIVE for age in ages)
    return Visitors(active, len(ages) - active)


def server() -> Server:
    """What the machine bears now."""
    beat = jobs.alive()
    found = [Process("server", psutil.Process().memory_info().rss)]
    with suppress(psutil.Error):
        if beat.pid and beat.pid != os.getpid():
            worker = psutil.Process(beat.pid)
            found += [Process("worker", worker.memory_info().rss)]
            found += [Process("worker's process", child.memory_info().rss) for child in worker.children(recursive=True)]
    machine, disk = psutil.virtual_memory(), shutil.disk_usage(home() if home().is_dir() else "/")
    return Server(
        tuple(found), (machine.total - machine.available, machine.total), (disk.used, disk.total), beat.state, devices()
    )
