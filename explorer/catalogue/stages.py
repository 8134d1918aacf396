"""The stages of each family of backbones: named, ordered runs of torchvision's modules."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """A named, ordered part of a backbone: `parts` are paths of the model's modules, in order.

    Where that is not all that the model does there: `loose` names the parts that are parameters and no modules, `then` a class
    of torch.nn that the model applies at the end as a function, `view` ("module:class") a module made from the model that does
    what the model does in this stage. `ends` is the module whose output is the stage's, the last part unless told.

    Of a backbone that is cut by its own forward pass, `ends` is where the stage is cut (`explorer.models.tracing.place`); there
    the model may lay channels `last`. The cells of its grid lie `step` pixels apart, the first `first` pixels from the centre
    of the picture's corner pixel (0: found from the layers).
    """

    name: str
    parts: tuple[str, ...]
    loose: tuple[str, ...] = ()
    then: str = ""
    view: str = ""
    ends: str = ""
    last: bool = False
    first: float = 0.0
    step: int = 0


def _slices(*pairs: tuple[str, int, int]) -> tuple[Stage, ...]:
    """Stages that are runs of `features.first … features.last` (both included)."""
    return tuple(Stage(name, tuple(f"features.{i}" for i in range(a, b + 1))) for name, a, b in pairs)


def blocks(*ends: int) -> tuple[Stage, ...]:
    """VGG's conv blocks, each given by its last index (the pooling layer)."""
    starts = (0, *(e + 1 for e in ends[:-1]))
    return _slices(*((f"block{i}", a, b) for i, (a, b) in enumerate(zip(starts, ends, strict=True), 1)))


RESNET = (
    Stage("stem", ("conv1", "bn1", "relu", "maxpool")),
    *(Stage(f"layer{i}", (f"layer{i}",)) for i in range(1, 5)),
)
DENSENET = (
    Stage("stem", ("features.conv0", "features.norm0", "features.relu0", "features.pool0")),
    *(Stage(f"block{i}", (f"features.denseblock{i}", f"features.transition{i}")) for i in range(1, 4)),
    Stage("block4", ("features.denseblock4", "features.norm5"), then="ReLU"),
)
VIT = (
    Stage(
        "stem",
        ("conv_proj", "class_token", "encoder.pos_embedding"),
        loose=("class_token", "encoder.pos_embedding"),
        view="explorer.models.tokens:Tokens",
        ends="encoder.dropout",
    ),
    *(Stage(f"layers{i + 1}", tuple(f"encoder.layers.encoder_layer_{3 * i + j}" for j in range(3))) for i in range(3)),
    Stage("layers4", (*(f"encoder.layers.encoder_layer_{i}" for i in (9, 10, 11)), "encoder.ln")),
)
SQUEEZENET = _slices(("stem", 0, 2), ("fire2_3", 3, 5), ("fire4_5", 6, 8), ("fire6_7", 9, 10), ("fire8_9", 11, 12))
MOBILENET_V2 = _slices(("stem", 0, 1), ("stage1", 2, 3), ("stage2", 4, 6), ("stage3", 7, 13), ("stage4", 14, 18))
MOBILENET_V3 = _slices(("stem", 0, 0), ("stage1", 1, 1), ("stage2", 2, 3), ("stage3", 4, 8), ("stage4", 9, 12))
EFFICIENTNET = _slices(("stem", 0, 1), ("stage1", 2, 2), ("stage2", 3, 3), ("stage3", 4, 5), ("stage4", 6, 8))
CONVNEXT = (
    *_slices(("stem", 0, 0), ("stage1", 1, 1), ("stage2", 2, 3), ("stage3", 4, 5)),
    Stage("stage4", ("features.6", "features.7", "classifier.0")),
)
