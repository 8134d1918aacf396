"""The lesson's checks: every answer key against the real computation, and against figures had by other means."""

import csv
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn import functional
from torchvision import models
from torchvision.models.resnet import BasicBlock, ResNet

from explorer import runs
from explorer.catalogue import BACKBONES, Backbone, Preprocessing
from explorer.course import lesson_runs, texts
from explorer.course.compute.check_handlers import check_truth, try_lines
from explorer.course.compute.handlers import beside_start
from explorer.course.compute.snippets import scenes
from explorer.course.compute.snippets.running import carry_out
from explorer.course.compute.snippets.scenes import Scene
from explorer.course.compute.truths import looking, probing
from explorer.course.question.checks import Truth
from explorer.course.texts import Check, filled, places, shuffled
from explorer.course.texts.checks import read_checks
from explorer.errors import ExplorerError
from explorer.looks.pair import compute
from explorer.looks.similarity.compute import distance_handlers
from explorer.recipe import make
from explorer.training.compute import following
from explorer.training.compute.handlers import train

pytestmark = pytest.mark.long(120)

FOUND = texts.checks()
CHECKS: dict[str, Check] = FOUND.by_name
CONCEPTS = texts.concepts().by_name
ASKED = [code for code, check in CHECKS.items() if check.truth]
CASES = [(code, turn) for code in ASKED for turn in range(len(CHECKS[code].cases))]
ROW = BACKBONES["resnet10"]
ASSETS = Path(__file__).parents[2] / "assets"
ASSET = ASSETS / "backbone" / "resnet10.safetensors"
RIGHT = [0, 1, 2, 3, 4, 5]
before_and_after = runs.kept_by_run(9)(looking.before_and_after)  # of a run's 306 images through two networks, once
SHORTER = dict.fromkeys(("full", "warm"), {"epochs": 1, "per_class": 2})
"""What is told of these two must hold for any run: `hot` is held against them, and that one is trained as the lesson does it."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """Thaw's folder with the runs that checks ask about, and their ids by word: what ships is taken as it is, the others are
    trained."""
    place = tmp_path_factory.mktemp("thaw")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THAW_HOME", str(place))
        patch.setenv("THAW_SAMPLES", str(ASSETS / "samples"))
        patch.setattr(following, "SNAPSHOTS", 0)  # nothing here asks how the map moved from epoch to epoch
        ids = {}
        for word in dict.fromkeys(word for check in CHECKS.values() for case in check.cases for word in case.runs):
            recipe = lesson_runs.recipe_of(word)
            ships = next((run for run in runs.finished() if run.sample and run.recipe == recipe), None)
            ids[word] = ships.id if ships else runs.create(recipe.model_copy(update=SHORTER.get(word, {})))
            if ships is None:
                train(ids[word])
    yield place, ids


@pytest.fixture(scope="module")
def cases(trained: tuple[Path, dict[str, str]]) -> dict[tuple[str, int], Truth]:
    """What the key of every case of every check was computed to be, on the built-in backbone."""
    place, ids = trained
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THAW_HOME", str(place))
        patch.setenv("THAW_SAMPLES", str(ASSETS / "samples"))
        patch.setattr(distance_handlers, "DRAWS", 1)  # more of them make the yardstick of 7a surer, nothing else
        patch.setattr(looking, "before_and_after", before_and_after)
        return {(code, turn): truth(code, ids, turn=turn) for code, turn in CASES}


@pytest.fixture(scope="module")
def truths(cases: dict[tuple[str, int], Truth]) -> dict[str, Truth]:
    """Those of the first case of each."""
    return {code: cases[code, 0] for code in ASKED}


@pytest.fixture
def ids(trained: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The runs' ids by word, in a test that reads their folders."""
    monkeypatch.setenv("THAW_HOME", str(trained[0]))
    monkeypatch.setenv("THAW_SAMPLES", str(ASSETS / "samples"))
    return trained[1]


def truth(
    code: str, ids: dict[str, str], backbone: str = "resnet10", weights: str = "BUILT_IN", turn: int = 0
) -> Truth:
    check = CHECKS[code].cases[turn]
    return check_truth(code, "en", backbone, weights, {word: ids[word] for word in check.runs}, check.digest)


def tried(code: str, order: list[int], backbone: str = "resnet10", weights: str = "BUILT_IN") -> Any:
    """A bug's version, or lines in an order; `order` counts the lines as they stand in the file."""
    check = CHECKS[code]
    if check.kind == "lines":
        offered, right = shuffled(check), check.right.code.split("\n")
        order = [offered.index(right[i]) for i in order]
    return try_lines(code, "en", backbone, weights, order, check.digest)


def plain() -> ResNet:
    """The built-in backbone's architecture by torchvision alone, with its own weights but for the head."""
    model = ResNet(BasicBlock, [1, 1, 1, 1])
    tensors = {name: torch.from_numpy(t).float() for name, t in load_file(ASSET).items()}
    assert model.load_state_dict(tensors, strict=False).unexpected_keys == []
    return model.eval()


