"""The attribution page: one picture, sixteen, and whether a map is to be trusted."""

import threading
from dataclasses import replace
from types import FrameType
from typing import Any

import numpy as np
import pytest
import stand_ins
import stand_ins_attribution
from opening import ROOT, opened, words

from explorer import jobs, runs
from explorer.answers import save
from explorer.app import asking
from explorer.catalogue import ATTRIBUTIONS, BACKBONES, CONTROLS
from explorer.catalogue.methods import looking_stage
from explorer.evidence import Grouped
from explorer.looks.attribution.figures.cascades import randomisation, randomisation_maps
from explorer.looks.attribution.figures.many import attributions
from explorer.looks.attribution.figures.seeds import seeds, seeds_maps
from explorer.looks.attribution.figures.trust import faithfulness, faithfulnesses, on_object
from explorer.looks.attribution.question.maps import AttributeManyQuestion, AttributeQuestion, OtherSeedsQuestion
from explorer.looks.attribution.question.trust import FaithfulnessManyQuestion, FaithfulnessQuestion, RandomiseQuestion
from explorer.looks.images.view import choosing
from explorer.models.backbones import build
from explorer.models.cells import cells as place

VIEWS = ("One picture", "Sixteen pictures", "A with other seeds", "Is the map faithful?", "Randomise the weights")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.0)


def two(**choices: str) -> tuple[str, str]:
    a, b = (stand_ins.finished_run(wrong=n, strategy=s, **choices) for n, s in ((6, "linear_probe"), (2, "last_stage")))
    stand_ins.answer(a, b)
    coarse = {"method": "gradcam", "stage": "layer3"}
    how = {**coarse, "times": 2}
    save(stand_ins_attribution.faithfulnesses(), FaithfulnessManyQuestion(a=a, b=b, **how).path)
    for image in range(stand_ins.N):
        for target in stand_ins.CLASSES:
            at = {"image": image, "target": target, **how}
            save(stand_ins_attribution.faithfulness(), FaithfulnessQuestion(a=a, b=b, **at).path)
            save(stand_ins_attribution.seeds(), OtherSeedsQuestion(a=a, b=b, **at).path)
            of = {"image": image, "target": target, **coarse}
            random = RandomiseQuestion(run=b, against="guided_backprop", **of)
            save(stand_ins_attribution.randomisation(), random.path)
    pa, pb = runs.predictions(a), runs.predictions(b)
    gain = choosing.true_probability(pb) - choosing.true_probability(pa)
    for target in stand_ins.CLASSES:
        rows = np.flatnonzero(pa.labels == pa.classes.index(target))
        chosen = [int(i) for i in rows[np.argsort(-gain[rows], kind="stable")][:16]]
        found = stand_ins_attribution.many(tuple(chosen))
        save(found, AttributeManyQuestion(a=a, b=b, images=chosen, target=target, **how).path)
    return a, b


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_draws(view: str) -> None:
    two()
    app = opened("attribution")
    assert tuple(app.segmented_control(key="attribution_view").options) == VIEWS
    app.segmented_control(key="attribution_view").set_value(view).run()
    assert not app.exception and not app.error
    assert app.get("plotly_chart")
    assert "no evidence of a better model" in words(app)


def test_the_first_drawing_crosses_no_more_files_than_the_design_says() -> None:
    """The files of explorer/ and pages/ of which a function is called, or that are run, on a visit that draws the map, in a
    server that has shown another page."""
    two()
    opened("glossary")
    crossed = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        name = frame.f_code.co_filename.removeprefix(f"{ROOT}/")
        called = frame.f_code.co_name != "<module>" or name.startswith("pages/")
        if event == "call" and called and name.startswith(("explorer/", "pages/")):
            crossed.add(name)

    before = threading.getprofile()
    threading.setprofile(note)
    try:
        app = opened("attribution")
    finally:
        threading.setprofile(before)
    assert app.get("plotly_chart") and not app.exception
    assert "pages/attribution.py" in crossed and len(crossed) <= 75, sorted(crossed)


def test_sixteen_pictures_say_that_they_were_chosen() -> None:
    two()
    app = opened("attribution")
    app.segmented_control(key="attribution_view").set_value("Sixteen pictures").run()
    assert "the best case, not a sample" in words(app)


