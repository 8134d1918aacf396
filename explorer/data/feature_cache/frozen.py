"""The frozen front as a function of pixels, and what names its output."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import PIL
import torch
import torchvision
from torch import Tensor

from explorer.catalogue import Preprocessing
from explorer.data.augmentation import augment
from explorer.data.images import Images
from explorer.models.devices import Device
from explorer.models.network import Network
from explorer.models.pooling import pooled
from explorer.recipe import Recipe

VERSION = 1  # part of every key: raise it when the same key would come to mean other numbers


@dataclass(frozen=True, eq=False)
class Frozen:
    """The stages of a network up to `upto`, and the pooling too where nothing of the backbone learns (`probe`); `weights` is
    their fingerprint, where it is known."""

    network: Network
    upto: str
    preprocessing: Preprocessing
    place: Device
    weights: str = ""

    @property
    def stages(self) -> tuple[str, ...]:
        """Their names, from the input on."""
        names = self.network.row.stage_names
        return names[: names.index(self.upto) + 1]

    @property
    def probe(self) -> bool:
        """Whether they are the whole backbone."""
        return self.stages == self.network.row.stage_names

    def run(self, pixels: Tensor, pool: bool) -> tuple[Tensor, dict[str, np.ndarray]]:
        """(b, h, w, 3) uint8 → the output (b, …) and, with `pool`, the pooled features (b, c) of each stage."""
        self.network.eval()
        rows: dict[str, np.ndarray] = {}
        with torch.inference_mode(), self.place.autocast():
            x = self.place.images(pixels, self.preprocessing)
            for stage in self.stages:
                x = self.network.stages[stage](x)
                if pool:
                    rows[stage] = pooled(x).cpu().numpy()
            return (self.network.pooling(x.float()) if self.probe else x), rows

    def layout(self) -> list[tuple[int, ...]]:
        """How the stages' tensors lie in memory, by their strides: other kernels may give other bits."""
        tensors = self.network.model.state_dict()
        return [tensors[name].stride() for stage in self.stages for name in self.network.names(stage)]


@dataclass(frozen=True)
class View:
    """One version of a split's images: number 0 is the images themselves, the others are augmented by a seed.

    `pool` asks for pooled features, `key` names the entry (empty: it is not stored).
    """

    number: int
    augmentation: str
    seed: int
    pool: bool
    key: str

    def of(self, pixels: Tensor, start: int) -> Tensor:
        """This version of the batch (b, h, w, 3) that begins with image `start`."""
        if not self.number:
            return pixels
        return augment(pixels, self.augmentation, (self.seed * 8 + self.number) * 100_003 + start)


def versions(
    frozen: Frozen, recipe: Recipe, images: Images, fingerprint: str, batch: int, pool: bool, count: int
) -> tuple[View, ...]:
    """The first `count` versions of the images; pooled features are kept of the plain one alone."""
    key = _keys(frozen, images, fingerprint, batch)
    plain = View(0, "none", 0, pool, key({"pool": pool}))
    made = [(i, recipe.augmentation, recipe.seed) for i in range(1, count)]
    return (plain, *(View(*v, False, key({"view": v, "torchvision": torchvision.__version__})) for v in made))


def pass_key(frozen: Frozen, images: Images, pixels: Tensor, batch: int, pool: bool) -> str:
    """Names one pass of one batch: equal keys mean the same pixels and stages, to the last bit, on the same processor."""
    digest = hashlib.sha256(pixels.numpy()).hexdigest()
    return _keys(frozen, images, "pass", batch)({"pixels": digest, "shape": [*pixels.shape], "pool": pool})


def _keys(frozen: Frozen, images: Images, fingerprint: str, batch: int) -> Callable[[dict[str, object]], str]:
    """A function from what is special about a view to its key; all that may change a bit of the output is in it."""
    if not fingerprint:
        return lambda special: ""
    shared = {
        "version": VERSION,
        "libraries": [torch.__version__, PIL.__version__],
        "hardware": frozen.place.hardware,
        "precision": frozen.place.precision,
        "batch": batch,
        "backbone": frozen.network.row.name,
        "weights": frozen.weights or frozen.network.fingerprint(frozen.stages),
        "layout": frozen.layout(),
        "stage": [frozen.upto, frozen.probe],
        "data": fingerprint,
        "images": images.ids,
        "preprocessing": asdict(frozen.preprocessing),
    }
    mark = (
        f"{fingerprint}-" if fingerprint.startswith("own-") else ""
    )  # so that a deleted set can be found and forgotten
    return lambda special: mark + hashlib.sha256(json.dumps([shared, special]).encode()).hexdigest()[:32]
