"""Which tensors of a checkpoint are a backbone's, under which names; what is missing, left over, or of another shape."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

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
    missing; those of another shape as (name, theirs, ours); tensors of a head; the rest, which the backbone does not know, and
    of it what belongs to the same stages, so that the file is of another, larger network; `renamed` is the first tensor as the
    backbone calls it and as the file does, where these differ by more than the prefix."""

    prefix: str
    tensors: dict[str, Tensor]
    missing: tuple[str, ...]
    shapes: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    head: tuple[tuple[str, tuple[int, ...]], ...]
    unexpected: tuple[str, ...]
    foreign: tuple[str, ...] = ()
    renamed: tuple[str, str] | None = None

    @property
    def whole(self) -> bool:
        """Whether every tensor of the backbone is there, and none more in its stages."""
        return not self.missing and not self.shapes and not self.foreign


@lru_cache(maxsize=64)
def expected(row: Backbone) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """A backbone's tensors by name, of which there are shapes and types alone, and the names of its own head (which is
    replaced)."""
    with torch.device("meta"):
        own = blank(row).state_dict()
        network = Network(row, blank(row), 2, "random")
    head = {*network.names("head")}
    found = {name: tensor for name, tensor in network.model.state_dict().items() if name not in head}
    return found, tuple(name for name in own if name not in found)


def fit(row: Backbone, tensors: Mapping[str, Tensor]) -> Fit:
    """How these tensors fit the backbone, under the names and the prefix with which most do."""
    wanted, own_head = expected(row)
    found: list[Fit] = []
    for names in _ways(row, wanted):
        found.append(_fit(row, tensors, wanted, names, own_head))
        if found[-1].whole:
            break
    return max(found, key=lambda one: len(one.tensors))


def _ways(row: Backbone, wanted: Mapping[str, Tensor]) -> Iterator[dict[str, str]]:
    """Names of the tensors wanted → what a file may call them: as the backbone does; by the places of its parts, as after
    `nn.Sequential(*model.children())`; without the one part that holds all of them, as `model.features.state_dict()` has it."""
    yield {name: name for name in wanted}
    with torch.device("meta"):
        places = {child: str(i) for i, (child, _) in enumerate(blank(row).named_children())}
    parted = {name: name.partition(".") for name in wanted}
    if all(top in places for top, _, _ in parted.values()):
        yield {name: f"{places[top]}.{rest}" for name, (top, _, rest) in parted.items()}
    if len({top for top, _, _ in parted.values()}) == 1:
        yield {name: rest for name, (_, _, rest) in parted.items()}


def _fit(
    row: Backbone,
    tensors: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    names: Mapping[str, str],
    own: tuple[str, ...],
) -> Fit:
    prefix = _prefix(tensors, [*names.values()])
    inner = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    taken, shapes = {}, []
    for name, ours in wanted.items():
        theirs = inner.get(names[name])
        if theirs is not None and theirs.shape == ours.shape:
            taken[name] = theirs
        elif theirs is not None:
            shapes.append((name, tuple(theirs.shape), tuple(ours.shape)))
    known = {*names.values()}
    rest = [name for name in tensors if not name.startswith(prefix) or name.removeprefix(prefix) not in known]
    heads = [name for name in rest if _of_head(name.removeprefix(prefix), own, row)]
    tops = {name.partition(".")[0] for name in known}
    unexpected = [name for name in rest if name not in heads]
    first = next(iter(wanted))
    return Fit(
        prefix,
        taken,
        tuple(name for name in wanted if names[name] not in inner and not name.endswith(COUNTER)),
        tuple(shapes),
        tuple((name, tuple(tensors[name].shape)) for name in heads),
        tuple(unexpected),
        # single numbers are counters that tools hang on layers
        tuple(n for n in unexpected if n.startswith(prefix) and _top(n, prefix) in tops and tensors[n].numel() > 1),
        None if names[first] == first else (first, names[first]),
    )


def _top(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).partition(".")[0]


def _prefix(tensors: Mapping[str, Tensor], wanted: Sequence[str]) -> str:
    """The prefix under which most of the names wanted are there; the shortest of several."""
    ends = wanted[:3]
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


def better(row: Backbone, tensors: Mapping[str, Tensor]) -> str:
    """The backbone of the catalogue that the tensors fit as a whole; empty where there is none."""
    for other in BACKBONES.values():
        if other.name != row.name and fit(other, tensors).whole:
            return other.name
    return ""
