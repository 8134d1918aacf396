"""What a question reads of its runs: every file of a run's folder once, however many parts of the answer need it."""

import itertools
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trained

from explorer import runs
from explorer.catalogue.backbones import backbone
from explorer.course.compute.truths import TRUTHS, TruthContext
from explorer.looks.pair import compute
from explorer.progress import silent
from explorer.question import ask_for, every
from explorer.runs import contents, kept_by_run
from explorer.worker.handlers import answer

FIELDS: dict[str, Any] = {
    "image": 0, "target": "lying", "stage": "layer1", "stages": ("layer4",), "method": "pca",
}  # fmt: skip
MAPS = {"method": "gradcam"}
CASES: dict[str, dict[str, Any]] = {
    **{f"export {to}": {"to": to} for to in ("script", "weights", "learned", "torch-export", "report", "notebook")},
    **dict.fromkeys(("attribute", "faithfulness", "faithfulness_many", "other_seeds", "randomise"), MAPS),
    "attribute_many": {**MAPS, "images": (0, 1)},
    "interpolate": {"images": ("test", "validation", "blur"), "settle": True},
}
ELSEWHERE = {"train": "writes the run", "check_truth": "below", "on_object": "asks for a set with masks"}
NAMES = [
    *(
        name
        for name, kind in every().items()
        if name not in {*ELSEWHERE, "export"} and {"run", "a"} & {*kind.model_fields}
    ),
    *(name for name in CASES if name.startswith("export ")),
]
CHECKS = {
    "accuracy": ("one", "two"), "train_accuracy": ("two",), "moved_most": ("two",), "rewound": ("two", "layer4"),
    "another_seed": ("one", "two"), "better": ("one", "two"), "features_moved": ("two",), "maps_differ": ("one", "two", "layer1"),
    "likeness": ("one", "two"), "any_class": ("two",), "images_needed": ("one", "5"),
}  # fmt: skip

_opened: list[str] | None = None


def _note(event: str, args: tuple[Any, ...]) -> None:
    if _opened is not None and event == "open" and isinstance(args[0], str | Path):
        _opened.append(str(args[0]))


sys.addaudithook(_note)  # for as long as the process lives; it notes only within `reads`


@contextmanager
def reads() -> Iterator[Counter[str]]:
    """How often each file of a run's folder is opened, as `run/file`."""
    global _opened
    found: Counter[str] = Counter()
    load = contents.load_file
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            contents, "load_file", lambda path: (_note("open", (path,)), load(path))[1]
        )  # opened in Rust, unheard
        _opened = []
        try:
            yield found
        finally:
            paths, _opened = [Path(path) for path in _opened], None
        found.update(f"{path.parent.name}/{path.name}" for path in paths if path.parent.parent == runs.runs_folder())


@pytest.fixture(scope="module")
def made(patterns: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """Thaw's folder with a probe and a run that tuned the last stage, on pictures of 32 pixels a side."""
    yield from trained.two(tmp_path_factory.mktemp("thaw"), "last_stage", epochs=1, **trained.of(patterns))


@pytest.fixture
def pair(made: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Copies of the two, of which nothing that is kept from question to question knows anything."""
    monkeypatch.setenv("THAW_HOME", str(made[0]))
    found = [f"{run}-{next(_NUMBERS)}" for run in made[1:]]
    for run, copy in zip(made[1:], found, strict=True):
        shutil.copytree(runs.runs_folder() / run, runs.runs_folder() / copy)
    return found[0], found[1]


_NUMBERS = itertools.count()


@pytest.mark.parametrize("name", NAMES)
def test_a_question_reads_each_file_of_its_runs_once(name: str, pair: tuple[str, str], patterns: Path) -> None:
    kind = every()[name.split()[0]]
    given = {"a": pair[0], "b": pair[1], "run": pair[1], "folder": str(patterns), **FIELDS, **CASES.get(name, {})}
    asked = ask_for(kind.name(), **{field: value for field, value in given.items() if field in kind.model_fields})
    with reads() as found:
        answer(asked, silent)
    assert found and max(found.values()) == 1, found


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_reads_each_file_of_its_runs_once(name: str, pair: tuple[str, str]) -> None:
    with reads() as found:
        TRUTHS[name](TruthContext(backbone("resnet10"), "BUILT_IN", {"one": pair[0], "two": pair[1]}), *CHECKS[name])
    assert found and max(found.values()) == 1, found


def test_what_is_kept_of_a_run_goes_by_its_id_and_keeps_nothing_that_was_read(pair: tuple[str, str]) -> None:
    seen: list[runs.RunOrId] = []
    kept = kept_by_run(2)(lambda run, n=0: (seen.append(run), n)[1])
    opened = compute.opened(pair[0])
    assert opened.predictions.ids and compute.opened(opened) is opened
    assert kept(opened) == kept(pair[0]) == 0 and seen == [opened] and kept(opened, 1) == 1 and len(seen) == 2
    seen.clear()
    assert sys.getrefcount(opened) == 2, "nothing but this test holds it"
    kept.cache_clear()
    assert kept(pair[0]) == 0 and seen == [pair[0]]
