"""The folder of a run: create, append, read, list, delete. Nothing else writes in the runs folder.

A run holds run.json (schema version, recipe, versions, device, state, results), epochs.jsonl, learned.safetensors (only
the tensors that changed), features.safetensors (pooled test features per stage, `before/<stage>`, `after/<stage>`, and
`epoch/<i>` for the last stage), predictions.csv, groups.csv where test images come in groups, and audit.json; while it
learns, checkpoint.pt. What people call it lies beside, in the folder of names.
"""

from explorer.home import UNDO as UNDO
from explorer.home import empty_trash as empty_trash
from explorer.home import runs_folder as runs_folder
from explorer.runs.cautions import cautions as cautions
from explorer.runs.contents import audit as audit
from explorer.runs.contents import checkpoint as checkpoint
from explorer.runs.contents import drop_checkpoint as drop_checkpoint
from explorer.runs.contents import predictions as predictions
from explorer.runs.contents import resumable as resumable
from explorer.runs.contents import store_audit as store_audit
from explorer.runs.contents import store_checkpoint as store_checkpoint
from explorer.runs.contents import store_predictions as store_predictions
from explorer.runs.contents import store_tensors as store_tensors
from explorer.runs.contents import tensors as tensors
from explorer.runs.finding import called as called
from explorer.runs.finding import known_run as known_run
from explorer.runs.folders import SCHEMA as SCHEMA
from explorer.runs.folders import append as append
from explorer.runs.folders import carried_out as carried_out
from explorer.runs.folders import close as close
from explorer.runs.folders import create as create
from explorer.runs.folders import find as find
from explorer.runs.folders import finished as finished
from explorer.runs.folders import folder as folder
from explorer.runs.folders import here as here
from explorer.runs.folders import is_sample as is_sample
from explorer.runs.folders import listing as listing
from explorer.runs.folders import move as move
from explorer.runs.folders import read as read
from explorer.runs.folders import samples as samples
from explorer.runs.folders import start as start
from explorer.runs.folders import truncate_epochs as truncate_epochs
from explorer.runs.folders import update as update
from explorer.runs.names import Naming as Naming
from explorer.runs.opened import OpenedRun as OpenedRun
from explorer.runs.opened import RunOrId as RunOrId
from explorer.runs.opened import kept_by_run as kept_by_run
from explorer.runs.run import FinishedRun as FinishedRun
from explorer.runs.run import KnownRun as KnownRun
from explorer.runs.run import Run as Run
from explorer.runs.run import known as known
from explorer.runs.tested import Predictions as Predictions
from explorer.runs.trash import delete as delete
from explorer.runs.trash import deleted as deleted
from explorer.runs.trash import gone as gone
from explorer.runs.trash import restore as restore
