"""Commands for whoever holds a workshop: a rehearsal, and cards for participants."""

import argparse
import re
import sys
from typing import Any

from explorer import machine
from explorer.cli.asking import written
from explorer.errors import ExplorerError
from explorer.rehearsal.playing import LONGEST, MOST

Words = dict[str, Any]


def rehearse(options: argparse.Namespace) -> Words:
    """Play the class here, and say whether it will hold."""
    from explorer.rehearsal.measuring import rehearse as played
    from explorer.rehearsal.verdict import spoken

    if not 1 <= options.participants <= MOST:
        raise ExplorerError(f"--participants is {options.participants}. Allowed: 1 to {MOST}.")
    if not 0 < options.minutes <= LONGEST / 60:
        raise ExplorerError(f"--minutes is {options.minutes:g}. Allowed: more than 0, at most {LONGEST / 60:g}.")
    found = played(options.participants, 60 * options.minutes, lambda words: print(words, file=sys.stderr, flush=True))
    return spoken(found) | {"machine": f"{machine.cores()} cores, {machine.slots()} trainings at a time"}


def card(options: argparse.Namespace) -> Words | str:
    """Write the cards to print; to standard output goes nothing but the page, or with --json the object that holds it."""
    from explorer.app.card import MOST as MOST_CARDS
    from explorer.app.card import cards

    if not re.fullmatch(r"https?://[^\s\"'<>]{1,500}", options.address):
        raise ExplorerError(f"{options.address!r} is no address. Give it whole, such as http://192.168.1.5:8501/.")
    if not 1 <= options.copies <= MOST_CARDS:
        raise ExplorerError(f"--copies is {options.copies}. Allowed: 1 to {MOST_CARDS}.")
    page = cards(options.address, options.title, options.copies)
    if str(options.out) == "-":
        return {"address": options.address, "page": page} if options.json else page
    written(options.out, page.encode())
    return {"address": options.address, "out": str(options.out)}
