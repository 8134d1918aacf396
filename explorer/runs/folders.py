"""run.json and epochs.jsonl: the life of a run's folder, from `create` to `delete`."""

import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from explorer import clock, workspaces
from explorer import recipe as recipes
from explorer.answers import pack, unpack
from explorer.catalogue.spelling import spelled
from explorer.errors import ExplorerError
from explorer.home import append as add_line
from explorer.home import runs_folder, samples_folder, with_room, write_aside
from explorer.recipe import Recipe
from explorer.runs import life, names
from explorer.runs.records import Epoch
from explorer.runs.run import FinishedRun, KnownRun, Run
from explorer.runs.tested import renewed

SCHEMA = 2  # 1: no `grouped`, and a wrong interval of `balanced`: both are made again from predictions.csv


def folder(run: str) -> Path:
    """The folder of a run, or an ExplorerError that lists the latest runs; another visitor's run is none."""
    path = runs_folder() / run
    there = bool(run) and Path(run).name == run and not run.startswith(".") and path.is_dir()
    if not there and is_sample(run):
        return samples_folder() / "runs" / run
    if not there or not workspaces.sees("runs", run):
        known = [r.name for r in _folders()][:5]
        do = "Name one of them" if known else "Train one first"
        raise ExplorerError(f"There is no run {run!r}. The latest are: {', '.join(known) or 'none yet'}. {do}.")
    return path


def is_sample(run: str) -> bool:
    """Whether it is one of the runs that ship with Thaw, which are looked at and never changed."""
    return bool(run) and Path(run).name == run and (samples_folder() / "runs" / run / "run.json").is_file()


def own_folder(run: str) -> Path:
    """The folder of a run, to write in. Raises ExplorerError for a run that is only shown here, and as `folder` does."""
    path = folder(run)
    if path.parent != runs_folder():
        raise ExplorerError(
            f"The run {run} ships with Thaw and stays as it is. Train its recipe again for one of your own."
        )
    if not workspaces.changes("runs", run):
        raise ExplorerError(
            f"The run {run} was published for all to look at and stays as it is. Train its recipe again for one of your own."
        )
    return path


@contextmanager
def writing() -> Iterator[None]:
    """Turn a full or read-only disk into words."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT):
            raise
        raise workspaces.refused("The run cannot be stored", runs_folder(), error) from error


def write(path: Path, text: str) -> None:
    """Replace a file at once, so that a reader never sees half of it."""
    with writing():
        write_aside(path, lambda part: part.write_text(text, encoding="utf-8"))


def create(recipe: Recipe, race: str = "", here: bool = False) -> str:
    """Make the folder of a new run, which is queued (aside, then renamed), and return its id; `race` names the race it belongs
    to, if any, and `here` says that this process is to carry it out, so that nobody looks for it in the queue."""
    now = clock.later()
    run = f"{names.moment(now)}-{spelled(recipe.backbone)}-{recipe.strategy}-{secrets.token_hex(2)}"
    facts = {"schema": SCHEMA, "id": run, "state": life.NEW, "created": now, "recipe": recipe.model_dump()}
    facts |= {"race": race} if race else {}
    facts |= _this_process() if here else {}
    part = runs_folder() / f".{run}.part"

    def make() -> None:
        part.mkdir(parents=True, exist_ok=True)
        (part / "epochs.jsonl").touch()
        (part / "run.json").write_text(json.dumps(facts), encoding="utf-8")

    with writing():
        try:
            with_room(make)
            workspaces.take("runs", run)
            part.rename(runs_folder() / run)
        except OSError:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return run


def update(run: str, **facts: Any) -> None:
    """Change facts of a run. Raises ValueError for its state, which changes through `move`."""
    if "state" in facts:
        raise ValueError(
            f"the state of {run} changes by runs.move, which knows what may follow it; got {facts['state']!r}"
        )
    _record(run, facts)


def _record(run: str, facts: Mapping[str, Any]) -> None:
    path = own_folder(run) / "run.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    known.update({key: pack(value) for key, value in facts.items()})
    write(path, json.dumps(known))


def move(run: str, state: str, **facts: Any) -> None:
    """Bring a run into another state (explorer/runs/life.py), with facts that go with it; ExplorerError where it cannot."""
    own_folder(run)  # a sample run is never moved
    life.check(run, read(run).state, state)
    _record(run, {"state": state, **facts})


def start(run: str, **facts: Any) -> None:
    """Mark a run as running in this process; should the process die, the run reads `interrupted`."""
    move(run, "running", **_this_process(), **facts)


def _this_process() -> dict[str, Any]:
    """The sign of life that `alive` looks for: a process id alone may have gone to another process since."""
    return {"pid": os.getpid(), "pid_started": psutil.Process().create_time()}


def close(run: str, state: str, why: str = "") -> None:
    """Write, for a process that cannot, what became of a run: stopped, failed or interrupted. One that came to an end stays.
    Raises ValueError for another state, which only the process itself can know of."""
    if state not in life.FROM_OUTSIDE:
        raise ValueError(f"only {' or '.join(life.FROM_OUTSIDE)} is told of a run from outside; got {state!r}")
    if read(run).state not in life.FINAL:
        move(run, state, error=why)


def append(run: str, epoch: Epoch) -> None:
    """Add one epoch, a JSON line."""
    with writing():
        add_line(own_folder(run) / "epochs.jsonl", json.dumps(pack(epoch)) + "\n")


def truncate_epochs(run: str, epochs: int) -> None:
    """Keep the first `epochs` epochs: a run that goes on learns the later ones again."""
    path = own_folder(run) / "epochs.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
    write(path, "".join(lines[:epochs]))


def read(run: str) -> Run:
    """A run as it stands. A folder that a crash left half-written reads `interrupted`, never raises."""
    path = folder(run)
    try:
        facts = json.loads((path / "run.json").read_text(encoding="utf-8"))
        recipe = recipes.make(**facts.pop("recipe"))
        state = life.known(facts.pop("state"))
        scores = [unpack(facts.get(name)) for name in ("test", "train", "balanced", "grouped")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ExplorerError) as error:
        why = f"The run's folder cannot be read: {error}"
        return Run(run, "interrupted", None, path.stat().st_mtime, why, named=names.naming(run))
    state = life.seen(state, state == "running" and _alive(facts))
    if facts.get("schema", 1) < 2 and scores[0] is not None:
        scores[2:] = renewed(path, scores[2])
    created, error = facts.get("created", 0.0), facts.get("error", "")
    kind = FinishedRun if state == "finished" else KnownRun
    test, train, balanced, grouped = scores
    clean, epochs = facts.get("clean"), _epochs(path)
    named = names.naming(run)
    return kind(run, state, recipe, created, error, epochs, test, train, clean, facts, balanced, grouped, named)


def carried_out(run: Run) -> bool:
    """Whether the process that is to carry out this run, or does, is alive: as far as it said so in the run's folder."""
    return _alive(run.facts)


