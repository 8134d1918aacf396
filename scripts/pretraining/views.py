"""Random views of the pictures in an atlas: geometry, colour, cut-and-paste.

Random numbers are drawn on the processor from one seeded generator, so that a seed means the same views everywhere.
"""

import math

import torch
from torch import Generator, Tensor

from scripts.pretraining.pictures import LEVELS, Atlas

SMALLEST = 56.0  # a crop's side in source pixels: below it, enlarging shows little but blur
GREY = torch.tensor([0.299, 0.587, 0.114])


def normal(generator: Generator, *shape: int) -> Tensor:
    """Standard normal numbers."""
    return torch.randn(*shape, generator=generator)


def uniform(generator: Generator, low: float, high: float, *shape: int) -> Tensor:
    """Numbers spread evenly between two bounds."""
    return torch.rand(*shape, generator=generator) * (high - low) + low


def affine(height: Tensor, width: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """A crop of each picture: the centre (b, 2) and the matrix (b, 2, 2) from [-1, 1] to source pixels, both as y, x.

    The crop's side runs evenly from SMALLEST to that of the whole picture; aspect e^±0.4, rotation of 0.25 rad and
    shear of 0.1 (standard deviations), half of them mirrored.
    """
    b = len(height)
    whole = (height * width).float().sqrt()
    low = (0.7 * whole).clamp(max=SMALLEST)
    side = low + (whole - low) * torch.rand(b, generator=generator)
    aspect = torch.exp(uniform(generator, -0.4, 0.4, b) / 2)
    half_h = torch.minimum(side * aspect, height.float()) / 2
    half_w = torch.minimum(side / aspect, width.float()) / 2
    free = torch.rand(b, 2, generator=generator)
    centre = torch.stack([half_h + free[:, 0] * (height - 2 * half_h), half_w + free[:, 1] * (width - 2 * half_w)], 1)
    angle = 0.25 * normal(generator, b)
    shear = 0.1 * normal(generator, b)
    mirror = torch.where(torch.rand(b, generator=generator) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    turn = torch.stack([cos, sin + shear * cos, -sin, cos - shear * sin], 1).reshape(b, 2, 2)
    scale = torch.diag_embed(torch.stack([half_h, half_w * mirror], 1))
    return centre, turn @ scale


def crop(source: Atlas, pick: Tensor, size: int, generator: Generator) -> Tensor:
    """Cut one random region out of each picked picture, (b, size, size, 3) float in [0, 1].

    Sampled bilinearly on the level whose pixels are nearest to the crop's own, one level softer for one in eight.
    Regions that reach over the edge continue mirrored.
    """
    device = source.pixels.device
    full = source.height[0].cpu()[pick], source.width[0].cpu()[pick]
    centre, matrix = affine(*full, generator)
    step = torch.linalg.det(matrix).abs().sqrt() * 2 / size
    soft = (torch.rand(len(pick), generator=generator) < 0.125).float()
    level = (torch.log2(step) + 0.35 + soft).floor().clamp(0, LEVELS - 1).long()
    axis = (torch.arange(size) + 0.5) / size * 2 - 1
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2).to(device)
    points = grid @ matrix.mT.to(device) + centre[:, None].to(device)
    picked, level = pick.to(device), level.to(device)
    height, width = source.height[level, picked], source.width[level, picked]
    ratio = torch.stack([height, width], 1) / torch.stack(full, 1).to(device)
    points = points * ratio[:, None] - 0.5
    return bilinear(source.pixels, source.offset[level, picked], height, width, points).reshape(-1, size, size, 3)


def mirrored(index: Tensor, length: Tensor) -> Tensor:
    """Indices folded back into [0, length) as if the picture were followed by its mirror image."""
    index = torch.remainder(index, 2 * length)
    return torch.minimum(index, 2 * length - 1 - index)


def bilinear(pixels: Tensor, offset: Tensor, height: Tensor, width: Tensor, points: Tensor) -> Tensor:
    """Weighted mean of the four pixels around each point, (b, p, 3) in [0, 1]; points are (b, p, 2) as y, x."""
    offset, height, width = (t[:, None].int() for t in (offset, height, width))
    corner = points.floor()
    fy, fx = (points - corner).unsqueeze(-1).unbind(-2)
    y, x = corner.int().unbind(-1)
    above = offset + mirrored(y, height) * width
    below = offset + mirrored(y + 1, height) * width
    left, right = mirrored(x, width), mirrored(x + 1, width)

    def take(index: Tensor) -> Tensor:
        return pixels[index.reshape(-1)].view(torch.uint8).reshape(*index.shape, 4)[..., :3].float()

    top = torch.lerp(take(above + left), take(above + right), fx)
    bottom = torch.lerp(take(below + left), take(below + right), fx)
    return torch.lerp(top, bottom, fy).div_(255)


def recolour(images: Tensor, generator: Generator) -> Tensor:
    """Brightness, contrast, saturation and a mix of the channels as one matrix per image; shapes (b, h, w, 3).

    Three in ten images keep their colours, one in ten becomes grey.
    """
    b = len(images)
    keep = torch.rand(b, generator=generator) < 0.3
    saturation = uniform(generator, 0, 1.8, b)
    saturation[torch.rand(b, generator=generator) < 0.1] = 0
    saturate = saturation[:, None, None] * torch.eye(3) + (1 - saturation)[:, None, None] * GREY.expand(3, 3)
    mix = torch.eye(3) + 0.12 * normal(generator, b, 3, 3)
    matrix = torch.exp(0.25 * normal(generator, b))[:, None, None] * (saturate @ mix)
    shift = 0.5 + 0.1 * normal(generator, b)[:, None] - matrix.sum(2) * 0.5
    matrix[keep], shift[keep] = torch.eye(3), torch.zeros(3)
    matrix, shift = matrix.to(images.device), shift.to(images.device)
    flat = torch.baddbmm(shift[:, None], images.reshape(b, -1, 3), matrix.mT)
    return flat.clamp_(0, 1).reshape(images.shape)


def paste(images: Tensor, generator: Generator) -> Tensor:
    """Put a part of every image's neighbour into it: a rectangle (CutMix), a thing with an outline, or a faint whole.

    One draw for the batch: 20 % rectangles, 25 % outlines, 10 % blends (mixup), else nothing. Yun et al. 2019,
    arXiv 1905.04899; Zhang et al. 2017, arXiv 1710.09412.
    """
    choice, share, y, x = torch.rand(4, generator=generator).tolist()
    other = images.roll(1, 0)
    if choice >= 0.55:
        return images
    if choice >= 0.45:
        return torch.lerp(images, other, 0.5 * share)
    if choice >= 0.2:
        return torch.lerp(images, other, silhouettes(*images.shape[:2], generator).to(images.device))
    side = int(images.shape[1] * math.sqrt(0.1 + 0.5 * share))
    top, left = (int(v * (images.shape[1] - side)) for v in (y, x))
    images = images.clone()
    images[:, top : top + side, left : left + side] = other[:, top : top + side, left : left + side]
    return images


def silhouettes(b: int, size: int, generator: Generator) -> Tensor:
    """One wobbly outline per image, (b, size, size, 1), 1 inside: r(θ) = r₀ exp(Σ aₖ cos(kθ + φₖ)), k = 1 … 7.

    Visual atoms (Takashima et al. 2023, arXiv 2303.01112) drawn directly.
    """
    axis = (torch.arange(size) + 0.5) / size * 2 - 1
    centre = uniform(generator, -0.35, 0.35, b, 2, 1, 1)
    y, x = axis[:, None] - centre[:, 0], axis[None] - centre[:, 1]
    k = torch.arange(1, 8)
    height = 0.5 * normal(generator, b, 7) / k**0.7
    phase = uniform(generator, 0, 2 * math.pi, b, 7)
    rays = torch.linspace(-math.pi, math.pi, 257)
    wobble = (height[..., None] * torch.cos(k[:, None] * rays + phase[..., None])).sum(1).clamp(-1, 0.8)
    bearing = (torch.atan2(y, x) + math.pi) / (2 * math.pi) * 255.999
    radius = uniform(generator, 0.25, 0.6, b, 1, 1) * wobble.exp().gather(1, bearing.long().flatten(1)).view_as(bearing)
    return ((radius - torch.hypot(y, x)) * size / 4 + 0.5).clamp(0, 1)[..., None]


def views(source: Atlas, b: int, size: int, generator: Generator) -> Tensor:
    """A batch of views of randomly chosen pictures, (b, 3, size, size) float in [0, 1], channels last in memory."""
    pick = torch.multinomial(source.weight, b, replacement=True, generator=generator)
    images = recolour(crop(source, pick, size, generator), generator)
    return paste(images, generator).permute(0, 3, 1, 2)
