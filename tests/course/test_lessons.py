"""The lesson's texts: eight steps, short and complete, whose hints can be filled and whose snippets run; bad files are named."""

import re
import string
from pathlib import Path

import pytest
from spending import within

from explorer.app.links import SETTINGS
from explorer.course import texts
from explorer.course.compute.snippets import running, scenes
from explorer.course.lesson_runs import NAMES
from explorer.course.texts.lessons import (
    CONDITIONS,
    LIVE,
    LONGEST_SNIPPET,
    OTHER_PLACES,
    PAIR_PLACES,
    PREDICT,
    RUN_PLACES,
    read_lessons,
)
from explorer.course.view.guide import HOLDS
from explorer.course.view.guide import RUN_PLACES as FILLED
from explorer.course.view.steps import LIVE as SHOWN
from explorer.errors import ExplorerError

ROOT = Path(__file__).parents[2]
PAGES = {path.stem for path in (ROOT / "pages").glob("*.py")}
STEPS = texts.lessons().by_name
NAMES_IN_ORDER = (
    *("base_model", "backbone", "head", "requires_grad"),
    *("feature_extraction", "fine_tuning", "look_inside", "choose"),
)
CHECKS = dict(zip(NAMES_IN_ORDER, ("abc", "abcd", "abc", "abcd", "abcd", "abcde", "abcd", "abcd"), strict=True))
LIVE_AND_PROOF = {
    "base_model": ("filters", "check 1a, beside random probe"),
    "backbone": ("check 2b, walk", "check 2a, check 2c, sizes, families"),
    "head": ("check 3a, check 3c, new_head", "untrained"),
    "requires_grad": ("check 4d, switches", "audits probe moving"),
    "feature_extraction": ("check 5a, check 5d, train probe, few probe", "check 5b, still probe"),
    "fine_tuning": (
        "beside far_probe far_full, check 6d, rates full hot",
        "check 6b, moved far_probe far_full, moved full lp_ft",
    ),
    "look_inside": ("look far_probe far_full", "trust far_full"),
    "choose": ("worlds, curve", "decide"),
}
CHOICE = {"backbone", "dataset", "a", "b", "stage", "image", "target"}
MOST_WORDS = {"read": 230, "try_": 70, "prove": 70}
LONGEST = 2.0  # seconds of CPU for a snippet
HINTS = [(name, hint) for name, step in STEPS.items() for hint in step.hints]

GOOD = """---
title: A tiny step
short: Tiny
order: 1
minutes: 5
live: train probe
proof: audits probe moving
related: cka
---
You will be able to say what is tiny.

## read
Small things.

```python
print(1)
```

And more.

## try
Press it.

## prove
It is small.

## takeaway
- One.
- Two.
- Three.

## hints
- ran probe: It has {probe.accuracy}, n = {probe.n}.
- always: Go on.

## see
- training?strategy=full: Train
"""


# What ships


def test_there_are_eight_steps_in_order_and_no_fault() -> None:
    assert texts.lessons().faults == ()
    assert tuple(STEPS) == NAMES_IN_ORDER
    assert [step.order for step in STEPS.values()] == list(range(1, 9))
    assert len({step.short for step in STEPS.values()}) == len({step.title for step in STEPS.values()}) == 8


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_short(name: str) -> None:
    step = STEPS[name]
    assert len(step.short) <= 18 and step.minutes <= 10
    assert len(re.findall(r"[.?!](?= [A-Z]|$)", step.lead)) <= 2
    said = {"read": " ".join(step.around), "try_": step.try_, "prove": step.prove}
    assert {part: len(words.split()) for part, words in said.items() if len(words.split()) > MOST_WORDS[part]} == {}
    assert 3 <= len(step.takeaway) <= 5 and 6 <= len(step.hints) <= 12 and 2 <= len(step.see) <= 4
    assert step.snippet and 1 <= len(step.snippet.code.split("\n")) <= LONGEST_SNIPPET
    assert len(step.snippet.code.split("\n")) < 5 or name not in ("base_model", "requires_grad", "fine_tuning")
    assert max(len(line) for line in step.snippet.code.split("\n")) <= 120


