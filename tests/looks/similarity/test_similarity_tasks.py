"""The questions of the page, asked of two runs that were really made: what they recorded, to the image and to the bit."""

import contextlib
import csv
import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import stand_ins
import torch
import trained

from explorer import evidence, runs
from explorer.cli import main
from explorer.data import datasets
from explorer.errors import ExplorerError
from explorer.looks.pair import comparison, compute
from explorer.looks.similarity.compute import chosen_images, distance_handlers
from explorer.looks.similarity.compute.distance_handlers import compare, stage_pairs
from explorer.looks.similarity.compute.interpolation_handlers import interpolate
from explorer.looks.similarity.compute.reading_handlers import drift, probe_stages
from explorer.looks.similarity.compute.rewind_handlers import rewind

STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")


@pytest.fixture(scope="module")
def made(patterns: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """Thaw's folder with a probe and a run that tuned the last two stages, on 42 pictures at 32 pixels."""
    of = trained.of(patterns)
    yield from trained.two(tmp_path_factory.mktemp("thaw"), "last_2_stages", epochs=3, batchnorm="frozen", **of)


def _files(run: str) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(runs.folder(run).iterdir())}


def test_a_rewind_begins_with_what_was_recorded_and_spares_what_was_frozen(pair: tuple[str, str]) -> None:
    _, b = pair
    before, weights = _files(b), {n: t.clone() for n, t in compute.network(b).model.state_dict().items()}
    heard: list[float] = []
    found = rewind(b, report=lambda share, words: heard.append(share))
    assert found.base == found.recorded == runs.read(b).test
    start = {r.stages[0]: r for r in found.resets if r.to == "start"}
    assert [s for s in STAGES if start[s].identical] == ["stem", "layer1", "layer2"]
    for stage in ("stem", "layer1", "layer2"):
        assert (start[stage].plain.score, start[stage].plain.fixed, start[stage].plain.broken) == (found.base, 0, 0)
    assert not any(r.identical for r in found.resets if r.to == "random") and len(found.resets) == 10
    assert found.images and (found.layers, found.moved) == (12, 6)
    for reset in found.resets:
        behind = STAGES[STAGES.index(reset.stages[0]) :]
        layers = {"stem": 1, "layer1": 2, "layer2": 3, "layer3": 3, "layer4": 3}
        assert reset.layers == (0 if reset.identical else sum(layers[s] for s in behind))
        assert all((x is None) == reset.identical for x in (reset.settled, reset.control, reset.beyond))
        if reset.settled and reset.control and reset.beyond:
            assert reset.settled.score == reset.beyond.score
            assert reset.beyond.fixed - reset.beyond.broken == reset.settled.score.correct - reset.control.score.correct
    assert heard == sorted(heard) and heard[-1] < 1
    assert _files(b) == before
    assert all(torch.equal(t, weights[n]) for n, t in compute.network(b).model.state_dict().items())


def test_stages_are_set_back_together(pair: tuple[str, str]) -> None:
    _, b = pair
    (found,) = rewind(b, ["layer4", "layer1"], "start").resets
    alone = next(r for r in rewind(b, ["layer4"], "start").resets)
    assert found.stages == ("layer1", "layer4") and found.plain == alone.plain  # layer1 was frozen
    with pytest.raises(ExplorerError, match="layer9"):
        rewind(b, ["layer9"], "start")


def test_the_line_from_a_to_b_ends_in_what_they_recorded(pair: tuple[str, str]) -> None:
    a, b = pair
    before = _files(a) | _files(b)
    found = interpolate(a, b, ["test", "validation"])
    test = found.on("test")
    for i, run in ((0, a), (10, b)):
        said = runs.predictions(run)
        np.testing.assert_array_equal(test.right[i], said.predicted == said.labels)
    assert (found.recorded_a, found.recorded_b) == (test.score(0), test.score(10))
    assert found.common == "layer2" and found.layers == 6 and found.settled == 0
    last = max(runs.read(b).epochs, key=lambda e: (e.val.accuracy, -e.val_loss))
    assert found.on("validation").score(10) == last.val
    assert found.on("validation").loss[10] == pytest.approx(last.val_loss, abs=1e-4)
    spoilt = interpolate(a, b, ["blur"], settle=True)
    assert spoilt.settled and spoilt.kinds[0].right.shape == test.right.shape and spoilt.moved == found.moved == 6
    assert spoilt.kinds[0].controls.shape == (2, test.right.shape[1]) and len(test.controls) == 0
    settled = interpolate(a, b, ["test"], settle=True).on("test")
    np.testing.assert_array_equal(settled.right[[0, 10]], test.right[[0, 10]])
    assert settled.control(-1).score.correct == int(settled.controls[1].sum())
    assert _files(a) | _files(b) == before


