"""What lies in a parcel, as the disk tells it: its files, and whose it is."""

import json
import os
import re
from contextlib import suppress
from pathlib import Path

from explorer.home import home
from explorer.own_sets.room import Refused

KEY = re.compile(r"[0-9a-f]{32}")
WHOSE = "whose"


def folder() -> Path:
    """Where parcels lie."""
    return home() / "arriving"


def whose(key: str) -> str:
    """The mark of the workspace that opened the parcel; empty where visitors are not kept apart."""
    with suppress(OSError):
        return (root(key) / WHOSE).read_text(encoding="utf-8")
    return ""


def there(key: str) -> bool:
    """Whether there is such a parcel; who sends to it shows its name, and nothing else."""
    return bool(KEY.fullmatch(key)) and (folder() / key).is_dir()


def listed(key: str) -> dict[str, tuple[str, int]]:
    """Name → file on the disk and bytes, of what arrived whole; of two files of one name the later."""
    found: dict[str, tuple[str, int]] = {}
    with suppress(FileNotFoundError), (root(key) / "list.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            with suppress(ValueError, KeyError, TypeError):  # a last line that is still being written
                row = json.loads(line)
                found.pop(row["name"], None)
                if row["file"]:
                    found[row["name"]] = row["file"], int(row["size"])
    return found


def root(key: str) -> Path:
    """The parcel's folder. Raises Refused for what is no parcel's name."""
    if not KEY.fullmatch(key):
        raise Refused("There is no such upload.", 404)
    return folder() / key


def beside(key: str) -> int:
    """The bytes in the other parcels of whoever opened this one, each tab having its own; 0 where visitors are not kept apart."""
    me = whose(key)
    total = 0
    with suppress(OSError):
        for entry in os.scandir(folder()) if me else ():
            if entry.name != key and KEY.fullmatch(entry.name) and whose(entry.name) == me:
                total += sum(size for _, size in listed(entry.name).values())
    return total
