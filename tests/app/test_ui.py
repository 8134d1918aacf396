"""The shared choice, safe words, a run's command, the source shown under a figure, the supervisor, the headers."""

import ast
import asyncio
import dataclasses
import random
import re
from pathlib import Path

import pytest
import stand_ins

from explorer import jobs, runs
from explorer.app import asking, launch, sources, visitor, words
from explorer.app.words import path_end, percent
from explorer.evidence import Grouped, Paired
from explorer.looks.images.view import selection
from explorer.looks.pair.view import choosing as view
from explorer.looks.similarity.view import weights
from explorer.recipe import make
from explorer.runs.records import FAULTS
from explorer.training.view import listing, starting, tables


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "home"))


def test_a_choice_goes_through_the_address_and_back() -> None:
    chosen = visitor.Choice(a="run-1", b="run-2", stage="layer3", image=12, target="ants")
    address = visitor.to_address(chosen)
    assert address == {"a": "run-1", "b": "run-2", "stage": "layer3", "image": "12", "target": "ants"}
    assert visitor.from_address(address) == (chosen, [])


def test_bad_values_fall_back_one_by_one() -> None:
    address = {"image": "-2", "a": "../../etc", "dataset": "moon", "backbone": "resnet18", "stage": "layer2"}
    chosen, notes = visitor.from_address(address)
    assert chosen == visitor.Choice(backbone="resnet18", stage="layer2")
    assert len(notes) == 3


def _noise(seed: int) -> str:
    """Characters from all over Unicode, control and direction-changing ones among them."""
    draw = random.Random(seed)
    return "".join(chr(draw.choice((draw.randrange(0x300), 0x2028, 0x202E, draw.randrange(0xD800)))) for _ in range(90))


@pytest.mark.parametrize("seed", range(20))
def test_no_address_raises(seed: int) -> None:
    for name in visitor._FIELDS:
        visitor.from_address({name: _noise(seed)})


@pytest.mark.parametrize("seed", range(20))
def test_names_stay_on_one_line_without_control_characters(seed: int) -> None:
    name = words.plain(_noise(seed))
    assert len(name) <= words.LONGEST and name.isprintable()


@pytest.mark.parametrize(
    "nasty", ["![x](http://a/b.png)", "<img src=x>", "[a](javascript:x)", ":material/home:", "$x$"]
)
def test_markdown_from_outside_is_spelled_out(nasty: str) -> None:
    safe = words.safe_md(nasty)
    assert safe.replace("\\", "") == nasty
    assert not words._MARKUP.search(re.sub(r"\\.", "", safe)), "every mark-up character is escaped"


def test_the_command_of_a_recipe_makes_the_same_recipe() -> None:
    recipe = make(
        backbone="resnet18", weights="random", strategy="custom", stages=("layer3", "layer4"), dataset="folder",
        data_dir="/a b/c", per_class=None, epochs=3, head_rate=0.5, batchnorm="moving",
    )  # fmt: skip
    text = words.command(recipe)
    assert text.startswith("python -m explorer train --backbone resnet18 --weights random --dataset folder ")
    for part in (
        "--data-dir '/a b/c'",
        "--stages layer3 layer4",
        "--per-class all",
        "--epochs 3",
        "--batchnorm moving",
    ):
        assert part in text
    assert "--seed" not in text and "--device" not in text


def test_the_source_of_a_function_is_read_not_imported() -> None:
    assert sources.source("explorer/evidence/shares.py", "wilson").startswith("def wilson(")
    assert sources.source("explorer/evidence/shares.py", "nothing") == ""
    assert sources.source("explorer/none.py", "nothing") == ""


def test_the_source_that_pages_promise_exists() -> None:
    root = Path(__file__).parents[2]
    promised = [
        pair
        for page in (root / "pages").glob("*.py")
        for pair in re.findall(r'"(explorer/[\w/]+\.py)", "(\w+)"', page.read_text(encoding="utf-8"))
    ]
    assert promised
    for file, name in promised:
        assert sources.source(file, name), (file, name)


def _drawn() -> list[tuple[str, ast.Call]]:
    """Every call of `draw` on a page or behind one, with its file."""
    root = Path(__file__).parents[2]
    files = [
        *(root / "pages").glob("*.py"),
        *(f for f in (root / "explorer").rglob("*.py") if "view" in str(f.relative_to(root))),
    ]
    return [
        (str(file.relative_to(root)), node)
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "draw"
    ]


