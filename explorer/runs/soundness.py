"""Whether the folder of a run that came from elsewhere holds what a training writes: pages rely on every field of it."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from explorer.errors import ExplorerError
from explorer.evidence import Balanced, Grouped, Score
from explorer.runs import contents
from explorer.runs.folders import folder
from explorer.runs.records import Audit, Epoch

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Recorded(BaseModel):
    """run.json of a finished run as far as it is shown; what may be missing or None earlier versions did not record."""

    created: Annotated[float, Field(ge=0, le=1e11)]
    test: Score
    train: Score | None = None
    balanced: Balanced | None = None
    grouped: Grouped | None = None
    classes: tuple[str, ...]
    counts: dict[str, Count] | None = None
    seconds: dict[str, float] = Field(default_factory=dict)
    parameters: dict[str, Count] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    skipped: tuple[tuple[str, str], ...] = ()
    steps: Count | None = None
    kept_steps: Count | None = None
    peak_memory: Count | None = None
    chosen_epoch: Count | None = None
    majority: Share | None = None
    majority_on_validation: Share | None = None
    clean: bool | None = None
    fault: str | None = None
    error: str | None = None
    note: str | None = None
    device: str | None = None
    precision: str | None = None
    reads: str | None = None
    race: str | None = None


def check(run: str) -> None:
    """Raises ExplorerError, naming file and field, where what the run recorded is of another form than a training writes, or
    its test result is not the one of its own predictions."""
    recorded = _read(run, "run.json", TypeAdapter(_Recorded).validate_json)
    _read(run, "epochs.jsonl", _lines)
    _read(run, "audit.json", TypeAdapter(Audit).validate_json)
    said = contents.predictions(run)
    right = Score(len(said.labels), int(said.right.sum()))
    if recorded.test != right or recorded.classes != said.classes:
        raise ExplorerError(
            f"run.json says {recorded.test.correct} of {recorded.test.n} right, with {len(recorded.classes)} classes; "
            f"predictions.csv says {right.correct} of {right.n}, with {len(said.classes)} classes"
        )


def _lines(text: bytes, strict: bool) -> list[Epoch]:
    return [TypeAdapter(Epoch).validate_json(line, strict=strict) for line in text.splitlines() if line.strip()]


def _read(run: str, name: str, reader: Callable[..., Any]) -> Any:
    try:
        return reader((folder(run) / name).read_bytes(), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ExplorerError(f"{name} is not what a training writes: {field}: {first['msg']}") from error
