"""The folder of a run: create, append, read, list, delete. Nothing else writes in the runs folder.

A run holds run.json (schema version, recipe, versions, device, state, results), epochs.jsonl, learned.safetensors (only
the tensors that changed), features.safetensors (pooled test features per stage, `before/<stage>`, `after/<stage>`, and
`epoch/<i>` for the last stage), predictions.csv, groups.csv where test images come in groups, and audit.json; while it
learns, checkpoint.pt.
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
from explorer.runs.folders import (
    SCHEMA,
    append,
    close,
    create,
    delete,
    find,
    finished,
    folder,
    is_sample,
    listing,
    move,
    read,
    restore,
    rewind,
    samples,
    start,
    update,
)
from explorer.runs.run import FinishedRun, Run
from explorer.runs.tested import Predictions

__all__ = [
    "FinishedRun",
    "Predictions",
    "Run",
    "SCHEMA",
    "UNDO",
    "append",
    "audit",
    "cautions",
    "checkpoint",
    "close",
    "create",
    "delete",
    "drop_checkpoint",
    "empty_trash",
    "find",
    "finished",
    "is_sample",
    "folder",
    "listing",
    "move",
    "predictions",
    "read",
    "restore",
    "samples",
    "resumable",
    "rewind",
    "runs_folder",
    "start",
    "store_audit",
    "store_checkpoint",
    "store_predictions",
    "store_tensors",
    "tensors",
    "update",
]
