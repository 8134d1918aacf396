"""Passes without gradients, several at a time where a training uses fewer threads than there are cores for it."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

from explorer import machine

S = TypeVar("S")
T = TypeVar("T")

_here = threading.local()


def at_once(device: torch.device) -> int:
    """How many passes are computed at a time for this thread: `machine.passes` on a CPU where it has one thread of torch's, else
    one, and one inside of what `aside` computes."""
    alone = device.type != "cpu" or torch.get_num_threads() != 1 or getattr(_here, "aside", False)
    return 1 if alone else machine.passes()


def aside(work: Callable[[], T]) -> Future[T]:
    """What `work` gives, computed on one thread beside what the caller does next, its passes one after the other, so that no bit
    differs. What it reads must stay as it is until then."""

    def begin(threads: int = torch.get_num_threads()) -> None:
        torch.set_num_threads(threads)
        _here.aside = True

    pool = ThreadPoolExecutor(1, "aside", begin)
    try:
        return pool.submit(work)
    finally:
        pool.shutdown(wait=False)


def abreast(work: Callable[[S], T], parts: Iterable[S], device: torch.device) -> Iterator[T]:
    """What `work` gives for each part, in their order; `at_once` of them are computed at a time, each on one thread, so that no
    bit differs from one after the other.

    `work` sets torch's modes itself: they hold for one thread. Raises what it raises; whoever stops reading waits for the passes
    that have begun and for no other.
    """
    threads, most = torch.get_num_threads(), at_once(device)
    if most == 1:
        yield from map(work, parts)
        return
    waiting = deque[Future[T]]()
    pool = ThreadPoolExecutor(most, "pass", lambda: torch.set_num_threads(threads))
    try:
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) > most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
