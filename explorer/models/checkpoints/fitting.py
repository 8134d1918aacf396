"""Which tensors of a checkpoint are a backbone's, under which prefix; what is missing, left over, or of another shape."""

from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.catalogue import BACKBONES, Backbone
from explorer.models.backbones import blank
from explorer.models.network import Network

KNOWN = ("module.", "_orig_mod.", "model.", "backbone.", "encoder.", "net.", "network.", "base_encoder.", "encoder_q.")
"""Prefixes that wrappers leave: DataParallel, torch.compile, Lightning, detection and self-supervised code."""
HEADS = ("head", "fc", "classifier", "heads", "linear", "last_linear", "projector", "prediction_head")
COUNTER = "num_batches_tracked"
"""BatchNorm's counter of batches, which files of old versions lack and nothing here needs."""


@dataclass(frozen=True)
class Fit:
    """How a checkpoint fits a backbone: what was taken (the backbone's name → tensor), under which prefix; names that are
    missing; those of another shape as (name, theirs, ours); tensors of a head; the rest, which the backbone does not know."""

    prefix: str
    taken: dict[str, Tensor]
    missing: tuple[str, ...]
    shapes: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    head: tuple[tuple[str, tuple[int, ...]], ...]
    unexpected: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether every tensor of the backbone is there."""
        return not self.missing and not self.shapes


def expected(row: Backbone) -> tuple[dict[str, tuple[int, ...]], tuple[str, ...]]:
    """The shapes of a backbone's tensors by name, and the names of its own head (which is replaced)."""
    with torch.device("meta"):
        own = blank(row).state_dict()
        network = Network(row, blank(row), 2, "random")
    head = {*network.names("head")}
    shapes = {name: tuple(t.shape) for name, t in network.model.state_dict().items() if name not in head}
    return shapes, tuple(name for name in own if name not in shapes)


def fit(row: Backbone, tensors: dict[str, Tensor]) -> Fit:
    """How these tensors fit the backbone, under the prefix with which most do."""
    wanted, own_head = expected(row)
    prefix = _prefix(tensors, wanted)
    inner = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    taken, shapes = {}, []
    for name, shape in wanted.items():
        if name in inner and tuple(inner[name].shape) == shape:
            taken[name] = inner[name]
        elif name in inner:
            shapes.append((name, tuple(inner[name].shape), shape))
    missing = [name for name in wanted if name not in inner and not name.endswith(COUNTER)]
    rest = [name for name in tensors if not name.startswith(prefix) or name.removeprefix(prefix) not in wanted]
    heads = [name for name in rest if _of_head(name.removeprefix(prefix), own_head, row)]
    return Fit(
        prefix,
        taken,
        tuple(missing),
        tuple(shapes),
        tuple((name, tuple(tensors[name].shape)) for name in heads),
        tuple(name for name in rest if name not in heads),
    )


def _prefix(tensors: dict[str, Tensor], wanted: dict[str, tuple[int, ...]]) -> str:
    """The prefix under which most of the names wanted are there; the shortest of several."""
    ends = list(wanted)[:3]
    found = Counter[str]()
    for name in tensors:
        for end in ends:
            if name == end or name.endswith(f".{end}"):
                found[name.removesuffix(end)] += 1
    for name in list(tensors)[:2000]:
        rest = name
        while start := next((known for known in KNOWN if rest.startswith(known)), ""):
            rest = rest.removeprefix(start)
            found[name.removesuffix(rest)] += 0
    candidates = ["", *found]
    return max(candidates, key=lambda prefix: (sum(prefix + name in tensors for name in wanted), -len(prefix)))


def _of_head(name: str, own: tuple[str, ...], row: Backbone) -> bool:
    return name in own or name.startswith(f"{row.head}.") or name.split(".")[0] in HEADS


def better(row: Backbone, tensors: dict[str, Tensor]) -> str:
    """The backbone of the catalogue that the tensors fit as a whole; empty where there is none."""
    for other in BACKBONES.values():
        if other.name != row.name and fit(other, tensors).whole:
            return other.name
    return ""
