"""What the maps show: which images, colours, symbols, rings, arrows and frames."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import stand_ins
import stand_ins_maps

from explorer.app.figures.figure import Figure
from explorer.app.figures.phone import stacked
from explorer.app.figures.style import tint
from explorer.evidence import Score
from explorer.looks.projection.figures.moving import projection_epochs, projection_slide
from explorer.looks.projection.figures.paint import QUADRANTS, by_class, by_prediction, by_right, by_shuffled
from explorer.looks.projection.figures.points import BRIGHT, DIM, Marks
from explorer.looks.projection.figures.still import SHORT, projection_moves, projection_noise, projection_pair
from explorer.looks.projection.question import in_proportion

LABELS = stand_ins_maps.LABELS
P = stand_ins.projection()
SAID_A = np.where(np.arange(stand_ins.N) < 6, (LABELS + 1) % 3, LABELS)
SAID_B = np.where((np.arange(stand_ins.N) >= 3) & (np.arange(stand_ins.N) < 8), (LABELS + 1) % 3, LABELS)
PICTURE = "data:image/jpeg;base64,AAAA"

FIGURES: dict[str, Callable[[], Figure]] = {
    "pair": lambda: projection_pair(P, marks=Marks((1, 2), 5, ((3, PICTURE),))),
    "by prediction": lambda: projection_pair(P, paint=by_prediction(P, SAID_A, SAID_B)),
    "arrows": lambda: projection_moves(P, by_right(P, SAID_A, SAID_B), Marks((4,), 2)),
    "slide": lambda: projection_slide(P, marks=Marks(image=7)),
    "epochs": lambda: projection_epochs(stand_ins_maps.trajectory(), Marks(image=7)),
    "still epochs": lambda: projection_epochs(stand_ins_maps.trajectory(moved=False)),
    "noise": lambda: projection_noise(P, stand_ins_maps.noise()),
}


def drawn(fig: Figure, axis: str = "x") -> dict[int, tuple[float, float, str, str, float]]:
    """Image → x, y, colour, symbol, opacity of its point on an axis; rings left out."""
    found = {}
    for trace in fig.data:
        if (trace.xaxis or "x") != axis or trace.customdata is None or trace.name == "chosen":
            continue
        many = len(trace.customdata)
        marker = trace.marker
        columns = [
            value if isinstance(value, (list, tuple)) else [value] * many
            for value in (marker.color, marker.symbol, marker.opacity)
        ]
        for row, *rest in zip(trace.customdata, trace.x, trace.y, *columns, strict=True):
            found[row[0]] = tuple(rest)
    return found


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("dark", [False, True])
def test_every_map_has_its_words_and_ink(name: str, dark: bool) -> None:
    fig = tint(FIGURES[name](), dark)
    words = fig.layout.meta
    assert (
        len(words["alt"]) > 40
        and len(words["look"]) > 20
        and re.search(r"n = 24|of 24\b", words["alt"] + words["caution"])
    )
    ink = "#E9EEF3" if dark else "#0A1118"
    assert {note.font.color for note in fig.layout.annotations} <= {ink}
    for trace in fig.data:
        if trace.customdata is not None:
            assert all(isinstance(row, list) for row in trace.customdata)
    assert fig.checked().to_json()


def test_a_selection_is_bright_on_both_sides_and_the_rest_is_dim() -> None:
    fig = projection_pair(P, marks=Marks(selected=(1, 2, 9)))
    for axis in ("x", "x2"):
        bright = {i for i, point in drawn(fig, axis).items() if point[4] == BRIGHT}
        dim = {i for i, point in drawn(fig, axis).items() if point[4] == DIM}
        assert bright == {1, 2, 9} and bright | dim == set(range(stand_ins.N))
    assert "the 3 selected images" in fig.layout.meta["look"]


def test_the_chosen_image_is_ringed_where_it_lies_in_a_and_in_b() -> None:
    fig = projection_pair(P, marks=Marks(image=5))
    rings = [t for t in fig.data if t.name == "chosen"]
    assert [t.xaxis for t in rings] == ["x", "x", "x2", "x2"]
    for ring, xy in zip(rings, (P.a, P.a, P.b, P.b), strict=True):
        np.testing.assert_allclose([ring.x[0], ring.y[0]], xy[5], atol=1e-3)
    assert not [t for t in projection_pair(P, marks=Marks(image=99)).data if t.name == "chosen"]


def test_pictures_lie_on_their_points_on_both_sides() -> None:
    fig = projection_pair(P, marks=Marks(pictures=((3, PICTURE), (8, PICTURE))))
    assert [(i.xref, i.yref) for i in fig.layout.images] == [("x", "y")] * 2 + [("x2", "y2")] * 2
    assert [i.x for i in fig.layout.images] == pytest.approx([P.a[3, 0], P.a[8, 0], P.b[3, 0], P.b[8, 0]])
    assert "Pictures: 2 of 24 images" in fig.layout.meta["look"]


def test_quadrants_differ_by_colour_and_symbol_and_count_their_images() -> None:
    fig = projection_pair(P, paint=by_right(P, SAID_A, SAID_B))
    styles = {(colour, symbol) for _, colour, symbol in QUADRANTS}
    assert len({c for c, _ in styles}) == len({s for _, s in styles}) == 4
    # wrong in A: 0 to 5; wrong in B: 3 to 7
    expected = {i: 3 if i in (3, 4, 5) else 1 if i < 3 else 2 if i in (6, 7) else 0 for i in range(stand_ins.N)}
    for axis in ("x", "x2"):
        assert {i: p[2:4] for i, p in drawn(fig, axis).items()} == {i: QUADRANTS[q][1:] for i, q in expected.items()}
    assert [t.name for t in fig.data[:4]] == [
        f"{name} · {count}" for (name, *_), count in zip(QUADRANTS, (16, 3, 2, 3), strict=True)
    ]
    assert "head is right 75.0 %" in fig.layout.annotations[0].text


def test_predictions_colour_each_side_by_its_own_model_and_what_is_wrong_is_hollow() -> None:
    fig = projection_pair(P, paint=by_prediction(P, SAID_A, SAID_B))
    styles = [by_class(LABELS, P.classes).styles[k] for k in range(3)]
    for axis, said in (("x", SAID_A), ("x2", SAID_B)):
        for i, point in drawn(fig, axis).items():
            colour, symbol = styles[said[i]]
            assert point[2:4] == (colour, f"{symbol}-open" if said[i] != LABELS[i] else symbol)
    assert "hollow: wrong" in [t.name for t in fig.data]


def test_shuffled_labels_keep_the_places_and_deal_the_colours_out_anew() -> None:
    order = np.random.default_rng(0).permutation(stand_ins.N)
    paint = by_shuffled(P, order, Score(24, 8), Score(24, 9))
    fig, plain = projection_pair(P, paint=paint), projection_pair(P)
    here, there = drawn(fig), drawn(plain)
    assert {i: p[:2] for i, p in here.items()} == {i: p[:2] for i, p in there.items()}
    assert all(here[i][2:4] == there[order[i]][2:4] for i in range(stand_ins.N))
    assert "shuffled k-NN 33.3 %" in fig.layout.annotations[0].text and "mean nothing" in fig.layout.meta["look"]


def test_the_legend_stays_bright_and_is_not_part_of_the_map() -> None:
    fig = projection_pair(P, marks=Marks(selected=(1,)))
    shown = [t for t in fig.data if t.showlegend is not False]
    assert [t.name for t in shown] == list(P.classes)
    assert {t.xaxis for t in shown} == {"x9"} and all(t.marker.opacity is None for t in shown)


def test_arrows_run_from_a_to_b_with_a_tip_only_where_the_way_can_be_seen() -> None:
    fig = projection_moves(P)
    arrows = fig.data[0]
    assert arrows.marker.symbol == "arrow" and arrows.marker.angleref == "previous"
    for i in range(stand_ins.N):
        x, y = arrows.x[3 * i : 3 * i + 3], arrows.y[3 * i : 3 * i + 3]
        np.testing.assert_allclose([x[:2], y[:2]], np.array([P.a[i], P.b[i]]).T, atol=1e-3)
        assert x[2] is y[2] is None
        assert (arrows.marker.size[3 * i + 1] > 0) == (LABELS[i] > 0)  # the first class stays where it is
    assert "8 of them moved less than 2 %" in fig.layout.meta["look"] and SHORT == 0.02
    assert sorted(drawn(fig)) == list(range(stand_ins.N))


def test_arrows_are_drawn_for_the_selection() -> None:
    fig = projection_moves(P, marks=Marks(selected=(4, 10)))
    assert list(fig.data[0].x)[::3] == pytest.approx([P.a[4, 0], P.a[10, 0]], abs=1e-3)
    assert sorted(drawn(fig)) == list(range(stand_ins.N))


def test_the_slide_begins_at_a_ends_at_b_and_goes_straight() -> None:
    fig = projection_slide(P, marks=Marks(image=7))
    assert len(fig.frames) == 11 == len(fig.layout.sliders[0].steps)
    places = [np.column_stack([f.data[0].x, f.data[0].y]) for f in fig.checked().frames]
    for t, place in enumerate(places):
        np.testing.assert_allclose(place, P.a + t / 10 * (P.b - P.a), atol=1.1e-3)
    np.testing.assert_array_equal(places[0], np.column_stack([fig.data[0].x, fig.data[0].y]))
    last = fig.checked().frames[-1]
    assert last.traces == (0, 1, 2)  # the points and both rings
    np.testing.assert_allclose([last.data[1].x[0], last.data[2].y[0]], P.b[7], atol=1e-3)
    assert [b.label for b in fig.layout.updatemenus[0].buttons] == ["▶ Play", "❚❚ Pause"]
    assert "Only 0 (A) and 1 (B) were measured" in fig.layout.meta["caution"]
    assert len(fig.data[0].ids) == stand_ins.N


def test_every_epoch_is_a_frame_and_the_point_on_the_curve_goes_along() -> None:
    found = stand_ins_maps.trajectory()
    fig = projection_epochs(found, Marks(image=7))
    assert [step.label for step in fig.layout.sliders[0].steps] == ["pre-trained", "1", "2", "4"]
    for t, frame in enumerate(fig.checked().frames):
        np.testing.assert_allclose(np.column_stack([frame.data[0].x, frame.data[0].y]), found.xy[t], atol=1e-3)
        now = frame.data[3]
        assert (now.x[0], now.y[0]) == (found.epochs[t], found.knn[t].accuracy)
        assert fig.data[frame.traces[3]].marker.symbol == "diamond"
    assert not [t for t in fig.data if t.fill == "toself"], "votes of neighbours have no interval"
    assert "without an interval" in fig.layout.meta["caution"]
    assert "kept as best" in fig.layout.meta["look"] and "not measured" in fig.layout.meta["caution"]


def test_a_map_says_how_many_of_the_epochs_it_shows() -> None:
    found = stand_ins_maps.trajectory()
    title = projection_epochs(found, trained=40).layout.annotations[0].text
    assert title == "24 of 24 test images, 3 of 40 epochs"
    for trained in (0, 3):
        assert projection_epochs(found, trained=trained).layout.annotations[0].text == "24 of 24 test images"
    still = projection_epochs(stand_ins_maps.trajectory(moved=False), trained=40)
    assert "epochs" not in still.layout.annotations[0].text


def test_epochs_that_changed_nothing_have_nothing_to_play() -> None:
    fig = projection_epochs(stand_ins_maps.trajectory(moved=False))
    assert not fig.layout.sliders and "Nothing moves" in fig.layout.meta["look"]


def test_noise_has_its_own_axes_and_its_numbers() -> None:
    fig = projection_noise(P, stand_ins_maps.noise())
    assert sorted(drawn(fig, "x2")) == list(range(stand_ins.N))
    assert "33.3 %" in fig.layout.annotations[1].text and fig.layout.xaxis.range != fig.layout.xaxis2.range


def test_many_images_are_thinned_in_proportion_and_it_is_said() -> None:
    labels = np.repeat([0, 1, 2], [3000, 900, 100])
    kept = in_proportion(labels, 1250)
    assert np.bincount(labels[kept]).tolist() == [937, 281, 31] and len(set(kept)) == len(kept) == 1249
    assert in_proportion(labels[:9], 1250).tolist() == list(range(9))
    assert len(in_proportion(np.arange(40), 10)) == 40  # one of each class at least
    xy = np.random.default_rng(0).normal(size=(len(labels), 2))
    many = type(P)(**{**vars(P), "a": xy, "b": xy + 1, "labels": labels, "ids": ("x",) * len(labels)})
    fig = projection_pair(many)
    assert "Drawn: 1249 of 4000 images" in fig.layout.meta["look"] and len(drawn(fig)) == 1249
    assert len(projection_moves(many).data[0].x) <= 3 * 250
    assert projection_slide(many).data[0].x is not None


def test_under_the_map_stands_how_much_a_rotation_on_other_images_leaves() -> None:
    told = "fitted on 250 other images, 19 % of the squared distance between A and B is left"
    for draw in (projection_pair, projection_moves, projection_slide):
        assert told in draw(P).layout.meta["caution"]
    still = projection_pair(stand_ins.projection(unmoved=True)).layout.meta["caution"]
    assert "rotat" not in still
    assert "Nothing was rotated" in projection_pair(replace(P, others=0)).layout.meta["caution"]
    found = stand_ins_maps.trajectory()
    assert "Nothing is rotated" in projection_epochs(found).layout.meta["caution"]
    turned = projection_epochs(replace(found, others=153)).layout.meta["caution"]
    assert "fitted on the 153 that are not drawn" in turned


def test_a_lasso_or_a_hand() -> None:
    assert projection_pair(P, marks=Marks(lasso=True)).layout.dragmode == "lasso"
    assert projection_pair(P).layout.dragmode == "pan"


@pytest.mark.parametrize("name", ["slide", "epochs"])
def test_on_a_phone_buttons_slider_and_legend_lie_below_each_other(name: str) -> None:
    fig = stacked(FIGURES[name]())
    margin = fig.layout.margin
    inner = fig.layout.height - margin.t - margin.b
    below = [-inner * thing.y for thing in (fig.layout.updatemenus[0], fig.layout.sliders[0], fig.layout.legend)]
    buttons, slider, legend = below
    assert buttons >= 0 and slider >= buttons + 50 and legend >= slider + 80, below
    assert legend + 24 <= margin.b and (fig.layout.sliders[0].x, fig.layout.sliders[0].len) == (0, 1)
