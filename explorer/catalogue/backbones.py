"""The backbones: one row each. The engine builds from the row; nothing about a backbone is written twice."""

from dataclasses import dataclass
from pathlib import Path

from explorer.catalogue import stages
from explorer.catalogue.stages import Stage
from explorer.catalogue.weights import ASSETS, Preprocessing, Weights, checkpoints_folder, imagenet_v1
from explorer.errors import ExplorerError, unknown


@dataclass(frozen=True)
class Backbone:
    """One row.

    `parameters` counts the backbone without its task head; `features` is d, the width of the pooled output. `dropout` is the
    rate the original head had. `bfloat16` says whether bfloat16 channels-last beats float32 on a CPU that multiplies bfloat16
    in hardware, `any_size` whether inputs of another size than `input_size` are taken.

    `head` is the path at which the new head is put. `pool` is the path at which pooling is put, where the model's own head
    does without it; in one Sequential with the head, the two are all of it. `neck` names the parts of the last stage that the
    model runs after pooling.

    `code` is the lines of Python that bind `model`, where torchvision has no builder of the row's name; its weights are then
    safetensors files of all tensors but the head's. `tokens` says that the
    stages give tokens (n, 1 + s², d), the first of which the head reads, by attention; `plain_relu` that ReLUs are the
    only nonlinearity besides maxima. `shortcuts` are the names of modules that lead past others, into the same cells.
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
    any_size: bool = True
    pool: str = ""
    neck: tuple[str, ...] = ()
    code: str = ""
    tokens: bool = False
    plain_relu: bool = False
    shortcuts: tuple[str, ...] = ("downsample",)

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The stages' names, from the input to the head."""
        return tuple(stage.name for stage in self.stages)

    @property
    def in_one(self) -> str:
        """The path of the Sequential that pooling and head make up together; empty where they stand apart."""
        return self.head.rpartition(".")[0] if self.pool.rpartition(".")[0] == self.head.rpartition(".")[0] else ""

    def weights_path(self, weights: str) -> Path:
        """Where the file of these weights lies or would lie (torchvision's own place, or assets/ for the built-in)."""
        row = next((w for w in self.weights if w.name == weights), None)
        if row is None:
            raise unknown(f"weights for {self.name}", weights, [*(w.name for w in self.weights), "default", "random"])
        if row.name == "BUILT_IN":
            return ASSETS / "backbone" / row.file
        return checkpoints_folder() / row.file

    def offline(self) -> tuple[str, ...]:
        """The pre-trained weights whose file is on this machine, the best (last in the table) first."""
        return tuple(w.name for w in reversed(self.weights) if self.weights_path(w.name).is_file())

    def resolve(self, weights: str) -> str:
        """The full name behind `default`: the best that is on this machine, else the best there is, else `random`."""
        if weights == "default":
            return (*self.offline(), *(w.name for w in reversed(self.weights)), "random")[0]
        if weights != "random":
            self.weights_path(weights)
        return weights

    def preprocessing(self, weights: str, input_size: int | None = None) -> Preprocessing:
        """The weights' own transform; another `input_size` scales the resize too. Random weights use the first's, if any."""
        name = self.resolve(weights)
        row = next((w for w in self.weights if name in (w.name, "random")), None)
        crop = input_size or self.input_size
        return Preprocessing(resize=round(row.resize * crop / self.input_size) if row else crop, crop=crop)


def backbone(name: str) -> Backbone:
    """The row of that name, or an ExplorerError that lists all."""
    if name not in BACKBONES:
        raise unknown("backbone", name, BACKBONES)
    return BACKBONES[name]


def stage_of(row: Backbone, stage: str) -> Stage:
    """The stage of that name, or an ExplorerError that lists the backbone's stages."""
    if stage not in row.stage_names:
        raise unknown(f"stage of {row.name}", stage, row.stage_names)
    return row.stages[row.stage_names.index(stage)]


def missing_weights(row: Backbone, weights: str) -> ExplorerError:
    """The message for weights that are not here and cannot be downloaded: the file, where to put it, what is here."""
    path = row.weights_path(weights)
    here = [f"{r.name} ({w})" for r in BACKBONES.values() for w in r.offline()]
    return ExplorerError(
        f"The weights {weights} of {row.title} are not on this machine and could not be downloaded. "
        f"Put the file {path.name} into {path.parent}, or choose weights that are here: {', '.join(here) or 'none'}; "
        f"random weights always work."
    )