@pytest.mark.parametrize("name", STEPS)
def test_a_step_has_its_live_part_and_its_proof(name: str) -> None:
    step = STEPS[name]
    written = tuple(", ".join(" ".join(part) for part in parts) for parts in (step.live, step.proof))
    assert written == LIVE_AND_PROOF[name]


@pytest.mark.parametrize("name", STEPS)
def test_what_a_step_names_exists(name: str) -> None:
    step = STEPS[name]
    assert len(step.related) >= 2 and set(step.related) <= set(texts.terms().by_name)
    open_on = {"glossary": {"term": texts.terms().by_name}, "lessons": {"step": {str(s.order) for s in STEPS.values()}},
               "concepts": {"concept": texts.concepts().by_name}}  # fmt: skip
    for link in step.see:
        assert link.page in PAGES, link
        for parameter, value in link.parameters:
            if link.page in open_on:
                assert value in open_on[link.page][parameter], link
            elif parameter not in CHOICE:
                allowed = SETTINGS[link.page, parameter].allowed
                assert (int(value) if isinstance(allowed, range) else value) in allowed, link


def test_the_page_can_show_every_kind_and_judge_every_condition() -> None:
    assert (
        set(SHOWN) == set(LIVE)
        and PREDICT not in LIVE
        and set(HOLDS) == set(CONDITIONS)
        and set(FILLED) == set(RUN_PLACES)
    )


def test_what_a_guess_asks_is_not_shown_before_it() -> None:
    """Each check of a step that a live part would answer stands before that part."""
    answers = {"walk": "2b", "sizes": "2a 2c", "new_head": "3a 3c", "switches": "4d", "train": "5a 5d", "still": "5b",
               "beside random": "1a", "rates": "6d", "moved far_probe": "6b"}  # fmt: skip
    for step in STEPS.values():
        asked: set[str] = set()
        for part in (*step.live, *step.proof):
            asked |= {part[1]} if part[0] == PREDICT else set()
            wanted = answers.get(part[0]) or answers.get(" ".join(part[:2]), "")
            assert asked.issuperset(wanted.split()), (step.name, part)


# Hints


@pytest.mark.parametrize("name, hint", HINTS, ids=[f"{name}-{hint.line}" for name, hint in HINTS])
def test_a_hint_is_short_and_can_be_filled(name: str, hint: texts.Hint) -> None:
    order = STEPS[name].order
    assert len(hint.words) <= 240 and len(re.findall(r"[.?!:](?= [A-Z]|$)", hint.words)) <= 3, hint.words
    if hint.condition in ("passed", "open"):
        assert hint.about[0] in {f"{order}{letter}" for letter in CHECKS[name]}
    pair = CONDITIONS[hint.condition] == "run run"
    facts = {f"{run}.{place}": "7" for run in (*hint.about, "own") for place in RUN_PLACES}
    facts |= dict.fromkeys((*OTHER_PLACES, *(PAIR_PLACES if pair else ())), "8")
    filled = texts.filled(hint.words, facts)
    assert "{" not in filled and "}" not in filled
    assert {place for _, place, _, _ in string.Formatter().parse(hint.words) if place} == set(hint.places)


@pytest.mark.parametrize("name, hint", [row for row in HINTS if ".accuracy}" in row[1].words])
def test_a_hint_that_quotes_an_accuracy_says_its_n(name: str, hint: texts.Hint) -> None:
    assert re.search(r"\{(\w+\.)?n\}", hint.words), hint.words


@pytest.mark.parametrize("name", STEPS)
def test_the_guide_never_falls_silent_and_speaks_of_what_to_do_first(name: str) -> None:
    words = [hint.condition for hint in STEPS[name].hints]
    assert words[-1] == "always" and words.count("always") == 1
    assert words[0] in ("open", "missing")
    assert len({(hint.condition, hint.about) for hint in STEPS[name].hints}) == len(words)


@pytest.mark.parametrize("name", STEPS)
def test_a_paired_test_with_a_hint_for_one_outcome_does_not_leave_out_what_is_found_here(name: str) -> None:
    """Where a hint says that B is better or worse, another says what holds if no difference shows."""
    pairs = {(h.condition, h.about) for h in STEPS[name].hints if CONDITIONS[h.condition] == "run run"}
    for condition, about in pairs:
        assert condition == "undecided" or ("undecided", about) in pairs, (condition, about)


