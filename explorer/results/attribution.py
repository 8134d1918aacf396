"""Where two runs look, and whether to trust it. Letters: n images, c channels, h w, d features, k classes, s steps."""

import math
from dataclasses import dataclass

import numpy as np

from explorer.evidence import Score


@dataclass(frozen=True)
class Attribution:
    """Where A and B look for one pinned class: `a`, `b` (h, w) float32 at the method's own resolution (a stage's grid for
    Grad-CAM), signed where the method is; `picture` (H, W, 3) uint8; probabilities of the class in each model. `rise_a`,
    `rise_b`: how many logits the class gains from the baseline to the picture, which a complete method's map adds up to;
    NaN for methods that promise no such thing."""

    method: str
    stage: str
    image: int | str
    target: str
    picture: np.ndarray
    a: np.ndarray
    b: np.ndarray
    probability_a: float
    probability_b: float
    baseline: str = ""
    rise_a: float = math.nan
    rise_b: float = math.nan


@dataclass(frozen=True)
class Attributions:
    """Where A and B look in several test images for one class: `images` (n,) their numbers, `labels` (n,) their classes'
    numbers, `pictures` (n, H, W, 3) uint8, `a`, `b` (n, h, w) float32, the class's `probability_a`, `probability_b` (n,)."""

    method: str
    stage: str
    target: str
    images: np.ndarray
    labels: np.ndarray
    pictures: np.ndarray
    a: np.ndarray
    b: np.ndarray
    probability_a: np.ndarray
    probability_b: np.ndarray
    classes: tuple[str, ...]
    baseline: str = ""


@dataclass(frozen=True)
class OrderedCurve:
    """What a class's probability does while the picture's cells go or come: `curve` (s,) in the order of the map,
    `random` (o, s) in o random orders."""

    curve: np.ndarray
    random: np.ndarray

    @property
    def area(self) -> float:
        """The area under the curve, in [0, 1]."""
        return float(np.trapezoid(self.curve, dx=1 / (len(self.curve) - 1)))

    @property
    def random_areas(self) -> np.ndarray:
        """The areas under the random orders' curves, (o,)."""
        return np.trapezoid(self.random, dx=1 / (self.random.shape[1] - 1), axis=1)


@dataclass(frozen=True)
class Faithfulness:
    """Deletion and insertion for A and for B along each one's own map; `share` (s,) is the share of the cells so far."""

    method: str
    stage: str
    image: int | str
    target: str
    share: np.ndarray
    deletion_a: OrderedCurve
    deletion_b: OrderedCurve
    insertion_a: OrderedCurve
    insertion_b: OrderedCurve
    baseline: str = ""


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
