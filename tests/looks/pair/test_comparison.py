"""A and B: whether they may be compared and why not, whether they started alike, what B fixed and broke."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import stand_ins

from explorer import evidence, runs
from explorer.errors import ExplorerError
from explorer.experiments import budget, cells, pairing, shift
from explorer.experiments.plan import plan
from explorer.looks.pair import comparison
from explorer.recipe import make
from explorer.runs import FinishedRun, Predictions

ROOT = Path(__file__).parents[3]


def finished(**choices: object) -> FinishedRun:
    run = runs.read(stand_ins.finished_run(**choices))
    assert isinstance(run, FinishedRun)
    return run


def test_each_image_falls_into_one_quadrant() -> None:
    a, b = np.array([True, False, True, False, False]), np.array([True, True, False, False, True])
    assert evidence.quadrants(a, b).tolist() == [0, 1, 2, 3, 1]
    found = evidence.paired(a, b)
    assert (found.both_right, found.fixed, found.broken, found.both_wrong) == (1, 2, 1, 1)
    assert found.n == 5 and found.score == evidence.Score(5, 3) and found.value == 0.2
    assert found.verdict == evidence.verdict(2, 1) and found.grouped is None and found.accuracy is None
    assert evidence.paired(a[:0], b[:0]).n == 0


def test_groups_go_with_the_count() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 60)) < [[0.5], [0.8]]
    groups = np.repeat([f"photo {i}" for i in range(6)], 10)
    found = evidence.paired(a, b, groups)
    assert found.grouped == evidence.difference_by_group(a, b, groups)
    assert found.accuracy == evidence.accuracy_by_group(b, groups) and found.grouped is not None


def test_what_keeps_runs_apart_is_what_they_do_not_share() -> None:
    """`kind` and `apart` are two answers to one question: here they are held against each other."""
    known = [
        finished(strategy="linear_probe"),
        finished(strategy="last_stage"),
        finished(strategy="last_stage", split_seed=1),
        finished(strategy="full", input_size=64),
        finished(backbone="resnet18", weights="random", strategy="full"),
        finished(strategy="last_stage", spoilt="blur-4"),
    ]
    for a in known:
        for b in known:
            assert (comparison.apart(a, b) is None) == comparison.comparable(a, b), (a.id, b.id)
    assert comparison.images_apart(known[1], known[-1]), "the same names, other pictures"
    assert comparison.comparable(*known[:2]) and not comparison.comparable(known[0], known[2])
    why = {comparison.apart(known[0], b).why.split(",")[0] for b in known[2:]}
    assert why == {
        "A and B do not share their test images",
        "A is a ResNet-10 (built in)",
        "A and B see the test images through different transforms",
    }


def test_what_two_backbones_say_of_the_same_images_can_be_compared() -> None:
    a, b = finished(strategy="linear_probe"), finished(backbone="resnet18", weights="random", strategy="full")
    found = comparison.apart(a, b)
    assert found is not None and found.images and "ResNet-18" in found.why and found.of == "A"
    assert comparison.apart_by_image(a, b) is None and comparison.images_apart(a, b) is None
    other = comparison.apart(a, finished(backbone="resnet18", weights="random", strategy="full", split_seed=3))
    assert other is not None and not other.images
    size = finished(strategy="full", input_size=64)
    assert comparison.apart_by_image(a, size) is not None, "one backbone, other transforms"


def test_a_reason_says_what_to_do() -> None:
    a, b = finished(strategy="linear_probe"), finished(strategy="full", split_seed=3)
    found = comparison.apart(a, b)
    assert found is not None and found.of == "A" and "split seed 3" in found.why
    with pytest.raises(ExplorerError, match="Choose another B, or train one on A's images"):
        comparison.require(found)
    comparison.require(None)


def test_a_run_without_predictions_has_no_partner() -> None:
    a, b = finished(strategy="linear_probe"), finished(strategy="full")
    (runs.folder(b.id) / "predictions.csv").unlink()
    assert comparison.kind(b) is None and not comparison.comparable(a, b) and not comparison.comparable(b, b)


def test_stages_need_one_backbone_and_one_transform() -> None:
    assert comparison.stages_apart(make(), make(strategy="full", seed=3)) is None
    other = comparison.stages_apart(make(), make(backbone="resnet18", weights="random"))
    assert other is not None and "ResNet-18" in other.why and "one backbone" in other.advice
    size = comparison.stages_apart(make(), make(input_size=64))
    assert size is not None and "resized to 64 px and cut to 64 px in B" in size.why


@pytest.mark.parametrize(
    ("of", "words"),
    [("channels", "do not correspond"), ("axes", "share no axes"), ("line", "lie in different valleys")],
)
def test_strangers_are_told_apart(of: str, words: str) -> None:
    assert comparison.strangers(make(), make(strategy="full", seed=3), of) is None
    found = comparison.strangers(make(), make(weights="random"), of)
    assert found is not None and words in found.why and "A started from BUILT_IN, B from random (seed 0)" in found.why
    one, two = make(weights="random"), make(weights="random", seed=1)
    assert not comparison.same_start(one, two) and comparison.same_start(one, make(weights="random", strategy="full"))
    assert "random (seed 1)" in str(comparison.strangers(one, two, of))


def test_other_backbones_are_strangers_by_name() -> None:
    found = comparison.strangers(make(weights="random"), make(backbone="resnet18", weights="random"), "axes")
    assert found is not None and "B from ResNet-18 random (seed 0)" in found.why


def counts_by_hand(tree: ast.AST) -> list[int]:
    """Lines with an expression like `~a & b`: what one gets right and the other wrong."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
            negated = [isinstance(s, ast.UnaryOp) and isinstance(s.op, ast.Invert) for s in (node.left, node.right)]
            lines += [node.lineno] * any(negated)
    return lines


