"""Pictures that are decoded once and kept as pixels, for runs that run more than one front over them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from explorer import cache
from explorer.catalogue import Preprocessing
from explorer.data.images import Data, Images
from explorer.progress import FractionCallback


@dataclass(eq=False)
class Store:
    """The pixels (n, crop, crop, 3) of a split, and which rows (n,) have been decoded."""

    preprocessing: Preprocessing
    pixels: np.ndarray
    decoded: np.ndarray


@dataclass(frozen=True, eq=False)
class DecodedImages(Images):
    """Pictures whose pixels stay in `store` once they are decoded, at `rows`."""

    store: Store = field(kw_only=True)
    rows: np.ndarray = field(kw_only=True)

    def take(self, rows: Sequence[int] | np.ndarray) -> "DecodedImages":
        """The pictures at these places, in this order, out of the same store."""
        part = super().take(rows)
        places = self.rows[np.asarray(rows, np.int64)]
        return DecodedImages(
            part.ids, part.labels, part.read, part.reduced, part.mask, part.groups, store=self.store, rows=places
        )

    def pixels(self, preprocessing: Preprocessing, progress: FractionCallback | None = None) -> np.ndarray:
        """As of any `Images`, but decoded only where they never were; what is given is not to be written into."""
        store = self.store
        if preprocessing != store.preprocessing:
            return super().pixels(preprocessing, progress)
        missing = np.flatnonzero(~store.decoded[self.rows])
        whole = np.array_equal(self.rows, np.arange(len(store.decoded)))
        if len(missing):
            decoded = super().take(missing).pixels(preprocessing, progress)
            if whole and len(missing) == len(self):
                store.pixels = decoded  # there are never two copies of all
            else:
                store.pixels[self.rows[missing]] = decoded
            store.decoded[self.rows[missing]] = True
        elif progress:
            progress(1.0)
        return store.pixels if whole else store.pixels[self.rows]


def keep(data: Data, preprocessing: Preprocessing) -> Data:
    """The same pictures, each decoded once; as they are where all pixels together take more than `cache.memory()`."""
    splits = {"train": data.train, "val": data.val, "test": data.test}
    shape = (preprocessing.crop, preprocessing.crop, 3)
    if sum(map(len, splits.values())) * int(np.prod(shape)) > cache.memory():
        return data
    return replace(data, **{name: _kept(images, preprocessing, shape) for name, images in splits.items()})


def _kept(images: Images, preprocessing: Preprocessing, shape: tuple[int, ...]) -> DecodedImages:
    n = len(images)
    store = Store(preprocessing, np.empty((n, *shape), np.uint8), np.zeros(n, np.bool_))  # empty takes no memory yet
    known = images.ids, images.labels, images.read, images.reduced, images.mask, images.groups
    return DecodedImages(*known, store=store, rows=np.arange(n))
