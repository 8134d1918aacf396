"""The steps of a forward pass put together to stages: where the grid becomes coarser, or, of tokens, a quarter of the blocks."""

from collections.abc import Sequence
from dataclasses import dataclass

PARTS = 4
"""Stages into which a transformer's blocks are divided."""
FEW = 0.02
"""Share of all parameters below which the first steps are a stem still, though they hold several layers."""


@dataclass(frozen=True)
class Step:
    """A step after which one tensor is handed on: where it ends, the kind of its last module, the shape of what it gives for
    one picture, cells along a side, its parameters, and how many convolutions and linear layers it holds."""

    path: str
    kind: str
    shape: tuple[int, ...]
    side: int
    parameters: int
    layers: int


def grouped(steps: Sequence[Step]) -> tuple[int, ...]:
    """The numbers of the steps with which stages begin, the first (0) among them."""
    blocks = [i for i, step in enumerate(steps) if step.layers > 1]
    if len(steps[-1].shape) == 2 and blocks and steps[blocks[0]].side == steps[-1].side:
        return _quarters(blocks)
    begins = [0]
    if blocks and blocks[0] > 0:
        begins.append(blocks[0])
    for i in range(1, len(steps)):
        if steps[i].side >= steps[i - 1].side or (blocks and i <= blocks[0]):
            continue
        start = i if steps[i].parameters else i + 1  # a pooling ends a stage, a strided layer begins one
        if start < len(steps) and start not in begins and any(step.parameters for step in steps[start:]):
            begins.append(start)
    return tuple(sorted(begins))


def _quarters(blocks: list[int]) -> tuple[int, ...]:
    """A stem, then as many blocks in each of four stages as there are; what follows the last block goes with it."""
    parts = min(PARTS, len(blocks))
    starts = {blocks[len(blocks) * part // parts] for part in range(parts)}
    return tuple(sorted({0, *starts}))


def names_of(steps: Sequence[Step], begins: Sequence[int]) -> tuple[str, ...]:
    """The stages' names: `stem`, then the names of the modules with which they begin, where these say something, else
    `stage1`, `stage2`, …; where the first step is a block itself there is no stem."""
    total = sum(step.parameters for step in steps) or 1
    first = steps[: begins[1]] if len(begins) > 1 else steps
    stem = len(begins) > 1 and (
        all(step.layers < 2 for step in first) or sum(step.parameters for step in first) < FEW * total
    )
    rest = begins[1:] if stem else begins
    found = [steps[i].path for i in rest]
    speak = all(name.isidentifier() and name[-1].isdigit() for name in found)
    plain = [f"{'layers' if len(steps[-1].shape) == 2 else 'stage'}{i}" for i in range(1, len(rest) + 1)]
    return (*(["stem"] if stem else []), *(found if speak and len(set(found)) == len(found) else plain))
