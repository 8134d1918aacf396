"""The attribution page: one picture, sixteen, and whether a map is to be trusted."""

import numpy as np
import pytest
import stand_ins
import stand_ins_attribution
from test_pages import opened, words

from explorer import jobs, results, runs
from explorer.app import figures, ui
from explorer.app.ui import asking, images


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.0)


def two() -> tuple[str, str]:
    a, b = (stand_ins.finished_run(wrong=n, strategy=s) for n, s in ((6, "linear_probe"), (2, "last_stage")))
    stand_ins.answer(a, b)
    how = {"method": "gradcam", "stage": "layer4"}
    for image in range(stand_ins.N):
        for target in stand_ins.CLASSES:
            at = {"image": image, "target": target, **how}
            results.save(stand_ins_attribution.faithfulness(), jobs.task("faithfulness", a=a, b=b, **at).path)
            random = jobs.task("randomise", run=b, against="guided_backprop", **at)
            results.save(stand_ins_attribution.randomisation(), random.path)
    pa, pb = runs.predictions(a), runs.predictions(b)
    gain = images.true_probability(pb) - images.true_probability(pa)
    for target in stand_ins.CLASSES:
        rows = np.flatnonzero(pa.labels == pa.classes.index(target))
        chosen = [int(i) for i in rows[np.argsort(-gain[rows], kind="stable")][:16]]
        found = stand_ins_attribution.many(tuple(chosen))
        results.save(found, jobs.task("attribute_many", a=a, b=b, images=chosen, target=target, **how).path)
    return a, b


@pytest.mark.parametrize("view", ui.ATTRIBUTION_VIEWS)
def test_every_view_draws(view: str) -> None:
    two()
    app = opened("attribution")
    app.segmented_control(key="attribution_view").set_value(view).run()
    assert not app.exception and not app.error
    assert app.get("plotly_chart")
    assert "no evidence of a better model" in words(app)


def test_sixteen_pictures_say_that_they_were_chosen() -> None:
    two()
    app = opened("attribution")
    app.segmented_control(key="attribution_view").set_value("Sixteen pictures").run()
    assert "the best case, not a sample" in words(app)


def test_only_methods_that_apply_are_offered() -> None:
    two()
    offered = opened("attribution").selectbox(key="attribution_method").options
    assert "Integrated gradients" in offered and not any("rollout" in name for name in offered)


def test_the_figures_draw_their_data() -> None:
    many = figures.attributions(stand_ins_attribution.many())
    (targets,) = (t for t in many.data if t.customdata is not None)
    assert sorted({int(data[0]) for data in targets.customdata}) == [0, 3, 6]
    assert many.layout.coloraxis.cmax == -many.layout.coloraxis.cmin == 2
    for found, word in (
        (figures.faithfulness(stand_ins_attribution.faithfulness()), "eletion"),
        (figures.on_object(stand_ins_attribution.on_object()), "24"),
        (figures.randomisation(stand_ins_attribution.randomisation()), "Grad-CAM"),
        (figures.randomisation_maps(stand_ins_attribution.randomisation()), "map"),
    ):
        meta = found.layout.meta
        assert word in meta["alt"] + meta["look"] + meta["caution"], meta
    lines = {t.name: t.y for t in figures.randomisation(stand_ins_attribution.randomisation()).data if t.name}
    assert [list(y) for name, y in lines.items() if "Grad-CAM" in name] == [[1, 0, 0, 0, 0, 0, 0]]
