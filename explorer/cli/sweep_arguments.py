"""The arguments of `sweep`."""

from pathlib import Path
from typing import Any

from explorer.catalogue.backbones import DEFAULT_BACKBONE
from explorer.experiments.compared import BATCHES, DECADES, INPUTS
from explorer.experiments.plan import BUDGET, KINDS, SIZES
from explorer.recipe.defaults import EPOCHS


def arguments(add: Any) -> None:
    """What `sweep` takes."""
    add("--kind", default="budget", help=f"one of: {', '.join(KINDS)}")
    add("--plan", help="a whole plan as one word, as the page's address has it; leave out the options below")
    sizes = " ".join(str(size) for size in SIZES)
    add("--sizes", nargs="*", default=None, help=f"training images per class, or `all` (default: {sizes})")
    add("--strategies", nargs="*", default=None, help=f"what is compared (default for a budget: {' '.join(BUDGET)})")
    add(
        "--inputs",
        nargs="*",
        default=None,
        help=f"for --kind block: clean, or how pictures are corrupted (default: {' '.join(INPUTS)})",
    )
    decades, batches = (" ".join(map(str, numbers)) for numbers in (DECADES, BATCHES))
    add(
        "--decades",
        type=int,
        nargs="*",
        help=f"for --kind rates: powers of ten of the backbone learning rate (default: {decades})",
    )
    add("--batches", type=int, nargs="*", help=f"for --kind batchnorm: batch sizes (default: {batches})")
    add("--seeds", type=int, default=3, help="how many seeds, from 0 on")
    add("--backbone", default=DEFAULT_BACKBONE)
    add("--weights", default="default")
    add("--dataset", default="photo_patches", help="as for `train`")
    add("--data-dir", help="for --dataset folder: one sub-folder per class")
    add("--labels", default="folders")
    add("--edits", default="")
    add("--corruption", "--spoilt", dest="spoilt", default="", help="as for `train`")
    add("--epochs", type=int, default=EPOCHS)
    add("--input-size", type=int)
    add("--out", type=Path, nargs="*", default=[], metavar="FILE", help="write all cells to .csv or .parquet files")
