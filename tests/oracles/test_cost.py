"""What a step of learning costs: multiplications counted layer by layer, with code of its own."""

from typing import Any

import pytest
import torch
from torch import nn

from explorer.catalogue import BACKBONES
from explorer.course.compute.snippets import scenes
from explorer.course.compute.snippets.scenes import Scene
from explorer.course.compute.truths import freezing
from explorer.course.compute.truths.asked import TruthContext
from explorer.models import backbones

FROZEN = {  # per cent of a full step's multiplications with a frozen backbone and a head of four classes
    "resnet10": 34.9,
    "mobilenet_v2": 33.7,
    "mobilenet_v3_small": 34.5,
    "efficientnet_b0": 33.6,
    "convnext_tiny": 33.4,
}


def test_a_tiny_depthwise_net_counted_on_paper() -> None:
    head = nn.Linear(16, 5)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),  # 36 places × 8 × (3 · 9)
        nn.Conv2d(8, 8, 3, padding=1, groups=8),  # 36 places × 8 × (1 · 9): each channel sees its own alone
        nn.Conv2d(8, 16, 1, stride=2),  # 9 places × 16 × 8
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        head,  # 16 × 5
    )
    forward = 36 * 8 * 27 + 36 * 8 * 9 + 9 * 16 * 8 + 16 * 5
    for n in (1, 3):
        assert freezing.multiplications(model, head, torch.zeros(n, 3, 6, 6)) == (forward, 36 * 8 * 27, 16 * 5)


def by_hand(name: str) -> tuple[int, int, int]:
    """Forward, backward where all learns, and the head's share of forward; counted from shapes, on the meta device."""
    row, counted = BACKBONES[name], [0, 0]
    with torch.device("meta"):
        network = backbones.build(name, 4, "random")
        side = row.preprocessing("random").crop
        x = torch.zeros(1, 3, side, side)

    def note(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: Any) -> None:
        if isinstance(layer, nn.MultiheadAttention):
            _, tokens, d = inputs[0].shape
            cost = tokens * d * 3 * d + 2 * tokens * tokens * d + tokens * d * d  # q, k, v; their products; the way out
        else:
            cost = output.numel() * layer.weight[0].numel()
        counted[0] += cost
        counted[1] += cost * (1 + inputs[0].requires_grad)

    for layer in network.model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.MultiheadAttention):
            layer.register_forward_hook(note)
    network.model.eval()(x)
    return counted[0], counted[1], 4 * row.features


@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_is_counted_as_by_hand(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = BACKBONES[name]
    with torch.device("meta"):
        network = backbones.build(name, 4, "random")
        side = row.preprocessing("random").crop
        x = torch.zeros(8, 3, side, side)
    made = Scene(row, "random", network.model.eval(), x, torch.arange(4).repeat(2), None)
    monkeypatch.setattr(scenes, "scene", lambda *names: made)
    forward, backward, head = by_hand(name)
    found = freezing.cost_frozen(TruthContext(row, "random"), "1")
    assert found.value == pytest.approx(100 * (forward + head) / (forward + backward), rel=1e-9)
    facts = dict(found.facts)
    assert facts["forward"] == f"{100 * forward / (forward + backward):.1f} %" and "full" in facts
    assert facts["full"] == f"{round((forward + backward) / 1e6):,}"
    assert name not in FROZEN or found.value == pytest.approx(FROZEN[name], abs=0.06)
