"""How soon is there something to see, and how quick are the pages while a fine-tune runs?

    python -m benchmarks.pages

Starts real servers with `streamlit run`, each on an empty Thaw folder of its own, and visits them: a browser for what is
painted, a websocket session for what a rerun takes the server. Nothing leaves this machine. See benchmarks/README.md.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import visitors
from benchmarks.report import Spread, brief, footer, held, table
from benchmarks.server import ROOT, Server, server
from explorer import jobs, runs
from explorer.recipe import make
from explorer.runs.life import ENDED_EARLY
from explorer.runs.question import TrainQuestion

PAINT, MEDIAN, P95, FILLED = 3.0, 60.0, 200.0, 60.0  # the bars: seconds, milliseconds, milliseconds, seconds
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
OWNER = "benchmark"  # of the long fine-tune
BREATH = 0.05  # seconds between two reruns: nobody clicks faster
FILLED_SHOWS = ("It gains", "Try other images", "Pre-training, both frozen")
Row = tuple[str, ...]


def first_paints(opened: Any, starts: int) -> list[Row]:
    """Rows: from `streamlit run` to the first paint, in a new browser context each time."""
    answered, titles, words, figures = [], [], [], []
    for _ in range(starts):
        with server() as running:
            visitor = opened.new_context()
            title, result, figure = visitors.paints(visitor.new_page(), running)
            visitor.close()
        answered.append(running.answered - running.started)
        titles.append(title)
        words.append(result)
        figures.append(figure)
    return [
        row("`streamlit run` → the port answers, s", answered),
        row("→ home page's title is painted, s", titles),
        row("→ and its first result in words, with its p (first useful paint), s", words, PAINT),
        row("→ and its first figure, s", figures),
    ]


def row(name: str, values: Sequence[float], median: float | None = None, p95: float | None = None) -> Row:
    """One line of the table, with what it had to hold."""
    spread = Spread(tuple(values))
    bars = []
    if median is not None:
        bars.append(held(spread.median < median, f"median < {median:g}"))
    if p95 is not None:
        bars.append(held(spread.share(0.95) < p95, f"p95 < {p95:g}"))
    high = brief(spread.share(0.95)) if len(values) >= 20 else ""
    span = f"{brief(min(values))}–{brief(max(values))}"
    return (name, brief(spread.median), high, span, str(len(values)), "; ".join(bars))


def filled(opened: Any, running: Server, patience: float) -> Row:
    """From `streamlit run` until the home page shows both worlds, their map and Grad-CAM."""
    name = "→ home page filled: two worlds, map and Grad-CAM, s"
    page = opened.new_page()
    page.goto(running.address)
    try:
        for words in FILLED_SHOWS:
            page.get_by_text(words).first.wait_for(timeout=1000 * patience)
    except Exception as error:  # Playwright's own timeout, imported only where there is one
        if "Timeout" not in type(error).__name__:
            raise
        return (name, f"not within {patience:g}", "", "", "1", held(False, f"< {FILLED:g}"))
    finally:
        seconds = time.perf_counter() - running.started
        page.close()
    return row(name, [seconds], FILLED)


def settle(patience: float) -> None:
    """Wait until the worker has nothing left to do but train the run that a benchmark started."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with jobs.database() as db:
            waiting = db.execute(
                "SELECT count(*) FROM task WHERE state IN ('queued', 'running') AND NOT (name = 'train' AND owner = ?)",
                (OWNER,),
            ).fetchone()[0]
        if not waiting and jobs.alive().state == "ready":
            return
        time.sleep(0.2)
    print(f"The worker was still busy after {patience:g} s; the figures that follow carry that.", file=sys.stderr)


def reruns(running: Server, n: int, patience: float) -> dict[str, list[tuple[float, float]]]:
    """n reruns of every page, (milliseconds, of them the server's CPU) each; what needs computing is asked for before."""
    sessions = {page: visitors.Visitor(running, page) for page in PAGES}
    for _ in range(3):
        for session in sessions.values():
            session.rerun()
        settle(patience)
    found: dict[str, list[tuple[float, float]]] = {page: [] for page in PAGES}
    for _ in range(n):
        for page, session in sessions.items():
            before, took = running.computed(), session.rerun()
            time.sleep(BREATH)  # what the server does after the answer counts as its CPU
            found[page].append((took, running.computed() - before))
    for page, session in sessions.items():
        session.close()
        if session.failed:
            print(f"The page {page} raised: {session.failed}", file=sys.stderr)
    return found


