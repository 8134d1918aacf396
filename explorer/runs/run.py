"""A run as its folder tells it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from explorer.evidence import Balanced, Grouped, Score
from explorer.recipe import Recipe
from explorer.runs.names import Naming, generated
from explorer.runs.records import Epoch


@dataclass(frozen=True)
class Run:
    """One run as its folder tells it: `state` is queued, running, finished, stopped, failed or interrupted. Where a crash
    left half a folder it is interrupted, and `recipe` None; every other is a KnownRun.

    `facts` holds what the run recorded besides: `seconds`, `parameters`, `device`, `classes`, `versions`, `steps`,
    `kept_steps` (those up to the kept epoch), `race`, `peak_memory` in bytes …; `balanced` is the balanced accuracy on test,
    `grouped` what `test` is for other groups of images; `named` what somebody called it.
    """

    id: str
    state: str
    recipe: Recipe | None
    created: float = 0.0
    error: str = ""
    epochs: tuple[Epoch, ...] = ()
    test: Score | None = None
    train: Score | None = None
    clean: bool | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    balanced: Balanced | None = None
    grouped: Grouped | None = None
    named: Naming = Naming()

    @property
    def name(self) -> str:
        """What it goes by: the name that somebody gave it, else one drawn by its id."""
        return self.named.name or generated(self.id)

    @property
    def fault(self) -> str:
        """The gravest fault that the audit found (explorer/runs/records.py, FAULTS), or nothing."""
        return str(self.facts.get("fault") or "")

    @property
    def sample(self) -> bool:
        """Whether it ships with Thaw: made once, looked at by everybody, changed by nobody."""
        return bool(self.facts.get("sample"))

    @property
    def title(self) -> str:
        """The recipe's title, or the id where there is no recipe."""
        return self.recipe.title if self.recipe else self.id

    @property
    def majority(self) -> float | None:
        """The share of the test images' largest class: what always naming it gets right; None in runs of earlier versions."""
        return self.facts.get("majority")

    @property
    def majority_on_validation(self) -> float | None:
        """The same on the validation images: known from the first epoch on; None in runs of earlier versions."""
        return self.facts.get("majority_on_validation")

    def json(self) -> dict[str, Any]:
        """The object of the command line's contract."""
        return {
            "run": self.id,
            "name": self.name,
            "note": self.named.note,
            "starred": self.named.starred,
            "state": self.state,
            "recipe": self.recipe.model_dump() if self.recipe else {},
            "test": self.test.json() if self.test else {},
            "train": self.train.json() if self.train else {},
            "balanced": self.balanced.json() if self.balanced else {},
            "seconds": self.facts.get("seconds", {}),
            "parameters": self.facts.get("parameters", {}),
            "steps": self.facts.get("steps", 0),
            "kept_steps": self.facts.get("kept_steps", 0),
            "peak_memory": self.facts.get("peak_memory", 0),
            "audit": {"clean": self.clean},
            **({"majority": self.majority} if self.majority is not None else {}),
            **({"grouped": self.grouped.json()} if self.grouped else {}),
            **({"error": self.error} if self.error else {}),
        }


@dataclass(frozen=True)
class KnownRun(Run):
    """A run whose folder can be read, and so its recipe."""

    recipe: Recipe


def known(among: Iterable[Run]) -> list[KnownRun]:
    """Those whose folders can be read."""
    return [run for run in among if isinstance(run, KnownRun)]


@dataclass(frozen=True)
class FinishedRun(KnownRun):
    """A run that came to its end: what can be looked at."""

    @property
    def settled(self) -> Recipe:
        """The recipe with what was chosen in the run: the stage that the head reads, where that was left open."""
        chosen = self.facts.get("reads")
        if self.recipe.cuts and chosen in self.recipe.row.stage_names:
            return self.recipe.model_copy(update={"reads": chosen})
        return self.recipe