def test_a_picked_image_is_called_so_until_one_is_chosen() -> None:
    two()
    assert "Picked because B gained most on it: the best case for B, not a sample" in words(opened("attribution"))
    assert "Picked because B gained most" not in words(opened("attribution", image="3"))


def test_the_first_look_has_a_map_that_one_can_read() -> None:
    """The stage that a look begins with has at least 6 cells a side at a backbone's own size, before it is laced."""
    two()
    app = opened("attribution")
    assert app.session_state["pick_stage"] == "layer3" and app.toggle(key="attribution_fine").value
    assert "twice as fine as the stage's own" in words(app)
    for row in BACKBONES.values():
        if row.parameters < 5e6:  # a grid has as many cells in a larger one of the kind
            free = [stage for stage in row.stage_names if not ATTRIBUTIONS["gradcam"].obstacle(row, stage)]
            first = looking_stage(free, row.input_size)
            assert round(1 / place(build(row.name, 2, "random"), first, row.input_size).step) >= 6, (row.name, first)
    assert looking_stage(("stem", "layer1"), 64) == "stem" and looking_stage(("stem",), 64) == "stem"


def test_why_this_class_and_not_that_one_is_asked_by_the_difference() -> None:
    a, b = two()
    app = opened("attribution", image="3")
    target = app.session_state["pick_target"]
    other = next(name for name in stand_ins.CLASSES if name != target)
    assert target not in app.selectbox(key="attribution_other").options
    found = replace(stand_ins.attribution(3, target, cells=6), rather_than=other)
    how = {"method": "gradcam", "stage": "layer3", "times": 2, "rather_than": other}
    save(found, AttributeQuestion(a=a, b=b, image=3, target=target, **how).path)
    app.selectbox(key="attribution_other").set_value(other).run()
    assert not app.exception and app.get("plotly_chart")
    assert f"difference of two logits: {target} minus {other}" in words(app).replace("\\", "")
    assert f"Vermillion supports {target} rather than {other}" in words(app)


def test_other_seeds_are_the_band_and_b_is_held_against_it() -> None:
    found = stand_ins_attribution.seeds()
    fig = seeds(found)
    band, marks, b = fig.data
    assert list(band.base) == [0.6] * 8 and np.asarray(band.x) == pytest.approx([0.3] * 8)
    assert list(marks.x) == [0.6, 0.7, 0.8, 0.9] * 8 and list(b.x) == found.alike_b.tolist()
    look = fig.layout.meta["verdict"]
    assert "on 2 of 8 images" in look and "1 in 5" in look
    assert "75 % of the other seeds' maps, in 0 % of B's" in look
    assert "brick rather than grass" in fig.layout.meta["alt"] and "n = 8" in fig.layout.meta["caution"]
    maps = [trace for trace in seeds_maps(found).data if trace.type == "heatmap"]
    assert len(maps) == 6 and {trace.coloraxis for trace in maps} == {"coloraxis"}
    np.testing.assert_array_equal(maps[-1].z, found.b)


def test_only_methods_that_apply_are_offered_and_a_link_keeps_the_one_that_was_chosen() -> None:
    two()
    app = opened("attribution")
    offered = app.selectbox(key="attribution_method").options
    assert "Integrated gradients" in offered and not any("rollout" in name for name in offered)
    app.selectbox(key="attribution_method").set_value("gradient_shap").run()
    link = {name: app.query_params[name] for name in ("method", "a", "b")}
    assert opened("attribution", **link).selectbox(key="attribution_method").value == "gradient_shap"
    wrong = opened("attribution", **link | {"method": "rollout"})  # what a ResNet does not have
    assert wrong.selectbox(key="attribution_method").value == "gradcam"
    assert any("= 'rollout'" in box.value for box in wrong.warning) and not wrong.exception


