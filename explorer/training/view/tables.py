"""Results as rows of plain words: a description, an audit."""

from explorer.app.words import count, safe_md
from explorer.catalogue import STRATEGIES, Backbone
from explorer.runs import Run
from explorer.runs.records import Audit, StageAudit
from explorer.runs.steps import kept_steps, steps
from explorer.training.question import Description

FROZEN, LEARNS = ":blue[:material/ac_unit: frozen]", ":orange[:material/local_fire_department: trainable]"


def description_table(found: Description, normalisation: str) -> dict[str, list[str]]:
    """Per stage: parameters, how many learn, whether BatchNorm statistics move, output shape.

    `normalisation` is the backbone's: `batch`, `layer` (which keeps no statistics) or `none`.
    """
    rows = found.stages
    moves = [_statistics(row.normalisation_layers, row.statistics_move) for row in rows]
    return {
        "Stage": [safe_md(row.stage) for row in rows],
        "Role": [LEARNS if row.learns else FROZEN for row in rows],
        "Parameters": [count(row.parameters) for row in rows],
        "Trainable": [count(row.learned) for row in rows],
        "Norm layers": [str(row.normalisation_layers) for row in rows],
        "Their statistics": moves if normalisation == "batch" else ["none"] * len(rows),
        "Output for one image": [" × ".join(map(str, row.output)) for row in rows],
    }


def _statistics(layers: int, move: bool) -> str:
    if not layers:
        return "none"
    return ":orange[move]" if move else "stay"


def strategies_table(row: Backbone) -> dict[str, list[str]]:
    """Every strategy that this backbone can take: what it means, and when to prefer it."""
    rows = [plan for plan in STRATEGIES.values() if row.normalisation != "none" or not plan.affine]
    return {
        "Strategy": [safe_md(plan.title) for plan in rows],
        "What it trains": [safe_md(plan.meaning) for plan in rows],
        "Prefer it for": [safe_md(plan.prefer) for plan in rows],
    }


def audit_table(audit: Audit) -> dict[str, list[str]]:
    """Per stage: declared, trainable parameters, largest change, BatchNorm drift, mode, in the optimizer, verdict.

    The mode is what its modules were seen in while learning (in audits of older runs, what was declared)."""
    rows = audit.stages
    return {
        "Stage": [safe_md(row.stage) for row in rows],
        "Declared": [FROZEN if row.declared == "frozen" else LEARNS for row in rows],
        "Trainable parameters": [count(row.learned) for row in rows],
        "Largest weight change": [_change(row.max_change, row.declared == "learns" and not row.leaked) for row in rows],
        "BatchNorm drift": [_drift(row) for row in rows],
        "Mode while training": [_mode(row) for row in rows],
        "In optimizer": ["yes" if row.in_optimizer else "no" for row in rows],
        "Verdict": [
            ":green[:material/check: as declared]" if row.clean else ":red[**:material/close: not as declared**]"
            for row in rows
        ],
    }


def kept_words(run: Run) -> str:
    """What a run keeps: `epoch 3 of 10, after 42 of its 140 steps`; empty where that is not known."""
    chosen, kept, every = run.facts.get("chosen_epoch"), kept_steps(run), steps(run)
    if not chosen or kept is None:
        return ""
    return f"epoch {chosen} of {len(run.epochs)}, after {kept:,} of its {every:,} steps"


def _change(value: float, fine: bool) -> str:
    words = "0.0" if value == 0 else f"{value:.3g}"
    return words if fine or value == 0 else f":red[**{words}**]"


def _drift(row: StageAudit) -> str:
    """How far the statistics moved; where they stayed and batches were counted all the same, how many."""
    fine = "moved" not in row.found
    if row.batchnorm_drift or not row.counted:
        return _change(row.batchnorm_drift, fine)
    return "0.0" if fine else f":red[**0.0**, counted {row.counted} more batches]"


def _mode(row: StageAudit) -> str:
    """`eval`, `train`, or `train, statistics kept`; in red with what was not as declared."""
    kept = row.mode == "train" and row.batchnorm_mode == "eval"
    words = safe_md(row.mode) + (", statistics kept" if kept else "")
    return f":red[**{words}** ({safe_md(row.misplaced)})]" if row.misplaced else words


_FOUND = {
    "moved": "{} {was} to stay and moved",
    "mode": "{} was in another mode than declared while training ({misplaced})",
    "gradient": "other weights of {} required gradients than declared",
    "optimizer": "the optimizer held other weights of {} than declared",
    "still": "{} {was} to be trained and did not move",
}


def audit_words(audit: Audit) -> str:
    """What an audit found that was not as declared, fault by fault, with the stages."""
    said = []
    for fault, words in _FOUND.items():
        rows = [row for row in audit.stages if fault in row.found]
        odd = {kind for row in rows for kind in row.misplaced.split(", ") if kind}
        if rows:
            names = ", ".join(f"**{safe_md(row.stage)}**" for row in rows)
            was = "were" if len(rows) > 1 else "was"
            said.append(words.format(names, was=was, misplaced=safe_md(", ".join(sorted(odd)) or "its modules")))
    if audit.recomputed:
        said.append(f"stored features differ from those of the network by up to {audit.recomputed:.1g}")
    return "; ".join(said)
