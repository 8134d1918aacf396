"""The peak of memory is one that happened since the last reset."""

import sys

import numpy as np
import pytest
import torch

from explorer.engine import memory
from explorer.engine.devices import Place

CPU = Place(torch.device("cpu"), False)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can start counting anew")
def test_the_peak_counts_from_the_reset_and_sees_what_is_gone_again() -> None:
    memory.reset_peak(CPU)
    before = memory.peak(CPU)
    big = np.ones(80_000_000, np.uint8)
    big.sum()
    del big
    after = memory.peak(CPU)
    assert 60e6 < after - before < 200e6
    memory.reset_peak(CPU)
    assert memory.peak(CPU) < after - 50e6


def test_a_system_that_cannot_tell_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    memory.reset_peak(CPU)
    assert memory.peak(CPU) == 0