def test_every_figure_shows_the_code_behind_it() -> None:
    """The lesson's own figures stand beside the step's text, which has its code in it."""
    found = [(file, node) for file, node in _drawn() if "/course/" not in file]
    assert len(found) > 25
    for file, node in found:
        assert any(word.arg == "code" for word in node.keywords), f"{file}:{node.lineno} draws without `code`"


def test_the_code_that_figures_promise_exists() -> None:
    root = Path(__file__).parents[2]
    files = [
        *(root / "pages").glob("*.py"),
        *(f for f in (root / "explorer").rglob("*.py") if "view" in str(f.relative_to(root))),
    ]
    promised = {
        pair
        for file in files
        for pair in re.findall(r'\("(explorer/[\w/]+\.py)", "(\w+)"\)', file.read_text(encoding="utf-8"))
    }
    assert len(promised) > 20
    for file, name in sorted(promised):
        assert sources.source(file, name), (file, name)


def test_runs_are_listed_latest_first_and_final_ones_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = stand_ins.finished_run(), stand_ins.finished_run()
    assert [run.id for run in asking.all_runs()] == [second, first]
    read, again = runs.read, []
    monkeypatch.setattr(runs, "read", lambda run: again.append(run) or read(run))
    assert len(asking.all_runs()) == 2 and not again
    stand_ins.record(first, state="running")  # whose process is gone
    assert [run.state for run in asking.all_runs()] == ["finished", "interrupted"]
    assert [run.state for run in asking.all_runs()] == ["finished", "interrupted"]
    assert again == [first, first]
    runs.delete(second)
    assert [run.id for run in asking.all_runs()] == [first]


@pytest.mark.parametrize("strategy", ["last_stage", "bn_only"])
def test_defaults_prefer_a_pre_trained_probe_with_a_tuned_partner(strategy: str) -> None:
    probe = stand_ins.finished_run(strategy="linear_probe")
    tuned = stand_ins.finished_run(strategy=strategy)
    stand_ins.finished_run(strategy="linear_probe", weights="random")
    stand_ins.finished_run(strategy="linear_probe", dataset="digits")
    known = asking.finished()
    a = view._default_a(known)
    assert a.id == probe and view._default_b(known, a).id == tuned


def test_a_queued_run_that_no_task_stands_for_reads_interrupted() -> None:
    recipe = make()
    runs.create(recipe)
    found = starting.latest(recipe)
    assert found is not None and found.state == "interrupted" and "no longer knows" in found.error


def test_home_runs_are_started_once() -> None:
    recipes = (make(), make(strategy="full"))
    first = [run.id for run in starting.home_runs(recipes)]
    assert [run.id for run in starting.home_runs(recipes)] == first
    assert len(runs.listing()) == 2


def test_an_audit_row_that_is_not_as_declared_is_red() -> None:
    table = tables.audit_table(stand_ins.audit_of("r", make(), clean=False))
    row = table["Stage"].index("layer1")
    assert table["BatchNorm drift"][row] == ":red[**0.02**]" and ":red[" in table["Verdict"][row]
    assert table["Largest weight change"][row] == "0.0"
    assert ":red[" not in "".join(table["Verdict"][i] for i in range(len(table["Verdict"])) if i != row)


def test_the_runs_table_and_the_audit_speak_of_the_steps_that_are_kept() -> None:
    run = runs.read(stand_ins.finished_run())  # 60 images, four epochs, the third kept; from before steps were recorded
    assert (
        listing.runs_table([run])["steps"] == [6] and tables.kept_words(run) == "epoch 3 of 4, after 6 of its 8 steps"
    )
    runs.update(run.id, steps=1400, kept_steps=1050)
    assert tables.kept_words(runs.read(run.id)) == "epoch 3 of 4, after 1,050 of its 1,400 steps"
    assert tables.kept_words(dataclasses.replace(run, facts={})) == ""