def test_every_condition_is_of_use_somewhere() -> None:
    assert {hint.condition for _, hint in HINTS} == set(CONDITIONS)


def test_no_score_of_one_machine_stands_in_a_text() -> None:
    """Scores differ a little from machine to machine: they come from places, never from the file."""
    for step in STEPS.values():
        said = [step.lead, *step.around, step.try_, step.prove, *step.takeaway, *(h.words for h in step.hints)]
        assert not [words for words in said if re.search(r"\d\.\d ?%|\d\d ?%|per cent", _without_check(words))]


def _without_check(words: str) -> str:
    """Hints may ask for a per cent; they do not say one."""
    return re.sub(r"what per cent", "", words)


# Snippets


@pytest.mark.parametrize("name", STEPS)
def test_a_snippet_runs_on_the_built_in_backbone_and_prints(name: str) -> None:
    code, scene = STEPS[name].snippet, scenes.scene("resnet10", "BUILT_IN")
    assert code is not None
    found = within(LONGEST, lambda: running.run(code.code, f"{name}.md", code.line, scene))
    assert found.output.strip() and "nan" not in found.output
    for words in SAID[name]:
        assert re.search(words, found.output), found.output


SAID = {
    "base_model": (r"[45],\d+,\d+ weights in all layers",),
    "backbone": (r"layer4 +\(1, 512, 3, 3\)", r"features \(1, 512\)"),
    "head": ("513,000 weights", "8,721 weights", "17 logits"),
    "requires_grad": (r"backbone: None \| head: tensor\(\d",),
    "feature_extraction": ("largest change of any feature: 0.0$",),
    "fine_tuning": (r"that it knew: [1-9]\d*\.\d",),
    "look_inside": (r"\(96, 96\)",),
    "choose": (r"[0-4] of 4 right, interval \d+% to \d+%",),
}
"""What the text round a snippet relies on."""


# Files that cannot be used


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "tiny.md").write_text(GOOD)
    found = read_lessons(tmp_path)
    assert not found.faults
    step = found.by_name["tiny"]
    assert step.live == (("train", "probe"),) and step.proof == (("audits", "probe", "moving"),)
    assert step.around == ("Small things.", "And more.") and step.snippet and step.snippet.line == 16
    assert step.takeaway == ("One.", "Two.", "Three.")
    assert [(hint.condition, hint.about) for hint in step.hints] == [("ran", ("probe",)), ("always", ())]
    assert step.hints[0].places == ("probe.accuracy", "probe.n") and step.hints[0].line == 33


def test_a_step_without_code_has_no_snippet(tmp_path: Path) -> None:
    (tmp_path / "tiny.md").write_text(GOOD.replace("```python\nprint(1)\n```\n", ""))
    step = read_lessons(tmp_path).by_name["tiny"]
    assert step.snippet is None and step.around == ("Small things.\n\n\nAnd more.", "")


RAN = "- ran probe: It has {probe.accuracy}, n = {probe.n}."


