"""The lesson's page: steps, live parts, checks, the guide; its figures and its handouts."""

import asyncio
import html
import importlib
import math
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import stand_ins
from opening import opened, words
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from explorer import evidence, jobs, runs
from explorer.answers import save
from explorer.app import asking, launch
from explorer.bundle import ASSETS
from explorer.catalogue import BACKBONES, STRATEGIES
from explorer.course import lesson_runs, texts
from explorer.course.figures.lessons import small_curve, walk
from explorer.course.lesson_runs import ADVICE, CURVE_ARMS, CURVE_SEEDS, CURVE_SIZES, LIKENESS, amount_of
from explorer.course.progress import Progress
from explorer.course.question.checks import CheckTruthQuestion, Trial, Truth, TryLinesQuestion
from explorer.course.question.live import CurvePoint, Walk, WalkStage
from explorer.course.question.snippets import RunStepSnippetQuestion, Snippet
from explorer.course.view import checks as shown_checks
from explorer.course.view import choosing, guide, steps
from explorer.course.view.handout import handout, handout_address
from explorer.course.view.learning import not_yet
from explorer.course.view.structure import exceptions, pytorch_lines
from explorer.errors import ExplorerError
from explorer.jobs.wishes import wish
from explorer.recipe import Recipe
from explorer.runs.records import Epoch
from explorer.texts import glossary
from explorer.training.question import LiveProbe, LiveProbeQuestion, StoredFeatures, StoreFeaturesQuestion
from explorer.training.view import live

lesson_texts = importlib.import_module("explorer.course.texts.lessons")  # the package has a function of that name
concept_texts = importlib.import_module("explorer.course.texts.concepts")
check_texts = importlib.import_module("explorer.course.texts.checks")
STEPS = {step.order: step for step in texts.lessons().by_name.values()}
CHECKS = texts.checks().by_name


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("THAW_SAMPLES", str(ASSETS / "samples"))
    monkeypatch.setattr(asking, "PATIENCE", 0.0)


def made(word: str, wrong: int = 4, clean: bool = True) -> str:
    """One of the lesson's runs, made up."""
    run = stand_ins.finished_run(wrong=wrong, **lesson_runs.recipe_of(word).model_dump())
    if not clean:
        stand_ins.unclean(run)
    return run


def lesson(step: int, *seen: str, guessed: bool = True, **address: str) -> AppTest:
    """The page at a step, for a reader who asked for these runs before; `guessed`: and does without the guesses."""
    app = opened("lessons", step=str(step), **address)
    app.session_state["lesson_seen"] = set(seen)
    app.session_state["lesson_skipped"] = set(CHECKS) if guessed else set()
    return app.run()


def with_state(app: AppTest, **state: Any) -> AppTest:
    """The page redrawn for a reader whose session holds this."""
    for key, value in state.items():
        app.session_state[key] = value
    return app.run()


def button(app: AppTest, key: str) -> Any:
    return app.button(key=key)


