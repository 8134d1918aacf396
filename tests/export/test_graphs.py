"""ONNX and torch.export: what they say is what the run says, checked before they are handed out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image

from explorer import runs
from explorer.errors import ExplorerError
from explorer.export import formats
from explorer.export.compute import agreement, graphs, handlers
from explorer.looks.pair import compute
from explorer.models import predicting
from explorer.progress import silent
from explorer.recipe import make
from explorer.training.compute import handlers as training

pytestmark = pytest.mark.long(25)


@pytest.fixture
def run(tiny: dict[str, Any], narrow: str) -> str:
    choices = tiny | {"backbone": narrow, "epochs": 1, "batchnorm": "moving", "strategy": "last_stage"}
    return training.train(runs.create(make(**choices))).id


def test_onnx_says_what_the_run_says_for_any_number_of_images(run: str, patterns: Path, tmp_path: Path) -> None:
    notes = handlers.write(run, "onnx", tmp_path / "m.onnx", silent)
    assert "logits differ by at most" in notes[0] and "eval mode" in notes[-1]
    assert [path.name for path in tmp_path.glob("*m.onnx*")] == ["m.onnx"], "weights are inside"
    onnx.checker.check_model(onnx.load(tmp_path / "m.onnx"))
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    assert json.loads(facts["classes"]) == list(runs.predictions(run).classes)
    names: dict[str, Any] = {}
    exec(facts["prepare"], names)
    pixels = names["prepare"](patterns / "lying" / "03.png")
    found = predicting.logits(compute.network(run), compute.to_input(run, pixels.transpose(0, 2, 3, 1)))
    for n in (1, 5):
        (said,) = session.run(None, {"pixels": np.repeat(pixels, n, 0)})
        assert said.shape == (n, 3) and np.allclose(said, np.repeat(found.numpy(), n, 0), atol=1e-4)


def test_onnx_takes_a_picture_of_any_size(run: str, tmp_path: Path) -> None:
    said, *_ = handlers.write(run, "onnx-picture", tmp_path / "m.onnx", silent)
    n = len(agreement.pixels(run))
    assert f"on {n} test pictures" in said and float(said.partition("differ by at most ")[2].split()[0]) <= 0.1
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    assert "classes" in session.get_modelmeta().custom_metadata_map
    for h, w in ((40, 90), (300, 33)):
        (logits,) = session.run(None, {"picture": np.zeros((h, w, 3), np.uint8)})
        assert logits.shape == (1, 3)


def test_a_graph_resizes_as_thaw_does() -> None:
    """To 1 level of 255, along the edges too: an ONNX Resize that does not exclude what is outside is some levels off there."""
    from onnx import TensorProto, helper

    from explorer.catalogue import Preprocessing
    from explorer.data.images import fit
    from explorer.export.compute.resizing import with_resizing

    cut = [helper.make_tensor_value_info(name, TensorProto.UINT8, ["n", 3, 32, 32]) for name in ("pixels", "out")]
    same = helper.make_graph([helper.make_node("Identity", ["pixels"], ["out"])], "same", cut[:1], cut[1:])
    model = helper.make_model(same, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    whole = with_resizing(model, Preprocessing(36, 32)).SerializeToString()
    session, rng = onnxruntime.InferenceSession(whole, providers=["CPUExecutionProvider"]), np.random.default_rng(0)
    for height, width in ((50, 40), (300, 401), (64, 64), (31, 33), (36, 36), (90, 37)):
        picture = rng.integers(0, 256, (height, width, 3), np.uint8)
        (found,) = session.run(None, {"picture": picture})
        ours = np.asarray(fit(Image.fromarray(picture), Preprocessing(36, 32))).astype(int)
        assert np.abs(found[0].transpose(1, 2, 0) - ours).max() <= 1, (height, width)


def test_a_program_of_torch_export_says_what_the_run_says(run: str, tmp_path: Path) -> None:
    (first, *_) = handlers.write(run, "torch-export", tmp_path / "m.pt2", silent)
    assert "probabilities by" in first
    extra = {"thaw.json": ""}
    program = torch.export.load(tmp_path / "m.pt2", extra_files=extra).module()
    assert json.loads(json.loads(extra["thaw.json"])["preprocessing"])["centre_crop"] == 32
    pixels = torch.from_numpy(agreement.pixels(run))
    found = predicting.logits(compute.network(run), compute.to_input(run, pixels.permute(0, 2, 3, 1).numpy()))
    assert torch.allclose(program(pixels[:3]), found[:3], atol=1e-4)


def test_a_graph_that_says_something_else_is_not_handed_out(
    run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = graphs._whole

    def off(name: str) -> graphs.Whole:
        made = whole(name)
        made.mean += 0.2
        return made

    monkeypatch.setattr(graphs, "_whole", off)
    with pytest.raises(ExplorerError, match=r"disagrees with the run: its probabilities differ by up to 0\.\d+"):
        handlers.write(run, "torch-export", tmp_path / "m.pt2", silent)
    assert not list(tmp_path.glob("*m.pt2*"))


@pytest.mark.parametrize(("to", "other"), [("onnx", "torch.export"), ("torch-export", "ONNX")])
def test_what_pytorch_cannot_write_is_refused_with_the_reason(
    run: str, to: str, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Depends(graphs.Whole):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return super().forward(pixels) if pixels.float().mean() > 1e3 else pixels

    monkeypatch.setattr(graphs, "Whole", Depends)
    with pytest.raises(ExplorerError, match=rf"cannot write .* as .* \(.+\)\. Take {other}, the weights"):
        handlers.write(run, to, tmp_path / f"m{formats.format_of(to).endings[0]}", silent)
    assert not [*tmp_path.glob("*m.*")]


def test_attention_is_written_as_onnx_whatever_its_strides(
    run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of MaxViT in timm: what the fused kind gives is laid out otherwise than what the exporter makes of it."""

    class Attends(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            q = x[:, :, :8, :8].reshape(-1, 3, 2, 32).transpose(1, 2)
            found = torch.nn.functional.scaled_dot_product_attention(q, q, q)
            return found.transpose(1, 2).reshape(x.shape[0], 3, -1).mean(2)

    model = Attends()
    monkeypatch.setattr(graphs, "_whole", lambda run: graphs.Whole(model, (0.5,) * 3, (0.5,) * 3).eval())
    pixels = torch.from_numpy(agreement.pixels(run))
    graphs._program(run)  # as where torch.export was asked for before
    session, _ = graphs._session(graphs.onnx_bytes(run, silent))
    assert np.allclose(session({"pixels": pixels.numpy()}), graphs._whole(run)(pixels).numpy(), atol=1e-5)


def test_without_the_extra_the_error_says_what_to_install(
    run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else object())
    with pytest.raises(
        ExplorerError, match=r'needs onnxruntime, which is not installed\. Run: pip install "\.\[onnx\]"'
    ):
        handlers.write(run, "onnx", tmp_path / "m.onnx", silent)


def test_the_code_beside_a_graph_cuts_as_thaw_does(run: str, tmp_path: Path) -> None:
    from explorer.catalogue import Preprocessing
    from explorer.data.images import fit

    rng = np.random.default_rng(0)
    for width, height in ((50, 40), (40, 77), (64, 64), (31, 33)):
        picture = Image.fromarray(rng.integers(0, 255, (height, width, 3), np.uint8))
        picture.save(tmp_path / "p.png")
        names: dict[str, Any] = {}
        exec(graphs.PREPARE.format(resize=36, crop=32, filter="BILINEAR"), names)
        ours = np.asarray(fit(picture, Preprocessing(36, 32)))
        assert np.array_equal(names["prepare"](tmp_path / "p.png")[0].transpose(1, 2, 0), ours)


def test_both_onnx_formats_hold_one_graph_and_only_the_images_that_are_compared_are_read(
    run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "CHECKED", 5)
    monkeypatch.setattr(graphs, "CHECKED", 5)
    written, read = [], []
    write, images = torch.onnx.export, compute.data(run).test
    seen = replace(images, read=lambda i: read.append(i) or images.read(i), reduced=None)
    monkeypatch.setattr(compute, "_data", lambda source: replace(compute.datasets.load(source), test=seen))
    monkeypatch.setattr(torch.onnx, "export", lambda *a, **k: written.append(1) or write(*a, **k))
    for to in ("onnx", "torch-export", "onnx-picture"):
        (said, *_) = handlers.write(run, to, tmp_path / f"m{formats.format_of(to).endings[0]}", silent)
        assert "on 5 test" in said
    assert len(written) == 1 and set(read) == set(range(5))
