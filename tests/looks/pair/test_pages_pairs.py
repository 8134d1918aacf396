"""Which two runs a page shows: what keeps runs apart, which come by default, what the address and the session keep."""

from dataclasses import replace

import numpy as np
import pytest
import stand_ins
from opening import opened, two_runs, words

from explorer import runs
from explorer.answers import save
from explorer.app import asking, mine, visitor
from explorer.looks.images.question import GalleryQuestion
from explorer.looks.pair import comparison
from explorer.looks.pair.view import choosing as view
from explorer.recipe import make

LOOKS = ("images", "features", "projection", "attribution", "similarity")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.0)


def retested(run: str, names: list[str], classes: tuple[str, ...] = stand_ins.CLASSES) -> None:
    """Make it as if the run had been tested on images of these names."""
    labels = np.arange(len(names)) % len(classes)
    probability = np.full((len(names), len(classes)), 1 / len(classes), np.float32)
    runs.store_predictions(run, names, labels, probability, classes)


def of_folder(folder: str = "/pictures", **choices: object) -> str:
    return stand_ins.finished_run(dataset="folder", data_dir=folder, **choices)


@pytest.mark.parametrize("page", LOOKS)
def test_a_folder_that_changed_between_two_runs_is_told(page: str) -> None:
    a, b = of_folder(strategy="linear_probe"), of_folder(strategy="last_stage")
    retested(b, [f"new-{i}.png" for i in range(stand_ins.N)])
    app = opened(page, a=a, b=b)
    said = words(app)
    assert not app.exception and not app.error
    assert "The folder changed between the two runs: A was tested on 24 images of 3 classes, B on 24" in said.replace(
        "\\", ""
    )
    assert any(button.label == "Train a match for B" for button in app.button), "A's images may be gone"


def test_another_number_of_images_and_other_classes_are_told_too() -> None:
    a, b = of_folder(strategy="linear_probe"), of_folder(strategy="last_stage")
    retested(b, [f"image-{i}.png" for i in range(stand_ins.N - 1)])
    assert "B on 23 images" in words(opened("images", a=a, b=b))
    retested(b, [f"image-{i}.png" for i in range(stand_ins.N)], ("brick", "grass", "fur", "sky"))
    assert "B on 24 images of 4 classes" in words(opened("images", a=a, b=b))


def test_the_default_partner_is_one_that_saw_the_same_images() -> None:
    a = of_folder(strategy="linear_probe")
    good = of_folder(strategy="last_stage")
    other = of_folder(strategy="full")
    retested(other, [f"new-{i}.png" for i in range(stand_ins.N)])
    known = asking.finished()
    assert view._default_a(known).id == a and view._default_b(known, runs.read(a)).id == good


