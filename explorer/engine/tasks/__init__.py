"""What can be asked of the engine: one table, name → function of plain arguments → result."""

from collections.abc import Callable
from typing import Any

from explorer.engine.tasks.lent import network
from explorer.engine.tasks.looking import attribute, compare, describe, feature_maps, find_rates, gallery, project
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
    "train",
]

TASKS: dict[str, Callable[..., Any]] = {
    "describe": describe,
    "find_rates": find_rates,
    "gallery": gallery,
    "feature_maps": feature_maps,
    "project": project,
    "attribute": attribute,
    "compare": compare,
}
