"""What a visitor has learned: to and from the address and a file, added up, refused in words; achievements read off runs."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stand_ins

from explorer import runs
from explorer.catalogue import STRATEGIES
from explorer.course import progress
from explorer.course.progress import ACHIEVEMENTS, Progress
from explorer.errors import ExplorerError
from explorer.recipe import make
from explorer.runs.records import StageAudit

ROOT = Path(__file__).parents[2]
SOME = (
    Progress(),
    Progress(frozenset({"1a", "8c"})),
    Progress(frozenset({"4a"}), frozenset({"raced", "frozen_clean"})),
    Progress(unlocked=True),
    Progress(frozenset({"2b"}), frozenset(ACHIEVEMENTS), True),
)


# A value


def test_progress_is_added_up() -> None:
    a = Progress(frozenset({"1a"}), frozenset({"hot"}))
    b = Progress(frozenset({"1a", "2b"}), frozenset({"raced"}), True)
    assert a | b == b | a == Progress(frozenset({"1a", "2b"}), frozenset({"hot", "raced"}), True)
    assert a | Progress() == a | a == a


def test_nothing_learned_is_nothing() -> None:
    assert [bool(one) for one in SOME] == [False, True, True, True, True]


def test_a_code_is_a_step_and_a_letter() -> None:
    good = ("1a", "8z", "4c")
    bad = ("", "0a", "a1", "1", "a", "10a", "1A", "1aa", " 1a", "1a ", "1a\n", "١a", "1ä")
    assert [text for text in (*good, *bad) if progress.is_code(text)] == list(good)


def test_every_deed_is_a_task_on_a_page_that_exists() -> None:
    pages = {path.stem for path in (ROOT / "pages").glob("*.py")}
    for name, achievement in ACHIEVEMENTS.items():
        assert achievement.page in pages, name
        assert achievement.words and not achievement.words.endswith("."), name
        assert not progress.is_code(name) and name != progress.ALL and "." not in name, "an address can hold it"
    for page, name in progress.VISITS.items():
        assert ACHIEVEMENTS[name].page == page


# The address


@pytest.mark.parametrize("one", SOME)
def test_the_address_brings_it_back(one: Progress) -> None:
    text = progress.to_address(one)
    assert progress.from_address(text) == (one, "")
    assert bool(text) == bool(one) and "&" not in text and " " not in text


def test_the_address_is_always_the_same_and_short_enough_for_everything() -> None:
    assert progress.to_address(SOME[2]) == "4a.frozen_clean.raced"
    codes = frozenset(f"{step}{letter}" for step in range(1, 9) for letter in "abcdefgh")
    assert len(progress.to_address(Progress(codes, frozenset(ACHIEVEMENTS), True))) < progress.MOST_LETTERS


@pytest.mark.parametrize(
    ("text", "codes", "said"),
    [
        ("1a.nonsense.2b", {"1a", "2b"}, "'nonsense'"),
        ("<script>", set(), "'<script>'"),
        ("1A.0b.10c", set(), "'1A, 0b, 10c'"),
        ("one.two.three.four", set(), "'one, two, three'"),
        ("x" * 500, set(), "x" * 80 + "'"),
        ("...", set(), ""),
        ("", set(), ""),
        (".1a..1a.", {"1a"}, ""),
    ],
)
def test_what_an_address_holds_besides_is_said_and_left_out(text: str, codes: set[str], said: str) -> None:
    found, note = progress.from_address(text)
    assert found == Progress(frozenset(codes))
    assert said in note and bool(note) == bool(said) and len(note) < 200


def test_an_address_that_is_too_long_is_read_in_part() -> None:
    found, note = progress.from_address("1a." * 400 + "2b")
    assert found == Progress(frozenset({"1a"}))
    assert "1202 characters" in note and f"first {progress.MOST_LETTERS}" in note


# The file


@pytest.mark.parametrize("one", SOME)
def test_a_file_brings_it_back(one: Progress) -> None:
    text = progress.to_json(one)
    assert progress.from_json(text.encode()) == one
    assert progress.from_json(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == one, "as an editor may save it"
    assert len(text) < progress.MOST_BYTES


def test_the_file_says_what_it_is() -> None:
    found = json.loads(progress.to_json(SOME[2]))
    assert found == {
        "thaw": "progress",
        "version": progress.VERSION,
        "passed": ["4a"],
        "deeds": ["frozen_clean", "raced"],
        "unlocked": False,
    }


def test_what_a_file_leaves_out_is_nothing() -> None:
    assert progress.from_json(b'{"thaw": "progress", "version": 1}') == Progress()


def filed(**parts: Any) -> bytes:
    return json.dumps({"thaw": "progress", "version": 1} | parts).encode()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b" " * (progress.MOST_BYTES + 1), r"it has 20,001 bytes, and a file of progress has at most 20,000"),
        (b'{"thaw": "caf\xe9"}', "it is no text"),
        (b"\x89PNG\r\n\x1a\n\x00", "it is no text"),
        (b"", r"line 1 is no JSON \("),
        (b'{"thaw": "progress",\n "version": 1', r"line 2 is no JSON \("),
        (b"# Notes", r"line 1 is no JSON \("),
        (b"[" * 9000 + b"]" * 9000, "it is no JSON that can be read|is not in it"),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, "it is no JSON that can be read|is not in it"),
        (b"1" * 9000, "it is no JSON that can be read"),
        (b"[]", "of something else"),
        (b"null", "of something else"),
        (b'"progress"', "of something else"),
        (b"{}", r'"thaw": "progress" is not in it'),
        (b'{"thaw": "recipe", "version": 1}', "of something else"),
        (filed(version=2), "its version is '2'; this Thaw reads versions 1 to 1"),
        (filed(version=0), "its version is '0'"),
        (filed(version="1"), "its version is '1'"),
        (filed(version=True), "its version is 'True'"),
        (filed(version=1.0), "its version is '1.0'"),
        (filed(version=None), "its version is 'None'"),
        (filed(version=10**300), "its version is '1000"),
        (filed(unlocked=1), "“unlocked” is '1'; allowed: true, false"),
        (filed(unlocked="true"), "“unlocked” is 'true'"),
        (filed(passed="1a"), "“passed” is no list"),
        (filed(deeds={"raced": 1}), "“deeds” is no list"),
        (filed(passed=["1a", "9"]), "“passed” holds '9'; allowed: codes of checks such as '4a'"),
        (filed(passed=[1]), "“passed” holds '1'"),
        (filed(passed=[["1a"]]), r"“passed” holds \"\['1a'\]\""),
        (filed(deeds=["won"]), "“deeds” holds 'won'; allowed: probed, frozen_clean"),
        (filed(deeds=[None]), "“deeds” holds 'None'"),
        (filed(deeds=["all"]), "“deeds” holds 'all'"),
        (filed(passed=["raced"]), "“passed” holds 'raced'"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_progress_is_refused_in_words(raw: bytes, reason: str) -> None:
    with pytest.raises(ExplorerError, match=reason) as caught:
        progress.from_json(raw)
    said = str(caught.value)
    assert said.startswith("This file cannot be imported: ") and said.endswith("learned here is unchanged.")
    assert len(said) < 600, "however long the file, the words are short"


def test_words_of_a_file_are_cut_short() -> None:
    with pytest.raises(ExplorerError) as caught:
        progress.from_json(filed(passed=["y" * 5000]))
    assert "y" * 20 in str(caught.value) and "y" * 21 not in str(caught.value)


def test_what_a_file_says_besides_is_ignored() -> None:
    assert progress.from_json(filed(passed=["1a"], name="nobody")) == Progress(frozenset({"1a"}))


# Achievements, from what was really done


def made(clean: bool = True, **choices: Any) -> runs.Run:
    """A finished run; unclean: its audit is red, as moving BatchNorm statistics make it."""
    run = stand_ins.finished_run(**choices)
    if not clean:
        stand_ins.unclean(run)
    return runs.read(run)


def earned(clean: bool = True, **choices: Any) -> frozenset[str]:
    return progress.achievements_of(made(clean, **choices))


FULL, LAST = (STRATEGIES[name].backbone_rate for name in ("full", "last_stage"))


@pytest.mark.parametrize(
    ("choices", "achieved"),
    [
        ({"strategy": "linear_probe"}, {"frozen_clean", "probed"}),
        ({"strategy": "linear_probe", "dataset": "digits"}, {"frozen_clean", "probed", "elsewhere"}),
        ({"strategy": "linear_probe", "weights": "random"}, {"frozen_clean", "unlearned"}),
        ({"strategy": "linear_probe", "batchnorm": "moving", "clean": False}, {"bug_seen"}),
        ({"strategy": "last_stage", "batchnorm": "moving", "clean": False}, {"bug_seen", "tuned"}),
        ({"strategy": "last_stage"}, {"frozen_clean", "tuned"}),
        ({"strategy": "last_stage", "backbone_rate": 10 * LAST}, {"frozen_clean", "tuned", "hot"}),
        ({"strategy": "last_stage", "backbone_rate": 9.9 * LAST}, {"frozen_clean", "tuned"}),
        ({"strategy": "full"}, {"tuned"}),
        ({"strategy": "full", "backbone_rate": 10 * FULL}, {"tuned", "hot"}),
        ({"strategy": "full", "backbone": "mobilenet_v2", "backbone_rate": 2e-3}, {"tuned", "hot"}),
    ],
)
def test_what_a_finished_run_proves(choices: dict[str, Any], achieved: set[str]) -> None:
    assert earned(**choices) == achieved


def test_from_scratch_is_unlearned_and_neither_frozen_nor_probed() -> None:
    found = earned(strategy="from_scratch", dataset="shapes")
    assert found >= {"unlearned", "elsewhere"} and not found & {"frozen_clean", "probed", "bug_seen"}


def test_a_head_at_a_large_rate_is_no_large_rate_of_the_stages() -> None:
    assert earned(strategy="last_stage", head_rate=50 * STRATEGIES["last_stage"].head_rate) == {"frozen_clean", "tuned"}
    assert earned(strategy="linear_probe", head_rate=1.0) == {"frozen_clean", "probed"}


def test_a_run_earns_each_of_its_achievements_somewhere() -> None:
    """`raced` and the visits aside, each achievement of the table can be read off one run."""
    of_runs = {"probed", "frozen_clean", "bug_seen", "tuned", "hot", "unlearned", "elsewhere"}
    assert set(ACHIEVEMENTS) == of_runs | {"raced"} | set(progress.VISITS.values())


@pytest.mark.parametrize("state", ["queued", "running", "stopped", "failed"])
def test_a_run_that_did_not_finish_earns_nothing(state: str) -> None:
    run = made(strategy="full", dataset="digits", backbone_rate=10 * FULL)
    stand_ins.record(run.id, state=state)
    assert progress.achievements_of(runs.read(run.id)) == frozenset()


def test_half_a_folder_earns_nothing() -> None:
    assert progress.achievements_of(runs.read(stand_ins.interrupted_run())) == frozenset()


def test_without_an_audit_only_what_the_recipe_alone_proves_counts() -> None:
    run = made(strategy="from_scratch", dataset="digits")
    (runs.folder(run.id) / "audit.json").unlink()
    assert progress.achievements_of(run) == {"unlearned", "elsewhere"}
    (runs.folder(run.id) / "audit.json").write_text("{")
    assert progress.achievements_of(run) == {"unlearned", "elsewhere"}


def changed(run: runs.Run, change: Callable[[StageAudit], StageAudit]) -> frozenset[str]:
    """What the run earns once its audit says something else of each stage."""
    audit = runs.audit(run.id)
    runs.store_audit(run.id, replace(audit, stages=tuple(map(change, audit.stages))))
    return progress.achievements_of(run)


def test_what_moved_is_read_from_the_audit_and_not_from_the_recipe() -> None:
    run = made(strategy="last_stage", backbone_rate=10 * LAST)

    def still(row: StageAudit) -> StageAudit:
        return row if row.stage == "head" else replace(row, max_change=0.0)

    assert changed(run, still) == {"frozen_clean"}, "the last stage was to learn and did not move"


def test_weights_that_leaked_are_not_tuning() -> None:
    run = made(clean=False, strategy="linear_probe")

    def leaking(row: StageAudit) -> StageAudit:
        return replace(row, max_change=0.5, leaked=0.5, clean=False) if row.stage == "layer1" else row

    assert not changed(run, leaking) & {"tuned", "frozen_clean", "probed"}


def test_a_race_is_run_when_two_of_its_strategies_have_finished() -> None:
    ids = stand_ins.race({"linear_probe": (6, 7), "full": (3,)})
    all_of_it = [runs.read(run) for run in ids.values()]
    assert progress.raced(all_of_it)
    assert not progress.raced(run for run in all_of_it if run.recipe and run.recipe.strategy == "linear_probe")
    stand_ins.record(ids["full", 0], state="failed")
    assert not progress.raced(runs.read(run) for run in ids.values())


def test_runs_of_two_races_and_runs_of_none_are_no_race() -> None:
    a = stand_ins.race({"linear_probe": (6,)}, name="20260102-030405-aaaa")
    b = stand_ins.race({"full": (3,)}, name="20260102-030405-bbbb")
    alone = [stand_ins.finished_run(strategy=name) for name in ("linear_probe", "full")]
    assert not progress.raced(runs.read(run) for run in (*a.values(), *b.values(), *alone))
    assert not progress.raced([])


def test_achievements_of_runs_add_up() -> None:
    ids = stand_ins.race({"linear_probe": (6,), "full": (3,)})
    queued = runs.create(make(weights="random", dataset="shapes"))
    own = [runs.read(run) for run in (*ids.values(), queued)]
    assert progress.achievements(own) == {"probed", "frozen_clean", "tuned", "raced"}
    assert progress.achievements([]) == frozenset()
