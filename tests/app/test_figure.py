"""A figure written into dictionaries is the one that Plotly's own methods make."""

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from explorer.app.figures.checked import CheckedFigure
from explorer.app.figures.figure import Figure, subplots

PEN = {"color": "#0072B2", "dash": "dot"}


def points(fig: Any) -> None:
    """Underscores as levels, names that keep theirs, options taken away again."""
    ends = {"type": "data", "symmetric": False, "array": [0.1], "arrayminus": [0.2]}
    fig.add_scatter(x=np.arange(3), y=[1, 2, 3], marker_size=4, line=PEN, line_width=2, error_x=ends, text=None)
    fig.add_bar(x=[1.5], y=["a"], textfont={"size": 3}, name="bar")
    fig.add_heatmap(z=np.eye(2, dtype=np.float32), coloraxis="coloraxis2", customdata=[[1], [2]])
    fig.update_layout(coloraxis2={"cmin": 0, "colorbar": {"title": {"text": "t"}}}, paper_bgcolor="white", margin_t=3)
    fig.update_layout(
        coloraxis2={"colorbar": {"x": 1.1}}, legend_title_font_size=9, title="whole", height=300, width=None
    )
    fig.update_layout(images=[{"source": "data:,", "x": 0, "sizex": 1, "opacity": None}])
    fig.update_xaxes(title="first", range=[0, 1], tickvals=(1, 2))
    fig.update_xaxes(title_font={"size": 5}, dtick=None)
    fig.update_yaxes(title={"text": "y", "font": {"size": 4}})
    fig.update_yaxes(title="anew", range=None)


def marks(fig: Any) -> None:
    """Words, shapes and lines of a figure that has no subplots."""
    fig.add_annotation(x=1, y=0, yref="paper", text="near", showarrow=False)
    fig.add_vline(x=0.5, line=PEN)
    fig.add_hline(y=2, line_width=3)
    fig.add_vrect(x0=0, x1=1, fillcolor="red", line={"width": 0}, layer="below")
    fig.add_shape(type="rect", x0=0, x1=1, y0=0, y1=1, xref="paper", yref="paper")
    fig.add_layout_image(source="data:,", x=0, y=0, xref="x", yref="y", sizex=1, sizey=1)
    fig.update_annotations(font={"size": 7}, yshift=2)


def panels(fig: Any) -> None:
    """The same in subplots, of which one is empty."""
    fig.add_scatter(x=[1], y=[2], row=1, col=2)
    fig.add_annotation(x=1, y=0, text="first", row=1, col=1)
    fig.add_annotation(x=1, xref="x domain", y=0, yref="y", text="edge", row=2, col=2)
    fig.add_shape(type="line", x0=0, x1=1, y0=0, y1=0, row=1, col=2)
    fig.add_vline(x=1, line=PEN)
    fig.add_hline(y=1, row=1, col=2)
    fig.add_vrect(x0=0, x1=1, row=2, col=1)
    fig.update_xaxes(title="left", col=1)
    fig.update_yaxes(range=[0, 1], row=2)
    fig.update_xaxes(showgrid=False)
    fig.update_yaxes(tickformat=".0%", row=1, col=2)
    fig.update_annotations(font_size=8)


@pytest.mark.parametrize("work", [points, marks, lambda fig: (points(fig), marks(fig))])
def test_it_is_what_plotly_makes_of_the_same_calls(work: Callable[[Any], None]) -> None:
    ours, plotlys = Figure(), go.Figure()
    for fig in (ours, plotlys):
        work(fig)
    assert ours.checked().to_dict() == plotlys.to_dict() == CheckedFigure(ours).to_dict()


@pytest.mark.parametrize(
    "grid",
    [
        {"rows": 2, "cols": 2, "horizontal_spacing": 0.1, "shared_yaxes": True},
        {"rows": 2, "cols": 2, "shared_xaxes": True, "column_widths": [0.7, 0.3], "row_heights": [1, 2]},
        {"rows": 2, "cols": 2, "specs": [[{}, {}], [{}, {}]], "vertical_spacing": 0.2},
    ],
)
@pytest.mark.parametrize("titles", [(), ("a", "", "c", "d")])
def test_subplots_lie_as_plotly_lays_them(grid: dict[str, Any], titles: tuple[str, ...]) -> None:
    ours, plotlys = subplots(titles=titles, **grid), make_subplots(subplot_titles=titles or None, **grid)
    for fig in (ours, plotlys):
        panels(fig)
    assert ours.checked().to_dict() == plotlys.to_dict()


def test_a_cell_that_another_covers_is_no_subplot() -> None:
    fig = subplots(rows=2, cols=2, specs=[[{"rowspan": 2}, {}], [None, {}]])
    assert [fig.subplot(1, 1), fig.subplot(2, 2)] == [("x", "y"), ("x3", "y3")]
    with pytest.raises(ValueError, match="row 2, column 1"):
        fig.add_scatter(x=[1], y=[1], row=2, col=1)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Figure().add_scatter(x=[1], symbol="round"),
        lambda: Figure().update_xaxes(title_colour="red"),
        lambda: Figure().update_layout(height="high"),
    ],
)
def test_what_plotly_does_not_know_raises_when_the_figure_is_finished(wrong: Callable[[], Figure]) -> None:
    with pytest.raises(ValueError, match="Invalid"):
        CheckedFigure(wrong())


def test_figures_with_the_same_subplots_share_nothing() -> None:
    first, second = (subplots(cols=2, titles=("a", "b")) for _ in range(2))
    first.update_xaxes(title="only here").update_annotations(text="x")
    assert second.options == subplots(cols=2, titles=("a", "b")).options != first.options
