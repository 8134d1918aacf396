"""Images on their way through a network: what enters a stage, batch by batch, in the precision of training."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from explorer.catalogue import Preprocessing
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.models.abreast import abreast
from explorer.models.devices import Device
from explorer.models.network import Network

T = TypeVar("T")


class Stream:
    """The images as they leave stage `upto` of a network (None: as inputs); iterating gives them batch by batch, (b, …).

    Batches and precision are those of training, so that a network says bit for bit what it said then. What leaves a
    stage is kept in memory where that takes at most `MOST` bytes; else it is computed again each time.
    """

    MOST = 1_000_000_000

    def __init__(self, pixels: np.ndarray, preprocessing: Preprocessing, place: Device) -> None:
        self.place, self.n, self.upto = place, len(pixels), None
        self._stored: list[Tensor] = list(torch.from_numpy(pixels).split(CachedFeatures.BATCH))
        self._pending: list[Callable[[Tensor], Tensor]] = [lambda x: place.images(x, preprocessing)]

    upto: str | None

    def __len__(self) -> int:
        """The number of images, n."""
        return self.n

    def __iter__(self) -> Iterator[Tensor]:
        for batch in self._stored:
            yield self._through(batch)

    def each(self, work: Callable[[Tensor], T]) -> Iterator[T]:
        """What `work` gives, in inference mode and training's precision, for each batch of what iterating gives; on two cores
        two at a time (`abreast`)."""

        def one(stored: Tensor) -> T:
            x = self._through(stored)
            with torch.inference_mode(), self.place.autocast():
                return work(x)

        return abreast(one, self._stored, self.place.device)

    def advance(self, network: Network, upto: str | None) -> None:
        """Send the images on, through the stages of `network` behind the one they left, until they leave `upto`.

        The network must stay as it is as long as the stream is read.
        """
        names = network.row.stage_names
        done = names.index(self.upto) + 1 if self.upto else 0
        last = names.index(upto) + 1 if upto else 0
        for name in names[done:last]:
            self._pending.append(network.eval().stages[name])
            self.upto = name
            self._keep()

    def _keep(self) -> None:
        """Replace what is stored by what leaves the last stage, where that fits."""
        first = self._through(self._stored[0])
        if first.nbytes * len(self._stored) <= self.MOST:
            self._stored = [first, *abreast(self._through, self._stored[1:], self.place.device)]
            self._pending = []

    def _through(self, x: Tensor) -> Tensor:
        with torch.inference_mode(), self.place.autocast():
            for stage in self._pending:
                x = stage(x)
            return x


def logits(network: Network, stream: Stream) -> np.ndarray:
    """What the rest of a network, in eval mode, says of the images, (n, k) float32."""
    network.eval()
    return torch.cat([*stream.each(lambda x: network.after(x, stream.upto).float().cpu())]).numpy()


def stage_features(network: Network, stream: Stream) -> dict[str, np.ndarray]:
    """Pooled features (n, c) of every stage that the images have not left yet, input first, in eval mode."""
    network.eval()
    names = network.row.stage_names
    left = names[names.index(stream.upto) + 1 :] if stream.upto else names
    parts = [*stream.each(lambda x: dict(network.pooled_stages(x, stream.upto)))]
    return {name: np.concatenate([rows[name] for rows in parts]) for name in left}