def test_many_maps_and_the_curve_of_randomisation_draw_their_data() -> None:
    many = attributions(stand_ins_attribution.many())
    (targets,) = (t for t in many.data if t.customdata is not None)
    assert sorted({int(data[0]) for data in targets.customdata}) == [0, 3, 6]
    assert many.layout.coloraxis.cmax == -many.layout.coloraxis.cmin == 2
    lines = {t.name: t.y for t in randomisation(stand_ins_attribution.randomisation()).data if t.name}
    assert [list(y) for name, y in lines.items() if "Grad-CAM" in name] == [[1, 0, 0, 0, 0, 0, 0]]


def test_the_stage_of_a_transformer_is_the_last_that_the_method_can_ask() -> None:
    two(backbone="vit_b_16")
    app = opened("attribution")
    assert app.session_state["pick_stage"] == "layers3" and not app.error and not app.exception
    said = words(app).replace("\\", "")
    assert (
        "Not offered for ViT-B/16: Guided backprop (negative control), since it changes the gradient of plain" in said
    )


def test_a_stage_that_cannot_be_asked_is_told_before_it_is_asked() -> None:
    two(backbone="vit_b_16")
    for view in VIEWS:
        app = opened("attribution", stage="layers4")
        app.segmented_control(key="attribution_view").set_value(view).run()
        assert not app.error and not app.exception and not app.get("plotly_chart")
        assert any("Grad-CAM at *layers4*" in box.value and "choose an earlier stage" in box.value for box in app.info)
    with jobs.database() as db:
        asked = [row["arguments"] for row in db.execute("SELECT * FROM task") if "layers4" in str(tuple(row))]
    assert not asked


def test_a_method_without_stages_is_asked_on_a_transformer() -> None:
    two(backbone="vit_b_16")
    app = opened("attribution", stage="layers4")
    app.selectbox(key="attribution_method").set_value("rollout").run()
    assert not app.exception and not any("choose an earlier stage" in box.value for box in app.info)


@pytest.mark.parametrize(("backbone", "missing"), [("mobilenet_v2", True), ("resnet18", False)])
def test_a_missing_negative_control_is_told(backbone: str, missing: bool) -> None:
    two(backbone=backbone)
    app = opened("attribution")
    app.segmented_control(key="attribution_view").set_value("Randomise the weights").run()
    said = words(app)
    assert ("The negative control is missing: Guided backprop does not apply" in said) == missing and not app.exception
    assert ("Guided backprop (negative control), since it changes" in said) == missing
    assert "Attention rollout, since it follows the attention of" in said


def test_faithfulness_draws_both_curves_their_controls_and_areas() -> None:
    found = stand_ins_attribution.faithfulness()
    fig = faithfulness(found)
    curves = [trace for trace in fig.data if trace.name and trace.name.endswith("in the map's order")]
    of = {(trace.name[0], trace.yaxis): list(trace.y) for trace in curves}
    assert of == {
        ("A", "y"): found.deletion_a.curve.tolist(), ("B", "y2"): found.deletion_b.curve.tolist(),
        ("A", "y3"): found.insertion_a.curve.tolist(), ("B", "y4"): found.insertion_b.curve.tolist(),
    }  # fmt: skip
    assert of["A", "y"] != of["B", "y2"] and all(list(trace.x) == found.share.round(4).tolist() for trace in curves)
    titles = [note.text for note in fig.layout.annotations]
    assert titles[0] == "A, deletion: area 0.03 (controls 0.50 to 0.50)" and titles[1].startswith(
        "B, deletion: area 0.50"
    )
    assert titles[2].startswith("A, insertion: area 0.50") and all(title in fig.layout.meta["alt"] for title in titles)
    lines = {trace.name: list(trace.y) for trace in fig.data if trace.yaxis == "y" and trace not in curves}
    titled = [CONTROLS[name].title for name in (*found.controls, "random")]
    assert list(lines) == titled, "random cells come last, after the controls that are as compact as the map"
    assert lines[titled[0]] == found.deletion_a.controls[0].tolist()


