"""`python -m explorer.worker`: hold the machine's worker lock and serve."""

import logging
import multiprocessing
import os
import signal
import sys
import time

import filelock

from explorer import jobs, machine
from explorer.errors import ExplorerError
from explorer.installation import mismatch
from explorer.worker.daemon import Worker

log = logging.getLogger("worker")


def main() -> int:
    """Hold the machine's worker lock and serve; returns at once where another worker does."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    lock = jobs.worker_lock()
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if hasattr(os, "nice"):
        os.nice(10)
    why = mismatch() or _misconfigured()
    jobs.beat("worker", f"broken: {why}" if why else "warming", started=True)
    lost = jobs.clear_lost("The worker ended while this ran; it was started again. Ask once more.")
    log.info("started, pid %s, %s tasks lost by the one before", os.getpid(), lost)
    if why:
        log.error(why)
        time.sleep(jobs.STALE)
        return 1
    jobs.trim()
    try:
        Worker(machine.slots()).run()
    finally:
        for child in multiprocessing.active_children():
            child.kill()
        jobs.clear_lost("The worker was told to end while this ran. Ask once more.")
        lock.release()
    return 0


def _misconfigured() -> str:
    """What is wrong with a setting from the environment, or nothing."""
    try:
        machine.slots()
        machine.threads()
    except ExplorerError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    sys.exit(main())
