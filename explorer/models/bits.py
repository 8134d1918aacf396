"""Whether tensors hold the same bits, which is what a freeze audit asks."""

import ctypes
import os

import torch
from torch import Tensor

_compare = ctypes.CDLL(None).memcmp if os.name == "posix" else None
"""The C library's, for main memory: it takes about half of the time that torch takes number by number."""
if _compare:
    _compare.argtypes, _compare.restype = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t), ctypes.c_int


def same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors of a device have shape, type and every bit in common: NaN is itself, and -0.0 is not 0.0."""
    if a is b:
        return True
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    last = a.dim() == 4 and a.is_contiguous(memory_format=torch.channels_last)
    x, y = ((t.permute(0, 2, 3, 1) if last else t).reshape(-1).contiguous() for t in (a, b))
    if _compare and a.device.type == b.device.type == "cpu":
        return _compare(x.data_ptr(), y.data_ptr(), x.nbytes) == 0
    return torch.equal(x.view(torch.uint8), y.view(torch.uint8))
