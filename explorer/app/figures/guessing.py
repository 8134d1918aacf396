"""What is right without looking, as a line in a figure of accuracies: a model that is not above it has learned nothing."""

from typing import Any

import plotly.graph_objects as go

from explorer.palette import CONTROL

LARGEST = "always the largest class"


def guess_line(
    fig: go.Figure,
    share: float | None,
    *,
    upright: bool = False,
    words: str = LARGEST,
    place: dict[str, Any] | None = None,
) -> go.Figure:
    """Draw the line at `share` in [0, 1] with its name, across the subplot at `place` (see `style.cell`); `upright` where
    accuracy runs along x. None draws nothing."""
    if share is None:
        return fig
    pen: dict[str, Any] = {"color": CONTROL, "dash": "dot", "width": 2}
    if upright:
        fig.add_vline(x=share, line=pen, **(place or {}))
        side = "left" if share < 0.25 else "right" if share > 0.75 else "center"
        fig.add_annotation(x=share, y=1, yref="paper", text=words, showarrow=False, yanchor="bottom", xanchor=side)
    else:
        where = "top right" if share < 0.9 else "bottom right"
        fig.add_hline(y=share, line=pen, annotation_text=words, annotation_position=where, **(place or {}))
    return fig


def guess_words(share: float | None, images: str) -> str:
    """The same as a sentence, with a space before it; nothing for None. `images` says which: `test images`."""
    return (
        ""
        if share is None
        else f" Always naming the largest class would be right on {100 * share:.1f} % of the {images}."
    )
