"""A figure for a page as narrow as a phone's: panels one above the other, their titles above them, all words inside."""

import textwrap

from explorer.app.figures.checked import CheckedFigure
from explorer.app.figures.figure import Figure, Options, merged
from explorer.app.figures.style import PLOTLYS_HEIGHT, SMALL, colour_axes

WIDE = 350  # pixels that a phone has for a figure
GAP = 84  # pixels between two panels: the upper one's axis and the lower one's title
TILTED = 44  # more of them, where the labels of an axis stand aslant
MOST = 4  # panels beside each other that are stacked; of more, as of tiles, one swipes to the next
LINE = 24  # pixels of a line of the legend
NAMED = 30  # pixels between two bars, for the name of the lower one
BUTTONS = 56  # pixels of a row of buttons below a figure that moves
CONTROLS = BUTTONS + 84  # pixels of them and the slider below


def swiped(fig: Figure | CheckedFigure) -> bool:
    """Whether the figure keeps its width and is swiped, since it is a row of many tiles."""
    return len({round(panel.x[0], 2) for panel in _panels(fig)}) > MOST or bool(
        fig.options.get("meta", {}).get("tiles")
    )


def stacked(fig: Figure) -> Figure:
    """The figure for a narrow page. Panels that lay side by side lie below one another, each as wide as the page."""
    fig.update_layout(dragmode=False, margin={"l": 4, "r": 8})
    panels = _panels(fig)
    fig.update_xaxes(nticks=6)
    if len({round(panel.x[0], 2) for panel in panels}) > 1:
        _stack(fig, panels)
    elif len(panels) == 1:
        _labels_inside(fig, panels[0])
    for panel in panels:
        _words_inside(fig, panel)
        if _title(panel.xaxis):
            panel.xaxis["title"]["text"] = _lines(_title(panel.xaxis))
    for note in fig.listed("annotations"):
        _note_inside(note, panels)
    _controls_below(fig)
    _keys_below(fig)
    return fig


class _Panel:
    """One pair of axes, and the domains (from, to) that they have, in shares of the figure."""

    def __init__(self, options: Options, number: str) -> None:
        self.names = f"x{number}", f"y{number}"
        self.xaxis, self.yaxis = (options.setdefault(f"{letter}axis{number}", {}) for letter in "xy")
        self.x = tuple(self.xaxis.get("domain", (0.0, 1.0)))
        self.y = tuple(self.yaxis.get("domain", (0.0, 1.0)))


def _panels(fig: Figure | CheckedFigure) -> list[_Panel]:
    """In reading order; without axes that only carry a legend."""
    numbers = [name.removeprefix("xaxis") for name in fig.options if name.startswith("xaxis")]
    found = [_Panel(fig.options, number) for number in numbers or [""]]
    return sorted((p for p in found if p.x[1] - p.x[0] > 0.03), key=lambda p: (-round(p.y[1], 2), p.x[0]))


def _title(axis: Options) -> str:
    return axis.get("title", {}).get("text", "")


def _sizes(fig: Figure) -> tuple[float, float, float]:
    """Height of the whole figure, and of the margins at its top and bottom."""
    margin = fig.options.get("margin", {})
    return fig.options.get("height", PLOTLYS_HEIGHT), margin.get("t", 0), margin.get("b", 0)


def _stack(fig: Figure, panels: list[_Panel]) -> None:
    height, top, bottom = _sizes(fig)
    heights = [_height(panel, height - top - bottom) for panel in panels]
    gap = GAP + TILTED * any(panel.xaxis.get("tickangle") for panel in panels)
    total = sum(heights) + gap * (len(panels) - 1)
    notes = [note for note in fig.listed("annotations") if note.get("xref") == note.get("yref") == "paper"]
    titles = [[note for note in notes if _heads(note, panel)] for panel in panels]
    start = 1.0
    for panel, height, heads in zip(panels, heights, titles, strict=True):
        low = start - height / total
        for note in heads:
            text = note["text"].replace("<br>", " ")
            note |= {"x": 0, "xanchor": "left", "y": start, "yanchor": "bottom", "align": "left", "text": text}
        panel.xaxis |= {"domain": (0.0, 1.0), "anchor": panel.names[1]}
        panel.yaxis |= {"domain": (max(low, 0.0), start), "anchor": panel.names[0]}
        if panel.yaxis.get("matches"):  # the labels stood at the first panel alone
            merged(panel.yaxis, {"showticklabels": panels[0].yaxis.get("showticklabels")})
        start = low - gap / total
    fig.update_layout(height=round(total + top + bottom), margin={"t": max(top, 44)})


def _height(panel: _Panel, inner: float) -> float:
    """What a panel needs below others: of pictures, as much as the page's width asks for; else what it had."""
    spans = [
        abs(axis["range"][1] - axis["range"][0]) if "range" in axis else 0.0 for axis in (panel.xaxis, panel.yaxis)
    ]
    if "scaleanchor" in panel.yaxis and all(spans):
        return min(WIDE * spans[1] / spans[0], 340)
    return min(inner * (panel.y[1] - panel.y[0]), 340)


def _heads(note: Options, panel: _Panel) -> bool:
    """Whether this is the panel's title, which `subplots` put over its middle."""
    return abs(note["x"] - sum(panel.x) / 2) < 0.02 and abs(note["y"] - panel.y[1]) < 0.02


