"""What a check's answer was computed to be, and the outcome of running lines of code."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from explorer.question import FrozenDict, Place, Question


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The right answer as the live model gives it: `answer` the right option's key (empty for numbers and orders), `value`
    the number for a guess of one (NaN otherwise), `order` the keys in the right order; `facts` what the places in the
    explanation stand for; `words` one sentence on what was computed, on what, with n."""

    answer: str
    value: float
    order: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    words: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Lines of code carried out: what they printed, whether the check held, and the error that ended them (or empty)."""

    output: str
    passed: bool
    error: str
    seconds: float


class CheckTruthQuestion(Question[Truth]):
    """The truth of a check of the lesson on the live model; `runs` are the lesson's runs by name."""

    handler: ClassVar[str] = "explorer.course.compute.check_handlers:check_truth"
    check: str
    language: str
    backbone: str
    weights: str
    runs: Annotated[dict[str, str], AfterValidator(FrozenDict)]
    digest: str = ""


class TryLinesQuestion(Question[Trial]):
    """What the chosen lines of a check really do on the live model."""

    handler: ClassVar[str] = "explorer.course.compute.check_handlers:try_lines"
    check: str
    language: str
    backbone: str
    weights: str
    order: tuple[Place, ...]
    digest: str = ""
