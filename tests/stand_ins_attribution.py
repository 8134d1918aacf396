"""Results of the attribution page, made up for tests."""

from typing import Any

import numpy as np
from stand_ins import CLASSES, N, gallery

from explorer.cells import Cells
from explorer.looks.attribution.question.maps import Attributions, Seeds
from explorer.looks.attribution.question.trust import (
    Cascade,
    Faithfulness,
    Faithfulnesses,
    Gain,
    OnObject,
    OrderedCurve,
    Randomisation,
)

CELLS = Cells.even(3)
STEPS = ("", "head", "layer4", "layer3", "layer2", "layer1", "stem")


def many(images: tuple[int, ...] = (0, 3, 6)) -> Attributions:
    """Evidence in the middle for A, in a corner for B, twice as strong."""
    n = len(images)
    a, b = np.zeros((2, n, 3, 3), np.float32)
    a[:, 1, 1], b[:, 0, 0] = 1.0, -2.0
    numbers, shares = np.array(images), np.linspace(0.2, 0.8, n)
    pictures = gallery().images[numbers]
    return Attributions(
        method="gradcam", stage="layer4", target="brick", images=numbers, labels=numbers % 3, pictures=pictures, a=a,
        b=b, cells_a=CELLS, cells_b=CELLS, probability_a=shares, probability_b=shares + 0.1, classes=CLASSES,
        baseline="grey",
    )  # fmt: skip


CONTROLS = ("centre", "shifted", "mirrored", "another")


def faithfulness() -> Faithfulness:
    """A's deletion falls at once; everything else falls evenly."""
    share = np.linspace(0, 1, 21)
    falls, rises = (np.tile(y, (5, 1)) for y in (1 - share, share))
    even = OrderedCurve(curve=1 - share, controls=falls[:4], random=falls)
    fast = OrderedCurve(curve=np.r_[1.0, np.zeros(20)], controls=falls[:4], random=falls)
    come = OrderedCurve(curve=share, controls=rises[:4], random=rises)
    return Faithfulness(
        method="gradcam", stage="layer4", image=0, target="brick", share=share, controls=CONTROLS, deletion_a=fast,
        deletion_b=even, insertion_a=come, insertion_b=come, baseline="grey",
    )  # fmt: skip


def faithfulnesses() -> Faithfulnesses:
    """A beats all controls at insertion; at deletion neither beats the centre, and both lose to random cells."""
    gains = []
    for model in "AB":
        for kind in ("deletion", "insertion"):
            for name in (*CONTROLS, "random"):
                mean = -0.1 if (name, kind) == ("random", "deletion") else 0.0 if name == "centre" else 0.1
                mean = 0.1 if (model, kind) == ("A", "insertion") else mean
                sign = 1 if kind == "insertion" else -1
                gains.append(
                    Gain(
                        model=model,
                        kind=kind,
                        control=name,
                        n=24,
                        area=0.5,
                        control_area=0.5 - sign * mean,
                        mean=mean,
                        low=mean - 0.05,
                        high=mean + 0.05,
                        better=12,
                    )
                )
    return Faithfulnesses(
        method="gradcam", stage="layer4", images=np.arange(24), controls=CONTROLS, gains=tuple(gains), baseline="grey"
    )


def on_object() -> OnObject:
    """A hits 20 of 24, B 12; the object covers a quarter."""
    hit_a, hit_b = np.arange(N) < 20, np.arange(N) < 12
    share, cover = np.full(N, 0.5), np.full(N, 0.25)
    return OnObject(
        method="gradcam", stage="layer4", images=np.arange(N), share_a=share, share_b=share / 2, covered=cover,
        hit_a=hit_a, hit_b=hit_b, hit_centre=hit_b, baseline="grey",
    )  # fmt: skip


def seeds() -> Seeds:
    """Four other heads, eight images: B is further off than all of them on two, and has A's strongest cell on none."""
    maps = np.random.default_rng(1).random((6, 3, 3)).astype(np.float32)
    alike = np.tile(np.array([0.6, 0.7, 0.8, 0.9]), (8, 1))
    alike_b = np.array([0.5, 0.55, *[0.65] * 6])
    same = np.tile([True, True, True, False], (8, 1))
    images = np.array([0, *range(3, 24, 3)])
    return Seeds(
        method="gradcam", stage="layer4", image=0, target="brick", picture=gallery().images[0], a=maps[:5], b=maps[5],
        cells_a=CELLS, cells_b=CELLS, images=images, alike=alike, alike_b=alike_b, same=same,
        same_b=np.zeros(8, bool), baseline="grey", rather_than="grass",
    )  # fmt: skip


def randomisation() -> Randomisation:
    """Grad-CAM falls to 0 with the head, guided backprop stays."""
    maps = np.random.default_rng(0).random((7, 3, 3)).astype(np.float32)
    falls, stays = np.zeros((3, 7)), np.full((3, 7), 0.9)
    falls[:, 0] = stays[:, 0] = 1.0
    cascades = (
        Cascade(method="gradcam", maps=maps, likeness=falls),
        Cascade(method="guided_backprop", maps=maps, likeness=stays),
    )
    return Randomisation(
        run="b", stage="layer4", image=0, target="brick", picture=gallery().images[0], images=np.arange(3),
        parts=STEPS, cascades=cascades, baseline="grey",
    )  # fmt: skip


def examples() -> dict[str, Any]:
    """One of each kind, by its name."""
    return {
        "Attributions": many(),
        "Cells": CELLS,
        "Faithfulness": faithfulness(),
        "Faithfulnesses": faithfulnesses(),
        "Gain": faithfulnesses().gains[0],
        "OrderedCurve": faithfulness().deletion_a,
        "OnObject": on_object(),
        "Seeds": seeds(),
        "Randomisation": randomisation(),
        "Cascade": randomisation().cascades[0],
    }