def labels(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


# The tables that texts and pages share


def test_texts_and_pages_know_the_same_words() -> None:
    assert set(steps.LIVE) == set(lesson_texts.LIVE)
    assert set(guide.HOLDS) == set(lesson_texts.CONDITIONS)
    assert set(guide.RUN_PLACES) == set(lesson_texts.RUN_PLACES)
    assert set(shown_checks._SHOWN) == set(texts.KINDS)


def test_advice_covers_every_corner_and_always_has_a_from_scratch_arm() -> None:
    assert {like for _, like in ADVICE} == set(LIKENESS)
    assert {amount for amount, _ in ADVICE} == {amount_of(k) for k in (1, 49, 50, 499, 500, 10_000)}
    assert [amount_of(k) for k in (1, 49, 50, 499, 500)] == ["few", "few", "some", "some", "many"]
    for names, why in ADVICE.values():
        assert "from_scratch" in names and "linear_probe" in names and 2 <= len(names) <= 5 and why.endswith(".")
        assert set(names) <= set(STRATEGIES)


# Steps


@pytest.mark.parametrize("step", STEPS)
def test_every_step_opens_on_an_empty_store(step: int) -> None:
    app = lesson(step)
    assert not app.exception and not app.error and not app.warning
    assert app.title[0].value == f"{step}. {STEPS[step].title}"
    asked = [CHECKS[code] for code in CHECKS if CHECKS[code].step == step and code not in STEPS[step].predicted]
    said = words(app)
    assert all(f"**{check.code} {check.title}**" in said for check in asked) and "**Guide**" in said
    assert not [run for run in runs.listing() if not run.sample], "nothing is trained before the reader asks for it"
    assert len([label for label in labels(app) if label.startswith(("Train: ", "Show: "))]) <= 2, "one thing at a time"


def test_a_guess_comes_before_what_answers_it() -> None:
    app = lesson(2, guessed=False)
    assert "**2b" in words(app) and "Follow one picture." not in words(app) and "**2d" in words(app)
    button(app, "check_2b_skip").click().run()
    assert "Follow one picture." in words(app)
    answered("2a", truth_of("2a", order=tuple(CHECKS["2a"].options)))
    app = with_state(lesson(2, guessed=False), lesson_skipped={"2b"})
    assert "**2a" in words(app) and "**2c" not in words(app)
    committed(app, "2a", list(CHECKS["2a"].options)[::-1])  # wrong, and yet an answer
    assert "**2c" in words(app) and "is not right yet" in words(app) and CHECKS["2a"].look in words(app)
    app = with_state(lesson(2, guessed=False), progress=Progress(unlocked=True))
    assert "Follow one picture." in words(app), "a presenter has opened everything"


def test_a_step_is_opened_by_its_address_and_left_by_a_button() -> None:
    app = lesson(3)
    button(app, "lesson_to_4").click().run()
    assert app.query_params["step"] == "4" and app.title[0].value.startswith("4. ")
    assert not any(one.key == "lesson_to_9" for one in lesson(8).button)
    for step in ("12", "03", "-1", "9" * 5000):
        app = opened("lessons", step=step)
        assert "there are 1, 2" in app.warning[0].value and app.title[0].value.startswith("1. ") and not app.exception


def test_a_bad_file_is_named_on_the_page_and_the_rest_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assets = tmp_path / "assets"
    for part in ("glossary", "questions", "lessons", "checks", "concepts"):
        shutil.copytree(ASSETS / part, assets / part)
    bad = STEPS[2].file.name
    (assets / "lessons" / "en" / bad).write_text("---\ntitle: Half\n---\n")
    next((assets / "checks" / "en").glob("4a*")).write_text("no facts")
    for module in (glossary, lesson_texts, check_texts):
        monkeypatch.setattr(module, "ASSETS", assets)
    app = opened("lessons", step="4")
    said = app.warning[0].value.replace("\\", "")
    assert f"{bad}, line 1" in said and "4a" in said and "the rest is here" in said
    assert app.title[0].value.startswith("4. ") and "**4b" in words(app) and "**4a" not in words(app)


def test_a_translation_is_a_folder_and_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assets = tmp_path / "assets"
    for part in ("glossary", "questions", "lessons", "checks", "concepts"):
        shutil.copytree(ASSETS / part, assets / part)
        shutil.copytree(ASSETS / part / "en", assets / part / "de")
    changes = {
        f"lessons/de/{STEPS[1].file.name}": (f"title: {STEPS[1].title}", "title: Das Ausgangsmodell"),
        f"checks/de/{CHECKS['1b'].file.name}": (f"title: {CHECKS['1b'].title}", "title: Ein Filter"),
        "concepts/de/head.md": ("title: Head", "title: Kopf"),
        "glossary/de/head.md": ("title: Classification head", "title: Klassifikationskopf"),
    }
    for name, (old, new) in changes.items():
        path = assets / name
        assert old in path.read_text(encoding="utf-8"), name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    for module in (glossary, lesson_texts, check_texts, concept_texts):
        monkeypatch.setattr(module, "ASSETS", assets)
    app = lesson(1)
    assert app.title[0].value == f"1. {STEPS[1].title}"
    app.segmented_control(key="pick_language").set_value("de").run()
    assert app.title[0].value == "1. Das Ausgangsmodell" and "**1b Ein Filter**" in words(app)
    app.switch_page("../../pages/concepts.py").run()
    app.query_params["concept"] = "head"
    assert app.run().subheader[0].value.startswith("Kopf") and not app.exception
    app.switch_page("../../pages/glossary.py").run()
    assert "**Klassifikationskopf**" in [link.proto.label for link in app.get("page_link")]
    assert "Das Ausgangsmodell" in handout("de", 1)


def test_no_lesson_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson_texts, "ASSETS", tmp_path)
    monkeypatch.setattr(glossary, "ASSETS", tmp_path)
    app = opened("lessons")
    assert not app.exception and "no lesson in this language" in words(app)


# Runs


def test_a_run_is_trained_when_the_reader_asks_and_counts_as_theirs() -> None:
    app = lesson(5)
    button(app, "lesson_probe_train").click().run()
    (run,) = own()
    assert run.recipe == lesson_runs.recipe_of("probe") and run.state == "queued" and not app.exception
    assert run.id in app.session_state["started_runs"]


