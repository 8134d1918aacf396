"""What each figure shows: its data, scales and words."""

import math
import re
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest
import stand_ins

from explorer.app import figures
from explorer.app.figures.projection import MOST_LINES, class_style
from explorer.app.figures.style import CONTROL, FROZEN, LEARNS
from explorer.evidence import Score, wilson
from explorer.recipe import make

FIGURES: dict[str, Callable[[], go.Figure]] = {
    "change_bars": lambda: figures.change_bars(stand_ins.comparison("a", "b"), frozenset({"layer4"})),
    "curves": lambda: figures.curves(stand_ins.epochs(), 3),
    "accuracies": lambda: figures.accuracies([figures.Bar("probe", Score(24, 20), False)], 0.1),
    "feature_maps": lambda: figures.feature_maps(stand_ins.feature_maps()),
    "projection_pair": lambda: figures.projection_pair(stand_ins.projection()),
    "projection_moves": lambda: figures.projection_moves(stand_ins.projection()),
    "attribution": lambda: figures.attribution(stand_ins.attribution()),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_tells_its_takeaway_and_what_to_look_for(name: str) -> None:
    fig = FIGURES[name]()
    words = fig.layout.meta
    assert len(words["alt"]) > 40 and len(words["look"]) > 20 and isinstance(words["caution"], str)
    assert fig.layout.paper_bgcolor == fig.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert fig.layout.font.size >= 16


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("dark", [False, True])
def test_ink_follows_the_theme(name: str, dark: bool) -> None:
    ink = "#E9EEF3" if dark else "#0A1118"
    fig = figures.tint(FIGURES[name](), dark)
    assert fig.layout.font.color == ink
    assert {note.font.color for note in fig.layout.annotations} <= {ink, "white"}


@pytest.mark.parametrize("name", FIGURES)
def test_points_carry_lists_that_come_back_from_a_click(name: str) -> None:
    for trace in FIGURES[name]().data:
        if trace.type == "scatter" and trace.customdata is not None:
            assert all(isinstance(row, list) for row in trace.customdata)


def test_a_strip_is_blue_where_frozen_and_vermillion_where_it_learns() -> None:
    page = figures.strips([figures.strip("tuned", make(strategy="last_stage"))])
    assert re.findall(r"background:(#\w+)", page) == [FROZEN] * 4 + ["#BF5400"] * 2
    assert 'aria-label="tuned: layer4, head learn; stem, layer1, layer2, layer3 stays frozen"' in page


def test_a_random_network_is_hatched_but_its_head_is_not() -> None:
    rows = [figures.strip("random", make(weights="random"))]
    assert figures.strips(rows).count("repeating-linear-gradient") == 5
    assert "Hatched" in figures.legend(rows)
    assert "Hatched" not in figures.legend([figures.strip("probe", make())])


def test_a_described_strip_counts_parameters_and_escapes_what_it_is_told() -> None:
    row = figures.described("<b>", stand_ins.description(make(strategy="full")))
    page = figures.strips([row])
    assert "<b><" not in page.replace("<b>stem", "") and "&lt;b&gt;" in page
    assert all(f"<br>{note}</div>" in page for note in row.notes)


def test_accuracies_have_their_wilson_interval() -> None:
    fig = figures.accuracies([figures.Bar("a", Score(24, 20), False), figures.Bar("b", Score(24, 22), True)])
    low, high = wilson(20, 24)
    bar = fig.data[0].error_x
    assert bar.array[0] == pytest.approx(high - 20 / 24) and bar.arrayminus[0] == pytest.approx(20 / 24 - low)
    assert [trace.marker.color for trace in fig.data] == [FROZEN, LEARNS]
    assert fig.data[0].marker.symbol != fig.data[1].marker.symbol


def test_a_random_network_is_grey_among_the_accuracies() -> None:
    assert figures.accuracies([figures.Bar("r", Score(9, 1), False, True)]).data[0].marker.color == CONTROL


def test_curves_show_every_epoch_with_its_band() -> None:
    epochs = stand_ins.epochs(5)
    fig = figures.curves(epochs)
    lines = {(t.legendgroup, t.yaxis): t for t in fig.data if t.mode == "lines+markers"}
    assert list(lines["val", "y"].y) == [e.val.accuracy for e in epochs]
    assert list(lines["train", "y2"].y) == [e.train_loss for e in epochs]
    band = next(t for t in fig.data if t.fill == "toself" and t.legendgroup == "val")
    assert list(band.y[:5]) == [e.val.high for e in epochs]
    assert list(band.y[5:]) == [e.val.low for e in reversed(epochs)]


def test_feature_maps_of_a_and_b_share_one_scale_and_the_difference_is_centred() -> None:
    maps = stand_ins.feature_maps(change=0.5)
    fig = figures.feature_maps(maps)
    assert [t.coloraxis for t in fig.data] == ["coloraxis", "coloraxis", "coloraxis2"]
    shown = slice(0, figures.ACROSS)
    assert fig.layout.coloraxis.cmin == min(maps.a[shown].min(), maps.b[shown].min())
    assert fig.layout.coloraxis.cmax == max(maps.a[shown].max(), maps.b[shown].max())
    assert fig.layout.coloraxis2.cmin == -fig.layout.coloraxis2.cmax == pytest.approx(-0.5)


def test_feature_maps_lie_side_by_side_in_order() -> None:
    maps = stand_ins.feature_maps()
    z = np.asarray(figures.feature_maps(maps, first=figures.ACROSS).data[0].z)
    np.testing.assert_array_equal(z[:, :3], maps.a[figures.ACROSS])
    np.testing.assert_array_equal(z[:, 4:7], maps.a[figures.ACROSS + 1])
    assert np.isnan(z[:, 3]).all()


def test_unchanged_feature_maps_say_so() -> None:
    fig = figures.feature_maps(stand_ins.feature_maps(change=0.0))
    assert "exactly 0" in fig.layout.meta["look"]
    assert fig.layout.coloraxis2.cmax == 1.0


def test_both_halves_of_the_map_share_their_axes_and_hold_every_image() -> None:
    found = stand_ins.projection()
    fig = figures.projection_pair(found)
    assert fig.layout.xaxis.range == fig.layout.xaxis2.range and fig.layout.yaxis.range == fig.layout.yaxis2.range
    for axis, xy in (("x", found.a), ("x2", found.b)):
        points = {
            row[0]: (x, y)
            for t in fig.data
            if t.xaxis == axis
            for row, x, y in zip(t.customdata, t.x, t.y, strict=True)
        }
        assert sorted(points) == list(range(stand_ins.N))
        np.testing.assert_allclose([points[i] for i in range(stand_ins.N)], xy, atol=1e-3)


def test_movement_lines_run_from_before_to_after() -> None:
    found = stand_ins.projection()
    line = figures.projection_moves(found).data[0]
    assert line.x[0] == pytest.approx(found.a[0, 0], abs=1e-3) and line.x[1] == pytest.approx(found.b[0, 0], abs=1e-3)
    assert line.x[2] is None and len(line.x) == 3 * min(stand_ins.N, MOST_LINES)


def test_an_unmoved_map_says_why() -> None:
    found = stand_ins.projection(unmoved=True)
    assert "Nothing moved" in figures.projection_pair(found).layout.meta["look"]
    assert "Nothing moved" in figures.projection_moves(found).layout.meta["look"]


def test_more_than_eight_classes_differ_by_symbol() -> None:
    styles = [(class_style(k)["color"], class_style(k)["symbol"]) for k in range(48)]
    assert len(set(styles)) == 48


def test_attributions_share_one_symmetric_scale() -> None:
    fig = figures.attribution(stand_ins.attribution())
    assert (fig.layout.coloraxis.cmin, fig.layout.coloraxis.cmax) == (-2.0, 2.0)
    heats = [t for t in fig.data if t.type == "heatmap"]
    assert [t.coloraxis for t in heats] == ["coloraxis", "coloraxis"]
    assert not any(t.zsmooth for t in heats)


def test_an_attribution_covers_its_picture_exactly() -> None:
    found = stand_ins.attribution(cells=4)
    heat = next(t for t in figures.attribution(found).data if t.type == "heatmap")
    assert heat.x0 - heat.dx / 2 == -0.5
    assert heat.x0 + (4 - 0.5) * heat.dx == found.picture.shape[1] - 0.5


def test_a_blank_attribution_keeps_a_scale() -> None:
    found = stand_ins.attribution()
    blank = type(found)(**{**vars(found), "a": found.a * 0, "b": found.b * 0})
    assert figures.attribution(blank).layout.coloraxis.cmax == 1.0


def test_bars_of_change_name_the_stage_that_moved_most() -> None:
    fig = figures.change_bars(stand_ins.comparison("a", "b"), frozenset({"layer4"}))
    assert fig.data[0].marker.color == (FROZEN,) * 4 + (LEARNS,)
    assert list(fig.data[0].x) == [1.0] * 4 + [0.8]
    assert "layer4" in fig.layout.meta["alt"]
    control = next(t for t in fig.data if t.type == "scatter")
    assert all(not math.isnan(v) for v in control.x)
