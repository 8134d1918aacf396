"""Results of the lesson, made up for tests; and files of the map of concepts."""

from pathlib import Path
from typing import Any

import numpy as np
from stand_ins import CLASSES, N, gallery, projection

from explorer import evidence
from explorer.course.question.checks import Trial, Truth
from explorer.course.question.live import CurvePoint, NewHead, Stillness, Walk, WalkStage

STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")


def walk(image: int = 3) -> Walk:
    """A red, green or blue picture on a grid that halves from stage to stage."""
    stages = []
    for i, name in enumerate(STAGES):
        cells = 16 // 2**i
        maps = np.random.default_rng(i).random((2, cells, cells), np.float32)
        sight = (0, 32) if name == "layer4" else (8 - i, 16 + i)
        stages.append(
            WalkStage(
                stage=name,
                channels=4 * 2**i,
                rows=cells,
                columns=cells,
                parameters=1000 * (i + 1),
                shown=np.array([3, 0]),
                maps=maps,
                sight=sight,
            )
        )
    label = CLASSES[image % len(CLASSES)]
    return Walk(
        backbone="resnet10", weights="BUILT_IN", image=image, label=label, picture=gallery().images[image],
        stages=tuple(stages),
    )  # fmt: skip


def new_head(classes: int = 3, seed: int = 0) -> NewHead:
    """All classes alike; a score only for as many classes as the data set has."""
    score = evidence.Score(N, 8) if classes == len(CLASSES) else None
    share = np.full(classes, 1 / classes, np.float32)
    return NewHead(
        backbone="resnet10", weights="BUILT_IN", classes=classes, features=512, parameters=512 * classes + classes,
        old=513_000, seed=seed, image=3, label=CLASSES[0], picture=gallery().images[3], probability=share,
        top=np.full(N, 1 / classes, np.float32), score=score,
    )  # fmt: skip


def stillness(run: str = "a", still: bool = True) -> Stillness:
    """A probe, exactly where it was; or a run whose last stage moved."""
    largest = (0.0,) * len(STAGES) if still else (0.0, 0.0, 0.0, 0.0, 0.25)
    return Stillness(run=run, stages=STAGES, largest=largest, map=projection(unmoved=still))


def curve_point(per_class: int = 5, arm: str = "probe", seed: int = 0) -> CurvePoint:
    """A point at 70 %, from scratch at 30 %."""
    score = evidence.Score(100, 70 if arm == "probe" else 30)
    return CurvePoint(
        dataset="photo_patches", per_class=per_class, arm=arm, seed=seed, score=score, images=17 * per_class,
        steps=40, epochs=13, pixels=48, seconds=2.5,
    )  # fmt: skip


def truth() -> Truth:
    """A guess of a number, with what its explanation may say."""
    facts = (("accuracy", "79.1 %"), ("n", "306"))
    return Truth(answer="", value=79.1, order=(), facts=facts, words="The probe names 79.1 % right, n = 306.")


def trial(passed: bool = True) -> Trial:
    """Lines that held, or that ended in an error."""
    return Trial(
        output="5 stages\n",
        passed=passed,
        error="" if passed else "NameError: name 'stage' is not defined",
        seconds=0.2,
    )


def examples() -> dict[str, Any]:
    """One of each result, by its name."""
    return {
        "CurvePoint": curve_point(),
        "NewHead": new_head(),
        "Stillness": stillness(),
        "Trial": trial(),
        "Truth": truth(),
        "Walk": walk(),
        "WalkStage": walk().stages[0],
    }


def concept_file(folder: Path, name: str, **facts: str) -> Path:
    """A file of a concept; `facts` are added to those of a good one or replace them, an empty one leaves its line out."""
    given = {"title": name.capitalize(), "step": "1", "checks": "1a"} | facts
    lead = given.pop("lead", f"This is what to know of {name}.")
    lines = ["---", *(f"{key}: {value}" for key, value in given.items() if value), "---", lead, ""]
    path = folder / f"{name}.md"
    path.write_text("\n".join(lines))
    return path
