"""The runs that the lesson makes and asks about: few, small, the same for every reader, so that they are found again."""

from functools import cache

from explorer.recipe import Recipe, make

PIXELS, PER_CLASS = 64, 10
"""Of every run of the lesson: small enough that none takes ten seconds on two CPU cores."""
_RATES = {"head_rate": 5e-3, "backbone_rate": 6e-4}  # of both, so that only the order tells `full` from `lp_ft`
_CHOICES: dict[str, dict[str, object]] = {
    "random": {"weights": "random"},
    "probe": {},
    "probe_again": {"seed": 1},
    "last_stage": {"strategy": "last_stage", "epochs": 6},
    "full": {"strategy": "full", "epochs": 4, **_RATES},
    "lp_ft": {"strategy": "lp_ft", "epochs": 4, "unfreeze_every": 2, **_RATES},  # `full` in another order
    "hot": {"strategy": "full", "epochs": 4, **_RATES, "backbone_rate": 100 * _RATES["backbone_rate"]},
    "moving": {"batchnorm": "moving", "epochs": 4},
}
NAMES = {
    "random": "Random weights, frozen",
    "probe": "Feature extraction",
    "probe_again": "Feature extraction, another seed",
    "last_stage": "Last stage tuned",
    "full": "Full fine-tuning",
    "lp_ft": "Head first, then everything (LP-FT)",
    "hot": "Full, at a hundred times the rate",
    "moving": "Feature extraction with the BatchNorm bug",
}
"""The lesson's runs by the word that its texts use; built-in backbone, photo patches where nothing else is said."""

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
RULE = "Freeze while your images are few; tune when they are many, above all when they are unlike the source."
"""When to freeze and when to tune: every text that speaks of it says this. How unlike the source images are says how much
tuning could win, how many there are whether it will. What bears it out stands in assets/backbone/CARD.md, ten epochs a run."""
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


@cache
def recipe_of(name: str) -> Recipe:
    """The recipe of a run of the lesson."""
    return make(input_size=PIXELS, per_class=PER_CLASS, **_CHOICES[name])
