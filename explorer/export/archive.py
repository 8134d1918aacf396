"""A run as a ZIP that another Thaw opens: its folder's files and the weights it began with, where those are the visitor's
own.

Pictures stay where they are: looks that need them say so where they are missing.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

from explorer import __version__, limits, runs, workspaces
from explorer import recipe as recipes
from explorer.catalogue import named, own
from explorer.errors import ExplorerError
from explorer.jobs import quotas
from explorer.recipe import Recipe, sources
from explorer.runs import SCHEMA, FinishedRun, adopting, soundness

FILES = (
    "run.json",
    "epochs.jsonl",
    "learned.safetensors",
    "features.safetensors",
    "predictions.csv",
    "groups.csv",
    "audit.json",
)
"""What of a run's folder goes along; anything else in an archive is refused."""
NEEDED = ("run.json", "epochs.jsonl", "learned.safetensors", "predictions.csv", "audit.json")
NOTE, START, ROW = "thaw.json", "start.safetensors", "backbone.json"
MOST_BYTES = 4_000_000_000
AT_ONCE = 1 << 20


def pack(run: FinishedRun, out: Path) -> tuple[str, ...]:
    """Write the archive; returns what to know of it."""
    folder, recipe = runs.folder(run.id), run.recipe
    note = {"kind": "thaw run", "thaw": __version__, "schema": SCHEMA, "run": run.id}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NOTE, json.dumps(note))
        for name in FILES:
            if (folder / name).is_file():
                archive.write(folder / name, name)
        if own.is_own(recipe.weights) and own.path(recipe.backbone, recipe.weights).is_file():
            archive.write(own.path(recipe.backbone, recipe.weights), START)
        if recipe.row.traced:
            archive.write(named.path(recipe.backbone), ROW)
    notes = ["Another Thaw opens it: python -m explorer import FILE, or *Bring a run* on the Runs page."]
    if recipe.data_dir:
        notes.append("The pictures do not go along: looks that show them need the same folder there.")
    return tuple(notes)


def bring(file: Path, name: str = "") -> str:
    """Open an archive as a run of this Thaw, and return its id; all of it or nothing.

    Raises ExplorerError, naming the file, for what is no such archive, is damaged or of a later version, or a run that is
    here.
    """
    name = name or file.name
    try:
        with zipfile.ZipFile(file) as archive:
            quotas.require_room(_check_names(archive, name))
            _row(archive, name)
            facts = _facts(archive, name)
            contents = {inner: _content(archive, inner) for inner in FILES if inner in archive.namelist()}
            start = _content(archive, START) if START in archive.namelist() else None
    except (FileNotFoundError, IsADirectoryError) as error:
        raise ExplorerError(f"There is no file {str(file)!r}. Give a run that was exported as a zip.") from error
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise _refused(name, f"it is damaged, cut short, or no ZIP ({error})") from error
    if facts["recipe"].get("data_dir") and not limits.server_folders():
        raise _refused(name, "its pictures lie in a folder of a server, and folders of this server are not read")
    if workspaces.viewer() is not None:
        facts["id"] = adopting.new_name(str(facts["id"]))
        _require_own(recipes.make(**facts["recipe"]), start, name)
    run = str(facts["id"])
    contents["run.json"] = json.dumps(facts).encode()
    adopting.adopt(run, contents)
    try:
        recipe = _open(run).recipe
    except ExplorerError as error:
        adopting.drop(run)
        raise _refused(name, f"what it holds cannot be opened ({error})") from error
    if start is not None:
        own.keep(recipe.backbone, recipe.weights, start, f"of the run {run}")
    return run


def _require_own(recipe: Recipe, start: bytes | None, name: str) -> None:
    """Raises ExplorerError where the run names a set or weights that its visitor does not have here: looks at the run would show
    another's. The words are the same whether somebody has them or nobody."""
    if start is not None:
        own.keep(recipe.backbone, recipe.weights, start, name)
    try:
        sources.require(recipe)
    except ExplorerError as error:
        beside = f" The ZIP holds it: {START}, which Your own checkpoint on Train takes." if start is not None else ""
        raise ExplorerError(
            f"{name!r} is not taken on this shared server yet, and nothing was kept. {error}{beside}"
        ) from error


