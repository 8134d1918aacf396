"""The glossary's texts: complete, linked, short; a bad file is named and the rest works; words become links."""

import re
from pathlib import Path

import pytest

from explorer.app.links import SETTINGS
from explorer.catalogue import BACKBONES, STRATEGIES
from explorer.course import texts
from explorer.course.texts import Linker
from explorer.course.texts.lessons import STEPS
from explorer.course.view.terms import DRAWN
from explorer.errors import ExplorerError
from explorer.experiments.plan import KINDS
from explorer.texts.glossary import read_questions, read_terms

ROOT = Path(__file__).parents[2]
PAGES = {path.stem for path in (ROOT / "pages").glob("*.py")}
TERMS, QUESTIONS = texts.terms().by_name, texts.questions().by_name
ASKED = (
    *(
        "pretrained_model",
        "backbone",
        "head",
        "requires_grad",
        "fine_tuning",
        "feature_extraction",
        "stage",
        "freezing",
    ),
    *(
        "batchnorm_statistics",
        "learning_rate",
        "discriminative_rates",
        "linear_probe",
        "lp_ft",
        "catastrophic_forgetting",
    ),
    *("domain_shift", "overfitting_gap", "augmentation", "feature", "umap", "cka", "attribution", "grad_cam"),
    *("integrated_gradients", "epoch", "logits", "softmax", "weight_decay", "seed", "confidence_interval"),
)
CHOICE = {"backbone", "dataset", "a", "b", "stage", "image", "target"}

GOOD = """---
title: Tiny thing
topic: 1. Things
aliases: tiny
related: tiny_thing
---
A tiny thing is small.

## explained
It is.

## snippet
```python
print(1)
```
One.

## confused
Nothing.

## see
- home: Home

## papers
- Nobody 2020, arXiv 2001.00001
"""


# What ships


def test_the_glossary_has_what_was_asked_for_and_no_fault() -> None:
    assert len(TERMS) >= 28 and set(ASKED) <= set(TERMS)
    assert texts.terms().faults == texts.questions().faults == ()
    assert texts.languages()[0] == "en"


@pytest.mark.parametrize("name", TERMS)
def test_a_term_has_all_its_parts(name: str) -> None:
    term = TERMS[name]
    assert term.sentence.endswith(".") and len(term.sentence.split(". ")) == 1, "one sentence"
    assert "\n\n" not in term.explained and len(term.explained.split()) >= 35, "one paragraph"
    assert 1 <= len(term.snippet.code.split("\n")) <= 10 and term.snippet.words
    assert term.confused and term.papers and len(term.related) >= 2 and name not in term.related
    assert term.see and {link.page for link in term.see} <= PAGES
    assert set(term.related) <= set(TERMS)
    assert re.match(r"^[1-9]\. \S", term.topic)
    kind, _, argument = term.picture.partition(" ")
    assert not kind or kind in DRAWN
    assert kind not in ("strategy", "rates") or argument in STRATEGIES


@pytest.mark.parametrize("name", TERMS)
def test_every_term_has_a_picture_or_something_to_move(name: str) -> None:
    term = TERMS[name]
    assert term.picture or re.search(r"\bpicture\b", term.snippet.code)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_in_three_sentences(name: str) -> None:
    question = QUESTIONS[name]
    assert question.title.endswith("?")
    assert len(re.findall(r"[.?!](?= [A-Z]|$)", question.answer)) == 3, question.answer
    assert {link.page for link in question.see} <= PAGES and set(question.related) <= set(TERMS)


def test_a_question_leads_to_what_its_answer_speaks_of() -> None:
    def places(name: str) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
        return {(link.page, link.parameters) for link in QUESTIONS[name].see}

    assert ("lessons", (("step", "8"),)) in places("is_100_images_per_class_enough"), "it says to compare sizes"
    assert {page for page, _ in places("fine_tuning_or_feature_extraction")} == {"race", "lessons"}
    said = QUESTIONS["why_is_validation_above_training"].answer
    assert "Thaw does not draw that running score" in said and "scores both splits alike" in said


def test_what_others_measured_is_told_with_its_conditions() -> None:
    said = QUESTIONS["fine_tuning_or_feature_extraction"].answer
    assert "Chollet (*Deep Learning with Python*, 2017, section 5.3)" in said
    assert "90 % frozen without augmentation, 96 % frozen with it and 97 % tuned with it" in said


@pytest.mark.parametrize(
    "name, false",
    [
        ("freezing", "What is frozen costs no backward pass"),  # it does behind a stage that learns
        ("from_scratch", "at least as well as the probe"),  # not with 5 images per class
        ("learning_rate", "a gradient is multiplied"),  # AdamW's is not
        ("attribution", "shares the score"),  # integrated gradients alone do
        ("lp_ft", "nothing about your classes"),  # the loss holds the labels
        ("confidence_interval", "almost any accuracy"),  # its snippet prints 2 to 47 %
        ("feature", "Frozen stages give the same features"),  # only with everything before them frozen
        ("linear_probe", "the same head"),  # it has one of its own, trained apart
        ("transfer_learning", "It is not *domain adaptation*"),  # the survey cited counts it as one
        ("domain_shift", "not class imbalance"),  # changed shares of the classes are a shift
        ("gradual_unfreezing", "may still move weights by momentum"),  # that is about freezing more
        ("imagenet", "few photographs"),  # 1,809 pictures and 1,500 dreamed ones
        ("pretrained_model", "less clean"),  # nothing measures it
        ("lp_ft", "until it fits"),  # for half the epochs
        ("backbone", "Most of the weights"),  # not with VGG's dense layers
    ],
)
def test_what_was_found_to_be_false_is_said_no_more(name: str, false: str) -> None:
    term = TERMS[name]
    assert false not in " ".join((term.sentence, term.explained, term.snippet.words, term.confused))


