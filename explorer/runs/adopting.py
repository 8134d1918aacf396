"""A run that was carried out elsewhere, as a folder here."""

import re
import secrets
import shutil
from collections.abc import Mapping

from explorer import clock, workspaces
from explorer.errors import ExplorerError
from explorer.home import runs_folder, with_room
from explorer.runs import names
from explorer.runs.folders import is_sample, own_folder, writing

NAME = re.compile(r"[0-9]{8}-[0-9]{9}-[a-z0-9_]+-[a-z0-9_]+-[0-9a-f]{4}")


def is_name(run: str) -> bool:
    """Whether a run from elsewhere may be called so."""
    return bool(NAME.fullmatch(run)) and len(run) < 120


def new_name(run: str) -> str:
    """Another name for a run from elsewhere, which no run here ever had: what a deleted run's owner still owns, and what was
    answered about that run, goes by its name."""
    _, _, kind = run.split("-", 2)
    while True:
        found = f"{names.moment(clock.later())}-{kind[:-4]}{secrets.token_hex(2)}"
        if not (runs_folder() / found).exists():
            return found


def adopt(run: str, files: Mapping[str, bytes]) -> None:
    """Make the folder of the run (aside, then renamed) with these files. Raises ExplorerError where one of its name is
    here."""
    place = runs_folder() / run
    if is_sample(run):
        raise ExplorerError(f"The run {run} ships with Thaw: it is here already, and there is nothing to bring.")
    if not is_name(run) or place.exists():
        raise ExplorerError(f"The run {run} is here already. Delete it first, if the other one is to take its place.")
    part = place.with_name(f".{run}.part")

    def make() -> None:
        part.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (part / name).write_bytes(content)

    with writing():
        try:
            with_room(make)
            workspaces.take("runs", run)
            part.rename(place)
        except OSError:
            shutil.rmtree(part, ignore_errors=True)
            raise


def drop(run: str) -> None:
    """Remove a run that was adopted and turned out to be none, for good."""
    shutil.rmtree(own_folder(run))
    workspaces.give_up("runs", run)
