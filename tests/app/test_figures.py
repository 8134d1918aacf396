"""What each figure shows: its data, scales and words."""

import itertools
import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import stand_ins
import stand_ins_attribution
import stand_ins_lessons

from explorer.app.drawing import first_line
from explorer.app.figures.accuracies import LARGEST, Bar, Gap, accuracies, differences
from explorer.app.figures.figure import Figure
from explorer.app.figures.phone import LINE, stacked, swiped
from explorer.app.figures.style import tint
from explorer.cells import Cells
from explorer.course.figures import lessons
from explorer.evidence import Grouped, Paired, Score, wilson
from explorer.looks.attribution.figures.many import attributions
from explorer.looks.attribution.figures.maps import attribution
from explorer.looks.data.figures.census import class_counts, picture_sizes
from explorer.looks.data.question.census import Census
from explorer.looks.features.figures.stage import COLUMNS, feature_maps
from explorer.looks.projection.figures.paint import class_style
from explorer.looks.projection.figures.points import MOST_LINES
from explorer.looks.projection.figures.still import projection_moves, projection_pair
from explorer.looks.similarity.figures.change import change_bars
from explorer.palette import CONTROL, FROZEN, LEARNS
from explorer.race.figures.curves import race_curves
from explorer.race.figures.lanes import Curve, Lane
from explorer.race.figures.result import race_result
from explorer.recipe import make
from explorer.training.figures import curves as curves_module
from explorer.training.figures.rates import rate_curves
from explorer.training.figures.strips import described, legend, phases, strip, strips
from explorer.training.question import RateSearch


def lanes(seeds: int, labels: tuple[str, ...] = ("Feature extraction", "Last stage", "From scratch")) -> list[Lane]:
    """A race of some strategies; the first is frozen, the last starts from random weights, the last seed is half-way."""
    found = []
    for i, label in enumerate(labels):
        curves = [
            Curve(seed, tuple(stand_ins.epochs(4 if seed == 0 or i else 2)), 1.0, Score(24, 15 + i + 2 * seed))
            for seed in range(seeds)
        ]
        found.append(Lane(label, 4, tuple(curves), frozen=i == 0, random=i == len(labels) - 1))
    return found


APART = Paired(200, 20, 10, 76, Grouped(17, -0.04, 0.1, 50.0, 0.32))
BAR = Bar("probe", Score(306, 257), False, grouped=Grouped(17, 0.715, 0.916, 59.0))

