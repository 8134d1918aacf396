"""Whether the maps of two runs are to be trusted. Letters: n images, c controls, h w, s steps, o random orders."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from explorer.catalogue import ATTRIBUTIONS
from explorer.evidence import Grouped, Score
from explorer.looks.attribution.question.maps import Look, LookAtClass
from explorer.question import Attribution, Baseline, Image, Question, among


@dataclass(frozen=True, kw_only=True)
class OrderedCurve:
    """What a class's probability does while the picture's cells go or come: `curve` (s,) in the order of the map, `controls`
    (c, s) in orders as compact as the map, `random` (o, s) in o random orders, which are not compact."""

    curve: np.ndarray
    controls: np.ndarray
    random: np.ndarray

    @property
    def area(self) -> float:
        """The area under the curve, in [0, 1]."""
        return float(area(self.curve))

    @property
    def control_areas(self) -> np.ndarray:
        """The areas under the controls' curves, (c,)."""
        return area(self.controls)

    @property
    def random_areas(self) -> np.ndarray:
        """The areas under the random orders' curves, (o,)."""
        return area(self.random)


def area(curves: np.ndarray) -> np.ndarray:
    """The area under curves (…, s) over the share of the cells, 0 to 1, by trapezoids: (…,)."""
    return np.trapezoid(curves, dx=1 / (curves.shape[-1] - 1), axis=-1)


@dataclass(frozen=True, kw_only=True)
class Faithfulness:
    """Deletion and insertion in one picture for A and for B along each one's own map; `share` (s,) is the share of the cells
    so far, `controls` (c,) names the compact orders beside the map."""

    method: str
    stage: str
    image: int | str
    target: str
    share: np.ndarray
    controls: tuple[str, ...]
    deletion_a: OrderedCurve
    deletion_b: OrderedCurve
    insertion_a: OrderedCurve
    insertion_b: OrderedCurve
    baseline: str = ""


@dataclass(frozen=True, kw_only=True)
class Gain:
    """By how much a map's area is better than a control's, picture by picture (larger for insertion, smaller for deletion).

    `model` is `A` or `B`, `kind` `deletion` or `insertion`; `area` the map's mean area and `control_area` the control's;
    `mean` the mean gain over n pictures, `low` and `high` its 95 % interval (Student's t); `better` of the n pictures gained.
    Where images come in groups, `grouped` is the mean gain as far as it holds for other groups.
    """

    model: str
    kind: str
    control: str
    n: int
    area: float
    control_area: float
    mean: float
    low: float
    high: float
    better: int
    grouped: Grouped | None = None

    def shown(self, others: bool = False) -> bool:
        """Whether the interval, or that for `others` than these groups, lies above 0."""
        return (self.grouped.low if others and self.grouped else self.low) > 0


@dataclass(frozen=True, kw_only=True)
class Faithfulnesses:
    """Deletion and insertion over n test images (`images`, their numbers), each asked about its own class: the `gains` of
    A's and of B's own map over each control as compact as a map, and over one random order (`random`)."""

    method: str
    stage: str
    images: np.ndarray
    controls: tuple[str, ...]
    gains: tuple[Gain, ...]
    baseline: str = ""

    def of(self, model: str, kind: str) -> tuple[Gain, ...]:
        """The gains over the controls in their order, then over random cells."""
        return tuple(gain for gain in self.gains if (gain.model, gain.kind) == (model, kind))

    def unbeaten(self, model: str, kind: str, others: bool = False) -> tuple[str, ...]:
        """The compact controls that the map is not shown to beat, on other groups of images with `others`: the interval of
        its gain reaches 0."""
        return tuple(g.control for g in self.of(model, kind) if g.control in self.controls and not g.shown(others))


@dataclass(frozen=True, kw_only=True)
class OnObject:
    """Whether maps for each image's own class lie on its object, over n test images (`images`, their numbers).

    `share_a`, `share_b` (n,): the share of the positive evidence on the object, NaN where a map has none; `covered` (n,):
    the share of the picture that the object covers, which an even map would score. `hit_a`, `hit_b`, `hit_centre` (n,)
    bool: whether the map's strongest point, or the picture's centre, lies on the object.
    """

    method: str
    stage: str
    images: np.ndarray
    share_a: np.ndarray
    share_b: np.ndarray
    covered: np.ndarray
    hit_a: np.ndarray
    hit_b: np.ndarray
    hit_centre: np.ndarray
    baseline: str = ""

    @property
    def pointing(self) -> tuple[Score, Score, Score]:
        """The pointing game of A, of B, and of the picture's centre."""
        a, b, centre = (Score(len(h), int(h.sum())) for h in (self.hit_a, self.hit_b, self.hit_centre))
        return a, b, centre


@dataclass(frozen=True, kw_only=True)
class Cascade:
    """One method while the weights are replaced: `maps` (s, h, w) of the shown picture, `likeness` (n, s) the rank
    correlation that is left with the first map, for n images."""

    method: str
    maps: np.ndarray
    likeness: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Randomisation:
    """The cascading randomisation of one run's network: `parts` (s,) names what was replaced last (`""`: nothing yet); the
    chosen method first, then what it is compared with. `images` (n,): the shown picture (-1: a visitor's own) and others."""

    run: str
    stage: str
    image: int | str
    target: str
    picture: np.ndarray
    images: np.ndarray
    parts: tuple[str, ...]
    cascades: tuple[Cascade, ...]
    baseline: str = ""


class FaithfulnessQuestion(LookAtClass[Faithfulness]):
    """What the class's probability does as one picture goes and comes in the order of each map, and in control orders."""

    handler: ClassVar[str] = "explorer.looks.attribution.compute.trust_handlers:faithfulness"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    image: Image


class FaithfulnessManyQuestion(Look[Faithfulnesses]):
    """Whether maps beat orders as compact as they are, over many test images."""

    handler: ClassVar[str] = "explorer.looks.attribution.compute.trust_handlers:faithfulness_many"
    revision: ClassVar[int] = 1
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True


class OnObjectQuestion(Look[OnObject]):
    """How much of each map lies on the object, where the object's mask is known."""

    handler: ClassVar[str] = "explorer.looks.attribution.compute.trust_handlers:on_object"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True


class RandomiseQuestion(Question[Randomisation]):
    """What is left of a map while the weights are replaced by random ones, from the head down."""

    handler: ClassVar[str] = "explorer.looks.attribution.compute.trust_handlers:randomise"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    run: str
    image: Image
    target: str
    method: Attribution = "gradcam"
    stage: str = ""
    baseline: Baseline = "grey"
    against: Annotated[str, among("attribution method", ("", *ATTRIBUTIONS))] = ""
