"""The plan of an experiment: a frozen, validated value that stands for a list of recipes, its cells."""

import hashlib
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from explorer.catalogue import shifts
from explorer.catalogue.backbones import DEFAULT_BACKBONE, backbone
from explorer.catalogue.strategies import strategy
from explorer.catalogue.weights import drawn
from explorer.errors import ExplorerError
from explorer.experiments import compared
from explorer.race.arms import MOST_SEEDS
from explorer.recipe import Recipe, make
from explorer.recipe.defaults import EPOCHS

Kind = Literal["budget", "depth", "block", "rates", "batchnorm", "shift", "start"]
KINDS: dict[str, str] = {
    "budget": "Data budget",
    "depth": "How deep to tune",
    "block": "Which block?",
    "rates": "Learning-rate sweep",
    "batchnorm": "BatchNorm lab",
    "shift": "Shift test",
    "start": "Learned or scaled?",
}
"""Kind of experiment → its title."""
SIZES: tuple[int | None, ...] = (1, 2, 5, 10, 25)
"""Images per class of a data budget, unless told."""
SHIFT = ("linear_probe", "last_stage", "full", "lp_ft")
"""Strategies of a shift test, unless told: those of Kumar et al. (2022, arXiv 2202.10054) and one between."""
BUDGET = ("linear_probe", "best_stage", "last_stage", "full")
MOST_CELLS = 300
_SAID = ("sizes", "strategies", "seeds", "epochs")
_SAID_OF: dict[str, tuple[str, ...]] = {
    "block": ("sizes", "inputs", "seeds", "epochs"),
    "start": ("sizes", "seeds", "epochs"),
    "rates": (*_SAID, "decades"),
    "batchnorm": (*_SAID, "batches"),
}
"""What a plan's text always says, so that it never depends on later defaults."""


@dataclass(frozen=True)
class Planned:
    """One cell: its `arm` (what is compared), images per class (None: all), seed, and the recipe of its run."""

    arm: str
    size: int | None
    seed: int
    recipe: Recipe


