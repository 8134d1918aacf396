"""The peak of memory is one that happened since the last reset."""

import mmap
import sys

import pytest
import torch

from explorer.engine import memory
from explorer.engine.devices import Place

CPU = Place(torch.device("cpu"), False)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can start counting anew")
def test_the_peak_counts_from_the_reset_and_sees_what_is_gone_again() -> None:
    memory.reset_peak(CPU)
    before = memory.peak(CPU)
    with mmap.mmap(-1, 80_000_000) as big:  # fresh pages: an array could take what the allocator still holds
        big.write(b"x" * len(big))
    after = memory.peak(CPU)
    assert 60e6 < after - before < 200e6
    memory.reset_peak(CPU)
    assert memory.peak(CPU) < after - 50e6


def test_a_system_that_cannot_tell_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    memory.reset_peak(CPU)
    assert memory.peak(CPU) == 0