def _alive(facts: Mapping[str, Any]) -> bool:
    try:
        return abs(psutil.Process(facts["pid"]).create_time() - facts["pid_started"]) < 2
    except (psutil.Error, KeyError, TypeError):
        return False


def _epochs(path: Path) -> tuple[Epoch, ...]:
    """All whole lines; a last line cut by a crash is left out."""
    epochs = []
    try:
        lines = (path / "epochs.jsonl").read_text(encoding="utf-8").splitlines()
        for line in lines:
            epochs.append(unpack(json.loads(line)))
    except (OSError, ValueError, TypeError, KeyError):
        pass
    return tuple(epochs)


def _folders() -> list[Path]:
    """All run folders that who is looking may see, the latest first."""
    return [runs_folder() / name for name in here()] + samples()


def here() -> list[str]:
    """The names in the folder of runs that who is looking may see, the latest first; what is no run may be among them."""
    root = runs_folder()
    found = [entry.name for entry in os.scandir(root) if entry.is_dir()] if root.is_dir() else []
    return sorted(workspaces.visible("runs", (name for name in found if not name.startswith("."))), reverse=True)


def samples() -> list[Path]:
    """The folders of the sample runs, the latest first."""
    root = samples_folder() / "runs"
    found = [p for p in root.iterdir() if is_sample(p.name)] if root.is_dir() else []
    return sorted(found, key=lambda p: p.name, reverse=True)


def every() -> list[str]:
    """The ids of all runs, the latest first, then those that ship."""
    return [path.name for path in _folders()]


def listing() -> list[Run]:
    """All runs, the latest first."""
    return [read(run) for run in every()]


def finished() -> list[FinishedRun]:
    """The runs that can be looked at, the latest first."""
    return [run for run in listing() if isinstance(run, FinishedRun)]


def find(recipe: Recipe, states: tuple[str, ...] = ("finished",)) -> Run | None:
    """The latest run of exactly this recipe that is in one of these states."""
    name = f"-{spelled(recipe.backbone)}-{recipe.strategy}-"
    candidates = (read(path.name) for path in _folders() if name in path.name)
    return next((run for run in candidates if run.recipe == recipe and run.state in states), None)
