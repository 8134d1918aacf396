"""Whether the pictures that a recipe names are there at all: asked before a run is made of it, so that a slip leaves none."""

from pathlib import Path

from explorer import limits
from explorer.catalogue.datasets import dataset
from explorer.errors import ExplorerError
from explorer.recipe import Recipe


def require(recipe: Recipe) -> None:
    """Raises ExplorerError where the recipe's folder is none or may not be named, or its set was deleted."""
    row = dataset(recipe.dataset)
    if row.own and not row.available_offline:
        raise ExplorerError(
            f"The set {recipe.dataset!r} was deleted, or never was on this machine. Bring its pictures again under the same "
            f"name, or choose another data set."
        )
    if recipe.data_dir is None:
        return
    if not limits.server_folders():
        raise ExplorerError(
            f"Folders of the server are switched off here (THAW_SERVER_FOLDERS=0), so {recipe.data_dir!r} is not read. Bring the "
            f"pictures through the browser, or ask whoever runs Thaw."
        )
    folder = Path(recipe.data_dir).expanduser()
    if not folder.is_dir():
        why = "is a file, not a folder" if folder.exists() else "does not exist"
        raise ExplorerError(
            f"The folder {recipe.data_dir!r} {why}. Expected: one sub-folder per class, or train/ and val/ or test/ with such "
            f"sub-folders. Check the path for a slip."
        )
