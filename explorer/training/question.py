"""What a recipe would do, before it is carried out. Letters: n images, c channels, h w, d features, k classes."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from explorer.catalogue.named import LIBRARIES
from explorer.evidence import Score
from explorer.question import Pixels, Question, among
from explorer.recipe import Recipe
from explorer.runs.records import Epoch


@dataclass(frozen=True, kw_only=True)
class StageDescription:
    """What a recipe does to one stage. `output` is the shape for one image, without the batch axis."""

    stage: str
    parameters: int
    learned: int
    learns: bool
    normalisation_layers: int
    statistics_move: bool
    output: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a recipe does to a backbone, stage by stage; the last row is the head."""

    backbone: str
    weights: str
    strategy: str
    stages: tuple[StageDescription, ...]


@dataclass(frozen=True, kw_only=True)
class StageAnatomy:
    """What one stage of a backbone is made of, whatever learns: `affine` of its `parameters` are the scale and shift of its
    `normalisation_layers`; `kept` bytes are what the backward pass needs of one image there (float32); `output` as above."""

    stage: str
    parameters: int
    affine: int
    normalisation_layers: int
    kept: int
    output: tuple[int, ...]


@dataclass(frozen=True)
class Anatomy:
    """A backbone for inputs of some size, stage by stage from the input; without a head."""

    backbone: str
    stages: tuple[StageAnatomy, ...]


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How fast this machine runs a backbone: seconds for one image in each of `stages`, of a pass without gradients (`look`) and
    of a pass forward and back in which all learns (`learn`), on the `device` that a run takes unless told. How many `parameters`
    a stage has, and how many of them are `affine` (see StageAnatomy), decides what is computed beside the steps."""

    device: str
    precision: str
    stages: tuple[str, ...]
    look: tuple[float, ...]
    learn: tuple[float, ...]
    parameters: tuple[int, ...]
    affine: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class StatisticsShift:
    """How far the BatchNorm statistics of `n` training images lie from the running ones that a network brings along: for each
    of `stages` the mean divergence of its channels, in `nats` (see `training.compute.batchnorm_shift.shifts`)."""

    n: int
    stages: tuple[str, ...]
    nats: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the stages, in nats."""
        return sum(self.nats) / len(self.nats)


@dataclass(frozen=True, kw_only=True)
class RateCurve:
    """One range test: the rates tried in rising order, and the smoothed loss at each, in nats.

    `control` is the loss of the same steps without the part (empty for the head, without which nothing learns). `own` is
    the recipe's rate and `suggested` the one proposed: the same, where the loss falls fast there or nowhere clearly.
    `ran_away` says whether the loss rose above where it began, so that the test ended there; `falling` the first and last
    rate of the range in which it falls fast (empty: nowhere clearly); `steepest` the rate at which it does most.
    """

    part: str
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    control: tuple[float, ...]
    own: float
    suggested: float
    ran_away: bool
    falling: tuple[float, ...]
    steepest: float

    @property
    def kept(self) -> bool:
        """Whether the recipe's own rate is what is proposed."""
        return self.suggested == self.own


@dataclass(frozen=True, kw_only=True)
class RateSearch:
    """Rates of the head and (where stages learn) of the last stage, judged on n training images."""

    n: int
    batch_size: int
    head: RateCurve
    backbone: RateCurve | None


@dataclass(frozen=True)
class StoredFeatures:
    """Of how many training images of each class the features are stored."""

    sizes: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LiveProbe:
    """A linear probe that was trained at once and not kept: what it learned from (`n` images), its epochs, the one chosen on
    validation, and the score of that one on test and validation; `majority` is the share of the largest class in the test."""

    n: int
    epochs: tuple[Epoch, ...]
    chosen_epoch: int
    test: Score
    val: Score
    majority: float


NEAR, FAR = 0.13, 0.25
"""Nats, mean of the stages. From benchmarks/batchnorm.py: photo patches and ants and bees lie below, where the BatchNorm mode
made no clear difference; shapes and digits above, where keeping the statistics gained most; chest X-rays between."""


class DescribeQuestion(Question[Description]):
    """What a recipe does to each stage."""

    handler: ClassVar[str] = "explorer.training.compute.planning:describe"
    network: ClassVar[bool] = False
    recipe: Recipe


class AnatomyQuestion(Question[Anatomy]):
    """What the stages of a backbone are made of, for inputs of so many pixels a side."""

    handler: ClassVar[str] = "explorer.training.compute.planning:anatomy"
    backbone: str
    pixels: Pixels


class SpeedQuestion(Question[Speed]):
    """How fast this machine runs the stages of a backbone, measured within seconds."""

    handler: ClassVar[str] = "explorer.training.compute.planning:speed"
    slow: ClassVar[bool] = True
    revision: ClassVar[int] = 1
    backbone: str
    pixels: Pixels


class FindRatesQuestion(Question[RateSearch]):
    """Learning rates that suit a recipe, each with the curve behind it."""

    handler: ClassVar[str] = "explorer.training.compute.planning:find_rates"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    recipe: Recipe


class StatisticsShiftQuestion(Question[StatisticsShift]):
    """How far a recipe's training images lie from the running statistics of its backbone, stage by stage."""

    handler: ClassVar[str] = "explorer.training.compute.planning:statistics_shift"
    recipe: Recipe


@dataclass(frozen=True)
class NetworkNames:
    """The networks of a library that can be looked up, in alphabetical order."""

    library: str
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FoundBackbone:
    """A backbone that was looked up by name: what it is made of, step by step from the input (the place where each step ends, the
    kind of its last module, the shape of what it gives for one picture, its parameters), and the numbers of the steps with
    which its stages begin. Its row is kept (explorer/catalogue/named.py)."""

    name: str
    places: tuple[str, ...]
    kinds: tuple[str, ...]
    shapes: tuple[str, ...]
    parameters: tuple[int, ...]
    begins: tuple[int, ...]


class NetworkNamesQuestion(Question[NetworkNames]):
    """Which networks a library has."""

    handler: ClassVar[str] = "explorer.training.compute.by_name:network_names"
    library: Annotated[str, among("library", LIBRARIES)]


class FindBackboneQuestion(Question[FoundBackbone]):
    """Look a network of torchvision or timm up by its name, work its stages out, and keep it as a backbone."""

    handler: ClassVar[str] = "explorer.training.compute.by_name:find_backbone"
    slow: ClassVar[bool] = True
    backbone: str


class StoreFeaturesQuestion(Question[StoredFeatures]):
    """Compute what a linear probe reads of all pictures of a recipe's data set, once."""

    handler: ClassVar[str] = "explorer.training.compute.live:store_features"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    recipe: Recipe


class LiveProbeQuestion(Question[LiveProbe]):
    """A linear probe on stored features (see StoreFeaturesQuestion), trained at once."""

    handler: ClassVar[str] = "explorer.training.compute.live:live_probe"
    recipe: Recipe
