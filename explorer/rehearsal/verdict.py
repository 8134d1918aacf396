"""Whether a class will go well on this machine, in words with the figures behind them."""

import statistics
from dataclasses import dataclass

from explorer.rehearsal.measuring import Measurements, share

ANSWER = 1.0
"""Seconds within which 95 of 100 clicks must be answered."""
WAIT = 20.0
"""Seconds for which half of the probes may wait at most."""
MEMORY = 6.0
"""MB of the server's memory that a session may take."""
STAYS = 1.10
"""The most that the server may hold when all have left, as a multiple of what it held before they came."""


@dataclass(frozen=True)
class Line:
    """One thing that has to hold: whether it does, and in which words."""

    holds: bool
    words: str


def verdict(found: Measurements) -> list[Line]:
    """Line by line; the class will go well where all hold."""
    clicks, waits = found.clicks, found.waits
    high, wait = share(clicks, 0.95), statistics.median(waits) if waits else 0.0
    back = found.memory_after <= STAYS * found.memory_before
    return [
        Line(
            bool(clicks) and high < ANSWER,
            f"{len(clicks)} clicks: half were answered within {share(clicks, 0.5):.2f} s, 95 in 100 within {high:.2f} s, the "
            f"slowest in {share(clicks, 1):.1f} s (wanted: 95 in 100 within {ANSWER:g} s).",
        ),
        Line(
            not found.sessions_failed and not found.returned,
            f"{found.sessions_failed} of {found.participants} participants lost their session"
            + (f", {len(found.returned)} times one was cut off and came back" if found.returned else "")
            + (f": {found.failures[0]}." if found.failures else "."),
        ),
        Line(
            not found.lost and not found.queue_left,
            f"{found.probes} probes were started, {found.finished} finished, {found.lost} lost.",
        ),
        Line(wait <= WAIT, f"Half of the probes waited at most {wait:.1f} s (wanted: {WAIT:g} s)."),
        Line(
            found.memory_each <= MEMORY,
            f"A session took {found.memory_each:.1f} MB of the server's memory (wanted: at most {MEMORY:g} MB).",
        ),
        Line(
            back and not found.files_left,
            f"After everybody had left, the server held {found.memory_after:.0f} MB, {found.memory_before:.0f} MB before they "
            f"came and {found.memory_most:.0f} MB at most; {found.files_left} files were left behind.",
        ),
    ]


def spoken(found: Measurements) -> dict[str, object]:
    """The verdict as the command line says it."""
    lines = verdict(found)
    holds = all(line.holds for line in lines)
    whole = f"{found.participants} participants will work well here." if holds else (
        f"{found.participants} participants will be too many here, or something else is wrong: see the lines marked NO."
    )  # fmt: skip
    return {
        "holds": holds,
        "verdict": whole,
        "lines": [f"{'yes' if line.holds else 'NO '}  {line.words}" for line in lines],
    }
