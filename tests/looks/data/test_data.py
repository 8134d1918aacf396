"""The page Data: what is found in a set with planted faults; edits, which change no file; the page itself."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import stand_ins_data
from opening import opened, store, words  # noqa: F401  (the fixture gives each test a store of its own)
from PIL import Image, ImageFilter

from explorer import edits, jobs
from explorer.answers import save
from explorer.data import datasets
from explorer.data.near_copies import pairs as copies
from explorer.edits import OUT, Change, Edits
from explorer.errors import ExplorerError
from explorer.looks.data.compute import census as counted
from explorer.looks.data.compute import labels, survey
from explorer.looks.data.compute.faults import faults, plain_faults
from explorer.looks.data.compute.labels import label_issues
from explorer.looks.data.question.census import TrainingPicturesQuestion
from explorer.looks.data.question.faults import Faults, FaultsQuestion, PlainFaultsQuestion
from explorer.looks.data.view import changing
from explorer.looks.data.view.faults import clustered, spared
from explorer.looks.images.view import tiles
from explorer.recipe import Recipe, make


def picture(seed: int) -> Image.Image:
    dice = np.random.default_rng(seed)
    rough = Image.fromarray(dice.integers(0, 255, (7, 8, 3), np.uint8)).resize((64, 56), Image.Resampling.BICUBIC)
    return Image.blend(rough, Image.fromarray(dice.integers(0, 255, (56, 64, 3), np.uint8)), 0.2)


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of 12 pictures in training and 5 in test, with planted faults."""
    root = tmp_path_factory.mktemp("spoilt")
    for k, kind in enumerate(("ant", "bee")):
        for split, first, n in (("train", 0, 12), ("test", 50, 5)):
            (root / split / kind).mkdir(parents=True)
            for i in range(n):
                picture(100 * k + first + i).save(root / split / kind / f"{i}.png")
    picture(3).resize((58, 50)).save(root / "test" / "bee" / "near.png")  # of train/ant/3.png
    shutil.copy(root / "train" / "ant" / "5.png", root / "train" / "bee" / "same.png")
    Image.new("RGB", (64, 56), (9, 9, 9)).save(root / "train" / "ant" / "night.png")
    picture(80).filter(ImageFilter.GaussianBlur(3)).save(root / "train" / "bee" / "soft.png")
    picture(81).resize((24, 21)).save(root / "train" / "bee" / "tiny.png")
    (root / "train" / "bee" / "torn.png").write_bytes(b"no picture")
    return root


@pytest.fixture
def recipe(spoilt: Path, narrow: str) -> Recipe:
    return make(
        dataset="folder",
        data_dir=str(spoilt),
        backbone=narrow,
        weights="random",
        input_size=32,
        per_class=None,
        device="cpu",
    )


def test_every_planted_fault_is_found_and_nothing_else(recipe: Recipe) -> None:
    found = faults(recipe)
    ids = found.shown.ids
    pairs = [{ids[i] for i in pair} for pair in found.copies.pairs.tolist()]
    assert pairs == [{"train/ant/3.png", "test/bee/near.png"}]
    assert found.copies.found >= 0.95 * found.copies.tried and found.copies.threshold < found.copies.strangers
    assert [ids[i] for i in found.dark] == ["train/ant/night.png"]
    assert ids[found.blurred[0]] == "train/bee/soft.png"
    assert {ids[i] for i in found.blurred} <= {
        "train/bee/soft.png",
        "train/bee/tiny.png",
        "test/bee/near.png",
    }  # scaled down
    assert [ids[i] for i in found.odd] == ["train/bee/tiny.png"]
    assert found.contradictions == (("train/bee/same.png", "train/ant/5.png"),)
    assert {name for name, _ in found.skipped} == {"train/bee/same.png", "train/bee/torn.png"}
    assert found.n == 38 and found.groups == ()


def test_single_pictures_are_judged_alike_with_and_without_near_copies(recipe: Recipe) -> None:
    whole, plainly = faults(recipe), plain_faults(recipe)
    assert not plainly.copies.tried and not len(plainly.copies.pairs)

    def named(found: Faults, places: tuple[int, ...]) -> list[str]:
        return [found.shown.ids[i] for i in places]

    for kind in ("odd", "dark", "blurred"):
        assert named(whole, getattr(whole, kind)) == named(plainly, getattr(plainly, kind))
    assert (whole.groups, whole.skipped) == (plainly.groups, plainly.skipped)