FIGURES: dict[str, Callable[[], Figure]] = {
    "change_bars": lambda: change_bars(stand_ins.comparison("a", "b"), frozenset({"layer4"})),
    "curves": lambda: curves_module.curves(stand_ins.epochs(), 3),
    "accuracies": lambda: accuracies([Bar("probe", Score(24, 20), False)], 0.1),
    "accuracies_of_groups": lambda: accuracies([BAR, BAR], 0.1, "photo"),
    "differences": lambda: differences([Gap("B − A", Paired(10, 6, 1, 7))]),
    "differences_of_groups": lambda: differences([Gap("a", APART), Gap("b", APART)], "photo"),
    "feature_maps": lambda: feature_maps(stand_ins.feature_maps()),
    "projection_pair": lambda: projection_pair(stand_ins.projection()),
    "projection_moves": lambda: projection_moves(stand_ins.projection()),
    "attribution": lambda: attribution(stand_ins.attribution()),
    "race_curves": lambda: race_curves(lanes(1)),
    "race_curves_of_seeds": lambda: race_curves(lanes(3), "seconds"),
    "race_result": lambda: race_result(lanes(1), 0.1),
    "curves_with_a_guess": lambda: curves_module.curves(stand_ins.epochs(), 3, 0.4),
    "race_curves_with_a_guess": lambda: race_curves(lanes(1), chance=0.4),
    "race_result_of_seeds": lambda: race_result(lanes(3)),
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
    fig = tint(FIGURES[name](), dark)
    assert fig.layout.font.color == ink
    assert {note.font.color for note in fig.layout.annotations} <= {ink, "white"}


@pytest.mark.parametrize("name", FIGURES)
def test_points_carry_lists_that_come_back_from_a_click(name: str) -> None:
    for trace in FIGURES[name]().data:
        if trace.type == "scatter" and trace.customdata is not None:
            assert all(isinstance(row, list) for row in trace.customdata)


def test_a_strip_is_blue_where_frozen_and_vermillion_where_it_learns() -> None:
    page = strips([strip("tuned", make(strategy="last_stage"))])
    assert re.findall(r"background:(#\w+)", page) == [FROZEN] * 4 + ["#BF5400"] * 2
    assert 'aria-label="tuned: layer4, head trainable; stem, layer1, layer2, layer3 frozen"' in page


def test_a_random_network_is_hatched_but_its_head_is_not() -> None:
    rows = [strip("random", make(weights="random"))]
    assert strips(rows).count("repeating-linear-gradient") == 5
    assert "Hatched" in legend(rows)
    assert "Hatched" not in legend([strip("probe", make())])


def test_a_described_strip_counts_parameters_and_escapes_what_it_is_told() -> None:
    row = described("<b>", stand_ins.description(make(strategy="full")))
    page = strips([row])
    assert "<b><" not in page.replace("<b>stem", "") and "&lt;b&gt;" in page
    assert all(f"<br>{note}</div>" in page for note in row.notes)


def test_accuracies_have_their_wilson_interval() -> None:
    fig = accuracies([Bar("a", Score(24, 20), False), Bar("b", Score(24, 22), True)])
    low, high = wilson(20, 24)
    bar = fig.data[0].error_x
    assert bar.array[0] == pytest.approx(high - 20 / 24) and bar.arrayminus[0] == pytest.approx(20 / 24 - low)
    assert [trace.marker.color for trace in fig.data] == [FROZEN, LEARNS]
    assert fig.data[0].marker.symbol != fig.data[1].marker.symbol


def test_no_figure_of_accuracies_asks_whether_bars_overlap() -> None:
    made = [
        accuracies([BAR, BAR]),
        race_result(lanes(1), 0.1),
        differences([Gap("", APART)]),
    ]
    for fig in made:
        assert "of each other" not in fig.layout.meta["look"]
        assert "B − A" in "".join((fig.layout.meta["look"], fig.layout.meta["caution"], fig.layout.xaxis.title.text))


def test_a_difference_has_its_interval_as_the_main_mark_and_that_for_other_photos_below() -> None:
    fig = differences([Gap("a", APART)], "photo")
    main, thin = fig.data
    assert main.x[0] == pytest.approx(100 * APART.value)
    assert main.x[0] + main.error_x.array[0] == pytest.approx(100 * APART.high)
    assert main.x[0] - main.error_x.arrayminus[0] == pytest.approx(100 * APART.low)
    assert list(thin.x) == [-4.0, 10.0] and thin.y[0] > main.y[0] and "p = 0.32" in thin.hovertemplate
    left, right = fig.layout.xaxis.range
    assert left == -right and right > 10
    assert main.textposition == "top left", "beside another figure, words in the middle would cross the right edge"
    both = differences([Gap("a", APART), Gap("b", Paired(294, 20, 10, 76))], "photo").layout
    assert "same 306 and 400 test images" in both.xaxis.title.text and "these 306 count like 50" in both.meta["caution"]
    zero = [(shape.y0, shape.y1) for shape in fig.layout.shapes if shape.x0 == shape.x1 == 0]
    assert zero == [(pytest.approx(-0.1), 0.5)], "the line at 0 begins under the words"
    assert "more images of these 17 photos" in fig.layout.meta["caution"]
    assert "photos" not in differences([Gap("a", Paired(10, 6, 1, 7))]).layout.meta["caution"]


def test_one_bright_cell_does_not_darken_all_other_maps_of_a_walk() -> None:
    found = stand_ins_lessons.walk()
    maps = np.linspace(0, 1, 8 * 24 * 24).reshape(8, 24, 24)
    maps[0, 0, 0] = 1000
    fig = lessons.walk(replace(found, stages=(replace(found.stages[0], maps=maps),)))
    shown = next(trace for trace in fig.data if trace.type == "heatmap")
    assert (shown.zmin, shown.zmax) == (pytest.approx(0, abs=0.01), pytest.approx(0.99, abs=0.01))
    assert "brightest hundredth" in fig.layout.meta["caution"]


def test_a_random_network_is_grey_among_the_accuracies() -> None:
    assert accuracies([Bar("r", Score(9, 1), False, True)]).data[0].marker.color == CONTROL


def test_curves_show_every_epoch_with_its_band() -> None:
    epochs = stand_ins.epochs(5)
    fig = curves_module.curves(epochs)
    lines = {(t.legendgroup, t.yaxis): t for t in fig.data if t.mode == "lines+markers"}
    assert list(lines["val", "y"].y) == [e.val.accuracy for e in epochs]
    assert list(lines["train", "y2"].y) == [e.train_loss for e in epochs]
    band = next(t for t in fig.data if t.fill == "toself" and t.legendgroup == "val")
    assert list(band.y[:5]) == [e.val.high for e in epochs]
    assert list(band.y[5:]) == [e.val.low for e in reversed(epochs)]


def test_feature_maps_of_a_and_b_share_one_scale_and_the_difference_is_centred() -> None:
    maps = stand_ins.feature_maps(change=0.5)
    fig = feature_maps(maps)
    assert [t.coloraxis for t in fig.data if t.type == "heatmap"] == ["coloraxis", "coloraxis", "coloraxis2"]
    shown = slice(0, COLUMNS)
    assert fig.layout.coloraxis.cmin == min(maps.a[shown].min(), maps.b[shown].min())
    assert fig.layout.coloraxis.cmax == max(maps.a[shown].max(), maps.b[shown].max())
    assert fig.layout.coloraxis2.cmin == -fig.layout.coloraxis2.cmax == pytest.approx(-0.5)


def test_feature_maps_lie_side_by_side_in_order() -> None:
    maps = stand_ins.feature_maps()
    z = np.asarray(feature_maps(maps.take([9, 4])).data[0].z)
    np.testing.assert_array_equal(z[:, :3], maps.a[9])
    np.testing.assert_array_equal(z[:, 4:7], maps.a[4])
    assert np.isnan(z[:, 3]).all()


def test_unchanged_feature_maps_say_so() -> None:
    fig = feature_maps(stand_ins.feature_maps(change=0.0))
    assert "exactly 0" in fig.layout.meta["look"]
    assert fig.layout.coloraxis2.cmax == 1.0


def test_both_halves_of_the_map_share_their_axes_and_hold_every_image() -> None:
    found = stand_ins.projection()
    fig = projection_pair(found)
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
    line = projection_moves(found).data[0]
    assert line.x[0] == pytest.approx(found.a[0, 0], abs=1e-3) and line.x[1] == pytest.approx(found.b[0, 0], abs=1e-3)
    assert line.x[2] is None and len(line.x) == 3 * min(stand_ins.N, MOST_LINES)


def test_an_unmoved_map_says_why() -> None:
    found = stand_ins.projection(unmoved=True)
    assert "Nothing moved" in projection_pair(found).layout.meta["look"]
    assert "Nothing moved" in projection_moves(found).layout.meta["look"]


def test_more_than_eight_classes_differ_by_symbol() -> None:
    styles = [(class_style(k)["color"], class_style(k)["symbol"]) for k in range(48)]
    assert len(set(styles)) == 48


def test_attributions_share_one_symmetric_scale() -> None:
    fig = attribution(stand_ins.attribution())
    assert (fig.layout.coloraxis.cmin, fig.layout.coloraxis.cmax) == (-2.0, 2.0)
    heats = [t for t in fig.data if t.type == "heatmap"]
    assert [t.coloraxis for t in heats] == ["coloraxis", "coloraxis"]
    assert not any(t.zsmooth for t in heats)


def test_an_attribution_covers_its_picture_exactly() -> None:
    found = stand_ins.attribution(cells=4)
    heat = next(t for t in attribution(found).data if t.type == "heatmap")
    assert (heat.x[0], heat.x[-1], len(heat.x)) == (-0.5, found.picture.shape[1] - 0.5, 5)
    assert np.diff(heat.x) == pytest.approx(found.picture.shape[1] / 4)


def test_cells_are_drawn_round_the_places_that_they_look_at() -> None:
    """A ResNet's cells look at its picture's corner, a third, two thirds: the first is half as wide, the last half wider."""
    found = stand_ins.attribution()
    side = found.picture.shape[1]
    found = replace(found, cells_b=Cells(0.5 / side, 1 / 3))
    a, b = (t for t in attribution(found).data if t.type == "heatmap")
    assert np.diff(a.x) == pytest.approx([side / 3] * 3, abs=1e-3)
    assert np.diff(b.x) == pytest.approx([side / 6 + 0.5, side / 3, side / 2 - 0.5], abs=1e-3)
    many = stand_ins_attribution.many()
    many = replace(many, cells_b=Cells(0.0, 1 / 3))
    of_a, of_b = (t for t in attributions(many).data if t.type == "heatmap")
    assert np.diff(of_a.y) == pytest.approx([1 / 3] * 3, abs=1e-3)
    assert np.diff(of_b.y) == pytest.approx([1 / 6, 1 / 3, 1 / 2], abs=1e-3)


def test_a_blank_attribution_keeps_a_scale() -> None:
    found = stand_ins.attribution()
    blank = type(found)(**{**vars(found), "a": found.a * 0, "b": found.b * 0})
    assert attribution(blank).layout.coloraxis.cmax == 1.0


def test_bars_of_change_name_the_stage_that_moved_most() -> None:
    fig = change_bars(stand_ins.comparison("a", "b"), frozenset({"layer4"}))
    assert fig.data[0].marker.color == (FROZEN,) * 4 + (LEARNS,)
    assert list(fig.data[0].x) == [1.0] * 4 + [0.8]
    assert "layer4" in fig.layout.meta["alt"]
    control = next(t for t in fig.data if t.type == "scatter")
    assert all(not math.isnan(v) for v in control.x)


def test_a_race_shows_all_curves_at_once_told_apart_by_more_than_colour() -> None:
    many = lanes(1, ("a", "b", "c", "d", "e"))
    lines = [t for t in race_curves(many).data if t.mode == "lines+markers"]
    assert [t.name for t in lines] == list("abcde")
    for marks in ([t.line.color for t in lines], [t.line.dash for t in lines], [t.marker.symbol for t in lines]):
        assert len(set(marks)) == 5
    assert (lines[0].line.color, lines[-1].line.color) == (FROZEN, CONTROL) and FROZEN not in [
        t.line.color for t in lines[1:]
    ]


@pytest.mark.parametrize("name", ["accuracies", "race_result", "curves_with_a_guess", "race_curves_with_a_guess"])
def test_figures_of_accuracies_draw_what_never_looking_gets_right(name: str) -> None:
    fig = FIGURES[name]()
    lines = [shape for shape in fig.layout.shapes if shape.line.dash == "dot"]
    assert len(lines) == 1 and "always the largest class" in [note.text for note in fig.layout.annotations]
    share, axis = (lines[0].x0, fig.layout.xaxis) if lines[0].x0 == lines[0].x1 else (lines[0].y0, fig.layout.yaxis)
    assert axis.range[0] <= share <= axis.range[1] and "largest class" in fig.layout.meta["alt"]


def test_a_line_far_below_the_curves_of_a_race_is_told_and_does_not_squeeze_them() -> None:
    near, far = race_curves(lanes(1), chance=0.4), race_curves(lanes(1), chance=0.01)
    assert near.layout.yaxis.range[0] <= 0.4 and not [s for s in far.layout.shapes if s.line.dash == "dot"]
    assert far.layout.yaxis.range == race_curves(lanes(1)).layout.yaxis.range
    assert "right on 1.0 % of the validation images" in far.layout.meta["caution"]


def test_a_lane_keeps_its_pen_from_curves_to_result() -> None:
    many = lanes(3)
    lines = {t.legendgroup: t.line.color for t in race_curves(many).data if t.mode == "lines+markers"}
    marks = [t.marker.color for t in race_result(many).data if t.mode == "markers+text"]
    assert marks == list(lines.values())


def test_curves_of_one_seed_carry_their_wilson_band() -> None:
    fig = race_curves(lanes(1))
    band = next(t for t in fig.data if t.fill == "toself")
    epochs = stand_ins.epochs(4)
    assert list(band.y) == [*(e.val.high for e in epochs), *(e.val.low for e in reversed(epochs))]
    assert "95 % intervals" in fig.layout.meta["look"] and not [t for t in fig.data if t.mode == "lines" and not t.fill]


def test_curves_of_seeds_average_those_that_are_through_and_show_all() -> None:
    first, second = (
        stand_ins.epochs(4),
        [replace(e, val=Score(30, e.val.correct - 4)) for e in stand_ins.epochs(4)],
    )
    curves = tuple(Curve(i, tuple(e)) for i, e in enumerate((first, second, stand_ins.epochs(2))))
    fig = race_curves([Lane("a", 4, curves)])
    line = next(t for t in fig.data if t.mode == "lines+markers")
    assert list(line.y) == pytest.approx([(e.val.correct - 2) / 30 for e in first])
    band = next(t for t in fig.data if t.fill == "toself")
    assert band.y[0] == first[0].val.accuracy and band.y[-1] == second[0].val.accuracy
    assert [len(t.x) for t in fig.data if t.mode == "lines" and not t.fill] == [4, 4, 2]
    assert "the band spans them" in fig.layout.meta["look"]


def test_seconds_begin_where_the_run_began() -> None:
    line = next(t for t in race_curves(lanes(1), "seconds").data if t.mode == "lines+markers")
    assert list(line.x) == [1.0 + e.seconds for e in stand_ins.epochs(4)]


def test_a_race_that_has_hardly_begun_is_drawn_too() -> None:
    begun = Lane("a", 4, (Curve(0, tuple(stand_ins.epochs(1))),))
    waiting = Lane("b", 4, ())
    fig = race_curves([begun, waiting])
    assert "b has not begun" in fig.layout.meta["alt"]
    result = race_result([begun, waiting])
    assert [note.text for note in result.layout.annotations] == ["no test result"] * 2


def test_one_seed_has_its_wilson_interval_and_several_their_deviation() -> None:
    low, high = wilson(15, 24)
    bar = race_result(lanes(1)).data[0].error_x
    assert (bar.arrayminus[0], bar.array[0]) == pytest.approx((15 / 24 - low, high - 15 / 24))
    seeds, mark, *_ = race_result(lanes(3)).data
    assert list(seeds.x) == [15 / 24, 17 / 24, 19 / 24] and mark.x[0] == pytest.approx(17 / 24)
    assert mark.error_x.array[0] == mark.error_x.arrayminus[0] == pytest.approx(2 / 24)


def test_a_lone_seed_among_several_has_no_bar_that_could_be_mistaken() -> None:
    one, *rest = lanes(3)
    fig = race_result([Lane(one.label, 4, one.curves[:1]), *rest])
    mark = next(t for t in fig.data if t.mode == "markers+text")
    assert mark.error_x.array is None and "1 seed" in mark.text[0]


def test_a_strip_shows_where_only_normalisation_learns() -> None:
    wanted = make(strategy="bn_only")
    rows = tuple(replace(r, learned=128, learns=True) for r in stand_ins.description(wanted).stages[:-1])
    found = replace(stand_ins.description(wanted), stages=(*rows, stand_ins.description(wanted).stages[-1]))
    (row,) = phases(wanted, found)
    page = strips([row])
    assert page.count("linear-gradient(0deg") == 5 and "128 of " in page and "stem (normalisation only)" in page
    assert "vermillion foot" in legend([row])
    assert "vermillion foot" not in legend([strip("probe", make())])


def test_curves_say_that_their_bands_count_patches_and_what_holds_for_other_photos() -> None:
    others = Grouped(17, 0.402, 0.713, 30.0)
    epochs = [*stand_ins.epochs(3), replace(stand_ins.epochs(4)[-1], val_grouped=others)]
    lane = replace(lanes(1)[0], curves=(Curve(0, tuple(epochs)),))
    for fig in (curves_module.curves(epochs), race_curves([lane])):
        assert "more images of these 17 groups (photos, patients)" in fig.layout.meta["caution"]
        assert "after the last epoch 40 to 71 %" in fig.layout.meta["caution"]
    assert curves_module.curves(stand_ins.epochs(4)).layout.meta["caution"] == ""
    assert "groups" not in race_curves(lanes(1)).layout.meta["caution"]


def test_rate_curves_stand_one_above_the_other_with_their_names_inside() -> None:
    fig = rate_curves(stand_ins.rate_search())
    assert fig.layout.xaxis2.anchor == "y2" and fig.layout.xaxis.domain == fig.layout.xaxis2.domain == (0.0, 1.0)
    assert fig.layout.yaxis.domain[0] > fig.layout.yaxis2.domain[1] and fig.layout.height == 680
    for name in ("now 0.001", "proposed 0.006", "keep 0.0003"):
        (mark,) = (a for a in fig.layout.annotations if a.text == name)
        axis = fig.layout.xaxis2 if mark.xref.startswith("x2") else fig.layout.xaxis
        assert mark.xanchor == ("left" if mark.x < sum(axis.range) / 2 else "right")
    assert "far too large can pass" in fig.layout.meta["caution"]
    head, alone = stand_ins.rate_search().head, partial(RateSearch, n=75, batch_size=32, backbone=None)
    large = replace(head, own=0.15, suggested=0.15)
    assert "can pass" not in rate_curves(alone(head=large)).layout.meta["caution"]
    words = rate_curves(alone(head=large)).layout.meta["look"]
    assert "keep 0.15; it is above the range" in words and "the test does not contradict it" in words
    near = replace(head, own=0.05, suggested=0.05)
    assert "within a factor of three above" in rate_curves(alone(head=near)).layout.meta["look"]


@pytest.mark.parametrize("name", FIGURES)
def test_on_a_phone_panels_lie_one_above_the_other_and_words_inside(name: str) -> None:
    wide, fig = FIGURES[name](), FIGURES[name]()
    if swiped(fig):
        assert "tiles" in fig.layout.meta
        return
    stacked(tint(fig, False))
    axes = [
        a
        for n, a in ((n, fig.layout[n]) for n in fig.layout.to_plotly_json())
        if n.startswith("yaxis") and n != "yaxis9"
    ]
    spans = sorted(tuple(axis.domain or (0.0, 1.0)) for axis in axes)
    assert all(0 <= low < high <= 1.0001 for low, high in spans)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(spans)), "no panel covers another"
    for n in fig.layout.to_plotly_json():
        if n.startswith("xaxis") and n != "xaxis9":
            assert tuple(fig.layout[n].domain or (0, 1)) == (0, 1), "each takes the whole width"
    if len(spans) > 1:
        assert fig.layout.height > wide.layout.height and all(note.x == 0 for note in _titles(fig, wide))
    assert fig.layout.dragmode is False, "a finger on it moves the page"
    guess = [note for note in fig.layout.annotations if note.text == LARGEST]
    anchors = [(note.xanchor, (note.xref or "").endswith("domain") and note.x == 1) for note in guess]
    assert all(side == ("right" if at_right_edge else "left") for side, at_right_edge in anchors), "no edge cuts words"
    assert fig.layout.legend.orientation != "v"


