"""A race ends in a decision: what all seeds say together, what it costs, what would settle it, the next step."""

from dataclasses import replace

import numpy as np
import pytest
import stand_ins
from opening import opened, store, words  # noqa: F401  (store is a fixture)

from explorer import runs
from explorer.evidence import images_needed
from explorer.race import decision, races
from explorer.race.races import Race
from explorer.race.view.decision import cost_words, evidence_words, gains, settling_words, verdict_words
from explorer.race.view.titles import titles_of
from explorer.recipe import make


def a_race(wrong: dict[str, tuple[int, ...]], photos: int = 0) -> Race:
    made = stand_ins.race(wrong, photos=photos)
    for (strategy, _), run in made.items():
        tuned = strategy != "linear_probe"
        runs.update(
            run,
            parameters={"learned": 4_900_000 if tuned else 1539, "total": 4_900_000},
            seconds={"total": 36.0 if tuned else 3.0},
            peak_memory=5e8 if tuned else 4e8,
        )
    return races.listing(runs.listing())[0]


def told(race: Race) -> tuple[decision.Decision, str]:
    pair = decision.contenders(race)
    assert pair is not None
    found, titles = decision.decide(*pair, *gains(*pair)), titles_of(race)
    group = "photo" if found.difference.others else ""
    parts = (
        verdict_words(found, titles),
        evidence_words(found, titles, group),
        cost_words(found, titles),
        settling_words(found, group),
    )
    return found, " ".join(parts)


def test_a_gain_that_all_seeds_show_is_taken_and_its_price_is_said() -> None:
    found, text = told(a_race({"linear_probe": (14, 14, 15), "full": (2, 3, 2)}))
    assert found.taken.name == "full" and found.difference.favour == (3, 0, 0) and found.difference.shown
    assert (
        "Take Full fine-tuning. All 3 seeds favour **Full fine-tuning** over Feature extraction: +50.0 points" in text
    )
    assert "takes 12.0 times as long (36 s against 3 s) and needs 100 MB more memory" in text
    assert "Settled on these images." in text


def test_what_may_be_chance_keeps_the_cheaper_and_says_what_would_settle_it() -> None:
    found, text = told(a_race({"linear_probe": (6, 6, 6), "full": (5, 4, 5)}))
    assert found.taken.name == "linear_probe" and not found.difference.shown
    assert "Not settled. Until it is, take Feature extraction, the cheaper." in text
    assert (
        "All 3 seeds favour **Full fine-tuning** over Feature extraction: +5.6 points" in text
        and "which may be chance" in text
    )
    # by hand: 4 of 72 are discordant, all for B, so both shares are 4/72
    assert (
        found.needed == images_needed(4 / 72, 4 / 72)
        and f"about **{float(f'{found.needed:.2g}'):.0f} test images**" in text
    )


def test_one_seed_and_no_difference_are_said() -> None:
    found, text = told(a_race({"linear_probe": (6,), "full": (6,)}))
    assert found.needed is None and "The one seed sees **Full fine-tuning** and Feature extraction level" in text
    assert "too small for any test set of reasonable size" in text and "run more" in text


def test_a_loss_is_shown_from_the_winner_s_side() -> None:
    found, text = told(a_race({"linear_probe": (2, 2), "full": (15, 14)}))
    assert (
        found.taken.name == "linear_probe"
        and "Take Feature extraction. Both seeds favour **Feature extraction** over Full" in text
    )
    assert "+52.1 points" in text


def test_images_of_few_photos_need_more_of_them() -> None:
    few, text = told(a_race({"linear_probe": (6, 6), "full": (4, 5)}, photos=6))
    assert few.difference.others is not None and "for other photos" in text
    plain = images_needed(few.difference.discordant, few.difference.value)
    assert few.needed is not None and plain is not None and few.needed >= plain


def test_the_two_are_chosen_without_the_test_images() -> None:
    race = a_race({"linear_probe": (6,), "last_stage": (1,), "full": (20,)})
    better = [stand_ins.epochs(4)[3]] * 4
    for run, score in ((race.arms[1].runs[0], 3), (race.arms[2].runs[0], 29)):
        path = runs.folder(run.id) / "epochs.jsonl"
        path.unlink()
        for i, epoch in enumerate(better, 1):
            runs.append(run.id, replace(epoch, epoch=i, val=replace(epoch.val, correct=score)))
    pair = decision.contenders(races.listing(runs.listing())[0])
    assert pair is not None and [arm.name for arm in pair] == ["linear_probe", "full"], "the best on validation"


def test_gains_are_image_by_image() -> None:
    race = a_race({"linear_probe": (6, 2), "full": (4, 4)})
    found, groups = gains(*race.arms)
    assert found.shape == (2, stand_ins.N) and groups is None
    assert found.sum(axis=1).tolist() == [2, -2] and set(np.unique(found)) == {-1, 0, 1}


def test_a_seed_on_a_set_relabelled_meanwhile_does_not_count() -> None:
    race = a_race({"linear_probe": (6, 2), "full": (4, 4)})
    for arm in race.arms:
        said = runs.predictions(arm.runs[1].id)
        labels = (said.labels + 1) % len(said.classes)
        runs.store_predictions(arm.runs[1].id, said.ids, labels, said.probability, said.classes)
    assert gains(*race.arms)[0].shape == (1, stand_ins.N)


def test_more_seeds_go_on_where_the_race_ended() -> None:
    race = a_race({"linear_probe": (6, 6, 6, 6), "full": (5, 4, 5, 5)})
    assert [(r.strategy, r.seed) for r in decision.further_seeds(race)] == [("linear_probe", 4), ("full", 4)]
    five = a_race({"linear_probe": (1,) * 5, "full": (1,) * 5})
    assert decision.further_seeds(five) == []


def test_the_page_ends_in_the_decision_and_its_next_steps() -> None:
    a_race({"linear_probe": (14, 14), "full": (2, 3)})
    stand_ins.measured(make())
    app = opened("race")
    assert not app.exception, app.exception
    assert "The decision" in [head.value for head in app.header]
    assert app.session_state["race_form"] is False, "a form of 1,300 pixels on a phone would stand above it"
    labels = [button.label.replace("\\", "") for button in app.button]
    assert {"Look at these two", "Train Full fine-tuning on all images", "Run 2 more seeds", "Which images"} <= set(
        labels
    )
    app.button(key="race_look").click().run()
    assert not app.exception and app.title[0].value == "Which images"


@pytest.mark.parametrize("wrong", ["foo,bar", "full,foo"])
def test_strategies_of_an_address_that_do_not_exist_are_named(wrong: str) -> None:
    stand_ins.measured(make())
    app = opened("race", strategies=wrong)
    assert not app.exception and "do not exist here" in app.warning[0].value and "foo" in app.warning[0].value
    chosen = app.get("button_group") and app.session_state["race_strategies"]
    assert app.session_state["race_form"] is True
    assert ("full" in chosen) and (("linear_probe" in chosen) == (wrong == "foo,bar"))


def test_variants_are_named_and_their_time_is_told() -> None:
    stand_ins.measured(make())
    app = opened("race", strategies="linear_probe,full")
    app.selectbox(key="race_augmentation").set_value("flip").run()
    assert not app.exception
    assert "**4 runs, about" in words(app)
    assert "Feature extraction; Feature extraction, flips; Full fine-tuning; Full fine-tuning, flips." in words(app)
    assert "**Start 4 runs**" in [button.label for button in app.button], "the time is told once"
