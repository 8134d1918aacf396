"""How far A and B are apart: stage by stage, image by image, epoch by epoch, and along the line between their weights."""

from explorer.engine.tasks.similarity.distance import compare, stage_pairs
from explorer.engine.tasks.similarity.mixing import interpolate
from explorer.engine.tasks.similarity.reading import drift, probe_stages
from explorer.engine.tasks.similarity.resetting import rewind

__all__ = ["compare", "drift", "interpolate", "probe_stages", "rewind", "stage_pairs"]
