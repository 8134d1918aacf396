"""The output of the frozen front, computed once per image and view, stored for other runs, and read by every epoch."""

from explorer.engine.boundary.front import Front
from explorer.engine.boundary.kept import keep

__all__ = ["Front", "keep"]
