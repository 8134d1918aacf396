"""What can be asked of the worker: one table, name → function of plain arguments → result."""

from collections.abc import Callable
from typing import Any

from explorer.course.compute.check_handlers import check_truth, try_lines
from explorer.course.compute.handlers import base_filters, beside_start, curve_point, new_head, walk
from explorer.course.compute.snippet_handlers import run_snippet, run_step_snippet
from explorer.looks.attribution.compute.map_handlers import attribute, attribute_many
from explorer.looks.attribution.compute.seed_handlers import other_seeds
from explorer.looks.attribution.compute.trust_handlers import faithfulness, faithfulness_many, on_object, randomise
from explorer.looks.features.compute.handlers import excitement, feature_maps, feature_strip, filters, selectivity
from explorer.looks.images.compute import gallery, movement, see
from explorer.looks.projection.compute.handlers import (
    map_controls,
    project,
    project_aligned,
    project_epochs,
    project_noise,
    separation,
)
from explorer.looks.similarity.compute.distance_handlers import compare, stage_pairs
from explorer.looks.similarity.compute.interpolation_handlers import interpolate
from explorer.looks.similarity.compute.reading_handlers import drift, probe_stages
from explorer.looks.similarity.compute.rewind_handlers import rewind
from explorer.training.compute.planning import describe, find_rates, statistics_shift

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
