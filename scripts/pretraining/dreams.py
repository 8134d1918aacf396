"""Pictures of things where there are none: optimised until the teachers see a class of ImageNet in them.

Yin et al. 2020, "Dreaming to distill" (DeepInversion), arXiv 1912.08795: class score, the teacher's own BatchNorm
statistics and little total variation. Two changes make it quick: a picture is a sum of layers from 4 to 96 pixels in
colours as they vary together in photographs (Olah et al. 2017, "Feature visualization"), and it starts from a view of
a photograph, more or less faint. Letters: n pictures, s pixels a side.
"""

import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from PIL import Image
from torch import Generator, Tensor, nn
from torch.nn import functional

from scripts.pretraining.pictures import Atlas
from scripts.pretraining.teachers import Teachers, autocast, normalised
from scripts.pretraining.views import uniform, views

CLASSES, GROUP = 1000, 100
LAYERS = (4, 8, 16, 32, 64)  # a last one of the final size is added when the picture grows
STEPS = ((64, 70), (96, 18))  # pixels a side, and steps at that size
RATE, JITTER = 0.06, 8
SECOND, STATISTICS, VARIATION, GLARE = 0.3, 20.0, 7.0, 12.0  # weights in the loss, beside 1 for MobileNetV2's classes
# Colours of photographs: brightness varies most, blue–yellow less, green–magenta least (columns; rows are r, g, b).
COLOURS = torch.tensor([[0.84, 0.29, 0.06], [0.87, 0.0, -0.16], [0.87, -0.29, 0.1]])


class Statistics:
    """How far a batch is from what the teacher's BatchNorms saw on ImageNet, measured with hooks on a copy of it."""

    def __init__(self, net: nn.Module) -> None:
        self.net = copy.deepcopy(net)
        self.found: list[Tensor] = []
        norms = [m for m in self.net.modules() if isinstance(m, nn.BatchNorm2d)]
        for norm in (*norms[:1], *(n for n in norms if n.num_features <= 320), norms[-1]):  # narrow ones are cheap
            norm.register_forward_hook(self.measure)

    def measure(self, norm: nn.BatchNorm2d, inputs: tuple[Tensor], _: Tensor) -> None:
        """Squared differences of mean and of standard deviation, in units of the running deviation."""
        values = inputs[0].permute(0, 2, 3, 1).flatten(0, 2)
        deviation = (norm.running_var + norm.eps).sqrt()
        mean = (values.mean(0) - norm.running_mean) / deviation
        self.found.append(mean.square().mean() + (values.std(0) / deviation - 1).square().mean())

    def logits(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What the teacher says (n, 1000), and the mean distance over its BatchNorms."""
        self.found.clear()
        said = self.net(images)
        return said, torch.stack(self.found).mean()


def painted(layers: list[Tensor], size: int) -> Tensor:
    """The picture that layers (n, 3, s, s) add up to, (n, 3, size, size) in (0, 1)."""
    total = sum(functional.interpolate(layer, size=size, mode="bilinear") for layer in layers)
    return torch.einsum("nchw,dc->ndhw", total, COLOURS.to(total.device)).sigmoid()


def faint(source: Atlas, n: int, size: int, generator: Generator) -> Tensor:
    """Views as a layer to start from, each between invisible and 70 % of its contrast."""
    seen = views(source, n, size, generator)
    layer = torch.einsum("nchw,dc->ndhw", seen.clamp(0.1, 0.9).logit(), torch.linalg.inv(COLOURS).to(seen.device))
    return layer * uniform(generator, 0, 0.7, n, 1, 1, 1).to(seen.device)


def unlikely(image: Tensor, classes: Tensor, statistics: Statistics, teachers: Teachers, shift: list[int]) -> Tensor:
    """The loss of pictures (n, 3, s, s) that should show classes (n,), looked at after a shift, mirrored or not."""
    down, right, mirror = shift
    moved = image.roll((down, right), (2, 3))
    seen = normalised(moved.flip(3) if mirror else moved).contiguous(memory_format=torch.channels_last)
    said, distance = statistics.logits(seen)
    with autocast(image.device):
        second = teachers.squeezenet(seen).float()
    steps = (image[:, :, 1:] - image[:, :, :-1]).abs().mean() + (image[..., 1:] - image[..., :-1]).abs().mean()
    wanted = functional.cross_entropy(said, classes) + SECOND * functional.cross_entropy(second, classes)
    return wanted + STATISTICS * distance + VARIATION * steps + GLARE * (image - 0.45).square().mean()


def improved(layers: list[Tensor], size: int, steps: int, classes: Tensor, teachers: Teachers, g: Generator) -> None:
    """Optimise the layers in place with Adam; fine layers move more slowly than coarse ones."""
    statistics = Statistics(teachers.mobilenet)
    groups = [{"params": [layer], "pace": min(1.0, (24 / layer.shape[-1]) ** 0.7)} for layer in layers]
    optimizer = torch.optim.Adam(groups, lr=RATE, betas=(0.5, 0.95))
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * group["pace"] * min(1.0, 2.05 - 2 * step / steps)
        shift = [
            *torch.randint(-JITTER, JITTER + 1, (2,), generator=g).tolist(),
            *torch.randint(2, (1,), generator=g).tolist(),
        ]
        value = unlikely(painted(layers, size), classes, statistics, teachers, shift)
        gradients = torch.autograd.grad(value, layers)
        for layer, gradient in zip(layers, gradients, strict=True):
            layer.grad = gradient
        optimizer.step()


def dream(source: Atlas, teachers: Teachers, classes: Tensor, seed: int) -> Tensor:
    """Pictures of the given classes (n,), as (n, 96, 96, 3) uint8."""
    g, device, n = Generator().manual_seed(seed), teachers.device, len(classes)
    layers = [(0.1 * torch.randn(n, 3, s, s, generator=g)).to(device) for s in LAYERS]
    layers.append(faint(source, n, STEPS[0][0], g))
    for size, steps in STEPS:
        if size > layers[-1].shape[-1]:
            layers.append(torch.zeros(n, 3, size, size, device=device))
        layers = [layer.detach().requires_grad_() for layer in layers]
        improved(layers, size, steps, classes.to(device), teachers, g)
    with torch.no_grad():
        return (painted(layers, size) * 255).round().byte().permute(0, 2, 3, 1).cpu()


def dreamt(kept: Path, source: Atlas, teachers: Teachers, count: int, seed: int, threads: int) -> Iterator[Path]:
    """Dream `count` pictures, every class in turn, into a folder; groups that are there already are not made again."""
    order = torch.randperm(CLASSES, generator=Generator().manual_seed(seed))

    def group(first: int) -> list[Path]:
        paths = [kept / f"{number:05d}-{order[number % CLASSES]:03d}.png" for number in range(first, first + GROUP)]
        if not all(path.exists() for path in paths):
            classes = order[torch.arange(first, first + GROUP) % CLASSES]
            for path, picture in zip(paths, dream(source, teachers, classes, seed * 1_000_003 + first), strict=True):
                Image.fromarray(picture.numpy()).save(path)
        return paths

    kept.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(threads) as pool:
        for paths in pool.map(group, range(0, count, GROUP)):
            yield from paths
