"""Networks with real ImageNet features, asked once per view: MobileNetV2 for what the student must say everywhere and
SqueezeNet 1.1 for a second opinion on the whole picture."""

import copy
from dataclasses import dataclass, fields
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision import models

MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
# Parts of MobileNetV2 after which its map is 16 × 16, 8 × 8, 4 × 4 (of 128 pixels), as after layer2, layer3, layer4.
ENDS = (6, 13, 18)
PART = 16  # images asked about at once on a processor: more do not fit its cache and take 1.4 times as long each


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
    """Both networks in evaluation mode, on one device, and MobileNetV2's features without BatchNorms, in bfloat16."""

    mobilenet: nn.Module
    squeezenet: nn.Module
    quick: nn.Sequential
    device: torch.device

    def ask(self, images: Tensor) -> Answer:
        """The teachers' answers on images (b, 3, 128, 128) in [0, 1], in half precision."""
        parts = images.split(PART if self.device.type == "cpu" else len(images))
        answers = [self.answer(part).tensors() for part in parts]
        return Answer(*(torch.cat(same) for same in zip(*answers, strict=True)))

    @torch.no_grad()
    def answer(self, images: Tensor) -> Answer:
        """The same for few images."""
        with autocast(self.device):
            maps = [normalised(images)]
            second = self.squeezenet.features(maps[0]).float().mean((2, 3))
            maps[0] = maps[0].bfloat16()
            for first, end in pairwise((-1, *ENDS)):
                maps.append(self.quick[first + 1 : end + 1](maps[-1]))
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

    mobilenet, squeezenet = ready(mobilenet), ready(squeezenet)
    return Teachers(mobilenet, squeezenet, fused(mobilenet.features).bfloat16(), device)


def fused(net: nn.Module) -> nn.Module:
    """A copy in which every convolution has taken in the BatchNorm behind it: the same answers, half the passes."""
    net = copy.deepcopy(net)
    for part in [m for m in net.modules() if isinstance(m, nn.Sequential)]:
        for i, (layer, norm) in enumerate(pairwise(part)):
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                part[i], part[i + 1] = fuse_conv_bn_eval(layer, norm), nn.Identity()
    return net
