"""Which images: groups, orders and the selection; the sprite; confusion matrices and the images of a cell."""

import asyncio
import io
from pathlib import Path

import numpy as np
import pytest
import stand_ins
import stand_ins_data
from opening import opened, words
from PIL import Image
from starlette.requests import Request
from starlette.responses import Response

from explorer import runs
from explorer.answers import save
from explorer.app import asking, launch
from explorer.app.figures.style import enlarge
from explorer.errors import ExplorerError
from explorer.looks.attribution.question.maps import AttributeQuestion
from explorer.looks.images.figures import PANELS, confusion, counts
from explorer.looks.images.question import GalleryQuestion, Movement, MovementQuestion, Seen, SeeQuestion
from explorer.looks.images.view import choosing, grid, tiles
from explorer.recipe import make


def two_runs() -> tuple[str, str]:
    """A finished pair with what this page asks for."""
    a, b = (stand_ins.finished_run(wrong=n, strategy=s) for n, s in ((6, "linear_probe"), (2, "last_stage")))
    for run in (a, b):
        save(stand_ins.gallery(), GalleryQuestion(run=run).path)
    save(Movement("layer4", np.linspace(0, 1, stand_ins.N)), MovementQuestion(a=a, b=b).path)
    return a, b


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.0)


def test_every_image_is_in_one_quadrant() -> None:
    a, b = np.array([True, True, False, False]), np.array([True, False, True, False])
    named = {name: rule(a, b).tolist() for name, rule in choosing.GROUPS.items()}
    assert named["All"] == [True] * 4
    del named["All"]
    assert np.array(list(named.values())).sum(axis=0).tolist() == [1, 1, 1, 1]
    assert named["Fixed by B"] == [False, False, True, False]
    assert named["Broken by B"] == [False, True, False, False]


def test_orders_put_first_what_they_say() -> None:
    a, b = (runs.read(run) for run in two_runs())
    pa, pb = runs.predictions(a.id), runs.predictions(b.id)
    rows = np.arange(len(pa.labels))
    gain = choosing.true_probability(pb) - choosing.true_probability(pa)
    for order, worth in (
        ("B gained most", gain),
        ("B lost most", -gain),
        ("Loss in A", -np.log(choosing.true_probability(pa))),
        ("Loss in B", -np.log(choosing.true_probability(pb))),
        ("Features moved furthest", np.linspace(0, 1, len(rows))),
        ("Number", -rows),
    ):
        found = choosing.ordered(rows, order, a, b)
        assert sorted(found) == rows.tolist()
        assert (np.diff(worth[found]) <= 1e-9).all(), order


def test_a_tile_says_what_both_models_said() -> None:
    a, b = two_runs()
    pa, pb = runs.predictions(a), runs.predictions(b)
    fixed = int(np.flatnonzero(choosing.right(pb) & ~choosing.right(pa))[0])
    ((number, text, foot),) = choosing.items([fixed], pa, pb)
    name, wrong = pa.classes[pa.labels[fixed]], pa.classes[pa.predicted[fixed]]
    assert (number, foot) == (fixed, "✕ → ✓")
    assert text == f"Image {fixed}, {name}. A: {wrong}, 80 %, wrong. B: {name}, 80 %, right."


def asked(key: str) -> Response:
    return asyncio.run(launch.sprite(Request({"type": "http", "headers": [], "path_params": {"key": key}})))


