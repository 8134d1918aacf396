"""A real server for a benchmark: on a free port of this machine, with a Thaw folder of its own."""

from pathlib import Path

from explorer.rehearsal.server import HEAVY, Server, server

__all__ = ["HEAVY", "ROOT", "Server", "server"]
ROOT = Path(__file__).parents[1]
