"""A choice of what to freeze, as plain lines of PyTorch."""

import re

from explorer.catalogue import Backbone
from explorer.recipe import Recipe

_KINDS = {"batch": "nn.modules.batchnorm._BatchNorm", "layer": "nn.LayerNorm"}
_WITHOUT_WEIGHTS = re.compile(r"(^|\.)(relu|maxpool|pool)\d*$")


def freezing_lines(recipe: Recipe) -> str:
    """Lines that freeze `model`, the backbone with its new head, as the recipe does, and make its optimizer.

    They bind `thaw` and `optimizer`. Where stages join later, the calls of `thaw` say in which epochs they hold; the optimizer
    has all that ever learns.
    """
    blocks = [["import torch", "from torch import nn"], _thaw(recipe), _calls(recipe), _optimizer(recipe)]
    return "\n\n".join("\n".join(block) for block in blocks)


def _thaw(recipe: Recipe) -> list[str]:
    """The function that freezes all but some parts."""
    kind, bug = _KINDS.get(recipe.row.normalisation, ""), recipe.batchnorm == "moving"
    lines = ["def thaw(*parts):", "    model.requires_grad_(False)"]
    if bug:
        lines.append("    model.train()  # the bug: BatchNorm's statistics move in frozen stages too")
    else:
        what = "BatchNorm's statistics stay" if recipe.row.normalisation == "batch" else "no dropout"
        lines.append(f"    model.eval()  # in frozen stages: {what}")
    lines += ["    for part in parts:", "        part.requires_grad_(True)"]
    if not bug:
        loose = any(stage.loose for stage in recipe.row.stages if stage.name in recipe.learns)
        lines += (
            ["        if isinstance(part, nn.Module):", "            part.train()"]
            if loose
            else ["        part.train()"]
        )
    if recipe.batchnorm == "affine":
        lines += ["    for module in model.modules():  # scale and shift are trained everywhere"]
        lines += [f"        if isinstance(module, {kind}):", "            module.requires_grad_(True)"]
    if recipe.keeps_statistics and recipe.row.normalisation == "batch" and recipe.learns:
        lines += ["    for module in model.modules():  # statistics stay in trainable stages too"]
        lines += [f"        if isinstance(module, {kind}):", "            module.eval()"]
    return lines


def _calls(recipe: Recipe) -> list[str]:
    """When what is thawed."""
    lines, first = [], 1
    for phase in recipe.phases:
        last = first + phase.epochs - 1
        parts = [_indexed(recipe.row.head), *(part for stage in phase.learns for part in parts_of(recipe.row, stage))]
        when = "at the start of every epoch" if len(recipe.phases) == 1 else f"at the start of epochs {first} to {last}"
        lines.append(f"thaw({', '.join(parts)})  # {when}")
        first = last + 1
    return lines


def _optimizer(recipe: Recipe) -> list[str]:
    """AdamW with a group for the head and for every stage that learns, the last first."""
    lines = ["optimizer = torch.optim.AdamW(", "    ["]
    lines.append(f'        {{"params": {_indexed(recipe.row.head)}.parameters(), "lr": {recipe.head_rate:g}}},')
    rate, affine = recipe.backbone_rate, recipe.batchnorm == "affine"
    for stage in reversed(recipe.row.stages):
        if stage.name not in recipe.learns and not affine:
            continue
        loose = {f"model.{name}" for name in stage.loose}
        parts = parts_of(recipe.row, stage.name)
        weights = ", ".join(part if part in loose else f"*{part}.parameters()" for part in parts)
        some = f"[{weights}]" if stage.name in recipe.learns else f"[p for p in [{weights}] if p.requires_grad]"
        lines.append(f'        {{"params": {some}, "lr": {rate:g}}},')
        rate *= recipe.rate_decay
    return [*lines, "    ],", "    weight_decay=0.01,", ")"]


def parts_of(row: Backbone, stage: str) -> list[str]:
    """The parts of a stage that have weights, as expressions: `model.layer4`, or `model.features[14:19]` for a run of them."""
    found: list[str] = []
    for part in next(s.parts for s in row.stages if s.name == stage):
        holder, _, place = part.rpartition(".")
        before = re.fullmatch(rf"model\.{re.escape(holder)}\[(\d+)(?::(\d+))?\]", found[-1]) if found else None
        if place.isdigit() and before and int(before[2] or int(before[1]) + 1) == int(place):
            found[-1] = f"model.{holder}[{before[1]}:{int(place) + 1}]"
        elif not _WITHOUT_WEIGHTS.search(part):
            found.append(_indexed(part))
    return found


def _indexed(path: str) -> str:
    """`features.0` as `model.features[0]`."""
    return "model." + re.sub(r"\.(\d+)", r"[\1]", path)
