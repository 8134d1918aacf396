"""The live probe: its numbers are those of the run it stands for, and nothing is kept until one says so."""

from typing import Any

import pytest
import stand_ins
from opening import opened, words

from explorer import recipe, runs
from explorer.answers import save
from explorer.evidence import Score
from explorer.recipe import Recipe
from explorer.runs.records import Epoch
from explorer.training.compute import live
from explorer.training.compute.handlers import train
from explorer.training.question import LiveProbe, LiveProbeQuestion, StoredFeatures, StoreFeaturesQuestion
from explorer.training.view import live as view
from explorer.training.view import starting


@pytest.mark.parametrize("choices", [{}, {"seed": 3}, {"per_class": 4, "seed": 1, "head_rate": 0.03, "epochs": 4}])
def test_it_gives_what_the_run_gives(choices: dict[str, Any], tiny: dict[str, Any]) -> None:
    """Also where another seed draws another random backbone."""
    made = recipe.make(**tiny | choices, strategy="linear_probe")
    found, run = live.live_probe(made), train(runs.create(made))
    assert (found.test, found.chosen_epoch, found.n) == (
        run.test,
        run.facts["chosen_epoch"],
        run.facts["counts"]["train"],
    )
    assert [e.val for e in found.epochs] == [e.val for e in run.epochs]
    assert [e.val_loss for e in found.epochs] == pytest.approx([e.val_loss for e in run.epochs], abs=1e-5)
    assert found.val == run.epochs[found.chosen_epoch - 1].val


def test_storing_tells_how_many_images_each_class_has(tiny: dict[str, Any]) -> None:
    made = recipe.make(**tiny, strategy="linear_probe")
    sizes = live.store_features(made).sizes
    assert sum(sizes) == len(live.datasets.load(made).train) and len(sizes) == len(live.datasets.load(made).classes)


def probe(made: Recipe, right: int) -> LiveProbe:
    """An answer for a setting, stored."""
    score = Score(100, right)
    found = LiveProbe(
        n=50, epochs=(Epoch(1, 0.1, 1.0, 0.5, Score(50, 50), 0.7, score, 99.0, None),), chosen_epoch=1, test=score,
        val=score, majority=0.5,
    )  # fmt: skip
    save(found, LiveProbeQuestion(recipe=made).path)
    return found


def test_settings_come_at_once_and_one_is_kept_by_its_button(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Recipe] = []
    monkeypatch.setattr(starting, "start", lambda made: started.append(made) or runs.create(made))
    base = recipe.make(strategy="linear_probe")
    save(StoredFeatures((40, 30)), StoreFeaturesQuestion(recipe=base).path)
    probe(base, 61)
    few = base.model_copy(update={"per_class": 5})
    probe(few, 52)
    app = opened("training", live="1")
    assert "test **61.0 %" in words(app)
    app.select_slider(key="live_images").set_value(5)
    app.run()
    assert not app.exception and "**5 images a class, rate 0.005, seed 0** (50 images)" in words(app)
    assert "test **52.0 %" in words(app) and app.query_params["live_images"] == "5"
    app.button(key="live_keep").click()
    app.run()
    assert started == [few]


def test_many_settings_on_the_same_test_images_get_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MANY", 2)
    base = recipe.make(strategy="linear_probe")
    save(StoredFeatures((40, 30)), StoreFeaturesQuestion(recipe=base).path)
    for seed in (0, 1):
        probe(base.model_copy(update={"seed": seed}), 60 + seed)
    app = opened("training", live="1")
    assert "You have looked at" not in words(app)
    app.slider(key="live_seed").set_value(1)
    app.run()
    assert "You have looked at 2 settings. The best of so many on test images is flattered" in words(app)


def test_the_race_offers_it_on_its_own_pictures_and_says_where_a_kept_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Recipe] = []
    monkeypatch.setattr(view, "start", lambda made: started.append(made) or runs.create(made))
    stand_ins.race({"linear_probe": (4,), "full": (6,)})
    base = recipe.make(strategy="linear_probe", epochs=runs.finished()[0].recipe.epochs)
    save(StoredFeatures((40, 30)), StoreFeaturesQuestion(recipe=base).path)
    probe(base, 61)
    app = opened("race", race_live="1")
    assert not app.exception and "test **61.0 %" in words(app)
    app.button(key="race_live_keep").click()
    app.run()
    assert started == [base] and "*Train* and *Runs* show it" in app.toast[0].value