def test_what_somebody_trained_before_is_offered_and_not_trained_again() -> None:
    run = made("probe")
    app = lesson(5)
    assert any(label.startswith("Show: ") for label in labels(app)) and "Trained on this machine before" in words(app)
    button(app, "lesson_probe_train").click().run()
    assert [r.id for r in own()] == [run] and "83.3 %" in words(app)
    assert "probed" in app.session_state["progress"].achievements, "looking at it on purpose counts"


@pytest.mark.parametrize("state", ["failed", "stopped", "interrupted"])
def test_a_run_that_went_wrong_says_so_everywhere_it_is_wanted(state: str) -> None:
    run = runs.create(lesson_runs.recipe_of("probe"))
    stand_ins.record(run, state=state, error="")
    app = lesson(5, "probe")  # two parts of this step want the run
    assert not app.exception and "Check yourself" in words(app)
    app = lesson(5)
    assert any(label.startswith("Train: ") for label in labels(app)), (
        "a run that is not there is not offered to be shown"
    )


def test_a_run_repeated_and_deleted_leaves_the_step_as_it_was() -> None:
    made("probe")
    app = lesson(5, "probe")
    button(app, "lesson_more_probe").click().run()
    repeated = app.session_state["lesson_again_probe"]
    runs.delete(repeated)
    app.run()
    assert not app.exception and not app.error and "Train it once more" in labels(app)


def test_a_run_that_went_wrong_can_be_tried_again() -> None:
    run = runs.create(lesson_runs.recipe_of("probe"))
    stand_ins.record(run, state="failed", error="The disk is full.")
    app = lesson(5, "probe")
    assert "The disk is full" in words(app).replace("\\", "")
    assert any(label == "Try again" for label in labels(app))


def test_of_two_runs_the_first_shows_its_result_while_the_second_learns() -> None:
    made("far_probe")
    made("far_full")
    made("full", wrong=3)
    run = jobs.train(lesson_runs.recipe_of("hot"))
    app = lesson(6, "far_probe", "far_full", "full", "hot")
    assert not app.exception and runs.read(run).state == "queued"
    assert "**Few patches, everything at once.** **87.5 %" in words(app) and any(
        label == "Stop" for label in labels(app)
    )


@pytest.mark.parametrize(
    ("step", "needed"),
    [
        (1, ("random", "probe")),
        (4, ("probe", "moving")),
        (6, ("far_probe", "far_full", "full", "hot", "lp_ft")),
        (7, ("far_probe", "far_full")),
        (8, ()),
    ],
)
def test_steps_with_their_runs_made_show_them(step: int, needed: tuple[str, ...]) -> None:
    for word in needed:
        made(word, wrong=10 if word == "hot" else 4, clean=word != "moving")
    app = lesson(step, *needed)
    assert not app.exception and not app.error
    said = words(app)
    if step == 4:
        assert "audit clean" in said and "something frozen moved" in said
    if step in (1, 6, 8):
        assert "exact McNemar test" in said
    if step == 6:
        assert "From “Few patches, everything at once” (A) to “Few patches, head first" in said
    assert not any(label.startswith(("Train: ", "Show: ")) for label in labels(app))


def test_what_takes_long_ships_and_can_be_repeated_here() -> None:
    app = lesson(6)
    assert [label for label in labels(app) if label.startswith(("Train: ", "Show: "))] == [
        "Show: Shapes, frozen backbone and Shapes, everything tuned"
    ]
    button(app, "lesson_far_probe_far_full_train").click().run()
    said = words(app)
    assert "Sample runs that ship with Thaw" in said and "n = 400" in said and not own() and not app.exception
    button(app, "lesson_far_probe_far_full_repeat").click().run()
    assert {run.recipe for run in own()} == {lesson_runs.recipe_of(word) for word in ("far_probe", "far_full")}
    assert any(label == "Stop" for label in labels(app)), "they are followed"


def test_without_sample_runs_everything_is_trained_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_SAMPLES", str(tmp_path / "none"))
    app = lesson(6)
    assert any(label.startswith("Train: Shapes, frozen backbone") for label in labels(app)) and not app.exception


def before_a_class() -> AppTest:
    """What the box *Before a class* holds, by itself: a test cannot open a box."""

    def page() -> None:
        from explorer.app.asking import all_runs
        from explorer.course.view import preparing

        preparing._prepare(all_runs())

    return AppTest.from_function(page, default_timeout=30).run()


