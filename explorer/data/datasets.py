"""Load a row of the catalogue or a visitor's folder: three splits of correct RGB pictures, ready for any backbone."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from explorer import edits
from explorer.catalogue.datasets import dataset
from explorer.data import digits, downloads, folders, own, patches, shapes, splits
from explorer.data.corrupted import corrupted
from explorer.data.edited import edited
from explorer.data.images import Data
from explorer.errors import ExplorerError
from explorer.recipe import Recipe, sources


def _public(name: str, recipe: Recipe) -> Data:
    return downloads.load(name, recipe.split_seed)


def _folder(recipe: Recipe) -> Data:
    sources.require(recipe)
    return folders.load(sources.place(recipe.data_dir or ""), recipe.split_seed, recipe.labels)


SOURCES: dict[str, Callable[[Recipe], Data]] = {
    "photo_patches": lambda recipe: patches.load(),
    "photo_patches_grey": lambda recipe: patches.load(grey=True),
    "shapes": lambda recipe: shapes.load(),
    "digits": lambda recipe: digits.load(recipe.split_seed),
    "folder": _folder,
    "hymenoptera": lambda recipe: downloads.load_ants_and_bees(recipe.split_seed),
    **{name: partial(_public, name) for name in downloads.SOURCES},
}
"""Name → all pictures on offer, split; `load` then takes what the recipe asks for."""


def _edits_of(recipe: Recipe) -> edits.Edits:
    found = edits.read(recipe.edits)
    if not found.of(recipe.dataset, recipe.data_dir):
        raise ExplorerError(
            f"The edits {recipe.edits!r} are of {found.data_dir or found.dataset}, not of "
            f"{recipe.data_dir or recipe.dataset}. Leave them out, or choose that set."
        )
    return found


def load(recipe: Recipe) -> Data:
    """The data of a recipe: `per_class` training images drawn by `seed`; validation and test by `split_seed` alone; all with the
    recipe's edits, and corrupted where it says so.

    Raises ExplorerError for a folder or download that cannot be used and for more images per class than there are.
    """
    row = dataset(recipe.dataset)
    data = own.load(row.name, recipe.split_seed) if row.own else SOURCES[row.name](recipe)
    if recipe.edits:
        data = edited(data, _edits_of(recipe))
    if recipe.spoilt:
        data = corrupted(data, recipe.spoilt, recipe.preprocessing.crop)
    most = splits.PUBLIC_CAP if row.folder else splits.TRAIN_CAP
    data = splits.cut(data, recipe.per_class, recipe.seed, recipe.split_seed, most)
    return data if row.own or row.name == "folder" else replace(data, note=f"{row.note} {data.note}".strip())
