"""Which stage should the head read? A linear probe at every stage of the frozen backbone, told apart by validation images."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.data.feature_cache.cached import CachedFeatures
from explorer.data.images import Data, Images
from explorer.models import backbones, devices
from explorer.models.compiler import AdamW
from explorer.models.devices import Device
from explorer.models.network import Network
from explorer.progress import FractionCallback, ProgressCallback
from explorer.recipe import Recipe

SHARE = 0.2  # of the progress bar


def scores(recipe: Recipe, data: Data, place: Device, report: ProgressCallback) -> dict[str, float]:
    """Stage → the share right on validation images; see `rights`."""
    return {stage: float(right.mean()) for stage, right in rights(recipe, data, place, report).items()}


def rights(recipe: Recipe, data: Data, place: Device, report: ProgressCallback) -> dict[str, np.ndarray]:
    """Stage → which validation images (m,) a linear head on its output averaged over positions gets right, in the best of
    the recipe's epochs. Alain & Bengio (2016, arXiv 1610.01644) read every layer with such probes.

    The whole backbone runs once over the training and validation images; where a linear probe ran it before, with the same
    images, both come from the cache. Test images take no part.
    """
    network = backbones.build(recipe.backbone, len(data.classes), recipe.weights, recipe.seed, report)
    network = devices.laid_out(network, place).requires_grad_(False).eval()
    splits = (data.train, data.val)
    kept = []
    for i, images in enumerate(splits):

        def part(share: float, i: int = i) -> None:
            report(SHARE * (i + share) / 2, "Every stage, to choose the one that the head reads")

        kept.append(
            (_tokens if network.row.tokens else _pooled)(images, network, recipe, place, part, data.fingerprint)
        )
    train, val = kept
    labels, of_val = (torch.from_numpy(images.labels) for images in splits)
    return {
        stage: probe(recipe, train[stage], labels, val[stage], of_val, len(data.classes))
        for stage in network.row.stage_names
    }


def best(found: dict[str, float]) -> str:
    """The stage with the best score; of equals the last, which cuts off least."""
    most = max(found.values())
    return [stage for stage, score in found.items() if score == most][-1]


def _pooled(
    images: Images, network: Network, recipe: Recipe, place: Device, part: FractionCallback, fingerprint: str
) -> dict[str, Tensor]:
    """Stage → its output averaged over positions (n, c), at the last one what the head reads; from the cache or computed once."""
    front = CachedFeatures.over(images, network, recipe, place, part, pool=True, fingerprint=fingerprint)
    found = {stage: torch.from_numpy(np.asarray(rows)) for stage, rows in front.pooled.items()}
    return found | {network.row.stage_names[-1]: front.stored.float().cpu()}


def _tokens(
    images: Images, network: Network, recipe: Recipe, place: Device, part: FractionCallback, fingerprint: str
) -> dict[str, Tensor]:
    """Stage → its class token (n, c), which the cache of averages does not hold."""
    found: dict[str, list[Tensor]] = {stage: [] for stage in network.row.stage_names}
    pixels = torch.from_numpy(images.pixels(recipe.preprocessing, part))
    with torch.inference_mode(), place.autocast():
        for rows in pixels.split(CachedFeatures.BATCH):
            x = place.images(rows, recipe.preprocessing)
            for stage in found:
                x = network.stages[stage](x)
                found[stage].append(network.pooling(x.float()).cpu())
    return {stage: torch.cat(parts).clone() for stage, parts in found.items()}


def probe(recipe: Recipe, x: Tensor, labels: Tensor, val: Tensor, val_labels: Tensor, classes: int) -> np.ndarray:
    """Which validation images (m, c) a head learned from images (n, c) gets right, (m,), in its best epoch: on standardised
    features, by the recipe's rate, batches and epochs."""
    spread = x.std(dim=0)
    mean, spread = x.mean(dim=0), spread.clamp_min(spread.mean() / 20 + 1e-12)
    x, val = (x - mean) / spread, (val - mean) / spread
    with devices.seeded(recipe.seed + 1):
        head = nn.Linear(x.shape[1], classes)
    optimizer = AdamW(head.parameters(), lr=recipe.head_rate, weight_decay=0.01)
    order = torch.Generator().manual_seed(recipe.seed)
    steps = recipe.epochs * len(torch.arange(len(x)).split(recipe.batch_size))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    most = np.zeros(len(val_labels), np.bool_)
    for _ in range(recipe.epochs):
        for rows in torch.randperm(len(x), generator=order).split(recipe.batch_size):
            optimizer.zero_grad()
            functional.cross_entropy(head(x[rows]), labels[rows]).backward()
            optimizer.step()
            schedule.step()
        with torch.no_grad():
            right = (head(val).argmax(1) == val_labels).numpy()
        most = right if right.sum() > most.sum() else most
    return most
