"""A figure while it is drawn: plain dictionaries, which Plotly checks once, when it is finished.

Plotly's own Figure checks everything that it holds after each change, which takes it 50 to 300 ms a figure; here the same methods
write into dictionaries, and `checked` takes 10 to 20. What Plotly does not know raises there, as it would have at once.
"""

import functools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

Options = dict[str, Any]

_WHOLE = ("error_x", "error_y", "paper_bgcolor", "plot_bgcolor")
"""Names of Plotly's with an underscore; in others it stands for a level: `title_font` is the font of the title."""
_EVERY = "all"  # subplots


class Figure:
    """Traces, layout and frames; all methods change it and return it. Options are Plotly's; None takes one away."""

    def __init__(self, layout: Options | None = None, grid: Sequence[Sequence[tuple[str, str] | None]] = ()) -> None:
        """`grid` names the axes of each subplot, e.g. `("x2", "y2")`."""
        self.traces: list[Options] = []
        self.options: Options = layout or {}
        self.frames: list[Options] = []
        self._grid = grid

    def checked(self) -> go.Figure:
        """As Plotly's own figure. Raises ValueError for what Plotly does not know."""
        return go.Figure({"data": self.traces, "layout": self.options, "frames": self.frames})

    @property
    def data(self) -> Any:
        """The traces as Plotly has them once they are checked; to be read only, as is `layout`."""
        return self.checked().data

    @property
    def layout(self) -> Any:
        """The layout as Plotly has it once it is checked."""
        return self.checked().layout

    # Traces

    def add(self, kind: str, row: int | None = None, col: int | None = None, **options: Any) -> "Figure":
        """A trace of Plotly's of this kind, in the subplot of this row and column (counted from 1)."""
        trace = merged({"type": kind}, options)
        if row is not None and col is not None:
            trace["xaxis"], trace["yaxis"] = self.subplot(row, col)
        self.traces.append(trace)
        return self

    def add_scatter(self, **options: Any) -> "Figure":
        """Points or a line."""
        return self.add("scatter", **options)

    def add_bar(self, **options: Any) -> "Figure":
        """Bars."""
        return self.add("bar", **options)

    def add_heatmap(self, **options: Any) -> "Figure":
        """Cells in colours."""
        return self.add("heatmap", **options)

    def add_image(self, **options: Any) -> "Figure":
        """A picture, pixel by pixel."""
        return self.add("image", **options)

    # Layout

    def update_layout(self, **options: Any) -> "Figure":
        """Change options of the whole figure."""
        merged(self.options, options)
        return self

    def update_xaxes(self, row: int | None = None, col: int | None = None, **options: Any) -> "Figure":
        """Change all x axes, or those of a row or column of subplots."""
        return self._update_axes(0, row, col, options)

    def update_yaxes(self, row: int | None = None, col: int | None = None, **options: Any) -> "Figure":
        """Change all y axes, or those of a row or column of subplots."""
        return self._update_axes(1, row, col, options)

    def update_annotations(self, **options: Any) -> "Figure":
        """Change all words that stand in the figure by now."""
        for note in self.listed("annotations"):
            merged(note, options)
        return self

    def add_annotation(self, row: int | None = None, col: int | None = None, **options: Any) -> "Figure":
        """Words at a place, in a subplot or (by `xref` and `yref`) elsewhere."""
        return self._add("annotations", row, col, options)

    def add_shape(self, row: int | None = None, col: int | None = None, **options: Any) -> "Figure":
        """A line or a rectangle."""
        return self._add("shapes", row, col, options)

    def add_layout_image(self, **options: Any) -> "Figure":
        """A picture that no trace holds."""
        return self._add("images", None, None, options)

    def add_vline(self, x: Any, row: int | str = _EVERY, col: int | str = _EVERY, **options: Any) -> "Figure":
        """An upright line through the whole height of one subplot, or of all that hold something."""
        return self._across({"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1}, "y", row, col, options)

    def add_hline(self, y: Any, row: int | str = _EVERY, col: int | str = _EVERY, **options: Any) -> "Figure":
        """A level line through the whole width."""
        return self._across({"type": "line", "x0": 0, "x1": 1, "y0": y, "y1": y}, "x", row, col, options)

    def add_vrect(self, x0: Any, x1: Any, row: int | str = _EVERY, col: int | str = _EVERY, **options: Any) -> "Figure":
        """A band through the whole height."""
        return self._across({"type": "rect", "x0": x0, "x1": x1, "y0": 0, "y1": 1}, "y", row, col, options)

    def listed(self, kind: str) -> list[Options]:
        """The annotations, shapes or images by now."""
        return self.options.setdefault(kind, [])

    def axes(self, letter: str) -> list[Options]:
        """The options of all axes of this letter (`x`, `y`), the first one even where nobody named it."""
        self.options.setdefault(f"{letter}axis", {})
        return [axis for name, axis in self.options.items() if name.startswith(f"{letter}axis")]

    def axis(self, name: str) -> Options:
        """The options of the axis that traces call so (`x2`)."""
        return self.options.setdefault(f"{name[0]}axis{name[1:]}", {})

    def subplot(self, row: int, col: int) -> tuple[str, str]:
        """What traces call the axes of the subplot there."""
        if not self._grid:
            return "x", "y"
        found = self._grid[row - 1][col - 1]
        if found is None:
            raise ValueError(f"there is no subplot in row {row}, column {col}")
        return found

    def _subplots(self, row: int | str | None, col: int | str | None) -> Iterator[tuple[str, str]]:
        for i, names in enumerate(self._grid, 1):
            for j, pair in enumerate(names, 1):
                if pair is not None and row in (None, _EVERY, i) and col in (None, _EVERY, j):
                    yield pair

    def _update_axes(self, which: int, row: int | None, col: int | None, options: Options) -> "Figure":
        if row is None and col is None:
            found = self.axes("xy"[which])
        else:
            found = [self.axis(pair[which]) for pair in self._subplots(row, col)]
        for axis in found:
            merged(axis, options)
        return self

    def _add(self, kind: str, row: int | None, col: int | None, options: Options) -> "Figure":
        one = merged({}, options)
        if row is not None and col is not None:
            for ref, name in zip(("xref", "yref"), self.subplot(row, col), strict=True):
                one[ref] = name + " domain" * ("domain" in one.get(ref, ""))
        self.listed(kind).append(one)
        return self

    def _across(self, shape: Options, ends: str, row: int | str, col: int | str, options: Options) -> "Figure":
        """A shape from end to end in the direction `ends`, in one subplot, or in all that hold something by now."""
        pairs = [pair for pair in self._subplots(row, col) if self._holds(*pair)] if self._grid else [("x", "y")]
        for names in pairs:
            refs = {
                f"{letter}ref": name + " domain" * (letter == ends) for letter, name in zip("xy", names, strict=True)
            }
            self.listed("shapes").append(merged(shape | refs, options))
        return self

    def _holds(self, x: str, y: str) -> bool:
        """Whether something is drawn in the subplot with these axes."""
        rest = [one for kind in ("shapes", "annotations", "images") for one in self.options.get(kind, ())]
        drawn = [(trace.get("xaxis", "x"), trace.get("yaxis", "y")) for trace in self.traces]
        return (x, y) in drawn or (x, y) in [(one.get("xref", "x"), one.get("yref", "y")) for one in rest]


def subplots(*, titles: Sequence[str] = (), **grid: Any) -> Figure:
    """A figure of several subplots, as Plotly's `make_subplots` lays them out; `titles` row by row."""
    text, names = _laid_out(json.dumps(grid | {"subplot_titles": ["·"] * len(titles) or None}))
    layout = json.loads(text)
    notes = [
        note | {"text": title} for note, title in zip(layout.pop("annotations", ()), titles, strict=False) if title
    ]
    return Figure(layout | ({"annotations": notes} if notes else {}), names)


@functools.lru_cache(maxsize=256)
def _laid_out(wanted: str) -> tuple[str, list[list[tuple[str, str] | None]]]:
    """The layout of subplots as JSON, and the names of their axes: Plotly takes 20 ms to work it out."""
    given = json.loads(wanted)
    made = make_subplots(**given)
    layout = made.to_plotly_json()["layout"]
    layout.pop("template", None)
    places = [
        [_names(made, row, col) for col in range(1, given.get("cols", 1) + 1)]
        for row in range(1, given.get("rows", 1) + 1)
    ]
    return json.dumps(layout), places


def _names(made: Any, row: int, col: int) -> tuple[str, str] | None:
    found = made.get_subplot(row, col)
    if found is None:
        return None
    x, y = (axis.plotly_name.replace("axis", "") for axis in (found.xaxis, found.yaxis))
    return x, y


def merged(into: Options, options: Options) -> Options:
    """`into` with these options, level by level: `title_font` is the font of the title, None takes an option away."""
    for name, value in options.items():
        place, last = into, name
        if "_" in name:
            *above, last = _levels(name)
            for level in above:
                place = place.setdefault(level, {})
        if value is None:
            place.pop(last, None)
        elif isinstance(value, dict):
            kept = place.get(last)
            place[last] = merged(kept if isinstance(kept, dict) else {}, value)
        elif last == "title" and isinstance(value, str):
            place[last] = {"text": value}
        elif isinstance(value, (list, tuple)) and any(isinstance(one, dict) for one in value):
            place[last] = [merged({}, one) if isinstance(one, dict) else one for one in value]
        else:
            place[last] = value
    return into


def _levels(name: str) -> list[str]:
    for whole in _WHOLE:
        if name == whole or name.startswith(f"{whole}_"):
            return [whole, *name[len(whole) + 1 :].split("_")] if name != whole else [whole]
    return name.split("_")
