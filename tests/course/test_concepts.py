"""The map of concepts: what ships is a graph without circles over all steps; standings; a bad file is named, the rest works."""

import re
from pathlib import Path

import pytest
from stand_ins_lessons import concept_file

from explorer.course import texts
from explorer.course.figures.concepts import MARKS, concept_map
from explorer.course.progress import ACHIEVEMENTS, VISITS, Progress, is_code
from explorer.course.texts.concepts import STATES, read_concepts, standings
from explorer.course.texts.lessons import STEPS

KNOWN = texts.concepts().by_name


# What ships


def test_the_map_has_no_fault_and_reaches_every_step() -> None:
    assert texts.concepts().faults == ()
    assert {row.step for row in KNOWN.values()} == set(STEPS)
    assert len(KNOWN) >= 16


def test_the_map_has_no_circle_and_stands_in_an_order_of_learning() -> None:
    seen: set[str] = set()
    for name, row in KNOWN.items():  # each after all that it needs: so there is no way round
        assert set(row.needs) <= seen, f"{name} stands before what it needs"
        assert name not in row.needs and len(set(row.needs)) == len(row.needs)
        seen.add(name)


def test_one_concept_is_the_beginning_and_every_other_is_reached_from_it() -> None:
    (first,) = [name for name, row in KNOWN.items() if not row.needs]
    assert first == "pretrained_model" and KNOWN[first].step == 1
    for name in KNOWN:
        road = [name]
        while KNOWN[road[-1]].needs:
            road.append(KNOWN[road[-1]].needs[0])
        assert road[-1] == first


@pytest.mark.parametrize("name", KNOWN)
def test_a_concept_has_all_its_parts(name: str) -> None:
    row = KNOWN[name]
    assert row.name == name and row.title and row.checks
    assert row.sentence.endswith(".") and len(re.split(r"[.?!] [A-Z]", row.sentence)) == 1, "one sentence"
    assert len(row.sentence) < 250, "a node's hover text"
    assert row.term in texts.terms().by_name
    assert not row.achievement or row.achievement in ACHIEVEMENTS
    assert all(is_code(code) and int(code[0]) == row.step for code in row.checks), "checks of its own step"
    assert row.depth == (0 if all(KNOWN[n].step < row.step for n in row.needs) else row.depth) >= 0


def test_no_check_opens_two_concepts_and_no_title_stands_twice() -> None:
    codes = [code for row in KNOWN.values() for code in row.checks]
    titles = [row.title.casefold() for row in KNOWN.values()]
    assert len(codes) == len(set(codes)) and len(titles) == len(set(titles))


def test_achievements_open_concepts() -> None:
    used = [row.achievement for row in KNOWN.values() if row.achievement]
    assert set(used) <= set(ACHIEVEMENTS) and len(used) == len(set(used))
    assert {"frozen_clean", "bug_seen", "probed", "tuned", "raced"} <= set(used)
    assert set(used) & set(VISITS.values())


# How they stand


def of(learned: Progress) -> dict[str, str]:
    return standings(KNOWN, learned)


def test_at_first_the_beginning_is_next_and_everything_else_later() -> None:
    states = of(Progress())
    assert states.pop("pretrained_model") == "next"
    assert set(states.values()) == {"later"}


def test_a_check_opens_a_concept_and_what_builds_on_it_comes_next() -> None:
    states = of(Progress(frozenset(KNOWN["pretrained_model"].checks)))
    assert states["pretrained_model"] == "done"
    assert {name for name, state in states.items() if state == "next"} == {
        name for name, row in KNOWN.items() if row.needs == ("pretrained_model",)
    }


def test_some_of_its_checks_open_a_concept_and_all_of_them_finish_it() -> None:
    checks = KNOWN["stages"].checks
    assert len(checks) > 1
    for i in range(1, len(checks)):
        assert of(Progress(frozenset(checks[:i])))["stages"] == "open", "begun, whatever it needs"
    assert of(Progress(frozenset(checks)))["stages"] == "done"


