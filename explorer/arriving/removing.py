"""Delete a set for good: its files, what is stored of its features, and the answers that hold its pictures."""

from collections.abc import Iterable
from contextlib import suppress

from explorer import cache, jobs, own_sets, runs, workspaces
from explorer.errors import ExplorerError
from explorer.home import home
from explorer.own_sets import parcels
from explorer.runs import Run
from explorer.runs.life import LIVE


def users(name: str, listed: Iterable[Run] | None = None) -> list[Run]:
    """The runs on a set, the latest first, among those `listed` (None: all)."""
    found = runs.listing() if listed is None else listed
    return [run for run in runs.known(found) if run.recipe.dataset == name]


def remove(name: str) -> list[Run]:
    """Remove a set of that name from everywhere but the runs on it, whose numbers stay; returns these.

    Raises ExplorerError where there is no such set, and while something still trains on it.
    """
    kept = own_sets.find(name)
    if kept is None:
        raise ExplorerError(f"There is no set {name[:64]!r} (any more). Nothing was deleted.")
    used = users(name)
    mine = {run.id for run in used}
    with workspaces.everything():
        everyone = users(name)
        live = [run for run in everyone if jobs.lost(run).state in LIVE]
    others = len(workspaces.owners("sets", name)) > 1  # who brought the same pictures keeps them
    if live := [run for run in live if run.id in mine or not others]:
        names = [run.name if run.id in mine else "a run of another visitor" for run in live[:3]]
        raise ExplorerError(
            f"The set {kept.title!r} was not deleted: {', '.join(names)} {'trains' if len(live) == 1 else 'train'} on it. "
            f"Stop that first, or wait for its end."
        )
    if not own_sets.delete(name):
        return used
    cache.forget(kept.mark)
    for path in jobs.answers_about({name, *(run.id for run in everyone)}):
        with suppress(OSError):
            path.unlink(missing_ok=True)
    forget_previews()
    return used


def forget_previews() -> None:
    """Remove the stored previews, which hold thumbnails, but those of uploads that go on, perhaps another visitor's."""
    going_on = {*jobs.answers_about(parcels.every())} - {*jobs.answers_about(())}
    for path in {*(home() / "cache").glob("preview-*.npz")} - going_on:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def close(parcel: str) -> None:
    """Throw away what arrived, and the thumbnails of it."""
    parcels.close(parcel)
    forget_previews()
