"""Rates as numbers on a processor, as tensors where steps are captured; a checkpoint goes from one to the other."""

import copy
from typing import Any

import pytest
import torch

from explorer.models.devices import Device
from explorer.training.compute import optimizing

CPU = Device(torch.device("cpu"), False)


def made() -> tuple[torch.nn.Parameter, torch.optim.AdamW]:
    weight = torch.nn.Parameter(torch.arange(6.0))
    return weight, optimizing.adamw([{"name": "head", "lr": 0.1, "rate": 0.1, "params": [weight]}], CPU)


def stepped(weight: torch.nn.Parameter, optimizer: torch.optim.AdamW, rate: float) -> list[float]:
    optimizing.set_rate(optimizer.param_groups[0], rate)
    weight.grad = weight.detach() - 2.5
    optimizer.step()
    return weight.detach().tolist()


def test_a_rate_is_a_number_on_a_processor() -> None:
    weight, optimizer = made()
    stepped(weight, optimizer, 0.01)
    assert optimizer.param_groups[0]["lr"] == 0.01 and not optimizer.param_groups[0]["capturable"]


def test_a_rate_that_is_a_tensor_stays_the_same_tensor_and_gives_the_same_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A quarter is the same in single precision and in double, so the steps are too."""
    weight, optimizer = made()
    expected = [stepped(weight, optimizer, rate) for rate in (0.25, 0.125)]
    monkeypatch.setattr(Device, "captures", True)
    weight, optimizer = made()
    rate = optimizer.param_groups[0]["lr"]
    assert rate.shape == () and rate.dtype == torch.float32 and optimizer.param_groups[0]["capturable"]
    assert [stepped(weight, optimizer, value) for value in (0.25, 0.125)] == expected
    assert optimizer.param_groups[0]["lr"] is rate and rate == 0.125


def test_a_group_that_joins_gets_a_tensor_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "captures", True)
    _, optimizer = made()
    optimizer.add_param_group({"name": "layer4", "lr": 0.5, "rate": 0.5, "params": [torch.nn.Parameter(torch.ones(2))]})
    optimizing.place_rates(optimizer, CPU)
    assert [group["lr"].item() for group in optimizer.param_groups] == pytest.approx([0.1, 0.5])
    assert all(group["capturable"] for group in optimizer.param_groups)


@pytest.mark.parametrize(("before", "after"), [(False, True), (True, False), (True, True)])
def test_a_checkpoint_goes_from_one_kind_of_device_to_the_other(
    before: bool, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Device, "captures", before)
    weight, optimizer = made()
    stepped(weight, optimizer, 0.25)
    saved: dict[str, Any] = copy.deepcopy(optimizing.dump(optimizer))
    assert [type(group["lr"]) for group in saved["param_groups"]] == [float]
    expected = stepped(weight, optimizer, 0.125)
    monkeypatch.setattr(Device, "captures", after)
    other, fresh = made()
    stepped(other, fresh, 0.25)
    optimizing.restore(fresh, saved, CPU)
    group = fresh.param_groups[0]
    assert isinstance(group["lr"], torch.Tensor) is after and group["capturable"] is after
    assert stepped(other, fresh, 0.125) == expected