def _check_names(archive: zipfile.ZipFile, name: str) -> int:
    """Nothing but what `pack` writes, each once, whole, and not more than MOST_BYTES together; returns how many they are."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    strange = [inner for inner in names if inner not in (NOTE, START, ROW, *FILES)]
    if NOTE not in names or strange or len(set(names)) < len(names):
        what = f"it holds {strange[0]!r}" if strange else "it lacks thaw.json, or holds a file twice"
        raise _refused(name, f"it is no run of Thaw's ({what})")
    missing = [inner for inner in NEEDED if inner not in names]
    if missing:
        raise _refused(name, f"it lacks {', '.join(missing)}")
    if (total := sum(entry.file_size for entry in entries)) > MOST_BYTES:
        raise _refused(name, f"it would unpack to more than {MOST_BYTES / 1e9:.0f} GB")
    return total


def _row(archive: zipfile.ZipFile, name: str) -> None:
    """Keep the backbone that the run names, where it is of a library and not known here; it holds nothing that is run. On a
    shared server, where the row would be everybody's, a visitor has it looked up instead."""
    if ROW not in archive.namelist():
        return
    try:
        row = named.checked(_content(archive, ROW).decode("utf-8"))
    except (ExplorerError, UnicodeDecodeError) as error:
        raise _refused(name, str(error)) from error
    if named.read(row.name) is not None:
        return
    if workspaces.viewer() is not None:
        raise ExplorerError(
            f"{name!r} is not taken on this shared server yet, and nothing was kept: nobody looked up its backbone {row.name}. "
            f"Type that under Another backbone on Train, then bring the run again."
        )
    named.keep(row)


def _content(archive: zipfile.ZipFile, inner: str) -> bytes:
    """A file of the archive, counted as it is unpacked: its header may say less than there is."""
    parts, left = [], MOST_BYTES
    with archive.open(inner) as stream:
        while block := stream.read(AT_ONCE):
            left -= len(block)
            if left < 0:
                raise zipfile.BadZipFile(f"{inner} is larger than {MOST_BYTES} bytes")
            parts.append(block)
    return b"".join(parts)


def _facts(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """run.json, checked: the kind of archive, the schema, that the run is finished, its recipe."""
    try:
        note, facts = (json.loads(_content(archive, inner)) for inner in (NOTE, "run.json"))
        kind, schema, state = note["kind"], int(facts.get("schema", 1)), facts["state"]
        run = str(facts["id"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refused(name, f"its notes cannot be read ({error})") from error
    if kind != "thaw run":
        raise _refused(name, f"it is a {kind!r}, and no run")
    if schema > SCHEMA:
        raise _refused(
            name, f"a later version of Thaw wrote it ({note.get('thaw')}; schema {schema}, here {SCHEMA}). Update Thaw"
        )
    if state != "finished":
        raise _refused(name, f"its run is {state}; only finished ones are taken")
    if not adopting.is_name(run):
        raise _refused(name, f"{run[:80]!r} cannot be the name of a run")
    try:
        recipes.make(**facts["recipe"])
    except (ExplorerError, KeyError, TypeError) as error:
        raise _refused(name, f"its recipe cannot be read: {error}") from error
    facts.pop("sample", None)
    return facts | {"imported": True}


def _open(run: str) -> FinishedRun:
    """The run, when all that it holds has been read once. Raises ExplorerError where something is damaged."""
    found = runs.read(run)
    if not isinstance(found, FinishedRun):
        raise ExplorerError(found.error or f"the run reads {found.state}")
    soundness.check(run)
    runs.tensors(run, "learned")
    if (runs.folder(run) / "features.safetensors").is_file():
        runs.tensors(run, "features")
    return found


def _refused(name: str, why: str) -> ExplorerError:
    why = why.removesuffix(".")
    return ExplorerError(f"{name!r} cannot be opened as a run: {why}. Nothing was kept. Export the run again as a zip.")