@pytest.mark.parametrize("k", [2, 6, 40])
def test_on_a_phone_a_name_above_a_bar_touches_no_bar(k: int) -> None:
    names = tuple(f"a class of a long name {i}" for i in range(k))
    census = Census(
        classes=names, counts=np.full((3, k), 9), sizes=np.full((4, 2), 64), means=np.zeros((k, 8, 8, 3), np.uint8),
        averaged=np.full(k, 9), note="", skipped=(),
    )  # fmt: skip
    fig = stacked(class_counts(census))
    low, high = sorted(fig.layout.yaxis.range)
    pitch = (fig.layout.height - fig.layout.margin.t - fig.layout.margin.b) / (high - low)
    half = pitch * (1 - fig.layout.bargap) / 2
    (above,) = {note.yshift for note in fig.layout.annotations if note.text in names}
    assert half >= 4 and half <= above - 8 and above + 8 <= pitch - half


@pytest.mark.parametrize(
    ("pictures", "said"), [(4, "4 of 4 have a side"), (30, "4 of 4 that were measured have a side")]
)
def test_sizes_of_some_pictures_are_not_said_of_all(pictures: int, said: str) -> None:
    census = Census(
        classes=("a",), counts=np.array([[pictures - 2], [1], [1]]), sizes=np.full((4, 2), 48),
        means=np.zeros((1, 8, 8, 3), np.uint8), averaged=np.array([4]), note="", skipped=(),
    )  # fmt: skip
    assert said in picture_sizes(census, 96).layout.meta["look"]


