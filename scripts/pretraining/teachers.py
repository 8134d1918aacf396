"""Networks with real ImageNet features, asked once per view: MobileNetV2 for what the student must say everywhere and
SqueezeNet 1.1 for a second opinion on the whole picture."""

from dataclasses import dataclass, fields
from itertools import pairwise

import torch
from torch import Tensor, nn
from torchvision import models

MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
# Parts of MobileNetV2 after which its map is 16 × 16, 8 × 8, 4 × 4 (of 128 pixels), as after layer2, layer3, layer4.
ENDS = (6, 13, 18)


@dataclass(frozen=True)
class Answer:
    """What the teachers make of b views: maps of 32, 96 and 1280 channels, (b, c, s, s), then SqueezeNet's pooled
    features (b, 512) and MobileNetV2's logits (b, 1000)."""

    early: Tensor
    middle: Tensor
    late: Tensor
    second: Tensor
    logits: Tensor

    def tensors(self) -> tuple[Tensor, ...]:
        """All fields in order."""
        return tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True)
class Teachers:
    """Both networks in evaluation mode, on one device."""

    mobilenet: nn.Module
    squeezenet: nn.Module
    device: torch.device

    @torch.no_grad()
    def ask(self, images: Tensor) -> Answer:
        """The teachers' answers on images (b, 3, 128, 128) in [0, 1], in half precision."""
        with autocast(self.device):
            maps = [normalised(images)]
            second = self.squeezenet.features(maps[0]).float().mean((2, 3))
            for first, end in pairwise((-1, *ENDS)):
                maps.append(self.mobilenet.features[first + 1 : end + 1](maps[-1]))
        logits = self.mobilenet.classifier(maps[-1].float().mean((2, 3)))
        return Answer(*(t.half() for t in (*maps[1:], second, logits)))


def autocast(device: torch.device) -> torch.autocast:
    """Mixed precision in bfloat16."""
    return torch.autocast(device.type, dtype=torch.bfloat16)


def normalised(images: Tensor) -> Tensor:
    """Images in [0, 1] with ImageNet's mean and standard deviation taken out."""
    return (images - MEAN.to(images.device)) / STD.to(images.device)


def teachers(device: torch.device) -> Teachers:
    """Load both teachers with torchvision's own weights (downloaded by torchvision where they are not cached)."""
    mobilenet = models.mobilenet_v2(weights=models.MobileNet_V2_Weights.IMAGENET1K_V1)
    squeezenet = models.squeezenet1_1(weights=models.SqueezeNet1_1_Weights.IMAGENET1K_V1)

    def ready(net: nn.Module) -> nn.Module:
        return net.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)

    return Teachers(ready(mobilenet), ready(squeezenet), device)
