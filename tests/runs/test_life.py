"""A run's life: which state may follow which, and that nobody writes or lists states elsewhere."""

import ast
from pathlib import Path

import pytest
import stand_ins

from explorer import jobs, recipe, runs
from explorer.errors import ExplorerError
from explorer.runs import FinishedRun, life

ROOT = Path(__file__).parents[2]


def in_state(state: str) -> str:
    """A run whose folder says so; one that is running runs in this process."""
    run = runs.create(recipe.make())
    if state == "running":
        runs.start(run)
    else:
        stand_ins.record(run, state=state)
    return run


@pytest.mark.parametrize("new", life.STATES)
@pytest.mark.parametrize("now", life.STATES)
def test_a_run_moves_only_as_the_table_says(now: str, new: str) -> None:
    run = in_state(now)
    if now in life.STATES[new].after:
        runs.start(run) if new == "running" else runs.move(run, new)
        assert runs.read(run).state == new
    else:
        with pytest.raises(ExplorerError, match=f"is {now} .*cannot become {new}"):
            runs.move(run, new)
        assert runs.read(run).state == now


def test_the_groups_of_states_follow_from_the_table() -> None:
    assert {*life.LIVE, *life.OVER} == set(life.STATES) and not {*life.LIVE} & {*life.OVER}
    assert set(life.ENDED_EARLY) == set(life.OVER) - {"finished"} and set(life.FINAL) < set(life.OVER)
    assert all(state in life.STATES["queued"].after for state in life.ENDED_EARLY), "it can be carried out again"
    assert not [name for name, row in life.STATES.items() if "finished" in row.after], "a result is never overwritten"
    assert all(row.meaning and row.set_by for row in life.STATES.values())


def test_there_is_no_other_state() -> None:
    with pytest.raises(ValueError, match="no state 'done'"):
        runs.move(in_state("queued"), "done")


@pytest.mark.parametrize("state", life.FINAL)
def test_what_came_to_an_end_is_not_closed_from_outside(state: str) -> None:
    run = in_state(state)
    runs.close(run, "interrupted", "The worker ended.")
    assert runs.read(run).state == state


@pytest.mark.parametrize("state", ["queued", "running", "interrupted"])
def test_what_came_to_no_end_is_closed_with_the_reason(state: str) -> None:
    run = in_state(state)
    runs.close(run, "interrupted", "The worker ended.")
    assert (runs.read(run).state, runs.read(run).error) == ("interrupted", "The worker ended.")


@pytest.mark.parametrize("state", ["queued", "running", "finished", "weird"])
def test_what_only_its_process_knows_is_not_told_from_outside(state: str) -> None:
    run = in_state("queued")
    with pytest.raises(ValueError, match="only stopped or failed or interrupted"):
        runs.close(run, state)
    assert runs.read(run).state == "queued"


@pytest.mark.parametrize("state", [*life.STATES, "weird"])
def test_a_fact_of_a_run_is_not_its_state(state: str) -> None:
    run = stand_ins.finished_run()
    with pytest.raises(ValueError, match="changes by runs.move"):
        runs.update(run, note=1, state=state)
    found = runs.read(run)
    assert found.state == "finished" and "note" not in found.facts


def test_a_new_run_is_queued() -> None:
    assert runs.read(runs.create(recipe.make(), race="r")).state == life.NEW == "queued"


def test_a_folder_with_a_state_that_there_is_not_is_one_that_cannot_be_read() -> None:
    run = in_state("weird")
    found = runs.read(run)
    assert found.state == "interrupted" and "no state 'weird'" in found.error
    with pytest.raises(ExplorerError, match="cannot become finished"):
        runs.move(run, "finished")


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("alive", [True, False])
@pytest.mark.parametrize("written", life.STATES)
def test_what_is_gone_is_interrupted(written: str, alive: bool, waits: bool) -> None:
    gone = not alive and {"running": True, "queued": not waits}.get(written, False)
    assert life.seen(written, alive, waits) == ("interrupted" if gone else written)


SETS = {
    "explorer/training/compute/handlers.py": {"finished", "stopped", "failed"},
    "explorer/jobs/starting.py": {"queued"},
}
"""Who moves runs by `runs.move`: the process that carries a run out, and who asks for it again. Others close it from outside."""


def test_each_state_is_set_by_who_may_know_of_it() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted(ROOT.glob("explorer/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "runs.move":
                name = path.relative_to(ROOT).as_posix()
                found.setdefault(name, set()).add(ast.literal_eval(node.args[1]))
    assert found == SETS


def test_a_finished_run_is_not_queued_again() -> None:
    with pytest.raises(ExplorerError, match="Train its recipe again"):
        jobs.resume(stand_ins.finished_run())


def test_a_finished_run_is_a_type_of_its_own() -> None:
    assert isinstance(runs.read(stand_ins.finished_run()), FinishedRun)
    assert not isinstance(runs.read(in_state("stopped")), FinishedRun)
    assert all(isinstance(run, FinishedRun) for run in runs.finished()) and len(runs.finished()) == 1


def faults_of(tree: ast.AST) -> list[int]:
    """Lines that hand a state to `update`, or list several states."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "update":
            lines += [node.lineno] * any(keyword.arg == "state" for keyword in node.keywords)
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            named = {item.value for item in node.elts if isinstance(item, ast.Constant) and item.value in life.STATES}
            lines += [node.lineno] * (len(named) > 1)
    return sorted(lines)


def test_the_scan_sees_a_state_written_and_a_list_of_states() -> None:
    assert faults_of(
        ast.parse('runs.update(run, state="failed")\nif s in ("queued", "running"): pass\nx = "queued"')
    ) == [1, 2]


def test_states_are_written_and_listed_in_one_place() -> None:
    apart = (
        "explorer/runs/life.py",
        "explorer/runs/folders.py",
        "explorer/jobs/queue.py",
        "explorer/worker/executor.py",
    )  # tasks and events too
    for path in sorted([*ROOT.glob("explorer/**/*.py"), *ROOT.glob("pages/*.py"), *ROOT.glob("benchmarks/**/*.py")]):
        name = path.relative_to(ROOT).as_posix()
        lines = [] if name in apart else faults_of(ast.parse(path.read_text(encoding="utf-8")))
        assert not lines, (
            f"{name}:{lines}: states are listed in explorer/runs/life.py and written by runs.move and runs.close"
        )
    for name in apart[1:]:
        assert "runs.update(" not in (ROOT / name).read_text(encoding="utf-8"), name
