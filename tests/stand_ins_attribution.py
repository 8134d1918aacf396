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
        "gradcam",
        "layer4",
        "brick",
        numbers,
        numbers % 3,
        pictures,
        a,
        b,
        CELLS,
        CELLS,
        shares,
        shares + 0.1,
        CLASSES,
        "grey",
    )


CONTROLS = ("centre", "shifted", "mirrored", "another")


def faithfulness() -> Faithfulness:
    """A's deletion falls at once; everything else falls evenly."""
    share = np.linspace(0, 1, 21)
    falls, rises = (np.tile(y, (5, 1)) for y in (1 - share, share))
    even = OrderedCurve(1 - share, falls[:4], falls)
    fast = OrderedCurve(np.r_[1.0, np.zeros(20)], falls[:4], falls)
    come = OrderedCurve(share, rises[:4], rises)
    return Faithfulness("gradcam", "layer4", 0, "brick", share, CONTROLS, fast, even, come, come, "grey")


def faithfulnesses() -> Faithfulnesses:
    """A beats all controls at insertion; at deletion neither beats the centre, and both lose to random cells."""
    gains = []
    for model in "AB":
        for kind in ("deletion", "insertion"):
            for name in (*CONTROLS, "random"):
                mean = -0.1 if (name, kind) == ("random", "deletion") else 0.0 if name == "centre" else 0.1
                mean = 0.1 if (model, kind) == ("A", "insertion") else mean
                sign = 1 if kind == "insertion" else -1
                gains.append(Gain(model, kind, name, 24, 0.5, 0.5 - sign * mean, mean, mean - 0.05, mean + 0.05, 12))
    return Faithfulnesses("gradcam", "layer4", np.arange(24), CONTROLS, tuple(gains), "grey")


def on_object() -> OnObject:
    """A hits 20 of 24, B 12; the object covers a quarter."""
    hit_a, hit_b = np.arange(N) < 20, np.arange(N) < 12
    share, cover = np.full(N, 0.5), np.full(N, 0.25)
    return OnObject("gradcam", "layer4", np.arange(N), share, share / 2, cover, hit_a, hit_b, hit_b, "grey")


def seeds() -> Seeds:
    """Four other heads, eight images: B is further off than all of them on two, and has A's strongest cell on none."""
    maps = np.random.default_rng(1).random((6, 3, 3)).astype(np.float32)
    alike = np.tile(np.array([0.6, 0.7, 0.8, 0.9]), (8, 1))
    alike_b = np.array([0.5, 0.55, *[0.65] * 6])
    same = np.tile([True, True, True, False], (8, 1))
    images = np.array([0, *range(3, 24, 3)])
    return Seeds(
        "gradcam", "layer4", 0, "brick", gallery().images[0], maps[:5], maps[5], CELLS, CELLS, images,
        alike, alike_b, same, np.zeros(8, bool), "grey", "grass",
    )  # fmt: skip


def randomisation() -> Randomisation:
    """Grad-CAM falls to 0 with the head, guided backprop stays."""
    maps = np.random.default_rng(0).random((7, 3, 3)).astype(np.float32)
    falls, stays = np.zeros((3, 7)), np.full((3, 7), 0.9)
    falls[:, 0] = stays[:, 0] = 1.0
    cascades = (Cascade("gradcam", maps, falls), Cascade("guided_backprop", maps, stays))
    return Randomisation("b", "layer4", 0, "brick", gallery().images[0], np.arange(3), STEPS, cascades, "grey")


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
