"""Depths: what nothing else beats, what deeper tuning gains, and where it dips; by hand."""

import pytest
import stand_ins
from opening import opened

from explorer import runs
from explorer.experiments import cells, concluding, depth, telling
from explorer.experiments.cells import Sweep
from explorer.experiments.plan import plan


def made(wrong: dict[str, tuple[int, ...]], weights: dict[str, int]) -> Sweep:
    """A sweep of some cuts, wrong on so many of 24 images by seed."""
    wanted = plan(kind="depth", sizes=(25,), seeds=2)
    for cell in cells.planned(wanted):
        if cell.arm in wrong:
            run = stand_ins.finished_run(wrong[cell.arm][cell.seed], **cell.recipe.model_dump())
            runs.update(run, parameters={"learned": weights[cell.arm], "total": 10_000})
    return cells.fill(wanted, runs.listing())


WRONG = {"pretrained/0": (8, 8), "pretrained/1": (12, 12), "pretrained/2": (4, 4), "random/0": (8, 8)}
WEIGHTS = {"pretrained/0": 100, "pretrained/1": 200, "pretrained/2": 300, "random/0": 100}


def test_the_front_leaves_out_what_costs_more_and_is_right_less_often() -> None:
    found = depth.cuts(made(WRONG, WEIGHTS))
    assert [cut.arm for cut in depth.front(found, "weights")] == ["pretrained/0", "pretrained/2"]
    assert found[0].accuracy.mean == pytest.approx(16 / 24) and found[0].costs["weights"] == 100
    assert depth.front(found, "memory") == (), "nobody recorded it"


def test_a_dip_is_lower_than_both_neighbours_by_more_than_the_seeds_move() -> None:
    assert depth.dips(depth.cuts(made(WRONG, WEIGHTS))) == (1,)
    noisy = WRONG | {"pretrained/1": (15, 5)}
    assert depth.dips(depth.cuts(made(noisy, WEIGHTS))) == ()


def test_cuts_are_held_against_the_head_alone_and_corrected_together() -> None:
    one, two = depth.against_head(made(WRONG, WEIGHTS), runs.predictions)
    assert (one.arm, two.arm) == ("pretrained/1", "pretrained/2")
    assert one.difference.value == pytest.approx(-4 / 24) and two.difference.value == pytest.approx(4 / 24)
    assert min(one.adjusted, two.adjusted) == pytest.approx(2 * min(one.difference.p_value, two.difference.p_value))
    assert depth.against_head(made({}, {}), runs.predictions, "random") == ()


def test_the_command_line_says_what_the_page_says() -> None:
    assert concluding.depth_findings(made({}, {}), runs.predictions) == []
    first, shown, dip, many = concluding.depth_findings(made(WRONG, WEIGHTS), runs.predictions)
    assert first == "Best in the mean: last 2 stages, 83.3 % (2 seeds, n = 24, on which it was picked too)."
    assert shown == "No depth is shown to differ from the head alone."
    assert dip.startswith("A dip at 1 stage:") and "2 comparisons" in many
    far = made({"pretrained/0": (12, 12), "pretrained/1": (0, 0), "pretrained/2": (24, 24)}, WEIGHTS)
    assert concluding.depth_findings(far, runs.predictions)[1] == (
        "Shown against the head alone: better: last stage; worse: last 2 stages."
    )


def test_cells_whose_statistics_lag_are_counted_and_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = made(WRONG, WEIGHTS)
    assert telling.lag_words(sweep) == ""
    monkeypatch.setattr(telling, "stale", lambda run: "why" if run.recipe.drawn else "")
    assert telling.lag_words(sweep).startswith("In 2 of 8 cells BatchNorm's running statistics lag behind the weights")
    assert telling.lag_words(sweep) in concluding.depth_findings(sweep, runs.predictions)
    app = opened("experiments", kind="depth", plan=sweep.plan.text)
    assert not app.exception and app.warning[0].value == telling.lag_words(sweep)
