"""What may be asked about pictures that are to become a data set: what they are, and to keep them."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from pydantic import model_validator

from explorer.errors import ExplorerError
from explorer.question import Labels, Lane, Question


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What pictures would be as a data set, before anything is kept or trained.

    `classes` k names in natural order; `counts` (k, 3) int64 pictures for training, validation, test; `images` (m, side, side,
    3) uint8 training pictures, `of` (m,) the class of each; `sum` accounts for every file; `notes` are sentences to know;
    `left_out` some (file, reason); `error` why it is no data set yet (then the rest may be empty), `offers` other sources of
    labels that fit.
    """

    classes: tuple[str, ...]
    counts: np.ndarray
    images: np.ndarray
    of: np.ndarray
    sum: str
    notes: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    error: str = ""
    offers: tuple[str, ...] = ()


class PreviewQuestion(Question[Preview]):
    """What the pictures of a parcel, or of a folder of the server, would be as a data set; `at` tells states of it apart."""

    handler: ClassVar[str] = "explorer.arriving.compute.previews:preview"
    large: ClassVar[bool] = True
    parcel: str = ""
    folder: str = ""
    labels: Labels = "folders"
    at: str = ""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.parcel and not self.folder:
            raise ExplorerError("There are no pictures to preview. Name a parcel, or a folder of the server.")
        return self


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """The set that was made: its name in recipes, and the line that accounts for every file."""

    name: str
    title: str
    sum: str


class ArriveQuestion(Question[Arrival]):
    """Unpack and check a parcel's pictures and keep them as a set of that title."""

    handler: ClassVar[str] = "explorer.arriving.compute.keeping:arrive"
    reports: ClassVar[bool] = True
    longest: ClassVar[float] = 3600.0
    parcel: str
    title: str
    labels: Labels = "folders"
    at: str = ""

    @property
    def lane(self) -> Lane:
        """A process of its own: nobody's looks wait for it, and it waits for none."""
        return "arrive"