def test_all_runs_of_the_lesson_are_trained_before_a_class() -> None:
    gone = runs.create(lesson_runs.recipe_of("hot"))
    stand_ins.record(gone, state="failed", error="The disk is full.")
    done = made("probe")
    wanted = [word for word in lesson_runs.NAMES if word not in (*lesson_runs.SHIPPED, "probe")]
    assert lesson_runs.missing(asking.all_runs()) == wanted
    app = before_a_class()
    assert "4 of the 11 runs" in words(app) and lesson_runs.NAMES["lp_ft"] in words(app)
    button(app, "lesson_prepare_start").click().run()
    queued = [run for run in own() if run.state == "queued"]
    assert [run.recipe for run in reversed(queued)] == [lesson_runs.recipe_of(word) for word in wanted]
    assert not app.button and not app.exception and lesson_runs.missing(asking.all_runs()) == []
    assert "started_runs" not in app.session_state, "what was trained for a class is no achievement of the teacher's"
    for run in queued:
        runs.delete(run.id)
        made(next(word for word in wanted if lesson_runs.recipe_of(word) == run.recipe))
    assert "11 of the 11" in words(before_a_class()) and done in [run.id for run in own()]


def test_a_network_that_was_never_tuned_is_said_to_be_so() -> None:
    run = made("lp_ft")
    runs.update(run, chosen_epoch=1)
    assert "Epoch 1 of 4 was best" in not_yet(runs.finished()[0]) and "has not moved" in not_yet(runs.finished()[0])
    runs.update(run, chosen_epoch=2)
    assert not not_yet(runs.finished()[0])


def own() -> list[runs.Run]:
    return [run for run in runs.listing() if not run.sample]


# Checks


def committed(app: AppTest, code: str, answer: Any) -> AppTest:
    app.session_state["lesson_answers"] = {code: answer}
    return app.run()


def answered(code: str, truth: Truth, turn: int = 0, **ids: str) -> None:
    """Put the truth of a check where the page finds it."""
    check = CHECKS[code].cases[turn]
    what = {"check": code, "language": "en", "backbone": "resnet10", "weights": "BUILT_IN", "runs": ids}
    save(truth, CheckTruthQuestion(**what, digest=check.digest).path)


def truth_of(code: str, answer: str = "", value: float = math.nan, order: tuple[str, ...] = ()) -> Truth:
    facts = tuple((place, f"<{place}>") for place in texts.places(CHECKS[code].explained))
    return Truth(answer=answer, value=value, order=order, facts=facts, words="Computed just now.")


def one_of(kind: str, run: bool = False) -> str:
    """The code of a check of a kind, one that asks about runs or one that does not."""
    return next(code for code, check in CHECKS.items() if check.kind == kind and bool(check.runs) == run)


def test_a_choice_is_computed_when_committed_and_a_wrong_one_gets_its_reason() -> None:
    code = next(c for c, check in CHECKS.items() if check.kind == "choice" and not check.runs and check.options)
    check = CHECKS[code]
    right, wrong, *_ = check.options
    answered(code, truth_of(code, answer=right))
    app = lesson(check.step)
    radio = app.radio(key=f"check_{code}_choice")
    assert radio.value is None and button(app, f"check_{code}_go").disabled
    radio.set_value(wrong).run()
    button(app, f"check_{code}_go").click().run()
    assert "Not here." in words(app) and "progress" not in app.session_state
    app.radio(key=f"check_{code}_choice").set_value(right).run()
    button(app, f"check_{code}_go").click().run()
    assert "Right." in [box.value for box in app.success] and "Computed just now." in words(app)
    assert code in app.session_state["progress"].passed and "passed]" in words(app)


@pytest.mark.parametrize("near", [True, False])
def test_a_guess_is_held_against_the_truth(near: bool) -> None:
    code = one_of("guess")
    check = CHECKS[code]
    middle = round((check.low + check.high) / 2)
    answered(code, truth_of(code, value=float(middle if near else check.high * 50 + 1000)))
    app = lesson(check.step)
    app.number_input(key=f"check_{code}_guess").set_value(middle)
    button(app, f"check_{code}_go").click().run()
    boxes = [box.value for box in (app.success if near else app.warning)]
    assert any(box.startswith(f"You said {middle:,.6g}") for box in boxes) and not app.exception
    boxes_left = [box.key for box in app.number_input]
    assert f"check_{code}_guess" not in boxes_left, "a committed guess stays"
    if not near:
        assert check.look in words(app), "the guide says what to look at"
        button(app, f"check_{code}_again").click().run()
        assert app.number_input(key=f"check_{code}_guess").value is None
        assert check.others[0].question in words(app) and check.question not in words(app), "another case"
        answered(code, truth_of(code, value=float(middle)), turn=1)
        app.number_input(key=f"check_{code}_guess").set_value(middle)
        button(app, f"check_{code}_go").click().run()
        assert code in app.session_state["progress"].passed and check.look not in words(app)