def test_the_table_shows_the_modes_that_were_seen() -> None:
    kept = stand_ins.audit_of("r", make(strategy="last_stage"))
    seen = {"layer1": {"mode": "train", "clean": False, "misplaced": "Dropout, StochasticDepth", "faults": "mode"},
            "layer2": {"counted": 3, "clean": False, "faults": "moved"},
            "layer4": {"batchnorm_mode": "eval"}}  # fmt: skip
    stages = tuple(dataclasses.replace(row, **seen.get(row.stage, {})) for row in kept.stages)
    audit = dataclasses.replace(kept, clean=False, stages=stages)
    table = tables.audit_table(audit)
    told = dict(zip(table["Stage"], table["Mode while training"], strict=True))
    assert told["stem"] == "eval" and told["layer4"] == "train, statistics kept" and told["head"] == "train"
    assert told["layer1"] == ":red[**train** (Dropout, StochasticDepth)]"
    assert table["BatchNorm drift"][2] == ":red[**0.0**, counted 3 more batches]"
    assert tables.audit_words(audit) == (
        "**layer2** was to stay and moved; **layer1** was in another mode than declared while training (Dropout, "
        "StochasticDepth)"
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_the_badge_says_that_something_frozen_moved_only_where_it_did(fault: str) -> None:
    badge = words.audit_badge(False, fault)
    assert badge.startswith(":red-badge[") and ("something frozen moved" in badge) == (fault == "moved")
    assert "not as declared" not in badge, "that is for runs that do not say"
    assert "something frozen moved" not in words.audit_badge(False) and "not as declared" in words.audit_badge(False)


class _Child:
    def __init__(self) -> None:
        self.code: int | None = None

    def poll(self) -> int | None:
        return self.code


def test_a_worker_is_started_once_and_again_when_it_died(monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[_Child] = []

    def ensure() -> _Child:
        children.append(_Child())
        return children[-1]

    clock = [100.0]
    monkeypatch.setattr(jobs, "ensure_worker", ensure)
    monkeypatch.setattr(launch.time, "monotonic", lambda: clock[0])
    supervisor = launch.Supervisor()
    supervisor.tick()
    supervisor.tick()
    assert len(children) == 1 and jobs.alive("server").state == "ready"
    children[0].code = -9
    supervisor.tick()
    assert len(children) == 1, "a worker that died young is not started again at once"
    clock[0] += 2 * launch.PULSE
    supervisor.tick()
    assert len(children) == 2


@pytest.mark.parametrize(("cores", "waits"), [(1, launch.FIRST), (2, launch.FIRST), (3, 0), (16, 0)])
def test_the_first_worker_waits_for_the_first_page_where_they_would_share_two_cores(
    cores: int, waits: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            raise asyncio.CancelledError

    monkeypatch.setattr(launch.machine, "cores", lambda: cores)
    monkeypatch.setattr(launch.asyncio, "sleep", sleep)
    monkeypatch.setattr(jobs, "end_other_build", lambda: False)
    monkeypatch.setattr(launch.Supervisor, "tick", lambda self: None)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(launch.Supervisor().run())
    assert slept == [waits, launch.PULSE]


@pytest.mark.parametrize(
    ("images", "text"), [((), ""), ((4,), "4"), ((9, 7, 8, 3), "3.7-9"), ((0, 1, 2), "0-2"), ((5, 5, 6), "5-6")]
)
def test_a_selection_goes_through_the_address(images: tuple[int, ...], text: str) -> None:
    assert selection.packed(images) == text
    assert selection.unpacked(text, 20).tolist() == sorted(set(images))
    assert selection.unpacked(text, 5).tolist() == sorted({i for i in images if i < 5})


def test_a_paired_test_and_an_interval_say_what_holds_for_other_photos() -> None:
    found = Paired(210, 10, 40, 46)
    assert weights.paired_words(found, "B", "photo") == "**worse than B** (p < 0.001)"
    found = Paired(210, 10, 40, 46, Grouped(17, -0.2, 0.01, 90, 0.084), Grouped(17, 0.5, 0.85, 30))
    assert weights.paired_words(found, "B", "photo") == (
        "**worse than B** (p < 0.001); for other photos no difference shown (p = 0.084)"
    )
    shown = dataclasses.replace(found, grouped=Grouped(17, -0.2, -0.01, 90, 0.02))
    assert weights.paired_words(shown, "B", "photo").endswith("; for other photos **worse** (p = 0.02)")
    same = dataclasses.replace(found, fixed=0, broken=0)
    assert weights.paired_words(same, "B", "photo") == "the same images right as B"
    assert weights.accuracy_words(found.score, found.accuracy, "photo").endswith("n = 306); other photos 50.0 to 85.0")
    assert weights.accuracy_words(found.score, None, "photo") == percent(found.score)


def test_a_long_path_keeps_its_end() -> None:
    assert path_end("a/b.png", 40) == "a/b.png" and path_end("", 9) == ""
    assert path_end("set/set/a class of a long name/bee 7.jpg", 12) == "…e/bee 7.jpg"
    assert path_end("x\n\u202ey/7.png", 40) == "x y/7.png"


def test_frozen_stages_run_first_only_where_there_are_some() -> None:
    probe, full = make(strategy="linear_probe"), make(strategy="full")
    assert words.frozen_first([full, probe]) == words.frozen_first([probe]) != ""
    assert not words.frozen_first([full]) and not words.frozen_first([make(strategy="bn_only")])
