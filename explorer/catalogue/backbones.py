"""The backbones: one row each. The engine builds from the row; nothing about a backbone is written twice."""

from explorer.catalogue import named, stages
from explorer.catalogue.backbone import Backbone
from explorer.catalogue.stages import Stage
from explorer.catalogue.weights import Weights, imagenet_v1
from explorer.errors import ExplorerError, unknown

DEFAULT_BACKBONE = "resnet10"
"""The one that is chosen where nobody chose another: it ships with Thaw."""


def backbone(name: str) -> Backbone:
    """The row of that name, or an ExplorerError that lists all."""
    if name in BACKBONES:
        return BACKBONES[name]
    row = named.read(name)
    if row is None and named.is_name(name):
        raise ExplorerError(
            f"The backbone {name!r} has not been looked up on this machine yet. Find it under Another backbone on the Train "
            f"page, or with: python -m explorer backbones {name}"
        )
    if row is None:
        raise unknown("backbone", name, [*BACKBONES, "torchvision:NAME", "timm:NAME"])
    return row


def find(name: str) -> Backbone | None:
    """The row of that name; None where there is none."""
    return BACKBONES.get(name) or named.read(name)


def offered() -> dict[str, Backbone]:
    """All rows by name: the catalogue's, then those that were found by name on this machine."""
    return BACKBONES | named.known()


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
        DEFAULT_BACKBONE,
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
        widths=(64, 64, 128, 256, 512),
        rates=(("bn_only", 9e-3),),
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
        widths=(64, 64, 128, 256, 512),
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
        widths=(64, 64, 128, 256, 512),
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
        widths=(64, 256, 512, 1024, 2048),
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
        widths=(64, 128, 256, 512, 512),
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
        widths=(64, 128, 256, 512, 512),
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
        widths=(64, 128, 256, 512, 512),
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
        widths=(64, 128, 256, 384, 512),
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
        channels_last=False,
        widths=(16, 24, 32, 96, 1280),
        rates=(("full", 2e-4),),
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
        channels_last=False,
        widths=(16, 16, 24, 48, 576),
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
        channels_last=False,
        widths=(16, 24, 40, 112, 1280),
    ),
    Backbone(
        "convnext_tiny",
        "ConvNeXt-Tiny",
        "A convolutional network designed like a transformer; LayerNorm, no BatchNorm.",
        stages.CONVNEXT,
        (imagenet_v1("convnext_tiny-983f1562.pth", 236),),
        27_820_128,
        768,
        normalisation="layer",
        channels_last=False,
        head="classifier.2",
        after_pool=("classifier.0",),
        widths=(96, 96, 192, 384, 768),
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
        widths=(64, 128, 256, 512, 1024),
    ),
    Backbone(
        "vit_b_16",
        "ViT-B/16",
        "A vision transformer; LayerNorm, no BatchNorm, and only one convolution, at the input.",
        stages.VIT,
        (imagenet_v1("vit_b_16-c867db91.pth"),),
        85_798_656,
        768,
        normalisation="layer",
        any_size=False,
        head="heads",
        tokens=True,
        class_token=True,
        attention=True,
        widths=(768, 768, 768, 768, 768),
    ),
)

BACKBONES = {row.name: row for row in _ROWS}
