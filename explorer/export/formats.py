"""What a run can be taken away as: one row each."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from explorer.errors import ExplorerError, unknown
from explorer.installation import extra


@dataclass(frozen=True)
class Format:
    """One row: what it is, what it is for, the endings a file of it may have (the first is the usual one), and the package
    of an optional extra that it needs (`extra` of Thaw, `needs` to import). `builds` says that it holds the lines that build the
    network."""

    name: str
    title: str
    meaning: str
    endings: tuple[str, ...]
    stem: str
    mime: str = "application/octet-stream"
    extra: str = ""
    needs: tuple[str, ...] = ()
    builds: bool = False


_ROWS = (
    Format(
        "script",
        "Training script",
        "The whole recipe as one file of plain PyTorch: data, freezing, optimizer, loop, scoring. The ZIP brings the pictures "
        "and first weights that it needs.",
        (".zip", ".py"),
        "model_trainer",
        "application/zip",
        builds=True,
    ),
    Format(
        "weights",
        "All weights",
        "The tuned network as safetensors: loads strictly into torchvision's or timm's class with the new head. Class names, "
        "preprocessing and recipe are in its metadata.",
        (".safetensors",),
        "weights",
        builds=True,
    ),
    Format(
        "learned",
        "Trained tensors",
        "Only the tensors that training changed, as safetensors: to be loaded over the weights that the run began with.",
        (".safetensors",),
        "learned",
    ),
    Format(
        "onnx",
        "ONNX",
        "One file with its weights inside, for any number of images, normalisation included; run by onnxruntime on 32 test "
        "images before you get it, with the largest difference.",
        (".onnx",),
        "model",
        extra="onnx",
        needs=("onnx", "onnxruntime", "onnxscript"),
    ),
    Format(
        "onnx-picture",
        "ONNX, for a picture of any size",
        "The same with resizing and cropping inside (antialiased bilinear): it takes one picture of any size, as it is. Run on "
        "32 test pictures before you get it.",
        (".onnx",),
        "model-picture",
        extra="onnx",
        needs=("onnx", "onnxruntime", "onnxscript"),
    ),
    Format(
        "torch-export",
        "torch.export",
        "A program that PyTorch runs without any class, for any number of images, normalisation included; read back and run on "
        "32 test images before you get it.",
        (".pt2",),
        "model",
    ),
    Format(
        "report",
        "Report",
        "One HTML page to print or send: result with its interval, curves, classes, recipe, freeze audit, versions, and what the "
        "numbers cannot tell. It loads nothing from elsewhere.",
        (".html",),
        "report",
        "text/html",
    ),
    Format(
        "zip",
        "The run",
        "The whole run as a ZIP that another Thaw opens, without the pictures.",
        (".zip",),
        "run",
        "application/zip",
    ),
    Format(
        "notebook",
        "Notebook",
        "A Jupyter notebook that opens the run with PyTorch and torchvision alone, in a ZIP with its weights and some of its "
        "test pictures.",
        (".zip",),
        "notebook",
        "application/zip",
        builds=True,
    ),
)

FORMATS = {row.name: row for row in _ROWS}


def format_of(name: str) -> Format:
    """The row of that name, or an ExplorerError that lists all."""
    if name not in FORMATS:
        raise unknown("export format", name, FORMATS)
    return FORMATS[name]


def check_file(row: Format, out: Path) -> None:
    """Before anything is computed: raises ExplorerError for an ending that the format lacks, or a folder that is not
    there."""
    if out.suffix.lower() not in row.endings:
        ending = f"ends in {out.suffix}" if out.suffix else "has no ending"
        raise ExplorerError(f"--out {out.name} {ending}. {row.title} is written as {' or '.join(row.endings)}.")
    if not out.parent.is_dir():
        raise ExplorerError(f"There is no folder {out.parent}. Name a file in a folder that exists.")


def missing(row: Format) -> str:
    """What has to be installed for this format, as a sentence; empty where all is there. Nothing is imported."""
    lacking = [name for name in row.needs if importlib.util.find_spec(name) is None]
    if not lacking:
        return ""
    return f"{row.title} needs {' and '.join(lacking)}, which is not installed. Run: {extra(row.extra)}"
