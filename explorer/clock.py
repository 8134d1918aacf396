"""The time of what is kept in the order in which it was made."""

import threading
import time

SET_RIGHT = 60_000  # milliseconds

_lock = threading.Lock()
_last = 0


def later() -> float:
    """Now, in seconds since 1970, to the millisecond, and at least one later than what it last told in this process: clocks
    stand still between two ticks and are set back a little by their time servers, and runs and tasks go by the order of these
    times. A clock that is set back by more than a minute was wrong before, and is followed."""
    global _last
    with _lock:
        now = int(time.time() * 1000)
        _last = max(now, _last + 1) if _last - now < SET_RIGHT else now
        return _last / 1000
