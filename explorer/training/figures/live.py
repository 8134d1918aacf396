"""Linear probes as one moves their controls: what each setting gave, and what a tuned run did."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from explorer.app.figures.figure import Figure
from explorer.app.figures.style import TEXT, finish
from explorer.evidence import Score
from explorer.palette import CONTROL, FROZEN, GREY, LEARNS

BESIDE = 1.09  # a tuned run is drawn so much to the right, that it does not cover the probe of as many images


@dataclass(frozen=True)
class Tried:
    """A setting: images a class (None: all there are, `most`), its words, and its score on test images."""

    per_class: int | None
    words: str
    score: Score


def tried(now: Tried, before: Sequence[Tried], most: int, tuned: Tried | None = None, chance: float = 0.0) -> Figure:
    """Test accuracy over images a class: the setting now with its 95 % Wilson interval, those before as small dots, and a
    tuned run as a square with its own."""
    fig = Figure()
    size = {"size": 8, "color": FROZEN, "opacity": 0.45}
    _marks(fig, before, most, size, "settings before", bars=False)
    if tuned is not None:
        _marks(fig, [tuned], most, {"size": 14, "color": LEARNS, "symbol": "square"}, "tuned", bars=True, aside=BESIDE)
    _marks(fig, [now], most, {"size": 16, "color": FROZEN}, "this setting", bars=True)
    if chance:
        fig.add_hline(y=chance, line={"color": CONTROL, "dash": "dot", "width": 2})
        fig.add_annotation(x=0, xref="paper", y=chance, text="always the largest class", showarrow=False, xanchor="left",
                           yanchor="bottom")  # fmt: skip
    ticks = [n for n in (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000) if n <= most]
    size_axis = {"type": "log", "tickvals": ticks, "ticktext": [str(n) for n in ticks]}
    span = [-0.1, math.log10(max(most, 2)) + 0.1]
    fig.update_xaxes(title="training images per class", gridcolor=GREY, range=span, **size_axis)
    fig.update_yaxes(tickformat=".0%", range=[0, 1.02], gridcolor=GREY, title=f"right on {now.score.n} test images")
    fig.update_layout(legend={"orientation": "h", "y": 1.1, "x": 0, "font": {"size": TEXT}})
    beside = f" Tuned ({tuned.words}): {tuned.score}." if tuned else ""
    return finish(
        fig,
        alt=f"Test accuracy of the probe, {now.words}: {now.score}.{beside}",
        look="How much do more images help, and how much another draw of them (another seed)?",
        caution="Every setting is scored on the same test images: the best of many is flattered. Choose by validation.",
        height=400,
        top=60,
    )


def _marks(
    fig: Figure,
    shown: Sequence[Tried],
    most: int,
    marker: dict[str, object],
    name: str,
    bars: bool,
    aside: float = 1.0,
) -> None:
    if not shown:
        return
    high = [t.score.high - t.score.accuracy for t in shown]
    low = [t.score.accuracy - t.score.low for t in shown]
    interval = {"type": "data", "array": high, "arrayminus": low, "thickness": 3, "width": 6} if bars else None
    fig.add_scatter(
        x=[aside * (t.per_class or most) for t in shown],
        y=[t.score.accuracy for t in shown],
        error_y=interval,
        mode="markers",
        marker=marker,
        name=name,
        customdata=[[t.words, 100 * t.score.low, 100 * t.score.high] for t in shown],
        hovertemplate="%{customdata[0]}: %{y:.1%} (%{customdata[1]:.1f} to %{customdata[2]:.1f} %)<extra></extra>",
    )