@pytest.mark.parametrize(
    "old, new, line, reason",
    [
        ("title: A tiny step", "titel: A tiny step", 2, "unknown fact 'titel'"),
        ("short: Tiny\n", "", 1, "'short' is missing"),
        ("order: 1", "order: one", 4, "no whole number"),
        ("order: 1", "order: ²", 4, "no whole number"),
        ("order: 1", "order: 9", 4, "the order 9 is not one of 1 to 8"),
        ("minutes: 5", "minutes: -5", 5, "no whole number"),
        ("live: train probe", "live: trian probe", 6, "unknown kind 'trian'"),
        ("live: train probe", "live: train", 6, "train names 1 of the lesson's runs, not 0"),
        ("live: train probe", "live: train probes", 6, "no run 'probes'"),
        ("live: train probe", "live: check probe", 6, "check names one check, such as `check 4a`"),
        ("proof: audits probe moving", "proof: audits probe", 7, "names 2 of the lesson's runs, not 1"),
        ("You will be able to say what is tiny.", "", 9, "will be able to say"),
        ("```python", "```", 13, "begins with ```python"),
        ("print(1)", "print(1", 16, "no Python"),
        ("print(1)", "\n".join(["print(1)"] * 11), 16, "11 lines; 1 to 10"),
        ("## try\nPress it.", "## try", 21, "'try' is missing or empty"),
        ("## prove", "## proof", 25, "unknown section 'proof'"),
        ("- Two.", "Two.", 29, "begins with `- `"),
        ("- Two.\n", "", 28, "2 lines; 3 to 5"),
        (RAN, "- It has run.", 33, "has the form `- condition: words`"),
        (RAN, "- sometimes: Look.", 33, "unknown condition 'sometimes'"),
        (RAN, "- ran: Look.", 33, "takes run+, not 0 words"),
        (RAN, "- always probe: Look.", 33, "takes nothing, not 1 words"),
        (RAN, "- better probe: Look.", 33, "takes run run, not 1 words"),
        (RAN, "- clean probe moving: Look.", 33, "takes run, not 2 words"),
        (RAN, "- ran prob: Look.", 33, "no run 'prob'"),
        (RAN, "- open 9a: Look.", 33, "no code of a check"),
        (RAN, "- ran probe: {full.accuracy}", 33, "{full.accuracy} cannot be filled"),
        (RAN, "- ran probe: {probe.loss}", 33, "Here may stand: probe.accuracy"),
        (RAN, "- ran probe: {fixed}", 33, "{fixed} cannot be filled"),
        (RAN, "- missing probe: {probe.accuracy}", 33, "None may stand here"),
        (RAN, "- no_own_run: {own.title}", 33, "None may stand here"),
        (RAN, "- own_run: {curve.low}", 33, "{curve.low} cannot be filled"),
        ("- training?strategy=full: Train", "- training strategy=full", 37, "has the form"),
    ],
)
def test_a_bad_file_is_named_with_line_and_reason_and_the_rest_is_read(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert GOOD.count(old) >= 1
    (tmp_path / "bad.md").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    (tmp_path / "tiny.md").write_text(GOOD.replace("order: 1", "order: 2"))
    found = read_lessons(tmp_path)
    (fault,) = found.faults
    assert fault.startswith(f"bad.md, line {line}: ") and reason in fault, fault
    assert list(found.by_name) == ["tiny"]


def test_of_two_files_with_one_order_the_first_stays_and_the_second_is_named(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.md").write_text(GOOD)
    (tmp_path / "c.md").write_text(GOOD.replace("order: 1", "order: 2"))
    found = read_lessons(tmp_path)
    assert list(found.by_name) == ["a", "c"]
    assert found.faults == ("b.md: step 1 is a.md already.",)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    assert "holds no text" in read_lessons(tmp_path).faults[0]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition_can_be_written(tmp_path: Path, condition: str) -> None:
    about = {"": "", "run": " probe", "run run": " probe full", "run+": " probe full hot", "check": " 1a"}
    (tmp_path / "tiny.md").write_text(GOOD.replace("- always", f"- {condition}{about[CONDITIONS[condition]]}"))
    found = read_lessons(tmp_path)
    assert not found.faults and found.by_name["tiny"].hints[-1].condition == condition


def test_the_runs_that_texts_may_name_are_those_of_the_lesson() -> None:
    parts = [part for step in STEPS.values() for part in (*step.live, *step.proof) if part[0] != PREDICT]
    named = {run for part in parts for run in part[1:]}
    named |= {run for check in texts.checks().by_name.values() for case in check.cases for run in case.runs}
    hinted = {run for _, hint in HINTS if CONDITIONS[hint.condition].startswith("run") for run in hint.about}
    assert named | hinted == set(NAMES)


def test_a_snippet_that_fails_is_named_with_its_line() -> None:
    with pytest.raises(ExplorerError, match=r"tiny\.md, line 17: .*ZeroDivisionError"):
        running.run("a = 1\na / 0", "tiny.md", 16, scenes.scene("resnet10", "BUILT_IN"))