def _titles(fig: Figure, wide: Figure) -> list[Any]:
    """The annotations that were the panels' titles."""
    pairs = zip(fig.layout.annotations, wide.layout.annotations, strict=False)
    return [note for note, was in pairs if was.xref == was.yref == "paper" and was.yanchor == "bottom" and was.y > 0.9]


@pytest.mark.parametrize("name", FIGURES)
def test_what_stays_in_sight_is_a_line_each(name: str) -> None:
    words = FIGURES[name]().layout.meta
    for text in (words["look"], words["caution"]):
        line, rest = first_line(text)
        assert len(line) <= 160 and f"{line} {rest}".strip() == text.strip()


def test_on_a_phone_there_is_room_below_for_what_is_there_and_no_more() -> None:
    bare, one = (stacked(tint(FIGURES[name](), dark=False)) for name in ("differences", "change_bars"))
    assert "coloraxis" not in bare.options and bare.options["margin"]["b"] == 10, "no scale, no legend"
    height, margin = one.options["height"], one.options["margin"]
    below = -one.options["legend"]["y"] * (height - margin["t"] - margin["b"])
    assert 10 < below < 60 and margin["b"] - 10 - below >= 24, "a legend of one entry, right below the last axis"


def test_words_of_several_lines_below_an_axis_push_the_legend_down() -> None:
    def below(**axis: Any) -> float:
        fig = Figure()
        for name in ("a", "b"):
            fig.add_scatter(x=[0, 1], y=[0, 1], name=name)
        fig.update_xaxes(**axis)
        fig.update_layout(height=400, margin={"t": 10, "b": 10, "l": 10, "r": 10})
        stacked(fig)
        return -fig.options["legend"]["y"] * (400 - 20)

    plain = below(tickvals=[0, 1], ticktext=["a", "b"])
    assert below(tickvals=[0, 1], ticktext=["a", "b<br>c"]) == pytest.approx(plain + LINE)
    titled = below(title="epoch")
    wrapped = below(title="a title that is far longer than a phone's page is wide, so that it takes two lines")
    assert titled == pytest.approx(plain + 40) and wrapped >= titled + LINE