def test_nothing_is_committed_without_a_number() -> None:
    code = one_of("guess")
    app = lesson(CHECKS[code].step)
    button(app, f"check_{code}_go").click().run()
    assert "Type a number first" in words(app) and not app.session_state["lesson_answers"]


def test_a_guess_about_runs_trains_them_first() -> None:
    code = one_of("guess", run=True)
    app = committed(lesson(CHECKS[code].step), code, 50)
    assert {run.recipe for run in own()} == {lesson_runs.recipe_of(word) for word in CHECKS[code].runs}
    assert not app.exception


def test_an_order_is_built_by_buttons_and_tells_where_it_goes_wrong() -> None:
    code = one_of("order")
    check = CHECKS[code]
    right = tuple(check.options)
    answered(code, truth_of(code, order=right))
    app = lesson(check.step)
    offered = texts.shuffled(check)
    assert tuple(offered) != right
    for key in right:
        button(app, f"check_{code}_order_{offered.index(key)}").click().run()
    button(app, f"check_{code}_go").click().run()
    assert "Right." in [box.value for box in app.success]
    app = committed(lesson(check.step), code, [*right[1:], right[0]])
    assert "out of place is at 1" in words(app)


def trial(code: str, order: list[int], found: Trial) -> None:
    what = {"check": code, "language": "en", "backbone": "resnet10", "weights": "BUILT_IN", "order": order}
    save(found, TryLinesQuestion(**what, digest=CHECKS[code].digest).path)


def test_a_bug_is_found_by_its_line_and_both_versions_are_carried_out() -> None:
    code = one_of("bug")
    check = CHECKS[code]
    trial(code, [], Trial(output="moved", passed=False, error="", seconds=0.1))
    trial(code, [0], Trial(output="stayed", passed=True, error="", seconds=0.1))
    lines = check.wrong.code.split("\n") if check.wrong else []
    faulty = str(check.faulty + 1)
    other = next(str(i + 1) for i in range(len(lines)) if str(i + 1) != faulty)
    app = lesson(check.step)
    app.segmented_control(key=f"check_{code}_line").set_value(other).run()
    button(app, f"check_{code}_go").click().run()
    assert f"Line {other} is correct" in words(app)
    app.segmented_control(key=f"check_{code}_line").set_value(faulty).run()
    button(app, f"check_{code}_go").click().run()
    assert {"moved", "stayed"} <= {block.value for block in app.code}
    assert "It does what it should." in [box.value for box in app.success]


def test_lines_are_carried_out_in_the_reader_s_order() -> None:
    code = one_of("lines")
    check = CHECKS[code]
    order = list(range(len(texts.shuffled(check))))
    trial(
        code,
        order,
        Trial(output="", passed=False, error="Line 2: NameError: name 'optimizer' is not defined", seconds=0.1),
    )
    app = lesson(check.step)
    for i in order:
        button(app, f"check_{code}_order_{i}").click().run()
    button(app, f"check_{code}_go").click().run()
    assert any("It fails. Line 2" in box.value.replace("\\", "") for box in app.warning)
    trial(code, order, Trial(output="done", passed=True, error="", seconds=0.1))
    button(app, f"check_{code}_again").click().run()
    assert not app.session_state[f"check_{code}_order"], "it begins anew"


# The guide


def hint(words_: str, condition: str, *about: str) -> texts.Hint:
    return texts.Hint(condition, about, words_, 1)


def said(monkeypatch: pytest.MonkeyPatch, one: texts.Hint, **state: Any) -> str:
    """What the guide says of one hint; empty where it keeps quiet."""
    monkeypatch.setattr(guide.st, "session_state", state)
    done = guide.Done(one, guide.Reader())
    return texts.filled(one.words, guide.facts(done)) if guide.HOLDS[one.condition](done) else ""


def test_the_guide_speaks_of_the_reader_s_own_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    made("random", wrong=16)
    made("probe", wrong=2)
    made("moving", clean=False)
    seen = {"lesson_seen": {"random", "probe", "moving"}}
    one = hint("{probe.accuracy} of {probe.n}, {probe.seconds} s, {probe.per_class}", "ran", "probe")
    assert said(monkeypatch, one, **seen) == "91.7 % of 24, 3.2 s, 25"
    assert said(monkeypatch, one) == "", "a run that this reader did not ask for is not spoken of"
    better = hint("{fixed} fixed, {broken} broken, n = {n}", "better", "random", "probe")
    assert said(monkeypatch, better, **seen) == "14 fixed, 0 broken, n = 24"
    assert not said(monkeypatch, hint("x", "worse", "random", "probe"), **seen)
    assert said(monkeypatch, hint("x", "worse", "probe", "random"), **seen) == "x"
    assert said(monkeypatch, hint("{moving.drift}", "red", "moving"), **seen) == "0.02"
    assert said(monkeypatch, hint("x", "clean", "probe"), **seen) == "x"
    assert not said(monkeypatch, hint("x", "clean", "moving"), **seen)
    assert said(monkeypatch, hint("x", "missing", "full"), **seen) == "x"
    assert said(monkeypatch, hint("x", "undecided", "probe", "probe"), **seen) == "x"
    before = hint("Guess first", "open", "6d")
    assert said(monkeypatch, before) and not said(monkeypatch, before, lesson_skipped={"6d"}), "seen without a guess"
    assert not said(monkeypatch, before, lesson_answers={"6d": 40})


