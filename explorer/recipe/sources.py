"""Whether the pictures that a recipe names are there at all: asked before a run is made of it, so that a slip leaves none."""

from pathlib import Path

from explorer import limits, workspaces
from explorer.catalogue import own
from explorer.catalogue.backbones import backbone
from explorer.catalogue.datasets import dataset
from explorer.catalogue.weights import RANDOM, source
from explorer.errors import ExplorerError
from explorer.recipe import Recipe

LOCAL_FOLDERS: dict[str, Path] = {}
"""On a machine that carries out runs for another: the folder that a recipe names there → where its pictures lie here."""


def place(data_dir: str) -> str | Path:
    """Where the pictures of the folder that a recipe names lie."""
    return LOCAL_FOLDERS.get(data_dir, data_dir)


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
    if recipe.data_dir is None or recipe.data_dir in LOCAL_FOLDERS:
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


def require_here(recipe: Recipe, network: bool = True) -> None:
    """Raises ExplorerError where the recipe's data set, or, with `network`, its weights would have to be downloaded, and who is
    looking may not make the server do so."""
    row = dataset(recipe.dataset)
    if not row.available_offline and not limits.downloads():
        raise ExplorerError(_ask_presenter(f"The data set {row.title} is"))
    if network:
        require_weights(recipe.backbone, recipe.weights)


def require_weights(name: str, weights: str) -> None:
    """The same for weights of a backbone."""
    row = backbone(name)
    full = row.resolve(weights)
    if full != RANDOM and not row.weights_path(full).is_file() and not limits.downloads():
        raise ExplorerError(_ask_presenter(f"The weights {source(full) or full} of {row.title} are"))


def _ask_presenter(what: str) -> str:
    return (
        f"{what} not on this server, and visitors may not make it download (THAW_VISITOR_DOWNLOADS). Choose what is marked as on "
        f"this machine, or ask the presenter, who gets it by training with it once."
    )
