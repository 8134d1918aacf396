"""The memory of graphics processors, asked of their driver."""

import subprocess
from contextlib import suppress
from dataclasses import dataclass

PATIENCE = 2.0  # seconds that the driver may take to answer


@dataclass(frozen=True)
class Device:
    """A graphics processor: its name, and its memory in bytes (used, all), whoever uses it."""

    name: str
    memory: tuple[int, int]


def devices() -> tuple[Device, ...]:
    """The NVIDIA devices that the driver's own tool tells of; none where there is no such tool, or it does not answer. This
    process has no torch, which would take memory of the device itself."""
    fields = "name,memory.used,memory.total"
    asked = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    found = []
    for line in told.splitlines():
        name, *sizes = (part.strip() for part in line.rsplit(",", 2))
        with suppress(ValueError):  # "[N/A]", where a device shares the machine's memory
            used, whole = (int(size) * 2**20 for size in sizes)
            found.append(Device(name, (used, whole)))
    return tuple(found)
