"""The views of `How far it moved`, each opened as a visitor would."""

import pytest
import stand_ins
import stand_ins_similarity as made
from opening import opened, store, words  # noqa: F401  (store is a fixture)
from streamlit.testing.v1 import AppTest

from explorer import jobs
from explorer.answers import save
from explorer.looks.similarity.question.weights import RewindQuestion
from explorer.looks.similarity.view.stages import SIMILARITY_VIEWS
from explorer.question import every

VIEWS = list(SIMILARITY_VIEWS)


def two_runs(**b: object) -> tuple[str, str]:
    first = stand_ins.finished_run(wrong=6, strategy="linear_probe")
    second = stand_ins.finished_run(wrong=2, **{"strategy": "last_stage", **b})
    made.answer(first, second)
    return first, second


def view(name: str, **address: str) -> AppTest:
    app = opened("similarity", **address)
    return app.segmented_control(key="similarity_view").set_value(name).run()


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_draws_its_figure(name: str) -> None:
    two_runs()
    app = view(name)
    assert not app.exception and not app.error and not app.warning
    assert len(app.get("plotly_chart")) == 1


def _asked() -> set[str]:
    with jobs.database() as db:
        return {row["name"] for row in db.execute("SELECT name FROM task")}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_asks_for_its_own_results_alone(name: str) -> None:
    stand_ins.finished_run(wrong=6, strategy="linear_probe")
    stand_ins.finished_run(wrong=2, strategy="last_stage")
    expected = dict(
        zip(VIEWS, ("compare", "stage_pairs", "probe_stages", "drift", "rewind", "interpolate"), strict=True)
    )
    assert not view(name).exception
    assert _asked() == {"compare", expected[name]}  # the first view is what the page opens with


def test_slow_questions_have_a_lane_of_their_own() -> None:
    assert all(every()[name].slow for name in ("probe_stages", "rewind", "interpolate"))
    assert not any(every()[name].slow for name in ("compare", "stage_pairs", "drift"))


def test_a_toggle_shows_the_other_statistics_without_asking_again() -> None:
    two_runs()
    app = view("Rewind")
    assert "66.7 %" in app.table[0].value["Accuracy"][4]
    assert "87.5 %" in app.table[0].value["Control: re-estimated statistics only"][4]
    assert app.table[0].value["Control: re-estimated statistics only"][0] == "none"
    app.toggle(key="similarity_settled").set_value(False).run()
    assert (
        "62.5 %" in app.table[0].value["Accuracy"][4]
        and "Control: re-estimated statistics only" not in app.table[0].value
    )
    assert "exactly B" in app.table[0].value["Against B"][0] and "rewind" not in _asked()


def test_first_weights_keep_statistics_that_learning_kept_and_the_page_says_so() -> None:
    _, b = two_runs()
    save(made.rewind(b, moved=0), RewindQuestion(run=b).path)
    app = view("Rewind")
    assert "kept the statistics that it began with in all its 12 BatchNorm layers" in words(app)
    column = app.table[0].value["Control: re-estimated statistics only"]
    assert list(column[:5]) == ["none"] * 5 and "87.5 %" in column[5]


def test_mixtures_of_runs_that_kept_their_statistics_have_none_to_estimate() -> None:
    two_runs()
    app = view("Interpolate")
    assert "similarity_settle_mixtures" not in {t.key for t in app.toggle}


def test_a_and_b_keep_their_statistics_and_new_ones_alone_are_the_control() -> None:
    two_runs(batchnorm="frozen")
    app = view("Interpolate")
    app.toggle(key="similarity_settle_mixtures").set_value(True).run()
    table = app.table[0].value
    assert not app.exception and table["A, re-estimated statistics only"][0].startswith("66.7 %")
    assert table["B (α = 1)"][0].startswith("91.7 %") and table["B, re-estimated statistics only"][0].startswith(
        "79.2 %"
    )
    assert "A and B keep theirs" in words(app) and "to the image" in words(app)


def test_stages_are_set_back_together() -> None:
    two_runs()
    app = view("Rewind")
    app.button[-1].click().run()
    assert not app.exception and len(app.get("plotly_chart")) == 2
    assert app.table[1].value["Stage"][0] == "layer3 \\+ layer4"


def test_layernorm_has_nothing_to_estimate() -> None:
    chosen = {"backbone": "convnext_tiny", "weights": "random"}
    for wrong, strategy in ((6, "linear_probe"), (2, "last_stage")):
        b = stand_ins.finished_run(wrong=wrong, strategy=strategy, **chosen)
    save(made.rewind(b, statistics=False), RewindQuestion(run=b).path)
    app = view("Rewind")
    assert (
        not app.exception
        and "similarity_settled" not in {t.key for t in app.toggle}
        and "has no BatchNorm" in words(app)
    )


def test_a_mixture_is_read_off_and_the_slider_asks_nothing() -> None:
    two_runs()
    app = view("Interpolate")
    assert app.select_slider[0].value == 7 and "to the image" in words(app)
    assert "95.8 %" in app.table[0].value["α = 0.7"][0]
    app.select_slider[0].set_value(2).run()
    assert not app.exception and "79.2 %" in app.table[0].value["α = 0.2"][0]
    assert app.table[0].value["Against A"].tolist()[-1] == "α is chosen here"
    assert "interpolate" not in _asked()
    app.segmented_control(key="similarity_shift").set_value("none").run()
    assert len(app.table[0].value) == 2


def test_runs_that_began_apart_are_not_mixed() -> None:
    two_runs(weights="random")
    app = view("Interpolate")
    assert not app.exception and "started from different weights" in words(app).replace("\\", "")
    assert not app.get("plotly_chart")


def test_a_probe_has_no_epochs_to_follow() -> None:
    a, b = two_runs()
    app = view("Over the epochs", a=b, b=a)
    assert not app.exception and "only its head was trained" in words(app)


def test_another_machine_is_noticed() -> None:
    _, b = two_runs()
    task = RewindQuestion(run=b)
    found = made.rewind(b)
    save(type(found)(**{**vars(found), "recorded": stand_ins.evidence.Score(24, 21)}), task.path)
    assert any("rounds differently" in box.value for box in view("Rewind").warning)


def test_the_question_is_plain_json() -> None:
    assert RewindQuestion(run="b", stages=["layer4"], to="start").stages == ("layer4",)


def test_another_a_starts_at_the_alpha_that_its_own_validation_chooses() -> None:
    a, b = two_runs()
    other = stand_ins.finished_run(wrong=5, strategy="linear_probe")
    made.answer(other, b)
    app = view("Interpolate", a=a, b=b)
    app.select_slider(key=f"similarity_alpha_{a}_{b}_False").set_value(2).run()
    app.selectbox(key="pick_a").set_value(other).run()
    assert app.select_slider(key=f"similarity_alpha_{other}_{b}_False").value == made.interpolation().chosen
    app.selectbox(key="pick_a").set_value(a).run()
    assert not app.exception
