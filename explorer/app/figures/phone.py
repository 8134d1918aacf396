"""A figure for a page as narrow as a phone's: panels one above the other, their titles above them, all words inside."""

import textwrap
from collections.abc import Iterable
from typing import Any

from explorer.app.figures.style import SMALL, Figure, layout

WIDE = 350  # pixels that a phone has for a figure
GAP = 84  # pixels between two panels: the upper one's axis and the lower one's title
TILTED = 44  # more of them, where the labels of an axis stand aslant
MOST = 4  # panels beside each other that are stacked; of more, as of tiles, one swipes to the next
LINE = 24  # pixels of a line of the legend
NAMED = 30  # pixels between two bars, for the name of the lower one
BUTTONS = 56  # pixels of a row of buttons below a figure that moves
CONTROLS = BUTTONS + 84  # pixels of them and the slider below


def swiped(fig: Figure) -> bool:
    """Whether the figure keeps its width and is swiped, since it is a row of many tiles."""
    return len({round(panel.x[0], 2) for panel in _panels(fig)}) > MOST or bool((layout(fig).meta or {}).get("tiles"))


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
        panel.xaxis.title.text = _lines(panel.xaxis.title.text)
    fig.for_each_annotation(lambda note: _note_inside(note, panels))
    _controls_below(fig)
    _keys_below(fig)
    return fig


class _Panel:
    """One pair of axes, and the domains (from, to) that they have, in shares of the figure."""

    def __init__(self, fig: Figure, number: str) -> None:
        self.xaxis: Any = layout(fig)[f"xaxis{number}"]
        self.yaxis: Any = layout(fig)[f"yaxis{number}"]
        self.names = f"x{number}", f"y{number}"
        self.x = tuple(self.xaxis.domain or (0.0, 1.0))
        self.y = tuple(self.yaxis.domain or (0.0, 1.0))


def _traces(fig: Figure) -> Iterable[Any]:
    """The figure's traces; Plotly's annotations take `data` for a name."""
    traces: Any = fig.data
    return traces


def _panels(fig: Figure) -> list[_Panel]:
    """In reading order; without axes that only carry a legend."""
    numbers = [name.removeprefix("xaxis") for name in layout(fig).to_plotly_json() if name.startswith("xaxis")]
    found = [_Panel(fig, number) for number in numbers or [""]]
    return sorted((p for p in found if p.x[1] - p.x[0] > 0.03), key=lambda p: (-round(p.y[1], 2), p.x[0]))


def _stack(fig: Figure, panels: list[_Panel]) -> None:
    top, bottom = layout(fig).margin.t or 0, layout(fig).margin.b or 0
    inner = (layout(fig).height or 450) - top - bottom
    heights = [_height(panel, inner) for panel in panels]
    gap = GAP + TILTED * any(panel.xaxis.tickangle for panel in panels)
    total = sum(heights) + gap * (len(panels) - 1)
    notes = [note for note in layout(fig).annotations if note.xref == note.yref == "paper"]
    titles = [[note for note in notes if _heads(note, panel)] for panel in panels]
    start = 1.0
    for panel, height, heads in zip(panels, heights, titles, strict=True):
        low = start - height / total
        for note in heads:
            note.update(
                x=0, xanchor="left", y=start, yanchor="bottom", align="left", text=note.text.replace("<br>", " ")
            )
        panel.xaxis.update(domain=(0.0, 1.0), anchor=panel.names[1])
        panel.yaxis.update(domain=(max(low, 0.0), start), anchor=panel.names[0])
        if panel.yaxis.matches:  # the labels stood at the first panel alone
            panel.yaxis.update(showticklabels=panels[0].yaxis.showticklabels)
        start = low - gap / total
    fig.update_layout(height=round(total + top + bottom), margin={"t": max(top, 44)})


def _height(panel: _Panel, inner: float) -> float:
    """What a panel needs below others: of pictures, as much as the page's width asks for; else what it had."""
    spans = [abs(axis.range[1] - axis.range[0]) if axis.range else 0.0 for axis in (panel.xaxis, panel.yaxis)]
    if panel.yaxis.scaleanchor is not None and all(spans):
        return min(WIDE * spans[1] / spans[0], 340)
    return min(inner * (panel.y[1] - panel.y[0]), 340)


def _heads(note: Any, panel: _Panel) -> bool:
    """Whether this is the panel's title, which `make_subplots` put over its middle."""
    return abs(note.x - sum(panel.x) / 2) < 0.02 and abs(note.y - panel.y[1]) < 0.02


