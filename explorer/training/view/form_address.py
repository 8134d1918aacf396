"""The recipe of the Train page in its address: what is not as usual, field by field, under the names of the command line."""

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from explorer.app.visitor import choice
from explorer.app.words import safe_md
from explorer.catalogue import STRATEGIES, shifts
from explorer.errors import ExplorerError
from explorer.recipe import Recipe, make
from explorer.training.view.rates import rate_keys

LONGEST = 300  # characters of one value
MOST_EPOCHS = 100
"""What the form offers; recipes of the command line may have more."""

_READ: dict[str, Callable[[str], Any]] = {
    "data_dir": str,
    "weights": str,
    "strategy": str,
    "stages": lambda text: tuple(filter(None, text.split("."))),
    "per_class": lambda text: None if text == "all" else int(text),
    "epochs": int,
    "seed": int,
    "batchnorm": str,
    "head_rate": float,
    "backbone_rate": float,
    "rate_decay": float,
    "unfreeze_every": int,
    "augmentation": str,
    "views": int,
    "class_weights": lambda text: text == "1",
    "batch_size": int,
    "device": str,
    "spoilt": shifts.plain,
}
"""Field of the recipe → how its text is read; backbone and data set are the visitor's choice, which every page keeps."""
ADVANCED = {*_READ} - {"data_dir", "strategy", "stages", "per_class", "epochs"}


def to_text(recipe: Recipe) -> dict[str, str]:
    """What an address says of a recipe: the fields that are not as usual."""
    found = {field: _text(getattr(recipe, field)) for field in _READ if _unusual(recipe, field)}
    return {field: text for field, text in found.items() if len(text) <= LONGEST}


def _unusual(recipe: Recipe, field: str) -> bool:
    """Whether a field is other than in a new form, or than what other fields bring along."""
    if field == "stages":
        return recipe.strategy == "custom"
    if field == "weights":
        return STRATEGIES[recipe.strategy].pretrained and recipe.weights != recipe.row.resolve("default")
    given = ("backbone", "strategy", "stages", "weights", "epochs", "augmentation", "batchnorm")
    usual = make(**{name: getattr(recipe, name) for name in given if name != field})
    return getattr(recipe, field) != getattr(usual, field)


def _text(value: Any) -> str:
    if value is None:
        return "all"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, tuple):
        return ".".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def from_text(named: dict[str, str]) -> tuple[Recipe, list[str]]:
    """The recipe that an address asks for, on the visitor's backbone, and the fields of which it asks for what there is not."""
    chosen: dict[str, Any] = {"backbone": choice().backbone}
    wrong = []
    for field in [name for name in _READ if name in named]:
        text = named[field]
        try:
            if len(text) > LONGEST:
                raise ValueError(text)
            value = _READ[field](text)
            make(**_whole(chosen | {field: value}))
            if field == "epochs" and value > MOST_EPOCHS:
                raise ValueError(text)
            chosen[field] = value
        except (ValueError, ExplorerError):
            wrong.append(field)
    return make(**_whole(chosen)), wrong


def _whole(chosen: dict[str, Any]) -> dict[str, Any]:
    """With what other fields need, whatever the order in which they come."""
    more: dict[str, Any] = {"dataset": "folder"} if chosen.get("data_dir") else {}
    if chosen.get("strategy") == "custom" and not chosen.get("stages"):
        more["stages"] = make(backbone=chosen["backbone"]).row.stage_names[-1:]
    if chosen.get("augmentation", "none") != "none" and "views" not in chosen:
        more["views"] = 4
    if "views" in chosen and "augmentation" not in chosen:
        more["augmentation"] = "crop"
    return chosen | more


def fill_form(recipe: Recipe, fields: Iterable[str]) -> None:
    """Set the controls of these fields to what the recipe has; before they are drawn."""
    plan, name = STRATEGIES[recipe.strategy], recipe.backbone
    head, stage = rate_keys(plan, recipe.batchnorm, recipe.row)
    every = recipe.unfreeze_every if _unusual(recipe, "unfreeze_every") else 0
    values: dict[str, dict[str, Any]] = {
        "data_dir": {"train_folder": recipe.data_dir or ""},
        "weights": {f"weights_{name}": recipe.weights},
        "strategy": {"strategy": plan.name},
        "stages": {f"stages_{name}": list(recipe.stages)},
        "per_class": {"train_all": True} if recipe.per_class is None else {"train_per_class": recipe.per_class},
        "epochs": {"train_epochs": min(recipe.epochs, MOST_EPOCHS)},
        "seed": {"train_seed": recipe.seed},
        "batchnorm": {"train_batchnorm": recipe.batchnorm, "train_batchnorm_other": recipe.batchnorm},
        "head_rate": {head: recipe.head_rate},
        "backbone_rate": {stage: recipe.backbone_rate},
        "rate_decay": {f"decay_{plan.name}": recipe.rate_decay},
        "unfreeze_every": {f"unfreeze_{plan.name}": every or 0},
        "augmentation": {"train_augmentation": recipe.augmentation},
        "views": {"train_views": recipe.views},
        "class_weights": {"train_weighted": recipe.class_weights},
        "batch_size": {"train_batch": recipe.batch_size},
        "device": {"train_device": recipe.device},
        "spoilt": {"train_corruption": recipe.spoilt},
    }
    wanted = [*fields]
    for field in wanted:
        st.session_state.update(values[field])
    if ADVANCED & {*wanted}:
        st.session_state["train_advanced"] = True


def recall_form() -> None:
    """Fill the form with what a new address asks for, before its controls are drawn, and say what of it does not exist."""
    named = {field: st.query_params[field] for field in _READ if field in st.query_params}
    if not named or named == st.session_state.get("form_said"):
        return
    st.session_state["form_said"] = named
    recipe, wrong = from_text(named)
    fill_form(recipe, [field for field in named if field not in wrong])
    for field in wrong:
        why = f"the form takes 1 to {MOST_EPOCHS}" if field == "epochs" else "which does not exist here"
        words = f"The address asked for {field} = {named[field][:64]!r}, {why}. Showing the default."
        st.warning(safe_md(words), icon=":material/link_off:")


def keep_form(recipe: Recipe) -> None:
    """Say in the address what the form holds, so that it survives a reload and goes along with a link."""
    said = to_text(recipe)
    now = st.query_params.to_dict()
    address = {name: text for name, text in now.items() if name not in _READ} | said
    if address != now:
        st.query_params.from_dict(address)
    st.session_state["form_said"] = said