def test_the_guide_knows_a_run_of_the_reader_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    own = stand_ins.finished_run(strategy="full", per_class=5)
    lesson_run = made("probe")
    state = {"started_runs": [lesson_run]}
    assert said(monkeypatch, hint("x", "no_own_run"), **state) == "x"
    state = {"started_runs": [own, lesson_run]}
    assert said(monkeypatch, hint("{own.per_class}", "small_per_class"), **state) == "5"
    assert said(monkeypatch, hint("{own.learned}", "own_tuned"), **state) == "1.54 k"
    assert not said(monkeypatch, hint("x", "own_frozen"), **state)
    assert not said(monkeypatch, hint("x", "own_red"), **state)


@pytest.mark.parametrize(
    ("recipe", "holds"),
    [
        ({"strategy": "full"}, "own_tuned"),
        ({"strategy": "linear_probe", "per_class": 20}, "own_frozen"),
        ({"strategy": "from_scratch"}, ""),
        ({"strategy": "linear_probe", "weights": "random", "per_class": 20}, ""),
    ],
)
def test_only_a_run_from_pre_trained_weights_is_called_tuned_or_a_mark_to_beat(
    recipe: dict[str, Any], holds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"started_runs": [stand_ins.finished_run(**recipe)]}
    told = {one for one in ("own_tuned", "own_frozen") if said(monkeypatch, hint("x", one), **state)}
    assert told == ({holds} if holds else set()) and said(monkeypatch, hint("x", "own_run"), **state)


def test_at_most_three_hints_at_a_time_and_never_none() -> None:
    for step in STEPS.values():
        assert 1 <= len(guide.hints_of(step)) <= guide.MOST


def test_the_guide_lists_the_runs_once_for_all_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[int] = []
    monkeypatch.setattr(guide, "all_runs", lambda: listed.append(1) or [])
    monkeypatch.setattr(guide.st, "session_state", {"lesson_seen": set(lesson_runs.NAMES)})
    for step in STEPS.values():
        listed.clear()
        guide.hints_of(step)
        assert len(listed) <= 1


# The curve


def point(dataset: str, k: int, arm: str, seed: int) -> CurvePoint:
    right = {"probe": 200, "scratch": 120}[arm] + 2 * k
    return CurvePoint(
        dataset=dataset, per_class=k, arm=arm, seed=seed, score=evidence.Score(306, right), images=17 * k, steps=40,
        epochs=8, pixels=48, seconds=1.0,
    )  # fmt: skip


def test_the_curve_grows_from_points_and_offers_to_go_on() -> None:
    app = lesson(8)
    assert any("18 small trainings" in label for label in labels(app))
    button(app, "lesson_curve_start").click().run()
    tasks = choosing.tasks_of("photo_patches")
    assert all(jobs.status(task) is not None for task in tasks)
    wish("curve of photo_patches", "another reader")
    button(app, "lesson_curve_stop").click().run()
    assert all(jobs.status(task).state == "queued" for task in tasks) and "Watch the curve grow" in labels(app)
    with jobs.database() as db:
        db.execute("DELETE FROM wish WHERE owner = 'another reader'")
    button(app, "lesson_curve_start").click().run()
    button(app, "lesson_curve_stop").click().run()
    assert all(jobs.status(task).state == "cancelled" for task in tasks)
    every = [(k, seed, arm) for k in CURVE_SIZES for seed in CURVE_SEEDS for arm in CURVE_ARMS]
    for task, (k, seed, arm) in zip(tasks[:3], every, strict=False):
        save(point("photo_patches", k, arm, seed), task.path)
    mine = {"lesson_curves": {"photo_patches"}}
    assert "Go on" in labels(with_state(lesson(8), **mine)) and len(choosing.computed("photo_patches")) == 3
    for task, (k, seed, arm) in zip(tasks, every, strict=True):
        save(point("photo_patches", k, arm, seed), task.path)
    app = with_state(lesson(8), **mine)
    assert not app.exception and "Go on" not in labels(app) and "Show the curve" not in labels(app)


