"""Channels of a stage in A, in B, and their difference, one under the other."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.app.figures.style import SMALL, bare, finish
from explorer.results import FeatureMaps

ACROSS = 6  # channels shown side by side
GAP = 0.07


def _row_of_tiles(maps: np.ndarray) -> tuple[np.ndarray, list[float], list[float]]:
    """Maps (c, h, w) side by side with an empty column between them: cells (h, c·(w + 1) - 1) and the edges of the
    columns and rows, in tiles (a tile is 1 wide and 1 high, a gap GAP wide)."""
    c, h, w = maps.shape
    wide = np.full((h, c * (w + 1) - 1), np.nan, np.float32)
    x: list[float] = []
    for i, tile in enumerate(maps):
        wide[:, i * (w + 1) : i * (w + 1) + w] = tile
        x += [round(i * (1 + GAP) + j / w, 4) for j in range(w + 1)]
    return wide, x, [round(j / h, 4) for j in range(h + 1)]


def feature_maps(maps: FeatureMaps, first: int = 0) -> go.Figure:
    """Six channels from rank `first`: rows A, B (one sequential scale from the lowest to the highest value of both) and
    B - A (diverging, centred on 0). Columns are the same channel throughout."""
    shown = slice(first, first + ACROSS)
    a, b = maps.a[shown], maps.b[shown]
    fig = make_subplots(rows=3, shared_xaxes=True, vertical_spacing=0.03)
    for row, (name, tiles) in enumerate((("A", a), ("B", b), ("B - A", b - a)), 1):
        z, x, y = _row_of_tiles(tiles)
        fig.add_heatmap(
            z=z,
            x=x,
            y=y,
            coloraxis="coloraxis" if row < 3 else "coloraxis2",
            hoverongaps=False,
            row=row,
            col=1,
            hovertemplate=f"{name}: %{{z:.3f}}<extra></extra>",
        )
        title = {"text": f"<b>{name.replace('-', '−')}</b>"}
        fig.update_yaxes(range=[1, 0], scaleanchor="x", constrain="domain", row=row, col=1, title=title)
    _frame(fig, maps.channels[shown])
    far = _scales(fig, a, b)
    same = far == 0
    return finish(
        fig,
        alt=f"Feature maps of {len(a)} channels of {maps.stage} for image {maps.image}, in A, in B and B minus A. "
        + ("They are exactly the same." if same else f"The largest change is {far:.3g}."),
        look="The bottom row is exactly 0: nothing up to this stage learned, so its answer cannot have changed."
        if same
        else "Read each column downwards: the same channel before, after, and what was added (red) or taken away (blue).",
        caution="" if same else "A and B share one scale; the difference has its own, centred on 0.",
        height=520,
        width=1080,
        top=44,
    )


def _frame(fig: go.Figure, channels: np.ndarray) -> None:
    """Only the letters at the left and the channels' numbers on top; square cells."""
    bare(fig)
    fig.update_xaxes(range=[0, ACROSS * (1 + GAP) - GAP], constrain="domain")
    fig.update_yaxes(visible=True, showticklabels=False, showgrid=False, ticks="")
    for i, channel in enumerate(channels):
        fig.add_annotation(
            x=i * (1 + GAP) + 0.5,
            y=1.0,
            xref="x",
            yref="paper",
            yanchor="bottom",
            text=f"channel {channel}",
            showarrow=False,
        )


def _scales(fig: go.Figure, a: np.ndarray, b: np.ndarray) -> float:
    """One scale for A and B, one centred on 0 for the difference; returns the largest absolute difference."""
    far = float(np.abs(b - a).max())
    low, high = float(min(a.min(), b.min())), float(max(a.max(), b.max()))
    bar = {"thickness": 14, "tickfont": {"size": SMALL}}
    both = {"colorscale": "Cividis", "cmin": low, "cmax": high, "colorbar": {**bar, "len": 0.62, "y": 0.68}}
    apart = {"colorscale": "RdBu_r", "cmin": -far or -1.0, "cmax": far or 1.0}
    fig.update_layout(coloraxis=both, coloraxis2={**apart, "colorbar": {**bar, "len": 0.32, "y": 0.16}})
    return far