def test_probes_agree_where_nothing_moved(pair: tuple[str, str]) -> None:
    found = probe_stages(*pair)
    assert [row.stage for row in found.stages] == ["input", *STAGES]
    for row in found.stages[:4]:
        assert row.a == row.b.score and row.b.fixed == row.b.broken == 0
    assert found.trained == runs.read(pair[1]).facts["counts"]["train"]
    assert all(row.a.n == found.stages[0].a.n for row in found.stages)


def test_the_matrix_of_stages_has_the_comparison_on_its_diagonal(pair: tuple[str, str]) -> None:
    found, rows = stage_pairs(*pair), compare(*pair).stages
    assert np.diag(found.ab).tolist() == [row.cka for row in rows]
    assert [tuple(np.diag(draw)[i] for draw in found.random) for i in range(5)] == [row.cka_random for row in rows]
    assert found.interval.T.tolist() == [[row.low, row.high] for row in rows] and found.random.shape == (5, 5, 5)
    assert all(row.low <= row.cka <= row.high for row in rows) and rows[0].low == rows[0].high == 1
    np.testing.assert_array_equal(found.aa, found.aa.T)
    np.testing.assert_array_equal(found.ab[:3, :3], found.aa[:3, :3])
    np.testing.assert_allclose(np.diag(found.bb), 1)


def test_runs_that_saw_the_images_through_different_transforms_are_not_compared() -> None:
    a, b = (stand_ins.finished_run(strategy="last_stage", input_size=size) for size in (64, 96))
    with pytest.raises(ExplorerError, match="through different transforms") as refused:
        compare(a, b)
    assert str(refused.value) == str(comparison.apart(compute.opened(a), compute.opened(b))), "as the page"


def test_the_drift_begins_where_the_run_did(pair: tuple[str, str]) -> None:
    a, b = pair
    found = drift(b)
    assert found.epochs == (0, 1, 2, 3) and found.stage == "layer4"
    assert found.cka[0] == pytest.approx(1) and found.overlap[0] == 1 and found.cka[3] < 1
    with pytest.raises(ExplorerError, match="its backbone was not trained"):
        drift(a)


def test_where_images_come_in_groups_every_paired_test_and_interval_is_there_for_other_groups_too(
    pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(runs.runs_folder(), tmp_path / "runs")
    monkeypatch.setenv("THAW_HOME", str(tmp_path))
    a, b = pair
    said = runs.predictions(b)
    groups = np.array([f"photo {i % 4}" for i in range(len(said.ids))])
    for run in pair:
        with (runs.folder(run) / "groups.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["id", "group"], *zip(said.ids, groups, strict=True)])
    right = runs.predictions(a).right, said.right
    apart = evidence.difference_by_group(*right, groups)
    compared = compare(a, b)
    assert compared.paired.grouped == apart is not None

    found = rewind(b, ["layer4"], "random")
    (reset,) = found.resets
    assert found.grouped == evidence.accuracy_by_group(right[1], groups)
    for one in (reset.plain, reset.settled, reset.control, reset.beyond):
        assert one is not None and one.accuracy is not None and one.grouped is not None and one.grouped.groups == 4

    probed = probe_stages(a, b).stages
    assert probed[0].grouped == probed[0].b.accuracy, "mean colours are those of both"
    assert all(row.grouped is not None and row.b.grouped is not None for row in probed)

    val = datasets.load(compute.finished(b)).val
    known = replace(val, groups=np.array([f"photo {i % 3}" for i in range(len(val))]))
    monkeypatch.setattr(chosen_images, "_data", lambda run: replace(datasets.load(compute.finished(run)), val=known))
    mixed = interpolate(a, b, ["test", "validation", "blur"])
    assert mixed.on("test").against(10, 0).grouped == apart and mixed.on("test").grouped(10) == found.grouped
    assert (mixed.on("blur").groups == groups).all()
    validation = mixed.on("validation")
    drawn = np.random.default_rng(0).permutation(len(val))
    assert validation.groups is not None and validation.groups.tolist() == known.groups[drawn].tolist()


def test_one_comparison_reads_each_run_once(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As `python -m explorer compare A B` does, in a process that has read nothing yet."""
    seen: list[str] = []
    read = runs.folders.read
    monkeypatch.setattr(runs, "read", lambda run: seen.append(run) or read(run))
    for kept in (compute._finished, compute.network, distance_handlers.random_features):
        kept.cache_clear()
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["compare", *pair, "--json"]) == 0
    assert json.loads(out.getvalue())["n"] > 0
    assert sorted(seen) == sorted(pair), "each run.json once"


def test_a_run_that_is_written_again_is_read_again(pair: tuple[str, str]) -> None:
    before = compute.opened(pair[0])
    runs.update(pair[0], note="changed")
    assert before.facts.get("note") != "changed" and compute.opened(pair[0]).facts["note"] == "changed"
