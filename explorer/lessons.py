"""The runs that the lesson makes and asks about: few, small, the same for every reader, so that they are found again."""

from functools import cache

from explorer.recipe import Recipe, make

_CHOICES: dict[str, dict[str, object]] = {
    "random": {"weights": "random"},
    "probe": {},
    "probe_again": {"seed": 1},
    "last_stage": {"strategy": "last_stage"},
    "full": {"strategy": "full", "epochs": 5},
    "hot": {"strategy": "full", "epochs": 5, "backbone_rate": 0.06},
    "moving": {"batchnorm": "moving", "epochs": 4},
}
NAMES = {
    "random": "Random weights, frozen",
    "probe": "Feature extraction",
    "probe_again": "Feature extraction, another seed",
    "last_stage": "Last stage tuned",
    "full": "Full fine-tuning",
    "hot": "Full, at a hundred times the rate",
    "moving": "Feature extraction with the BatchNorm bug",
}
"""The lesson's runs by the word that its texts use; built-in backbone, photo patches where nothing else is said."""


@cache
def recipe_of(name: str) -> Recipe:
    """The recipe of a run of the lesson; equal to the home page's where that makes the same run."""
    return make(**_CHOICES[name])
