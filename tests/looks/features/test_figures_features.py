"""The figures of the features page draw their data: which channels, which pictures, which scale."""

import numpy as np
import stand_ins
import stand_ins_features

from explorer.looks.features.figures.exciting import Top, exciting
from explorer.looks.features.figures.exciting import boxes as boxes_of
from explorer.looks.features.figures.filters import first_filters
from explorer.looks.features.figures.stage import channel_maps, feature_maps, own_maps, two_channel_maps
from explorer.looks.features.figures.strip import feature_strip


def test_the_strip_shows_each_stage_in_a_above_b() -> None:
    strip = stand_ins_features.strip()
    fig = feature_strip(strip, "layer2", ("layer4",))
    maps = [trace for trace in fig.data if trace.type == "heatmap"]
    assert len(maps) == 2 * len(strip.stages)
    scales = {(trace.zmin, trace.zmax) for trace in maps[:2]}
    assert len(scales) == 1  # A and B of a stage share it
    clicks = [trace.customdata[0] for trace in fig.data if trace.type == "scatter" and trace.customdata is not None]
    assert sorted({int(data[0]) for data in clicks}) == list(range(len(strip.stages)))
    assert "Changed: layer4" in fig.layout.meta["alt"]


def test_unrelated_networks_get_no_change() -> None:
    fig = feature_strip(stand_ins_features.strip(related=False), "stem")
    assert "not comparable" not in fig.layout.meta["look"] and "different weights" in fig.layout.meta["look"]


def test_exciting_pictures_carry_their_image_and_their_rank() -> None:
    found = stand_ins_features.excitement()
    row, images = found.stages[-1], stand_ins.gallery().images
    tops = []
    for letter in "ab":
        of = {name: getattr(row, f"{name}_{letter}")[0][:9] for name in ("top", "value", "place", "elsewhere")}
        boxes = boxes_of(row, of["place"], found.size, found.shown)
        tops.append(Top(of["top"], images[of["top"]], ("x",) * 9, of["value"], of["elsewhere"], boxes))
    assert np.allclose(tops[0].boxes[0], [1 / 3, 1 / 3, 2 / 3, 2 / 3])  # the middle cell of a 3 by 3 grid
    fig = exciting(*tops, 0, "layer4", found.n, "The outline.")
    rows = [t for t in fig.data if t.customdata is not None]
    assert [int(data[0]) for data in rows[0].customdata] == [0, 3, 6, 9, 12, 15, 18, 21, 0]
    assert len(fig.layout.images) == 18


def test_filters_share_a_scale_and_the_difference_has_its_own() -> None:
    fig = first_filters(stand_ins_features.filters())
    assert "magnified" in fig.layout.meta["caution"] and "share one scale" in fig.layout.meta["caution"]
    alone = first_filters(stand_ins_features.filters(), related=False)
    assert not any("B − A" in (note.text or "") for note in alone.layout.annotations)


def test_maps_of_one_channel_lie_beside_the_picture() -> None:
    maps = stand_ins.feature_maps(change=0.5)
    fig = channel_maps(maps.take([5]))
    a, b, apart = (np.asarray(trace.z) for trace in fig.data if trace.type == "heatmap")
    assert np.allclose(b - a, apart) and np.allclose(a, maps.a[5])
    assert fig.layout.coloraxis2.cmin == -fig.layout.coloraxis2.cmax


def test_the_order_of_channels_is_the_visitor_s() -> None:
    maps = stand_ins.feature_maps().take([7, 2])
    assert maps.channels.tolist() == [7, 2]
    fig = feature_maps(maps, ("fur", "brick → grass"))
    texts = [note.text for note in fig.layout.annotations]
    assert texts == ["channel 7<br>fur", "channel 2<br>brick → grass"]


def test_channels_of_two_strangers_stand_in_rows_of_their_own() -> None:
    maps = stand_ins.feature_maps(change=0.5)
    fig = own_maps(maps.take([7, 2]), maps.take([3, 1]))
    top, below = (np.asarray(trace.z) for trace in fig.data if trace.type == "heatmap")
    assert np.array_equal(top[:, :3], maps.a[7]) and np.array_equal(below[:, 4:], maps.b[1])
    clicks = [trace.customdata for trace in fig.data if trace.customdata is not None]
    assert [[list(data) for data in row] for row in clicks] == [[[7, 0], [2, 0]], [[3, 1], [1, 1]]]
    texts = [note.text for note in fig.layout.annotations]
    assert texts == ["channel 7", "channel 2", "channel 3", "channel 1"]
    assert "coloraxis2" not in fig.options and "change" not in fig.layout.meta["alt"]


def test_one_channel_of_each_of_two_strangers_has_no_difference() -> None:
    maps = stand_ins.feature_maps(change=0.5)
    fig = two_channel_maps(maps.take([5]), maps.take([9]))
    a, b = (np.asarray(trace.z) for trace in fig.data if trace.type == "heatmap")
    assert np.array_equal(a, maps.a[5]) and np.array_equal(b, maps.b[9])
    titles = [note.text for note in fig.layout.annotations]
    assert titles == ["the picture", "channel 5 of A", "channel 9 of B"]
    assert fig.layout.coloraxis.cmin == min(a.min(), b.min()) and fig.layout.coloraxis.cmax == max(a.max(), b.max())