def _labels_inside(fig: Figure, panel: _Panel) -> None:
    """Long names of rows stand above what they name, not beside it."""
    places, names = panel.yaxis.get("tickvals"), panel.yaxis.get("ticktext")
    if not names or max(len(name) for name in names) < 12:
        return
    panel.yaxis["showticklabels"] = False
    fig.update_layout(height=_sizes(fig)[0] + 26 * len(names))
    above = _beside_bars(fig, panel) if any(trace["type"] == "bar" for trace in fig.traces) else 38
    for place, name in zip(places, names, strict=True):
        fig.add_annotation(
            x=0, xref="paper", xanchor="left", y=place, yref="y", yshift=above, text=name, showarrow=False, align="left",
            font={"size": SMALL},
        )  # fmt: skip


def _beside_bars(fig: Figure, panel: _Panel) -> float:
    """Make bars so thin that a name has room above each; returns how far above a bar's middle it stands, in pixels."""
    height, top, bottom = _sizes(fig)
    inner, ends = height - top - bottom, panel.yaxis.get("range")
    rows = abs(ends[1] - ends[0]) if ends else len(panel.yaxis["tickvals"])
    pitch = inner * (panel.y[1] - panel.y[0]) / rows
    thick = max(8.0, pitch - NAMED)
    fig.update_layout(bargap=1 - thick / pitch)
    return thick / 2 + 9


def _lines(text: str, longest: int = 38) -> str:
    """A title in lines that a phone is wide enough for."""
    return text if "<br>" in text else "<br>".join(textwrap.wrap(text, longest))


def _note_inside(note: Options, panels: list[_Panel]) -> None:
    """Words at a line near an edge of their panel are written away from the edge."""
    panel = next((p for p in panels if p.names[0] == note.get("xref", "x") and "range" in p.xaxis), None)
    if panel is None or note.get("showarrow") or note.get("xanchor") in ("left", "right"):
        return
    low, high = panel.xaxis["range"]
    share = (note["x"] - low) / (high - low)
    if not 0.12 < share < 0.88:
        note["xanchor"] = "left" if share < 0.5 else "right"


def _words_inside(fig: Figure, panel: _Panel) -> None:
    """Words at a point are written towards the middle of their panel, so that the edge does not cut them."""
    if "range" not in panel.xaxis:
        return
    low, high = panel.xaxis["range"]
    for trace in fig.traces:
        if trace["type"] == "scatter" and "text" in trace.get("mode", "") and trace.get("xaxis", "x") == panel.names[0]:
            shares = [(x - low) / (high - low) for x in trace["x"]]
            sides = ["left" if s > 0.6 else "right" if s < 0.4 else "center" for s in shares]
            merged(trace, {"textposition": [f"top {side}" for side in sides], "textfont": {"size": SMALL}})


def _controls_below(fig: Figure) -> None:
    """The slider of a figure that moves lies below its buttons, as wide as the page."""
    if not fig.options.get("sliders"):
        return
    height, top, bottom = _sizes(fig)
    inner, more = height - top - bottom, max(0, CONTROLS - bottom)
    fig.update_layout(height=height + more, margin={"b": bottom + more})
    merged(fig.options["updatemenus"][0], {"y": 0, "pad": {"t": 10}})
    merged(fig.options["sliders"][0], {"x": 0, "len": 1, "y": -BUTTONS / inner, "pad": {"t": 8}})


def _words_below(panel: _Panel) -> int:
    """Pixels that the names of the ticks, beyond their first line, and the title of a panel's lower axis take."""
    title, ticks = _title(panel.xaxis), panel.xaxis.get("ticktext") or ()
    named = LINE * max((str(tick).count("<br>") for tick in ticks), default=0)
    return named + (40 + LINE * title.count("<br>") if title else 0)


def _keys_below(fig: Figure) -> None:
    """Legend and colour bars lie below, where they take no width."""
    (height, top, bottom), controls = _sizes(fig), CONTROLS * bool(fig.options.get("sliders"))
    below = 16 + max(map(_words_below, _panels(fig)), default=0)
    axes = [axis for axis in colour_axes(fig) if axis.get("showscale") is not False]
    could = [trace for trace in fig.traces if trace["type"] not in ("heatmap", "image")]
    entries = [trace for trace in could if trace.get("name") and trace.get("showlegend") is not False]
    # Plotly shows a legend of one entry too, unless that is the only trace that could stand in it
    more = 66 * len(axes) + (LINE * -(-len(entries) // 2) + 10 if entries and len(could) > 1 else 0)
    if not more:
        return
    inner = height - top - bottom
    for i, axis in enumerate(axes):
        text = _title(axis.get("colorbar", {})).replace("<br>", " ")
        place = {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": -(controls + below + 66 * i) / inner,
            "yanchor": "top",
        }
        merged(axis, {"colorbar": {**place, "len": 1, "thickness": 12, "title": {"text": text, "side": "top"}}})
    place = {"orientation": "h", "x": 0, "xanchor": "left", "y": -(controls + below + 66 * len(axes)) / inner}
    fig.update_layout(
        height=height + below + more,
        margin={"b": bottom + below + more},
        legend={**place, "yanchor": "top", "font": {"size": SMALL - 1}},
    )
