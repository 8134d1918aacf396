"""The peak of memory is one that happened since the last reset."""

import mmap
import sys

import pytest
import torch

from explorer.errors import ExplorerError
from explorer.models import memory
from explorer.models.devices import Device

CPU = Device(torch.device("cpu"), False)


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


@pytest.mark.parametrize(("most", "tried"), [(32, [32]), (9, [32, 16, 8]), (1, [32, 16, 8, 4, 2, 1])])
def test_work_is_done_on_as_many_images_as_fit(most: int, tried: list[int]) -> None:
    sizes: list[int] = []

    def work(size: int) -> str:
        sizes.append(size)
        if size > most:
            raise torch.OutOfMemoryError("no room")
        return "done"

    assert memory.fitting(work, 32, CPU, 64) == ("done", tried[-1]) and sizes == tried


def test_other_faults_are_not_taken_for_too_little_memory() -> None:
    with pytest.raises(ZeroDivisionError):
        memory.fitting(lambda size: 1 / 0, 32, CPU, 64)


@pytest.mark.parametrize(("size", "half"), [(2, 1), (3, 2), (5, 3), (32, 16)])
def test_half_is_rounded_up_and_ends_with_one(size: int, half: int) -> None:
    error = torch.OutOfMemoryError("no room")
    assert memory.halved(size, CPU, 64, error) == half
    with pytest.raises(ExplorerError, match="does not hold one image of 64 pixels") as raised:
        memory.halved(1, CPU, 64, error)
    assert raised.value.__cause__ is error
