"""The most memory that a run took."""

import contextlib
import sys
from pathlib import Path

import psutil
import torch

from explorer.engine.devices import Place

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def reset_peak(place: Place) -> None:
    """Start counting anew where the system allows it (Linux, CUDA)."""
    if place.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(place.device)
    elif sys.platform == "linux":
        with contextlib.suppress(OSError):
            _CLEAR.write_text("5", encoding="ascii")  # proc(5): sets the peak to what is resident now


def peak(place: Place) -> int:
    """Bytes: on CUDA the most that torch held on the device, elsewhere the most that this process had resident, with
    its libraries and images. 0 where nobody can tell."""
    if place.device.type == "cuda":
        return torch.cuda.max_memory_allocated(place.device)
    if sys.platform == "linux":
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)
    return int(getattr(psutil.Process().memory_info(), "peak_wset", 0))
