"""The pictures and weights that a run reads, as parcels: put into the cluster's memory once, unpacked once on each node."""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import filelock

import explorer
from explorer import edits, limits, own_sets
from explorer.catalogue import named, own
from explorer.catalogue.datasets import dataset, datasets_folder
from explorer.catalogue.weights import checkpoints_folder, source
from explorer.errors import ExplorerError
from explorer.home import part_of
from explorer.recipe import Recipe
from explorer.worker.cluster.job import Parcel, Piece

MOST = 32_000_000  # bytes of one piece, unless one file has more
KEPT = 16  # parcels that stay in the cluster's memory for nodes yet to come
FOLDERS, TORCH = "folders", "torch/hub/checkpoints"


class Shipping:
    """Makes parcels; `put` hands a piece to the cluster and gives a reference to it. What did not change is put once."""

    def __init__(self, put: Callable[[Piece], Any]) -> None:
        self._put, self._sent = put, OrderedDict[str, Parcel]()

    def parcels(self, recipe: Recipe) -> tuple[tuple[Parcel, ...], dict[str, str]]:
        """What the recipe reads that is not everywhere, and which of them is the folder that it names. Raises ExplorerError where
        a file cannot be read."""
        found, folders = [self.parcel(place, root) for place, root in _kept(recipe)], {}
        if recipe.data_dir is not None:
            folder = self.parcel("", Path(recipe.data_dir).expanduser().resolve())
            found.append(folder)
            folders[recipe.data_dir] = folder.place
        return tuple(found), folders

    def needs(self, recipes: Iterable[Recipe], threads: int) -> dict[str, Any]:
        """The fields of `Needs`: what these recipes read, and the server's version and settings. Raises as `parcels` does."""
        found, folders, notes = list[Parcel](), dict[str, str](), dict[str, bytes]()
        for recipe in recipes:
            more, named = self.parcels(recipe)
            found += more
            folders |= named
            notes |= small(recipe)
        settings = {name: os.environ[name] for name in limits.DEFAULTS if name in os.environ}
        known = {"version": explorer.__version__, "threads": threads, "settings": settings}
        return known | {"small": notes, "parcels": tuple(found), "folders": folders}

    def parcel(self, place: str, root: Path) -> Parcel:
        """The files at `root`. Without a `place` that goes by their content, they get one by its digest."""
        files = [*_files(root)]
        listed = [(name, path.stat().st_size, path.stat().st_mtime_ns) for name, path in files]
        key = hashlib.sha256(f"{place or root}\n{listed}".encode()).hexdigest()
        if key not in self._sent:
            digest = hashlib.sha256()
            pieces = tuple(self._put(piece) for piece in _pieces(files, digest))
            self._sent[key] = Parcel(place or f"{FOLDERS}/{digest.hexdigest()[:32]}/{root.name or 'pictures'}", pieces)
        self._sent.move_to_end(key)
        while len(self._sent) > KEPT:
            self._sent.popitem(last=False)  # who still travels holds its references
        return self._sent[key]


def small(recipe: Recipe) -> dict[str, bytes]:
    """Files of some kilobytes that the run reads: where below Thaw's folder → bytes."""
    found: dict[str, Path] = {}
    if recipe.edits:
        found[f"edits/{recipe.edits}.json"] = edits.folder() / f"{recipe.edits}.json"
    if named.is_name(recipe.backbone):
        found[f"backbones/{named.path(recipe.backbone).name}"] = named.path(recipe.backbone)
    return {place: path.read_bytes() for place, path in found.items() if path.is_file()}


def _kept(recipe: Recipe) -> Iterator[tuple[str, Path]]:
    """What Thaw keeps by content or under the name of what it is everywhere: place → where it lies here."""
    row = dataset(recipe.dataset)
    if row.own and (kept := own_sets.find(recipe.dataset)) is not None:
        yield f"own_sets/{kept.name}", kept.folder
    elif row.folder and (datasets_folder() / row.folder).is_dir():
        yield f"datasets/{row.folder}", datasets_folder() / row.folder
    if own.is_own(recipe.weights):
        path = own.path(recipe.backbone, recipe.weights)
        yield f"weights/{path.name}", path
    for weights in recipe.row.weights:
        path = checkpoints_folder() / weights.file
        if weights.name == (source(recipe.weights) or recipe.weights) and path.is_file():
            yield f"{TORCH}/{weights.file}", path


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """The files at or below `root`, by their paths within it; linked folders too, each once."""
    if root.is_file():
        yield "", root
        return
    seen: set[str] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        folders.sort()
        real = os.path.realpath(folder)
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        paths = [Path(folder, name) for name in sorted(names)]
        yield from ((path.relative_to(root).as_posix(), path) for path in paths if path.is_file())


def _pieces(files: list[tuple[str, Path]], digest: Any) -> Iterator[Piece]:
    """The files in pieces, and their names and bytes into the digest."""
    piece: Piece = []
    size = 0
    for name, path in files:
        try:
            content, when = path.read_bytes(), path.stat().st_mtime_ns
        except OSError as error:
            raise ExplorerError(
                f"The file {str(path)!r} cannot be read, to send it to the cluster ({error})."
            ) from error
        if piece and size + len(content) > MOST:
            yield piece
            piece, size = [], 0
        digest.update(f"{name}\n{len(content)}\n".encode())
        digest.update(content)
        piece.append((name, when, content))
        size += len(content)
    yield piece


def missing(parcels: tuple[Parcel, ...], home: Path) -> list[Parcel]:
    """Those that this node does not have yet."""
    return [parcel for parcel in parcels if not (home / parcel.place).exists()]


def unpack(parcel: Parcel, home: Path, get: Callable[[Any], Piece]) -> None:
    """Have a parcel on this node: whoever comes first fetches it with `get`, piece by piece, and others wait for it."""
    place = home / parcel.place
    place.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(place.with_name(f".{place.name}.lock")):
        if place.exists():
            return
        part = part_of(place)
        for reference in parcel.pieces:
            for name, when, content in get(reference):
                path = part / name if name else part
                if part != path and part not in path.resolve().parents:
                    raise ExplorerError(
                        f"The parcel {parcel.place} holds a file that would lie outside: {name[:80]!r}."
                    )
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                os.utime(path, ns=(when, when))
        part.replace(place)
