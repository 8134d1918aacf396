"""The commands and their arguments."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from explorer import __version__
from explorer.catalogue import ATTRIBUTIONS, AUGMENTATIONS, BACKBONES, DATASETS, PROJECTIONS, STRATEGIES
from explorer.catalogue.backbones import DEFAULT_BACKBONE
from explorer.catalogue.shifts import SHIFTS
from explorer.cli import export_parser, sweep_arguments, unread
from explorer.errors import ExplorerError
from explorer.recipe import Recipe
from explorer.recipe.defaults import BATCH_SIZE, EPOCHS, PER_CLASS


class Parser(argparse.ArgumentParser):
    """Argument errors become ExplorerErrors, so that --json prints them too."""

    def error(self, message: str) -> NoReturn:
        raise ExplorerError(f"{message}. See: {self.prog} --help")


class ServeParser(Parser):
    """Takes what follows `serve` as it stands: a REMAINDER of argparse may not begin with an option."""

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride]  (its overloads share one body)
        self, args: Any = None, namespace: Any = None
    ) -> Any:
        if {"-h", "--help"} & {*args}:
            return super().parse_known_args(args, namespace)
        return argparse.Namespace(options=[word for word in args if word != "--json"]), []


def called() -> str:
    """How whoever asks for help began this command."""
    return "thaw" if Path(sys.argv[0]).stem == "thaw" else "python -m explorer"


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    parser = Parser(prog=called(), description="See what fine-tuning changes, from the command line.")
    parser.add_argument("--version", action="version", version=f"thaw {__version__}")
    kind: Any = _parser  # argparse calls it, and says that it must be a class
    commands = parser.add_subparsers(dest="command", required=True, parser_class=kind)
    json_flag = Parser(add_help=False)
    json_flag.add_argument("--json", action="store_true", help="print one JSON object")

    def command(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=words, description=words, parents=[json_flag])

    _backbone_arguments(command)
    bring = command("bring", "Keep the pictures of a ZIP or a folder as a data set of Thaw's own.")
    bring.add_argument(
        "path", type=Path, help="a ZIP, or a folder: one sub-folder per class, with or without splits above"
    )
    bring.add_argument("--name", default="", help="what to call the set (default: the name of the file or folder)")
    bring.add_argument("--labels", default="folders", help="where the classes are read from: folders, table, prefix")
    forget = command("forget", "Delete a data set or weights that were brought, and what is stored of them.")
    forget.add_argument("name", help="the name, as `datasets` or `backbones` lists it")
    command("runs", "List the runs, latest first.")
    audit = command("audit", "Show the freeze audit of a run: declared against actual, stage by stage.")
    audit.add_argument("run", help="a run's id or name, or `latest`")
    compare = command("compare", "Compare two runs on the same test images.")
    compare.add_argument("a", help="a run's id or name, or `latest`")
    compare.add_argument("b", help="another run's id or name")
    resumed = command("resume", "Resume a run that was interrupted or stopped, from its checkpoint.")
    resumed.add_argument("run", help="a run's id or name, or `latest`")
    train_arguments(command("train", "Train one recipe and store it as a run."))
    words = "Carry out an experiment: many recipes as one question; cells that are there are not computed again."
    sweep_arguments.arguments(command("sweep", words).add_argument)
    command("prepare", "Before a class: train the runs that the lesson shows, so that nobody waits for them.")
    look_arguments(command)
    export_parser.arguments(command)
    rehearsing(command)
    _serve_arguments(command)
    return parser


def _serve_arguments(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    command("serve", "Start the app, as `streamlit run` does in a checkout.").add_argument(
        "options",
        nargs=argparse.REMAINDER,
        help="--shared: a workspace for each visitor; and options of `streamlit run`, such as --server.port 8600",
    )


def rehearsing(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The commands for whoever holds a workshop."""
    rehearse = command(
        "rehearse",
        "Simulate a class on a server of its own on this machine, and say whether it will hold; exit code 3 if not.",
    )
    rehearse.add_argument("--participants", type=int, default=30, help="1 to 200 (default: 30)")
    rehearse.add_argument("--minutes", type=float, default=2.0, help="how long they act, at most 30 (default: 2)")
    card = command(
        "card", "Write a participant's card to print: the address as text and as a QR code, and the first steps."
    )
    card.add_argument("address", help="what participants open, such as http://192.168.1.5:8501")
    card.add_argument("--out", type=Path, required=True, metavar="FILE", help=".html, or - for standard output")
    card.add_argument("--title", default="", help="what stands on top (default: Thaw)")
    card.add_argument("--copies", type=int, default=4, help="cards on a sheet of A4: 1 to 8 (default: 4)")


def _parser(prog: str, **named: Any) -> Parser:
    return (ServeParser if prog.endswith(" serve") else Parser)(prog=prog, **named)


