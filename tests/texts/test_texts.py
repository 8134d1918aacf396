"""Texts across their folders: what one lacks that another needs is named; what checks may ask and say fits the engine."""

import ast
import inspect
import re
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explorer.bundle import ASSETS
from explorer.catalogue import BACKBONES, STRATEGIES
from explorer.catalogue.strategies import RULE
from explorer.course import texts
from explorer.course.compute.truths import TRUTHS
from explorer.course.compute.truths.asked import TruthContext
from explorer.course.lesson_runs import ADVICE
from explorer.course.texts.checks import STAGES
from explorer.course.texts.truths import MANY, TRUTH_SPECS
from explorer.data import shapes
from explorer.recipe import make
from explorer.texts.reading import pages

FOLDERS = ("glossary", "questions", "lessons", "checks", "concepts")
MODULES = ("texts.glossary", "course.texts.lessons", "course.texts.checks", "course.texts.concepts")
READERS: dict[str, Callable[[], Any]] = {
    "glossary": texts.terms,
    "questions": texts.questions,
    "lessons": texts.lessons,
    "checks": texts.checks,
    "concepts": texts.concepts,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all texts that the readers read in place of those that ship."""
    for name in FOLDERS:
        shutil.copytree(ASSETS / name, tmp_path / name)
    for name in MODULES:
        monkeypatch.setattr(sys.modules[f"explorer.{name}"], "ASSETS", tmp_path)
    monkeypatch.setattr(sys.modules["explorer.texts.glossary"], "FRESH", 1e-9)
    return tmp_path


def edit(path: Path, old: str, new: str) -> int:
    """Put `new` in place of `old` once; the number of the line where it stands."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_what_ships_has_no_fault(folder: Path) -> None:
    assert all(reader().faults == () for reader in READERS.values())


def test_texts_are_tested_once_and_not_at_each_call() -> None:
    assert all(reader() is reader() for reader in READERS.values())


WHEN_TO_FREEZE = {
    "lesson 8": lambda: texts.lessons().by_name["choose"].read,
    "lesson 8, in short": lambda: " ".join(texts.lessons().by_name["choose"].takeaway),
    "lesson 5": lambda: texts.lessons().by_name["feature_extraction"].read,
    "feature extraction": lambda: texts.terms().by_name["feature_extraction"].explained,
    "fine-tuning": lambda: texts.terms().by_name["fine_tuning"].explained,
    "question": lambda: texts.questions().by_name["fine_tuning_or_feature_extraction"].answer,
    "concept": lambda: texts.concepts().by_name["choosing"].sentence,
}
"""The texts that say when to freeze and when to tune."""


@pytest.mark.parametrize("place", WHEN_TO_FREEZE)
def test_all_say_the_same_of_when_to_freeze_and_when_to_tune(place: str) -> None:
    said = " ".join(WHEN_TO_FREEZE[place]().split())
    assert re.search(r"([Ff]reeze|[Ww]hile|choice) .{0,40}images are few", said)
    assert re.search(r"[Tt]une when (they|your images) are many, above all when they are unlike", said)
    assert not re.search(r"few \*?and\*? |, \*if\* they are like", said), "likeness is no condition for freezing"


def test_lesson_and_question_say_the_rule_word_for_word() -> None:
    for place in ("lesson 8", "question", "fine-tuning"):
        assert RULE in " ".join(WHEN_TO_FREEZE[place]().split()), place


def test_strategies_and_advice_keep_to_the_rule() -> None:
    assert STRATEGIES["linear_probe"].prefer.startswith("Few images, like the source or not")
    assert "Hundreds of images per class, above all when they are unlike" in STRATEGIES["full"].prefer
    assert not [row.name for row in STRATEGIES.values() if re.search(r"images[^.]*, or (a target|images)", row.prefer)]
    for (amount, _), (names, why) in ADVICE.items():
        assert names[0] == "linear_probe", "what tuning has to beat comes first"
        assert amount != "few" or not {"full", "gradual", "last_2_stages"} & set(names), why
        assert amount != "many" or "full" in names


def test_the_rule_is_told_with_its_budget() -> None:
    """Ten epochs at 5 images a class: of 2 classes 10 images, one step an epoch; of 17 classes 85, three."""
    read = " ".join(texts.lessons().by_name["choose"].read.split())
    recipe = make(per_class=5)
    steps = [recipe.epochs * -(-recipe.per_class * classes // recipe.batch_size) for classes in (2, 17)]
    assert f"5 images a class make only {steps[0]} to {steps[1]} steps" in read and steps == [10, 30]
    assert f"{shapes.COUNTS['train']} drawn shapes a class" in read


def test_no_text_promises_a_head_on_an_earlier_stage() -> None:
    said = [path.read_text(encoding="utf-8") for name in FOLDERS for path in (ASSETS / name / "en").glob("*.md")]
    said += [row.meaning + row.prefer for row in STRATEGIES.values()] + [why for _, why in ADVICE.values()]
    assert not [text for text in said if re.search(r"head (on|after) an? (earlier|early) stage", text)]


def test_the_map_says_nothing_of_grids_that_does_not_hold() -> None:
    said = texts.concepts().by_name["stages"].sentence  # ResNet's stem and layer1 have grids of one size
    assert "mostly on a coarser grid" in said and "in larger networks" in said


# One thing wrong in one file


@pytest.mark.parametrize(
    "of, file, old, new, reason",
    [
        ("lessons", "head", "- glossary?", "- glosary?", "the app has no page 'glosary'. It has: attribution"),
        ("glossary", "feature", "- features: ", "- featurs: ", "the app has no page 'featurs'"),
        ("questions", "what_is_transfer_learning", "- home: ", "- hom: ", "the app has no page 'hom'"),
        ("glossary", "requires_grad", "picture: strategy last_stage", "picture: strategy foo",
         "'strategy' shows a strategy, not 'foo'. Known: linear_probe, "),
        ("glossary", "requires_grad", "picture: strategy last_stage", "picture: rates", "'rates' shows a strategy, not ''"),
        ("glossary", "softmax", "picture: softmax", "picture: softmax full", "after 'softmax' nothing may follow"),
        ("checks", "8b_gains", "truth: gains digits", "truth: gainz digits", "unknown truth 'gainz'. Known: first_filter, "),
        ("checks", "8b_gains", "truth: gains digits", "truth: gains digitz", "'digitz' is no dataset. Known: "),
        ("checks", "8a_weights_to_keep", "keep linear_probe", "keep linear_prob", "'linear_prob' is no strategy. Known: "),
        ("checks", "6b_moved_most", "truth: moved_most far_full", "truth: moved_most", "takes run, not nothing"),
        ("checks", "6b_moved_most", "moved_most far_full", "moved_most fill", "'fill' is no run. Known: far_full, far_probe"),
        ("checks", "6c_rewound", "full layer1", "full layer9", "'layer9' is no stage. Known: layer1, "),
        ("checks", "8c_images_needed", "points=2", "points=2.5", "'2.5' is no whole number above 0"),
        ("checks", "6a_first_step", "rate=0.001", "rate=0", "'0' is no number above 0"),
        ("checks", "7a_likeness", "truth: likeness {one}", "truth: better {one}", "the kind 'choice', not 'guess'"),
        ("checks", "1c_plain_card", "{size} on average. At", "{sice} on average. At", "{sice} cannot be filled. Here may stand"),
        ("checks", "1c_plain_card", "here it is {size} on", "here it is {siez} on", "{siez} cannot be filled"),
        ("checks", "8b_gains", "digits {digits}", "digits {digit}", "{digit} cannot be filled. Here may stand: digits, "),
        ("checks", "4a_frozen_module", "## explained\n", "## explained\n{count} ", "{count} cannot be filled: lines of code"),
        ("checks", "3b_head_sizes", "- old: ", "- gone: ", "this truth answers with new, first, old, last"),
        ("checks", "2b_sight", "low: 1\nhigh: 512", "low: 512\nhigh: 1", "`low` is 512 and `high` 1; `low` must be the smaller"),
        ("checks", "2b_sight", "low: 1\nhigh: 512", "low: 1\nhigh: inf", "the fact 'high' is 'inf', which is no number"),
    ],
)  # fmt: skip
def test_a_file_that_asks_for_what_is_not_there_is_named_with_its_line_and_left_out(
    folder: Path, of: str, file: str, old: str, new: str, reason: str
) -> None:
    before = READERS[of]().by_name
    path = folder / of / "en" / f"{file}.md"
    edit(path, old, new)
    found = READERS[of]()
    (fault,) = [line for line in found.faults if line.startswith(f"{file}.md, line ")]
    assert reason in fault, fault
    assert len(found.by_name) == len(before) - 1, "the rest is here"


@pytest.mark.parametrize(
    "of, file, old, new",
    [
        ("glossary", "cka", "related: feature,", "related: featrue,"),
        ("questions", "what_is_transfer_learning", "related: transfer_learning,", "related: transfer_lerning,"),
        ("lessons", "head", "related: ", "related: haed, "),
        ("checks", "1c_plain_card", "related: feature_map,", "related: featuremap,"),
        ("concepts", "head", "term: head", "term: haed"),
    ],
)
def test_an_unknown_term_is_named_and_the_text_stays(folder: Path, of: str, file: str, old: str, new: str) -> None:
    count = len(READERS[of]().by_name)
    line = edit(folder / of / "en" / f"{file}.md", old, new)
    found = READERS[of]()
    (fault,) = found.faults
    assert new.removeprefix("related: ").removeprefix("term: ").strip(", ") in fault and fault.startswith(f"{file}.md")
    assert of == "glossary" or f"line {line}:" in fault
    assert len(found.by_name) == count


# A file that is gone


@pytest.mark.parametrize("order", range(1, 9))
def test_a_step_that_is_gone_is_named(folder: Path, order: int) -> None:
    (row,) = [row for row in texts.lessons().by_name.values() if row.order == order]
    (folder / "lessons" / "en" / row.file.name).unlink()
    (fault,) = texts.lessons().faults
    assert f"step {order} is missing" in fault and f"`order: {order}`" in fault
    assert len(texts.lessons().by_name) == 7


@pytest.mark.parametrize("code", texts.checks().by_name)
def test_a_check_that_is_gone_is_named_wherever_it_is_needed(folder: Path, code: str) -> None:
    next((folder / "checks" / "en").glob(f"{code}_*")).unlink()
    (fault,) = texts.checks().faults
    (concept,) = [row for row in texts.concepts().by_name.values() if row.title in fault]
    assert fault.startswith("en: ") and f"the check {code} is missing; the concept {concept.title!r} needs it" in fault
    (fault,) = texts.concepts().faults
    assert fault.startswith(f"{concept.name}.md, line ") and f"the check {code} is not there" in fault
    assert code not in concept.checks or len(concept.checks) == 1, "the concept opens with the others"
    rows = texts.lessons().by_name.values()
    assert all(f"the check {code}" in line for line in texts.lessons().faults)
    assert not [hint for row in rows for hint in row.hints if code in hint.about]
    assert not [row for row in rows if code in row.predicted]


def test_a_gap_in_the_letters_is_named_where_no_concept_needs_it(folder: Path) -> None:
    edit(folder / "concepts" / "en" / "stages.md", "2b, 2c", "2b")
    assert texts.checks().faults == ()
    (folder / "checks" / "en" / "2c_heaviest_stage.md").unlink()
    assert "the check 2c is missing; 2d follows it" in texts.checks().faults[0]


def test_a_hint_about_an_unknown_check_is_named_with_its_line_and_left_out(folder: Path) -> None:
    line = edit(folder / "lessons" / "en" / "choose.md", "- open 8b:", "- open 8y:")
    (fault,) = texts.lessons().faults
    assert fault == f"choose.md, line {line}: the hint is about the check 8y, which is not there, and is left out."
    assert len(texts.lessons().by_name) == 8


def test_a_concept_with_an_unknown_check_is_named_with_its_line_and_opens_with_the_others(folder: Path) -> None:
    line = edit(folder / "concepts" / "en" / "stages.md", "2b, 2c", "2b, 2c, 2z")
    assert texts.concepts().faults == (f"stages.md, line {line}: the check 2z is not there.",)
    assert texts.concepts().by_name["stages"].checks == ("2b", "2c")


def test_no_checks_at_all_are_said_once(folder: Path) -> None:
    shutil.rmtree(folder / "checks" / "en")
    (fault,) = texts.checks().faults
    assert "holds no text" in fault and texts.lessons().faults == texts.concepts().faults == ()


def test_a_translation_without_a_glossary_of_its_own_links_to_the_english_one(folder: Path) -> None:
    shutil.copytree(folder / "lessons" / "en", folder / "lessons" / "de")
    shutil.copytree(folder / "checks" / "en", folder / "checks" / "de")
    assert texts.lessons("de").faults == texts.checks("de").faults == ()


def test_a_link_may_lead_to_every_page() -> None:
    assert set(pages()) == {path.stem for path in (ASSETS.parent / "pages").glob("*.py")}
    assert "features" in pages()


# The table of truths against the engine's


def made(name: str) -> ast.FunctionDef:
    """The function that computes a truth, parsed."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(TRUTHS[name])))
    return next(node for node in tree.body if isinstance(node, ast.FunctionDef))


def test_the_words_are_the_engine_s() -> None:
    assert list(TRUTH_SPECS) == list(TRUTHS)


@pytest.mark.parametrize("name", TRUTH_SPECS)
def test_a_truth_takes_what_its_function_takes(name: str) -> None:
    asked, *takes = inspect.signature(TRUTHS[name]).parameters.values()
    assert asked.name == "asked"
    if TRUTH_SPECS[name].takes[-1:] == (MANY,):
        assert [one.kind for one in takes] == [inspect.Parameter.VAR_POSITIONAL]
    else:
        assert len(takes) == len(TRUTH_SPECS[name].takes)
        stages = [i for i, one in enumerate(takes) if one.name == "stage"]
        assert stages == [i for i, kind in enumerate(TRUTH_SPECS[name].takes) if kind == "stage"]


@pytest.mark.parametrize("name", TRUTH_SPECS)
def test_a_truth_answers_and_tells_what_its_function_does(name: str) -> None:
    told, node = TRUTH_SPECS[name], made(name)
    forms = {"picked": "choice", "number": "guess", "ordered": "order"}
    (call,) = [n for n in ast.walk(node) if isinstance(n, ast.Call) and ast.unparse(n.func) in forms]
    form = forms[ast.unparse(call.func)]
    assert told.kind == form
    facts = {word.arg for word in call.keywords if word.arg}
    if name == "too_hot":  # it adds to those of `accuracy`
        added = {ast.literal_eval(key) for n in ast.walk(node) if isinstance(n, ast.Dict) for key in n.keys if key}
        facts = added | set(TRUTH_SPECS["accuracy"].facts)
    if form != "order":
        assert set(told.facts) == facts
    if form == "choice" and told.answers != (STAGES,):
        chosen = [
            n.value for n in ast.walk(node) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "answer"
        ]
        assert set(told.answers) == {word for value in chosen for word in _words(value)}


def _words(value: ast.expr) -> set[str]:
    """The constants that a conditional expression may give."""
    if isinstance(value, ast.IfExp):
        return _words(value.body) | _words(value.orelse)
    return {ast.literal_eval(value)}


@pytest.mark.parametrize(
    "name", [name for name, told in TRUTH_SPECS.items() if told.kind == "order" and not told.takes]
)
def test_an_order_is_of_the_keys_in_the_table(name: str) -> None:
    found = TRUTHS[name](TruthContext(BACKBONES["resnet10"], "BUILT_IN"))
    assert set(found.order) == set(TRUTH_SPECS[name].answers) == set(dict(found.facts)) == set(TRUTH_SPECS[name].facts)
