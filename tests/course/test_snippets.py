"""Every snippet of the glossary is carried out, on the built-in backbone and some on others; failures are put in words."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from spending import within

from explorer.answers import load, save
from explorer.catalogue import BACKBONES
from explorer.course import texts
from explorer.course.compute.snippet_handlers import run_snippet, snippet_pictures
from explorer.course.compute.snippets import charts, scenes
from explorer.course.compute.snippets.running import LINES, Ran, run
from explorer.course.compute.snippets.scenes import Scene, opening
from explorer.course.question.snippets import Snippet
from explorer.errors import ExplorerError

pytestmark = pytest.mark.long(80)

TERMS = texts.terms().by_name
LONGEST = 2.0


def answer(term: str, backbone: str = "resnet10", weights: str = "BUILT_IN") -> Snippet:
    digest = texts.digest(TERMS[term].snippet.code)
    return run_snippet(term, "en", backbone, weights, digest)


@cache
def answered(term: str) -> Snippet:
    """What several tests look at, carried out once, and quickly."""
    return within(LONGEST, lambda: answer(term))


def tried(code: str, **named: Any) -> Ran:
    return run(code, "a.md", 5, scenes.scene("resnet10", "BUILT_IN"), **named)


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """What a worker has loaded before the first question."""
    import sklearn.manifold
    import torchvision.transforms.v2  # noqa: F401  (both are imported by a snippet each)

    assert sklearn.manifold.trustworthiness
    scenes.scene("resnet10", "BUILT_IN")


@pytest.mark.parametrize("term", TERMS)
def test_every_snippet_runs_on_the_built_in_backbone(term: str) -> None:
    found = answered(term)
    assert found.output and "nan" not in found.output and found.weights == "BUILT_IN"
    assert ("picture =" in TERMS[term].snippet.code or "picture[" in TERMS[term].snippet.code) == bool(
        found.picture.size
    )
    if found.picture.size:
        assert found.picture.dtype == np.uint8 and found.low < found.high


@pytest.mark.parametrize("backbone", ["vgg11_bn", "vit_b_16"])
@pytest.mark.parametrize("term", ["batchnorm_statistics", "grad_cam", "requires_grad", "discriminative_rates"])
def test_on_other_backbones_a_snippet_runs_or_says_why_not(
    backbone: str, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scenes.scene(backbone, "random")
    small = Scene(scene.row, scene.weights, scene.model, scene.x[:2], scene.y[:2], scene.pictures[:2])
    monkeypatch.setattr(scenes, "scene", lambda *arguments: small)
    if misfit := TERMS[term].misfit(BACKBONES[backbone]):
        assert backbone == "vit_b_16"
        with pytest.raises(ExplorerError, match=misfit[:30]):
            answer(term, backbone, "random")
    else:
        assert answer(term, backbone, "random").output


def test_the_outputs_are_what_the_texts_claim() -> None:
    assert answered("requires_grad").output.split("\n") == [
        "at first: True",
        "after model.requires_grad = False: True",
        "after model.requires_grad_(False): False",
    ]
    said = answered("batchnorm_statistics").output
    assert (
        "train(False): running mean moved by 0.0000" in said and "train(True): running mean moved by 0.0000" not in said
    )
    assert "None" in answered("freezing").output
    assert answered("train_mode").output == "eval mode:  True\ntrain mode: False"
    assert (
        "by hand" in (loss := answered("loss").output) and len({line.split()[-1] for line in loss.split("\n")[:2]}) == 1
    )
    before, after = (float(line.split()[-1]) for line in answered("lp_ft").output.split("\n"))
    assert after < before / 5
    noise, turned = (float(line.split()[-1]) for line in answered("procrustes").output.split("\n"))
    assert turned < 0.001 < 0.1 < noise < 0.7, "fitted on what it is judged on, noise comes near"
    assert "no gradient: 1.0000" in answered("weight_decay").output
    same, _, noise = (float(line.split()[-1]) for line in answered("cka").output.split("\n"))
    assert same == 1 and noise > 0.9
    one, two, other = answered("seed").output.replace("seed", "").split("\n")
    assert one == two != other
    assert "zeros: 0.9900" in answered("weight_decay").output
    assert "2 of " not in (said := answered("freeze_audit").output) and "'fc.weight', 'fc.bias'" in said
    assert len(answered("epoch").output.split("\n")) == 6, "two epochs of three steps"
    learned, new = eval(answered("overfitting_gap").output)
    assert new > learned + 0.5, "a gap is seen"


def test_the_same_question_has_the_same_answer_and_changes_no_model() -> None:
    scene = scenes.scene("resnet10", "BUILT_IN")
    old = {name: tensor.clone() for name, tensor in scene.model.state_dict().items()}
    state = torch.random.get_rng_state()
    first, second = answer("catastrophic_forgetting"), answer("catastrophic_forgetting")
    assert first.output == second.output
    assert all(torch.equal(tensor, old[name]) for name, tensor in scene.model.state_dict().items())
    assert not scene.model.training and all(p.requires_grad and p.grad is None for p in scene.model.parameters())
    assert torch.equal(torch.random.get_rng_state(), state)


def files(folder: Path, backbone: str = "resnet10", weights: str = "BUILT_IN") -> None:
    """What a reader downloads beside the opening lines."""
    Image.fromarray(snippet_pictures(backbone, weights).strip).save(folder / scenes.PICTURES)
    if weights == "BUILT_IN":
        shutil.copy(BACKBONES[backbone].weights_path(weights), folder)


@pytest.mark.parametrize("backbone", ["resnet10", "vgg11_bn", "squeezenet1_1", "convnext_tiny", "mobilenet_v3_small"])
def test_the_opening_lines_build_the_very_model(backbone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row, scene = BACKBONES[backbone], scenes.scene(backbone, "random")
    files(tmp_path, backbone, "random")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(opening(row, "random"), names)
    assert torch.allclose(names["x"], scene.x, atol=1e-5) and torch.equal(names["y"], scene.y)
    model = names["model"]
    model.load_state_dict(scene.model.state_dict())
    x = scene.x[:1, :, :96, :96]
    with torch.no_grad():
        assert torch.equal(model(x), scene.model(x))
        assert torch.equal(names["head"](names["features"](x)), model(x))
    assert not model.training and list(names["stages"]) == list(row.stage_names)


ALONE = """
import contextlib, io, json, pathlib, sys
from torch.nn import init
assert not any("explorer" in path for path in sys.path)
opening, codes = json.loads(pathlib.Path("snippets.json").read_text())
opening, found = compile(opening, "opening", "exec"), {}
drawing = {name: getattr(init, name) for name in ("kaiming_normal_", "kaiming_uniform_")}
for name, code in codes.items():
    printed, names = io.StringIO(), {"__name__": "__main__"}
    with contextlib.redirect_stdout(printed):
        for kind, draw in drawing.items():  # not what the opening's file of weights replaces, which takes longer than the rest
            setattr(init, kind, lambda x, *a, draw=draw, **k: x if x.numel() > 10_000 else draw(x, *a, **k))
        exec(opening, names)
        for kind, draw in drawing.items():
            setattr(init, kind, draw)
        exec(compile(code, name, "exec"), names)
    found[name] = printed.getvalue()
