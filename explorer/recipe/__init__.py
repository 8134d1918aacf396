"""Recipe: the frozen, validated description of one fine-tune, the same through every door."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from explorer.catalogue import MOST_VIEWS, Backbone, Preprocessing, own
from explorer.catalogue.backbones import DEFAULT_BACKBONE, backbone, stage_of
from explorer.catalogue.strategies import strategy
from explorer.catalogue.weights import drawn, drawn_words
from explorer.edits import NAME as EDITS
from explorer.errors import ExplorerError, unknown
from explorer.recipe import defaults
from explorer.recipe.checking import check_batchnorm, check_data, check_reads, check_views, plain

DEVICES = ("auto", "cpu", "cuda", "mps")
LATER = {"labels": "folders", "edits": "", "reads": "", "spoilt": ""}
"""Fields that recipes did not always have, as they are where nothing was chosen."""


@dataclass(frozen=True)
class Phase:
    """Some epochs of a run in which the same stages learn (besides the head)."""

    learns: tuple[str, ...]
    epochs: int


class Recipe(BaseModel):
    """One fine-tune.

    `labels` says where the classes of a folder are read from (`LABELS`); sets that Thaw keeps know that themselves.
    `per_class` is the number of training images of each class (None: all there are); `stages` is read by the strategy
    `custom` alone. `head_rate`, `backbone_rate` and `rate_decay` (from one learning stage to the next towards the input)
    default to the strategy's; `unfreeze_every` counts the epochs before the next stages join (`gradual`, `lp_ft`).
    `views` is the number of versions of each training image that are cached where a front is frozen (the first is the
    image itself). `batchnorm` defaults to `frozen_everywhere` where pre-trained stages with BatchNorm learn, and to
    `frozen`, which is the same, where none does. `class_weights` makes rare classes count as much as common ones.
    `split_seed` draws what a data set does not divide itself (so that runs of different `seed` are scored on the same
    images); `seed` draws training images, the head's first weights and the order of batches; `input_size` in pixels
    defaults to the backbone's. `edits` names what a visitor changed of the set (explorer/edits.py; empty: nothing). `reads` is
    the stage that the head reads under the strategy `best_stage`, behind which the backbone is cut off (empty: chosen on
    validation images, in the run). `spoilt` (the stored name) says how all pictures are corrupted, for training and testing alike
    (`blur-4`, a kind of explorer/catalogue/shifts.py and its severity; empty: clean).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: str = DEFAULT_BACKBONE
    weights: str = "default"
    dataset: str = "photo_patches"
    data_dir: str | None = None
    labels: str = "folders"
    per_class: int | None = Field(defaults.PER_CLASS, ge=1, le=100_000)
    strategy: str = "linear_probe"
    stages: tuple[str, ...] = ()
    batchnorm: str = "frozen"
    head_rate: float = Field(0.0, gt=0, le=100, allow_inf_nan=False)
    backbone_rate: float = Field(0.0, ge=0, le=100, allow_inf_nan=False)
    rate_decay: float = Field(1.0, gt=0, le=1, allow_inf_nan=False)
    unfreeze_every: int | None = Field(None, ge=1, le=500)
    augmentation: str = "none"
    views: int = Field(1, ge=1, le=MOST_VIEWS)
    class_weights: bool = False
    epochs: int = Field(defaults.EPOCHS, ge=1, le=500)
    batch_size: int = Field(defaults.BATCH_SIZE, ge=2, le=1024)
    input_size: int | None = Field(None, ge=32, le=512)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    split_seed: int = Field(0, ge=0, le=2**31 - 1)
    device: str = "auto"
    edits: str = Field("", pattern=EDITS)
    reads: str = ""
    spoilt: str = ""

    @model_serializer(mode="wrap")
    def _dump(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the fields of LATER where they are as usual, so that a recipe from before keeps its fingerprint."""
        return {name: value for name, value in dump(self).items() if LATER.get(name, ...) != value}

    if TYPE_CHECKING:

        def __hash__(self) -> int: ...  # pydantic makes it, since the model is frozen

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, given: Any) -> Any:
        """Names are checked and defaults filled in, so that a stored recipe never depends on later defaults."""
        return defaults.fill(given) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _check(self) -> "Recipe":
        check_reads(self.reads, self.strategy, self.batchnorm, backbone(self.backbone))
        row = self.row
        for stage in self.stages:
            stage_of(row, stage)
        if self.tuned and not self.backbone_rate:
            stages = ", ".join(self.learns or self.row.stage_names)
            raise ExplorerError(
                f"backbone_rate: at a rate of 0 the stages {stages} would not be trained. Allowed: more than 0, at most 100. "
                f"Give a rate, or choose the strategy linear_probe."
            )
        if self.input_size not in (None, row.input_size) and not row.any_size:
            raise ExplorerError(
                f"{row.title} takes inputs of {row.input_size} pixels only, not {self.input_size}. Leave the size out."
            )
        if (self.input_size or row.input_size) < row.least:
            raise ExplorerError(
                f"{row.title} takes inputs of {row.least} pixels and more, not {self.input_size}. Choose a larger size."
            )
        check_batchnorm(self.batchnorm, row)
        if self.device not in DEVICES:
            raise unknown("device", self.device, DEVICES)
        check_views(self.augmentation, self.views)
        check_data(self.dataset, self.data_dir, self.labels)
        return self

    @property
    def row(self) -> Backbone:
        """The backbone's row of the catalogue, cut off behind the stage that the head reads."""
        return backbone(self.backbone).cut(self.reads)

    @property
    def preprocessing(self) -> Preprocessing:
        """How pictures become inputs."""
        return self.row.preprocessing(self.weights, self.input_size)

    @property
    def learns(self) -> tuple[str, ...]:
        """The stages that learn sooner or later, ordered from the input; the head always learns besides."""
        return tuple(s for s in self.row.stage_names if s in self.stages)

    @property
    def drawn(self) -> bool:
        """Whether the seed draws the backbone's weights, so that nothing of them was learned."""
        return drawn(self.weights)

    @property
    def start(self) -> tuple[str, str, int]:
        """What the network is before it learns: backbone, weights, and the seed where it draws them. Channels, features and
        weights of two runs can be compared one by one only where they agree in it."""
        weights = f"{self.weights}, cut off" + f" behind {self.reads}" * bool(self.reads) if self.cuts else self.weights
        return self.backbone, weights, self.seed if self.drawn else 0

    @property
    def cuts(self) -> bool:
        """Whether the head may read an earlier stage, behind which the backbone is cut off."""
        return strategy(self.strategy).reads

    @property
    def source(self) -> "Recipe":
        """The pictures on offer and nothing else: equal for recipes whose test images are the same. Corrupted ones are so at the
        size of the inputs."""
        said = {
            name: getattr(self, name) for name in ("dataset", "data_dir", "labels", "edits", "spoilt", "split_seed")
        }
        return make(per_class=None, **said, input_size=self.preprocessing.crop if self.spoilt else None)

    @property
    def tuned(self) -> bool:
        """Whether anything of the backbone learns: whole stages, or the scale and shift of normalisation layers."""
        return bool(self.learns) or self.batchnorm == "affine"

    @property
    def trainable(self) -> tuple[str, ...]:
        """The stages in which any weight learns, ordered from the input: those that learn, or all of them where the scale and
        shift of their normalisation does."""
        return self.row.stage_names if self.batchnorm == "affine" else self.learns

    @property
    def usual_batchnorm(self) -> str:
        """The BatchNorm mode that a recipe like this one has where none is asked for."""
        plan = strategy(self.strategy)
        return "affine" if plan.affine else defaults.batchnorm(self.model_dump() | {"batchnorm": None}, self.row, plan)

    @property
    def keeps_statistics(self) -> bool:
        """Whether BatchNorm's running statistics are kept, and normalised by, in stages that learn too."""
        return self.batchnorm in ("frozen_everywhere", "affine") and not self.drawn

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What is trained when: one phase, or as many as `gradual` and `lp_ft` need, first to last."""
        kind, every = strategy(self.strategy).unfreezes, self.unfreeze_every
        if kind == "at once" or every is None:
            return (Phase(self.learns, self.epochs),)
        count = 2 if kind == "after the head" else len(self.learns) + 1
        joined = [self.learns if kind == "after the head" else self.learns[-i:] for i in range(1, count)]
        ends = [*(every * (i + 1) for i in range(count - 1)), self.epochs]
        starts = [0, *ends[:-1]]
        return tuple(Phase(s, e - b) for s, b, e in zip([(), *joined], starts, ends, strict=True))

    @property
    def frozen_front(self) -> tuple[str, ...]:
        """The stages in which nothing ever learns and that come before all that does: their output is cached."""
        return self.front_of(self.learns)

    def front_of(self, learns: tuple[str, ...]) -> tuple[str, ...]:
        """The stages before the first of these; none where normalisation layers learn, or their statistics move, everywhere."""
        names = self.row.stage_names
        if self.batchnorm not in ("frozen", "frozen_everywhere"):
            return ()
        return names[: names.index(learns[0])] if learns else names

    @property
    def fingerprint(self) -> str:
        """12 hexadecimal digits that name this recipe."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()[:12]

    @property
    def title(self) -> str:
        """The short name that pages and figures use, e.g. `ResNet-18 · last_stage`."""
        weights = f" · {drawn_words(self.weights)}" if self.drawn and self.strategy != "from_scratch" else ""
        weights = f" · own weights {self.weights[len(own.PREFIX) :][:6]}" if own.is_own(self.weights) else weights
        return f"{self.row.title.removesuffix(' (built in)')} · {strategy(self.strategy).title}{weights}"


def make(**choices: Any) -> Recipe:
    """A validated Recipe, or an ExplorerError in plain words."""
    try:
        given: dict[str, Any] = {k: v for k, v in choices.items() if v is not None or k == "per_class"}
        return Recipe(**given)
    except ValidationError as error:
        raise ExplorerError(" ".join(plain(e, list(Recipe.model_fields)) for e in error.errors())) from error


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
