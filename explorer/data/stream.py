"""Images on their way through a network: what enters a stage, batch by batch, in the precision of training."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from explorer.catalogue import Preprocessing
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.models.devices import Device
from explorer.models.network import Network


class Stream:
    """The images as they leave stage `upto` of a network (None: as inputs); iterating gives them batch by batch, (b, …).

    Batches and precision are those of training, so that a network says bit for bit what it said then. What leaves a
    stage is kept in memory where that takes at most `MOST` bytes; else it is computed anew each time.
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
            self._stored = [first, *(self._through(batch) for batch in self._stored[1:])]
            self._pending = []

    def _through(self, x: Tensor) -> Tensor:
        with torch.inference_mode(), self.place.autocast():
            for stage in self._pending:
                x = stage(x)
            return x


def logits(network: Network, stream: Stream) -> np.ndarray:
    """What the rest of a network, in eval mode, says of the images, (n, k) float32."""
    network.eval()
    parts = []
    for x in stream:
        with torch.inference_mode(), stream.place.autocast():
            parts.append(network.after(x, stream.upto).float().cpu())
    return torch.cat(parts).numpy()


def stage_features(network: Network, stream: Stream) -> dict[str, np.ndarray]:
    """Pooled features (n, c) of every stage that the images have not left yet, input first, in eval mode."""
    network.eval()
    names = network.row.stage_names
    left = names[names.index(stream.upto) + 1 :] if stream.upto else names
    found: dict[str, list[np.ndarray]] = {name: [] for name in left}
    for x in stream:
        with torch.inference_mode(), stream.place.autocast():
            for name, rows in network.pooled_stages(x, stream.upto):
                found[name].append(rows)
    return {name: np.concatenate(parts) for name, parts in found.items()}
