"""Passes without gradients, several at a time where a training uses fewer threads than there are cores for it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

from explorer import machine

S = TypeVar("S")
T = TypeVar("T")


def abreast(work: Callable[[S], T], parts: Iterable[S], device: torch.device) -> Iterator[T]:
    """What `work` gives for each part, in their order; on a CPU `machine.passes` of them are computed at a time where the caller
    has one thread, each on one, so that no bit differs from one after the other.

    `work` sets torch's modes itself: they hold for one thread. Raises what it raises; whoever stops reading waits for the passes
    that have begun and for no other.
    """
    threads = torch.get_num_threads()
    at_once = machine.passes() if device.type == "cpu" and threads == 1 else 1
    if at_once == 1:
        yield from map(work, parts)
        return
    waiting = deque[Future[T]]()
    pool = ThreadPoolExecutor(at_once, "pass", lambda: torch.set_num_threads(threads))
    try:
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) > at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
