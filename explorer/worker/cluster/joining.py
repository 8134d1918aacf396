"""The way into a Ray cluster; Ray is imported here alone."""

import os
import signal
from collections.abc import Iterator
from typing import Any

from explorer.errors import ExplorerError
from explorer.installation import extra
from explorer.worker.cluster import node
from explorer.worker.cluster.job import Job, Update


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
