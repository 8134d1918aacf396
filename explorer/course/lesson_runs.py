"""The runs that the lesson makes and asks about: few, small, the same for every reader, so that they are found again."""

from collections.abc import Sequence

from explorer.recipe import Recipe, make
from explorer.runs import Run
from explorer.runs.life import ENDED_EARLY
from explorer.worlds.recipes import FAR, NEAR, RANDOM

_SMALL = {"per_class": 10, "input_size": 64, "epochs": 4, "head_rate": 5e-3, "backbone_rate": 6e-4}
"""Photo patches few and small enough that everything learns in seconds; each of the others differs from `full` in one thing."""
_RECIPES = {
    "random": RANDOM,
    "probe": NEAR.probe,
    "probe_again": make(strategy="linear_probe", seed=1),
    "last_stage": NEAR.tuned,
    "far_probe": FAR.probe,
    "far_full": FAR.tuned,
    "full": make(**_SMALL, strategy="full"),
    "lp_ft": make(**_SMALL, strategy="lp_ft", unfreeze_every=1),
    "warm": make(**_SMALL | {"backbone_rate": 10 * 6e-4}, strategy="full"),
    "hot": make(**_SMALL | {"backbone_rate": 100 * 6e-4}, strategy="full"),
    "moving": make(strategy="linear_probe", batchnorm="moving", epochs=2),
}
NAMES = {
    "random": "Random weights, frozen",
    "probe": "Photo patches, frozen backbone",
    "probe_again": "Photo patches, frozen backbone, another seed",
    "last_stage": "Photo patches, last stage tuned",
    "far_probe": "Shapes, frozen backbone",
    "far_full": "Shapes, everything tuned",
    "full": "Few patches, everything at once",
    "lp_ft": "Few patches, head first, then everything (LP-FT)",
    "warm": "Few patches, at ten times the rate",
    "hot": "Few patches, at a hundred times the rate",
    "moving": "Frozen backbone with the BatchNorm bug",
}
"""The lesson's runs by the word that its texts use; of the home page's two worlds, with the built-in backbone."""
SHIPPED = ("last_stage", "far_probe", "far_full")
"""Runs that take longer than about ten seconds: where sample runs ship, those are shown, and can be repeated."""

CURVE_SETS = {"photo_patches": 48, "digits": 32}
CURVE_SIZES, CURVE_SEEDS, CURVE_ARMS = (5, 10, 25), (0, 1, 2), ("probe", "scratch")
CURVE_STEPS = 40
"""The small curve of the last step: data sets with the input size in pixels, images per class, seeds, arms, and the steps
that each training takes. So small that no point takes ten seconds on two CPU cores."""

LIKENESS = {
    "alike": "photographs of everyday things, like ImageNet's",
    "other": "photographs of something else: plants, cells, satellites",
    "far": "no photographs: X-rays, drawings, spectra",
}
"""How like the source the reader's images are, by word."""
_FEW, _MANY = 50, 500  # images per class: below and from these on
ADVICE = {
    ("few", "alike"): (("linear_probe", "last_stage", "from_scratch"),
        "With few images like the source, the features are most likely good enough, and there are few images to "
        "tune them with."),
    ("few", "other"): (("linear_probe", "last_stage", "lp_ft", "from_scratch"),
        "The features may fit in part, and few images can hardly improve them: freeze first, and race a tuned stage."),
    ("few", "far"): (("linear_probe", "bn_only", "last_stage", "from_scratch"),
        "The hardest case: the features may not fit, and few images can hardly improve them. Freeze first; expect "
        "wide intervals."),
    ("some", "alike"): (("linear_probe", "last_stage", "lp_ft", "from_scratch"),
        "The probe is hard to beat on images like the source; a tuned stage may add a few points."),
    ("some", "other"): (("linear_probe", "last_2_stages", "lp_ft", "full", "from_scratch"),
        "Tuning may begin to pay here, at a small rate and with the head first."),
    ("some", "far"): (("linear_probe", "gradual", "full", "from_scratch"),
        "There is much to gain, but not for certain: full fine-tuning won on 150 drawn shapes a class, and did not "
        "on 80 chest X-rays a class (built-in backbone, ten epochs)."),
    ("many", "alike"): (("linear_probe", "last_2_stages", "full", "from_scratch"),
        "There are enough images for full fine-tuning at a small rate. Where the features fit already, a race shows "
        "whether it is worth the time."),
    ("many", "other"): (("linear_probe", "gradual", "full", "from_scratch"),
        "Full fine-tuning is the usual winner; from scratch comes closer the more images there are."),
    ("many", "far"): (("linear_probe", "full", "from_scratch"),
        "On large medical sets pre-training was found to add little (Raghu et al. 2019, arXiv 1902.07208): include "
        "from scratch."),
}  # fmt: skip
"""By amount (`few`, `some`, `many` images per class) and likeness: strategies to race, and why. Rules of thumb, said as such."""


def amount_of(per_class: int) -> str:
    """`few`, `some` or `many` images per class."""
    return "few" if per_class < _FEW else "some" if per_class < _MANY else "many"


def recipe_of(name: str) -> Recipe:
    """The recipe of a run of the lesson."""
    return _RECIPES[name]


def missing(among: Sequence[Run]) -> list[str]:
    """The words whose runs are still to be trained, of all runs: none has finished or is under way, and none ships."""
    there = [run.recipe for run in among if not run.sample and run.state not in ENDED_EARLY]
    ships = [run.recipe for run in among if run.sample]
    return [
        word for word, recipe in _RECIPES.items() if recipe not in there and not (word in SHIPPED and recipe in ships)
    ]