def test_the_six_questions_are_there_in_order() -> None:
    assert [question.order for question in QUESTIONS.values()] == [1, 2, 3, 4, 5, 6]


def test_what_a_link_sets_exists() -> None:
    opened = {("glossary", "term"): TERMS, ("lessons", "step"): {str(n) for n in STEPS}, ("experiments", "kind"): KINDS}
    for link in (link for row in (*TERMS.values(), *QUESTIONS.values()) for link in row.see):
        for name, value in link.parameters:
            if name in CHOICE:
                continue
            if (link.page, name) in opened:
                assert value in opened[link.page, name], link
                continue
            allowed = SETTINGS[link.page, name].allowed
            assert (int(value) if isinstance(allowed, range) else value) in allowed, link


def test_no_word_stands_for_two_terms() -> None:
    words = [word.casefold() for term in TERMS.values() for word in term.words]
    assert not {word for word in words if words.count(word) > 1}


def test_papers_have_the_form_of_numbers_that_exist() -> None:
    for term in TERMS.values():
        for paper in term.papers:
            years = re.findall(r"\b(1[89]\d\d|20[012]\d)\b", paper)
            assert years or paper.startswith("None"), f"{term.name}: {paper}"
            for number in re.findall(r"arXiv (\S+)", paper):
                month = re.match(r"(\d\d)(\d\d)\.(\d{4,5})\b", number)
                assert month and 1 <= int(month[2]) <= 12, f"{term.name}: {paper}"
                assert len(month[3]) == (5 if int(month[1]) >= 15 else 4), f"{term.name}: {paper}"
                assert -1 <= int(years[0]) - 2000 - int(month[1]) <= 3, f"{term.name}: {paper}"


def test_a_search_finds_titles_other_names_and_sentences() -> None:
    def found(words: str) -> set[str]:
        return {name for name, term in TERMS.items() if term.matches(words)}

    assert "cka" in found("centered kernel") and "requires_grad" in found("REQUIRES_grad")
    assert "learning_rate" in found("rate learning") and "boundary_cache" in found("frozen epoch")
    assert found("zzz") == set() and found("") == set(TERMS)


def test_what_a_snippet_needs_is_said() -> None:
    assert "tokens" in TERMS["grad_cam"].misfit(BACKBONES["vit_b_16"])
    assert "no BatchNorm" in TERMS["batchnorm_statistics"].misfit(BACKBONES["vgg16"])
    assert not TERMS["grad_cam"].misfit(BACKBONES["vgg16"]) and not TERMS["cka"].misfit(BACKBONES["vit_b_16"])


# Files that cannot be used


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "tiny_thing.md").write_text(GOOD)
    found = read_terms(tmp_path)
    assert not found.faults
    term = found.by_name["tiny_thing"]
    assert term.words == ("Tiny thing", "tiny") and term.snippet.line == 14 and term.snippet.words == "One."
    assert term.papers == ("Nobody 2020, arXiv 2001.00001",)


@pytest.mark.parametrize(
    "old, new, line, reason",
    [
        ("---\ntitle", "title", 1, "first line must be `---`"),
        ("\n---\nA tiny", "\nA tiny", 1, "have no end"),
        ("topic: 1. Things", "topic", 3, "is no fact"),
        ("topic: 1. Things", "topic:", 3, "'topic' is missing"),
        ("topic: 1. Things", "title: again", 3, "a second time"),
        ("aliases: tiny", "alias: tiny", 4, "unknown fact 'alias'"),
        ("aliases: tiny", "picture: cat", 4, "unknown picture"),
        ("A tiny thing is small.", "", 6, "one sentence"),
        ("## explained", "## explaned", 10, "unknown section 'explaned'"),
        ("It is.", "", 9, "missing or empty"),
        ("## confused", "## explained", 18, "a second time"),
        ("```python", "```", 13, "begins with ```python"),
        ("print(1)\n```\nOne.", "print(1)\nOne.", 13, "never ends"),
        ("print(1)", "print(1)\n" * 10 + "print(2)", 14, "11 lines; 1 to 10"),
        ("print(1)", "a = 1\nprint(1", 15, "no Python"),
        ("- home: Home", "- home Home", 22, "has the form"),
        ("- home: Home", "- home?a: Home", 22, "has the form"),
    ],
)
def test_a_bad_file_is_named_with_line_and_reason_and_the_rest_is_read(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert old in GOOD
    (tmp_path / "bad.md").write_text(GOOD.replace(old, new, 1))
    (tmp_path / "tiny_thing.md").write_text(GOOD)
    found = read_terms(tmp_path)
    (fault,) = found.faults
    assert fault.startswith(f"bad.md, line {line}: ") and reason in fault, fault
    assert list(found.by_name) == ["tiny_thing"]


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"---\ntitle: caf\xe9\n---\n")
    assert "line 2: a character is not UTF-8" in read_terms(tmp_path).faults[0]
    (tmp_path / "bad.md").unlink()
    assert "holds no text" in read_terms(tmp_path).faults[0]
    (tmp_path / "gone.md").mkdir()
    assert "cannot be read" in read_terms(tmp_path).faults[0]


