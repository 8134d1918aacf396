"""A run that another machine carries out: what it needs there, and its folder here, which follows the one there file by file."""

import json
from collections.abc import Mapping
from contextlib import suppress

from explorer.home import runs_folder, write_aside
from explorer.runs.folders import folder, move, own_folder, read, update, writing

FILES = (
    "run.json",
    "checkpoint.pt",
    "learned.safetensors",
    "features.safetensors",
    "predictions.csv",
    "groups.csv",
    "audit.json",
    "epochs.jsonl",
)
"""What a run's folder may hold, in the order in which it is read there: its state before the results that the state promises, its
checkpoint before the epochs up to it. Here it is written the other way round, so that no reader finds less than is promised."""
_OURS = ("id", "created", "recipe", "pid", "pid_started")
"""Facts that stay as they are here."""


def packed(run: str) -> dict[str, bytes]:
    """What another machine needs to carry out a run, or to go on with it."""
    place = folder(run)
    names = ("run.json", "epochs.jsonl", "checkpoint.pt")
    return {name: (place / name).read_bytes() for name in names if (place / name).is_file()}


def unpack(run: str, files: Mapping[str, bytes]) -> None:
    """Make the folder of the run on this machine, which only carries it out."""
    place = runs_folder() / run
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (place / name).write_bytes(content)


class Changes:
    """What is new in the folder of a run each time one looks: file → content, None for one that is gone."""

    def __init__(self, run: str) -> None:
        self._place = runs_folder() / run
        self._seen: dict[str, tuple[int, int, int] | None] = {}
        self()

    def __call__(self) -> dict[str, bytes | None]:
        """What changed since the last look."""
        found: dict[str, bytes | None] = {}
        for name in FILES:
            stamp = None
            with suppress(FileNotFoundError):
                facts = (self._place / name).stat()
                stamp = facts.st_ino, facts.st_mtime_ns, facts.st_size
                if stamp != self._seen.get(name):
                    found[name] = (self._place / name).read_bytes()
            if stamp is None and self._seen.get(name):
                found[name] = None
            self._seen[name] = stamp
        return found


def receive(run: str, files: Mapping[str, bytes | None]) -> None:
    """Take what `Changes` found on the other machine into the folder here.

    Raises ExplorerError where the run is gone or has ended here, and where the disk does not take it.
    """
    place = own_folder(run)
    for name in reversed(FILES[1:]):
        content = files.get(name, b"")
        if content is None:
            (place / name).unlink(missing_ok=True)
        elif content:
            with writing():
                write_aside(place / name, lambda part, content=content: part.write_bytes(content))
    told = json.loads(files.get("run.json") or b"{}")
    state = told.pop("state", "queued")
    if state == "queued":  # it has not begun there
        return
    facts = {name: value for name, value in told.items() if name not in _OURS}
    if state == read(run).state:
        update(run, **facts)
    else:
        move(run, state, **facts)