def decided_by_hand(tree: ast.AST) -> list[int]:
    """Lines with an expression like `a.ids == b.ids`: whether two were scored on the same images, labels forgotten."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = (node.left, *node.comparators)
            lines += [node.lineno] * any(isinstance(side, ast.Attribute) and side.attr == "ids" for side in sides)
    return lines


def test_the_scan_sees_images_compared_by_their_names_alone() -> None:
    code = "same = a.ids == b.ids == c.ids\nif data.test.ids != names(run): pass\nfine = len(a.ids) == 3 and image in a.ids"
    assert decided_by_hand(ast.parse(code)) == [1, 2]


def test_nothing_else_decides_whether_two_were_scored_on_the_same_images() -> None:
    for path in sorted([*ROOT.glob("explorer/**/*.py"), *ROOT.glob("pages/*.py")]):
        name = path.relative_to(ROOT).as_posix()
        if name == "explorer/looks/pair/compute.py":  # only whether the pictures of one run are still there
            continue
        lines = decided_by_hand(ast.parse(path.read_text(encoding="utf-8")))
        assert not lines, f"{name}:{lines} compares images by name alone. Ask explorer.looks.pair.comparison.alike."


def relabelled(run: str) -> Predictions:
    """What a run said, after its set has been relabelled: the same names, and every image of the next class."""
    said = runs.predictions(run)
    return replace(said, labels=(said.labels + 1) % len(said.classes))


def test_the_same_names_with_other_labels_or_classes_are_other_images() -> None:
    said = runs.predictions(finished(strategy="linear_probe").id)
    assert (
        comparison.alike(said, replace(said, predicted=said.labels)) and comparison.alike(said) and comparison.alike()
    )
    others = replace(said, labels=said.labels[::-1].copy()), replace(said, classes=said.classes[::-1])
    for other in (*others, replace(said, ids=said.ids[::-1])):
        assert not comparison.alike(said, said, other)
        assert not comparison.tested_on(said, other.ids, other.classes, other.labels)
        with pytest.raises(ExplorerError, match="same test images with the same labels .* Train both again"):
            comparison.paired(said, other)
    assert comparison.tested_on(said, said.ids, said.classes, said.labels.astype(np.int32))


def test_a_set_relabelled_between_two_runs_gives_no_gain_anywhere() -> None:
    """Every place that sets one arm against another leaves the seed out, or says why there is no number."""
    wanted = plan(sizes=(2,), strategies=("linear_probe", "full"), seeds=2)
    for cell in cells.planned(wanted):
        stand_ins.finished_run(**cell.recipe.model_dump())
    sweep = cells.fill(wanted, runs.listing())
    late = next(c.finished.id for c in sweep.cells if c.finished and (c.planned.arm, c.planned.seed) == ("full", 1))

    def said(run: str) -> Predictions:
        return relabelled(run) if run == late else runs.predictions(run)

    found = pairing.gain(sweep, "full", "linear_probe", said)
    assert found is not None and (found.seeds, found.value) == (1, 0)
    assert [sorted(by_seed) for by_seed in budget.gains(sweep, "full", said).at.values()] == [[0]]
    right = np.ones((1, 4, 24), np.bool_)
    answers = {
        c.finished.id: shift.Spoilt(run=c.finished.id, kinds=("noise",), rows=np.arange(24), right=right)
        for c in sweep.cells
        if c.finished
    }
    _, full = shift.held(sweep, answers, "noise", 3, said)
    assert full.over_outside is not None and full.over_outside.seeds == 1


def test_the_scan_sees_a_count_by_hand() -> None:
    code = "fixed = int((~a & b).sum())\nbroken = (a & ~b).sum()\nboth = (a & b).sum()"
    assert sorted(counts_by_hand(ast.parse(code))) == [1, 2]


def test_nothing_else_counts_what_was_fixed_and_broken() -> None:
    for path in sorted([*ROOT.glob("explorer/**/*.py"), *ROOT.glob("pages/*.py")]):
        name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        if name.startswith("explorer/evidence/"):
            continue
        advice = "Ask explorer.evidence.paired (of arrays), or explorer.looks.pair.comparison.paired (of two runs)."
        assert not (lines := counts_by_hand(ast.parse(text))), (
            f"{name}:{lines} counts fixed or broken by hand. {advice}"
        )
        if name not in ("explorer/course/view/terms.py",):  # a calculator: the reader types both numbers
            assert "mcnemar(" not in text, f"{name} tests two counts itself. {advice}"
        kinds = [n.name for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ClassDef)]
        assert "Paired" not in kinds, f"{name} has a class Paired of its own; the one is explorer.evidence.Paired"
