"""What does a rerun of each page cost the server's processor? With thirty visitors the interpreter's lock is the queue.

    python -m benchmarks.reruns [--against COMMIT] [--times 20] [--pages home training …]

A shared server, as a class has it, and one visitor over the websocket who has trained a linear probe of their own. Counted is the
processor time of the server's process, whatever else the machine does: per page asked for again; per page opened from another,
as in the menu; and per page with all of Streamlit's caches empty, so that each figure is drawn and each answer read anew. Last
the line of a run that waits, which is drawn again each second. With COMMIT the same is measured of that build, from a checkout
of its own. See benchmarks/README.md.
"""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

from benchmarks.pages import BREATH, PAGES, settle
from benchmarks.report import brief, footer, table
from benchmarks.server import Server, server
from benchmarks.workshop import build
from explorer.jobs.pausing import pause
from explorer.rehearsal.session import VisitorSession

BROWSER = f"thaw_browser={7:032x}; thaw_width=1280"
COLD = 3  # times with empty caches; each takes seconds
WAITS = "the line of a run that waits"
Costs = dict[str, tuple[float, ...]]


class Visitor(VisitorSession):
    """A session that can empty the server's caches too."""

    def forget(self) -> None:
        """Empty the caches of Streamlit, those of all visitors."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.clear_cache = True
        self._socket.send(message.SerializeToString())


def cost(running: Server, times: int, act: Callable[[], Any], before: Callable[[], Any] = lambda: None) -> float:
    """Milliseconds of the server's processor that an act takes, the mean of so many; what comes `before` each is not counted."""
    spent = 0.0
    for _ in range(times):
        before()
        time.sleep(BREATH)
        began = running.computed()
        act()
        time.sleep(BREATH)  # what the server does after its answer counts too
        spent += running.computed() - began
    return spent / times


def visit(running: Server, times: int, pages: list[str], patience: float) -> Costs:
    """Page → what it costs again, opened, and with empty caches; after the visitor's probe has ended and all was answered."""
    visitor = Visitor(running.port)
    visitor.connect(BROWSER)
    visitor.open("training")
    visitor.press("train_start")
    settle(patience)
    for _ in range(2):
        for page in pages:
            visitor.open(page)
            visitor.stay(1.0)
            settle(patience)
    found: Costs = {}
    for page in pages:
        visitor.open(page)
        again = cost(running, times, visitor.again)
        opened = cost(running, times, partial(visitor.open, page), lambda: visitor.open("glossary"))
        cold = cost(running, COLD, visitor.again, visitor.forget)
        found[page] = (again, opened, cold)
        print(page, *map(brief, found[page]), file=sys.stderr, flush=True)
    found[WAITS] = (waiting(running, visitor),)
    visitor.close()
    return found


def waiting(running: Server, visitor: Visitor, seconds: float = 20.0) -> float:
    """What one drawing of the line of a waiting run costs: the queue is held, and the visitor watches."""
    pause(True)
    visitor.open("training")
    visitor.press("train_start")
    visitor.stay(2.0)
    drawn: list[float] = []
    visitor.on_rerun = lambda page, took: drawn.append(took)
    began = running.computed()
    visitor.stay(seconds)
    return (running.computed() - began) / max(1, len(drawn))


def rows(builds: dict[str, Costs]) -> list[tuple[str, ...]]:
    """A row for each page and for all together, with the builds beside each other."""
    first = next(iter(builds.values()))
    pages = [page for page in first if page != WAITS]
    mean: Costs = {}
    for name, found in builds.items():
        mean[name] = tuple(sum(found[page][i] for page in pages) / len(pages) for i in range(3))
    found_rows = [
        (page, *(" → ".join(brief(found[page][i]) for found in builds.values()) for i in range(3))) for page in pages
    ]
    found_rows.append(("**mean**", *(" → ".join(brief(mean[name][i]) for name in builds) for i in range(3))))
    return [*found_rows, (WAITS, " → ".join(brief(found[WAITS][0]) for found in builds.values()), "", "")]


def main() -> None:
    """Print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", help="a commit to compare with")
    parser.add_argument("--times", type=int, default=20, help="of each page and way")
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=[page for page in PAGES if page != "race"])
    parser.add_argument("--patience", type=float, default=300, help="seconds for the worker to get anything done")
    given = parser.parse_args()
    builds: dict[str, Costs] = {}
    for name in filter(None, (given.against, "this build")):
        place = build(name) if name == given.against else nullcontext(None)
        with place as checkout, server(checkout, THAW_SHARED="1") as running:
            settle(given.patience)
            builds[name] = visit(running, given.times, given.pages, given.patience)
    print(table(("processor time (ms)", "again", "opened", "nothing kept"), rows(builds)))
    print()
    print(footer("benchmarks.reruns", ("streamlit", "plotly"), f"builds: {' → '.join(builds)}"))


if __name__ == "__main__":
    main()
