"""A split as the learning part of a network reads it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from explorer.catalogue import Preprocessing
from explorer.engine import backbones, memory
from explorer.engine.augmentation import augmented
from explorer.engine.backbones import Network
from explorer.engine.boundary.entries import Entry
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
    says how `draw` varies. `batch` is the number of images that went through the front at once.
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
    batch: int = BATCH

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
        batch: int | None = None,
    ) -> "Front":
        """The frozen front's output for a split: from the cache, else from pixels, decoded and run through it once.

        `learns` names the stages that learn now (None: those of the recipe), and what lies before them is the front.
        `pool` keeps the pooled features of its stages, `views` is the number of versions of each image, and
        `fingerprint` the data set's (`Data.fingerprint`; without one nothing is stored on disk). Where the device's memory
        does not hold `batch` images at once (BATCH unless told), half as many are taken, as often as it needs.
        """
        batch = batch or cls.BATCH
        front = recipe.front_of(recipe.learns if learns is None else learns)
        if not front:
            upto, probe, pooled = None, False, {}
            found = [torch.from_numpy(images.pixels(recipe.preprocessing, progress))]
        else:
            frozen = Frozen(network, front[-1], recipe.preprocessing, place)

            def filled(size: int) -> list[Entry]:
                wanted = versions(frozen, recipe, images, fingerprint, size, pool, views)
                return fill(frozen, images, wanted, size, progress)

            entries, batch = memory.fitting(filled, batch, place, recipe.preprocessing.crop)
            upto, probe, pooled = frozen.upto, frozen.probe, entries[0].pooled
            found = [entry.stored for entry in entries]
        kept, labels = tuple(map(place.resident, found)), place.resident(torch.from_numpy(images.labels))
        name = recipe.augmentation if views > 1 else "none"
        return cls(upto, probe, kept, labels, pooled, name, recipe.preprocessing, place, batch)

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
        return next(self.draws(batch, seed, len(batch)))

    def draws(self, batch: Tensor, seed: int, size: int) -> Iterator[Tensor]:
        """What `draw` gives, to the last bit, in parts of `size` images; none is there before it is asked for."""
        parts = batch.split(size)
        if self.augmentation == "none":
            yield from map(self.read, parts)
        elif self.upto:
            dice = torch.Generator().manual_seed(seed)
            views = torch.randint(len(self.views), (len(batch),), generator=dice).split(size)
            yield from map(self.read, parts, views)
        else:
            pixels = (self.place.gather(self.stored, part) for part in parts)
            for changed in augmented(pixels, self.augmentation, seed):
                yield to_input(changed, self.preprocessing, self.place.device)

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
        first = images.take(np.arange(min(self.batch, len(images))))  # decoded as the first time, reduced JPEGs too
        pixels = torch.from_numpy(first.pixels(recipe.preprocessing))
        frozen = Frozen(network, self.upto, recipe.preprocessing, place)

        def run(size: int) -> Tensor:
            return torch.cat([frozen.run(part, pool=False)[0] for part in pixels.split(size)])

        output, _ = memory.fitting(run, self.batch, place, recipe.preprocessing.crop)
        stored = self.stored[: len(output)].to(output.device)
        return (output.float() - stored.float()).abs().max().item()