def count(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


def right(run: str) -> np.ndarray:
    """Whether each test image was named right, read from the table in the run's folder."""
    with (runs.folder(run) / "predictions.csv").open(newline="") as file:
        return np.array([row["class"] == row["predicted"] for row in csv.DictReader(file)])


def between(correct: int, n: int) -> str:
    """Wilson's interval by scipy."""
    found = binomtest(correct, n).proportion_ci(method="wilson")
    return f"{100 * found.low:.1f} to {100 * found.high:.1f} %"


def stored(run: str, what: str) -> dict[str, np.ndarray]:
    return runs.tensors(run, what)


# The texts


def test_every_step_has_its_checks_and_every_kind_is_used() -> None:
    assert not FOUND.faults
    steps = Counter(check.step for check in CHECKS.values())
    assert sorted(steps) == list(range(1, 9)) and min(steps.values()) >= 3
    assert {check.kind for check in CHECKS.values()} == set(texts.KINDS)
    for step, n in steps.items():
        assert [code for code in CHECKS if code[0] == str(step)] == [f"{step}{letter}" for letter in "abcdefgh"[:n]]


def test_every_check_opens_a_concept_and_every_concept_has_checks_that_exist() -> None:
    named = [code for concept in CONCEPTS.values() for code in concept.checks]
    assert sorted(named) == sorted(CHECKS)
    assert all(code[0] == str(concept.step) for concept in CONCEPTS.values() for code in concept.checks)


@pytest.mark.parametrize("code", CHECKS)
def test_a_check_s_words(code: str) -> None:
    check = CHECKS[code]
    assert len(check.title) <= 40 and not places(check.question)
    assert "?" in check.question or check.kind in ("order", "lines")
    assert set(check.related) <= set(texts.terms().by_name)
    assert 30 <= len(check.explained.split()) <= 100
    assert check.file.stem.startswith(f"{code}_")
    if check.kind in ("bug", "lines"):
        assert not places(check.explained + " ".join(check.reasons.values()))
    if check.kind == "choice" and check.options:
        assert len(check.options) >= 2 and (set(check.reasons) == set(check.options) or "*" in check.reasons)


def test_a_list_of_things_is_offered_in_another_order_and_always_in_the_same() -> None:
    for check in CHECKS.values():
        offered = shuffled(check)
        given = check.right.code.split("\n") if check.right else list(check.options)
        assert sorted(offered) == sorted(given) and offered == shuffled(check)
        assert offered != given or len(given) < 2


def test_what_decides_an_answer_changes_the_digest() -> None:
    every = [case for check in CHECKS.values() for case in check.cases]
    assert len({check.digest for check in every}) == len(every)


def test_a_second_guess_is_of_another_case() -> None:
    for check in CHECKS.values():
        assert (len(check.cases) >= 2) == (check.kind == "guess"), check.code
        assert not any(places(case.question) for case in check.cases), "filled"
        assert len({case.question for case in check.cases}) == len(check.cases), check.code


# The answers


@pytest.mark.parametrize("code, turn", CASES)
def test_an_answer_is_one_that_can_be_given_and_is_explained(
    code: str, turn: int, cases: dict[tuple[str, int], Truth]
) -> None:
    check, found = CHECKS[code].cases[turn], cases[code, turn]
    facts = dict(found.facts)
    if check.kind == "choice":
        options = check.options or dict.fromkeys(ROW.stage_names, "")
        assert found.answer in options and not found.order and math.isnan(found.value)
        assert all(check.reason(key) for key in options)
    elif check.kind == "order":
        assert sorted(found.order) == sorted(check.options) and set(check.options) <= set(facts)
    else:
        assert check.low <= found.value <= check.high and check.close(found.value, found.value)
        assert not check.close(check.low, found.value) or not check.close(check.high, found.value)
    words = " ".join([check.explained, *check.reasons.values()])
    assert set(places(words)) <= set(facts) and "{" not in filled(words, facts)
    assert set(places(check.explained)) and "nan" not in filled(words, facts)
    assert found.words.startswith(("Computed", "Counted", "Read", "Found", "Compared", "Probed", "Measured"))
    if check.runs and "accuracy" in check.explained:
        assert "n = " in found.words + check.explained


@pytest.mark.parametrize("code, turn", [(code, turn) for code, turn in CASES if CHECKS[code].kind == "guess"])
def test_a_guess_is_right_only_near_the_truth(code: str, turn: int, cases: dict[tuple[str, int], Truth]) -> None:
    """At most half of the truth to either side; and an example in the question is no answer."""
    check, value = CHECKS[code].cases[turn], cases[code, turn].value
    assert check.within * (value if check.relative else 1) <= 0.5 * value, f"{code} takes {check.within} around {value}"
    assert not check.close(0, value) and not check.close(1.6 * value, value)
    for example in re.findall(r"such as (\d+(?:\.\d+)?)", check.question):
        assert not check.close(float(example), value), f"{code} gives its answer away"


@pytest.mark.parametrize("row", BACKBONES.values(), ids=list(BACKBONES))
def test_the_example_of_how_much_learns_is_no_answer_on_any_backbone(row: Backbone) -> None:
    head = 10 * row.features + 10
    (example,) = re.findall(r"such as (\d+\.\d+)", CHECKS["5a"].question)
    assert not CHECKS["5a"].close(float(example), 100 * head / (row.parameters + head))


def test_how_the_backbone_is_built(truths: dict[str, Truth]) -> None:
    model = plain()
    assert truths["1b"].value == model.conv1.weight[0].numel() == 147
    x, at = torch.zeros(1, 3, 96, 96), {"picture": 3 * 96 * 96}
    with torch.no_grad():
        x = model.maxpool(model.relu(model.bn1(model.conv1(x))))
        at["first"] = x.numel()
        for stage in (model.layer1, model.layer2, model.layer3, model.layer4):
            x = stage(x)
    at |= {"last": x.numel(), "head": x.shape[1]}
    assert truths["2a"].order == tuple(sorted(at, key=at.__getitem__))
    assert truths["2b"].value == 7 + (3 - 1) * 2  # the convolution's side, then the pool's, at a stride of two
    stages = {name: count(getattr(model, name)) for name in ROW.stage_names[1:]}
    stages["stem"] = count(model.conv1, model.bn1)
    assert truths["2c"].answer == max(stages, key=stages.__getitem__)
    assert all(f"{name} {n:,}" in dict(truths["2c"].facts)["listed"] for name, n in stages.items())
    assert dict(truths["4d"].facts)["layers"] == str(sum(isinstance(m, nn.BatchNorm2d) for m in model.modules()))


def test_what_the_first_layers_answer_to_a_card_and_to_a_moved_picture(truths: dict[str, Truth]) -> None:
    model = plain()
    colour = torch.tensor([1.5, -1.0, -1.0])
    sums = (model.conv1.weight.sum(dim=(2, 3)) * colour).sum(dim=1)
    assert truths["1c"].answer == "flat" and dict(truths["1c"].facts)["size"] == f"{sums.abs().mean():.2f}"
    x = scenes.scene("resnet10", "BUILT_IN").x
    with torch.no_grad():
        old, new = (model.maxpool(model.bn1(model.conv1(y)).relu()) for y in (x, x.roll(4, dims=3)))
    assert torch.allclose(new[..., 3:-3, 4:-3], old[..., 3:-3, 3:-4], atol=1e-4)
    assert not torch.allclose(new[..., 3:-3, 3:-3], old[..., 3:-3, 3:-3], atol=1e-1)
    assert truths["2d"].answer == "moves"


def test_how_many_parameters_a_head_has_and_what_learns(truths: dict[str, Truth]) -> None:
    model = plain()
    backbone, last = count(model) - count(model.fc), count(model.layer4)
    assert truths["3a"].value == 512 * 10 + 10 and count(model.fc) == 512 * 1000 + 1000
    assert dict(truths["3b"].facts)["old"] == "513,000"
    sizes = {"new": 512 * 4 + 4, "first": count(model.conv1, model.bn1), "old": 513_000, "last": last}
    assert truths["3b"].order == tuple(sorted(sizes, key=sizes.__getitem__))
    assert truths["5a"].value == pytest.approx(100 * 5130 / (backbone + 5130))
    kept = {"linear_probe": 2052, "last_stage": 2052 + last, "full": 2052 + backbone}
    assert truths["8a"].order == tuple(kept)
    assert dict(truths["8a"].facts) == {name: f"{n:,}" for name, n in kept.items()}
    facts = dict(truths["3c"].facts)
    assert truths["3c"].answer == "even" and facts["even"] == f"{math.log(4):.2f}"
    assert 25 <= float(facts["sure"].split()[0]) < 62.5


def test_what_a_frozen_step_costs_counted_by_hand(truths: dict[str, Truth]) -> None:
    model, forward, first = plain(), 0, 0
    model.fc = nn.Linear(512, 4)

    def counted(layer: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        nonlocal forward, first
        cost = output.numel() * layer.weight[0].numel()  # multiplications
        forward, first = forward + cost, first or cost

    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(counted)
    with torch.no_grad():
        model(torch.zeros(1, 3, 96, 96))
    full = 3 * forward - first  # backward twice: to the weights and to what came in, but not to the pixels
    assert truths["4b"].value == pytest.approx(100 * (forward + 512 * 4) / full, rel=1e-4)
    assert dict(truths["4b"].facts)["cached"] == f"{100 * 2 * 512 * 4 / full:.2g} %"


def test_adamw_by_its_formula(truths: dict[str, Truth]) -> None:
    """Adam's first step is rate · g/|g|; after a zero gradient m̂ = 0.09 g / 0.19 and v̂ = 0.000999 g² / 0.001999."""
    assert truths["6a"].value == pytest.approx(0.001, rel=0.01)
    again = 0.001 * (0.09 / 0.19) / math.sqrt(0.000999 / 0.001999)
    facts = dict(truths["4c"].facts)
    assert truths["4c"].answer == "zeros" and float(facts["none"]) == 0
    assert float(facts["zeros"]) == pytest.approx(again, abs=1e-4)


def test_what_still_moves_is_what_batchnorm_counts(truths: dict[str, Truth]) -> None:
    scene, model = scenes.scene("resnet10", "BUILT_IN"), plain()
    before = model.bn1.running_mean.clone()
    with torch.no_grad():
        mean = model.conv1(scene.x).mean(dim=(0, 2, 3))
        model.train()(scene.x)
    assert torch.allclose(model.bn1.running_mean, 0.9 * before + 0.1 * mean, atol=1e-5)
    facts = dict(truths["4d"].facts)
    assert truths["4d"].answer == "statistics" and float(facts["weights"]) == 0
    layers = {name: t for name, t in plain().state_dict().items() if "running" in name}
    far = max((t - layers[name]).abs().max().item() for name, t in model.state_dict().items() if name in layers)
    assert float(facts["statistics"]) == pytest.approx(far, rel=0.01)


def test_accuracies_intervals_and_pairs_from_the_tables_of_the_runs(
    truths: dict[str, Truth], ids: dict[str, str]
) -> None:
    said = {word: right(run) for word, run in ids.items()}
    n = len(said["probe"])
    a, b = said["far_probe"], said["far_full"]
    assert len(a) == 400 and b.mean() - a.mean() > 0.2, "the win that steps 6 to 8 are about"
    assert n == 306
    for code, this, other in (("1a", "probe", "random"), ("6d", "hot", "full")):
        facts, (a, b) = dict(truths[code].facts), (said[this], said[other])
        assert truths[code].value == pytest.approx(100 * a.mean()) and facts["other"] == f"{100 * b.mean():.1f} %"
        assert facts["interval"] == between(int(a.sum()), n) and facts["other_interval"] == between(int(b.sum()), n)
        fixed, broken = int((b & ~a).sum()), int((a & ~b).sum())
        assert (facts["fixed"], facts["broken"]) == (str(fixed), str(broken))
        assert float(facts["p"]) == pytest.approx(binomtest(fixed, fixed + broken).pvalue, rel=0.05)
    assert truths["1a"].value > 65 and truths["6d"].value < 50  # what the texts are about
    a, b, facts = said["probe"], said["last_stage"], dict(truths["7c"].facts)
    fixed, broken = int((b & ~a).sum()), int((a & ~b).sum())
    p = binomtest(fixed, fixed + broken).pvalue
    assert truths["7c"].answer == ("not_shown" if p >= 0.05 else "second" if fixed > broken else "first")
    assert (facts["fixed"], facts["broken"], facts["agree"]) == (str(fixed), str(broken), str(int((a == b).sum())))
    assert facts["a_interval"] == between(int(a.sum()), n) and facts["b_interval"] == between(int(b.sum()), n)
    low, high = binomtest(int(a.sum()), n).proportion_ci(method="wilson")
    again = said["probe_again"].mean()
    assert truths["8d"].answer == ("inside" if low <= again <= high else "outside")
    own = json.loads((runs.folder(ids["probe"]) / "run.json").read_text())["train"]
    assert truths["5d"].value == pytest.approx(100 * own["correct"] / own["n"]) and own["n"] == 425


def test_a_paired_test_puts_no_image_through_a_network(ids: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader of 7c waited for the similarity of every stage with those of five random networks, of which nothing is told."""
    monkeypatch.setattr(compute, "network", None)
    monkeypatch.setattr(compute, "pictures", None)
    assert truth("7c", ids).answer


def test_how_many_images_by_solving_wilson_s_formula(truths: dict[str, Truth], ids: dict[str, str]) -> None:
    p, z = right(ids["probe"]).mean(), 1.959963984540054

    def half(n: float) -> float:
        return z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)

    need = truths["8c"].value
    assert half(1.01 * need) < 0.02 < half(0.99 * need)
    finer = int(dict(truths["8c"].facts)["finer"].replace(",", ""))
    assert finer == pytest.approx(4 * need, rel=0.02)


def test_what_moved_and_what_stayed_from_the_tensors_of_the_runs(truths: dict[str, Truth], ids: dict[str, str]) -> None:
    kept, found = stored(ids["probe"], "features"), before_and_after(ids["probe"])
    assert all(np.array_equal(*found[s]) and found[s][0].shape == kept[f"before/{s}"].shape for s in ROW.stage_names)
    assert not any(np.array_equal(*pair) for pair in before_and_after(ids["full"]).values())
    x = compute.inputs(ids["probe"], 0, 4)
    with torch.no_grad():
        model = plain()
        stem = model.maxpool(model.relu(model.bn1(model.conv1(x)))).mean(dim=(2, 3))
    np.testing.assert_allclose(found["stem"][0][:4], stem.numpy(), atol=1e-5)
    assert all(np.array_equal(kept[f"before/{s}"], kept[f"after/{s}"]) for s in ROW.stage_names)
    assert truths["5b"].answer == "none" and dict(truths["5b"].facts)["far"] == "0"
    assert dict(truths["5b"].facts)["numbers"] == f"{sum(kept[f'after/{s}'].size for s in ROW.stage_names):,}"
    far = _lengths(stored(ids["hot"], "learned"))
    assert dict(truths["6d"].facts)["hot_far"] == f"{100 * max(far.values()):.1f} %"
    far = _lengths({n: t.detach().numpy() for n, t in compute.network(ids["far_full"]).model.named_parameters()})
    assert truths["6b"].answer == max(far, key=far.__getitem__)
    assert all(f"{s} {100 * share:.1f} %" in dict(truths["6b"].facts)["listed"] for s, share in far.items())
    assert all(name.rpartition("/")[2].startswith(("layer4", "fc")) for name in stored(ids["last_stage"], "learned"))
    assert truths["7d"].answer == "same" and dict(truths["7d"].facts)["changed"] == "0"
    assert int(dict(truths["7d"].facts)["last_changed"]) > 100


@pytest.mark.parametrize(
    "name, first",
    [("bn1.running_mean", "stem"), ("layer2.0.conv1.weight", "layer2"), ("layer4.0.bn2.running_var", "layer4")],
)
def test_one_weight_or_statistic_that_is_another_is_found(name: str, first: str, small_probe: str) -> None:
    """What a run stores of its frozen stages knows nothing of it: both copies there were made before it learned."""
    run = runs.folder(small_probe)
    tensor = load_file(ASSET)[name].astype(np.float32)
    tensor.flat[1] += 0.01 + 0.5 * abs(tensor.flat[1])
    save_file(load_file(run / "learned.safetensors") | {name: tensor}, run / "learned.safetensors")
    check = CHECKS["5b"]
    assert check_truth("5b", "en", "resnet10", "BUILT_IN", {"probe": small_probe}, check.digest).answer != "none"
    found = beside_start(small_probe)
    at = found.stages.index(first)
    assert found.largest[:at] == (0.0,) * at and min(found.largest[at:]) > 0 and not found.map.unmoved


@pytest.fixture
def small_probe(tiny: dict[str, Any]) -> str:
    """A probe on the built-in backbone with few and small pictures."""
    run = runs.create(make(**tiny | {"weights": "BUILT_IN", "strategy": "linear_probe", "epochs": 1}))
    train(run)
    return run


def _lengths(learned: dict[str, np.ndarray]) -> dict[str, float]:
    """‖after - before‖ / ‖before‖ of each stage, from the files."""
    old = {name: t for name, t in load_file(ASSET).items() if not name.endswith(("mean", "var", "tracked"))}
    found = {}
    for stage in ROW.stage_names:
        names = [n for n in old if n.startswith(("conv1", "bn1") if stage == "stem" else stage)]
        square = sum(float(np.square(learned[n].astype(float) - old[n].astype(float)).sum()) for n in names)
        found[stage] = math.sqrt(square / sum(float(np.square(old[n].astype(float)).sum()) for n in names))
    return found


def test_cka_by_the_unbiased_formula_written_out(truths: dict[str, Truth], ids: dict[str, str]) -> None:
    """HSIC = (tr KL + 1'K1 1'L1 / ((n-1)(n-2)) - 2 1'KL1 / (n-2)) / (n(n-3)), K and L with zero diagonals."""
    grams = []
    for word in ("probe", "last_stage"):
        x = stored(ids[word], "features")["after/layer4"].astype(float)
        grams.append(x @ x.T)
        np.fill_diagonal(grams[-1], 0)
    n = len(grams[0])

    def hsic(k: np.ndarray, m: np.ndarray) -> float:
        both = k.sum() * m.sum() / ((n - 1) * (n - 2))
        return float((k * m).sum() + both - 2 * (k.sum(axis=0) @ m.sum(axis=1)) / (n - 2)) / (n * (n - 3))

    k, m = grams
    assert truths["7a"].value == pytest.approx(100 * hsic(k, m) / math.sqrt(hsic(k, k) * hsic(m, m)), rel=1e-4)


def test_a_stage_set_back_by_hand(truths: dict[str, Truth], ids: dict[str, str]) -> None:
    model = plain()
    model.fc = nn.Linear(512, 8)
    model.load_state_dict(compute.network(ids["far_full"]).model.state_dict())
    x, labels = compute.inputs(ids["far_full"], 0, 400), runs.predictions(ids["far_full"]).labels

    def accuracy() -> float:
        with torch.inference_mode():
            return float((model(x).argmax(dim=1).numpy() == labels).mean())

    facts = {name: float(value.split()[0]) for name, value in truths["6c"].facts if value.endswith(" %")}
    assert 100 * accuracy() == pytest.approx(facts["base"], abs=0.7)
    own = {name: t for name, t in plain().state_dict().items() if name.startswith("layer1")}
    model.load_state_dict(own, strict=False)
    assert 100 * accuracy() == pytest.approx(facts["start"], abs=0.7)
    fresh = ResNet(BasicBlock, [1, 1, 1, 1]).state_dict()
    model.load_state_dict({name: t for name, t in fresh.items() if name.startswith("layer1")}, strict=False)
    lost = facts["base"] - 100 * accuracy()
    assert lost > facts["base"] / 4 and truths["6c"].answer != "stays"  # other random weights, the same ruin


def test_every_class_has_a_map_by_a_gradient_taken_here(truths: dict[str, Truth], ids: dict[str, str]) -> None:
    model = plain()
    model.fc = nn.Linear(512, 17)
    model.load_state_dict({n: torch.from_numpy(t) for n, t in stored(ids["probe"], "learned").items()}, strict=False)
    x = compute.inputs(ids["probe"], 0).clone().requires_grad_()
    logits = model(x)[0]
    sums = [torch.autograd.grad(logits[k], x, retain_graph=True)[0].abs().amax(dim=1).sum().item() for k in range(17)]
    own = int(runs.predictions(ids["probe"]).labels[0])
    drawn = sum(value >= 0.01 * sums[own] for k, value in enumerate(sums) if k != own)
    facts = dict(truths["7b"].facts)
    assert truths["7b"].answer == ("map" if drawn >= 8 else "blank") and facts["drawn"] == str(drawn)
    likely = 100 * functional.softmax(logits, dim=0)[own].item()
    assert float(facts["likely"].split()[0]) == pytest.approx(likely, abs=0.2)


def test_what_pre_training_adds_is_read_from_its_own_numbers(truths: dict[str, Truth]) -> None:
    facts = {name: [float(part.split()[0]) for part in words.split(" against ")] for name, words in truths["8b"].facts}
    assert truths["8b"].order == tuple(sorted(facts, key=lambda name: facts[name][0] - facts[name][1]))
    assert truths["8b"].order[-1] == "photo_patches_grey"
    patches = float(dict(truths["1a"].facts)["this"].split()[0])
    assert facts["photo_patches"][0] == pytest.approx(patches, abs=15)  # the same backbone, head and pictures, larger


def test_what_was_forgotten_shows_on_digits_with_a_head_fitted_here(
    truths: dict[str, Truth], ids: dict[str, str]
) -> None:
    data, test = probing.few("digits")
    assert len(data.train) == len(test) == 100
    pixels = [
        torch.from_numpy(part.pixels(Preprocessing(64, 64))).permute(0, 3, 1, 2) / 255 for part in (data.train, test)
    ]
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    facts, right = dict(truths["6d"].facts), {}
    for word in ("old", "full", "hot"):
        model = plain()
        model.fc = nn.Identity()
        if word != "old":
            learned = {
                n: torch.from_numpy(t) for n, t in stored(ids[word], "learned").items() if not n.startswith("fc")
            }
            model.load_state_dict(learned, strict=False)
        with torch.no_grad():
            seen, held = (model((x - mean) / std).numpy() for x in pixels)
        head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(seen, data.train.labels)
        right[word] = 100 * head.score(held, test.labels)
    told = {"old": "old", "full": "cool", "hot": "hot"}
    for word, value in right.items():
        assert float(facts[f"{told[word]}_elsewhere"].split()[0]) == pytest.approx(value, abs=2), word
    assert facts["elsewhere_n"] == "100" and right["hot"] < right["old"] - 10, "what the concept of forgetting says"


# Lines of code


@pytest.mark.parametrize("code", ["4a", "6e"])
def test_a_bug_fails_its_test_and_its_mend_passes(code: str) -> None:
    wrong, mended = tried(code, []), tried(code, [0])
    assert not wrong.passed and mended.passed and not wrong.error + mended.error
    assert wrong.output != mended.output
    check = CHECKS[code]
    assert {str(i + 1) for i in range(len(check.wrong.code.split("\n")))} == set(check.reasons)


@pytest.mark.parametrize("code, moves", [("4a", (True, False)), ("6e", (False, True)), ("5c", (False,))])
def test_the_tests_of_lines_say_moved_where_weights_moved(code: str, moves: tuple[bool, ...]) -> None:
    check = CHECKS[code]
    for part, moved in zip([p for p in (check.wrong, check.right) if p], moves, strict=True):
        names = scenes.scene("resnet10", "BUILT_IN").names()
        inside = {id(p) for p in names["head"].parameters()}
        old = {name: p.detach().clone() for name, p in names["model"].named_parameters()}
        carry_out(part.code, "a.md", 1, names)
        backbone = [(old[n], p) for n, p in names["model"].named_parameters() if id(p) not in inside]
        head = [(old[n], p) for n, p in names["model"].named_parameters() if id(p) in inside]
        assert any(not torch.equal(a, b) for a, b in backbone) == moved
        assert all(not torch.equal(a, b) for a, b in head)


@pytest.mark.parametrize("order", [RIGHT, [1, 0, 2, 3, 4, 5], [0, 1, 2, 4, 3, 5]])
def test_an_order_of_lines_that_works_passes(order: list[int]) -> None:
    found = tried("5c", order)
    assert found.passed and not found.error


@pytest.mark.parametrize(
    "order, said",
    [
        ([0, 2, 1, 3, 4, 5], "in train mode: the head False"),
        ([3, 0, 1, 2, 4, 5], "38 in the optimizer"),
        ([4, 0, 1, 2, 3, 5], "38 with a gradient"),
        ([0, 1, 2, 3, 5, 4], "0 moved"),
        ([2, 0, 1, 3, 4, 5], "Line 4: ValueError: optimizer got an empty parameter list"),
        ([0, 1, 4, 2, 3, 5], "Line 3: RuntimeError: element 0 of tensors does not require grad"),
        ([5, 0, 1, 2, 3, 4], "Line 1: NameError: name 'optimizer' is not defined"),
    ],
)
def test_an_order_that_does_not_work_says_why(order: list[int], said: str) -> None:
    found = tried("5c", order)
    assert not found.passed and said in found.output + found.error


def test_lines_change_no_model() -> None:
    scene = scenes.scene("resnet10", "BUILT_IN")
    old = {name: tensor.clone() for name, tensor in scene.model.state_dict().items()}
    for code in ("4a", "6e", "5c"):
        tried(code, RIGHT if code == "5c" else [0])
    assert all(torch.equal(tensor, old[name]) for name, tensor in scene.model.state_dict().items())
    assert not scene.model.training and all(p.requires_grad and p.grad is None for p in scene.model.parameters())


# What is refused


def test_only_the_checks_own_questions_are_answered() -> None:
    def asked(code: str, language: str = "en", backbone: str = "resnet10", digest: str = "") -> Truth:
        known = CHECKS[code].digest if code in CHECKS else ""
        return check_truth(code, language, backbone, "BUILT_IN", {}, digest or known)

    with pytest.raises(ExplorerError, match=r"Unknown check '\.\./evil'"):
        asked("../evil")
    with pytest.raises(ExplorerError, match=r"Unknown language '\.\./x'"):
        asked("1b", language="../x")
    with pytest.raises(ExplorerError, match="Unknown backbone 'EVIL'"):
        asked("1b", backbone="EVIL")
    with pytest.raises(ExplorerError, match="1b was changed a moment ago. Load the page again"):
        asked("1b", digest="0" * 16)
    with pytest.raises(ExplorerError, match="4a is decided by running code. Ask with `try_lines`"):
        asked("4a")
    with pytest.raises(ExplorerError, match=r"run 'probe', which is not there \(there are: none\). Let it run first"):
        asked("5b")


def test_only_the_checks_own_lines_are_carried_out() -> None:
    def asked(code: str, order: list[int], digest: str = "", backbone: str = "resnet10") -> Any:
        known = CHECKS[code].digest if code in CHECKS else ""
        return try_lines(code, "en", backbone, "BUILT_IN", order, digest or known)

    for order in ([], [0, 1, 2, 3, 4], [0, 0, 1, 2, 3, 4], [1, 2, 3, 4, 5, 6], [-1, 0, 1, 2, 3, 4]):
        with pytest.raises(ExplorerError, match="does not hold each of the 6 lines once. Put them in order again"):
            asked("5c", order)
    with pytest.raises(ExplorerError, match="Unknown check 'import os'"):
        asked("import os", [])
    with pytest.raises(ExplorerError, match="5c was changed a moment ago"):
        asked("5c", RIGHT, digest="0" * 16)
    with pytest.raises(ExplorerError, match="1b has no lines to run. Ask with `check_truth`"):
        asked("1b", [])
    with pytest.raises(ExplorerError, match="Unknown backbone 'EVIL'"):
        asked("4a", [], backbone="EVIL")


# Other backbones


def small(backbone: str, n: int, side: int) -> Scene:
    """The scene of a backbone of random weights with fewer and smaller pictures."""
    scene = scenes.scene(backbone, "random")
    x, pictures = scene.x[:n, :, :side, :side].contiguous(), scene.pictures[:n, :side, :side]
    return Scene(scene.row, scene.weights, scene.model, x, scene.y[:n], pictures)


SLOW = ("4c", "6a")  # full steps of learning: too long here for a transformer of 86 million weights


@pytest.mark.parametrize("backbone, n, side", [("squeezenet1_1", 4, 96), ("vit_b_16", 1, 224)])
def test_on_other_backbones_a_check_is_answered_or_says_what_to_do(
    backbone: str, n: int, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, row = small(backbone, n, side), BACKBONES[backbone]
    monkeypatch.setattr(scenes, "scene", lambda *arguments: scene)
    refused = {}
    for code in ASKED:
        check = CHECKS[code]
        if check.truth[0] == "gains" or (check.runs and code != "8a") or (backbone == "vit_b_16" and code in SLOW):
            continue
        try:
            found = check_truth(code, "en", backbone, "random", {}, check.digest)
        except ExplorerError as error:
            refused[code] = str(error)
            continue
        assert found.answer in (check.options or row.stage_names) or found.order or found.value >= 0
        assert set(places(check.explained)) <= set(dict(found.facts))
        if check.kind == "guess":
            assert check.low <= found.value <= check.high
    assert all("Choose" in words for words in refused.values())
    assert set(refused) == {"squeezenet1_1": {"4d"}, "vit_b_16": {"2a", "2b", "4d"}}[backbone]


def test_on_a_backbone_without_batchnorm_lines_do_what_they_do_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = small("squeezenet1_1", 4, 96)
    monkeypatch.setattr(scenes, "scene", lambda *arguments: scene)
    for code in ("4a", "6e"):
        assert (
            not tried(code, [], "squeezenet1_1", "random").passed and tried(code, [0], "squeezenet1_1", "random").passed
        )
    assert tried("5c", RIGHT, "squeezenet1_1", "random").passed
    assert not tried("5c", [0, 2, 1, 3, 4, 5], "squeezenet1_1", "random").passed


@pytest.mark.parametrize("name, old", [("vgg16", 123_642_856), ("squeezenet1_1", 513_000), ("vit_b_16", 769_000)])
def test_the_head_that_was_taken_off_is_counted_by_torchvision_alone(name: str, old: int) -> None:
    with torch.device("meta"):
        model = models.get_model(name, weights=None)
    head = {"vgg16": "classifier", "squeezenet1_1": "classifier", "vit_b_16": "heads"}[name]
    assert count(getattr(model, head)) == old
    found = check_truth("3b", "en", name, "random", {}, CHECKS["3b"].digest)
    assert dict(found.facts)["old"] == f"{old:,}"


# Files that cannot be used

CHOICE = """---
code: 1a
kind: choice
title: A title
truth: plain_card
related: seed
---
A question?

## options
- a: one
- b: two

## reasons
- a: not one
- b: not two

## explained
Because.

## look
There.
"""
GUESS = """---
code: 1a
kind: guess
title: A title
truth: first_filter
unit: weights
within: 10 %
low: 1
high: 9
related: seed
---
A question?

## explained
Because.

## look
There.
"""
BUG = """---
code: 1a
kind: bug
title: A title
related: seed
---
A question?

## buggy
```python
a = 1
b = 2
```

## fixed
```python
a = 1
b = 3
```

## test
```python
b == 3
```

## reasons
- *: not this

## explained
Because.

## look
There.
"""
LINES = """---
code: 1a
kind: lines
title: A title
related: seed
---
A question?

## lines
```python
a = 1
b = a
```

## test
```python
b
```

## explained
Because.

## look
There.
"""
SEVEN = "\n".join(f"a = {i}" for i in range(7))


@pytest.mark.parametrize(
    "text, old, new, said",
    [
        (CHOICE, "kind: choice", "kind: riddle", "line 3: unknown kind 'riddle'. Known: choice, guess, order, bug, lines."),
        (CHOICE, "code: 1a", "code: 1aa", "line 2: '1aa' is no code of a check; one looks like 4a."),
        (CHOICE, "truth: plain_card\n", "", "line 1: the fact 'truth' is missing."),
        (CHOICE, "title: A title", "titel: A title", "line 4: unknown fact 'titel'."),
        (CHOICE, "A question?", "", "line 7: the question is missing. Write it before the first section."),
        (CHOICE, "- b: two", "b is two", "line 12: a line of 'options' has the form `- key: words`."),
        (CHOICE, "- b: two", "- a: two", "line 12: the key 'a' stands here a second time."),
        (CHOICE, "- b: not two\n", "", "line 15: there is no reason for b. Write one, or one for all as `- *: …`."),
        (CHOICE, "- b: not two", "- c: not", "line 15: a reason is given for 'c', which is no answer. Answers: a, b."),
        (CHOICE, "## explained\nBecause.\n", "", "line 1: the section 'explained' is missing or empty."),
        (CHOICE, "## explained", "## because", "line 19: unknown section 'because'."),
        (GUESS, "## look\nThere.\n", "", "the section 'look' is missing or empty."),
        (GUESS, "## look", "## cases\n- many\n\n## look", "line 18: a case has the form `- name=value, name=value`"),
        (GUESS, "## look", "## cases\n- a=1\n- b=1\n\n## look", "line 18: all cases must name the same things."),
        (GUESS, "within: 10 %", "within: about 3", "line 7: `within` is a number such as `5`, or a share such as `20 %`."),
        (GUESS, "low: 1", "low: few", "line 8: the fact 'low' is 'few', which is no number."),
        (GUESS, "unit: weights\n", "", "line 1: the fact 'unit' is missing."),
        (BUG, "b = 3", "b = 2", "the fixed version must differ from the buggy one in exactly one line."),
        (BUG, "a = 1\nb = 3", "a = 2\nb = 3", "the fixed version must differ from the buggy one in exactly one line."),
        (BUG, "- *:", "- 3:", "line 27: a reason is given for '3', which is no answer. Answers: 1, 2."),
        (LINES, "b = a", "a = 1", "line 11: two of these lines are equal, so their order cannot be told."),
        (LINES, "b = a", "b = = a", "line 12: this is no Python"),
        (LINES, "a = 1\nb = a", SEVEN, "line 11: the code has 7 lines; 1 to 6 are allowed."),
        (LINES, "```python\nb\n```", "b", "the section 'test' must hold one block that begins with ```python."),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_named_with_line_and_reason(
    tmp_path: Path, text: str, old: str, new: str, said: str
) -> None:
    (tmp_path / "bad.md").write_text(text.replace(old, new, 1), encoding="utf-8")
    (tmp_path / "good.md").write_text(GUESS.replace("1a", "2a"), encoding="utf-8")
    found = read_checks(tmp_path)
    assert list(found.by_name) == ["2a"] and len(found.faults) == 1
    assert found.faults[0].startswith("bad.md, line ") and said in found.faults[0]


def test_of_two_checks_with_one_code_the_second_is_left_out_and_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text(GUESS, encoding="utf-8")
    found = read_checks(tmp_path)
    assert found.by_name["1a"].file.name == "a.md" and found.faults == ("b.md: the check 1a is a.md already.",)


def test_a_check_that_asks_for_an_unknown_truth_says_where_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd.md").write_text(GUESS.replace("first_filter", "phase_of_moon"), encoding="utf-8")
    found = read_checks(tmp_path)
    monkeypatch.setattr(texts, "checks", lambda language="en": found)
    with pytest.raises(ExplorerError, match=r"Unknown truth 'phase_of_moon'.*Correct the fact `truth` in odd\.md"):
        check_truth("1a", "en", "resnet10", "BUILT_IN", {}, found.by_name["1a"].digest)


def test_the_places_of_a_case_are_filled(tmp_path: Path) -> None:
    text = GUESS.replace("A question?", "Of {many}?").replace("first_filter", "first_filter {many}")
    (tmp_path / "a.md").write_text(text.replace("## look", "## cases\n- many=1\n- many=8\n\n## look"), encoding="utf-8")
    one, other = read_checks(tmp_path).by_name["1a"].cases
    assert (one.question, other.question, other.truth) == ("Of 1?", "Of 8?", ("first_filter", "8"))
    assert one.digest != other.digest and not other.others


def test_a_guess_is_near_by_a_share_or_by_a_number(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(GUESS, encoding="utf-8")
    (tmp_path / "b.md").write_text(GUESS.replace("10 %", "5").replace("1a", "1b"), encoding="utf-8")
    share, number = read_checks(tmp_path).by_name.values()
    assert share.close(90, 100) and share.close(110, 100) and not share.close(89, 100) and not share.close(112, 100)
    assert number.close(95, 100) and not number.close(94.9, 100)
