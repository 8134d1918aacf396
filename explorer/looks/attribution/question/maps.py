"""Where two runs look. Letters: n images, c channels, h w, s seeds."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import AfterValidator, Field

from explorer.catalogue import ATTRIBUTIONS
from explorer.cells import Cells
from explorer.errors import unknown
from explorer.question import A, Baseline, Image, Lane, Place, Question
from explorer.question import Attribution as How


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Where A and B look for one pinned class: `a`, `b` (h, w) float32 at the method's own resolution (a stage's grid for
    Grad-CAM), signed where the method is, and where their cells lie in the picture, `cells_a`, `cells_b`; `picture`
    (H, W, 3) uint8; probabilities of the class in each model. `rise_a`,
    `rise_b`: how many logits the class gains from the baseline to the picture, which a complete method's map adds up to;
    NaN for methods that promise no such thing. `rather_than` names the class whose logit was taken off."""

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
    rather_than: str = ""


@dataclass(frozen=True, kw_only=True)
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
    rather_than: str = ""


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """How much of A's map is the seed's: `a` (1 + s, h, w), A's own map of the shown picture, then those of A with s other heads;
    `b` (h', w') B's.

    Over n test images (`images`, -1: a visitor's own; the shown one first): `alike` (n, s) Spearman's rank correlation of each
    other head's map with A's, `alike_b` (n,) of B's; `same` (n, s), `same_b` (n,) whether the strongest cell is A's. NaN
    and False where the grids of A and B differ.
    """

    method: str
    stage: str
    image: int | str
    target: str
    picture: np.ndarray
    a: np.ndarray
    b: np.ndarray
    cells_a: Cells
    cells_b: Cells
    images: np.ndarray
    alike: np.ndarray
    alike_b: np.ndarray
    same: np.ndarray
    same_b: np.ndarray
    baseline: str = ""
    rather_than: str = ""

    @property
    def outside(self) -> np.ndarray:
        """(n,) bool: whether B's map is less like A's than that of every other head."""
        return self.alike_b < self.alike.min(axis=1)


FINER = (1, 2, 4)
"""How many times as fine as a stage's own a grid may be."""


def _fineness(times: int) -> int:
    if times not in FINER:
        raise unknown("fineness of the grid", times, map(str, FINER))
    return times


class Look(Question[A]):
    """How two runs are looked at: the method with its stage and baseline, and how many times as fine as the stage's grid."""

    a: str
    b: str
    method: How = "gradcam"
    stage: str = ""
    baseline: Baseline = "grey"
    times: Annotated[int, AfterValidator(_fineness)] = 1


class LookAtClass(Look[A]):
    """A look for one class, or (`rather_than`) for this class and not that one."""

    target: str
    rather_than: str = ""


class AttributeQuestion(LookAtClass[Attribution]):
    """Where A and B look for one pinned class in one picture, of the test set or a visitor's own."""

    handler: ClassVar[str] = "explorer.looks.attribution.compute.map_handlers:attribute"
    image: Image

    @property
    def lane(self) -> Lane:
        """Methods of many passes wait where quick looks need not wait for them."""
        row = ATTRIBUTIONS.get(self.method)
        return "map" if row and row.passes > 1 else "look"


class AttributeManyQuestion(LookAtClass[Attributions]):
    """Where A and B look for one pinned class in up to 16 test images."""

    handler: ClassVar[str] = "explorer.looks.attribution.compute.map_handlers:attribute_many"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    images: Annotated[tuple[Place, ...], Field(min_length=1)]


class OtherSeedsQuestion(LookAtClass[Seeds]):
    """A's map beside those of A with other seeds and of B: how much of a difference is the seed's."""

    handler: ClassVar[str] = "explorer.looks.attribution.compute.seed_handlers:other_seeds"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    image: Image
