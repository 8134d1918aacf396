"""The strategies: which stages learn, when, and from which weights; BatchNorm's modes; augmentations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from explorer.errors import unknown


@dataclass(frozen=True)
class Strategy:
    """One row. `learns` picks from the backbone's ordered stages (input first) those that learn, besides the head.

    `unfreezes` says when: `at once`, all together after the head alone (`after the head`), or `one by one` from the head down.
    `reads` says that the head may read an earlier stage, behind which the backbone is cut off. `affine` says that
    BatchNorm's scale and shift learn in stages that are frozen otherwise. Rates are AdamW's, the defaults of a recipe
    unless the backbone has its own, from the coarse grid in benchmarks/rates.py on ResNet-10 (benchmarks/README.md says
    what it did not settle); `rate_decay` multiplies the rate from one learning stage to the next towards the input.
    """

    name: str
    title: str
    meaning: str
    prefer: str
    learns: slice
    head_rate: float
    backbone_rate: float
    pretrained: bool = True
    unfreezes: str = "at once"
    affine: bool = False
    rate_decay: float = 1.0
    batchnorm: str = "frozen_everywhere"
    reads: bool = False


_ALL, _NONE = slice(None), slice(0, 0)

_ROWS = (
    Strategy(
        "linear_probe",
        "Feature extraction (linear probe)",
        "Only the new head is trained; every stage stays frozen.",
        "Few images, like the source or not, and as the baseline that tuning has to beat. It is fast, and it cannot forget.",
        _NONE,
        5e-3,
        0.0,
    ),
    Strategy(
        "best_stage",
        "Probe at the best stage",
        "Only the new head is trained, and it reads the stage that serves it best on validation images; what comes after that "
        "stage is cut off.",
        "Images unlike the source, for which late stages are too much about the source's classes. The network becomes smaller "
        "and faster. Race it against the probe at the end, which it may fall back to.",
        _NONE,
        5e-3,
        0.0,
        reads=True,
    ),
    Strategy(
        "last_stage",
        "Last stage",
        "The head and the last stage are trained.",
        "Dozens of images per class. It is the smallest step from the linear probe, so race it against the probe first.",
        slice(-1, None),
        1e-3,
        3e-4,
    ),
    Strategy(
        "last_2_stages",
        "Last two stages",
        "The head and the last two stages are trained.",
        "More images per class, and images further from the source.",
        slice(-2, None),
        1e-3,
        3e-4,
    ),
    Strategy(
        "first_stage",
        "First stage (surgical)",
        "The head and the first stage are trained (after Lee et al. 2022, arXiv 2210.11466).",
        "Images that differ from the source only in their look (noise, blur). In the paper the network knew the "
        "classes already; whether it helps under a new head is open.",
        slice(0, 1),
        3e-3,
        1e-4,
    ),
    Strategy(
        "full",
        "Full fine-tuning",
        "Everything is trained, the backbone at a smaller rate than the head.",
        "Hundreds of images per class, above all when they are unlike the source.",
        _ALL,
        1e-3,
        6e-4,
    ),
    Strategy(
        "gradual",
        "Gradual unfreezing",
        "The head is trained first; then stages are unfrozen one by one, the last first (Howard & Ruder 2018, arXiv 1801.06146).",
        "Fine-tuning that changes early features as late and as little as possible.",
        _ALL,
        3e-3,
        3e-4,
        unfreezes="one by one",
        rate_decay=0.4,
    ),
    Strategy(
        "lp_ft",
        "Probe, then fine-tune (LP-FT)",
        "The head is trained alone for half the epochs, then everything at a small rate (Kumar et al. 2022, arXiv 2202.10054).",
        "Full fine-tuning without the large gradients of an untrained head. In the paper it gained most on test images unlike "
        "the training images; on three sets here that is not shown (What we found).",
        _ALL,
        5e-3,
        1e-4,
        unfreezes="after the head",
    ),
    Strategy(
        "bn_only",
        "BatchNorm only",
        "The head and the normalisation layers' scale and shift are trained; every other weight stays (Mudrakarta et al. 2019, "
        "arXiv 1810.10703).",
        "Few weights to store for each task, and more freedom than a probe. In ViT and ConvNeXt it trains LayerNorm.",
        _NONE,
        3e-3,
        3e-3,
        affine=True,
    ),
    Strategy(
        "from_scratch",
        "From scratch",
        "Everything is trained, starting from random weights.",
        "The control: only a comparison with it shows what pre-training contributes.",
        _ALL,
        1e-3,
        1e-3,
        pretrained=False,
    ),
    Strategy(
        "custom",
        "Custom",
        "The head and the stages you tick are trained.",
        "Experiments of your own.",
        _NONE,
        1e-3,
        3e-4,
    ),
)

STRATEGIES = {row.name: row for row in _ROWS}

RULE = "Freeze while your images are few; tune when they are many, above all when they are unlike the source."
"""When to freeze and when to tune: every text that speaks of it says this. How unlike the source images are says how much
tuning could win, how many there are whether it will. What bears it out stands in assets/backbone/CARD.md, ten epochs a run."""

BATCHNORM_MODES = {
    "frozen_everywhere": "Every BatchNorm layer keeps its pre-trained running statistics, in trainable stages too: it runs "
    "in eval mode while its scale and shift are trained.",
    "frozen": "Frozen stages keep their BatchNorm statistics. Trainable stages run in train mode: from the first "
    "step, before any weight moves, they normalise by the batch instead of by the pre-trained statistics.",
    "moving": "BatchNorm statistics move even where weights are frozen, as after a plain model.train(). It is a "
    "common bug, offered so that the freeze audit can show it.",
    "affine": "In frozen stages the scale and shift of normalisation layers are trained; the statistics and all other weights "
    "stay. Nothing can be cached: each epoch runs the whole network.",
}

BATCHNORM_TITLES = {
    "frozen_everywhere": "Statistics frozen everywhere",
    "frozen": "Frozen in frozen stages only",
    "moving": "Moving everywhere: the bug",
    "affine": "Affine: scale and shift are trained",
}

LAYERNORM_TITLES = {"frozen": "Frozen", "affine": BATCHNORM_TITLES["affine"]}

LAYERNORM_MODES = {
    "frozen": "Frozen stages keep the scale and shift of their LayerNorm. LayerNorm computes mean and variance from "
    "each image, so there are no running statistics that could move.",
    "affine": "In frozen stages the scale and shift of LayerNorm are trained; all other weights stay. Nothing can be "
    "cached: each epoch runs the whole network.",
}

AUGMENTATIONS = {
    "none": "The training images as they are.",
    "flip": "Flipped left to right with probability ½.",
    "crop": "A random crop of at least half of the image, resized, and flipped left to right with probability ½.",
    "colour": "Random crop and flip, with brightness, contrast, saturation and hue changed a little.",
}
MOST_VIEWS = 8


def named(stages: Sequence[str], learns: Collection[str], pretrained: bool = True, affine: bool = False) -> str:
    """The strategy in which exactly these of a backbone's `stages` (input first) learn from the first step on, besides the head;
    `custom` where none is such. `affine`: normalisation layers learn besides."""
    chosen = tuple(stage for stage in stages if stage in learns)
    whole = len(chosen) == len(stages)
    for row in _ROWS:
        if row.name == "custom" or row.unfreezes != "at once" or row.affine != (affine and not chosen):
            continue
        if tuple(stages[row.learns]) == chosen and (row.pretrained == pretrained or not whole):
            return row.name
    return "custom"


def strategy(name: str) -> Strategy:
    """The row of that name, or an ExplorerError that lists all."""
    if name not in STRATEGIES:
        raise unknown("strategy", name, STRATEGIES)
    return STRATEGIES[name]