def test_a_curve_that_others_had_computed_is_shown_when_asked_for_and_is_not_called_the_reader_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tasks = choosing.tasks_of("photo_patches")
    every = [(k, seed, arm) for k in CURVE_SIZES for seed in CURVE_SEEDS for arm in CURVE_ARMS]

    def told(condition: str, *sets: str) -> bool:
        return bool(said(monkeypatch, hint("x", condition), lesson_curves=set(sets)))

    for number, (task, (k, seed, arm)) in enumerate(zip(tasks, every, strict=True), 1):
        save(point("photo_patches", k, arm, seed), task.path)
        if number == 3:
            assert told("curve_begun", "photo_patches") and not told("curve_begun") and told("no_curve")
    assert told("curve_done", "photo_patches") and not told("curve_done", "digits") and told("no_curve")
    monkeypatch.undo()


def test_a_curve_that_is_there_is_offered_by_a_button() -> None:
    every = [(k, seed, arm) for k in CURVE_SIZES for seed in CURVE_SEEDS for arm in CURVE_ARMS]
    for task, (k, seed, arm) in zip(choosing.tasks_of("photo_patches"), every, strict=True):
        save(point("photo_patches", k, arm, seed), task.path)
    app = lesson(8)
    assert "Show the curve" in labels(app) and "18 of 18 points were computed on this machine before" in words(app)
    button(app, "lesson_curve_start").click().run()
    assert "Show the curve" not in labels(app) and "photo_patches" in app.session_state["lesson_curves"]
    assert not app.exception


def test_the_figure_of_the_curve_shows_every_point_and_the_means() -> None:
    points = [point("digits", k, arm, seed) for k in (5, 10) for arm in CURVE_ARMS for seed in (0, 1)]
    figure = small_curve(points, CURVE_SIZES)
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert [len(trace.x) for trace in marks] == [4, 4] and [list(trace.x) for trace in lines] == [[5, 10], [5, 10]]
    assert lines[0].y[0] == pytest.approx(210 / 306) and lines[1].y[1] == pytest.approx(140 / 306)
    assert "stopped paying" not in figure.layout.meta["look"] and "about 40 steps" in figure.layout.meta["look"]
    assert "n = 306" in figure.layout.meta["caution"] and "2 seeds" in figure.layout.meta["caution"]


