"""What can be asked of the engine: one table, name → function of plain arguments → result."""

from collections.abc import Callable
from typing import Any

from explorer.engine.tasks.attribution import (
    attribute,
    attribute_many,
    faithfulness,
    faithfulness_many,
    on_object,
    other_seeds,
    randomise,
)
from explorer.engine.tasks.checks import check_truth, try_lines
from explorer.engine.tasks.features import excitement, feature_maps, feature_strip, filters, selectivity
from explorer.engine.tasks.images import gallery, movement, see
from explorer.engine.tasks.lent import network
from explorer.engine.tasks.lessons import base_filters, beside_start, curve_point, new_head, walk
from explorer.engine.tasks.planning import describe, find_rates, statistics_shift
from explorer.engine.tasks.projection import (
    map_controls,
    project,
    project_aligned,
    project_epochs,
    project_noise,
    separation,
)
from explorer.engine.tasks.similarity import compare, drift, interpolate, probe_stages, rewind, stage_pairs
from explorer.engine.tasks.snippets import run_snippet, run_step_snippet
from explorer.engine.tasks.train import train

__all__ = [
    "TASKS",
    "attribute",
    "attribute_many",
    "base_filters",
    "beside_start",
    "check_truth",
    "compare",
    "curve_point",
    "describe",
    "drift",
    "faithfulness",
    "faithfulness_many",
    "excitement",
    "feature_maps",
    "feature_strip",
    "filters",
    "selectivity",
    "find_rates",
    "gallery",
    "interpolate",
    "movement",
    "network",
    "new_head",
    "on_object",
    "other_seeds",
    "probe_stages",
    "map_controls",
    "project",
    "project_aligned",
    "project_epochs",
    "project_noise",
    "randomise",
    "rewind",
    "run_snippet",
    "run_step_snippet",
    "see",
    "separation",
    "stage_pairs",
    "statistics_shift",
    "train",
    "try_lines",
    "walk",
]

TASKS: dict[str, Callable[..., Any]] = {
    "describe": describe,
    "find_rates": find_rates,
    "statistics_shift": statistics_shift,
    "gallery": gallery,
    "see": see,
    "movement": movement,
    "feature_maps": feature_maps,
    "feature_strip": feature_strip,
    "selectivity": selectivity,
    "excitement": excitement,
    "filters": filters,
    "map_controls": map_controls,
    "project": project,
    "project_aligned": project_aligned,
    "project_epochs": project_epochs,
    "project_noise": project_noise,
    "separation": separation,
    "attribute": attribute,
    "attribute_long": attribute,  # the same for methods of many passes, where quick looks need not wait for it
    "attribute_many": attribute_many,
    "faithfulness": faithfulness,
    "faithfulness_many": faithfulness_many,
    "on_object": on_object,
    "other_seeds": other_seeds,
    "randomise": randomise,
    "compare": compare,
    "stage_pairs": stage_pairs,
    "probe_stages": probe_stages,
    "drift": drift,
    "rewind": rewind,
    "interpolate": interpolate,
    "run_snippet": run_snippet,
    "run_step_snippet": run_step_snippet,
    "base_filters": base_filters,
    "walk": walk,
    "new_head": new_head,
    "beside_start": beside_start,
    "curve_point": curve_point,
    "check_truth": check_truth,
    "try_lines": try_lines,
}
