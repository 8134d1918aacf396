"""Which look does a network bear out: how fine a stage, how large an input, against which controls?

    python -m benchmarks.attribution [--dataset photo_patches shapes] [--images 24] [--looks layer4@96 layer3@96x2 layer4@192 …]

Prints a Markdown table for a linear probe: Grad-CAM at each stage and input size (x2: twice as fine, laced from four looks), each
test image asked about its own class. The map may come from a larger input; deletion and insertion always ask the network at the
size it learned at. Gains are mean differences of areas within an image, with Student's 95 % interval and the images gained.
"""

import argparse

import numpy as np
import torch

from benchmarks.report import footer, table
from explorer import recipe
from explorer.cells import Cells
from explorer.looks.attribution.compute import controls, faithfulness
from explorer.looks.attribution.compute.attribute import attribute, cells_of
from explorer.looks.attribution.compute.controls import CONTROLS, scattered
from explorer.looks.attribution.compute.faithfulness import in_cells, inside
from explorer.looks.attribution.question.trust import area
from explorer.models import devices
from explorer.models.network import Network
from explorer.models.predicting import probabilities
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import outcome
from explorer.training.compute.session import Session

LOOKS = ("layer4@96", "layer3@96", "layer4@96x2", "layer3@96x2", "layer4@192", "layer3@192", "layer4@288")
STEPS = 10
KINDS = ("deletion", "insertion")


def probe(dataset: str, data: str | None, backbone: str, per_class: int | None = 25, seed: int = 0) -> Session:
    """A linear probe of a data set, trained on so many images a class (None: all)."""
    choices = {"dataset": dataset, "data_dir": data, "backbone": backbone, "per_class": per_class, "seed": seed}
    session = prepare(recipe.make(**choices, strategy="linear_probe"))
    list(train(session))
    outcome(session)
    return session


def rows(name: str, session: Session, looks: list[str], images: int) -> list[list[str]]:
    """A table's rows, one a look."""
    said, test = session.recipe, session.data.test
    chosen = np.unique(np.linspace(0, len(test) - 1, images).round().astype(int))
    targets, network = test.labels[chosen].tolist(), session.network.float().to(memory_format=torch.contiguous_format)
    x = inputs(session, said.preprocessing.crop)[chosen]
    masks = test.masks(said.preprocessing)
    found = []
    for look in looks:
        stage, _, size = look.partition("@")
        pixels, times = (int(part) for part in (size + "x1").split("x")[:2])
        wide = inputs(session, pixels)[chosen]
        maps = np.concatenate(
            [
                attribute(network, one, [k], "gradcam", stage, times=times)
                for one, k in zip(wide.split(1), targets, strict=True)
            ]
        )
        cells = cells_of(network, "gradcam", stage, maps.shape[-1], pixels, times)
        areas = _areas(network, x, maps, cells, targets, chosen.tolist())
        gains = {kind: controls.gains("A", kind, areas[i], (*CONTROLS, "random")) for i, kind in enumerate(KINDS)}
        right = float(
            (np.concatenate([probabilities(network, one) for one in wide.split(8)]).argmax(1) == targets).mean()
        )
        on = "" if masks is None else _on_object(maps, cells, masks[chosen])
        for kind, some in gains.items():
            told = [f"{g.mean:+.3f} ({g.low:+.3f} to {g.high:+.3f}), {g.better}" for g in some]
            found.append(
                [
                    name,
                    look,
                    f"{maps.shape[1]} × {maps.shape[2]}",
                    f"{right:.0%}",
                    kind,
                    f"{some[0].area:.3f}",
                    *told,
                    on,
                ]
            )
            print(found[-1], flush=True)
    return found


def inputs(session: Session, size: int) -> torch.Tensor:
    """A session's test images at an input size, as its network sees them."""
    used = session.recipe.row.preprocessing(session.recipe.weights, size)
    return devices.to_input(torch.from_numpy(session.data.test.pixels(used)), used, torch.device("cpu"))


def _areas(
    network: Network, x: torch.Tensor, maps: np.ndarray, cells: Cells, targets: list[int], seeds: list[int]
) -> np.ndarray:
    """Areas (2, n, 1 + c + 1) of deletion and insertion: the map's, each control's, and of one random order."""
    found = []
    for k, one in enumerate(x.split(1)):
        own, another = (in_cells(maps[j], cells, one) for j in (k, (k + len(x) // 2) % len(x)))
        orders = [controls.orders(own, another, seeds[k]), scattered(*own.shape, 1)]
        curves = faithfulness.curves(network, one, np.concatenate(orders), targets[k], STEPS)
        found.append([area(curves.deletion), area(curves.insertion)])
    return np.array(found).swapaxes(0, 1)


def _on_object(maps: np.ndarray, cells: Cells, masks: np.ndarray) -> str:
    told = [inside(heat, cells, mask) for heat, mask in zip(maps, masks, strict=True)]
    return (
        f"{np.nanmean([share for share, _ in told]):.0%} of evidence, {sum(hit for _, hit in told)} of {len(told)} hits"
    )


def main() -> None:
    """Look at every set in every way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", nargs="*", default=["photo_patches", "shapes"])
    parser.add_argument("--data", nargs="*", default=[], help="folders with one sub-folder per class")
    parser.add_argument("--backbone", default="resnet10")
    parser.add_argument("--looks", nargs="*", default=list(LOOKS), help="stage@input size")
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--per-class", default="25", help="training images, or all")
    given = parser.parse_args()
    devices.set_threads()
    size = None if given.per_class == "all" else int(given.per_class)
    sets = [(name, name, None) for name in given.dataset] + [
        (d.rstrip("/").rsplit("/", 1)[-1], "folder", d) for d in given.data
    ]
    found = [
        row
        for name, kind, data in sets
        for row in rows(name, probe(kind, data, given.backbone, size), given.looks, given.images)
    ]
    gained = [f"gain over {name}" for name in (*CONTROLS, "random cells")]
    print(table(["set", "look", "map", "right at this size", "curve", "area", *gained, "on the object"], found))
    print("\n" + footer("benchmarks.attribution", ("torch", "captum"), f"{given.images} test images", hide=given.data))


if __name__ == "__main__":
    main()
