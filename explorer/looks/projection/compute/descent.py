"""pynndescent, which umap-learn imports as it is imported, put off until something asks for neighbours that are not exact.

Importing it compiles for half a minute on a machine new to it. Thaw hands UMAP its neighbours, and AlignedUMAP finds them
exactly among fewer than 4,096 images.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_METRICS = {"euclidean": None}
"""Names of the metrics that pynndescent knows and Thaw uses: umap-learn asks no more than whether one is among them."""


class NNDescent:
    """In pynndescent's place: what is made of it is pynndescent's."""

    def __new__(cls, *arguments: Any, **named: Any) -> Any:
        from pynndescent import NNDescent as Real

        return Real(*arguments, **named)


@contextmanager
def put_off() -> Iterator[None]:
    """What is imported in this block takes NNDescent from here, unless pynndescent is loaded already."""
    if "pynndescent" in sys.modules:
        yield
        return
    stand_ins = {name: ModuleType(name) for name in ("pynndescent", "pynndescent.distances", "pynndescent.sparse")}
    whole, distances, sparse = stand_ins.values()
    whole.__dict__["NNDescent"] = NNDescent
    distances.__dict__["named_distances"] = sparse.__dict__["sparse_named_distances"] = _METRICS
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]
