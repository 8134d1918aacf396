"""What a Ray cluster gives: a sweep on one node and on two, and what Ray costs a run.

    python -m benchmarks.cluster [--runs 40] [--epochs 20] [--alone 5]

Nodes are processes of this machine, each held to a core of its own with all that it starts, so that two nodes compute on two
cores; their folders are apart, as on two machines. The runs are probes and last stages of photo patches of different seeds. First
each node learns for a moment, so that no process of it is cold. Then *--alone* runs are carried out one after the other, by the
processes of this machine on one such core and by a cluster of one node: the difference is what Ray and the way there and back
cost a run. Not shown by this: a network between the machines, more than two nodes, GPUs.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

BARS = {"ratio": 1.8, "overhead": 0.5}
PATIENCE = 1800.0
SIZE = 64  # pixels of the inputs: runs of seconds, in which what they cost besides is seen


def recipes(count: int, epochs: int, first: int = 0) -> list[Any]:
    """The recipes of a sweep: every fourth tunes the last stage, the others are probes."""
    from explorer import recipe

    kinds = ("last_stage", "linear_probe", "linear_probe", "linear_probe")
    same = {"epochs": epochs, "device": "cpu", "input_size": SIZE}
    return [recipe.make(strategy=kinds[i % 4], seed=first + i, **same) for i in range(count)]


def carried_out(executor: Any, wanted: Sequence[Any], at_a_time: int | None = None) -> float:
    """Seconds from the first run's being queued to the last one's end; with `at_a_time`, no more are queued than that."""
    from explorer import jobs, runs
    from explorer.runs.life import ENDED_EARLY
    from explorer.worker.daemon import Worker

    worker, began, left, begun = Worker(executor), time.perf_counter(), list(wanted), []
    end = began + PATIENCE
    while left or not all(runs.read(run).state == "finished" for run in begun):
        if time.perf_counter() > end:
            raise SystemExit(f"not within {PATIENCE:.0f} s")
        while left and (at_a_time is None or len(worker.training) < at_a_time):
            begun.append(jobs.train(left.pop(0)))
            worker._claim()
        executor.prepare()
        worker._claim()
        worker._listen()
        failed = [run for run in begun if runs.read(run).state in ENDED_EARLY]
        if failed:
            raise SystemExit(runs.read(failed[0]).error)
    return time.perf_counter() - began


@contextmanager
def cluster(nodes: int, home: Path) -> Iterator[Any]:
    """An executor over so many nodes, each on a core of its own."""
    from ray.cluster_utils import Cluster

    from explorer.worker.cluster.executor import connect

    os.environ |= {"THAW_NODE_HOME": str(home / f"nodes{nodes}"), "RAY_USAGE_STATS_ENABLED": "0"}
    small = {"object_store_memory": 200_000_000, "include_dashboard": False}
    found = Cluster(initialize_head=True, head_node_args=small | {"num_cpus": 0})
    try:
        for core in range(nodes):
            node = found.add_node(num_cpus=1, **small)
            raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
            for process in [raylet, *raylet.children(recursive=True)]:
                process.cpu_affinity([core])
        executor = connect(found.address)
        yield executor
        executor.close()
    finally:
        found.shutdown()


def measured(given: argparse.Namespace, home: Path) -> tuple[dict[int, float], dict[str, list[float]]]:
    """Seconds of the sweep by the number of nodes, and of each run that was alone, by who carried it out."""
    from explorer.worker.local import Local

    sweep: dict[int, float] = {}
    alone: dict[str, list[float]] = {}
    for nodes in (1, 2):
        os.environ["THAW_HOME"] = str(home / f"thaw{nodes}")  # nothing that another measurement stored
        with cluster(nodes, home) as executor:
            carried_out(executor, recipes(2 * nodes, 2, first=10_000))
            sweep[nodes] = carried_out(executor, recipes(given.runs, given.epochs))
            print(f"{nodes} nodes: {sweep[nodes]:.1f} s", file=sys.stderr, flush=True)
            if nodes == 1:
                single = recipes(given.alone, given.epochs, first=20_000)
                alone["Ray"] = [carried_out(executor, [one]) for one in single]
                print(f"alone, Ray: {alone['Ray']} s", file=sys.stderr, flush=True)
    os.environ["THAW_HOME"] = str(home / "local")
    everywhere = psutil.Process().cpu_affinity()
    psutil.Process().cpu_affinity([0])  # inherited by the processes that it starts
    local = Local(1)
    carried_out(local, recipes(2, 2, first=10_000))
    alone["this machine"] = [carried_out(local, [one]) for one in recipes(given.alone, given.epochs, first=20_000)]
    for child in local.crew.children:
        child.process.kill()
    psutil.Process().cpu_affinity(everywhere)
    return sweep, alone


def main() -> None:
    """Print the tables."""
    from benchmarks.report import Spread, footer, held, table

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--alone", type=int, default=5)
    given = parser.parse_args()
    os.environ |= {"THAW_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        sweep, alone = measured(given, Path(home))
    rows = [
        (str(nodes), str(given.runs), f"{took:.1f}", f"{60 * given.runs / took:.0f}", f"{sweep[1] / took:.2f}")
        for nodes, took in sweep.items()
    ]
    print(table(("nodes", "runs", "seconds", "runs a minute", "times one node"), rows))
    print()
    print(table(("a run alone, on", "seconds"), [(name, str(Spread(tuple(took)))) for name, took in alone.items()]))
    overhead = statistics.median(alone["Ray"]) - statistics.median(alone["this machine"])
    ratio = sweep[1] / sweep[2]
    bars = (
        held(ratio >= BARS["ratio"], f"two nodes ≥ {BARS['ratio']:g} times as fast as one ({ratio:.2f})"),
        held(overhead <= BARS["overhead"], f"Ray's overhead ≤ {BARS['overhead']:g} s a run ({overhead:.2f} s)"),
        "each node is held to a core of its own; the server's part runs where the system puts it",
    )
    print("\n" + footer("benchmarks.cluster", ("ray", "torch"), *bars))


if __name__ == "__main__":
    main()