def test_the_figure_of_a_walk_has_a_row_a_stage_and_a_frame_of_what_a_cell_sees() -> None:
    maps = np.random.default_rng(0).random((4, 6, 6))
    stages = tuple(
        WalkStage(stage=name, channels=8, rows=6, columns=6, parameters=100, shown=np.arange(4), maps=maps, sight=sight)
        for name, sight in (("stem", (10, 21)), ("layer1", (-5, 40)))
    )
    found = Walk(
        backbone="resnet10", weights="BUILT_IN", image=3, label="fur", picture=np.zeros((32, 32, 3), np.uint8),
        stages=stages,
    )  # fmt: skip
    figure = walk(found)
    assert [trace.type for trace in figure.data] == ["image", "heatmap"] * 2
    frames = [(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.line.color == "#FFFFFF"]
    assert frames == [(9.5, 20.5), (-0.5, 31.5)], "cut at the picture's border"
    assert "a cell sees 11 of 32 px" in figure.layout.annotations[0].text


def test_a_race_is_set_up_from_the_advice() -> None:
    app = lesson(8)
    app.number_input(key="lesson_own_images").set_value(800).run()
    app.selectbox(key="lesson_own_like").set_value("far").run()
    button(app, "lesson_to_race").click().run()
    assert app.session_state["race_strategies"] == list(ADVICE["many", "far"][0])
    assert app.session_state["train_per_class"] == 800 and not app.exception


def test_the_switches_say_what_to_write_in_pytorch() -> None:
    lines = pytorch_lines(BACKBONES["resnet10"], ("stem", "layer4"), "frozen")
    compile(lines, "<lines>", "exec")
    assert "[model.conv1, model.bn1, model.layer4]" in lines and ".eval()" in lines
    assert ".eval()" not in pytorch_lines(BACKBONES["resnet10"], (), "moving")
    assert "[model.features[0:5], model.features[24:31]]" in pytorch_lines(
        BACKBONES["vgg16"], ("block1", "block5"), "frozen"
    )


def test_what_a_snippet_finds_can_be_looked_up_in_the_lesson() -> None:
    step = STEPS[4]
    what = {"step": step.name, "language": "en", "backbone": "resnet10", "weights": "BUILT_IN"}
    task = RunStepSnippetQuestion(**what, digest=texts.digest(step.snippet.code if step.snippet else ""))
    picture = np.zeros((4, 4), np.uint8)
    ran = {"output": "gradient: None", "seconds": 0.1, "picture": picture, "low": 0.0, "high": 1.0}
    found = Snippet(
        term=step.name, backbone="resnet10", weights="BUILT_IN", opening="model = ResNet(…)", batch=picture, **ran
    )
    save(found, task.path)
    app = lesson(4)
    assert "model = ResNet(…)" not in {block.value for block in app.code}
    app.toggle(key="lesson_opening").set_value(True).run()
    assert "model = ResNet(…)" in {block.value for block in app.code} and not app.exception


def test_what_keeps_its_size_from_stage_to_stage_is_said_as_it_is() -> None:
    def plan(*outputs: tuple[int, int, int]) -> Any:
        return SimpleNamespace(
            stages=[SimpleNamespace(stage=f"s{i}", output=o) for i, o in enumerate((*outputs, (4,)), 1)]
        )

    assert exceptions("A", plan((64, 56, 56), (64, 56, 56), (128, 28, 28))) == "In A s2 leaves both as they were."
    assert (
        exceptions("B", plan((256, 28, 28), (512, 14, 14), (512, 7, 7))) == "In B s3 leaves the channels as they were."
    )
    assert exceptions("C", plan((8, 9, 9), (16, 9, 9), (32, 9, 9))) == "In C s2, s3 leave the sides as they were."
    assert exceptions("D", plan((64, 56, 56), (128, 28, 28))) == ""


# Handouts


def answer_of(language: str, step: int) -> Any:
    request = Request({"type": "http", "path_params": {"language": language, "step": step}})
    return asyncio.run(launch.handout(request))


@pytest.mark.parametrize("step", STEPS)
def test_a_handout_holds_the_step_and_its_questions_but_no_answer(step: int) -> None:
    page = handout("en", step)
    plain = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert STEPS[step].title in plain
    for check in CHECKS.values():
        if check.step == step:
            assert f"<b>{check.code}</b>" in page
            for reason in check.reasons.values():
                assert html.escape(reason, quote=False) not in page
    assert page.count("<script") == 0 and handout_address("en", step) == f"/api/handout/en/{step}"


def test_an_order_is_offered_shuffled_on_paper_too() -> None:
    check = CHECKS[one_of("order")]
    page = handout("en", check.step)
    places = (
        [page.index(f"<li>{html.escape(check.options[key], quote=False)}") for key in texts.shuffled(check)]
        if all("`" not in check.options[key] for key in check.options)
        else [0]
    )
    assert places == sorted(places)


def test_html_in_a_text_is_shown_not_carried_out() -> None:
    from explorer.course.view.handout import block

    assert "<script>" not in block("a <script>alert(1)</script>") and "&lt;script&gt;" in block("<script>x</script>")


def test_the_server_answers_with_a_handout_or_says_why_not() -> None:
    good = answer_of("en", 5)
    assert good.status_code == 200 and good.media_type == "text/html"
    for language, step in (("xx", 5), ("en", 99)):
        bad = answer_of(language, step)
        assert bad.status_code == 404 and "Allowed:" in bad.body.decode()
    with pytest.raises(ExplorerError, match="step"):
        handout("en", 0)


def test_the_live_probe_of_step_5_stands_on_its_own_run_and_says_why_a_setting_cannot_be_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(recipe: Recipe) -> str:
        raise ExplorerError("Ten runs wait already.")

    monkeypatch.setattr(live, "start", full)
    made("probe")
    base, score = live._probe_of(lesson_runs.recipe_of("probe")), evidence.Score(100, 61)
    save(StoredFeatures((40, 30)), StoreFeaturesQuestion(recipe=base).path)
    curve = (Epoch(1, 0.1, 1.0, 0.5, evidence.Score(50, 50), 0.7, score, 99.0, None),)
    save(
        LiveProbe(n=50, epochs=curve, chosen_epoch=1, test=score, val=score, majority=0.5),
        LiveProbeQuestion(recipe=base).path,
    )
    app = lesson(5, "probe", few="1")
    assert not app.exception and "test **61.0 %" in words(app)
    app.button(key="few_keep").click().run()
    assert "Ten runs wait already" in words(app)


def test_a_guess_that_is_the_answer_is_called_right() -> None:
    check, guessed = CHECKS["2b"], shown_checks.guessed
    assert guessed(check, 11, 11.0).endswith("it is **11** pixels. Right.")
    assert guessed(check, 12, 11.0).endswith("Close enough (within 50 %).")
    assert guessed(check, 30, 11.0).endswith("Close enough would be within 50 %.")