def test_a_sprite_holds_every_thumbnail_at_its_place(home: Path) -> None:
    task = GalleryQuestion(run="r")
    gallery = stand_ins.gallery()
    save(gallery, task.path)
    assert tiles.sprite_address(task) == f"/api/sprite/{task.key}.jpg"
    answer = asked(task.key)
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    sheet = np.asarray(Image.open(io.BytesIO(answer.body))).astype(int)
    h, w = gallery.images.shape[1:3]
    assert sheet.shape == (h, tiles.COLUMNS * w, 3)
    for i in (0, 7, 23):
        middle = sheet[h // 2, i * w + w // 2]
        assert np.abs(middle - gallery.images[i, h // 2, w // 2]).max() < 12


@pytest.mark.parametrize("key", ["0" * 32, "../../state", "x" * 32, "0" * 31])
def test_no_other_file_is_served(home: Path, key: str) -> None:
    assert asked(key).status_code == 404


def test_confusion_counts_true_by_named() -> None:
    labels, said = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    assert counts(labels, said, 3).tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize("only", ["", *PANELS])
def test_confusion_figure_draws_counts_and_their_change(only: str) -> None:
    labels = np.array([0, 0, 1, 2, 2])
    a, b = np.array([0, 1, 1, 0, 2]), np.array([0, 0, 1, 2, 1])
    fig = confusion(labels, a, b, ("x", "<b>", "z"), ("B", 2, 1), only)
    maps = [trace for trace in fig.data if trace.type == "heatmap"]
    texts = dict(zip([only] if only else PANELS, (m.text for m in maps), strict=True))
    if "change" in texts:
        assert [list(row) for row in texts["change"]] == [["+1", "−1", ""], ["", "", ""], ["−1", "+1", ""]]
    if "A" in texts:
        assert list(texts["A"][0]) == ["1", "1", ""]
    targets = [trace for trace in fig.data if trace.type == "scatter"]
    assert [target.customdata[5][1:] for target in targets] == [[1, 2]] * len(targets)
    assert len(fig.layout.shapes) == (only in ("", "B"))
    assert "&lt;b&gt;" in fig.layout.xaxis.ticktext
    assert "3 right in A, 4 in B" in fig.layout.meta["alt"]


def test_a_projector_enlarges_all_type() -> None:
    labels = np.array([0, 1])
    plain, large = (confusion(labels, labels, labels, ("x", "y")) for _ in range(2))
    enlarge(large, 1.5)
    assert large.layout.font.size == 1.5 * plain.layout.font.size
    assert large.layout.xaxis.tickfont.size == 1.5 * plain.layout.xaxis.tickfont.size
    assert large.layout.annotations[0].font.size == 1.5 * plain.layout.annotations[0].font.size
    assert large.data[0].textfont.size == 1.5 * plain.data[0].textfont.size
    assert large.layout.height > plain.layout.height


def test_the_display_switch_is_remembered_across_pages() -> None:
    two_runs()
    app = opened("images")
    app.toggle(key="display_projector").set_value(True).run()
    app.segmented_control(key="display_format").set_value("png").run()
    app.switch_page("../../pages/runs.py")
    app.run()
    assert app.toggle(key="display_projector").value and app.segmented_control(key="display_format").value == "png"


def test_the_page_filters_sorts_and_selects() -> None:
    two_runs()
    app = opened("images")
    assert not app.exception
    assert "B fixes 4 images and breaks 0: +16.7 points" in words(app)
    app.segmented_control(key="images_group").set_value("Fixed by B").run()
    app.button(key="images_grid_all").click().run()
    marked = app.session_state["choice"].images
    assert marked == "18-21"
    assert "4 selected" in words(app) and "n = 4" in words(app)
    assert "4 fixed by B, 0 broken by B, 0 wrong in both, 0 right in both" in words(app)
    table = app.dataframe[0].value
    assert table["Image"].tolist() == [18, 19, 20, 21] and table["Class"].tolist() == ["brick", "grass", "fur", "brick"]
    assert table["A says"].tolist() == ["grass", "fur", "brick", "grass"] and not table["A is right"].any()
    assert table["B says"].tolist() == table["Class"].tolist() and table["B is right"].all()
    assert table["A is sure"].tolist() == table["B is sure"].tolist() == [80.0] * 4
    app.button(key="images_grid_none").click().run()
    assert app.session_state["choice"].images == "" and not app.dataframe
    app.selectbox(key="images_order").set_value("Features moved furthest").run()
    assert not app.exception


def test_the_page_shows_classes_calibration_and_neighbours() -> None:
    a, b = (stand_ins.finished_run(wrong=n, strategy=s) for n, s in ((6, "linear_probe"), (2, "last_stage")))
    stand_ins_data.of_runs(a, b)
    for name in (a, b):
        save(stand_ins.gallery(), GalleryQuestion(run=name).path)
    app = opened("images", a=a, b=b, image="0")
    for view, said in (
        ("By class", "Always naming the largest class: 33.3 %, balanced 33.3 %"),
        ("How sure?", "a perfectly calibrated model of the same 24 confidences shows 0.020 to 0.120"),
        ("Nearest pictures", "4 of 10 nearest training pictures (of 200) are of that class"),
    ):
        app.session_state["images_view"] = view
        app.run()
        assert not app.exception and said in words(app), view


def test_a_cell_can_be_named_by_keyboard() -> None:
    two_runs()
    app = opened("images")
    app.segmented_control(key="images_view").set_value("Confusion matrices").run()
    assert "Click a cell" in words(app)
    app.segmented_control(key="images_cell_who").set_value("A").run()
    app.selectbox(key="images_cell_true").set_value("brick").run()
    app.selectbox(key="images_cell_named").set_value("grass").run()
    assert "**2** of 8 test images of *brick* are named *grass* by A" in words(app)
    app.button(key="images_cell_grid_all").click().run()
    assert app.session_state["choice"].images == "18.21"


def test_images_of_an_address_are_selected_everywhere() -> None:
    two_runs()
    app = opened("images", images="3.7-9")
    assert "4 selected" in words(app)
    wrong = opened("images", images="7-;drop")
    assert "does not exist here" in words(wrong)


def of_two_weights() -> tuple[str, str]:
    a = stand_ins.finished_run(strategy="linear_probe")
    b = stand_ins.finished_run(strategy="linear_probe", weights="random")
    save(stand_ins.gallery(), GalleryQuestion(run=a).path)
    return a, b


def test_movement_is_not_offered_between_unrelated_networks() -> None:
    a, b = of_two_weights()
    app = opened("images", a=a, b=b)
    assert "Features moved furthest" not in app.selectbox(key="images_order").options


def own(a: str, b: str, key: str) -> None:
    picture = np.full((32, 32, 3), 120, np.uint8)
    seen = Seen(
        picture=picture,
        classes=stand_ins.CLASSES,
        probability_a=np.array([0.2, 0.5, 0.3]),
        probability_b=np.array([0.1, 0.1, 0.8]),
    )
    save(seen, SeeQuestion(a=a, b=b, image=key).path)
    look = {"target": "fur", "method": "gradcam", "stage": "layer3", "times": 2}
    found = stand_ins.attribution(0, "fur")
    save(found, AttributeQuestion(a=a, b=b, image=key, **look).path)


def test_an_own_picture_takes_the_test_image_s_place() -> None:
    a, b = two_runs()
    key = "0123456789abcdef" * 2
    own(a, b, key)
    app = opened("attribution", own=key)
    assert "Your picture" in words(app) and "A: grass, 50 %" in words(app) and "B: fur, 80 %" in words(app)
    assert app.selectbox(key="pick_target").value == "fur"
    app.button(key="own_back").click().run()
    assert app.session_state["choice"].own == "" and "Your picture" not in words(app)


def test_movement_is_zero_where_nothing_moved(tiny: dict[str, object]) -> None:
    from explorer.looks.images.compute import movement
    from explorer.training.compute.handlers import train

    ids = []
    for strategy, weights in (("linear_probe", "random"), ("linear_probe", "random"), ("full", "random")):
        ids.append(runs.create(make(**{**tiny, "weights": weights}, strategy=strategy)))
        train(ids[-1])
    still, moved = movement(ids[0], ids[1]), movement(ids[0], ids[2])
    assert (still.moved == 0).all() and (moved.moved > 0).all()
    assert moved.stage == "layer4" and len(moved.moved) == len(runs.predictions(ids[0]).ids)


def test_movement_between_unrelated_networks_is_refused(tiny: dict[str, object]) -> None:
    from explorer.looks.images.compute import movement
    from explorer.training.compute.handlers import train

    ids = [
        runs.create(make(**{**tiny, "weights": weights}, strategy="linear_probe")) for weights in ("random", "BUILT_IN")
    ]
    for run in ids:
        train(run)
    with pytest.raises(ExplorerError, match="share no axes"):
        movement(*ids)


def test_marking_turns_an_image_on_and_off(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[set[int]] = []
    monkeypatch.setattr(grid, "selected", lambda n: np.array([1, 4]))
    monkeypatch.setattr(grid, "select", lambda found: kept.append(set(found)))
    grid._mark(10, 4)
    grid._mark(10, 5)
    assert kept == [{1}, {1, 4, 5}]


def test_a_selection_is_told_by_its_quadrants() -> None:
    a, b = two_runs()
    said = grid.selection_words(np.array([0, 17, 18, 21, 22, 23]), runs.predictions(a), runs.predictions(b))
    assert "2 fixed by B, 0 broken by B, 2 wrong in both, 2 right in both" in said
    back = grid.selection_words(np.array([18]), runs.predictions(b), runs.predictions(a))
    assert "0 fixed by B, 1 broken by B" in back
