"""How the live backbone is built: filters, grids, stages, heads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from explorer import recipe
from explorer.course.compute.truths.asked import TruthContext, number, ordered, percent, picked, whole
from explorer.course.question.checks import Truth
from explorer.errors import ExplorerError
from explorer.looks.features.compute.filters import first_convolution
from explorer.looks.features.compute.receptive_field import receptive_fields
from explorer.models.backbones import build
from explorer.models.pooling import grid
from explorer.training.compute import freezing
from explorer.training.question import Description


def first_filter(asked: TruthContext, many: str) -> Truth:
    """How many weights so many filters of the first convolution have."""
    filters = first_convolution(asked.scene.model)[1].weight
    each, side = filters[0].numel(), filters.shape[-1]
    words = f"Counted just now in the first convolution of {asked.row.title}."
    return number(each * int(many), words, filters=whole(len(filters)), side=str(side), each=whole(each), many=many,
                  count=whole(each * int(many)),
                  all=whole(filters.numel()), total=whole(asked.row.parameters),
                  share=percent(filters.numel() / asked.row.parameters))  # fmt: skip


def plain_card(asked: TruthContext) -> Truth:
    """What the first convolution's maps of a card of one colour look like, away from the border."""
    scene = asked.scene
    _, layer = first_convolution(scene.model)
    card = torch.tensor([1.5, -1.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, *scene.x.shape[2:])
    with torch.no_grad():
        maps, picture = (layer(x)[0, :, 2:-2, 2:-2] for x in (card, scene.x[:1]))
    spread, other = ((m.amax(dim=(1, 2)) - m.amin(dim=(1, 2))).mean().item() for m in (maps, picture))
    size = maps.abs().mean().item()
    answer = "lines" if spread > 0.01 * other else "flat" if size > 0.01 * other else "zero"
    words = f"Computed just now: a red card of {scene.x.shape[3]} pixels through the {len(maps)} filters of {asked.row.title}."
    return picked(answer, words, spread=f"{spread:.5f}", picture=f"{other:.2f}", size=f"{size:.2f}", n=str(len(maps)))


def numbers_left(asked: TruthContext) -> Truth:
    """The order, fewest first, of how many numbers stand for a picture on its way through the backbone."""
    row, shapes = asked.row, described(asked).stages
    side = asked.scene.x.shape[-1]
    at = {"picture": (3, side, side), "first": shapes[0].output, "last": shapes[-2].output, "head": (row.features,)}
    counts = {key: torch.Size(shape).numel() for key, shape in at.items()}
    facts = {
        key: f"{' × '.join(map(str, at[key]))} = {whole(n)}" if key != "head" else whole(n) for key, n in counts.items()
    }
    return ordered(counts, f"Counted just now for one picture in {row.title}.", **facts)


def described(asked: TruthContext, strategy: str = "linear_probe", classes: int = 4) -> Description:
    """What a strategy does to each stage of the backbone, for inputs of the size that the scene has."""
    return freezing.describe(recipe.make(backbone=asked.row.name, weights="random", strategy=strategy), classes)


def sight(asked: TruthContext, place: str) -> Truth:
    """How many pixels wide a cell's view is after the stage in this place, from 1."""
    row, size = asked.row, asked.scene.x.shape[-1]
    if row.tokens:
        raise ExplorerError(
            f"In {row.title} every cell sees the whole picture from the first attention on, so there is nothing to guess. "
            f"Choose a convolutional backbone, for instance ResNet-10."
        )
    seen = receptive_fields(build(row.name, 4, "random"), size)
    wide = {stage: round(last - first) or size for stage, (first, last) in seen.items()}
    names, at = row.stage_names, min(int(place), len(row.stage_names) - 1)
    this, following = names[at - 1], names[at]
    words = f"Found just now by sending a gradient back from one cell of {row.title} to the {size} × {size} pixels."
    return number(wide[this], words, stage=this, seen=str(wide[this]), next=following, further=str(wide[following]),
                  size=str(size), whole=next((s for s in wide if wide[s] == size), "none"))  # fmt: skip


def heaviest_stage(asked: TruthContext) -> Truth:
    """The stage with most weights."""
    counts = {stage.stage: stage.parameters for stage in described(asked).stages[:-1]}
    answer = max(counts, key=lambda stage: counts[stage])
    words = f"Counted just now in the {len(counts)} stages of {asked.row.title}."
    listed = ", ".join(f"{stage} {whole(n)}" for stage, n in counts.items())
    return picked(answer, words, stage=answer, count=whole(counts[answer]), listed=listed,
                  share=percent(counts[answer] / sum(counts.values())))  # fmt: skip


def shifted(asked: TruthContext) -> Truth:
    """What becomes of the first stage's maps when the picture moves sideways."""
    scene, stage = asked.scene, asked.row.stage_names[0]
    with outputs(asked, stage) as read:
        old = read(scene.x)
        step = scene.x.shape[3] // old.shape[3]
        new = read(scene.x.roll(step, dims=3))
    inside = slice(3, -3)
    moved = _apart(new[:, :, inside, 4:-3], old[:, :, inside, 3:-4])
    stayed = _apart(new[:, :, inside, inside], old[:, :, inside, inside])
    answer = "scrambled" if min(moved, stayed) > 0.5 else "moves" if moved < stayed else "stays"
    words = f"Computed just now: {len(scene.x)} pictures through {stage} of {asked.row.title}, still and moved by {step} pixels."
    return picked(answer, words, step=str(step), moved=percent(moved), stayed=percent(stayed), stage=stage)


def _apart(a: Tensor, b: Tensor) -> float:
    """Mean |a - b| as a share of mean |b|."""
    return ((a - b).abs().mean() / b.abs().mean()).item()


@contextmanager
def outputs(asked: TruthContext, stage: str) -> Iterator[Callable[[Tensor], Tensor]]:
    """A function from pictures (n, 3, h, w) to what a stage of a copy of the live model gives, (n, c, h', w')."""
    names, kept = asked.scene.names(), []
    hook = names["stages"][stage].register_forward_hook(lambda module, inputs, output: kept.append(output.clone()))

    def read(x: Tensor) -> Tensor:
        kept.clear()
        with torch.no_grad():
            names["model"](x)
        return grid(kept[0])

    try:
        yield read
    finally:
        hook.remove()