def rerun_rows(when: str, found: dict[str, list[tuple[float, float]]], bars: tuple[float, float] | None) -> list[Row]:
    """All pages together, then each with the mean of the server's CPU."""
    everything = [took for values in found.values() for took, _ in values]
    rows = [row(f"rerun {when}, all {len(found)} pages, ms", everything, *(bars or ()))]
    for page, values in found.items():
        cpu = statistics.mean(computed for _, computed in values)
        rows.append((*row(f"— {page}", [took for took, _ in values])[:-1], f"(server's CPU: {brief(cpu)})"))
    return rows


def fine_tune(patience: float) -> str:
    """Start a long fine-tune of the whole default backbone; its id once it has learned for an epoch. What the weights
    were before makes no difference to the work."""
    run = jobs.train(make(strategy="full", weights="random", epochs=500), OWNER)
    until = time.monotonic() + patience
    while not runs.read(run).epochs:
        if time.monotonic() > until or runs.read(run).state in ENDED_EARLY:
            raise SystemExit(f"The fine-tune did not get going: {runs.read(run).state} {runs.read(run).error}")
        time.sleep(0.2)
    return run


def measured(running: Server, options: argparse.Namespace, clicked: Callable[[], list[float]] | None) -> list[Row]:
    """Rows: reruns and clicks, idle and while a fine-tune runs; the server's memory and what it has loaded."""
    settle(options.patience)
    memory = [running.megabytes()]
    rows = rerun_rows("idle", reruns(running, options.reruns, options.patience), None)
    if clicked:
        rows.append(row(f"click → painted answer, idle, {options.clicked}, ms", clicked()))
    run = fine_tune(options.patience)
    rows += rerun_rows("during a fine-tune", reruns(running, options.reruns, options.patience), (MEDIAN, P95))
    if clicked:
        rows.append(row(f"click → painted answer, during a fine-tune, {options.clicked}, ms", clicked()))
    if runs.read(run).state != "running":
        print("The fine-tune ended before the last measurement: repeat with fewer --reruns.", file=sys.stderr)
    jobs.cancel(TrainQuestion(run=run))
    memory.append(running.megabytes())
    heavy = running.heavy()
    rows.append(("server's memory before and after, MB", " → ".join(map(brief, memory)), "", "", "1", ""))
    shown = "this system does not tell" if heavy is None else ", ".join(heavy) or "none"
    rows.append(("heavy libraries in the server's process", shown, "", "", "1", held(heavy == [], "none")))
    return rows


def arguments() -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5, help="fresh servers that the first paint is measured on")
    parser.add_argument("--reruns", type=int, default=100, help="of each page, idle and again during a fine-tune")
    parser.add_argument("--clicks", type=int, default=30)
    parser.add_argument("--clicked", choices=PAGES, default="freezing", help="the page whose first control is clicked")
    parser.add_argument("--patience", type=float, default=300, help="seconds for the worker to get anything done")
    return parser.parse_args()


def main() -> None:
    """Print one Markdown table."""
    options = arguments()
    rows: list[Row] = []
    notes = [f"pages: {', '.join(PAGES)}; fine-tune: default backbone and pictures, every stage learns"]
    with visitors.browser() as opened:
        seen = not isinstance(opened, str)
        if seen:
            rows += first_paints(opened, options.starts)
            notes.append(f"browser: Chromium {opened.version}, headless, nothing cached at its first visit")
        else:
            notes.append(f"nothing painted was measured: {opened}")
        with server() as running:
            if not seen:
                rows.append(row("`streamlit run` → the port answers, s", [running.answered - running.started]))
            clicked = None
            if seen:
                rows.append(filled(opened, running, options.patience))
                clicked = _clicker(opened, running, options)
            rows += measured(running, options, clicked)
    print(table(("measured", "median", "p95", "min–max", "n", "bar"), rows))
    print()
    print(footer("benchmarks.pages", ("streamlit", "plotly", "torch"), *notes))


def _clicker(opened: Any, running: Server, options: argparse.Namespace) -> Callable[[], list[float]]:
    """Clicks in a new tab each time it is called."""

    def clicked() -> list[float]:
        page = opened.new_page()
        try:
            return visitors.clicks(page, running, options.clicked, options.clicks)
        finally:
            page.close()

    return clicked


if __name__ == "__main__":
    main()
