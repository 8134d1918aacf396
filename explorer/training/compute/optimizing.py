"""The optimizer of every run: AdamW, its rates, the memory that it takes, and how it is kept and taken up again."""

from typing import Any

import torch
from torch import Tensor

from explorer.models.compiler import AdamW
from explorer.models.devices import Device


def adamw(groups: list[dict[str, Any]], place: Device) -> torch.optim.AdamW:
    """AdamW over these groups, in one kernel where there is one (which needs no memory of its own).

    Where steps are captured its rates are tensors there: a captured step would repeat a number for ever, and reads a tensor
    again each time.
    """
    optimizer = AdamW(groups, weight_decay=0.01, **_kind(place))
    place_rates(optimizer, place)
    return optimizer


def _kind(place: Device) -> dict[str, Any]:
    return {"fused": place.device.type in ("cpu", "cuda"), "capturable": place.captures}


def place_rates(optimizer: torch.optim.Optimizer, place: Device) -> None:
    """The rates of groups that joined, or came from a checkpoint, as tensors on the device, where steps are captured there."""
    for group in optimizer.param_groups if place.captures else ():
        if not isinstance(group["lr"], Tensor):
            group["lr"] = torch.tensor(group["lr"], dtype=torch.float32, device=place.device)


def set_rate(group: dict[str, Any], rate: float) -> None:
    """The rate at which a group learns in the steps to come; a tensor stays where it is and changes its value."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def reserve(optimizer: torch.optim.Optimizer) -> None:
    """Take the memory that AdamW would take in its first step, as it would: all of it or nothing.

    A step that runs out of memory half-way would have moved some weights already and could not be taken again.
    """
    fresh = {
        p: {
            "step": torch.zeros((), dtype=torch.float32, device=p.device if group["fused"] else "cpu"),
            "exp_avg": torch.zeros_like(p, memory_format=torch.preserve_format),
            "exp_avg_sq": torch.zeros_like(p, memory_format=torch.preserve_format),
        }
        for group in optimizer.param_groups
        for p in group["params"]
        if not optimizer.state.get(p)
    }
    optimizer.state.update(fresh)


def dump(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """The optimizer's state, the same from whatever device: rates are numbers."""
    state = optimizer.state_dict()
    groups = [group | {"lr": float(group["lr"])} for group in state["param_groups"]]
    return state | {"param_groups": groups}


def restore(optimizer: torch.optim.Optimizer, saved: dict[str, Any], place: Device) -> None:
    """Bring an optimizer to where `dump` was made, on whatever device that was, to go on at this place."""
    groups = [group | _kind(place) for group in saved["param_groups"]]
    optimizer.load_state_dict(saved | {"param_groups": groups})
    place_rates(optimizer, place)
