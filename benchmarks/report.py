"""How a benchmark speaks: spreads, one Markdown table, and what machine, versions and command the figures belong to."""

import importlib.metadata
import math
import os
import platform
import shlex
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from explorer.machine import cores


@dataclass(frozen=True)
class Spread:
    """What was measured, once a round or once an event."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    def share(self, fraction: float) -> float:
        """The smallest value that at least this fraction of all values does not exceed."""
        ordered = sorted(self.values)
        return ordered[max(0, math.ceil(round(fraction * len(ordered), 6)) - 1)]

    def __str__(self) -> str:
        low, high = min(self.values), max(self.values)
        return brief(low) if low == high else f"{brief(self.median)} ({brief(low)}–{brief(high)})"


def brief(value: float) -> str:
    """Three significant digits, never in powers of ten."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def held(reached: bool, bar: str) -> str:
    """A bar and whether it was reached."""
    return f"{bar}: {'yes' if reached else '**no**'}"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def footer(module: str, packages: Sequence[str], *notes: str, hide: Sequence[str] = ()) -> str:
    """The command line, machine, versions and load, then notes; values in `hide` (folders of this machine) read DIR."""
    given = ["DIR" if argument in hide else argument for argument in sys.argv[1:]]
    versions = [f"Python {platform.python_version()}", *(f"{p} {importlib.metadata.version(p)}" for p in packages)]
    load = f"load average now {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    facts = [
        f"`{shlex.join(['python', '-m', module, *given])}`",
        "; ".join(filter(None, (processor(), f"OMP_WAIT_POLICY={os.environ.get('OMP_WAIT_POLICY')}", load))),
        ", ".join(versions),
        *notes,
    ]
    return "\n".join(f"- {fact}" for fact in facts)


def processor() -> str:
    """The processor's name and how many of its cores this process may use."""
    name, info = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if info.is_file():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = lines[0].partition(":")[2].strip() if lines else name
    amx = " with AMX" if info.is_file() and "amx_bf16" in info.read_text() else ""
    return f"{name}{amx}, {cores()} cores, {platform.system()}"
