"""What may be asked before an experiment: the signs that the adviser reads."""

from typing import ClassVar

from explorer.experiments.adviser import Signs
from explorer.experiments.block import Gradients
from explorer.experiments.rates import Moved
from explorer.experiments.shift import Spoilt
from explorer.question import Question
from explorer.recipe import Recipe


class SignsQuestion(Question[Signs]):
    """What a short probe at every stage and the distance to the source say of a recipe's images, before any run."""

    handler: ClassVar[str] = "explorer.experiments.compute:signs"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    recipe: Recipe


class SpoiltQuestion(Question[Spoilt]):
    """Which test images a run gets right when they are corrupted: every kind of shift at every severity."""

    handler: ClassVar[str] = "explorer.experiments.compute:spoilt"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    revision: ClassVar[int] = 1
    run: str


class GradientsQuestion(Question[Gradients]):
    """How large the gradient of each stage is against its weights, where a linear probe has learned all that its head can."""

    handler: ClassVar[str] = "explorer.experiments.compute.gradients:gradients"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    recipe: Recipe


class MovedQuestion(Question[Moved]):
    """How far a run's tuning moved the features of its last stage on the test images."""

    handler: ClassVar[str] = "explorer.experiments.compute.moving:moved"
    run: str
