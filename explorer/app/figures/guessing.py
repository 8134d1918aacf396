"""What is right without looking, as a line in a figure of accuracies: a model that is not above it has learned nothing."""

from typing import Any

from explorer.app.figures.figure import Figure
from explorer.palette import CONTROL

LARGEST = "always the largest class"


def guess_line(
    fig: Figure,
    share: float | None,
    *,
    upright: bool = False,
    words: str = LARGEST,
    place: dict[str, Any] | None = None,
) -> Figure:
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
        fig.add_hline(y=share, line=pen, **(place or {}))
        fig.add_annotation(
            x=1, xref="x domain", xanchor="right", y=share, yref="y", yanchor="bottom" if share < 0.9 else "top", text=words,
            showarrow=False, **(place or {}),
        )  # fmt: skip
    return fig


def guess_words(share: float | None, images: str) -> str:
    """The same as a sentence, with a space before it; nothing for None. `images` says which: `test images`."""
    return (
        ""
        if share is None
        else f" Always naming the largest class would be right on {100 * share:.1f} % of the {images}."
    )
