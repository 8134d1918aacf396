"""Single batches that went through frozen stages, kept for audits in the same process that ask for the very same pass again."""

from collections import OrderedDict
from collections.abc import Callable

from explorer.data.feature_cache.entries import Entry

KEPT = 32
LARGEST = 1 << 20
"""Bytes of one pass: what pooled features take, not what a whole stage gives."""
_known: OrderedDict[str, Entry] = OrderedDict()


def once(key: str, run: Callable[[], Entry]) -> Entry:
    """What `run` gives, or gave for the same key, which holds every bit that goes in (`frozen.pass_key`): a pass repeats its
    result to the last bit. The least recently used goes."""
    found = _known.pop(key, None) or run()
    if found.stored.nbytes + sum(rows.nbytes for rows in found.pooled.values()) <= LARGEST:
        _known[key] = found
    while len(_known) > KEPT:
        _known.popitem(last=False)
    return found


def forget() -> None:
    """Keep none."""
    _known.clear()
