"""What is said of the interval of an accuracy: for what it holds where images come in groups, and why some have none."""

from collections.abc import Sequence

from explorer.evidence import Grouped, Score
from explorer.runs.records import Epoch

NO_INTERVAL = (
    "No interval: test images vote for one another (or are fitted with one another), so their errors are not "
    "independent, and the variance of such an accuracy cannot be estimated without bias (Bengio & Grandvalet 2004, "
    "JMLR 5:1089). In simulations of 10 nearest neighbours among 40 to 306 images a 95 % Wilson interval covers 87 "
    "to 93 %."
)
"""Of an accuracy whose images voted for, or were fitted with, one another."""


def tally(score: Score) -> str:
    """`88.9 % (272 of 306)`."""
    return f"{100 * score.accuracy:.1f} % ({score.correct} of {score.n})"


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
