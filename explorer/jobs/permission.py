"""What a visitor may ask: questions about what they may see; a training is ended by whose run it is, or by the presenter."""

from typing import Any

from explorer import own_sets, runs, uploads, workspaces
from explorer.errors import ExplorerError
from explorer.own_sets import parcels
from explorer.question import Question
from explorer.recipe import Recipe, sources

RUNS = ("run", "a", "b")
"""Fields of questions that name a run."""


def require(question: Question[Any]) -> None:
    """Raises ExplorerError where who is looking may not ask this, with the words for what does not exist."""
    if workspaces.viewer() is None:
        return
    given = question.arguments()
    for field, value in given.items():
        if field in RUNS and value:
            runs.folder(value)
        elif field == "runs":
            for run in value.values():
                runs.folder(run)
        elif isinstance(value, Recipe):
            sources.require(value)
            sources.require_here(value, question.network)
        elif field in CHECKS and value:
            CHECKS[field](value)
    if given.get("backbone") and given.get("weights"):
        sources.require_weights(given["backbone"], given["weights"])


def require_change(question: Question[Any]) -> None:
    """The same for who would end it: a training is ended by whose run it is, or by the presenter."""
    me = workspaces.viewer()
    if me is None or workspaces.is_presenter(me):
        return
    require(question)
    run = getattr(question, "run", "")
    if question.lane == "train" and not workspaces.changes("runs", run):
        raise ExplorerError(f"The run {run} is not yours to stop.")


def _set(name: str) -> None:
    if own_sets.NAME.fullmatch(name) and own_sets.find(name) is None:
        raise ExplorerError(f"There is no set {name!r} (any more).")


def _weights(name: str) -> None:
    if name.startswith("own:") and not workspaces.sees("weights", name):
        raise ExplorerError(f"There are no weights {name!r} here. Bring their checkpoint again.")


def _picture(image: int | str) -> None:
    if isinstance(image, str):
        uploads.read(image)


def _owned(kind: str, words: str) -> Any:
    def check(name: str) -> None:
        if not workspaces.sees(kind, name):
            raise ExplorerError(f"{words} {name[:32]!r} not kept any more. Choose again.")

    return check


def _folder(path: str) -> None:
    raise ExplorerError(f"Folders of the server are switched off here, so {path[:80]!r} is not read.")


def _parcel(key: str) -> None:
    if not parcels.alive(key) and parcels.there(key):
        raise ExplorerError("This upload was closed or has timed out. Reload the page and try again.")


CHECKS: dict[str, Any] = {
    "dataset": _set,
    "weights": _weights,
    "image": _picture,
    "batch": _owned("batches", "The pictures are"),
    "file": _owned("incoming", "The file is"),
    "folder": _folder,
    "parcel": _parcel,
}
"""Field → what is looked at before a visitor may ask."""