def test_what_is_in_the_set_is_counted_and_shown_as_the_network_sees_it(recipe: Recipe) -> None:
    found = counted.census(recipe)
    assert found.counts.sum(axis=1)[[0, 2]].tolist()[1] == 11 and found.counts.sum() == 38
    assert found.majority(2) == 6 / 11
    assert [24, 21] in found.sizes.tolist() and len(found.sizes) == 38
    data = datasets.load(recipe)
    bees = data.train.take(np.flatnonzero(data.train.labels == 1)).pixels(recipe.preprocessing)
    assert np.abs(found.means[1] - bees.mean(axis=0)).max() <= 0.5 and found.averaged[1] == len(bees)
    seen = counted.training_pictures(recipe, "bee")
    row = data.train.ids.index(seen.ids[0])
    assert np.array_equal(seen.images[0, 0], data.train.take([row]).pixels(recipe.preprocessing)[0])
    assert not np.array_equal(seen.images[0, 1], seen.images[0, 2])
    assert counted.training_pictures(recipe, "bee", first=10_000).ids != ()
    assert np.array_equal(counted.training_pictures(recipe, "bee").images, seen.images)


def test_a_label_that_was_swapped_stands_out_first() -> None:
    dice = np.random.default_rng(0)
    true = np.repeat([0, 1], 40)
    features = dice.normal(0, 1, (80, 6)) + 3 * true[:, None]
    given = true.copy()
    given[[3, 50]] = 1 - given[[3, 50]]
    p = labels.out_of_fold(features, given, None)
    assert set(np.argsort(-labels.confident.margin(given, p))[:2]) == {3, 50}
    assert labels.confident.flagged(given, p)[[3, 50]].all()
    patients = np.arange(80) // 2
    assert labels.groups_that_divide(patients, true) is patients
    assert labels.groups_that_divide(true, true) is None and labels.groups_that_divide(None, true) is None
    with pytest.raises(ExplorerError, match="1 picture, and at least 2"):
        labels.out_of_fold(features[:41], true[:41], None)


def test_the_threshold_lies_between_copies_and_other_pictures() -> None:
    own, others = np.linspace(0, 2, 100), np.linspace(9, 30, 100)
    pairs = np.arange(200).reshape(-1, 2)  # a hundred different pictures each
    threshold, strangers = copies.cut(own, others, pairs)
    assert 2 < threshold < 4 and strangers == pytest.approx(9.2, abs=0.1)
    assert copies.cut(own, others[:0], pairs[:0])[1] == float("inf")
    near, _ = copies.cut(own, np.linspace(2.01, 30, 100), pairs)
    assert near == pytest.approx(1.9)  # where different pictures begin at once, the threshold is not widened
    three = np.array([[0, 1], [0, 2], [1, 2]])  # of two copies of one picture the distance is no stranger's
    assert copies.cut(own, np.array([1.0, 1.5, 2.5]), three)[0] == pytest.approx(1.9 * copies.WIDEN)
    assert copies.linked(three, np.array([True, True, False])).all()
    assert survey.outside(np.array([5.0, 5, 5, 5])).tolist() == [0] * 4


def test_edits_are_a_value_with_a_name_and_a_way_back() -> None:
    empty = Edits("folder", "/x")
    one = empty.changed(("a", "b"), split=OUT)
    assert empty.name == "" and len(one.name) == 12 and one.before == ""
    assert edits.keep(one) == one.name and edits.read(one.name) == one
    two = one.changed(("b",), kind="bee", split="")
    assert two.before == one.name and two.changes == {"a": Change("", OUT), "b": Change("bee", "")}
    assert two.counts() == (1, 1, 0) and str(two) == "1 left out, 1 moved to another class"
    assert two.changed(("a", "b"), "", "").name == ""
    for name in ("0" * 12, "../x", "", two.name):
        assert edits.known(name) is None
    (edits.folder() / f"{two.name}.json").write_text("{}")
    with pytest.raises(ExplorerError, match="cannot be read"):
        edits.read(two.name)
    edits.keep(two)  # what is there is kept


def test_an_edited_set_is_the_same_files_otherwise_and_a_recipe_says_so(recipe: Recipe, spoilt: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in spoilt.rglob("*")}
    plain = datasets.load(recipe)
    made = Edits("folder", str(spoilt)).changed(("train/ant/0.png",), split=OUT)
    made = made.changed(("train/bee/1.png",), kind="ant").changed(("test/bee/near.png",), split="train")
    made = made.changed(("not/there.png",), split=OUT)
    edited = recipe.model_copy(update={"edits": edits.keep(made)})
    found = datasets.load(edited)
    assert len(found.train) == len(plain.train) and len(found.test) == len(plain.test) - 1
    assert "train/ant/0.png" not in found.train.ids and "test/bee/near.png" in found.train.ids
    row = found.train.ids.index("train/bee/1.png")
    assert found.classes[found.train.labels[row]] == "ant"
    assert np.array_equal(np.asarray(found.train.read(row)), np.asarray(Image.open(spoilt / "train/bee/1.png")))
    assert found.fingerprint == f"{plain.fingerprint}+{made.name}" and made.name in found.note
    assert "1 edited pictures are no longer there" in found.note
    assert {path: path.stat().st_mtime_ns for path in spoilt.rglob("*")} == before
    assert edited.fingerprint != recipe.fingerprint and "edits" not in recipe.model_dump()
    assert make(**edited.model_dump()) == edited
    other = edits.keep(Edits("shapes").changed(("a",), split=OUT))
    with pytest.raises(ExplorerError, match="are of shapes, not of"):
        datasets.load(recipe.model_copy(update={"edits": other}))
    for change, fault in (({"kind": "wasp"}, "does not have any more"), ({"split": OUT}, "no training picture left")):
        ants = tuple(name for name in found.train.ids if "ant" in name)
        wrong = edits.keep(Edits("folder", str(spoilt)).changed((*ants, "train/ant/0.png"), **change))
        with pytest.raises(ExplorerError, match=fault):
            datasets.load(recipe.model_copy(update={"edits": wrong}))


