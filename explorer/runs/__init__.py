"""The folder of a run: create, append, read, list, delete. Nothing else writes in the runs folder.

A run holds run.json (schema version, recipe, versions, device, state, results), epochs.jsonl, learned.safetensors (only
the tensors that changed), features.safetensors (pooled test features per stage, `before/<stage>`, `after/<stage>`, and
`epoch/<i>` for the last stage), predictions.csv, groups.csv where test images come in groups, and audit.json; while it
learns, checkpoint.pt. What people call it lies beside, in the folder of names.
"""

from explorer.home import UNDO, empty_trash, runs_folder
from explorer.runs.cautions import cautions
from explorer.runs.contents import (
    audit,
    checkpoint,
    drop_checkpoint,
    predictions,
    resumable,
    store_audit,
    store_checkpoint,
    store_predictions,
    store_tensors,
    tensors,
)
from explorer.runs.finding import called
from explorer.runs.folders import (
    SCHEMA,
    append,
    carried_out,
    close,
    create,
    find,
    finished,
    folder,
    here,
    is_sample,
    listing,
    move,
    read,
    samples,
    start,
    truncate_epochs,
    update,
)
from explorer.runs.names import Naming
from explorer.runs.run import FinishedRun, Run
from explorer.runs.tested import Predictions
from explorer.runs.trash import delete, deleted, gone, restore

__all__ = [
    "FinishedRun",
    "Naming",
    "Predictions",
    "Run",
    "SCHEMA",
    "UNDO",
    "append",
    "audit",
    "called",
    "carried_out",
    "cautions",
    "checkpoint",
    "close",
    "create",
    "delete",
    "deleted",
    "drop_checkpoint",
    "empty_trash",
    "find",
    "finished",
    "is_sample",
    "folder",
    "gone",
    "here",
    "listing",
    "move",
    "predictions",
    "read",
    "restore",
    "samples",
    "resumable",
    "truncate_epochs",
    "runs_folder",
    "start",
    "store_audit",
    "store_checkpoint",
    "store_predictions",
    "store_tensors",
    "tensors",
    "update",
]