def test_a_deed_finishes_a_concept_without_its_checks() -> None:
    for name, row in KNOWN.items():
        if row.achievement:
            assert of(Progress(achievements=frozenset({row.achievement})))[name] == "done"
    assert KNOWN["freezing"].achievement and "done" not in of(Progress(achievements=frozenset({"unlearned"}))).values()


def test_a_concept_comes_next_only_when_all_that_it_needs_is_done() -> None:
    name, row = next((n, r) for n, r in KNOWN.items() if len(r.needs) > 1 and n != "choosing")
    passed = [frozenset(KNOWN[need].checks) for need in row.needs]
    assert of(Progress(passed[0]))[name] == "later"
    assert of(Progress(frozenset().union(*passed)))[name] == "next"


def test_unlocking_opens_everything_and_keeps_what_was_done() -> None:
    states = of(Progress(frozenset(KNOWN["head"].checks), unlocked=True))
    assert states.pop("head") == "done" and set(states.values()) == {"open"}


def test_everything_passed_is_everything_done() -> None:
    every = frozenset(code for row in KNOWN.values() for code in row.checks)
    assert set(of(Progress(every)).values()) == {"done"}


def test_each_state_has_a_mark_and_words() -> None:
    assert set(MARKS) == set(STATES) and len(set(MARKS.values())) == len(MARKS)


# The picture


def test_the_graph_has_every_concept_once_and_an_edge_for_every_need() -> None:
    states = of(Progress(frozenset({"1a"})))
    graph = concept_map(KNOWN, states, {1: "Base model"})
    titles = [title for title, _ in graph.columns]
    assert titles[0] == "1 Base model" and titles[1:] == [str(step) for step in STEPS[1:]]
    nodes = [node for _, column in graph.columns for node in column]
    assert [node["name"] for node in nodes] == list(KNOWN)
    assert all(node["state"] == states[node["name"]] and "`" not in node["words"] for node in nodes)
    assert {(a, b) for a, b, _ in graph.edges} == {(need, row.name) for row in KNOWN.values() for need in row.needs}
    assert all(done == (states[a] == "done") for a, _, done in graph.edges)
    assert f"{len(KNOWN)} concepts, 1 of them done" in graph.alt
    packed = graph.packed()
    assert packed["columns"][0][1][0]["mark"] == MARKS["done"] and packed["label"] == graph.alt


def test_a_graph_of_nothing_is_empty() -> None:
    graph = concept_map({}, {}, {})
    assert graph.columns == graph.edges == () and "0 concepts" in graph.alt


# Files that cannot be used


def test_a_good_file_is_read(tmp_path: Path) -> None:
    concept_file(tmp_path, "first")
    concept_file(
        tmp_path, "second", needs="first", checks="2a, 2b", step="2", deed="raced", term="cka", lead="Two\nlines."
    )
    found = read_concepts(tmp_path)
    assert not found.faults
    row = found.by_name["second"]
    assert (row.title, row.step, row.needs, row.checks) == ("Second", 2, ("first",), ("2a", "2b"))
    assert (row.achievement, row.term, row.sentence, row.depth) == ("raced", "cka", "Two lines.", 0)
    assert row.file == tmp_path / "second.md"


