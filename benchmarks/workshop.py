"""Does a class hold: thirty visitors on one server, each opening pages, training, comparing, bringing pictures?

    python -m benchmarks.workshop --participants 30 --minutes 5 [--against COMMIT] [--browsers 3]
    python -m benchmarks.workshop --faults [NAME …]

The class is the one that `thaw rehearse` plays (explorer/rehearsal): sessions over the websocket on 127.0.0.1, bounded in count
and time. With COMMIT the same class comes to that build too, from a checkout of its own. With --faults a smaller class meets one
fault after the other. Nothing leaves this machine. See benchmarks/README.md.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from benchmarks import workshop_faults
from benchmarks.report import brief, footer, held, table
from benchmarks.server import ROOT, Server
from explorer.rehearsal.measuring import AFTERGLOW, Measurements, rehearse, share
from explorer.rehearsal.playing import LONGEST, MOST
from explorer.rehearsal.verdict import ANSWER, MEMORY, STAYS, WAIT

MOST_BROWSERS = 3
COLUMNS = ("build", "clicks", "median (s)", "p95 (s)", "slowest (s)", "sessions lost", "probes, lost", "a minute", "wait (s)",
           "MB a session", "MB before, most, after", "left: tasks, files")  # fmt: skip


def line(name: str, found: Measurements) -> tuple[str, ...]:
    """One row of the table."""
    clicks = found.clicks
    wait = statistics.median(found.waits) if found.waits else 0.0
    memory = (found.memory_before, found.memory_most, found.memory_after)
    return (
        name, str(len(clicks)), f"{share(clicks, 0.5):.2f}", f"{share(clicks, 0.95):.2f}", f"{share(clicks, 1):.1f}",
        f"{found.sessions_failed} of {found.participants}", f"{found.finished} of {found.probes}, {found.lost}",
        brief(60 * found.finished / found.seconds), f"{wait:.1f}", f"{found.memory_each:.1f}",
        ", ".join(f"{one:.0f}" for one in memory), f"{found.queue_left}, {found.files_left}",
    )  # fmt: skip


def bars(found: Measurements) -> list[str]:
    """What had to hold, and whether it did."""
    wait = statistics.median(found.waits) if found.waits else 0.0
    return [
        held(share(found.clicks, 0.95) < ANSWER, f"p95 of reruns < {ANSWER:g} s"),
        held(not found.sessions_failed and not found.returned, "no session failed or was cut off"),
        held(not found.lost, "no lost run"),
        held(wait <= WAIT, f"median wait for a probe ≤ {WAIT:g} s"),
        held(found.memory_each <= MEMORY, f"≤ {MEMORY:g} MB a session"),
        held(found.memory_after <= STAYS * found.memory_before, "memory back to within 10 %"),
        held(not found.queue_left and not found.files_left, "queue empty, files gone"),
    ]


def by_page(found: Measurements) -> list[tuple[str, ...]]:
    """Each page's reruns, the dearest first."""
    pages: dict[str, list[float]] = {}
    for page, seconds in found.reruns:
        pages.setdefault(page, []).append(seconds)
    rows = sorted(((name, sorted(times)) for name, times in pages.items()), key=lambda row: -sum(row[1]))
    return [
        (name, str(len(t)), f"{share(t, 0.5):.2f}", f"{share(t, 0.95):.2f}", f"{share(t, 1):.1f}") for name, t in rows
    ]


@contextmanager
def build(commit: str) -> Any:
    """A checkout of its own of this commit."""
    with tempfile.TemporaryDirectory() as aside:
        place = Path(aside, "build")
        subprocess.run(["git", "worktree", "add", "--detach", place, commit], cwd=ROOT, check=True, stdout=sys.stderr)
        try:
            yield place
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", place], cwd=ROOT, check=True)


def watching(browsers: int, seconds: float, seen: list[str]) -> Callable[[Server], None] | None:
    """Real browsers among the sessions, each from page to page; what a page's console calls an error is noted. What they compute
    would be computed elsewhere, so they take what is left of the processors."""
    if not browsers:
        return None

    def visit(running: Server) -> None:
        from benchmarks import visitors

        end = time.monotonic() + seconds
        with visitors.browser(apart=True) as opened:
            if isinstance(opened, str):
                seen.append(opened)
                return
            tabs = [opened.new_context().new_page() for _ in range(browsers)]
            for tab in tabs:
                tab.on("pageerror", lambda error: seen.append(str(error)))
            while time.monotonic() < end:
                for tab, page in zip(tabs * 2, ("", "lessons?step=2", "images", "training", "features"), strict=False):
                    with suppress(Exception):  # a paint that takes too long is the sessions' to measure
                        tab.goto(f"{running.address}/{page}", timeout=20_000)
                    time.sleep(2.0)

    return visit


def arguments() -> argparse.Namespace:
    """The command line, read and bounded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--browsers", type=int, default=0, help=f"real ones among them, at most {MOST_BROWSERS}")
    parser.add_argument(
        "--afterglow", type=float, default=AFTERGLOW, help="seconds from the end to the last look at memory"
    )
    parser.add_argument("--against", help="a commit to compare with")
    parser.add_argument("--faults", nargs="*", metavar="NAME", help=f"of: {', '.join(workshop_faults.FAULTS)}")
    given = parser.parse_args()
    if not 1 <= given.participants <= MOST or not 0 < given.minutes <= LONGEST / 60:
        parser.error(f"allowed are 1 to {MOST} participants and up to {LONGEST / 60:g} minutes")
    if not 0 <= given.browsers <= MOST_BROWSERS:
        parser.error(f"allowed are up to {MOST_BROWSERS} browsers")
    if unknown := {*(given.faults or ())} - {*workshop_faults.FAULTS}:
        parser.error(f"no faults: {', '.join(sorted(unknown))}")
    return given


def main() -> None:
    """Print the tables."""
    given, note = arguments(), lambda words: print(words, file=sys.stderr, flush=True)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if given.faults is not None:
        rows = [workshop_faults.meet(name, note) for name in given.faults or workshop_faults.FAULTS]
        print(table(workshop_faults.COLUMNS, rows))
        print()
        print(footer("benchmarks.workshop", ("streamlit", "torch")))
        return
    rows, notes, seconds = [], [], 60 * given.minutes
    for name in filter(None, (given.against, "this build")):
        errors: list[str] = []
        with build(name) if name == given.against else nullcontext(None) as checkout:
            beside = watching(given.browsers, seconds, errors)
            found = rehearse(given.participants, seconds, note, checkout, beside, afterglow=min(given.afterglow, 600.0))
        rows.append(line(name, found))
        notes += [f"{name}: {'; '.join(bars(found))}"]
        notes += [f"{name}, sessions lost: {why}" for why in sorted({*found.failures})[:5]]
        notes += [f"{name}, {given.browsers} browsers: {len(errors)} errors {sorted({*errors})[:3]}"] * bool(
            given.browsers
        )
        print(table(("page", "reruns", "median (s)", "p95 (s)", "slowest (s)"), by_page(found)), end="\n\n", flush=True)
    print(table(COLUMNS, rows))
    print()
    print(footer("benchmarks.workshop", ("streamlit", "torch"), *notes))


if __name__ == "__main__":
    main()
