"""Delete weights of one's own for good: the files that were kept of a checkpoint."""

from collections.abc import Iterable
from contextlib import suppress

from explorer import jobs, runs, workspaces
from explorer.catalogue import own
from explorer.errors import ExplorerError
from explorer.runs import Run
from explorer.runs.life import LIVE


def users(weights: str, listed: Iterable[Run] | None = None) -> list[Run]:
    """The runs that began from these weights, the latest first, among those `listed` (None: all)."""
    found = runs.listing() if listed is None else listed
    return [run for run in runs.known(found) if run.recipe.weights == weights]


def remove(weights: str) -> list[Run]:
    """Remove the weights of that name, unless another visitor brought the same; returns the runs that began from them, whose
    numbers stay.

    Raises ExplorerError where there are none of that name, and while something trains from them.
    """
    if not own.files(weights) or not workspaces.sees("weights", weights):
        raise ExplorerError(f"There are no weights {weights[:32]!r} here (any more). Nothing was deleted.")
    if not workspaces.changes("weights", weights):
        raise ExplorerError(f"The weights {weights} were published for all to use, and stay. Nothing was deleted.")
    used = users(weights)
    if live := [run.name for run in used if jobs.lost(run).state in LIVE]:
        raise ExplorerError(
            f"The weights {weights} were not deleted: {', '.join(live[:3])} {'trains' if len(live) == 1 else 'train'} from them. "
            f"Stop that first, or wait for its end."
        )
    if workspaces.give_up("weights", weights):
        for path in own.files(weights):
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return used