def test_depth_counts_within_a_step_alone(tmp_path: Path) -> None:
    concept_file(tmp_path, "a")
    concept_file(tmp_path, "b", needs="a")
    concept_file(tmp_path, "c", needs="b, a")
    concept_file(tmp_path, "d", step="2", needs="c")
    concept_file(tmp_path, "e", step="2", needs="a, d")
    found = read_concepts(tmp_path).by_name
    assert {name: row.depth for name, row in found.items()} == {"a": 0, "b": 1, "c": 2, "d": 0, "e": 1}
    assert list(found) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("facts", "line", "reason"),
    [
        ({"title": ""}, 1, "the fact 'title' is missing"),
        ({"step": ""}, 1, "the fact 'step' is missing"),
        ({"checks": ""}, 1, "the fact 'checks' is missing"),
        ({"step": "one"}, 3, "the step 'one' is no whole number from 1 to 8"),
        ({"step": "0"}, 3, "the step '0' is no whole number"),
        ({"step": "9"}, 3, "the step '9' is no whole number"),
        ({"step": "-1"}, 3, "the step '-1' is no whole number"),
        ({"step": "1.5"}, 3, "the step '1.5' is no whole number"),
        ({"checks": "1a, a1"}, 4, "'a1' is no code of a check, such as `4a`"),
        ({"checks": "1a 1b"}, 4, "'1a 1b' is no code of a check"),
        ({"deed": "danced"}, 5, "unknown deed 'danced'. Known: probed, "),
        ({"need": "first"}, 5, "unknown fact 'need'. Known: title, step"),
        ({"lead": ""}, 5, "after the facts stands one sentence"),
        ({"lead": "One.\n\nTwo."}, 6, "after the facts stands one sentence"),
        ({"lead": "One.\n\n## see\n- home: Home"}, 9, "unknown section 'see'"),
    ],
)
def test_a_bad_file_is_named_with_line_and_reason_and_the_rest_is_read(
    tmp_path: Path, facts: dict[str, str], line: int, reason: str
) -> None:
    concept_file(tmp_path, "bad", **facts)
    concept_file(tmp_path, "first")
    found = read_concepts(tmp_path)
    (fault,) = found.faults
    assert fault.startswith(f"bad.md, line {line}: ") and reason in fault, fault
    assert list(found.by_name) == ["first"]


def test_a_need_that_is_not_there_is_named_and_left_out(tmp_path: Path) -> None:
    concept_file(tmp_path, "first")
    concept_file(tmp_path, "second", needs="first, gone, lost")
    found = read_concepts(tmp_path)
    assert found.faults == ("second.md: it needs gone, lost, which this folder does not hold.",)
    assert found.by_name["second"].needs == ("first",)


def test_what_needs_a_bad_file_goes_on_without_it(tmp_path: Path) -> None:
    concept_file(tmp_path, "bad", step="x")
    concept_file(tmp_path, "second", needs="bad")
    found = read_concepts(tmp_path)
    assert len(found.faults) == 2 and "bad.md, line 3" in found.faults[0] and "it needs bad" in found.faults[1]
    assert found.by_name["second"].needs == () and standings(found.by_name, Progress()) == {"second": "next"}


def test_a_need_of_a_later_step_is_named_and_left_out(tmp_path: Path) -> None:
    concept_file(tmp_path, "first", needs="second")
    concept_file(tmp_path, "second", step="2")
    found = read_concepts(tmp_path)
    assert found.faults == ("first.md: it needs second, which a later step teaches.",)
    assert found.by_name["first"].needs == ()


CIRCLES = {
    "itself": {"a": "a"},
    "two": {"a": "b", "b": "a"},
    "three": {"a": "b", "b": "c", "c": "a"},
    "with a tail": {"a": "b", "b": "c", "c": "b", "d": "a"},
    "two circles": {"a": "b", "b": "a", "c": "d", "d": "c"},
    "crossed": {"a": "b, c", "b": "c, a", "c": "a, b"},
}


@pytest.mark.parametrize("kind", CIRCLES)
def test_a_circle_is_named_and_cut_and_every_concept_stays(kind: str, tmp_path: Path) -> None:
    for name, needs in CIRCLES[kind].items():
        concept_file(tmp_path, name, needs=needs)
    found = read_concepts(tmp_path)
    assert found.faults and all("the map has no circles" in line for line in found.faults)
    assert set(found.by_name) == set(CIRCLES[kind])
    seen: set[str] = set()
    for name, row in found.by_name.items():
        assert set(row.needs) <= seen, "what is left has no circle"
        seen.add(name)
    written = sum(len(needs.split(", ")) for needs in CIRCLES[kind].values())
    kept = sum(len(row.needs) for row in found.by_name.values())
    assert written - kept == len(found.faults), "each need that was cut is named, and no other is cut"
    assert "next" in standings(found.by_name, Progress()).values()


def test_an_empty_folder_and_one_that_is_not_there_are_said(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "gone"):
        found = read_concepts(folder)
        assert found.by_name == {} and "holds no text" in found.faults[0]
