"""Which run is meant: by its id, its name, or the beginning of either."""

from collections.abc import Callable, Iterable

from explorer.errors import ExplorerError
from explorer.runs import names
from explorer.runs.folders import every, read
from explorer.runs.run import KnownRun


def called(text: str) -> str:
    """The id of the run that `text` means: an id, a name, the beginning of either where it is one run's alone, or `latest`.

    `latest` passes over runs that failed before their first epoch, such as one on a device that is not there. Names are told
    apart neither by capitals nor by spaces, dashes and underscores (`amber-heron`). Raises ExplorerError where several runs are
    meant; where none is, `text` comes back, and who opens it says what there is.
    """
    ids = every()
    if text in ids:
        return text
    if text == "latest":
        return next((run for run in ids if not _never_began(run)), ids[0] if ids else text)
    of_names = {run: _plain(names.name(run)) for run in ids}
    wanted = _plain(text)
    ways: tuple[Callable[[str], bool], ...] = (
        lambda run: of_names[run] == wanted,
        lambda run: bool(wanted) and (run.startswith(text) or of_names[run].startswith(wanted)),
    )
    for fits in ways:
        found = [run for run in ids if fits(run)]
        if len(found) > 1:
            raise ExplorerError(_several(text, found))
        if found:
            return found[0]
    return text


def known_run(run: str) -> KnownRun:
    """The run of this id; ExplorerError where its folder cannot be read."""
    found = read(run)
    if not isinstance(found, KnownRun):
        raise ExplorerError(f"The run {run} has no readable recipe, so it cannot be trained. Delete it.")
    return found


def _never_began(run: str) -> bool:
    found = read(run)
    return found.state == "failed" and not found.epochs


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").replace("_", " ").split())


def _several(text: str, found: Iterable[str]) -> str:
    first = [f"{names.name(run)} ({run})" for run in found]
    more = f" and {len(first) - 5} more" if len(first) > 5 else ""
    return f"{text!r} may be {len(first)} runs: {', '.join(first[:5])}{more}. Type more of the name, or the id."
