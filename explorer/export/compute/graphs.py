"""A run's network as a graph that runs without Thaw: ONNX, and torch.export. Each is read back and run before it is handed
out."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from explorer import machine
from explorer.errors import ExplorerError
from explorer.export.compute.agreement import (
    CHECKED,
    MOST_APART,
    MOST_APART_RESIZED,
    allow,
    differences,
    parts,
    pixels,
)
from explorer.export.compute.exporting import exporting
from explorer.export.compute.weights import described
from explorer.export.formats import FORMATS, missing
from explorer.looks.pair import compute
from explorer.progress import ProgressCallback
from explorer.runs import OpenedRun, RunOrId, kept_by_run

PREPARE = """import numpy as np
from PIL import Image, ImageOps

def prepare(path):
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    scale = {resize} / min(image.size)
    size = [max({resize}, int(side * scale)) for side in image.size]
    image = image.resize(size, Image.Resampling.{filter})  # antialiased: without it, classes change
    left, top = [round((side - {crop}) / 2) for side in image.size]
    pixels = np.asarray(image.crop((left, top, left + {crop}, top + {crop})))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])
"""
"""What makes of a picture the graph's input, (1, 3, h, w) uint8; it goes with the graph."""


class Whole(nn.Module):
    """Pixels (n, 3, h, w) uint8 → logits (n, k): the network with its normalisation before it."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.model((pixels.float() / 255 - self.mean) / self.std).flatten(1)


def write_onnx(run: OpenedRun, out: Path, ending: str, report: ProgressCallback) -> tuple[str, ...]:
    """One ONNX file with its weights inside, for any number of images; run by onnxruntime before it is handed out."""
    content = onnx_bytes(run, report)
    session, runner = _session(content)
    said = np.concatenate([session({"pixels": part}) for part in parts(pixels(run))])
    notes = _checked(run, said, runner)
    out.write_bytes(content)
    return notes


def write_onnx_picture(run: OpenedRun, out: Path, ending: str, report: ProgressCallback) -> tuple[str, ...]:
    """The same with resizing and cropping inside, for one picture of any size at a time."""
    plain = onnx_bytes(run, report)  # says first where the extra is missing
    import onnx

    from explorer.export.compute.resizing import with_resizing

    model = onnx.load_model_from_string(plain)
    content = with_resizing(model, compute.finished(run).preprocessing).SerializeToString()
    session, runner = _session(content)
    images = compute.data(run).test
    pictures = [np.asarray(images.read(i)) for i in range(min(CHECKED, len(images)))]
    said = np.concatenate([session({"picture": picture}) for picture in pictures])
    apart = differences(run, said)
    allow(apart, MOST_APART_RESIZED, runner)
    out.write_bytes(content)
    return (
        f"Run by {runner} on {apart.n} test pictures: it names the same class on {apart.same}; probabilities differ by at most "
        f"{apart.probability:.1e} (Pillow rounds twice while resizing, the graph once).",
        "Input: picture, (h, w, 3) uint8 RGB of any size, upright; one at a time.",
        *_of_eval(run),
    )


def onnx_bytes(run: RunOrId, report: ProgressCallback) -> bytes:
    """The network and its normalisation as an ONNX model, with what it is in its metadata. Raises ExplorerError where the
    extra is not installed."""
    if lacking := missing(FORMATS["onnx"]):
        raise ExplorerError(lacking)
    report(0.2, "Writing the graph")
    content = _written(run)
    report(0.7, f"Running it on {CHECKED} test images")
    return content


@kept_by_run(most=1)
def _written(run: RunOrId) -> bytes:
    """The same, of the last run that was asked for: both ONNX formats hold this graph, and writing it takes most of their
    time."""
    with exporting(run, "ONNX", "torch.export"), sdpa_kernel(SDPBackend.MATH):
        program = torch.onnx.export(
            _program(run),
            (torch.from_numpy(pixels(run)[:2]),),
            input_names=["pixels"],
            output_names=["logits"],
            dynamic_shapes=({0: "batch"},),
            dynamo=True,
            external_data=False,
        )  # attention is traced as plain products: what the exporter makes of the fused kind may not have its strides
        if program is None:
            raise RuntimeError("torch.onnx.export gave no program")
        model = program.model_proto
    for key, value in _facts(run).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    return model.SerializeToString()


def _session(content: bytes) -> tuple[Callable[[dict[str, np.ndarray]], np.ndarray], str]:
    """What runs the model on the processor, input → logits, and the runner's name."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = machine.cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # who waits leaves the core to others
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda given: np.asarray(session.run(None, given)[0]), f"onnxruntime {onnxruntime.__version__}"


def write_program(run: OpenedRun, out: Path, ending: str, report: ProgressCallback) -> tuple[str, ...]:
    """A program of torch.export, for any number of images; read back and run before it is handed out."""
    given = pixels(run)
    report(0.2, "Writing the graph")
    with exporting(run, "torch.export", "ONNX"):
        buffer = io.BytesIO()
        torch.export.save(_program(run), buffer, extra_files={"thaw.json": json.dumps(_facts(run))})
        report(0.7, f"Running it on {CHECKED} test images")
        buffer.seek(0)
        again = torch.export.load(buffer).module()
        with torch.inference_mode():
            said = np.concatenate([again(torch.from_numpy(part)).numpy() for part in parts(given)])
    notes = _checked(run, said, f"torch {torch.__version__}")
    out.write_bytes(buffer.getvalue())
    return notes


@kept_by_run(most=1)
def _program(run: RunOrId) -> torch.export.ExportedProgram:
    """The network and its normalisation, traced for any number of images; of the last run that was asked for, as both kinds of
    graph are made of it."""
    shapes = ({0: torch.export.Dim("batch", min=1, max=4096)},)
    return torch.export.export(_whole(run), (torch.from_numpy(pixels(run)[:2]),), dynamic_shapes=shapes)


def _whole(run: RunOrId) -> Whole:
    size = compute.finished(run).preprocessing
    return Whole(compute.network(run).copy().model, size.mean, size.std).eval()


def _checked(run: RunOrId, said: np.ndarray, runner: str) -> tuple[str, ...]:
    """Sentences on what the graph said against the run's own network; ExplorerError where they are further apart than
    MOST_APART."""
    apart = differences(run, said)
    allow(apart, MOST_APART, runner)
    return (
        f"Run by {runner} on {apart.n} test images: logits differ by at most {apart.logit:.1e}, probabilities by "
        f"{apart.probability:.1e}.",
        "Input: pixels, (n, 3, h, w) uint8 RGB, resized and cropped; the code that does so is in the metadata (prepare).",
        *_of_eval(run),
    )


def _of_eval(run: RunOrId) -> tuple[str, ...]:
    """A sentence where BatchNorm's moving statistics were the lesson."""
    if compute.finished(run).batchnorm != "moving":
        return ()
    return ("The graph is of eval mode: BatchNorm uses the statistics that moved in training, and none of a batch.",)


def _facts(run: RunOrId) -> dict[str, str]:
    """What goes with the graph, as text."""
    facts = described(compute.opened(run))
    size = compute.finished(run).preprocessing
    facts["prepare"] = PREPARE.format(resize=size.resize, crop=size.crop, filter=size.filter.upper())
    facts["preprocessing"] |= {"layout": "RGB, (n, 3, h, w), uint8; scale, mean and std are inside the graph"}
    del facts["build"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in facts.items()}
