"""Where two runs look, and whether to trust it. Letters: n images, c channels, h w, d features, k classes, s steps."""

import math
from dataclasses import dataclass

import numpy as np

from explorer.evidence import Score


@dataclass(frozen=True)
class Cells:
    """Where the cells of a map lie along either side of its picture: cell i has its centre at `first` + i · `step`, in shares of
    the side, counted from the picture's edge."""

    first: float
    step: float

    @classmethod
    def even(cls, count: int) -> "Cells":
        """Cells that share the side out among them: pixels, patches, the squares of an ablation."""
        return cls(0.5 / count, 1 / count)

    def centres(self, count: int) -> np.ndarray:
        """The centres of the first `count` cells, (count,)."""
        return self.first + self.step * np.arange(count)

    def edges(self, count: int) -> np.ndarray:
        """Where `count` cells begin and end, (count + 1,) in [0, 1]: halfway to the next; the outermost reach to the border."""
        between = self.centres(count)[1:] - self.step / 2
        return np.r_[0.0, between.clip(0, 1), 1.0]


@dataclass(frozen=True)
class Attribution:
    """Where A and B look for one pinned class: `a`, `b` (h, w) float32 at the method's own resolution (a stage's grid for
    Grad-CAM), signed where the method is, and where their cells lie in the picture, `cells_a`, `cells_b`; `picture`
    (H, W, 3) uint8; probabilities of the class in each model. `rise_a`,
    `rise_b`: how many logits the class gains from the baseline to the picture, which a complete method's map adds up to;
    NaN for methods that promise no such thing."""

    method: str
    stage: str
    image: int | str
    target: str
    picture: np.ndarray
    a: np.ndarray
    b: np.ndarray
    cells_a: Cells
    cells_b: Cells
    probability_a: float
    probability_b: float
    baseline: str = ""
    rise_a: float = math.nan
    rise_b: float = math.nan


@dataclass(frozen=True)
class Attributions:
    """Where A and B look in several test images for one class: `images` (n,) their numbers, `labels` (n,) their classes'
    numbers, `pictures` (n, H, W, 3) uint8, `a`, `b` (n, h, w) float32 with their `cells_a`, `cells_b`, the class's
    `probability_a`, `probability_b` (n,)."""

    method: str
    stage: str
    target: str
    images: np.ndarray
    labels: np.ndarray
    pictures: np.ndarray
    a: np.ndarray
    b: np.ndarray
    cells_a: Cells
    cells_b: Cells
    probability_a: np.ndarray
    probability_b: np.ndarray
    classes: tuple[str, ...]
    baseline: str = ""


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Gain:
    """By how much a map's area is better than a control's, picture by picture (larger for insertion, smaller for deletion).

    `model` is `A` or `B`, `kind` `deletion` or `insertion`; `area` the map's mean area and `control_area` the control's;
    `mean` the mean gain over n pictures, `low` and `high` its 95 % interval (Student's t); `better` of the n pictures gained.
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


@dataclass(frozen=True)
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

    def unbeaten(self, model: str, kind: str) -> tuple[str, ...]:
        """The compact controls that the map is not shown to beat: the interval of its gain reaches 0."""
        return tuple(g.control for g in self.of(model, kind) if g.control in self.controls and g.low <= 0)


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Cascade:
    """One method while the weights are replaced: `maps` (s, h, w) of the shown picture, `likeness` (n, s) the rank
    correlation that is left with the first map, for n images."""

    method: str
    maps: np.ndarray
    likeness: np.ndarray


@dataclass(frozen=True)
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
