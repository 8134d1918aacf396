"""The way into a Ray cluster; Ray is imported here alone."""

# pyright: reportUnnecessaryTypeIgnoreComment=false
# (Ray is an extra: its imports are missing where it is not installed)

import os
import signal
from collections.abc import Iterator
from typing import Any

from explorer.errors import ExplorerError
from explorer.installation import extra
from explorer.worker.cluster import node
from explorer.worker.cluster.job import Ask, Job, LookUpdate, Update
from explorer.worker.cluster.looker import Looker


def join(address: str) -> Any:
    """Join the cluster at `address` (`host:port` of its head, or `auto`: the one that this machine belongs to); returns Ray.

    Raises ExplorerError where there is none, or Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault(
        "RAY_gcs_server_port_wait_time_s", "2"
    )  # attempts of some ten seconds; Ray's own 20 take minutes
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else Ray warns that this will be its default
    try:
        import ray  # pyright: ignore[reportMissingImports]  (an extra)
    except ImportError as error:
        raise ExplorerError(
            f"THAW_EXECUTOR names a Ray cluster, and Ray is not installed. Run: {extra('ray')}"
        ) from error
    ours = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, namespace="thaw", log_to_driver=False, configure_logging=False)
    except Exception as error:  # Ray raises ConnectionError, RuntimeError, ValueError and others
        raise ExplorerError(
            f"No Ray cluster could be joined at {address!r} ({type(error).__name__}: {error}). This machine must be one of its "
            f"nodes: start `ray start --head` on the head, `ray start --address=HEAD:6379` here, and name that address."
        ) from error
    finally:
        signal.signal(signal.SIGTERM, ours)  # Ray puts its own in its place
    return ray


def on_a_node(job: Job) -> Iterator[Update]:
    """The task, as Ray calls it on a node."""
    import ray  # pyright: ignore[reportMissingImports]

    yield from node.carry_out(job, ray.get_runtime_context().get_node_id(), ray.get)


class OnANode:
    """The actor, as Ray calls it on a node."""

    def __init__(self) -> None:
        import ray  # pyright: ignore[reportMissingImports]

        self._looker = Looker(ray.get_runtime_context().get_node_id(), ray.get)

    def ready(self) -> bool:
        """Once it can answer."""
        return True

    def answer(self, ask: Ask) -> Iterator[LookUpdate]:
        """See `Looker.answer`."""
        yield from self._looker.answer(ask)


def looker_on(node: str) -> Any:
    """Start an actor on a node; it takes no processor from trainings there."""
    import ray  # pyright: ignore[reportMissingImports]
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # pyright: ignore[reportMissingImports]

    there = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(OnANode).options(num_cpus=0, max_restarts=0, scheduling_strategy=there).remote()