def test_labels_are_judged_with_the_edits_and_no_feature_is_computed_anew(
    recipe: Recipe, spoilt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = label_issues(recipe)
    assert first.n == 38 and len(first.by_chance) == len(first.shown.ids) == first.flagged
    made = edits.keep(Edits("folder", str(spoilt)).changed(("train/ant/0.png",), split=OUT))
    monkeypatch.setattr("explorer.data.feature_cache.frozen.Frozen.run", None)
    assert label_issues(recipe.model_copy(update={"edits": made})).n == 37


def test_pairs_that_hang_together_are_one_group_and_a_test_picture_stays() -> None:
    groups = clustered(np.array([[0, 1], [4, 5], [1, 2]]))
    assert groups == [[0, 1, 2], [4, 5]]
    assert spared([0, 1, 2], np.array([0, 2, 0])) == [0, 2] and spared([4, 5], np.zeros(6, int)) == [5]


def test_the_page_shows_what_there_is_and_edits_it_with_undo() -> None:
    recipe = make(dataset="photo_patches", per_class=None)
    stand_ins_data.answer(recipe)
    app = opened("data")
    assert not app.exception and "The set as it is" in words(app)
    assert "Note\\." in words(app) and "1 to 3 of 30 training pictures" in words(app)
    app.session_state["data_view"] = "Faults"
    app.run()
    assert "**158 of 160** copies" in words(app)
    app.button(key="data_spare").click().run()
    app.button(key="data_copies_out").click().run()
    name = app.query_params["edits"]
    assert edits.read(name).changes == {i: Change("", OUT) for i in (stand_ins_data.IDS[0], stand_ins_data.IDS[2])}
    assert "2 left out" in words(app)
    app.button(key="data_undo").click().run()
    assert "edits" not in app.query_params and "The set as it is" in words(app)
    app.button(key="data_redo").click().run()
    assert app.query_params["edits"] == name
    app.button(key="data_reset").click().run()
    app.session_state["data_view"] = "Wrong labels?"
    app.run()
    assert "Chance alone explains as many" in words(app)
    app.button(key="data_sure").click().run()
    app.button(key="data_propose").click().run()
    moved = edits.read(app.query_params["edits"]).changes
    assert moved == {stand_ins_data.IDS[0]: Change("grass", ""), stand_ins_data.IDS[1]: Change("fur", "")}
    assert not app.exception


def test_what_single_pictures_tell_is_shown_before_the_near_copies() -> None:
    recipe = make(dataset="shapes", per_class=None)
    made = stand_ins_data.faults()
    none = replace(made.copies, pairs=made.copies.pairs[:0], distance=made.copies.distance[:0], tried=0, found=0)
    app = opened("data", dataset="shapes")
    app.session_state["data_view"] = "Faults"
    save(replace(made, copies=none), PlainFaultsQuestion(recipe=recipe).path)
    app.run()
    kinds = app.segmented_control(key="data_fault").options
    assert not app.exception and "Blurred · 0" in kinds and not any("Near-copies" in kind for kind in kinds)
    assert tiles.sprite(PlainFaultsQuestion(recipe=recipe).key)  # its thumbnails are served
    asked = jobs.status(FaultsQuestion(recipe=recipe))
    assert asked is not None and asked.waiting
    save(made, FaultsQuestion(recipe=recipe).path)
    app.run()
    assert "Near-copies · 2" in app.segmented_control(key="data_fault").options


def test_edits_in_an_address_that_are_of_another_set_or_gone_are_passed_over() -> None:
    other = edits.keep(Edits("shapes").changed(("a",), split=OUT))
    for name in (other, "0" * 12):
        assert "The set as it is" in words(opened("data", edits=name))
    assert changing.current("shapes", None).name == ""


def test_versions_of_a_picture_lie_side_by_side_in_one_strip() -> None:
    question = TrainingPicturesQuestion(recipe=make(dataset="shapes", per_class=None))
    made = stand_ins_data.training_pictures()
    save(made, question.path)
    first = tiles.sprite_address(question)
    assert first.startswith(f"/api/sprite/{question.key}.jpg?")
    sheet = np.asarray(Image.open(io.BytesIO(tiles.sprite(question.key))))
    n, versions, height, width = made.images.shape[:4]
    assert sheet.shape == (n * height, versions * width, 3)
    save(made, question.path)
    assert tiles.sprite_address(question) != first  # read anew: a browser that keeps the old one must not show it
