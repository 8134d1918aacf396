"""A question to the worker, as a value: what is asked, where it waits, and of which type the answer is."""

import hashlib
import importlib
import json
import pkgutil
import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

import explorer
from explorer.catalogue import ATTRIBUTIONS, BASELINES, LABELS, PROJECTIONS
from explorer.errors import ExplorerError, unknown
from explorer.home import home, samples_folder

VERSION = 7  # part of every key: raise it when the meaning of an answer changes
Lane = Literal["look", "map", "train", "arrive"]
A = TypeVar("A")


class Among:
    """A validator: the text is one of `names`, else ExplorerError with all of them; `what` is what they are names of."""

    def __init__(self, what: str, names: Iterable[str]) -> None:
        self.what, self.names = what, tuple(names)

    def __call__(self, value: str) -> str:
        if value not in self.names:
            raise unknown(self.what, value, (name or "(none)" for name in self.names))
        return value


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise TypeError("a question does not change")


_REFUSE: Any = _refuse


class FrozenDict(dict[str, str]):
    """A dict that stays as it was made, as the question that holds it."""

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _REFUSE

    def __reduce__(self) -> Any:
        return FrozenDict, (dict(self),)


def among(what: str, names: Iterable[str]) -> AfterValidator:
    """What makes a text field one of these names."""
    return AfterValidator(Among(what, names))


Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Place = Annotated[int, Field(ge=0)]
"""A place in a row, from 0: of a test image, of a picture, of a line."""
Image = Place | str
"""The place of a test image, or the key of a visitor's own picture."""
Pixels = Annotated[int, Field(ge=32, le=2048)]
"""How long a side of the input is."""
Labels = Annotated[str, among("source of labels", LABELS)]
"""Where the classes of pictures are read from."""
Projection = Annotated[str, among("projection", PROJECTIONS)]
Attribution = Annotated[str, among("attribution method", ATTRIBUTIONS)]
Baseline = Annotated[str, among("baseline", BASELINES)]


class Question(BaseModel, Generic[A]):
    """A frozen, validated value. A subclass names its fields, the type of its answer, and who answers it.

    `handler` is `module:function`: a function of the fields that the worker alone imports. With `reports` it takes a
    `ProgressCallback` called `report` too, and with `slow` it waits where quick looks never wait for it; `large`
    answers weigh megabytes; with `network` off it needs the pictures of its recipe alone; after `longest` seconds it is ended,
    a `patient` one so long after it last reported progress. Equal questions have equal keys and share an answer. `revision` is
    raised where the meaning of this question's answer alone changes, and VERSION where that of many does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    handler: ClassVar[str] = ""
    reports: ClassVar[bool] = False
    slow: ClassVar[bool] = False
    patient: ClassVar[bool] = False
    large: ClassVar[bool] = False
    revision: ClassVar[int] = 0
    longest: ClassVar[float] = 300.0
    network: ClassVar[bool] = True

    @classmethod
    def name(cls) -> str:
        """Its name on the command line and in the cache, e.g. `feature_maps` for FeatureMapsQuestion."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__.removesuffix("Question")).lower()

    @property
    def lane(self) -> Lane:
        """Which of the worker's processes takes it: `map` (UMAP, and what takes seconds) or `look`; `train` and `arrive` have
        processes of their own."""
        return "map" if self.slow else "look"

    def arguments(self) -> dict[str, Any]:
        """What the handler is called with."""
        return {name: getattr(self, name) for name in type(self).model_fields}

    def stored(self) -> str:
        """The fields as JSON; see `restored`."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)

    @cached_property
    def key(self) -> str:
        """32 hexadecimal digits."""
        version = f"{VERSION}.{self.revision}" if self.revision else f"{VERSION}"
        return hashlib.sha256(f"{version}\n{self.name()}\n{self.stored()}".encode()).hexdigest()[:32]

    @property
    def path(self) -> Path:
        """Where its answer lies once it is there; answers about the sample runs may ship."""
        file = f"{self.name()}-{self.key}.npz"
        sample = samples_folder() / "answers" / file
        return sample if sample.is_file() else home() / "cache" / file

    def __hash__(self) -> int:
        return hash((self.name(), self.stored()))


@cache
def every() -> dict[str, type[Question[Any]]]:
    """All questions by name: what the modules called `question` define, a room each."""
    for name in _modules(explorer.__path__, "explorer."):
        if "question" in name.split(".")[2:]:
            importlib.import_module(name)
    found: list[type[Question[Any]]] = []
    waiting: list[type[Question[Any]]] = [Question]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.handler and kind.__name__.endswith("Question") and kind not in found:
            found.append(kind)
    return {kind.name(): kind for kind in sorted(found, key=lambda kind: kind.name())}


def _modules(paths: Iterable[str], prefix: str) -> Iterator[str]:
    """The names of all modules below, found without importing any: the packages between hold views and computations."""
    for module in pkgutil.iter_modules(paths, prefix):
        yield module.name
        if module.ispkg:
            last = module.name.removeprefix(prefix)
            yield from _modules([str(Path(path, last)) for path in paths], f"{module.name}.")


def ask_for(name: str, **fields: Any) -> Question[Any]:
    """A question by name. Raises ExplorerError for a name that there is not, and for fields that do not fit, naming each."""
    if name not in every():
        raise unknown("question", name, every())
    try:
        return every()[name](**fields)
    except ValidationError as error:
        kind = every()[name]
        faults = "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg'].lower()}" for row in error.errors())
        raise ExplorerError(
            f"The question {name} cannot be asked: {faults}. It takes {', '.join(kind.model_fields)}."
        ) from error


def restored(name: str, stored: str) -> Question[Any]:
    """The question that `stored` was made from. Raises ExplorerError as `ask_for` does."""
    return ask_for(name, **json.loads(stored))