def _labels_inside(fig: Figure, panel: _Panel) -> None:
    """Long names of rows stand above what they name, not beside it."""
    places, names = panel.yaxis.tickvals, panel.yaxis.ticktext
    if not names or max(len(name) for name in names) < 12:
        return
    panel.yaxis.update(showticklabels=False)
    fig.update_layout(height=layout(fig).height + 26 * len(names))
    above = _beside_bars(fig, panel) if any(trace.type == "bar" for trace in _traces(fig)) else 38
    for place, name in zip(places, names, strict=True):
        fig.add_annotation(
            x=0, xref="paper", xanchor="left", y=place, yref="y", yshift=above, text=name, showarrow=False, align="left",
            font={"size": SMALL},
        )  # fmt: skip


def _beside_bars(fig: Figure, panel: _Panel) -> float:
    """Make bars so thin that a name has room above each; returns how far above a bar's middle it stands, in pixels."""
    margin = layout(fig).margin
    inner = layout(fig).height - (margin.t or 0) - (margin.b or 0)
    rows = abs(panel.yaxis.range[1] - panel.yaxis.range[0]) if panel.yaxis.range else len(panel.yaxis.tickvals)
    pitch = inner * (panel.y[1] - panel.y[0]) / rows
    thick = max(8.0, pitch - NAMED)
    fig.update_layout(bargap=1 - thick / pitch)
    return thick / 2 + 9


def _lines(text: str | None, longest: int = 38) -> str | None:
    """A title in lines that a phone is wide enough for."""
    return text if not text or "<br>" in text else "<br>".join(textwrap.wrap(text, longest))


def _note_inside(note: Any, panels: list[_Panel]) -> None:
    """Words at a line near an edge of their panel are written away from the edge."""
    panel = next((p for p in panels if p.names[0] == (note.xref or "x") and p.xaxis.range), None)
    if panel is None or note.showarrow or note.xanchor in ("left", "right"):
        return
    low, high = panel.xaxis.range
    share = (note.x - low) / (high - low)
    if not 0.12 < share < 0.88:
        note.update(xanchor="left" if share < 0.5 else "right")


def _words_inside(fig: Figure, panel: _Panel) -> None:
    """Words at a point are written towards the middle of their panel, so that the edge does not cut them."""
    if not panel.xaxis.range:
        return
    low, high = panel.xaxis.range
    for trace in _traces(fig):
        if trace.type == "scatter" and "text" in (trace.mode or "") and (trace.xaxis or "x") == panel.names[0]:
            shares = [(x - low) / (high - low) for x in trace.x]
            sides = ["left" if s > 0.6 else "right" if s < 0.4 else "center" for s in shares]
            trace.update(textposition=[f"top {side}" for side in sides], textfont={"size": SMALL})


def _controls_below(fig: Figure) -> None:
    """The slider of a figure that moves lies below its buttons, as wide as the page."""
    if not layout(fig).sliders:
        return
    height, top, bottom = layout(fig).height or 450, layout(fig).margin.t or 0, layout(fig).margin.b or 0
    inner, more = height - top - bottom, max(0, CONTROLS - bottom)
    fig.update_layout(height=height + more, margin={"b": bottom + more})
    layout(fig).updatemenus[0].update(y=0, pad={"t": 10})
    layout(fig).sliders[0].update(x=0, len=1, y=-BUTTONS / inner, pad={"t": 8})


def _keys_below(fig: Figure) -> None:
    """Legend and colour bars lie below, where they take no width."""
    height, controls = layout(fig).height or 450, CONTROLS * bool(layout(fig).sliders)
    below = 16 + 40 * any(panel.xaxis.title.text for panel in _panels(fig))
    axes = [layout(fig)[name] for name in layout(fig).to_plotly_json() if name.startswith("coloraxis")]
    axes = [axis for axis in axes if axis.showscale is not False]
    entries = [
        trace for trace in _traces(fig) if trace.name and trace.showlegend is not False and trace.type != "heatmap"
    ]
    more = 66 * len(axes) + (LINE * -(-len(entries) // 2) + 10 if len(entries) > 1 else 0)
    if not more:
        return
    inner = height - (layout(fig).margin.t or 0) - (layout(fig).margin.b or 0)
    for i, axis in enumerate(axes):
        title = (axis.colorbar.title.text or "").replace("<br>", " ")
        axis.colorbar.update(
            orientation="h", x=0, xanchor="left", y=-(controls + below + 66 * i) / inner, yanchor="top", len=1, thickness=12,
            title={"text": title, "side": "top"},
        )  # fmt: skip
    place = -(controls + below + 66 * len(axes)) / inner
    fig.update_layout(
        height=height + below + more,
        margin={"b": (layout(fig).margin.b or 0) + below + more},
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": place,
            "yanchor": "top",
            "font": {"size": SMALL - 1},
        },
    )