class Plan(BaseModel):
    """An experiment.

    `budget`: `strategies` × `sizes` (training images per class, None: all) × `seeds`. `depth`: every number of stages that
    learn, counted from the head, from pre-trained and from random weights × `seeds`, at the first of `sizes`. `shift`:
    `strategies` × `seeds` at the first of `sizes`, each scored on corrupted test images too. `block`: every stage tuned alone,
    the head alone and everything, on each of `inputs` (`clean`, or how all pictures are corrupted) × `seeds`, at the first of
    `sizes`. `rates`: `strategies` × backbone rates, their own times ten to the power of each of `decades`, × `seeds`, beside the
    linear probe. `batchnorm`: the first of `strategies` in every BatchNorm mode × `batches` (images in a batch) × `seeds`.
    `start`: pre-trained, matched and random weights × the head alone and everything × `seeds`, at the first of `sizes`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = "budget"
    backbone: str = DEFAULT_BACKBONE
    weights: str = "default"
    dataset: str = "photo_patches"
    data_dir: str | None = None
    labels: str = "folders"
    edits: str = ""
    spoilt: str = ""
    sizes: tuple[int | None, ...] = Field(SIZES, min_length=1, max_length=10)
    strategies: tuple[str, ...] = Field(BUDGET, min_length=1, max_length=5)
    inputs: tuple[str, ...] = Field(compared.INPUTS, min_length=1, max_length=6)
    decades: tuple[int, ...] = Field(compared.DECADES, min_length=1, max_length=7)
    batches: tuple[int, ...] = Field(compared.BATCHES, min_length=1, max_length=6)
    seeds: int = Field(3, ge=1, le=MOST_SEEDS)
    epochs: int = Field(EPOCHS, ge=1, le=100)
    input_size: int | None = Field(None, ge=32, le=512)

    if TYPE_CHECKING:

        def __hash__(self) -> int: ...  # pydantic makes it, since the model is frozen

    @model_validator(mode="before")
    @classmethod
    def _resolve(cls, given: Any) -> Any:
        """`default` weights under their own name, so that a plan means the same when there are others."""
        row = backbone(str(given.get("backbone", DEFAULT_BACKBONE)))
        usual = {} if given.get("kind", "budget") == "budget" else {"sizes": (25,)}
        named = {"shift": SHIFT, "rates": compared.RATED, "batchnorm": ("last_2_stages",)}.get(str(given.get("kind")))
        usual |= {"strategies": named} if named else {}
        found = usual | given | {"weights": row.resolve(given.get("weights") or "default")}
        found["spoilt"] = shifts.plain(str(given.get("spoilt") or ""))
        if found["spoilt"] and given.get("kind") == "block":
            raise ExplorerError(
                "corruption (`spoilt`): the inputs of this experiment say how pictures are corrupted. Leave it out."
            )
        if drawn(found["weights"]) and given.get("kind") == "start":
            raise ExplorerError(
                f"weights: {found['weights']} are drawn by the seed, and this experiment compares pre-trained weights with "
                f"drawn ones. Choose pre-trained weights."
            )
        return found

    @field_validator("inputs")
    @classmethod
    def _inputs(cls, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Each once, as it is always written."""
        named = (compared.CLEAN if how == compared.CLEAN else shifts.plain(how) for how in inputs if how)
        return tuple(dict.fromkeys(named))

    @field_validator("sizes")
    @classmethod
    def _rising(cls, sizes: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Each once, the smallest first, `all` last."""
        for size in sizes:
            if size is not None and not 1 <= size <= 100_000:
                raise ExplorerError(f"sizes: {size} images per class. Allowed: 1 to 100,000, or all.")
        return (*sorted({size for size in sizes if size is not None}), *([None] if None in sizes else []))

    @field_validator("strategies")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Each once, the cheapest first: the linear probe, then as they were named."""
        for name in names:
            if strategy(name).name == "custom":
                raise ExplorerError(
                    "strategies: custom names stages, so it takes no part in an experiment. Leave it out."
                )
        return tuple(sorted(dict.fromkeys(names), key=lambda name: name != "linear_probe"))

    @field_validator("decades", "batches")
    @classmethod
    def _numbers(cls, given: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        """Each once, the smallest first."""
        low, high = (-4, 4) if info.field_name == "decades" else (2, 1024)
        if wrong := [number for number in given if not low <= number <= high]:
            raise ExplorerError(f"{info.field_name}: {wrong[0]}. Allowed: {low} to {high}.")
        return tuple(sorted(set(given)))

    @property
    def key(self) -> str:
        """12 hexadecimal digits that name this plan."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @property
    def shared(self) -> dict[str, Any]:
        """What the recipes of all cells have in common."""
        names = ("backbone", "weights", "dataset", "data_dir", "labels", "edits", "spoilt", "epochs", "input_size")
        return {name: getattr(self, name) for name in names}

    @property
    def cells(self) -> tuple[Planned, ...]:
        """All cells in the order in which they are carried out: seed by seed, the cheapest arm first, so that the first curve
        is there early. Raises ExplorerError where a recipe cannot be, or there are more than MOST_CELLS."""
        arms = self._arms()
        sizes = self.sizes if self.kind == "budget" else self.sizes[:1]
        if (count := len(arms) * len(sizes) * self.seeds) > MOST_CELLS:
            raise ExplorerError(
                f"An experiment has at most {MOST_CELLS} cells, and this one has {count}. Choose fewer sizes, arms or seeds."
            )
        made = {(arm, size): make(**self.shared | fields, per_class=size) for arm, fields in arms for size in sizes}
        return tuple(
            Planned(arm, size, seed, made[arm, size].model_copy(update={"seed": seed}))
            for seed in range(self.seeds)
            for arm, _ in arms
            for size in sizes
        )

    def _arms(self) -> list[compared.Arm]:
        """What is compared, as fields of recipes."""
        if self.kind in ("depth", "block"):
            stages = make(backbone=self.backbone, weights=self.weights).row.stage_names
            return compared.cuts(stages) if self.kind == "depth" else compared.blocks(stages, self.inputs)
        if self.kind == "start":
            return compared.starts(self.weights, backbone(self.backbone).normalisation == "batch")
        if self.kind == "rates":
            return compared.rates(self.strategies, self.decades, backbone(self.backbone))
        if self.kind == "batchnorm":
            return compared.modes(self.strategies[0], self.batches)
        return [(name, {"strategy": name}) for name in self.strategies]

    @property
    def text(self) -> str:
        """The plan as one word of an address or a command line; see `read`."""
        usual, words = plan(kind=self.kind, backbone=self.backbone), [self.kind]
        for name in type(self).model_fields:
            value = getattr(self, name)
            unusual = value != getattr(usual, name) or (
                name == "backbone" and value != type(self).model_fields[name].default
            )
            if name in _SAID_OF.get(self.kind, _SAID) or (name != "kind" and unusual):
                words.append(f"{name}={_write(value)}")
        return ";".join(words)


def _write(value: Any) -> str:
    if isinstance(value, tuple):
        return ".".join("all" if one is None else str(one) for one in value)
    return urllib.parse.quote(str(value), safe="")


def plan(**choices: Any) -> Plan:
    """A validated Plan, or an ExplorerError in plain words."""
    try:
        return Plan(**choices)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg'].lower()}" for row in error.errors())
        raise ExplorerError(
            f"There is no such experiment ({faults}). Kinds: {', '.join(KINDS)}; it has {', '.join(Plan.model_fields)}."
        ) from error


def read(text: str) -> Plan:
    """The plan that `Plan.text` wrote, or somebody typed. Raises ExplorerError for what is none."""
    if len(text) > 2000:
        raise ExplorerError(f"The plan is {len(text)} characters long; at most 2000 are read.")
    kind, *words = text.split(";")
    chosen: dict[str, Any] = {"kind": kind}
    for word in words:
        name, _, value = word.partition("=")
        chosen[name] = _read(name, urllib.parse.unquote(value))
    return plan(**chosen)


def _read(name: str, text: str) -> Any:
    if name in ("decades", "batches"):
        return tuple(part for part in text.split(".") if part)
    if name in ("strategies", "inputs"):
        return tuple(filter(None, text.split(".")))
    if name == "sizes":
        return tuple(None if part == "all" else part for part in text.split(".") if part)
    return text