assert "explorer" not in sys.modules
print(json.dumps(found))
"""


def test_every_snippet_with_its_opening_runs_in_a_bare_process_in_another_folder(tmp_path: Path) -> None:
    """What the page says of the opening lines: paste them before the snippet, beside the files, and it runs without Thaw."""
    files(tmp_path)
    first = opening(BACKBONES["resnet10"], "BUILT_IN")
    codes = {name: row.snippet.code for name, row in TERMS.items()}
    codes |= {f"step {row.order}": row.snippet.code for row in texts.lessons().by_name.values() if row.snippet}
    (tmp_path / "snippets.json").write_text(json.dumps([first, codes]))
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "THAW"))}
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE], cwd=tmp_path, env=bare, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr[-2000:]
    printed = json.loads(done.stdout.splitlines()[-1])
    assert printed.keys() == codes.keys()
    for name in codes:
        ours = answered(name).output if name in TERMS else ran(int(name.split()[1]))
        assert timeless(printed[name]) == timeless(ours), name


def timeless(output: str) -> str:
    """Without what hangs on the clock."""
    return re.sub(r"[\d.]+ ms", "… ms", output).strip()


def ran(order: int) -> str:
    row = next(row for row in texts.lessons().by_name.values() if row.order == order)
    return tried(row.snippet.code).output


def test_the_batch_is_two_pictures_of_each_of_four_classes() -> None:
    scene = scenes.scene("resnet10", "BUILT_IN")
    assert scene.x.shape == (8, 3, 96, 96) and scene.y.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert len({picture.tobytes() for picture in scene.pictures}) == 8
    found = answered("head")
    assert found.batch.shape == (96, 8 * 96 + 7 * 6, 3)


def test_a_value_on_the_last_line_is_shown_as_in_a_notebook() -> None:
    assert tried("1 + 1").output == "2"
    assert tried("print('a')\n'b'").output == "a\n'b'"
    assert tried("None").output == "" and tried("a = 3").output == ""


def test_a_failing_snippet_is_named_with_its_line_in_the_file() -> None:
    with pytest.raises(ExplorerError, match=r"a\.md, line 6: .* ResNet-10 .*ZeroDivisionError: division by zero"):
        tried("a = 1\na / 0")
    with pytest.raises(ExplorerError, match=r"a\.md, line 5: .*RuntimeError"):
        tried("model(x[:, :2])")
    with pytest.raises(ExplorerError, match=r"line 5: .*`picture` has the shape \(2, 2, 2, 2\)"):
        tried("picture = torch.zeros(2, 2, 2, 2)")


def test_a_snippet_that_does_not_end_is_ended() -> None:
    start = time.monotonic()
    with pytest.raises(ExplorerError, match=r"a\.md, line [56]: .*longer than 0\.2 seconds"):
        tried("while True:\n    pass", seconds=0.2)
    assert time.monotonic() - start < 2
    time.sleep(0.25)  # the alarm is off
    assert tried("1").output == "1"


def test_long_output_is_cut() -> None:
    lines = tried("for i in range(100):\n    print(i)").output.split("\n")
    assert len(lines) == LINES + 1 and lines[-1] == "… and 40 lines more"


def test_pictures_keep_their_numbers() -> None:
    drawn = tried("picture = torch.tensor([[0.0, 1.0], [2.0, 4.0]])")
    assert (drawn.low, drawn.high) == (0.0, 4.0) and drawn.picture.shape == (120, 120)
    assert [int(drawn.picture[i, j]) for i in (0, 119) for j in (0, 119)] == [0, 64, 128, 255]
    tiles = tried("picture = torch.zeros(9, 60, 30)")
    assert tiles.picture.shape == (120, 8 * 60 + 7 * 6) and tiles.low == tiles.high == 0
    assert tried("picture = torch.rand(2, 3, 60, 60)").picture.shape == (120, 246, 3)


# Charts


def ink(picture: np.ndarray, colour: str) -> np.ndarray:
    """Where a chart has this colour, (h, w)."""
    return (picture == np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)).all(axis=2)


def test_numbers_by_name_become_bars_as_long_as_they_are_large() -> None:
    drawn = tried("picture = {'one': 1.0, 'two': torch.tensor(2.0), 'none': 0}")
    assert (drawn.low, drawn.high) == (0.0, 2.0) and drawn.picture.shape == (3 * charts.ROW + 12, charts.WIDE, 3)
    one, two, none = (int(ink(drawn.picture, "#0072B2")[6 + int(charts.ROW * (i + 0.5))].sum()) for i in range(3))
    assert abs(two - 2 * one) <= 3 and none <= 1 < one


def test_bars_below_zero_go_the_other_way() -> None:
    blue = ink(tried("picture = {'up': 1.0, 'down': -1.0}").picture, "#0072B2")
    up, down = (np.flatnonzero(blue[6 + int(charts.ROW * (i + 0.5))]) for i in range(2))
    assert down.max() <= up.min() and abs(len(up) - len(down)) <= 2


def test_lists_become_curves_and_points_marks() -> None:
    drawn = tried("picture = {'falls': [3.0, 2.0, 1.0], 'stays': torch.ones(3)}")
    assert (drawn.low, drawn.high) == (1.0, 3.0) and drawn.picture.shape == (charts.TALL, charts.WIDE, 3)
    rows = np.flatnonzero(ink(drawn.picture[40:], "#0072B2").any(axis=1))
    assert rows.max() - rows.min() > 150, "from the top of the axes to their floor"
    drawn = tried("picture = {'a': torch.tensor([[0.0, 0.0], [4.0, 9.0]]), 'b': torch.tensor([[2.0, 5.0]])}")
    assert (drawn.low, drawn.high) == (0.0, 9.0)
    below = ink(drawn.picture[40:], "#D55E00")
    assert below.any() and not below[:, :200].any() and not below[:, 340:].any(), "one mark, in the middle"


@pytest.mark.parametrize(
    "picture, said",
    [
        ("{}", "has 0 entries; 1 to 8"),
        ("dict.fromkeys(range(9), 1.0)", "has 9 entries"),
        ("{'a': 1.0, 'b': [1.0]}", "may hold finite numbers"),
        ("{'a': torch.zeros(2, 3)}", "may hold finite numbers"),
        ("{'a': float('nan')}", "may hold finite numbers"),
        ("{'a': []}", "may hold finite numbers"),
    ],
)
def test_what_cannot_be_drawn_as_a_chart_is_said(picture: str, said: str) -> None:
    with pytest.raises(ExplorerError, match=f"line 5: .*{said}"):
        tried(f"picture = {picture}")


def test_only_the_glossary_s_own_code_is_carried_out() -> None:
    digest = texts.digest(TERMS["cka"].snippet.code)
    with pytest.raises(ExplorerError, match="Unknown term '../evil'"):
        run_snippet("../evil", "en", "resnet10", "BUILT_IN", digest)
    with pytest.raises(ExplorerError, match="Unknown language '../../x'"):
        run_snippet("cka", "../../x", "resnet10", "BUILT_IN", digest)
    with pytest.raises(ExplorerError, match="was changed a moment ago"):
        run_snippet("cka", "en", "resnet10", "BUILT_IN", "0" * 16)
    with pytest.raises(ExplorerError, match="Unknown backbone"):
        run_snippet("cka", "en", "EVIL", "BUILT_IN", digest)


def test_a_result_comes_back_from_its_file(tmp_path: Any) -> None:
    found = answered("feature")
    save(found, tmp_path / "a.npz")
    again = load(tmp_path / "a.npz")
    assert again.output == found.output and np.array_equal(again.picture, found.picture)
