"""`ask`: every question of the worker from the command line, by its fields; answered in this process."""

import argparse
import dataclasses
import inspect
import json
import sys
import types
import typing
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from explorer import answers, installation, recipe, runs, uploads
from explorer.catalogue import STRATEGIES
from explorer.cli.parser import Parser, called, recipe_of, train_arguments
from explorer.errors import ExplorerError, unknown
from explorer.progress import ProgressCallback
from explorer.question import Among, Question, ask_for, every
from explorer.recipe import Recipe

MOST = 100_000  # numbers of one array that are printed; more are named by their shape
A = TypeVar("A")
FORMATS = (".json", ".npz")
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
    """Write an answer to a file of one of FORMATS: as `.json` or, with all arrays, as `.npz` (see explorer/answers.py)."""
    if out.suffix == ".npz":
        answers.save(found, out)
    else:
        written(out, json.dumps(plain(found), default=str).encode())


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
    parser = Parser(prog=f"{called()} ask {kind.name()}", description=inspect.cleandoc(kind.__doc__ or ""))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the answer to a .json or .npz file")
    for name, field in kind.model_fields.items():
        if field.annotation is Recipe:
            train_arguments(parser)
            continue
        given: dict[str, Any] = {"help": _meaning(name, field)}
        if field.annotation is bool:
            given |= {"action": argparse.BooleanOptionalAction}
        elif typing.get_origin(field.annotation) is dict:
            given |= {"type": json.loads, "help": "a JSON object: the lesson's word for a run → its id"}
        elif "tuple" in str(field.annotation):
            given |= {"nargs": "*"}
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, required=field.is_required(), **given)
    return parser


_MEANINGS = {
    "a": "run A, before: an id, a name or `latest`", "b": "run B, after: likewise", "run": "an id, a name or `latest`",
    "image": "the number of a test image from 0, or a file", "stage": "empty: the last one", "target": "a class of the run",
    "rather_than": "a class of the run; empty: none", "digest": "which state of the text is meant; empty: as it is now",
    "kind": "a class of the set; empty: all", "pixels": "a side of the input", "per_class": "training images of each class",
    "order": "places in the list that is shown, from 0", "language": "of the texts, such as `en`",
}  # fmt: skip


def _meaning(name: str, field: FieldInfo) -> str:
    """What a field of a question takes: its type, what it means, its bounds or the names that it may have."""
    found = [_kind(field.annotation), *filter(None, [_MEANINGS.get(name)]), *_bounds(field.metadata)]
    for inner in typing.get_args(field.annotation):  # of each, where there are several
        found += _bounds(getattr(inner, "__metadata__", ()))
    if not field.is_required():
        found.append(f"default {field.default!r}")
    return "; ".join(found).replace("%", "%%")


def _bounds(rules: Iterable[Any]) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, AfterValidator) and isinstance(rule.func, Among):
            yield f"one of {', '.join(one or '(empty)' for one in rule.func.names)}"
        elif isinstance(rule, FieldInfo):
            yield from _bounds(rule.metadata)
        elif (least := getattr(rule, "ge", None)) is not None:
            yield f"from {least}"
        elif (most := getattr(rule, "le", None)) is not None:
            yield f"to {most}"


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
    if annotation is type(None):
        return "None"
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(args[0])
    inner = ["..." if each is ... else _kind(each) for each in args]
    if origin in (typing.Union, types.UnionType):
        return " | ".join(inner)
    return f"{origin.__name__}[{', '.join(inner)}]" if origin else annotation.__name__
