"""The most memory that a run took, and what is done where there is too little: fewer images at once."""

import contextlib
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
import torch

from explorer.errors import ExplorerError
from explorer.models.devices import Device

T = TypeVar("T")

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def reset_peak(place: Device) -> None:
    """Start counting again where the system allows it (Linux, CUDA)."""
    if place.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(place.device)
    elif sys.platform == "linux":
        with contextlib.suppress(OSError):
            _CLEAR.write_text("5", encoding="ascii")  # proc(5): sets the peak to what is resident now


def peak(place: Device) -> int:
    """Bytes: on CUDA the most that torch held on the device, elsewhere the most that this process had resident, with
    its libraries and images. 0 where nobody can tell."""
    if place.device.type == "cuda":
        return torch.cuda.max_memory_allocated(place.device)
    if sys.platform == "linux":
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)
    return int(getattr(psutil.Process().memory_info(), "peak_wset", 0))


def fitting(work: Callable[[int], T], size: int, place: Device, crop: int) -> tuple[T, int]:
    """What `work(n)` gives, and n: the number of images at once, halved from `size` until the memory holds them.

    Raises ExplorerError where not even one image of `crop` pixels fits.
    """
    while True:
        try:
            return work(size), size
        except torch.OutOfMemoryError as error:
            size = halved(size, place, crop, error)


def halved(size: int, place: Device, crop: int, error: Exception) -> int:
    """Half as many images as those that did not fit; ExplorerError where that was one."""
    if size == 1:
        raise ExplorerError(
            f"The memory of {place.device} does not hold one image of {crop} pixels with everything trainable. Freeze "
            f"more stages, take smaller inputs or a smaller backbone, or use the device 'cpu'."
        ) from error
    return math.ceil(size / 2)
