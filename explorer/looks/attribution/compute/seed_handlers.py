"""How much of a map is the seed's: heads retrained on A's features, the yardstick for a difference between A and B."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from explorer.looks.attribution.compute import randomisation
from explorer.looks.attribution.compute.map_handlers import How, class_of, how_of, inputs, part, placed, spread
from explorer.looks.attribution.question.maps import Seeds
from explorer.looks.pair import compute
from explorer.looks.similarity.compute.chosen_images import split_images
from explorer.models.lending import lend
from explorer.models.network import Network
from explorer.models.spare_card import sent
from explorer.progress import ProgressCallback, silent
from explorer.runs import OpenedRun, RunOrId, kept_by_run
from explorer.training.compute.loop import batches, rate_share

SEEDS = 4  # heads besides A's own
OTHERS = 7  # test images besides the shown one
MOST, BATCH = 2000, 64  # training images that the heads learn from, and how many the network takes at once


def other_seeds(
    a: RunOrId,
    b: RunOrId,
    image: int | str,
    target: str,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
    times: int = 1,
    rather_than: str = "",
    report: ProgressCallback = silent,
) -> Seeds:
    """A's map beside those of A with other seeds and of B, in the shown picture, and how alike they are in others.

    The heads learn as A's did (rate, epochs, batches) from A's own features, so what A's other stages owe to their seed is not in
    it: the least that a seed does.
    """
    a, b = compute.opened(a), compute.opened(b)
    said, how = how_of(a, b, method, stage, baseline, times, rather_than)
    others = [i for i in spread(len(said.labels), OTHERS + 1) if i != image][:OTHERS]
    targets = [class_of(said, target), *said.labels[others].tolist()]
    nets = [compute.network(a), *heads(a, report=partial(part, report, 0.0, 0.5, "")), compute.network(b)]
    found = []
    for k, net in enumerate(nets):
        report(0.5 + 0.5 * k / len(nets), f"Maps of network {k + 1} of {len(nets)}")
        found.append(_maps(how, net, b if k == len(nets) - 1 else a, [image, *others], targets))
    maps, seeds = [of_net[0] for of_net in found], len(nets) - 2
    alike = np.stack([[_alike(m, n) for m, n in zip(found[0], other, strict=True)] for other in found[1:]], axis=1)
    own = np.array([[_peak(heat) for heat in of_net] for of_net in found])
    same = (own[1:] == own[0]).T if found[0][0].shape == found[-1][0].shape else np.zeros_like(alike, bool)
    return Seeds(
        method=method, stage=how.stage, image=image, target=target, picture=compute.one(b, image)[0],
        a=np.stack(maps[:-1]), b=maps[-1], cells_a=how.cells(a, maps[0]), cells_b=how.cells(b, maps[-1]),
        images=np.array([image if isinstance(image, int) else -1, *others]), alike=alike[:, :seeds],
        alike_b=alike[:, seeds], same=same[:, :seeds], same_b=same[:, seeds], baseline=baseline,
        rather_than=rather_than,
    )  # fmt: skip


def _maps(how: How, net: Network, run: OpenedRun, images: Sequence[int | str], targets: list[int]) -> list[np.ndarray]:
    asked = how.of(placed(net, run, how.method))
    return [how.maps(asked, inputs(run, [i]), [k])[0] for i, k in zip(images, targets, strict=True)]


def _alike(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation of two maps' values with their signs, NaN where their grids differ."""
    return float(randomisation.alike(a[None], b[None])[0]) if a.shape == b.shape else float("nan")


def _peak(heat: np.ndarray) -> int:
    return int(heat.argmax())


@kept_by_run(most=2)
def _features(run: RunOrId) -> tuple[torch.Tensor, torch.Tensor]:
    """What the head of a run reads of its training images, (n, d), and their classes, (n,)."""
    run = compute.opened(run)
    net = compute.quick_network(run)
    pixels, labels, _ = split_images(run, "train", MOST)
    found = []
    with lend(net), torch.inference_mode():
        for first in range(0, len(pixels), BATCH):
            x = sent(net, compute.to_input(run, pixels[first : first + BATCH]))
            found.append(net.features(x, None).cpu())
    return torch.cat(found).clone(), torch.from_numpy(labels)


def heads(run: RunOrId, seeds: int = SEEDS, report: ProgressCallback = silent) -> list[Network]:
    """Copies of a run's network with heads trained again, from other first weights and in another order of images."""
    report(0.0, "The features of the training images")
    features, labels = _features(run)
    return [_head(run, features, labels, compute.finished(run).seed + 1 + k) for k in range(seeds)]


def _head(run: RunOrId, features: torch.Tensor, labels: torch.Tensor, seed: int) -> Network:
    wanted, net = compute.finished(run), compute.network(run).copy()
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
        torch.manual_seed(seed)
        for module in net.head.modules():
            if isinstance(module, torch.nn.Linear):
                module.reset_parameters()
        net.standardise(features)
        parameters = list(net.head.parameters())
        optimizer = torch.optim.AdamW(parameters, lr=wanted.head_rate, weight_decay=0.01)
        net.head.train()
        for epoch in range(1, wanted.epochs + 1):
            parts = batches(torch.randperm(len(labels)), wanted.batch_size)
            for i, batch in enumerate(parts):
                optimizer.param_groups[0]["lr"] = wanted.head_rate * rate_share(wanted, epoch, i / len(parts))
                optimizer.zero_grad()
                F.cross_entropy(net.classify(features[batch]), labels[batch]).backward()
                optimizer.step()
        net.fold()
    return net.eval()
