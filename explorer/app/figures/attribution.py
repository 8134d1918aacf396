"""Where A and B look: the picture, and both maps over it on one scale."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.app.figures.style import SMALL, bare, finish
from explorer.results import Attribution

# nothing where there is no evidence, so that the picture stays visible
_SCALE = ((0.0, "rgba(0, 114, 178, 0.9)"), (0.25, "rgba(0, 114, 178, 0.45)"), (0.5, "rgba(255, 255, 255, 0)"),
          (0.75, "rgba(213, 94, 0, 0.5)"), (1.0, "rgba(213, 94, 0, 0.92)"))  # fmt: skip


def attribution(found: Attribution, opacity: float = 0.75, with_picture: bool = True) -> go.Figure:
    """Picture, A, B: vermillion speaks for the class, blue against it. One symmetric scale for A and B, cells unsmoothed;
    under the maps the picture is grey, so that all colour is evidence.

    `opacity` in (0, 1]; without the picture the raw grid alone is shown.
    """
    far = float(max(np.abs(found.a).max(), np.abs(found.b).max())) or 1.0
    titles = ("the picture", f"A: p = {_share(found.probability_a)}", f"B: p = {_share(found.probability_b)}")
    fig = make_subplots(cols=3, subplot_titles=titles, horizontal_spacing=0.02)
    height, width = found.picture.shape[:2]
    for column, heat in enumerate((None, found.a, found.b), 1):
        if heat is None or with_picture:
            ground = found.picture if heat is None else _grey(found.picture)
            fig.add_trace(go.Image(z=ground, hoverinfo="skip"), row=1, col=column)
        if heat is not None:
            rows, columns = heat.shape
            dx, dy = width / columns, height / rows
            fig.add_heatmap(
                z=heat, x0=dx / 2 - 0.5, dx=dx, y0=dy / 2 - 0.5, dy=dy, coloraxis="coloraxis", opacity=opacity,
                row=1, col=column, hovertemplate="%{z:.4g}<extra></extra>",
            )  # fmt: skip
    _frame(fig, height, width)
    fig.update_layout(
        coloraxis={
            "colorscale": _SCALE, "cmin": -far, "cmax": far,
            "colorbar": {"title": {"text": "evidence"}, "thickness": 14, "tickfont": {"size": SMALL}},
        }
    )  # fmt: skip
    rows, columns = found.a.shape
    return finish(
        fig,
        alt=f"{found.method} for class {found.target} on image {found.image}: A gives {_share(found.probability_a)}, "
        f"B {_share(found.probability_b)}; maps of {rows} by {columns} cells on one scale.",
        look="Vermillion speaks for the class, blue against it. Do A and B look at the same thing, and is it the object?",
        caution=f"The map has {rows} × {columns} cells: read nothing finer into it. "
        "A nicer map is no evidence of a better model.",
        height=380,
        width=1080,
        top=44,
    )


def _frame(fig: go.Figure, height: int, width: int) -> None:
    """No axes, square pixels, titles close to the pictures."""
    bare(fig)
    square = {"constrain": "domain", "constraintoward": "top"}
    for column, anchor in enumerate(("x", "x2", "x3"), 1):
        fig.update_xaxes(range=[-0.5, width - 0.5], constrain="domain", row=1, col=column)
        fig.update_yaxes(range=[height - 0.5, -0.5], scaleanchor=anchor, **square, row=1, col=column)


def _grey(picture: np.ndarray) -> np.ndarray:
    """The picture without colour (H, W, 3), by luma."""
    luma = picture @ np.array([0.299, 0.587, 0.114])
    return np.repeat(luma[..., None], 3, axis=2).astype(np.uint8)


def _share(probability: float) -> str:
    return f"{probability:.1%}".replace("%", " %")