_ROWS = (
    Backbone(
        "resnet10",
        "ResNet-10 (built in)",
        "Ships with Thaw, so it works offline; distilled from ImageNet models on 1,809 pictures and 1,500 dreamed ones.",
        stages.RESNET,
        (Weights("BUILT_IN", "resnet10.safetensors", 96),),
        4_905_792,
        512,
        input_size=96,
        head="fc",
        plain_relu=True,
        code="from torchvision.models.resnet import BasicBlock, ResNet\nmodel = ResNet(BasicBlock, [1, 1, 1, 1])",
    ),
    Backbone(
        "resnet18",
        "ResNet-18",
        "The usual first choice: small, robust, well understood.",
        stages.RESNET,
        (imagenet_v1("resnet18-f37072fd.pth"),),
        11_176_512,
        512,
        head="fc",
        plain_relu=True,
    ),
    Backbone(
        "resnet34",
        "ResNet-34",
        "ResNet-18 with deeper stages.",
        stages.RESNET,
        (imagenet_v1("resnet34-b627a593.pth"),),
        21_284_672,
        512,
        head="fc",
        plain_relu=True,
    ),
    Backbone(
        "resnet50",
        "ResNet-50",
        "Bottleneck blocks; the reference of most papers.",
        stages.RESNET,
        (imagenet_v1("resnet50-0676ba61.pth"), Weights("IMAGENET1K_V2", "resnet50-11ad3fa6.pth", 232)),
        23_508_032,
        2048,
        head="fc",
        plain_relu=True,
    ),
    Backbone(
        "vgg11_bn",
        "VGG-11 with BatchNorm",
        "Plain conv blocks, the shortest VGG; its dense layers are left out.",
        stages.blocks(3, 7, 14, 21, 28),
        (imagenet_v1("vgg11_bn-6002323d.pth"),),
        9_225_984,
        512,
        dropout=0.5,
        pool="avgpool",
        plain_relu=True,
    ),
    Backbone(
        "vgg16",
        "VGG-16",
        "Thirteen plain convolutions, no normalisation; its dense layers are left out.",
        stages.blocks(4, 9, 16, 23, 30),
        (imagenet_v1("vgg16-397923af.pth"),),
        14_714_688,
        512,
        dropout=0.5,
        normalisation="none",
        pool="avgpool",
        plain_relu=True,
    ),
    Backbone(
        "vgg16_bn",
        "VGG-16 with BatchNorm",
        "VGG-16 with BatchNorm after every convolution; its dense layers are left out.",
        stages.blocks(6, 13, 23, 33, 43),
        (imagenet_v1("vgg16_bn-6c64b313.pth"),),
        14_723_136,
        512,
        dropout=0.5,
        pool="avgpool",
        plain_relu=True,
    ),
    Backbone(
        "squeezenet1_1",
        "SqueezeNet 1.1",
        "Tiny and fast, no normalisation layers at all.",
        stages.SQUEEZENET,
        (imagenet_v1("squeezenet1_1-b8a52dc0.pth"),),
        722_496,
        512,
        dropout=0.5,
        normalisation="none",
        pool="classifier.0",
        head="classifier.1",
        plain_relu=True,
    ),
    Backbone(
        "mobilenet_v2",
        "MobileNetV2",
        "Depthwise convolutions for phones; strong features for its size.",
        stages.MOBILENET_V2,
        (imagenet_v1("mobilenet_v2-b0353104.pth"), Weights("IMAGENET1K_V2", "mobilenet_v2-7ebf99e0.pth", 232)),
        2_223_872,
        1280,
        dropout=0.2,
        bfloat16=False,
    ),
    Backbone(
        "mobilenet_v3_small",
        "MobileNetV3-Small",
        "The lightest of the MobileNets here; squeeze-and-excitation inside its blocks.",
        stages.MOBILENET_V3,
        (imagenet_v1("mobilenet_v3_small-047dcff4.pth"),),
        927_008,
        576,
        dropout=0.2,
        bfloat16=False,
    ),
    Backbone(
        "efficientnet_b0",
        "EfficientNet-B0",
        "Depth, width and resolution scaled together.",
        stages.EFFICIENTNET,
        (imagenet_v1("efficientnet_b0_rwightman-7f5810bc.pth"),),
        4_007_548,
        1280,
        dropout=0.2,
        bfloat16=False,
    ),
    Backbone(
        "convnext_tiny",
        "ConvNeXt-Tiny",
        "A convolutional net with a transformer's habits; LayerNorm, no BatchNorm.",
        stages.CONVNEXT,
        (imagenet_v1("convnext_tiny-983f1562.pth", 236),),
        27_820_128,
        768,
        normalisation="layer",
        head="classifier.2",
        neck=("classifier.0",),
    ),
    Backbone(
        "densenet121",
        "DenseNet-121",
        "Each layer sees all earlier ones of its block.",
        stages.DENSENET,
        (imagenet_v1("densenet121-a639ec97.pth"),),
        6_953_856,
        1024,
        plain_relu=True,
    ),
    Backbone(
        "vit_b_16",
        "ViT-B/16",
        "A vision transformer; LayerNorm, no BatchNorm, no convolution but the first.",
        stages.VIT,
        (imagenet_v1("vit_b_16-c867db91.pth"),),
        85_798_656,
        768,
        normalisation="layer",
        any_size=False,
        head="heads",
        tokens=True,
    ),
)

BACKBONES = {row.name: row for row in _ROWS}
