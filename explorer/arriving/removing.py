"""Delete a set for good: its files, what is stored of its features, and the answers that hold its pictures."""

from contextlib import suppress

from explorer import cache, jobs, own_sets, runs
from explorer.errors import ExplorerError
from explorer.home import home
from explorer.own_sets import parcels


def remove(name: str) -> None:
    """Remove a set of that name from everywhere but the runs, whose numbers stay. Raises ExplorerError where there is none."""
    kept = own_sets.find(name)
    if kept is None:
        raise ExplorerError(f"There is no set {name[:64]!r} (any more). Nothing was deleted.")
    own_sets.delete(name)
    cache.forget(kept.mark)
    used = {run.id for run in runs.listing() if run.recipe is not None and run.recipe.dataset == name}
    for path in jobs.answers_about({name, *used}):
        with suppress(OSError):
            path.unlink(missing_ok=True)
    forget_previews()


def forget_previews() -> None:
    """Remove every stored preview: they hold thumbnails, and are made again in a second where somebody still looks."""
    for path in (home() / "cache").glob("preview-*.npz"):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def close(parcel: str) -> None:
    """Throw away what arrived, and the thumbnails of it."""
    parcels.close(parcel)
    forget_previews()
