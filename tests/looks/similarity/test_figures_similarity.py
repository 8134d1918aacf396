"""What the figures of the page `How far it moved` show: their data, marks and words."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import stand_ins
import stand_ins_similarity as made

from explorer.app.figures.figure import Figure
from explorer.app.figures.intervals import tally
from explorer.app.figures.style import tint
from explorer.evidence import Grouped, Paired, wilson
from explorer.looks.similarity.figures.change import change_bars
from explorer.looks.similarity.figures.drift import drift
from explorer.looks.similarity.figures.interpolation import interpolation
from explorer.looks.similarity.figures.rewind import rewind
from explorer.looks.similarity.figures.stages import REFERENCES, stage_pairs, stage_probes

FIGURES: dict[str, Callable[[], Figure]] = {
    **{f"pairs {name}": (lambda name=name: stage_pairs(made.stage_pairs(), name)) for name in REFERENCES},
    "probes": lambda: stage_probes(made.stage_probes()),
    "drift": lambda: drift(made.drift(), stand_ins.epochs(4), 3),
    "rewind": lambda: rewind(made.rewind()),
    "rewind without statistics": lambda: rewind(made.rewind(statistics=False), False),
    "rewind of two": lambda: rewind(made.rewind(stages=("layer3", "layer4"))),
    "interpolation": lambda: interpolation(made.interpolation(), None, "", 5),
    "interpolation, shifted": lambda: interpolation(
        made.interpolation(), made.interpolation(images=("noise",)), "noise", 0
    ),
}


ACCURACIES: dict[str, Callable[[], Figure]] = {
    "probes": FIGURES["probes"],
    "rewind": FIGURES["rewind"],
    "interpolation": lambda: interpolation(made.interpolation(), None, "", 5, chance=0.3),
    "drift": lambda: drift(made.drift(), stand_ins.epochs(4), 3, 0.3, 0.4),
}


@pytest.mark.parametrize("name", ACCURACIES)
def test_accuracies_stand_beside_what_never_looking_gets_right(name: str) -> None:
    fig = ACCURACIES[name]()
    words = [note.text for note in fig.layout.annotations].count("always the largest class")
    assert words == (2 if name == "drift" else 1) and "Always naming the largest class" in fig.layout.meta["alt"]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_tells_its_takeaway_in_ink_that_follows_the_theme(name: str) -> None:
    words = FIGURES[name]().layout.meta
    assert len(words["alt"]) > 40 and len(words["look"]) > 20
    assert f"n = {stand_ins.N}" in words["caution"] + words["alt"]
    for dark, ink in ((True, "#E9EEF3"), (False, "#0A1118")):
        fig = tint(FIGURES[name](), dark)
        assert {note.font.color for note in fig.layout.annotations} <= {ink}
    for trace in FIGURES[name]().data:
        assert trace.customdata is None or all(isinstance(row, list) for row in trace.customdata)


def test_the_matrices_hold_their_numbers_and_the_control_stands_apart() -> None:
    pairs = made.stage_pairs()
    left, right = stage_pairs(pairs).data
    z = np.array(left.z, float)
    np.testing.assert_allclose(z[:, :5], pairs.ab)
    assert np.isnan(z[:, 5]).all() and z[:, 6] == pytest.approx(0.1) and left.x[-1] == "random"
    np.testing.assert_allclose(np.array(right.z, float), pairs.aa)
    assert left.texttemplate == "%{z:.2f}" and left.coloraxis == right.coloraxis


def test_the_difference_is_what_b_changed_on_a_scale_centred_at_zero() -> None:
    fig = stage_pairs(made.stage_pairs(), "difference")
    z = np.array(fig.data[1].z, float)
    np.testing.assert_allclose(z[:, 4], -0.15)
    assert (z[:, :4] == 0).all()
    assert fig.layout.coloraxis2.cmin == -fig.layout.coloraxis2.cmax == pytest.approx(-0.15)


def test_constant_features_leave_a_gap() -> None:
    pairs = made.stage_pairs()
    fig = stage_pairs(replace(pairs, ab=np.full((5, 5), np.nan)))
    assert fig.data[0].z[0][0] is None


def test_probes_carry_wilson_intervals_and_chance() -> None:
    fig = stage_probes(made.stage_probes())
    a, b = fig.data
    assert list(a.y) == pytest.approx([(8 + 2 * i) / 24 for i in range(6)]) and b.y[-1] == pytest.approx(20 / 24)
    low, high = wilson(20, 24)
    assert b.error_y.array[-1] == pytest.approx(high - 20 / 24) and b.error_y.arrayminus[-1] == pytest.approx(
        20 / 24 - low
    )
    assert fig.layout.shapes[0].y0 == pytest.approx(1 / 3)
    assert a.marker.symbol != b.marker.symbol and a.line.dash != b.line.dash


def test_drift_is_four_panels_with_the_chosen_epoch_marked_in_each() -> None:
    fig = drift(made.drift(), stand_ins.epochs(4), 3)
    assert list(fig.data[0].y) == [*made.drift().high, *reversed(made.drift().low)]
    lines = [t for t in fig.data if t.mode == "lines+markers"]
    assert [list(t.y) for t in lines[:2]] == [list(made.drift().cka), list(made.drift().overlap)]
    assert list(lines[3].y) == [e.val.accuracy for e in stand_ins.epochs(4)]
    assert [shape.x0 for shape in fig.layout.shapes] == [3] * 4
    assert not drift(made.drift(), stand_ins.epochs(4)).layout.shapes


def test_a_vote_of_neighbours_shows_its_count_and_no_interval() -> None:
    fig = drift(made.drift(), stand_ins.epochs(4), 3)
    votes = next(t for t in fig.data if t.name == "test, k-NN")
    assert [row[0] for row in votes.customdata] == [tally(s) for s in made.drift().knn]
    assert tally(made.drift().knn[0]) == "66.7 % (16 of 24)"
    bands = [t for t in fig.data if t.fill == "toself"]
    assert len(bands) == 3 and not any(made.drift().knn[0].high in t.y for t in bands)  # CKA, and the head's two
    assert "Bengio & Grandvalet 2004" in fig.layout.meta["caution"]


def test_a_rewind_shows_what_was_asked_for_and_says_where_nothing_was_set_back() -> None:
    found = made.rewind()
    for settled, correct in ((True, 16), (False, 15)):
        start, random, *controls = rewind(found, settled).data
        assert [list(t.x) for t in controls] == ([[pytest.approx(21 / 24)] * 6] if settled else [])
        assert list(start.x) == pytest.approx([22 / 24] * 4 + [correct / 24])
        assert list(start.text[:4]) == ["same weights"] * 4 and len(random.x) == 5
        assert start.marker.symbol != random.marker.symbol
    lines = rewind(found).layout.shapes
    assert {line.x0 for line in lines} >= {22 / 24, 1 / 3}
    assert "layer4, 66.7%" in rewind(found, True).layout.meta["alt"]


def test_interpolation_stars_what_validation_chose_and_marks_the_slider() -> None:
    found = made.interpolation()
    assert found.chosen == 7
    fig = interpolation(found, made.interpolation(images=("noise",)), "noise", 4)
    star = next(t for t in fig.data if t.name == "chosen on validation")
    assert (star.x[0], star.y[0]) == (0.7, pytest.approx(23 / 24))
    assert fig.layout.shapes[0].x0 == 0.4
    curves = {t.name: t for t in fig.data if t.mode == "lines+markers"}
    assert list(curves) == ["test (n = 24)", "validation (n = 24)", "test, noise (n = 24)"]
    assert len({t.line.dash for t in curves.values()}) == 3
    band = fig.data[0]
    assert list(band.y[:11]) == [wilson(int(r.sum()), 24)[1] for r in found.on("test").right]


def test_new_statistics_alone_stand_beside_both_ends() -> None:
    fig = interpolation(made.interpolation(settled=32), None, "", 4)
    control = next(t for t in fig.data if t.name == "control: A and B, re-estimated statistics only")
    assert list(control.x) == [0, 1] and list(control.y) == [16 / 24, 19 / 24]
    assert "the grey ticks" in fig.layout.meta["caution"]
    assert all("control" not in (t.name or "") for t in interpolation(made.interpolation(), None, "", 4).data)


def test_cka_carries_its_interval_several_controls_and_a_warning_where_images_are_few() -> None:
    found = stand_ins.comparison("a", "b")
    fig = change_bars(found, frozenset({"layer4"}))
    whiskers = next(t for t in fig.data if t.error_x.array is not None)
    assert whiskers.error_x.array[-1] == pytest.approx(0.1) and whiskers.error_x.arrayminus[-1] == pytest.approx(0.1)
    control = next(t for t in fig.data if t.name == "control: 2 random networks")
    assert list(control.x) == [0.1, 0.2] * 4 + [0.1, 0.3]
    assert "fewer than 30" in fig.layout.meta["caution"]
    assert (
        "fewer than 30"
        not in change_bars(replace(found, paired=Paired(30, 0, 0, 0)), frozenset()).layout.meta["caution"]
    )
    assert not fig.layout.meta["verdict"]
    far = replace(found, stages=(*found.stages[:-2], *(replace(row, cka=0.15) for row in found.stages[-2:])))
    assert (
        "At layer3 and layer4 B is no more like A than a random network"
        in change_bars(far, frozenset()).layout.meta["verdict"]
    )
    assert "fewer than 30" in stage_pairs(made.stage_pairs()).layout.meta["caution"]
    assert "fewer than 30" in drift(made.drift(), stand_ins.epochs(4)).layout.meta["caution"]


def test_a_mixture_is_paired_with_another() -> None:
    paired = made.interpolation().on("test").against(6, 0)
    assert (paired.score.correct, paired.fixed, paired.broken) == (23, 5, 0)
    assert paired.p_value == pytest.approx(2 / 2**5)


def test_figures_say_what_their_intervals_are_for_where_images_come_in_groups() -> None:
    others = Grouped(5, 0.4, 0.9, 9.6)
    probes, found = made.stage_probes(), made.rewind()
    probes = replace(probes, stages=tuple(replace(row, grouped=others) for row in probes.stages))
    mixed = made.interpolation()
    groups = np.array([f"photo {i // 6}" for i in range(stand_ins.N)])
    mixed = replace(mixed, kinds=tuple(replace(kind, groups=groups) for kind in mixed.kinds))
    for fig, count, plain in (
        (stage_probes(probes, "photo"), 5, stage_probes(made.stage_probes())),
        (rewind(replace(found, grouped=others), True, "photo"), 5, rewind(found)),
        (
            interpolation(mixed, None, "", 5, "photo"),
            4,
            interpolation(made.interpolation(), None, "", 5),
        ),
    ):
        words = fig.layout.meta["caution"]
        assert (
            f"more images of these {count} photos. Those for other photos, for which these images count like" in words
        )
        assert words.replace("  ", " ") == words and "other" not in plain.layout.meta["caution"]
    assert "count like 10, stand" in stage_probes(probes, "photo").layout.meta["caution"]
