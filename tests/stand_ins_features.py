"""Results of the features page, made up for tests: eight channels a stage, on a 3 by 3 grid."""

from typing import Any

import numpy as np
from stand_ins import CLASSES, Made, N, gallery, promise

from explorer.answers import save
from explorer.cells import Cells
from explorer.looks.features.question import (
    Excitement,
    FeatureStrip,
    FeatureStripQuestion,
    Filters,
    Selectivity,
    StageExcitement,
    StageSelectivity,
    StripStage,
)
from explorer.question import ask_for

STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")
LABELS = np.arange(N) % len(CLASSES)
CHANNELS = 16


def strip(image: int | str = 0, related: bool = True) -> FeatureStrip:
    """Six channels a stage; the last stage changed by half."""
    rows = []
    for stage in STAGES:
        a = np.random.default_rng(2).random((6, 3, 3), np.float32)
        moved = 0.5 * (stage == "layer4")
        rows.append(
            StripStage(
                stage=stage,
                channels_a=np.arange(6),
                channels_b=np.arange(6),
                a=a,
                b=a + moved,
                channels=CHANNELS,
                rows=3,
                columns=3,
                change=moved,
            )
        )
    return FeatureStrip(image=image, picture=gallery().images[0], related=related, stages=tuple(rows))


def selectivity() -> Selectivity:
    """Channel c prefers class c mod 3; in B the first one prefers the next class."""
    prefers = np.arange(CHANNELS) % 3
    changed = prefers.copy()
    changed[0] = 1
    index = np.linspace(0, 0.9, CHANNELS)
    rows = [
        StageSelectivity(stage=s, a=index, b=index, prefers_a=prefers, prefers_b=changed, chance=0.2, shifted=False)
        for s in STAGES
    ]
    return Selectivity(n=N, classes=CLASSES, stages=tuple(rows))


def excitement() -> Excitement:
    """In A all channels are excited most by brick (images 0, 3, 6 ...), in B by grass (1, 4, 7 ...)."""
    rows = []
    for stage in STAGES:
        top = np.tile(np.arange(0, 36, 3) % N, (CHANNELS, 1))
        value = np.tile(np.linspace(9, 5, 12, dtype=np.float32), (CHANNELS, 1))
        place, rank = np.full((CHANNELS, 12), 4), np.tile(np.arange(1, 13), (CHANNELS, 1))
        low, rho = np.zeros(CHANNELS, np.float32), np.full(CHANNELS, 0.25)
        rows.append(
            StageExcitement(
                stage=stage,
                rows=3,
                columns=3,
                cells=Cells.even(3),
                sight=(0, 0),
                same=stage != "layer4",
                top_a=top,
                top_b=top + 1,
                value_a=value,
                value_b=value,
                place_a=place,
                place_b=place,
                elsewhere_a=rank,
                elsewhere_b=rank,
                lowest_a=low,
                lowest_b=low,
                correlation=rho,
            )  # fmt: skip
        )
    shares = np.full(3, 1 / 3)
    return Excitement(
        n=N, total=N, size=96, shown=1.0, labels=LABELS, classes=CLASSES, shares=shares, stages=tuple(rows)
    )


def filters() -> Filters:
    """Sixteen filters of 7 by 7; the second one doubled in B."""
    a = np.random.default_rng(3).normal(size=(16, 3, 7, 7)).astype(np.float32)
    b = a.copy()
    b[1] *= 2
    return Filters(layer="conv1", total=16, kept=np.arange(16), a=a, b=b)


def answer(a: str, b: str, images: tuple[int | str, ...] = tuple(range(N))) -> None:
    """Put what the features page asks for where it finds it."""

    def put(found: Any, name: str, **arguments: Any) -> None:
        save(found, ask_for(name, a=a, b=b, **arguments).path)

    def stripped(asked: FeatureStripQuestion) -> Made | None:
        known = asked.image in images and asked == FeatureStripQuestion(a=a, b=b, image=asked.image)
        return (strip, asked.image) if known else None

    promise("feature_strip", a, b, stripped)
    put(selectivity(), "selectivity")
    put(excitement(), "excitement")
    put(filters(), "filters")


def examples() -> dict[str, Any]:
    """One of each kind, by its name."""
    found, row = strip(), excitement()
    return {
        "FeatureStrip": found,
        "StripStage": found.stages[0],
        "Selectivity": selectivity(),
        "StageSelectivity": selectivity().stages[0],
        "Excitement": row,
        "StageExcitement": row.stages[0],
        "Filters": filters(),
    }
