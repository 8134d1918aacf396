"""What is wrong with the pictures of a data set: copies, groups in two splits, odd sizes, dark or blurred pictures."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explorer.question import Question
from explorer.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Thumbnails:
    """Pictures that a finding names: `ids`, `labels` (m,) and `splits` (m,) (places in the classes and in SPLITS), `images`
    (m, h, w, 3) uint8, square thumbnails."""

    ids: tuple[str, ...]
    labels: np.ndarray
    splits: np.ndarray
    images: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Near-copies: `pairs` (p, 2) places in `Faults.shown`, `distance` (p,) in grey levels, 0 for the same pixels.

    A pair counts from `threshold` grey levels down. That comes from the set: of `tried` copies made on purpose of its own
    pictures (saved again, halved, cropped, turned, mirrored), `found` lie below it, and the nearest different pictures lie at
    about `strangers` (inf where none came near).
    """

    pairs: np.ndarray
    distance: np.ndarray
    threshold: float
    strangers: float
    tried: int
    found: int


@dataclass(frozen=True)
class SharedGroup:
    """A group (patient, place, film) with pictures in more than one split: `counts` in training, validation and test."""

    name: str
    counts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What was found among `n` pictures.

    `odd` (size), `dark` (or of one colour) and `blurred` are places in `shown`, the worst first; `words` says what of each
    place is out of the ordinary. `skipped` has (file, reason) of what the reader left out, byte-equal copies among them, and
    `contradictions` (file, file) of one picture under two classes among those; `groups` those that lie in two splits.
    """

    n: int
    classes: tuple[str, ...]
    shown: Thumbnails
    copies: Copies
    odd: tuple[int, ...]
    dark: tuple[int, ...]
    blurred: tuple[int, ...]
    words: tuple[str, ...]
    groups: tuple[SharedGroup, ...]
    skipped: tuple[tuple[str, str], ...]
    contradictions: tuple[tuple[str, str], ...]


class FaultsQuestion(Question[Faults]):
    """Copies and near-copies, groups in two splits, odd sizes, dark and blurred pictures of a data set."""

    handler: ClassVar[str] = "explorer.looks.data.compute.faults:faults"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    patient: ClassVar[bool] = True
    large: ClassVar[bool] = True
    recipe: Recipe


class PlainFaultsQuestion(Question[Faults]):
    """The same without near-copies, which take most of the time: `copies` is empty, with nothing tried."""

    handler: ClassVar[str] = "explorer.looks.data.compute.faults:plain_faults"
    network: ClassVar[bool] = False
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    patient: ClassVar[bool] = True
    large: ClassVar[bool] = True
    recipe: Recipe