def test_the_claim_over_many_images_is_made_against_compact_controls_only() -> None:
    found = stand_ins_attribution.faithfulnesses()
    fig = faithfulnesses(found)
    look = fig.layout.meta["verdict"]
    assert "Insertion: A's maps (mean area 0.500) beat every control." in look
    for start in ("Deletion: A's", "Deletion: B's", "Insertion: B's"):
        said = look[look.index(start) :].split(". ")[0].rstrip(".")
        assert said.endswith("not shown to beat centre first (0.500, better on 12 of 24)"), said
    assert "random" not in look and "n = 24" in fig.layout.meta["caution"]
    first = fig.data[0]
    assert list(first.x) == [gain.mean for gain in found.of("A", "deletion")]
    assert list(first.error_x.array) == pytest.approx([0.05] * 5)
    assert list(first.marker.opacity) == [1, 1, 1, 1, 0.4], "random cells are set apart"
    assert fig.layout.yaxis.ticktext[-1] == "random cells *"
    assert "photo" not in look + fig.layout.meta["caution"], "these images come in no groups"


def test_the_claim_over_many_images_says_what_holds_for_other_photos() -> None:
    plain = stand_ins_attribution.faithfulnesses()
    wide = {"shifted": 0.2, "centre": 0.3}
    other = [
        replace(g, grouped=Grouped(17, g.mean - wide.get(g.control, 0.06), g.mean + wide.get(g.control, 0.06), 20.0))
        for g in plain.gains
    ]
    found = replace(plain, gains=tuple(other))
    assert found.unbeaten("A", "insertion") == () and found.unbeaten("A", "insertion", others=True) == (
        "centre",
        "shifted",
    )
    fig = faithfulnesses(found, "photo")
    look, caution = fig.layout.meta["verdict"], fig.layout.meta["caution"]
    assert "beat every control. For other photos they are not shown to beat centre first, map shifted." in look
    assert (
        "Deletion: A's maps (mean area 0.500) are not shown to beat centre first (0.500, better on 12 of 24). For "
        in look
    )
    assert "more images of these 17 photos" in caution and "count like 20, are the thin ones" in caution
    thin = [trace for trace in fig.data if trace.mode == "lines"]
    assert len(thin) == 20 and list(thin[0].x) == pytest.approx([-0.3, 0.3])
    (marks,) = [t for t in fig.data if t.name == "A's maps" and t.xaxis == "x"]
    assert marks.customdata[1][4] == "gained +0.100 (+0.050 to +0.150); for other photos −0.100 to +0.300"


def test_on_object_draws_shares_hits_and_their_intervals() -> None:
    found = stand_ins_attribution.on_object()
    shares, hits = on_object(found).data
    assert list(shares.y) == ["A", "B", "an even map"] and list(hits.y) == ["A", "B", "the centre"]
    assert list(shares.x) == pytest.approx([0.5, 0.25, 0.25])
    assert list(shares.error_x.array) == pytest.approx([0, 0, 0])  # all images have the same share
    assert list(hits.x) == pytest.approx([20 / 24, 0.5, 0.5])
    for i, score in enumerate(found.pointing):
        assert hits.x[i] + hits.error_x.array[i] == pytest.approx(score.high)
        assert hits.x[i] - hits.error_x.arrayminus[i] == pytest.approx(score.low)
    assert hits.error_x.array[0] != pytest.approx(hits.error_x.arrayminus[0]), "Wilson intervals are not symmetric"


def test_shares_that_differ_have_an_interval() -> None:
    found = replace(stand_ins_attribution.on_object(), share_a=np.r_[np.zeros(12), np.ones(12)])
    shares = on_object(found).data[0]
    half = 1.96 * np.std(found.share_a, ddof=1) / np.sqrt(24)
    assert shares.x[0] == 0.5 and shares.error_x.array[0] == pytest.approx(half) == shares.error_x.arrayminus[0]


def test_maps_under_randomisation_are_those_of_each_step() -> None:
    found = stand_ins_attribution.randomisation()
    maps = [trace for trace in randomisation_maps(found).data if trace.type == "heatmap"]
    assert len(maps) == 2 * len(stand_ins_attribution.STEPS)
    for i, cascade in enumerate(found.cascades):
        for step, heat in enumerate(np.abs(cascade.maps)):
            drawn = maps[i * len(cascade.maps) + step]
            np.testing.assert_allclose(np.asarray(drawn.z), heat / heat.max(), rtol=1e-6)
            assert (drawn.zmin, drawn.zmax) == (0, 1)
