"""`ask`: every question of the worker from the command line, by its fields; answered in this process."""

import argparse
import dataclasses
import json
import sys
import typing
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from explorer import answers, installation, recipe, runs, uploads
from explorer.catalogue import STRATEGIES
from explorer.cli.parser import Parser, recipe_of, train_arguments
from explorer.errors import ExplorerError, unknown
from explorer.progress import ProgressCallback
from explorer.question import Question, ask_for, every
from explorer.recipe import Recipe

MOST = 100_000  # numbers of one array that are printed; more are named by their shape
A = TypeVar("A")
NOT_ASKED = ("train",)  # a command of its own, which makes the run's folder too


def listed() -> dict[str, Any]:
    """All questions with their fields and what they ask."""
    rows = [
        {"name": name, "fields": _fields(kind), "help": (kind.__doc__ or "").split("\n")[0]}
        for name, kind in every().items()
        if name not in NOT_ASKED
    ]
    return {"questions": rows}


def asked(name: str, fields: list[str]) -> tuple[Question[Any], Path | None]:
    """The question that words of the command line ask, and the file its answer is to go to.

    A run may be named or `latest`, an image a file. Raises ExplorerError for a question or a field that there is not.
    """
    if name not in every() or name in NOT_ASKED:
        raise unknown("question", name, [known for known in every() if known not in NOT_ASKED])
    kind = every()[name]
    options = _parser(kind).parse_args(fields)
    given = {key: value for key in kind.model_fields if (value := getattr(options, key, None)) is not None}
    if "recipe" in kind.model_fields:
        given["recipe"] = recipe.make(**recipe_of(options))
    for key in ("a", "b", "run"):
        if isinstance(given.get(key), str):
            given[key] = runs.called(given[key])
    if isinstance(given.get("image"), str):
        given["image"] = image_of(given["image"])
    return ask_for(name, **given), options.out


def answer(question: Question[Any]) -> Any:
    """Its answer, computed here, with the progress on standard error."""
    installation.check()
    from explorer.worker.handlers import answer  # heavy: loaded only by the commands that need it

    return answer(question, progress)


def kept_answer(question: Question[A], report: ProgressCallback) -> A:
    """The answer that is kept, also by the app; where there is none, computed here and kept."""
    with suppress(OSError, ExplorerError):  # not there, or damaged
        return answers.load(question.path)
    from explorer.worker import handlers  # what it answers by is heavy: loaded only where something is computed

    found = handlers.answer(question, report)
    answers.save(found, question.path)
    return found


def progress(share: float, words: str) -> None:
    """One line on standard error, where somebody reads it."""
    if sys.stderr.isatty():
        print(f"\r{share:4.0%}  {words:<60}", end="", file=sys.stderr, flush=True)


def plain(value: Any) -> Any:
    """An answer as JSON: fields by name, arrays as lists (by shape and dtype where they hold more than MOST numbers)."""
    if isinstance(value, np.ndarray):
        return value.tolist() if value.size <= MOST else {"shape": list(value.shape), "dtype": str(value.dtype)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def image_of(text: str) -> int | str:
    """The number of a test image, or the key of the picture in a file."""
    if text.isdecimal():
        return int(text)
    path = Path(text).expanduser()
    return uploads.keep(path.read_bytes()) if path.is_file() else text


def write(found: Any, out: Path) -> None:
    """Write an answer as `.json` or, with all arrays, as `.npz` (see explorer/answers.py)."""
    if out.suffix == ".npz":
        answers.save(found, out)
    elif out.suffix == ".json":
        written(out, json.dumps(plain(found), default=str).encode())
    else:
        raise ExplorerError(f"--out {out.name}: an answer is written as .json or .npz.")


def written(out: Path, content: bytes) -> None:
    """Write a file that the command line was asked for; ExplorerError where it cannot be."""
    try:
        out.write_bytes(content)
    except OSError as error:
        raise ExplorerError(
            f"{out} cannot be written: {error.strerror}. Name a file in a folder that exists."
        ) from error


def _parser(kind: type[Question[Any]]) -> argparse.ArgumentParser:
    """The fields of a question as options."""
    parser = Parser(prog=f"thaw ask {kind.name()}", description=(kind.__doc__ or "").split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the answer to a .json or .npz file")
    for name, field in kind.model_fields.items():
        if field.annotation is Recipe:
            train_arguments(parser)
            continue
        given: dict[str, Any] = {"help": _kind(field.annotation)}
        if field.annotation is bool:
            given |= {"action": argparse.BooleanOptionalAction}
        elif typing.get_origin(field.annotation) is dict:
            given |= {"type": json.loads, "help": "a JSON object"}
        elif "tuple" in str(field.annotation):
            given |= {"nargs": "*"}
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, required=field.is_required(), **given)
    return parser


def _fields(kind: type[Question[Any]]) -> dict[str, str]:
    """The fields of a question: name → type, and the default where there is one."""
    found = {}
    for name, field in kind.model_fields.items():
        found[name] = _kind(field.annotation) + ("" if field.is_required() else f" = {field.default!r}")
    return found


def _kind(annotation: Any) -> str:
    """A field's type for a reader."""
    if annotation is Recipe:
        return f"a recipe, by the options of `train` (--strategy {'|'.join(STRATEGIES)} …)"
    return str(annotation) if typing.get_args(annotation) else getattr(annotation, "__name__", str(annotation))
