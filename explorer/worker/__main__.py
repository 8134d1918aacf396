"""`python -m explorer.worker`: hold the machine's worker lock and serve."""

import logging
import multiprocessing
import os
import signal
import sys
import time

import filelock

from explorer import jobs, limits, logs, machine
from explorer.bundle import build
from explorer.errors import ExplorerError
from explorer.installation import mismatch
from explorer.question import every
from explorer.worker import choosing, crew
from explorer.worker.daemon import Worker
from explorer.worker.executor import Executor

log = logging.getLogger("worker")


def main() -> int:
    """Hold the machine's worker lock and serve; returns at once where another worker does."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logs.set_up()
    lock = jobs.worker_lock()
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if hasattr(os, "nice"):
        os.nice(10)
    crew.prepare()
    jobs.beat("build", build())
    jobs.beat("worker", "warming", started=True)
    executor, why = _executor()
    if why:
        jobs.beat("worker", f"broken: {why}")
    lost = jobs.clear_lost("The worker ended while this ran; it was started again. Ask once more.")
    log.info("started, pid %s, %s tasks lost by the one before", os.getpid(), lost)
    if executor is None:
        log.error(why)
        time.sleep(jobs.STALE)
        return 1
    jobs.trim()
    try:
        jobs.tell_at_once(executor.capacity())
        every()  # while the first process loads: the first question that is claimed need not wait for it
        Worker(executor).run()
    finally:
        executor.close()
        for child in multiprocessing.active_children():
            child.kill()
            child.join(5)  # one that still ends counts as alive, and its run would not go on
        jobs.clear_lost("The worker was told to end while this ran. Ask once more.")
        lock.release()
    return 0


def _executor() -> tuple[Executor | None, str]:
    """Who carries out trainings; or why nobody can."""
    if why := mismatch() or _misconfigured():
        return None, why
    try:
        return choosing.chosen(), ""
    except ExplorerError as error:
        return None, str(error)


def _misconfigured() -> str:
    """What is wrong with a setting from the environment, or nothing."""
    try:
        choosing.setting()
        for setting in (machine.slots, machine.threads, limits.run_seconds, limits.run_memory, limits.idle_days):
            setting()
    except ExplorerError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    sys.exit(main())
