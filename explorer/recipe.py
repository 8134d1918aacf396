"""Recipe: the frozen, validated description of one fine-tune, the same through every door."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from explorer.catalogue import BATCHNORM_MODES, Backbone, Preprocessing
from explorer.catalogue.backbones import backbone, stage_of
from explorer.catalogue.datasets import dataset
from explorer.catalogue.strategies import strategy
from explorer.errors import ExplorerError, unknown

DEVICES = ("auto", "cpu", "cuda", "mps")


class Recipe(BaseModel):
    """One fine-tune.

    `per_class` is the number of training images of each class (None: all there are); `stages` is read by the strategy
    `custom` alone; `head_rate` and `backbone_rate` default to the strategy's; `split_seed` draws what a data set does
    not divide itself (so that runs of different `seed` are scored on the same images); `seed` draws training images,
    the head's first weights and the order of batches; `input_size` in pixels defaults to the backbone's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: str = "resnet10"
    weights: str = "default"
    dataset: str = "photo_patches"
    data_dir: str | None = None
    per_class: int | None = Field(25, ge=1, le=100_000)
    strategy: str = "linear_probe"
    stages: tuple[str, ...] = ()
    batchnorm: str = "frozen"
    head_rate: float = Field(0.0, gt=0, le=100, allow_inf_nan=False)
    backbone_rate: float = Field(0.0, ge=0, le=100, allow_inf_nan=False)
    epochs: int = Field(10, ge=1, le=500)
    batch_size: int = Field(32, ge=2, le=1024)
    input_size: int | None = Field(None, ge=32, le=512)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    split_seed: int = Field(0, ge=0, le=2**31 - 1)
    device: str = "auto"

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, given: Any) -> Any:
        """Names are checked and defaults filled in, so that a stored recipe never depends on later defaults."""
        if not isinstance(given, dict):
            return given
        filled = dict(given)
        row = backbone(str(filled.get("backbone", "resnet10")))
        plan = strategy(str(filled.get("strategy", "linear_probe")))
        weights = row.resolve(filled.get("weights") or "default")
        filled["weights"] = weights if plan.pretrained else "random"
        for rate in ("head_rate", "backbone_rate"):
            if filled.get(rate) is None:
                filled[rate] = getattr(plan, rate)
        if plan.name != "custom":
            filled["stages"] = row.stage_names[plan.learns]
        return filled

    @model_validator(mode="after")
    def _check(self) -> "Recipe":
        row = self.row
        for stage in self.stages:
            stage_of(row, stage)
        dataset(self.dataset)
        if self.learns and not self.backbone_rate:
            raise ExplorerError(
                f"backbone_rate: at a rate of 0 the stages {', '.join(self.learns)} would not learn. Allowed: more than 0, at "
                f"most 100. Give a rate, or choose the strategy linear_probe."
            )
        if self.input_size not in (None, row.input_size) and not row.any_size:
            raise ExplorerError(
                f"{row.title} takes inputs of {row.input_size} pixels only, not {self.input_size}. Leave the size out."
            )
        if self.batchnorm not in BATCHNORM_MODES:
            raise unknown("BatchNorm mode", self.batchnorm, BATCHNORM_MODES)
        if self.device not in DEVICES:
            raise unknown("device", self.device, DEVICES)
        if self.dataset == "folder" and not self.data_dir:
            raise ExplorerError("The data set 'folder' needs a folder: give --data-dir, one sub-folder per class.")
        if self.dataset != "folder" and self.data_dir:
            raise ExplorerError(
                f"A folder was given ({self.data_dir}) but the data set is {self.dataset!r}. Use 'folder'."
            )
        return self

    @property
    def row(self) -> Backbone:
        """The backbone's row of the catalogue."""
        return backbone(self.backbone)

    @property
    def preprocessing(self) -> Preprocessing:
        """How pictures become inputs."""
        return self.row.preprocessing(self.weights, self.input_size)

    @property
    def learns(self) -> tuple[str, ...]:
        """The stages that learn, ordered from the input; the head always learns besides."""
        return tuple(s for s in self.row.stage_names if s in self.stages)

    @property
    def frozen_front(self) -> tuple[str, ...]:
        """The stages before the first that learns: they run once per image and their output is cached."""
        names = self.row.stage_names
        return names[: names.index(self.learns[0])] if self.learns else names

    @property
    def fingerprint(self) -> str:
        """12 hexadecimal digits that name this recipe."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()[:12]

    @property
    def title(self) -> str:
        """The short name that pages and figures use, e.g. `ResNet-18 · last_stage`."""
        weights = " · random weights" if self.weights == "random" and self.strategy != "from_scratch" else ""
        return f"{self.row.title.removesuffix(' (built in)')} · {strategy(self.strategy).title}{weights}"


def make(**choices: Any) -> Recipe:
    """A validated Recipe, or an ExplorerError in plain words."""
    try:
        return Recipe(**{k: v for k, v in choices.items() if v is not None or k == "per_class"})
    except ValidationError as error:
        raise ExplorerError(" ".join(_plain(e) for e in error.errors())) from error


def _plain(error: Any) -> str:
    """One pydantic error as a sentence: what is wrong, the value got, the values allowed."""
    name = ".".join(str(part) for part in error["loc"]) or "recipe"
    allowed = ", ".join(f"{k} {v}" for k, v in (error.get("ctx") or {}).items() if k in ("ge", "le", "gt", "lt"))
    words = {"ge": "at least", "le": "at most", "gt": "more than", "lt": "less than"}
    for short, long in words.items():
        allowed = allowed.replace(f"{short} ", f"{long} ")
    if error["type"] == "extra_forbidden":
        return f"A recipe has no {name!r}. It has: {', '.join(Recipe.model_fields)}."
    return f"{name}: {error['msg']} (got {error['input']!r}{'; allowed: ' + allowed if allowed else ''})."


def read(path: Path) -> Recipe:
    """The recipe in a JSON file."""
    return make(**json.loads(path.read_text(encoding="utf-8")))


def default_comparison() -> tuple[Recipe, Recipe, Recipe]:
    """The home page's three runs: random weights frozen, pre-trained frozen, pre-trained with the last stage tuned."""
    return (
        make(weights="random", strategy="linear_probe"),
        make(strategy="linear_probe"),
        make(strategy="last_stage"),
    )
