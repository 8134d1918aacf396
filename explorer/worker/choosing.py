"""Which executor carries out trainings: $THAW_EXECUTOR."""

import logging
import os
import re

from explorer import jobs, machine
from explorer.errors import ExplorerError
from explorer.worker.executor import Executor
from explorer.worker.local import Local

log = logging.getLogger("worker")
_CLUSTER = re.compile(r"ray://([\w.\-\[\]:]+:\d{1,5})")


def setting() -> str:
    """`local`, `auto`, or the address of a cluster's head as `host:port`: $THAW_EXECUTOR. ExplorerError for others."""
    given = os.environ.get("THAW_EXECUTOR", "").strip() or "local"
    found = _CLUSTER.fullmatch(given)
    if given not in ("local", "auto") and found is None:
        raise ExplorerError(
            f"THAW_EXECUTOR is {given!r}. Allowed: local (this machine), ray://HEAD:6379 (the Ray cluster of that head, to which "
            f"this machine belongs), auto (the cluster that this machine belongs to, else this machine)."
        )
    return found[1] if found else given


def chosen() -> Executor:
    """The executor. A named cluster that cannot be joined is waited for. Raises ExplorerError for a setting that is wrong."""
    wanted = setting()
    jobs.beat("executor")
    if wanted == "local":
        return Local(machine.slots())
    from explorer.worker.cluster.executor import connect
    from explorer.worker.cluster.waiting import Waiting

    try:
        return connect(wanted)
    except ExplorerError as error:
        if wanted == "auto":
            log.info("no cluster, so this machine carries out trainings: %s", error)
            return Local(machine.slots())
        log.error("trainings wait: %s", error)
        return Waiting(wanted, connect, str(error))
