"""The output of the frozen front, computed once per image and read by every epoch."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from explorer.engine import backbones
from explorer.engine.backbones import Network
from explorer.engine.datasets import Images
from explorer.engine.devices import Place, to_input
from explorer.recipe import Recipe


@dataclass(frozen=True)
class Front:
    """One split as the learning part reads it.

    `stored` is the output at the boundary, (n, …): pixels (uint8) where no stage is frozen in front, pooled features where
    none learns. `upto` names the last frozen stage (None: no front). `pooled` has the front's pooled features per stage.
    """

    BATCH: ClassVar[int] = 32

    upto: str | None
    probe: bool
    stored: Tensor
    labels: Tensor
    pooled: dict[str, np.ndarray]
    prepare: Callable[[Tensor], Tensor]

    @classmethod
    def over(
        cls,
        images: Images,
        network: Network,
        recipe: Recipe,
        place: Place,
        progress: Callable[[float], None],
        pool: bool = True,
    ) -> "Front":
        """Decode a split and run the frozen front over it, once; `pool` keeps the pooled features of its stages."""
        pixels = torch.from_numpy(images.pixels(recipe.preprocessing, lambda f: progress(f / 2)))
        front = () if recipe.batchnorm == "moving" else recipe.frozen_front  # what moves cannot be cached
        upto, probe = (front[-1] if front else None), bool(front) and not recipe.learns

        def prepare(batch: Tensor) -> Tensor:
            return to_input(batch, recipe.preprocessing, place.device)

        empty = cls(upto, probe, pixels, torch.from_numpy(images.labels), {}, prepare)
        return empty._filled(network, place, progress, pool) if upto else empty

    def _filled(self, network: Network, place: Place, progress: Callable[[float], None], pool: bool) -> "Front":
        outputs: list[Tensor] = []
        pooled: dict[str, list[np.ndarray]] = {}
        network.eval()
        chunks = self.stored.split(self.BATCH)
        with torch.inference_mode(), place.autocast():
            for i, chunk in enumerate(chunks):
                output, rows = self._run(network, chunk, pool)
                outputs.append(output)
                for stage, row in rows.items():
                    pooled.setdefault(stage, []).append(row)
                progress(0.5 + 0.5 * (i + 1) / len(chunks))
        # a clone outside inference mode, so that autograd may read it
        stored = torch.cat(outputs).clone()
        features = {stage: np.concatenate(rows) for stage, rows in pooled.items()}
        return Front(self.upto, self.probe, stored, self.labels, features, self.prepare)

    def _run(self, network: Network, pixels: Tensor, pool: bool) -> tuple[Tensor, dict[str, np.ndarray]]:
        """The front over one chunk: output at the boundary, and pooled features of each of its stages."""
        x, rows = self.prepare(pixels), {}
        for stage in network.row.stage_names:
            x = network.stages[stage](x)
            if pool:
                rows[stage] = backbones.pooled(x).cpu().numpy()
            if stage == self.upto:
                break
        return (network.neck(x.float()) if self.probe else x), rows

    def read(self, batch: Tensor) -> Tensor:
        """The boundary's output for these indices, ready for `tail`."""
        rows = self.stored[batch]
        return rows if self.upto else self.prepare(rows)

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
        network.eval()
        with torch.inference_mode(), place.autocast():
            output, _ = self._run(network, pixels, pool=False)
        return (output.float() - self.stored[: len(output)].float()).abs().max().item()
