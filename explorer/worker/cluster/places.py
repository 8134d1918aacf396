"""How much room a cluster has for trainings, and what one takes of it."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explorer import machine


@dataclass(frozen=True)
class Places:
    """The living nodes, by what they lend, processors (`CPU`) and graphics processors (`GPU`), and the names of those that lend
    a processor."""

    nodes: Sequence[Mapping[str, float]] = ()
    names: Sequence[str] = ()

    @property
    def threads(self) -> int:
        """Processors of one training: $THAW_THREADS, else as on one machine, as far as the largest node has them."""
        if os.environ.get("THAW_THREADS", "").strip():
            return machine.threads()
        largest = max((int(node.get("CPU", 0)) for node in self.nodes), default=1)
        return max(min(machine.CORES_A_TRAINING, largest), 1)

    @property
    def gpus(self) -> float:
        """The share of a GPU that one training takes; 0 where no node has one."""
        return 1 / machine.ON_A_GPU if any(node.get("GPU") for node in self.nodes) else 0.0

    @property
    def trainings(self) -> int:
        """How many trainings they have room for, at most $THAW_SLOTS where that is set."""
        places = sum(self._on(node) for node in self.nodes)
        return min(places, machine.slots()) if os.environ.get("THAW_SLOTS", "").strip() else places

    def _on(self, node: Mapping[str, float]) -> int:
        places = int(node.get("CPU", 0) // self.threads)
        return min(places, int(node.get("GPU", 0) / self.gpus)) if self.gpus else places


def of(ray: Any, gone: Collection[str]) -> Places:
    """Those of a cluster, now; `gone` are nodes found dead, which Ray lists as alive for some twenty seconds more."""
    living = [node for node in ray.nodes() if node["Alive"] and node["NodeID"] not in gone]
    lending = [node["NodeID"] for node in living if node["Resources"].get("CPU")]
    return Places([node["Resources"] for node in living], lending)
