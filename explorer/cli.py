"""The same tasks from the command line: `python -m explorer <command> …`, without a server.

With --json one JSON object goes to standard output and everything else to standard error. Exit 0; 2 for a visitor's
mistake; 1 for a failure of ours.
"""

import argparse
import contextlib
import json
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from explorer import installation, recipe, runs
from explorer.catalogue import BACKBONES, DATASETS, STRATEGIES
from explorer.errors import ExplorerError, Stopped
from explorer.results import Audit, Comparison
from explorer.runs import Run

Words = dict[str, Any]


class _Parser(argparse.ArgumentParser):
    """Argument errors become ExplorerErrors, so that --json prints them too."""

    def error(self, message: str) -> Any:
        raise ExplorerError(f"{message}. See: {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m explorer", description="See what fine-tuning changes, from the command line.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    json_flag = argparse.ArgumentParser(add_help=False)
    json_flag.add_argument("--json", action="store_true", help="print one JSON object")

    def command(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=words, description=words, parents=[json_flag])

    command("backbones", "List the backbones, their stages, and the weights that are here.")
    command("datasets", "List the data sets.")
    command("runs", "List the runs, the latest first.")
    audit = command("audit", "Show the freeze audit of a run: declared against actual, stage by stage.")
    audit.add_argument("run", help="a run's id, or `latest`")
    compare = command("compare", "Compare two runs on the same test images.")
    compare.add_argument("a", help="a run's id")
    compare.add_argument("b", help="another run's id")
    _train_arguments(command("train", "Carry out one recipe and store it as a run."))
    return parser


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--backbone", default="resnet10", help=f"one of: {', '.join(BACKBONES)}")
    add("--weights", default="default", help="an enum's member, `default` (best that is here) or `random`")
    add("--dataset", default="photo_patches", help=f"one of: {', '.join(DATASETS)}")
    add("--data-dir", help="for --dataset folder: one sub-folder per class, with or without train/ and val/ or test/")
    add("--strategy", default="linear_probe", help=f"one of: {', '.join(STRATEGIES)}")
    add("--stages", nargs="*", default=(), help="for --strategy custom: the stages that learn")
    add("--batchnorm", default="frozen", help="`frozen`, or `moving` to see the common bug")
    add("--per-class", default="25", help="training images of each class, or `all`")
    add("--epochs", type=int, default=10)
    add("--batch-size", type=int, default=32)
    add("--head-rate", type=float, help="AdamW's rate for the head (default: the strategy's)")
    add("--backbone-rate", type=float, help="AdamW's rate for the stages that learn (default: the strategy's)")
    add("--input-size", type=int, help="pixels (default: the backbone's)")
    add("--seed", type=int, default=0)
    add("--split-seed", type=int, default=0)
    add("--device", default="auto", help="auto, cpu, cuda or mps")


def _train(options: argparse.Namespace) -> Run:
    """Carry out the recipe here, in this process."""
    choices = {key: value for key, value in vars(options).items() if key in recipe.Recipe.model_fields}
    choices["per_class"] = _per_class(options.per_class)
    wanted = recipe.make(**choices)
    installation.check()
    from explorer.engine import tasks  # heavy: loaded only by the command that needs it

    run = runs.create(wanted)

    def report(fraction: float, message: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{fraction:4.0%}  {message:<40}", end="", file=sys.stderr, flush=True)

    try:
        return tasks.train(run, report)
    except KeyboardInterrupt:
        runs.update(run, state="stopped")
        raise
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)


def _per_class(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal():
        raise ExplorerError(f"--per-class takes a whole number or 'all', not {text!r}.")
    return int(text)


def _latest(run: str) -> str:
    found = runs.listing()
    return found[0].id if run == "latest" and found else run


def backbones(options: argparse.Namespace) -> Words:
    """The table of backbones."""
    return {
        "backbones": [
            {
                "name": row.name,
                "weights": [w.name for w in row.weights],
                "stages": list(row.stage_names),
                "head": row.head,
                "parameters": row.parameters,
                "input_size": row.input_size,
                "available_offline": bool(row.offline()),
                "weights_here": [*row.offline(), "random"],
            }
            for row in BACKBONES.values()
        ]
    }


def datasets(options: argparse.Namespace) -> Words:
    """The table of data sets."""
    names = ("name", "classes", "size", "available_offline", "note")
    return {"datasets": [{name: getattr(row, name) for name in names} for row in DATASETS.values()]}


def train(options: argparse.Namespace) -> Words:
    """Carry out one recipe."""
    return _train(options).json()


def list_runs(options: argparse.Namespace) -> Words:
    """All runs, the latest first."""
    return {"runs": [run.json() for run in runs.listing()]}


def audit(options: argparse.Namespace) -> Words:
    """The freeze audit of one run."""
    found: Audit = runs.audit(_latest(options.run))
    stages = [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in found.stages]
    return {"run": _latest(options.run), "clean": found.clean, "recomputed": found.recomputed, "stages": stages}


def compare(options: argparse.Namespace) -> Words:
    """Two runs on the same test images."""
    installation.check()
    from explorer.engine import tasks

    found: Comparison = tasks.compare(options.a, options.b)
    counts = ("n", "both_right", "fixed", "broken", "both_wrong", "p_value", "verdict")
    stages = [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in found.stages]
    return {name: getattr(found, name) for name in counts} | {"stages": stages}


COMMANDS: dict[str, Callable[[argparse.Namespace], Words]] = {
    "backbones": backbones,
    "datasets": datasets,
    "train": train,
    "runs": list_runs,
    "audit": audit,
    "compare": compare,
}


def _lines(value: Any, indent: str = "") -> list[str]:
    """A JSON value as indented lines for a reader; lists of flat rows become one line a row."""
    if isinstance(value, dict) and any(isinstance(v, (dict, list)) for v in value.values()):
        out = []
        for key, inner in value.items():
            nested = isinstance(inner, (dict, list)) and inner
            out += [f"{indent}{key}:", *_lines(inner, indent + "  ")] if nested else [f"{indent}{key}: {_text(inner)}"]
        return out
    if isinstance(value, dict):
        return [indent + "  ".join(f"{key}={_text(inner)}" for key, inner in value.items())]
    if isinstance(value, list):
        return [line for row in value for line in _lines(row, indent)]
    return [indent + _text(value)]


def _finite(value: Any) -> Any:
    """The same value with null for NaN and infinities, which JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in arguments
    try:
        options = _parser().parse_args(arguments)
        with contextlib.redirect_stdout(sys.stderr):  # torch announces its downloads on standard output
            found = COMMANDS[options.command](options)
    except ExplorerError as error:
        print(
            json.dumps({"error": str(error)}) if as_json else f"Error: {error}",
            file=sys.stdout if as_json else sys.stderr,
        )
        return 2
    except (KeyboardInterrupt, Stopped):
        print("Stopped.", file=sys.stderr)
        return 1
    print(json.dumps(_finite(found), allow_nan=False) if as_json else "\n".join(_lines(found)))
    return 0