def test_a_related_term_that_is_not_there_is_named_and_the_term_stays(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text(GOOD)
    found = read_terms(tmp_path)
    assert "tiny_thing" in found.faults[0] and list(found.by_name) == ["other"]


def test_a_bad_question_is_named(tmp_path: Path) -> None:
    (tmp_path / "q.md").write_text("---\ntitle: Why?\norder: one\nrelated: cka\n---\nSo.\n\n## see\n- home: Home\n")
    assert "line 3: the order 'one'" in read_questions(tmp_path).faults[0]
    (tmp_path / "q.md").write_text("---\ntitle: Why?\norder: 1\nrelated: cka\n---\nSo.\n\n## see\n" + "- home: A\n" * 4)
    assert "line 9: the section 'see' names 4 places; a question has at most 3" in read_questions(tmp_path).faults[0]


def test_a_place_may_have_parameters(tmp_path: Path) -> None:
    (tmp_path / "tiny_thing.md").write_text(
        GOOD.replace("- home: Home", "- training?strategy=full&per_class=5: Train: now")
    )
    (link,) = read_terms(tmp_path).by_name["tiny_thing"].see
    assert link == texts.Link("training", (("strategy", "full"), ("per_class", "5")), "Train: now")


def test_a_heading_inside_code_is_no_heading(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: A\n---\nLead.\n\n## one\n```python\n## not a heading\n```\n\n## two\nText\n")
    read = texts.read(path)
    assert list(read.sections) == ["one", "two"] and read.sections["two"].line == 12
    with pytest.raises(ExplorerError, match=r"a\.md, line 1: the section 'three'"):
        read.section("three")


def test_a_changed_file_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.texts import glossary

    monkeypatch.setattr(glossary, "ASSETS", tmp_path)
    monkeypatch.setattr(glossary, "FRESH", 1e-9)
    folder = tmp_path / "glossary" / "en"
    folder.mkdir(parents=True)
    (folder / "tiny_thing.md").write_text(GOOD)
    assert texts.terms() is texts.terms()
    (folder / "tiny_thing.md").write_text(GOOD.replace("Tiny thing", "Tiniest thing"))
    assert texts.terms().by_name["tiny_thing"].title == "Tiniest thing"
    assert texts.languages() == ("en",)


# Words as links

LINKER = Linker(
    {
        "rate": ("rate", "A factor."),
        "learning rate": ("learning_rate", 'Say "rate" \\ so.'),
        "CKA": ("cka", "A number."),
    }
)


def link(text: str, skip: tuple[str, ...] = ()) -> str:
    return LINKER.link(text, "/glossary?term=", skip)


RATE, LEARNING = (
    '[rate](/glossary?term=rate "A factor.")',
    '(/glossary?term=learning_rate "Say &quot;rate&quot; \\\\ so.")',
)


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("The rate, the rate.", f"The {RATE}, the rate."),
        ("A learning rate and a rate.", f"A [learning rate]{LEARNING} and a {RATE}."),
        ("Learning rates", f"[Learning rates]{LEARNING}"),
        ("**rate**", f"**{RATE}**"),
        ("`rate` [rate](x) ![rate](y) <rate> :material/rate: $rate$ https://a.b/rate", None),
        ("```\nrate\n```", None),
        ("# The rate\n## rate", None),
        (":small[rate] :rate:", None),
        ("separate rate-limit pirate rated 3rate rate2 \\rate", None),
        ("# rate\nrate", f"# rate\n{RATE}"),
        ("``a ` rate`` rate", f"``a ` rate`` {RATE}"),
        ("", None),
    ],
)
def test_the_first_occurrence_of_a_word_becomes_a_link(text: str, wanted: str | None) -> None:
    assert link(text) == (text if wanted is None else wanted)


def test_a_term_that_is_skipped_is_left_alone_and_linking_twice_changes_nothing() -> None:
    assert link("A rate of CKA", ("rate",)) == 'A rate of [CKA](/glossary?term=cka "A number.")'
    once = link("A learning rate and CKA")
    assert link(once) == once


def test_no_words_link_nothing() -> None:
    assert Linker({}).link("any word", "/", ()) == "any word"


def test_our_own_words_become_links() -> None:
    said = texts.terms().linker.link("Frozen stages keep their features; UMAP has a seed.", "/glossary?term=")
    assert re.findall(r"term=(\w+) ", said) == ["freezing", "stage", "feature", "umap", "seed"]
