"""What an interval that counts images is for, where these come in groups: for more of them, not for other photos or patients."""

from collections.abc import Sequence

from explorer.evidence import Grouped
from explorer.runs.records import Epoch


def for_others(found: Sequence[Grouped | None], group: str, where: str = "stand in the table") -> str:
    """A sentence to go behind others, on a figure that says `where` both intervals are; empty where images come in no groups."""
    known = [grouped for grouped in found if grouped is not None]
    if not known:
        return ""
    counts = sorted(round(grouped.effective) for grouped in known)
    like = f"{counts[0]} to {counts[-1]}" if counts[0] < counts[-1] else f"{counts[0]}"
    return (
        f" Intervals count images as if they were independent: they are for more images of these {known[0].groups} {group}s. "
        f"Those for other {group}s, for which these images count like {like}, {where}."
    )


def validation_for_others(ends: Sequence[Epoch], group: str = "group") -> str:
    """The same on curves without a table, with the interval for other groups after the last epoch of each run in `ends`."""
    known = [epoch.val_grouped for epoch in ends if epoch.val_grouped is not None]
    if not known:
        return ""
    spans = "; ".join(dict.fromkeys(f"{100 * one.low:.0f} to {100 * one.high:.0f} %" for one in known))
    return (
        f" Bands count images as if they were independent: validation's is for more images of these {known[0].groups} {group}s "
        f"(photos, patients). For other {group}s it is wider, after the last epoch {spans}."
    )
