"""Tensors are the same where every bit is, however they lie in memory."""

import pytest
import torch
from torch import Tensor

from explorer.models import bits
from explorer.models.bits import same

LAST = torch.channels_last


@pytest.fixture(autouse=True, params=["memory", "elsewhere"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways: as main memory is compared, and as another device's is."""
    if request.param == "elsewhere":
        monkeypatch.setattr(bits, "_compare", None)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.randn(4, 3, 5, 7),
        torch.randn(8, 3, 2, 2).contiguous(memory_format=LAST),
        torch.randn(3),
        torch.tensor(7),
        torch.tensor([True, False, True]),
        torch.empty(0, 3),
        torch.tensor([float("nan"), float("inf"), -0.0]),
        torch.randn(5, 6)[1:, ::2],
        torch.randn(9)[1:],
        torch.randn(3, 5, dtype=torch.bfloat16),
    ],
)
def test_a_copy_is_the_same_and_one_bit_makes_another(tensor: Tensor) -> None:
    other = tensor.clone()
    assert same(tensor, tensor) and same(tensor, other) and same(other, tensor)
    if tensor.numel():
        other = tensor.clone(memory_format=torch.contiguous_format)
        other.view(torch.uint8 if other.dim() else other.dtype).reshape(-1)[-1] ^= 1
        assert not same(tensor, other) and not same(other, tensor)


def test_how_a_tensor_lies_does_not_matter() -> None:
    one = torch.randn(4, 6, 3, 3)
    other = one.contiguous(memory_format=LAST)
    assert one.stride() != other.stride() and same(one, other) and same(other, one)
    other[0, 0, 0, 0] += 1
    assert not same(one, other) and not same(other, one)


def test_equal_numbers_of_other_bits_types_or_shapes_are_not_the_same() -> None:
    zero = torch.zeros(4)
    assert not same(zero, -zero) and torch.equal(zero, -zero)
    assert not same(zero, zero.double()) and not same(zero, zero.reshape(2, 2))
