"""Two runs that were really made, for the questions that a page asks of two."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer import runs
from explorer.recipe import make
from explorer.training.compute.handlers import train


def two(place: Path, second: str, **choices: Any) -> Iterator[tuple[Path, str, str]]:
    """Thaw's folder at `place`, where it is for as long, with a probe and a run of the strategy `second` in it."""
    usual: dict[str, Any] = {"backbone": "resnet10", "weights": "BUILT_IN", "input_size": 32, "device": "cpu"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THAW_HOME", str(place))
        found = [runs.create(make(strategy=name, **usual | choices)) for name in ("linear_probe", second)]
        for run in found:
            train(run)
        yield place, found[0], found[1]


def of(patterns: Path) -> dict[str, Any]:
    """The choices of a run on all pictures of a folder, in small batches."""
    return {"dataset": "folder", "data_dir": str(patterns), "per_class": None, "batch_size": 8}
