"""The plan of an experiment: its cells, its word for an address, and the runs that fill it."""

import csv
import io

import pytest
import stand_ins

from explorer import jobs, runs
from explorer.errors import ExplorerError
from explorer.experiments import cells, kept, table
from explorer.experiments.plan import MOST_CELLS, Plan, plan, read
from explorer.recipe import make


def test_the_cells_of_a_budget_begin_with_a_whole_curve_of_the_cheapest_arm() -> None:
    found = plan(sizes=(10, 2, None, 2), strategies=("full", "linear_probe"), seeds=2, dataset="shapes").cells
    told = [(cell.seed, cell.arm, cell.size) for cell in found]
    assert told[:4] == [(0, "linear_probe", 2), (0, "linear_probe", 10), (0, "linear_probe", None), (0, "full", 2)]
    assert len(told) == len(set(told)) == 12 and [seed for seed, *_ in told] == [0] * 6 + [1] * 6
    assert found[3].recipe == make(strategy="full", dataset="shapes", per_class=2), (
        "an ordinary recipe, at its usual rates"
    )


def test_a_depth_sweep_has_every_cut_from_both_starts() -> None:
    found = {cell.arm: cell.recipe for cell in plan(kind="depth", sizes=(25,), seeds=1).cells}
    assert [*found] == [f"{start}/{depth}" for start in ("pretrained", "random") for depth in range(6)]
    assert [found[f"pretrained/{depth}"].strategy for depth in range(6)] == [
        "linear_probe", "last_stage", "last_2_stages", "custom", "custom", "full",
    ]  # fmt: skip
    assert found["pretrained/3"].learns == ("layer2", "layer3", "layer4")
    assert found["random/5"].strategy == "from_scratch" and found["random/2"].weights == "random"
    assert found["random/0"] == make(weights="random", strategy="linear_probe"), "the lesson's run is this cell"


def test_a_plan_survives_its_way_through_an_address() -> None:
    some = plan(
        sizes=(3, None),
        strategies=("linear_probe", "bn_only"),
        seeds=5,
        dataset="folder",
        data_dir="/a b/ü;=x",
        epochs=4,
    )
    assert read(some.text) == some and read("budget") == Plan()
    assert (
        Plan().text == "budget;sizes=1.2.5.10.25;strategies=linear_probe.best_stage.last_stage.full;seeds=3;epochs=10"
    )
    assert some.key == read(some.text).key != Plan().key
    assert read("budget;sizes=5.2.all").sizes == (2, 5, None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("race", "Kinds: budget"), ("budget;sizes=x", "sizes"), ("budget;sizes=0", "1 to 100,000"), ("budget;seeds=9", "seeds"),
        ("budget;strategies=magic", "Unknown strategy"), ("budget;strategies=custom", "custom names stages"),
        ("budget;colour=red", "colour"), ("budget;" + "x" * 3000, "2000 are read"), ("budget;strategies=", "strategies"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_said(text: str, why: str) -> None:
    with pytest.raises(ExplorerError, match=why):
        read(text)


def test_cells_that_cannot_be_and_too_many_are_said() -> None:
    with pytest.raises(ExplorerError, match=f"at most {MOST_CELLS} cells, and this one has 336"):
        _ = (
            plan(sizes=tuple(range(1, 9)), strategies=("full",), seeds=5, epochs=1)
            .model_copy(update={"sizes": tuple(range(1, 337)), "seeds": 1})
            .cells
        )
    with pytest.raises(ExplorerError, match="Unknown backbone"):
        plan(backbone="resnet11")


def test_runs_fill_cells_by_their_recipe_whoever_made_them() -> None:
    wanted = plan(sizes=(2, 5), strategies=("linear_probe", "full"), seeds=1)
    stand_ins.finished_run(strategy="linear_probe", per_class=2)
    stand_ins.finished_run(strategy="linear_probe", per_class=2, epochs=9)  # another recipe
    queued = jobs.train(make(strategy="linear_probe", per_class=5))
    failed = stand_ins.finished_run(strategy="full", per_class=2)
    stand_ins.record(failed, state="failed", test=None)
    found = cells.fill(wanted, runs.listing())
    assert [cell.run.state if cell.run else None for cell in found.cells] == ["finished", "queued", "failed", None]
    assert found.finished == 1 and found.live and [cell.planned.size for cell in found.missing] == [2, 5]
    assert found.cells[1].run is not None and found.cells[1].run.id == queued
    again = stand_ins.finished_run(strategy="full", per_class=2)
    assert cells.fill(wanted, runs.listing()).cells[2].run.id == again, "a finished one counts, not the failed"


def test_all_cells_as_csv_and_as_parquet() -> None:
    stand_ins.finished_run(strategy="linear_probe", per_class=None, wrong=6)
    found = cells.fill(plan(sizes=(2, None), strategies=("linear_probe",), seeds=1), runs.listing())
    empty, full = csv.DictReader(io.StringIO(table.to_csv(found).decode()))
    assert (empty["state"], empty["test_accuracy"], full["per_class"], full["test_accuracy"]) == (
        "not there",
        "",
        "all",
        "0.75",
    )
    from pyarrow import parquet

    back = parquet.read_table(io.BytesIO(table.to_parquet(found))).to_pylist()
    assert back[1]["test_accuracy"] == 0.75 and back[1]["per_class"] is None and back[0]["run"] is None
    assert back == table.rows(found)


def test_experiments_that_were_started_are_listed_the_latest_first() -> None:
    assert kept.started() == []
    first, second = plan(seeds=1), plan(seeds=2)
    for one in (first, second, first):
        kept.keep(one)
    (kept.home() / "experiments" / "damaged.txt").write_text("12\nmagic\n")
    assert kept.started() == [first, second]
