"""The strategies: which stages learn, and from which weights."""

from dataclasses import dataclass

from explorer.errors import unknown


@dataclass(frozen=True)
class Strategy:
    """One row. `learns` picks from the backbone's ordered stages (input first) those that learn, besides the head.

    Rates are AdamW's, the defaults of a recipe: starting points, not the best for every data set.
    """

    name: str
    title: str
    meaning: str
    prefer: str
    learns: slice
    head_rate: float
    backbone_rate: float
    pretrained: bool = True


_ALL, _NONE = slice(None), slice(0, 0)

_ROWS = (
    Strategy(
        "linear_probe",
        "Feature extraction (linear probe)",
        "Only the new head learns; every stage stays frozen.",
        "Few images, or images much like the source. Fast, and it cannot forget.",
        _NONE,
        5e-3,
        0.0,
    ),
    Strategy(
        "last_stage",
        "Last stage",
        "The head and the last stage learn.",
        "Some images, and a target somewhat unlike the source.",
        slice(-1, None),
        1e-3,
        3e-4,
    ),
    Strategy(
        "last_2_stages",
        "Last two stages",
        "The head and the last two stages learn.",
        "More images, or a target further from the source.",
        slice(-2, None),
        1e-3,
        3e-4,
    ),
    Strategy(
        "first_stage",
        "First stage (surgical)",
        "The head and the first stage learn (Lee et al. 2022, arXiv 2210.11466).",
        "The picture's look changed (noise, colour, blur), not what it shows.",
        slice(0, 1),
        3e-3,
        1e-4,
    ),
    Strategy(
        "full",
        "Full fine-tuning",
        "Everything learns, the backbone at a smaller rate than the head.",
        "Hundreds of images per class, or a target far from the source.",
        _ALL,
        1e-3,
        2e-4,
    ),
    Strategy(
        "from_scratch",
        "From scratch",
        "Everything learns, starting from random weights.",
        "The control: without it every claim reads 'pre-training works'.",
        _ALL,
        1e-3,
        1e-3,
        pretrained=False,
    ),
    Strategy(
        "custom",
        "Custom",
        "The head and the stages you tick learn.",
        "You want to see for yourself.",
        _NONE,
        1e-3,
        3e-4,
    ),
)

STRATEGIES = {row.name: row for row in _ROWS}

BATCHNORM_MODES = {
    "frozen": "Frozen stages keep their BatchNorm statistics (they run in eval mode). The right way.",
    "moving": "BatchNorm statistics move even under frozen weights, as after a bare model.train(). A common bug, offered so "
    "that the freeze audit can show it.",
}


def strategy(name: str) -> Strategy:
    """The row of that name, or an ExplorerError that lists all."""
    if name not in STRATEGIES:
        raise unknown("strategy", name, STRATEGIES)
    return STRATEGIES[name]
