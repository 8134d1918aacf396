"""How quickly do the pages that look at two runs draw, on a test set of hundreds of images?

    python -m benchmarks.looks --data DIR

Trains a probe (A) and a last stage (B) on DIR, then visits each page again and again over the websocket, each time with
another stage and image in the address, all of which the worker has answered before. See benchmarks/README.md.
"""

import argparse
import itertools
import statistics
import sys
import time
from urllib.parse import urlencode

from benchmarks import visitors
from benchmarks.pages import BREATH, row, settle
from benchmarks.report import brief, footer, table
from benchmarks.server import Server, server
from explorer import jobs, runs
from explorer.recipe import make
from explorer.runs.life import LIVE

PAGES = ("images", "features", "projection", "attribution", "similarity")
STAGES, IMAGES = ("layer1", "layer3", "layer4"), (3, 77, 240)
MEDIAN = 300.0  # milliseconds: the bar


def trained(data: str, per_class: int, patience: float) -> tuple[str, str]:
    """A probe and a run with its last stage tuned on a folder; their ids once both have finished."""
    made = [
        jobs.train(make(dataset="folder", data_dir=data, per_class=per_class, strategy=name, epochs=5), "looks")
        for name in ("linear_probe", "last_stage")
    ]
    until = time.monotonic() + patience
    while any(runs.read(run).state in LIVE for run in made):
        if time.monotonic() > until:
            raise SystemExit(f"The runs did not finish within {patience:g} s.")
        time.sleep(0.5)
    for run in made:
        if runs.read(run).state != "finished":
            raise SystemExit(f"A run did not finish: {runs.read(run).state} {runs.read(run).error}")
    return made[0], made[1]


def drawn(running: Server, page: str, addresses: list[str], rounds: int, patience: float) -> list[tuple[float, float]]:
    """Reruns of a page with each address in turn: (milliseconds, of them the server's CPU); a change of address each time."""
    visitor = visitors.Visitor(running, page)
    for _ in range(3):
        for address in addresses:
            visitor.rerun(address)
        settle(patience)
    found = []
    for address in itertools.chain.from_iterable(itertools.repeat(addresses, rounds)):
        before, took = running.computed(), visitor.rerun(address)
        time.sleep(BREATH)
        found.append((took, running.computed() - before))
    visitor.close()
    if visitor.failed:
        print(f"The page {page} raised: {visitor.failed}", file=sys.stderr)
    return found


def main() -> None:
    """Print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="a folder with train/<class>/ and val/<class>/")
    parser.add_argument("--per-class", type=int, default=20, help="training images of each class")
    parser.add_argument("--rounds", type=int, default=6, help="visits of each page with each address")
    parser.add_argument("--patience", type=float, default=300)
    given = parser.parse_args()
    with server() as running:
        settle(given.patience)
        a, b = trained(given.data, given.per_class, given.patience)
        n = len(runs.predictions(b).labels)
        rows = []
        for page in PAGES:
            addresses = [
                urlencode({"a": a, "b": b, "dataset": "folder", "stage": stage, "image": image})
                for stage, image in itertools.product(STAGES, IMAGES)
                if image < n
            ]
            found = drawn(running, page, addresses, given.rounds, given.patience)
            cpu = statistics.mean(computed for _, computed in found)
            first = row(page, [took for took, _ in found], MEDIAN)
            rows.append((*first[:-1], f"{first[-1]} (server's CPU: {brief(cpu)})"))
        with jobs.database() as db:
            states = dict(db.execute("SELECT state, count(*) FROM task GROUP BY state").fetchall())
    if states.keys() != {"done"}:
        print(f"Not everything was answered when the pages were measured: {states}", file=sys.stderr)
    print(table(("page, stage or image changed each time, ms", "median", "p95", "min–max", "n", "bar"), rows))
    print()
    print(
        footer(
            "benchmarks.looks",
            ("streamlit", "plotly", "torch"),
            f"{n} test images; {states['done']} answers of the worker",
            hide=[given.data],
        )
    )


if __name__ == "__main__":
    main()
