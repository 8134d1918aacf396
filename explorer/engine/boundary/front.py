"""A split as the learning part of a network reads it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from explorer.catalogue import Preprocessing
from explorer.engine import backbones
from explorer.engine.augmentation import augment
from explorer.engine.backbones import Network
from explorer.engine.boundary.filling import fill
from explorer.engine.boundary.frozen import Frozen, versions
from explorer.engine.datasets import Images
from explorer.engine.devices import Place, to_input
from explorer.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Front:
    """One split as the learning part reads it.

    `views` holds the output at the boundary, (n, …) each: of the images themselves, then of their augmented versions. It
    is pixels (uint8) where no stage is frozen in front, pooled features where none learns. `upto` names the last frozen
    stage (None: no front). `pooled` has the front's pooled features per stage, of the images themselves. `augmentation`
    says how `draw` varies.
    """

    BATCH: ClassVar[int] = 32

    upto: str | None
    probe: bool
    views: tuple[Tensor, ...]
    labels: Tensor
    pooled: dict[str, np.ndarray]
    augmentation: str
    preprocessing: Preprocessing
    place: Place

    @classmethod
    def over(
        cls,
        images: Images,
        network: Network,
        recipe: Recipe,
        place: Place,
        progress: Callable[[float], None],
        pool: bool = True,
        learns: tuple[str, ...] | None = None,
        fingerprint: str = "",
        views: int = 1,
    ) -> "Front":
        """The frozen front's output for a split: from the cache, else from pixels, decoded and run through it once.

        `learns` names the stages that learn now (None: those of the recipe), and what lies before them is the front.
        `pool` keeps the pooled features of its stages, `views` is the number of versions of each image, and
        `fingerprint` the data set's (`Data.fingerprint`; without one nothing is stored on disk).
        """
        front = recipe.front_of(recipe.learns if learns is None else learns)
        if not front or recipe.batchnorm == "moving":  # what moves cannot be cached
            upto, probe, pooled = None, False, {}
            found = [torch.from_numpy(images.pixels(recipe.preprocessing, progress))]
        else:
            frozen = Frozen(network, front[-1], recipe.preprocessing, place)
            wanted = versions(frozen, recipe, images, fingerprint, cls.BATCH, pool, views)
            entries = fill(frozen, images, wanted, cls.BATCH, progress)
            upto, probe, pooled = frozen.upto, frozen.probe, entries[0].pooled
            found = [entry.stored for entry in entries]
        kept, labels = tuple(map(place.resident, found)), place.resident(torch.from_numpy(images.labels))
        name = recipe.augmentation if views > 1 else "none"
        return cls(upto, probe, kept, labels, pooled, name, recipe.preprocessing, place)

    @property
    def stored(self) -> Tensor:
        """The output for the images themselves, (n, …)."""
        return self.views[0]

    def read(self, batch: Tensor, view: int | Tensor = 0) -> Tensor:
        """The boundary's output for these images, ready for `tail`: of one view of all, or of view (b,) of each."""
        rows = self._mixed(batch, view) if isinstance(view, Tensor) else self.place.gather(self.views[view], batch)
        return rows if self.upto else to_input(rows, self.preprocessing, self.place.device)

    def draw(self, batch: Tensor, seed: int) -> Tensor:
        """What there is to learn from these images this time, ready for `tail`: a view of each drawn by `seed`, or, where
        there is no front, the images augmented by it. Without augmentation it is what `read` gives."""
        if self.augmentation == "none":
            return self.read(batch)
        if self.upto:
            dice = torch.Generator().manual_seed(seed)
            return self.read(batch, torch.randint(len(self.views), (len(batch),), generator=dice))
        pixels = augment(self.place.gather(self.stored, batch), self.augmentation, seed)
        return to_input(pixels, self.preprocessing, self.place.device)

    def _mixed(self, batch: Tensor, view: Tensor) -> Tensor:
        """Image batch[i] as its view view[i] has it."""
        order = [(view == i).nonzero().flatten() for i in range(len(self.views))]
        rows = [self.place.gather(stored, batch[places]) for stored, places in zip(self.views, order, strict=True)]
        return torch.cat(rows)[torch.cat(order).argsort()]

    def features(self, network: Network, x: Tensor) -> Tensor:
        """What the head reads, (n, d), from what `read` gave."""
        return x.float() if self.probe else network.features(x, self.upto)

    def tail(self, network: Network, x: Tensor) -> Tensor:
        """Logits (n, k) from what `read` gave."""
        return network.classify(self.features(network, x))

    def pooled_stages(self, network: Network, x: Tensor) -> Iterator[tuple[str, np.ndarray]]:
        """Pooled features (n, c) of each stage behind the front, from what `read` gave."""
        names = network.row.stage_names
        for stage in names[names.index(self.upto) + 1 :] if self.upto else names:
            x = network.stages[stage](x)
            yield stage, backbones.pooled(x).cpu().numpy()

    def recompute(self, network: Network, images: Images, recipe: Recipe, place: Place) -> float:
        """The largest difference between the stored output and that of `network` as it is now, from pixels, on the
        split's first batch (0.0 where there is no frozen front, or where it is still what it was)."""
        if not self.upto:
            return 0.0
        first = images.take(np.arange(min(self.BATCH, len(images))))  # decoded as the first time, reduced JPEGs too
        pixels = torch.from_numpy(first.pixels(recipe.preprocessing))
        output, _ = Frozen(network, self.upto, recipe.preprocessing, place).run(pixels, pool=False)
        stored = self.stored[: len(output)].to(output.device)
        return (output.float() - stored.float()).abs().max().item()
