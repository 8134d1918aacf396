"""What a snippet printed. Letters: n images, c channels, h w, d features, k classes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explorer.question import Question


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """A snippet of the glossary (`term`) or of a step of the lesson (its name as `term`), carried out on a backbone.

    `output` is what it printed, and the value of its last line; `picture` (h, w) or (h, w, 3) uint8 what it called
    `picture`, drawn from `low` (black) to `high` (white), empty where it called nothing so; `opening` the lines that make
    its `model`, `x` and so on; `batch` (h, w, 3) uint8 the pictures in `x` side by side.
    """

    term: str
    backbone: str
    weights: str
    output: str
    seconds: float
    picture: np.ndarray
    low: float
    high: float
    opening: str
    batch: np.ndarray


@dataclass(frozen=True)
class SnippetPictures:
    """The pictures in `x` as the backbone takes them, side by side: (h, n w, 3) uint8."""

    backbone: str
    strip: np.ndarray


class SnippetPicturesQuestion(Question[SnippetPictures]):
    """The pictures that snippets find in `x`, to run them outside of Thaw."""

    handler: ClassVar[str] = "explorer.course.compute.snippet_handlers:snippet_pictures"
    backbone: str
    weights: str


class RunSnippetQuestion(Question[Snippet]):
    """What the snippet of a glossary term prints on a backbone."""

    handler: ClassVar[str] = "explorer.course.compute.snippet_handlers:run_snippet"
    term: str
    language: str
    backbone: str
    weights: str
    digest: str = ""


class RunStepSnippetQuestion(Question[Snippet]):
    """What the snippet of a lesson's step prints on a backbone."""

    handler: ClassVar[str] = "explorer.course.compute.snippet_handlers:run_step_snippet"
    step: str
    language: str
    backbone: str
    weights: str
    digest: str = ""
