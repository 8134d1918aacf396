"""Is a model right as often as it is sure? One diagram for each of several."""

from collections.abc import Mapping

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import cell, finish
from explorer.looks.calibration.question import Reliability
from explorer.palette import BLUE, CONTROL, GREY, alpha


def reliability(shown: Mapping[str, Reliability]) -> Figure:
    """Share right against confidence, in bins; the band is that of a perfectly calibrated model of the same confidences."""
    titles = [f"{title}: ECE {found.error:.3f}" for title, found in shown.items()]
    fig = subplots(cols=len(shown), titles=titles, shared_yaxes=True, horizontal_spacing=0.04)
    for column, (title, found) in enumerate(shown.items(), 1):
        _diagram(fig, column, title, found)
    fig.update_xaxes(range=[-0.02, 1.04], tickformat=".0%", gridcolor=GREY, fixedrange=True)
    fig.update_yaxes(range=[-0.04, 1.04], tickformat=".0%", gridcolor=GREY, fixedrange=True)
    fig.update_yaxes(title="right", col=1)
    n = next(iter(shown.values())).n
    told = "; ".join(
        f"{title} {found.error:.3f} (perfectly calibrated: {found.perfect[0]:.3f} to {found.perfect[2]:.3f})"
        for title, found in shown.items()
    )
    return finish(
        fig,
        alt=f"Reliability of the top label on {n} test images. Expected calibration error: {told}.",
        look="Do the marks leave the grey bands? Below the dotted line a model is surer than it is right. Larger marks hold more "
        "images.",
        caution=f"Top-label calibration error, 15 bins of equal width, n = {n}. It is above 0 for a perfectly calibrated model "
        "too: the bands say by how much. Other bins, or the error of a binary probability, give other numbers.",
        height=400,
        top=50,
    )


def _diagram(fig: Figure, column: int, title: str, found: Reliability) -> None:
    """The line of perfect calibration, the bands, and a mark a bin, larger where it holds more images."""
    place = cell(1, column)
    fig.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": CONTROL, "dash": "dot"}, hoverinfo="skip", showlegend=False,
        row=1, col=column,
    )  # fmt: skip
    for x, low, high in zip(found.confidence, found.low, found.high, strict=True):
        fig.add_shape(
            type="rect", x0=x - 0.018, x1=x + 0.018, y0=low, y1=high, fillcolor=alpha(CONTROL, 0.3), line={"width": 0},
            layer="below", **place,
        )  # fmt: skip
    most = float(found.counts.max())
    fig.add_scatter(
        x=found.confidence.tolist(), y=found.right.tolist(), mode="markers+lines", name=title, showlegend=False,
        line={"color": alpha(BLUE, 0.5), "width": 1.5},
        marker={"color": BLUE, "size": [7 + 13 * (c / most) ** 0.5 for c in found.counts.tolist()]},
        customdata=found.counts.tolist(),
        hovertemplate="sure %{x:.1%}, right %{y:.1%} (%{customdata} images)<extra></extra>", row=1, col=column,
    )  # fmt: skip
    fig.update_xaxes(title="confidence", row=1, col=column)
