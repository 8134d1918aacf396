"""The recipe of the Train page: what most people change, in view together with *Start*; the rest folded below it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer.app.asking import error_box
from explorer.app.display import by_theme
from explorer.app.labels import differences
from explorer.app.words import safe_md
from explorer.arriving.view.choosing import labels_of
from explorer.catalogue import Backbone, Strategy, shifts
from explorer.catalogue.shifts import SEVEREST, SHIFTS
from explorer.errors import ExplorerError
from explorer.recipe import Recipe
from explorer.training.view.advanced import advanced_form
from explorer.training.view.form_address import keep_form
from explorer.training.view.forms import (
    pick_backbone,
    pick_custom_stages,
    pick_dataset,
    pick_seed,
    pick_size,
    pick_strategy,
    pick_weights,
    starts_at,
)
from explorer.training.view.rates import offer_rates
from explorer.training.view.starting import recipe_or_error, start_and_follow
from explorer.training.view.timing import tell_time

# *Start* stays in view while the form is taller than the screen, as it is on a small laptop and on a phone.
_STYLE = """<style>
[data-testid=stLayoutWrapper]:has(> .st-key-train_foot) {{ position: sticky; bottom: 0; z-index: 20; background: {ground};
  padding-bottom: .5rem; }}
</style>"""


def recipe_form(edits_in_use: Callable[[str, str | None], str]) -> Recipe | ExplorerError:
    """Choose, and start; returns what is chosen, or what is wrong with it. *Start* stands above what is folded, though it
    starts that too. `edits_in_use` names what was changed of a data set and folder."""
    data, folder = pick_dataset()
    row = pick_backbone()
    plan = pick_strategy(row)
    custom = pick_custom_stages(row) if plan.name == "custom" else {}
    choices = {
        "backbone": row.name,
        "dataset": data.name,
        "data_dir": folder,
        "strategy": plan.name,
        "labels": labels_of(),
        "edits": edits_in_use(data.name, folder),
    }
    choices |= pick_size() | custom
    st.html(
        _STYLE.format(ground=by_theme(*(st.get_option(f"theme.{name}.backgroundColor") for name in ("light", "dark"))))
    )
    foot = st.container(key="train_foot")
    with st.expander("Advanced", icon=":material/tune:", key="train_advanced", on_change="rerun"):
        made = recipe_or_error(choices | _pick_rest(row, plan))
        if isinstance(made, Recipe):
            offer_rates(made, plan)
            keep_form(made)
    with foot:
        _unusual(made, choices)
        if isinstance(made, Recipe):
            tell_time(made)
        if st.button("Start", type="primary", icon=":material/play_arrow:", key="train_start", width="stretch"):
            start_and_follow(made)
        if "training_error" in st.session_state:
            error_box(st.session_state["training_error"])
    return made


def _pick_rest(row: Backbone, plan: Strategy) -> dict[str, Any]:
    """What few people change, as recipe fields."""
    weights = pick_weights(row)
    rest = advanced_form(plan, row, weights)
    return {"weights": weights, "seed": pick_seed(), "spoilt": _pick_corruption()} | rest


def _pick_corruption() -> str:
    """How all pictures are corrupted, if at all."""
    ways = [f"{kind}-{severity}" for kind in SHIFTS for severity in range(1, SEVEREST + 1)]
    offered = ["", *dict.fromkeys(map(shifts.plain, ways))]
    starts_at("train_corruption", "")
    return st.selectbox(
        "Pictures, for training and testing alike", offered, key="train_corruption", persist_state="session",
        format_func=lambda how: shifts.words(how).capitalize() or "Clean",
        help="Corrupts every picture in the same way: does another stage gain most then? See *Which block?* on Experiments.",
    )  # fmt: skip


def _unusual(made: Recipe | ExplorerError, choices: dict[str, Any]) -> None:
    """What *Advanced* holds that is not as usual: it applies though it may be folded."""
    usual = recipe_or_error(choices)
    if isinstance(made, Recipe) and isinstance(usual, Recipe) and (words := differences(made, usual)):
        st.caption(f":material/tune: Advanced: {safe_md(', '.join(words))}")
