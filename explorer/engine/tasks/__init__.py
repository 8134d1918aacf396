"""What can be asked of the engine: one table, name → function of plain arguments → result."""

from collections.abc import Callable
from typing import Any

from explorer.engine.tasks.attribution import attribute
from explorer.engine.tasks.features import feature_maps
from explorer.engine.tasks.images import gallery, see
from explorer.engine.tasks.lent import network
from explorer.engine.tasks.planning import describe, find_rates
from explorer.engine.tasks.projection import project
from explorer.engine.tasks.similarity import compare
from explorer.engine.tasks.train import train

__all__ = [
    "TASKS",
    "attribute",
    "compare",
    "describe",
    "feature_maps",
    "find_rates",
    "gallery",
    "network",
    "project",
    "see",
    "train",
]

TASKS: dict[str, Callable[..., Any]] = {
    "describe": describe,
    "find_rates": find_rates,
    "gallery": gallery,
    "see": see,
    "feature_maps": feature_maps,
    "project": project,
    "attribute": attribute,
    "compare": compare,
}
