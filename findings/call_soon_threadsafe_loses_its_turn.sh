#!/usr/bin/env bash
# asyncio's call_soon_threadsafe takes milliseconds where other threads compute; uvloop's takes a tenth of one.
#
# Versions: Python 3.11.7, uvloop 0.23.0, Linux on x86_64, two cores.
# Guess: handing a callback to an event loop from another thread takes microseconds, with whichever loop and however busy the other threads
#   are: no more is done than to append to a queue and to wake who waits.
# Behaviour: asyncio wakes its loop by a byte through a socket, each time, and `socket.send` gives the interpreter's lock away. Where other
#   threads compute, the caller waits until one of them gives it back (5 ms at most, sys.getswitchinterval). uvloop notes that it has been
#   woken, writes only once until the loop has seen it, and keeps the lock.
# Output seen (milliseconds for one call, between two of which the thread computes a little itself):
#   other threads that compute: 0   asyncio 0.04   uvloop 0.03
#   other threads that compute: 1   asyncio 0.69   uvloop 0.06
#   other threads that compute: 3   asyncio 2.35   uvloop 0.13
# Why it matters here: Streamlit 1.67 makes one such call for each element that a page draws, about a hundred a rerun. With thirty visitors
#   on two cores the 95th percentile of all reruns went from 1.19 s to 0.83 s by installing uvloop, which Streamlit then uses
#   (benchmarks/README.md, workshop).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check uvloop==0.23.0 2>/dev/null
cat >"$folder/wake.py" <<'PY'
import asyncio
import sys
import threading
import time
from collections.abc import Callable

import uvloop

CALLS = 200


def compute() -> int:
    return sum(range(1000))


def milliseconds(new_loop: Callable[[], asyncio.AbstractEventLoop], others: int) -> float:
    """For one call, from a thread that is no loop's, while `others` compute without end."""
    taken, over = [], threading.Event()

    def others_compute() -> None:
        while not over.is_set():
            compute()

    async def main() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def draw() -> None:
            began = time.perf_counter()
            for _ in range(CALLS):
                loop.call_soon_threadsafe(int)
                compute()
            taken.append(1000 * (time.perf_counter() - began) / CALLS)
            loop.call_soon_threadsafe(ended.set)

        for work in [others_compute] * others + [draw]:
            threading.Thread(target=work, daemon=True).start()
        await ended.wait()
        over.set()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
    return taken[0]


ratios = []
for others in (0, 1, 3):
    plain, other = milliseconds(asyncio.new_event_loop, others), milliseconds(uvloop.new_event_loop, others)
    print(f"other threads that compute: {others}   asyncio {plain:.2f}   uvloop {other:.2f}")
    ratios.append(plain / other)
sys.exit(0 if ratios[-1] > 3 else "uvloop is no longer several times as quick: what this file says has changed")
PY
"$folder/venv/bin/python" "$folder/wake.py"
