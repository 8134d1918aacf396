"""Pre-trained, matched or random: the arms, the differences by hand, each decision that can come of them, and the page."""

import pytest
import stand_ins
from opening import opened, store, words

from explorer import runs
from explorer.errors import ExplorerError
from explorer.experiments import cells, start, telling
from explorer.experiments.cells import Sweep
from explorer.experiments.figures.start import start_curves, start_marks
from explorer.experiments.plan import Plan, plan, read

__all__ = ["store"]
WRONG = {
    "pretrained/head": (2, 3), "matched/head": (14, 15), "random/head": (14, 15),
    "pretrained/all": (4, 4), "matched/all": (4, 4), "random/all": (17, 18), "kept/all": (4, 4),
}  # fmt: skip
"""Wrong of 24 test images, by seed: a head needs what was learned; where everything learns, scale is all the gain."""


def made(wrong: dict[str, tuple[int, ...]]) -> tuple[Plan, Sweep]:
    """The experiment with these arms finished."""
    wanted = plan(kind="start", seeds=2)
    for cell in cells.planned(wanted):
        if cell.arm in wrong:
            stand_ins.finished_run(wrong[cell.arm][cell.seed], **cell.recipe.model_dump())
    return wanted, cells.fill(wanted, runs.listing())


def test_the_arms_differ_in_their_first_weights_alone() -> None:
    wanted = plan(kind="start", seeds=1)
    assert wanted.text == "start;sizes=25;seeds=1;epochs=10" and read(wanted.text) == wanted
    found = {cell.arm: cell.recipe for cell in wanted.cells}
    assert [*found] == [*WRONG], "the cheap ones first"
    for depth in start.DEPTHS:
        same = {
            found[f"{name}/{depth}"].model_copy(update={"weights": ""}) for name in ("pretrained", "matched", "random")
        }
        assert len(same) == 1
    weights = [found[f"{name}/all"].weights for name in ("pretrained", "matched", "random", "kept")]
    assert weights == ["BUILT_IN", "matched:BUILT_IN", "random", "BUILT_IN"]
    assert (found["pretrained/all"].batchnorm, found["kept/all"].batchnorm) == ("frozen", "frozen_everywhere")
    vgg = plan(kind="start", backbone="vgg16", seeds=1)
    assert len(vgg.cells) == 6, "no statistics are there to be kept"
    titles = {telling.title_of(arm) for arm in found}
    assert "everything, matched" in titles and len(titles) == 7
    for weights in ("random", "matched"):
        with pytest.raises(ExplorerError, match="drawn by the seed.*Choose pre-trained"):
            plan(kind="start", weights=weights)


def test_what_was_learned_and_what_is_scale_are_told_apart() -> None:
    _, sweep = made(WRONG)
    found = {step.arm: step for step in start.steps(sweep, runs.predictions)}
    gains = {arm: step.difference.value * 24 for arm, step in found.items()}
    assert gains == pytest.approx(
        {"pretrained/head": 12, "matched/head": 0, "pretrained/all": 0, "matched/all": 13.5, "kept/all": 0}
    )
    least = min(step.difference.p_value for step in found.values())
    assert min(step.adjusted for step in found.values()) == pytest.approx(5 * least), "Holm, five at once"
    head, everything, kept = telling.start_words(tuple(found.values()))
    assert head.startswith(
        "**Head alone**: **what the weights had learned pays**, and their scale alone is not shown to gain."
    )
    assert "Pre-trained over matched +50.0 points" in head and "2 seeds, n = 24" in head
    assert everything.startswith("**Everything**: **the gain is scale**")
    assert "makes no difference that can be shown" in kept


@pytest.mark.parametrize(
    ("learned", "scale", "said"),
    [
        (1, 1, "pays**, and their scale alone gains too"),
        (1, -1, "pays**, and their scale alone costs"),
        (0, 0, "no difference is shown"),
        (0, -1, "scale alone costs**"),
        (-1, 0, "worse than drawn ones"),
    ],
)
def test_each_decision_has_its_words(learned: int, scale: int, said: str) -> None:
    assert said in start._verdict(learned, scale)


def test_an_experiment_that_has_hardly_begun_decides_nothing() -> None:
    _, sweep = made({"pretrained/head": (2, 3), "pretrained/all": (4, 4)})
    assert telling.start_words(start.steps(sweep, runs.predictions)) == []
    (curve,) = start.curves(sweep)
    assert curve.start == "pretrained" and "1 starts" in str(start_curves([curve], 10).layout.meta)
    assert "everything, pre-trained 83%" in str(start_marks(start.marks(sweep)).layout.meta)


def test_the_page_says_what_paid_and_shows_every_arm() -> None:
    wanted, _ = made(WRONG)
    app = opened("experiments", kind="start", plan=wanted.text)
    said = words(app)
    assert not app.exception and not app.error and app.title[0].value == "Pre-trained, or merely scaled?"
    assert "what the weights had learned pays" in said and "the gain is scale" in said and "Holm" in said
    assert app.table[0].value["Start"].tolist()[:3] == ["pre-trained", "matched", "random"]
    assert len(app.get("plotly_chart")) == 2
    assert app.button(key="start_start").label == "**Run 7 cells**", "of 21 by default two seeds of seven are there"
