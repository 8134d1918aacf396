"""What a row of the table of backbones says."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from explorer.bundle import ASSETS
from explorer.catalogue import own
from explorer.catalogue.stages import Stage
from explorer.catalogue.strategies import STRATEGIES, Strategy
from explorer.catalogue.weights import (
    MATCHED,
    MEAN,
    RANDOM,
    STD,
    Preprocessing,
    Weights,
    checkpoints_folder,
    matched,
    source,
)
from explorer.errors import unknown


@dataclass(frozen=True)
class Backbone:
    """One row.

    `parameters` counts the backbone without its task head; `features` is d, the width of the pooled output. `dropout` is the
    rate the original head had. `bfloat16` says whether bfloat16 channels-last beats float32 on a CPU that multiplies bfloat16
    in hardware, `any_size` whether inputs of another size than `input_size` are taken.

    `channels_last` says whether images and weights lie so on a GPU. Not where convolutions are depthwise: cuDNN builds kernels
    for those at run time, so that on an H200 (torch 2.11, bfloat16) the first step took 8.1 s with MobileNetV2, 13.4 s with
    EfficientNet-B0 and 7.5 s with ConvNeXt-Tiny, and 0.4, 0.6 and 2.8 s in plain order, at equal or better speed afterwards.

    `head` is the path at which the new head is put. `pool` is the path at which pooling is put, where the model's own head
    does without it; in one Sequential with the head, the two are all of it. `after_pool` names the parts of the last stage
    that the model runs after pooling.

    `widths` are the channels that the stages give, input first. `gone` names parts that were cut off behind the stage
    `until`: the model has Identity in their place (see `cut`).

    `code` is the lines of Python that bind `model`, where torchvision has no builder of the row's name; its weights are then
    safetensors files of all tensors but the head's. `tokens` says that the stages give tokens (n, p + s², d), p of which stand
    for no patch; `class_token` that the head reads the first of them alone, and `attention` that it gathers what it reads
    by modules of torch.nn whose attention can be seen. `plain_relu` says that ReLUs are the only nonlinearity besides
    maxima. `shortcuts` are the names of modules that lead past others, into the same cells. `mean` and `std` are those of
    the colours that the weights were trained on, `least` the smallest input.

    `rates` are pairs of a strategy's name and the backbone rate it starts from here, where its usual one, found on
    ResNet-10, was measured to be worse (benchmarks/README.md, rates).

    A row that is found by name (`explorer.catalogue.named`) says its `library`, the name of its `builder` there and
    the `arguments` it is called with; `opened`
    are the modules whose inside its stages are cut from, and `skipped` those that the new head takes the place of. `versioned`
    says that the network takes tensors only with a version beside them, which files by name do not have.
    """

    name: str
    title: str
    summary: str
    stages: tuple[Stage, ...]
    weights: tuple[Weights, ...]
    parameters: int
    features: int
    head: str = "classifier"
    input_size: int = 224
    dropout: float = 0.0
    normalisation: str = "batch"
    bfloat16: bool = True
    channels_last: bool = True
    any_size: bool = True
    pool: str = ""
    after_pool: tuple[str, ...] = ()
    code: str = ""
    tokens: bool = False
    class_token: bool = False
    attention: bool = False
    plain_relu: bool = False
    shortcuts: tuple[str, ...] = ("downsample",)
    mean: tuple[float, float, float] = MEAN
    std: tuple[float, float, float] = STD
    least: int = 32
    library: str = "torchvision"
    builder: str = ""
    arguments: str = ""
    versioned: bool = False
    opened: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    gone: tuple[str, ...] = ()
    until: str = ""
    rates: tuple[tuple[str, float], ...] = ()

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The stages' names, from the input to the head."""
        return tuple(stage.name for stage in self.stages)

    def rate(self, plan: Strategy, mode: str | None = None) -> float:
        """The backbone rate that a strategy starts from here, in a BatchNorm mode; 0 where none of the backbone learns."""
        whose = STRATEGIES["bn_only"] if mode == "affine" and not plan.backbone_rate else plan
        return dict(self.rates).get(whose.name, whose.backbone_rate)

    def cut(self, stage: str) -> "Backbone":
        """The row of a model whose head reads this stage: what comes after it is cut off, and later stages pass its output on.
        The last stage, or none, is the whole row."""
        at = self.stage_names.index(stage) if stage else len(self.stages) - 1
        if at == len(self.stages) - 1:
            return self
        gone = tuple(part for later in self.stages[at + 1 :] for part in later.parts)
        return replace(self, features=self.widths[at], gone=gone, until=stage)

    @property
    def remaining_stages(self) -> tuple[Stage, ...]:
        """The stages that are there: all, or those up to where the backbone is cut off."""
        return self.stages[: self.stage_names.index(self.until) + 1] if self.until else self.stages

    @property
    def traced(self) -> bool:
        """Whether the stages are cut from the model's own forward pass."""
        return bool(self.builder)

    @property
    def in_one(self) -> str:
        """The path of the Sequential that pooling and head make up together; empty where they stand apart."""
        return self.head.rpartition(".")[0] if self.pool.rpartition(".")[0] == self.head.rpartition(".")[0] else ""

    def weights_path(self, weights: str) -> Path:
        """Where the file of these weights, or of those that they match, lies or would lie (torchvision's own place, assets/ for
        the built-in, or among the visitor's own)."""
        if own.is_own(weights):
            return own.path(self.name, weights)
        row = next((w for w in self.weights if w.name == (source(weights) or weights)), None)
        if row is None:
            known = [w.name for w in self.weights]
            raise unknown(f"weights for {self.name}", weights, [*known, "default", RANDOM, *map(matched, known)])
        if row.name == "BUILT_IN":
            return ASSETS / "backbone" / row.file
        return checkpoints_folder() / row.file

    def offline(self) -> tuple[str, ...]:
        """The pre-trained weights whose file is on this machine, the best (last in the table) first."""
        return tuple(self._here())

    def _here(self) -> Iterator[str]:
        """Those, one after another: each is a question to the disk."""
        return (w.name for w in reversed(self.weights) if self.weights_path(w.name).is_file())

    def resolve(self, weights: str) -> str:
        """The full name behind `default`: the best that is on this machine, else the best there is, else `random`; behind
        `matched`: with the name of those that it matches. Raises ExplorerError for weights that the backbone does not have."""
        if weights in ("default", MATCHED):
            best = next(chain(self._here(), (w.name for w in reversed(self.weights)), [RANDOM]))
            return best if weights == "default" else self.resolve(matched(best))
        if weights != RANDOM:
            self.weights_path(weights)
        return weights

    def preprocessing(self, weights: str, input_size: int | None = None) -> Preprocessing:
        """The weights' own transform; another `input_size` scales the resize too. Random weights and a visitor's own use the
        first's, if any."""
        name = self.resolve(weights)
        row = next(
            (w for w in self.weights if w.name == (source(name) or name) or name == RANDOM or own.is_own(name)), None
        )
        crop = input_size or self.input_size
        resize = round(row.resize * crop / self.input_size) if row else crop
        return Preprocessing(resize, crop, self.mean, self.std, row.filter if row else "bilinear")