def _backbone_arguments(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The commands that list what there is to train: backbones, found by name too, and data sets."""
    command("datasets", "List the data sets.")
    found = command(
        "backbones", "List the backbones, their stages, and the weights on this machine; find others by name."
    )
    found.add_argument("name", nargs="?", help="torchvision:NAME or timm:NAME: its steps and stages; it is kept")
    found.add_argument("--search", metavar="WORD", help="name the networks of torchvision and timm that hold this word")
    found.add_argument(
        "--begins",
        nargs="*",
        type=int,
        default=(),
        metavar="STEP",
        help="with a name: the steps with which stages begin",
    )


def look_arguments(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The commands that look at runs."""
    ask = command(
        "ask", "Ask any question of the app about runs; `ask --list` names them, `ask QUESTION --help` its fields."
    )
    ask.add_argument("--list", action="store_true", help="all questions, with their fields")
    ask.add_argument("question", nargs="?", help="the question's name")
    ask.add_argument("fields", nargs=argparse.REMAINDER, help="--field value …, and --out FILE (.json, .npz)")
    project = command("project", "Lay the test images of two runs out on one shared map.")
    project.add_argument("a", help="a run's id or name, or `latest`")
    project.add_argument("b", help="another run's id or name")
    project.add_argument("--method", default="umap", help=f"one of: {', '.join(PROJECTIONS)}")
    project.add_argument("--seed", type=int, default=0)
    project.add_argument("--out", type=Path, required=True, metavar="FILE", help=".json, .html or .png")
    attribute = command("attribute", "Show where a run looks in one picture.")
    attribute.add_argument("run", help="a run's id or name, or `latest`")
    attribute.add_argument("--image", required=True, help="the number of a test image, or a picture file")
    attribute.add_argument(
        "--class", dest="target", help="the class to explain (default: the one that the run predicts)"
    )
    attribute.add_argument("--method", default="gradcam", help=f"one of: {', '.join(ATTRIBUTIONS)}")
    attribute.add_argument("--stage", default="", help="default: the last")
    attribute.add_argument("--out", type=Path, required=True, metavar="FILE", help=".npy (h, w) or .png")


def train_arguments(parser: argparse.ArgumentParser) -> None:
    """The recipe, field by field."""
    add = parser.add_argument
    add("--backbone", default=DEFAULT_BACKBONE, help=f"one of: {', '.join(BACKBONES)}; or torchvision:NAME, timm:NAME")
    add(
        "--weights",
        default="default",
        help="a member of torchvision's weights enum, `default` (the best on this machine), `random`, `matched` (drawn with "
        "the statistics of `default`) or `matched:MEMBER`, or a checkpoint file of your own (.safetensors, .pt, .pth)",
    )
    _data_arguments(parser)
    _strategy_arguments(parser)
    add("--per-class", default=str(PER_CLASS), help="training images of each class, or `all`")
    add("--epochs", type=int, default=EPOCHS)
    add("--batch-size", type=int, default=BATCH_SIZE)
    add("--head-rate", type=float, help="AdamW's learning rate for the head (default: the strategy's)")
    add("--backbone-rate", type=float, help="AdamW's learning rate for the trainable stages (default: the strategy's)")
    add("--rate-decay", type=float, help="layer-wise learning-rate decay towards the input, in (0, 1]")
    add("--unfreeze-every", type=int, help="for gradual, lp_ft: epochs between unfreezing steps (default: even)")
    add("--augmentation", default="none", help=f"one of: {', '.join(AUGMENTATIONS)}")
    add(
        "--views",
        type=int,
        help="augmented versions of each image, cached where first stages are frozen (2 to 8, default 4)",
    )
    add("--class-weights", action="store_true", help="class-weighted loss: rare classes count as much as common ones")
    add("--input-size", type=int, help="pixels (default: the backbone's)")
    add("--seed", type=int, default=0)
    add("--split-seed", type=int, default=0)
    add("--device", default="auto", help="auto, cpu, cuda or mps")
    add(
        "--edits",
        default="",
        help="the name of edits made on the page Data: pictures left out or moved (default: none)",
    )
    kinds = f"corrupt every picture, e.g. blur-4: one of {', '.join(SHIFTS)}, and a severity of 1 to 5"
    add("--corruption", "--spoilt", dest="spoilt", default="", help=kinds)


def _strategy_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--strategy", default="linear_probe", help=f"one of: {', '.join(STRATEGIES)}")
    add("--stages", nargs="*", default=(), help="for --strategy custom: the trainable stages")
    add(
        "--reads",
        default="",
        help="for --strategy best_stage: the stage the head reads (default: chosen on validation images)",
    )
    add(
        "--batchnorm",
        help="`frozen_everywhere` (statistics kept in trainable stages too; the default for pre-trained ones), `frozen` "
        "(in frozen stages only), `affine` (scale and shift are trained), or `moving` to see the common bug",
    )


def _data_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--dataset", default="photo_patches", help=f"one of: {', '.join(DATASETS)}, or a set that was brought")
    add("--data-dir", help="for --dataset folder: one sub-folder per class, with or without train/ and val/ or test/")
    add(
        "--labels",
        default="folders",
        help="for --dataset folder, where its classes are read from: folders, table, prefix",
    )


def recipe_of(options: argparse.Namespace) -> dict[str, Any]:
    """The choices that `train_arguments` took, as `recipe.make` takes them."""
    choices = {key: value for key, value in vars(options).items() if key in Recipe.model_fields}
    unread.refuse(choices)
    if choices["data_dir"]:  # so that the run can be resumed from any folder
        choices["data_dir"] = str(Path(choices["data_dir"]).expanduser().absolute())
    return choices | {"per_class": _per_class(options.per_class)}


def _per_class(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal():
        raise ExplorerError(f"--per-class takes a whole number or 'all', not {text!r}.")
    return int(text)
