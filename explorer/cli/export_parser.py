"""The arguments of the commands that take a run away."""

import argparse
from collections.abc import Callable
from pathlib import Path

from explorer.export.formats import FORMATS


def arguments(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The commands and what they take."""
    export = command("export", "Take a finished run away as a file.")
    export.add_argument("run", help="a run's id, or `latest`")
    export.add_argument("--to", required=True, help=f"one of: {', '.join(FORMATS)}")
    export.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="; ".join(f"{name}: {' or '.join(row.endings)}" for name, row in FORMATS.items()),
    )
    predict = command("predict", "Name the class of each picture in a folder.")
    predict.add_argument("run", help="a run's id, or `latest`")
    predict.add_argument("folder", help="a folder with pictures, in sub-folders or not")
    predict.add_argument(
        "--distances",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="say too which pictures are unlike the test images, for which the run's own pictures pass through it once",
    )
    predict.add_argument("--csv", type=Path, metavar="FILE", help="write the table to a .csv file too")
    brought = command("import", "Open a run that another Thaw exported as a zip.")
    brought.add_argument("file", type=Path, help="the ZIP that `export RUN --to zip` wrote")