def test_a_page_opens_with_runs_of_this_browser_and_not_with_one_whose_audit_is_red(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clean, _ = two_runs()
    red = stand_ins.finished_run(strategy="linear_probe", seed=1)
    stand_ins.unclean(red)
    assert opened("images").selectbox(key="pick_a").value == clean, "the red one is the latest"
    own = [stand_ins.finished_run(strategy=name, seed=2) for name in ("linear_probe", "full")]
    stand_ins.finished_run(strategy="linear_probe", seed=3)
    monkeypatch.setattr(mine, "workspace_name", lambda: "0a" * 16)
    for run in (*own, "deleted-since"):
        mine.note_own(run)
    mine.note_own("../../elsewhere")
    app = opened("images")
    assert [app.selectbox(key=f"pick_{field}").value for field in "ab"] == own


def test_a_run_without_predictions_is_nobody_s_partner() -> None:
    a, b = two_runs()
    (runs.folder(b) / "predictions.csv").unlink()
    other = stand_ins.finished_run(strategy="full")
    assert view._default_b(asking.finished(), runs.read(a)).id == other


def test_weights_with_another_transform_are_refused_by_its_name() -> None:
    a = stand_ins.finished_run(backbone="resnet50", weights="IMAGENET1K_V1", strategy="linear_probe")
    b = stand_ins.finished_run(backbone="resnet50", weights="IMAGENET1K_V2", strategy="last_stage")
    app = opened("images", a=a, b=b)
    said = words(app).replace("\\", "")
    assert "different transforms" in said and "do not share their test images" not in said
    assert "IMAGENET1K_V1, resized to 256 px, cut to 224 px" in said and "resized to 232 px" in said
    with_a = next(button for button in app.button if button.label == "Train a match for A").click().run()
    assert with_a.session_state["weights_resnet50"] == "IMAGENET1K_V1" and not with_a.exception


def test_two_backbones_are_compared_image_by_image_and_other_pages_lead_there() -> None:
    a, _ = two_runs()
    b = stand_ins.finished_run(backbone="resnet18", weights="random", strategy="full")
    save(stand_ins.gallery(), GalleryQuestion(run=b).path)
    app = opened("images", a=a, b=b, view="matrices")
    assert not app.exception and app.session_state["choice"].b == b and "cannot" not in words(app)
    assert app.selectbox(key="pick_b").value == b
    app = opened("projection", a=a, b=b)
    assert not app.exception and "neither their stages nor their features" in words(app)
    (link,) = [link for link in app.get("page_link") if link.proto.label == "Compare them image by image"]
    assert f"a={a}" in link.proto.query_string and f"b={b}" in link.proto.query_string


def test_an_input_size_that_is_the_default_is_no_difference() -> None:
    a = stand_ins.finished_run(strategy="linear_probe", input_size=96)
    b = stand_ins.finished_run(strategy="last_stage")
    assert make(input_size=96).preprocessing == make().preprocessing
    assert comparison.apart(runs.read(a), runs.read(b)) is None
    c = stand_ins.finished_run(strategy="last_stage", input_size=64)
    found = comparison.apart(runs.read(a), runs.read(c))
    assert found is not None and "different transforms" in found.why and "64 px" in found.why


def other_data(**choices: object) -> str:
    """A finished run on `digits`, with images and classes of its own."""
    run = stand_ins.finished_run(dataset="digits", **choices)
    retested(run, [f"digit-{i}" for i in range(stand_ins.N)], ("one", "two", "three"))
    save(stand_ins.gallery(), GalleryQuestion(run=run).path)
    return run


def test_image_selection_and_class_go_when_the_images_do() -> None:
    a, b = two_runs()
    c, d = other_data(strategy="linear_probe"), other_data(strategy="last_stage")
    app = opened("images", a=a, b=b, image="5", images="3.7-9", target="fur")
    chosen = app.session_state["choice"]
    assert (chosen.image, chosen.images, chosen.target) == (5, "3.7-9", "fur"), "an address brings its own"
    app.selectbox(key="pick_a").set_value(c).run()
    assert app.session_state["choice"].image == 5, "nothing is shown yet: B is still on the other images"
    app.selectbox(key="pick_b").set_value(d).run()
    chosen = app.session_state["choice"]
    assert (chosen.image, chosen.images, chosen.target) == (-1, "", "") and not app.exception
    assert "the chosen image, selection and class are reset" in words(app)
    assert "image" not in app.query_params and "images" not in app.query_params
    app.run()
    assert "are reset" not in words(app)


def test_image_and_selection_stay_while_the_images_do() -> None:
    a, b = two_runs()
    c = stand_ins.finished_run(wrong=3, strategy="full")
    app = opened("images", a=a, b=b, image="5", images="3.7-9")
    app.selectbox(key="pick_b").set_value(c).run()
    chosen = app.session_state["choice"]
    assert (chosen.b, chosen.image, chosen.images) == (c, 5, "3.7-9")


def test_going_back_to_other_runs_keeps_what_the_address_says_of_their_images() -> None:
    a, b = two_runs()
    c, d = other_data(strategy="linear_probe"), other_data(strategy="last_stage")
    app = opened("images", a=c, b=d, image="2")
    for name, value in {"a": a, "b": b, "image": "7"}.items():
        app.query_params[name] = value
    app.run()
    assert app.session_state["choice"].image == 7


def test_the_runs_of_the_chosen_data_set_come_first() -> None:
    c, d = other_data(strategy="linear_probe"), other_data(strategy="last_stage")
    a, b = two_runs()
    app = opened("images")
    assert (app.selectbox(key="pick_a").value, app.selectbox(key="pick_b").value) == (a, b), "the latest pair"
    app = opened("images", dataset="digits")
    assert (app.selectbox(key="pick_a").value, app.selectbox(key="pick_b").value) == (c, d)
    app = opened("images", dataset="shapes")
    assert app.selectbox(key="pick_a").value == a, "there is no run on shapes"
    app = opened("images", b=d)
    assert app.selectbox(key="pick_a").value == c, "the one that B can be compared with"


def test_the_runs_of_the_chosen_backbone_come_first() -> None:
    c = stand_ins.finished_run(backbone="vgg16", strategy="linear_probe")
    d = stand_ins.finished_run(backbone="vgg16", strategy="last_stage")
    two_runs()
    app = opened("similarity", backbone="vgg16", dataset="digits")
    assert (app.selectbox(key="pick_a").value, app.selectbox(key="pick_b").value) == (c, d)


@pytest.mark.parametrize("page", LOOKS)
def test_the_address_names_the_two_runs_that_are_shown(page: str) -> None:
    a, b = two_runs()
    app = opened(page)
    assert (app.query_params["a"], app.query_params["b"]) in ((a, b), ([a], [b]))
    later = two_runs()
    app.run()
    assert (app.selectbox(key="pick_a").value, app.selectbox(key="pick_b").value) == (a, b), "a look is not disturbed"
    shared = opened(page, a=a, b=b)
    assert shared.selectbox(key="pick_b").value == b and not shared.exception
    app.query_params.clear()  # a link of the menu carries nothing
    app.run()
    assert (app.selectbox(key="pick_a").value, app.selectbox(key="pick_b").value) == later, "nobody chose the first two"


def test_the_address_is_written_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each writing is a step of the browser's history: going back must not need two."""
    from streamlit.runtime.state import query_params

    two_runs()
    app = opened("images")
    told: list[object] = []
    send = query_params.QueryParams._send_query_param_msg
    monkeypatch.setattr(
        query_params.QueryParams, "_send_query_param_msg", lambda self: (told.append(self), send(self))[1]
    )
    app.run()
    assert not told
    for name in ("a", "b"):
        del app.query_params[name]
    app.run()
    assert len(told) == 1
    app.number_input(key="pick_image").set_value(7).run()
    assert len(told) == 2


def test_the_two_runs_are_not_named_where_they_are_not_compared() -> None:
    stand_ins.finished_run(strategy="linear_probe", dataset="shapes")
    stand_ins.finished_run(strategy="last_stage", dataset="digits")
    app = opened("images")
    assert "a" not in app.query_params and "b" not in app.query_params


def test_long_class_names_are_chosen_like_others() -> None:
    names = ("x" * 255, "y" * 200 + "!", "fur")
    a = stand_ins.finished_run(6, classes=names, strategy="linear_probe")
    b = stand_ins.finished_run(2, classes=names, strategy="last_stage")
    stand_ins.answer(a, b, targets=names)
    for run in (a, b):
        save(replace(stand_ins.gallery(), classes=names), GalleryQuestion(run=run).path)
    app = opened("attribution")
    app.selectbox(key="pick_target").set_value(names[1]).run()
    assert not app.exception and app.session_state["choice"].target == names[1]
    assert visitor.from_address({"target": names[0]}) == (visitor.Choice(target=names[0]), [])
    assert visitor.to_address(visitor.Choice(target="z" * 300)) == {}
    assert visitor.from_address({"target": "z" * 300})[1]


def scattered() -> str:
    """Every other image of four thousand: far more than an address holds."""
    return ".".join(str(i) for i in range(0, 4000, 2))


def test_a_selection_too_long_for_the_address_stays_for_the_visit() -> None:
    from streamlit.testing.v1 import AppTest

    def script() -> None:
        import streamlit as st

        from explorer.app import visitor
        from explorer.app.visitor import choose
        from explorer.looks.images.view.selection import select, selected

        visitor.begin()
        st.button("many", on_click=lambda: select(range(0, 4000, 2)))
        st.button("look", on_click=lambda: choose(image=3))
        st.write(len(selected(4000)))

    app = AppTest.from_function(script, default_timeout=30).run()
    app.button[0].click().run()
    assert not app.exception and app.session_state["choice"].images == scattered()
    assert "images" not in app.query_params and len(app.toast) == 1 and "too long" in app.toast[0].value
    app.button[0].click().run()
    assert not app.toast, "it is said once"
    app.button[1].click().run()
    app.query_params["image"] = "2"  # as going back does
    app.run()
    assert app.markdown[-1].value == "`2000`" and app.session_state["choice"].image == 2 and not app.exception
    app.query_params["a"] = "another-run"
    app.run()
    assert app.markdown[-1].value == "`0`", "other runs, other images"


@pytest.mark.parametrize("text", [scattered(), "9" * 5000, "1-" + "9" * 4500])
def test_no_selection_of_an_address_raises(text: str) -> None:
    chosen, notes = visitor.from_address({"images": text})
    assert chosen.images == "" and len(notes) == 1


def test_among_many_runs_each_is_looked_at_only_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(12):
        stand_ins.finished_run(seed=seed, strategy="linear_probe")
    known = asking.finished()
    seen: list[str] = []
    look = comparison.images_of
    monkeypatch.setattr(comparison, "images_of", lambda run: seen.append(run.id) or look(run))
    a = view._default_a(known)
    b = view._default_b(known, a)
    assert a.id != b.id and len(seen) <= 2 * len(known)
