"""Whether the pictures that a recipe names are there at all: asked before a run is made of it, so that a slip leaves none."""

from pathlib import Path

from explorer import limits, workspaces
from explorer.catalogue import own
from explorer.catalogue.datasets import dataset
from explorer.errors import ExplorerError
from explorer.recipe import Recipe

LENT: dict[str, Path] = {}
"""On a machine that carries out runs for another: the folder that a recipe names there → where its pictures lie here."""


def place(data_dir: str) -> str | Path:
    """Where the pictures of the folder that a recipe names lie."""
    return LENT.get(data_dir, data_dir)


def require(recipe: Recipe) -> None:
    """Raises ExplorerError where the recipe's folder is none or may not be named, or its set was deleted."""
    row = dataset(recipe.dataset)
    if row.own and not row.available_offline:
        raise ExplorerError(
            f"The set {recipe.dataset!r} was deleted, or never was on this machine. Bring its pictures again under the same "
            f"name, or choose another data set."
        )
    if own.is_own(recipe.weights) and not workspaces.sees("weights", recipe.weights):
        raise ExplorerError(
            f"There are no weights {recipe.weights!r} here. Bring their checkpoint again, or choose other weights."
        )
    if recipe.data_dir is None or recipe.data_dir in LENT:
        return
    if not limits.server_folders():
        raise ExplorerError(
            f"Folders of the server are switched off here (THAW_SHARED, or THAW_SERVER_FOLDERS=0), so {recipe.data_dir!r} is not "
            f"read. Bring the pictures through the browser, or ask whoever runs Thaw."
        )
    folder = Path(recipe.data_dir).expanduser()
    if not folder.is_dir():
        why = "is a file, not a folder" if folder.exists() else "does not exist"
        raise ExplorerError(
            f"The folder {recipe.data_dir!r} {why}. Expected: one sub-folder per class, or train/ and val/ or test/ with such "
            f"sub-folders. Check the path for a slip."
        )
