"""A split as the learning part of a network reads it."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor

from explorer.catalogue import Preprocessing
from explorer.data.augmentation import augmented
from explorer.data.feature_cache.entries import Entry
from explorer.data.feature_cache.filling import fill
from explorer.data.feature_cache.frozen import Frozen, View, pass_key, versions
from explorer.data.feature_cache.passes import once
from explorer.data.images import Images
from explorer.models import memory
from explorer.models.abreast import abreast
from explorer.models.devices import Device
from explorer.models.network import Network
from explorer.progress import FractionCallback
from explorer.recipe import Recipe

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class CachedFeatures:
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
    place: Device
    batch: int = BATCH

    @classmethod
    def over(
        cls,
        images: Images,
        network: Network,
        recipe: Recipe,
        place: Device,
        progress: FractionCallback,
        pool: bool = True,
        learns: tuple[str, ...] | None = None,
        fingerprint: str = "",
        views: int = 1,
        batch: int | None = None,
        weights: str = "",
    ) -> "CachedFeatures":
        """The frozen front's output for a split: from the cache, else from pixels, decoded and run through it once.

        `learns` names the stages that learn now (None: those of the recipe), and what lies before them is the front.
        `pool` keeps the pooled features of its stages, `views` is the number of versions of each image, and
        `fingerprint` the data set's (`Data.fingerprint`; without one nothing is stored on disk), `weights` that of the front's
        stages, where it is known. Where the device's memory
        does not hold `batch` images at once (BATCH unless told), half as many are taken, as often as it needs.
        """
        batch = batch or cls.BATCH
        front = recipe.front_of(recipe.learns if learns is None else learns)
        if not front:
            upto, probe, pooled = None, False, {}
            found = [torch.from_numpy(images.pixels(recipe.preprocessing, progress))]
        else:
            frozen = Frozen(network, front[-1], recipe.preprocessing, place, weights)

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

    def each(self, work: Callable[[Tensor], T], batches: Iterable[Tensor]) -> Iterator[T]:
        """What `work` gives for each batch, in their order; several at a time where more than the head is left to run."""
        return map(work, batches) if self.probe else abreast(work, batches, self.place.device)

    def read(self, batch: Tensor, view: int | Tensor = 0) -> Tensor:
        """The boundary's output for these images, ready for `tail`: of one view of all, or of view (b,) of each."""
        rows = self._mixed(batch, view) if isinstance(view, Tensor) else self.place.gather(self.views[view], batch)
        return rows if self.upto else self.place.images(rows, self.preprocessing)

    def labels_of(self, batch: Tensor) -> Tensor:
        """The labels (b,) of these images, on the device."""
        return self.place.send(self.place.pick(self.labels, batch))

    def draw(self, batch: Tensor, seed: int) -> Tensor:
        """What there is to learn from these images this time, ready for `tail`: a view of each drawn by `seed`, or, where
        there is no front, the images augmented by it. Without augmentation it is what `read` gives."""
        return next(self.draws(batch, seed, len(batch)))

    def draws(self, batch: Tensor, seed: int, size: int) -> Iterator[Tensor]:
        """What `draw` gives, to the last bit, in parts of `size` images; none is there before it is asked for."""
        parts = batch.split(size) if size < len(batch) else (batch,)
        if self.augmentation == "none":
            yield from map(self.read, parts)
        elif self.upto:
            dice = torch.Generator().manual_seed(seed)
            views = torch.randint(len(self.views), (len(batch),), generator=dice).split(size)
            yield from map(self.read, parts, views)
        else:
            pixels = (self.place.gather(self.stored, part) for part in parts)
            for changed in augmented(pixels, self.augmentation, seed):
                yield self.place.images(changed, self.preprocessing)

    def _mixed(self, batch: Tensor, view: Tensor) -> Tensor:
        """Image batch[i] as its view view[i] has it."""
        order = [(view == i).nonzero().flatten() for i in range(len(self.views))]
        rows = [self.place.gather(stored, batch[places]) for stored, places in zip(self.views, order, strict=True)]
        return self.place.gather(torch.cat(rows), torch.cat(order).argsort())

    def features(self, network: Network, x: Tensor) -> Tensor:
        """What the head reads, (n, d), from what `read` gave."""
        return x.float() if self.probe else network.features(x, self.upto)

    def tail(self, network: Network, x: Tensor) -> Tensor:
        """Logits (n, k) from what `read` gave."""
        return network.classify(self.features(network, x))

    def pooled_stages(self, network: Network, x: Tensor) -> Iterator[tuple[str, np.ndarray]]:
        """Pooled features (n, c) of each stage behind the front, from what `read` gave."""
        return network.pooled_stages(x, self.upto)

    def recompute(self, network: Network, images: Images, recipe: Recipe, seed: int, weights: str = "") -> float:
        """The largest difference between what is stored and what `network`, as it is now, makes of pixels decoded again
        (0.0 where all is as it was), on one batch drawn by `seed`: of the images themselves, with their pooled features,
        and of one augmented view where there are some.

        It is a batch of those that were computed, since in another one an image may differ in the last bit. Where the same
        pixels went through the same stages (`weights`, their fingerprint as they are now), to the last bit, in an audit of this
        process, what came of it then is held against what is stored. Without a front it is the pixels that are compared; where
        the labels are not the images' own, the difference is infinite.
        """
        if not np.array_equal(self.labels.cpu().numpy(), images.labels):
            return math.inf
        dice = np.random.default_rng(seed)
        start = self.batch * int(dice.integers(-(-len(images) // self.batch)))
        rows = slice(start, min(start + self.batch, len(images)))
        pixels = torch.from_numpy(images.take(range(rows.start, rows.stop)).pixels(recipe.preprocessing))
        if not self.upto:
            return _apart(pixels, self.stored[rows])
        pixels = self.place.send(pixels)
        views = [0, *([1 + int(dice.integers(len(self.views) - 1))] if len(self.views) > 1 else [])]
        made = [View(i, self.augmentation, recipe.seed, not i and bool(self.pooled), "") for i in views]
        frozen = Frozen(network, self.upto, self.preprocessing, self.place, weights)
        batch = images.take(range(rows.start, rows.stop))
        return max(self._apart_in(frozen, view, batch, view.of(pixels, start), rows) for view in made)

    def _apart_in(self, frozen: Frozen, view: View, images: Images, pixels: Tensor, rows: slice) -> float:
        """The largest difference in one view of the `images` in `rows`, given as pixels (b, h, w, 3)."""

        def run(size: int) -> Entry:
            parts = [frozen.run(part, view.pool) for part in pixels.split(size)]
            pooled = {stage: np.concatenate([rows[stage] for _, rows in parts]) for stage in parts[0][1]}
            return Entry(torch.cat([output for output, _ in parts]), pooled)

        def fitting() -> Entry:
            return memory.fitting(run, self.batch, self.place, self.preprocessing.crop)[0]

        if pixels.device.type == "cpu" and frozen.weights:
            made = once(pass_key(frozen, images, pixels, self.batch, view.pool), fitting)
        else:
            made = fitting()
        found = [_apart(made.stored, self.views[view.number][rows])]
        found += [
            _apart(torch.from_numpy(pooled), torch.from_numpy(self.pooled[stage][rows]))
            for stage, pooled in made.pooled.items()
        ]
        return max(found)


def _apart(one: Tensor, two: Tensor) -> float:
    """The largest difference of any number, infinite where one is none."""
    found = (one.float() - two.to(one.device).float()).abs().max().item()
    return found if found == found else math.inf
