"""What may be asked about taking a run away. Letters: n images, h w, k classes."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import model_validator

from explorer.errors import ExplorerError
from explorer.evidence import Score
from explorer.export.formats import FORMATS
from explorer.looks.neighbours.question import RARE
from explorer.question import Question, among


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A run as a file: `stored` names it among the kept exports (explorer/export/kept.py), `file` is the name to save it
    under, `size` in bytes, `notes` what to know of it."""

    run: str
    to: str
    stored: str
    file: str
    size: int
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BroughtWeights:
    """What was taken from a checkpoint: `weights` is what a recipe calls it, `source` the file that it came from; `taken`
    tensors of `parameters` weights, from inside the `wrappers` and under the `prefix`; left out are `others` (weights in
    further wrappers), the `head` and what is `unexpected`, as names with shapes or names; `counters` says that BatchNorm's
    counters were missing, which nothing needs; `renamed` is a tensor as the backbone and as the file calls it, where these
    differ; `unread` are kinds of objects beside the weights of which nothing was read."""

    weights: str
    source: str
    taken: int
    parameters: int
    wrappers: tuple[str, ...]
    prefix: str
    others: tuple[str, ...]
    head: tuple[str, ...]
    unexpected: tuple[str, ...]
    counters: bool
    renamed: tuple[str, str] | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """What a run says of pictures from outside: `files` (n,) their names, `images` (n, h, w, 3) uint8 small, `predicted`
    (n,) places in `classes`, `probability` (n, k), `labels` (n,) the class whose name the picture's folder bears (-1: of
    none), and the files that cannot be read with the reason. Logits were divided by `temperature`, that of the run's
    validation images; None where those cannot be read, so that probabilities are as the network says them. `farther` (n,) is
    the share of the run's `tested` test images that lie as far from their nearest training picture as this one from its own;
    None where it was not asked for, or those images cannot be read."""

    run: str
    classes: tuple[str, ...]
    files: tuple[str, ...]
    images: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    probability: np.ndarray
    skipped: tuple[tuple[str, str], ...]
    temperature: float | None = None
    farther: np.ndarray | None = None
    tested: int = 0

    @property
    def unlike(self) -> np.ndarray:
        """(n,) bool: perhaps none of the classes, since at most RARE of the test images lie as far; all False where that was not
        measured."""
        return np.zeros(len(self.files), bool) if self.farther is None else self.farther <= RARE

    @property
    def score(self) -> Score | None:
        """How many are right of those whose folder says what they are; None where none does."""
        known = self.labels >= 0
        return Score(int(known.sum()), int((self.predicted == self.labels)[known].sum())) if known.any() else None


class ExportQuestion(Question[Exported]):
    """A finished run as a file, in one of the formats of explorer/export/formats.py."""

    handler: ClassVar[str] = "explorer.export.compute.handlers:export"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    run: str
    to: Annotated[str, among("export format", FORMATS)]


class PredictQuestion(Question[Predicted]):
    """What a run says of the pictures in a folder, or in a batch that a visitor brought (explorer/export/batches.py).
    `seen` names the state of the folder, so that a changed one is looked at again. With `distances` each picture is held against
    the test images too, for which up to 4,000 training images and all test images pass through the network once."""

    handler: ClassVar[str] = "explorer.export.compute.predicting:predict"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    patient: ClassVar[bool] = True
    large: ClassVar[bool] = True
    run: str
    folder: str = ""
    batch: str = ""
    seen: str = ""
    distances: bool = True

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.folder and not self.batch:
            raise ExplorerError("There are no pictures to classify. Name a folder of the server, or a batch.")
        return self


class BringQuestion(Question[BroughtWeights]):
    """Take a backbone's weights from a checkpoint of one's own.

    It is a file on the server, or one that a visitor brought, which was called `source`. `seen` names the state of the file, so
    that a changed one is read again.
    """

    handler: ClassVar[str] = "explorer.export.compute.bringing:bring"
    slow: ClassVar[bool] = True
    backbone: str
    file: str
    source: str = ""
    seen: str = ""
