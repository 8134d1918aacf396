"""One look for all figures: type sizes, a snowflake and a flame; transparent, so that it fits light and dark."""

import html

from explorer.app.figures.figure import Figure, Options, merged
from explorer.palette import INK, INK_DARK, NOTHING

SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star")
TEXT, SMALL = 16, 14
PLOTLYS_HEIGHT = 450  # pixels of a figure that does not say how high it is
CLEAR = "clear"  # the name of heatmaps whose cells let the page through

SNOWFLAKE = (
    "M 0 -9 L 0 9 M -7.8 -4.5 L 7.8 4.5 M -7.8 4.5 L 7.8 -4.5 "
    "M -3 -8 L 0 -5 L 3 -8 M -3 8 L 0 5 L 3 8 M -8.4 -1.4 L -4.3 -2.5 L -5.4 -6.6 "
    "M 8.4 1.4 L 4.3 2.5 L 5.4 6.6 M -8.4 1.4 L -4.3 2.5 L -5.4 6.6 M 8.4 -1.4 L 4.3 -2.5 L 5.4 -6.6"
)
FLAME = (
    "M 0 11 C 3 7 7.5 3 7.5 -3 C 7.5 -7.5 4 -10 0 -10 C -4 -10 -7.5 -7.5 -7.5 -3 "
    "C -7.5 0 -6 2 -4.5 4 C -4 2.5 -3 1.5 -2 1 C -2.5 4.5 -2 8 0 11 Z"
)


def finish(
    fig: Figure, *, alt: str, look: str, height: int, caution: str = "", verdict: str = "", top: int = 40,
    width: int | None = None, tiles: bool = False,
) -> Figure:  # fmt: skip
    """Sizes for the back of the room, transparent ground, quiet grid, and the words that belong to the figure.

    `look` begins with one line on what to look for, `caution` with one on what the figure cannot tell: the rest of both is
    small print, which folds. `verdict` is what these numbers say, in words; it stays in sight.
    `width` in pixels is the most that the figure takes; by default it takes the page's. Where it is a row of `tiles`, a
    phone swipes along it.
    """
    fig.update_layout(
        meta={"alt": alt, "look": look, "caution": caution, "verdict": verdict, "tiles": tiles},
        height=height,
        width=width,
        margin={"l": 10, "r": 10, "t": top, "b": 10},
        font={"size": TEXT},
        paper_bgcolor=NOTHING,
        plot_bgcolor=NOTHING,
        hoverlabel={"font": {"size": TEXT}},
        legend={"font": {"size": SMALL}, "title": {"font": {"size": SMALL}}},
        dragmode="pan",
        uirevision="keep",
    )
    fig.update_annotations(font={"size": TEXT})
    fig.update_xaxes(title_font={"size": TEXT}, tickfont={"size": SMALL}, automargin=True, zeroline=False)
    fig.update_yaxes(title_font={"size": TEXT}, tickfont={"size": SMALL}, automargin=True, zeroline=False)
    return fig


def tint(fig: Figure, dark: bool) -> Figure:
    """The figure with full-contrast text for a dark or a light page; text that has a colour keeps it."""
    ink = {"color": INK_DARK if dark else INK}
    fig.update_layout(font=ink, legend={"font": ink, "title": {"font": ink}})
    fig.update_xaxes(tickfont=ink, title_font=ink)
    fig.update_yaxes(tickfont=ink, title_font=ink)
    for note in fig.listed("annotations"):
        note["font"] = ink | note.get("font", {})
    for axis in colour_axes(fig):
        merged(axis, {"colorbar": {"tickfont": ink, "title": {"font": ink}}})
    for trace in fig.traces:
        # Plotly picks ink for a heatmap's numbers as if its cells were opaque; these are not.
        if trace["type"] == "scatter" or (trace["type"] == "heatmap" and trace.get("name") == CLEAR):
            merged(trace, {"textfont": ink})
    return fig


def enlarge(fig: Figure, factor: float) -> Figure:
    """The figure with all its type `factor` times as large, and as much higher as the type needs."""
    size, small = {"size": round(TEXT * factor)}, {"size": round(SMALL * factor)}
    fig.update_layout(
        height=round(fig.options.get("height", PLOTLYS_HEIGHT) * (1 + (factor - 1) / 2)),
        font=size,
        hoverlabel={"font": size},
        legend={"font": small, "title": {"font": small}},
    )
    fig.update_xaxes(title_font=size, tickfont=small)
    fig.update_yaxes(title_font=size, tickfont=small)
    for note in fig.listed("annotations"):
        note["font"] = _times(note.get("font", {}), TEXT, factor)
    for axis in colour_axes(fig):
        merged(axis, {"colorbar": {"tickfont": small, "title": {"font": size}}})
    for trace in fig.traces:
        if trace["type"] in ("scatter", "heatmap", "bar"):
            trace["textfont"] = _times(trace.get("textfont", {}), SMALL, factor)
    if top := fig.options["margin"]["t"]:
        fig.update_layout(margin={"t": round(top * factor)})
    return fig


def _times(font: Options, usual: float, factor: float) -> Options:
    return font | {"size": round(font.get("size", usual) * factor)}


def colour_axes(fig: Figure) -> list[Options]:
    """The scales that several traces share."""
    return [axis for name, axis in fig.options.items() if name.startswith("coloraxis")]


def cell(row: int, col: int) -> dict[str, int]:
    """The arguments `row` and `col` of what stands in a subplot."""
    return {"row": row, "col": col}


def named(text: str) -> str:
    """A class name as Plotly shows it: no mark-up, no links, at most 40 characters."""
    return html.escape(text[:40], quote=False)


def bare(fig: Figure) -> None:
    """No axes at all: for pictures and blocks."""
    fig.update_xaxes(visible=False, showgrid=False, fixedrange=True)
    fig.update_yaxes(visible=False, showgrid=False, fixedrange=True)
