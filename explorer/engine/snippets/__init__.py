"""Our own lines of code on a live backbone: the glossary's snippets, and the lesson's checks."""

from explorer.engine.snippets.carrying import LINES, SMALL, Failed, Ran, beside, carry_out, run
from explorer.engine.snippets.scenes import Scene, opening, scene

__all__ = ["LINES", "SMALL", "Failed", "Ran", "Scene", "beside", "carry_out", "opening", "run", "scene"]
