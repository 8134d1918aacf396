"""Everything Streamlit that two pages share. Caches are decorated in `asking` alone."""

from explorer.app.ui.asking import all_runs, ask, error_box, finished, owner, predictions
from explorer.app.ui.drawing import draw, explain, show_code, stage_strip
from explorer.app.ui.forms import (
    advanced_form,
    cost_words,
    pick_backbone,
    pick_custom_stages,
    pick_dataset,
    pick_strategy,
    pick_weights,
)
from explorer.app.ui.images import pick_image, pick_target
from explorer.app.ui.live import follow, home_progress, home_runs, result_line, start
from explorer.app.ui.maps import ask_map, image_from_map
from explorer.app.ui.pairs import changed, most_gained, need_run, pick_stage, two_runs, warn_unrelated
from explorer.app.ui.tables import (
    RUNS_COLUMNS,
    audit_table,
    delete_runs,
    description_table,
    distinct_label,
    runs_table,
    undo_delete,
)
from explorer.app.ui.visitor import Choice, begin, choice, choose
from explorer.app.ui.words import audit_badge, command, count, run_label, safe_md, state_badge

__all__ = [
    "Choice",
    "RUNS_COLUMNS",
    "advanced_form",
    "all_runs",
    "ask",
    "ask_map",
    "audit_badge",
    "audit_table",
    "begin",
    "changed",
    "choice",
    "choose",
    "command",
    "cost_words",
    "count",
    "delete_runs",
    "description_table",
    "distinct_label",
    "draw",
    "error_box",
    "explain",
    "finished",
    "most_gained",
    "follow",
    "home_progress",
    "home_runs",
    "image_from_map",
    "need_run",
    "owner",
    "pick_backbone",
    "pick_custom_stages",
    "pick_dataset",
    "pick_image",
    "pick_stage",
    "pick_strategy",
    "pick_target",
    "pick_weights",
    "predictions",
    "result_line",
    "run_label",
    "runs_table",
    "safe_md",
    "show_code",
    "stage_strip",
    "start",
    "state_badge",
    "two_runs",
    "undo_delete",
    "warn_unrelated",
]
