"""The map of the concepts as a graph of columns: HTML and no Plotly, so that a node is a button and its text can wrap."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explorer.course.texts import Concept

MARKS = {"done": "✓", "open": "◐", "next": "→", "later": "·"}
"""What a node bears besides the word and the kind of its frame."""
LOOK = (
    "Read from left to right (on a phone from top to bottom): a line leads from what is needed to what builds on it. "
    "Filled with ✓: done. Half a disc: open. A ring with an arrow: next. A broken frame: later."
)
CAUTION = (
    "This order is one of many possible ones. Nothing in the app is locked: every step and page opens at any time."
)


@dataclass(frozen=True)
class Graph:
    """What the browser draws: columns (title, nodes from top to bottom) and edges between the names of nodes."""

    columns: tuple[tuple[str, tuple[dict[str, str], ...]], ...]
    edges: tuple[tuple[str, str, bool], ...]
    alt: str

    def packed(self) -> dict[str, Any]:
        """As plain lists, for the browser."""
        columns = [[title, list(nodes)] for title, nodes in self.columns]
        return {"columns": columns, "edges": [list(edge) for edge in self.edges], "label": self.alt}


def concept_map(known: Mapping[str, Concept], states: Mapping[str, str], titles: Mapping[int, str]) -> Graph:
    """A column a step (those without concepts are left out), in it the concepts by depth; an edge from each concept to those
    that need it, with whether it is done. `titles`: the steps' short names."""
    columns = []
    for step in sorted({row.step for row in known.values()}):
        rows = [row for row in known.values() if row.step == step]
        columns.append((f"{step} {titles.get(step, '')}".strip(), tuple(_node(row, states[row.name]) for row in rows)))
    edges = tuple((need, row.name, states[need] == "done") for row in known.values() for need in row.needs)
    done = sum(state == "done" for state in states.values())
    return Graph(tuple(columns), edges, f"Map of {len(known)} concepts, {done} of them done, by step of the lesson")


def _node(row: Concept, state: str) -> dict[str, str]:
    words = row.sentence.replace("`", "")
    return {"name": row.name, "title": row.title, "state": state, "mark": MARKS[state], "words": words}
