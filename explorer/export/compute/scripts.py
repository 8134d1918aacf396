"""A run as a training script: with the names of its pictures, or as a ZIP with the pictures and first weights themselves."""

import io
import zipfile
from pathlib import Path

import torch

from explorer.catalogue.weights import source
from explorer.data import datasets
from explorer.data.images import Data, Images
from explorer.errors import ExplorerError
from explorer.evidence import share_words
from explorer.export import building
from explorer.export.script import Split, needs_start, script
from explorer.looks.pair import comparison
from explorer.models import backbones
from explorer.progress import ProgressCallback
from explorer.recipe import Recipe
from explorer.runs import FinishedRun, OpenedRun

SCRIPT = "model_trainer.py"
SPLITS = ("train", "val", "test")


def write(run: OpenedRun, out: Path, ending: str, report: ProgressCallback) -> tuple[str, ...]:
    """The script, or the ZIP with all that it needs beside it. Raises ExplorerError where a script alone would not run."""
    recipe = run.settled
    on_disk = recipe.dataset == "folder" and not recipe.spoilt  # files of a corrupted set are not what the network saw
    if ending == ".py" and (not on_disk or needs_start(recipe)):
        what = "first weights" if on_disk else "pictures"
        raise ExplorerError(
            f"The script of {run.id} alone would not run: it needs {what} that come with Thaw. Name a .zip, which brings them."
        )
    report(0.0, "Loading the images")
    data = _data(run)
    split = _names(data) if on_disk else None
    folders = list(data.classes) if split else [_folder(name, k) for k, name in enumerate(data.classes)]
    text = script(recipe, folders, split, _result(run))
    if ending == ".py":
        out.write_text(text, encoding="utf-8")
    else:
        _pack(out, text, data if split is None else None, folders, recipe, report)
    where = f" It reads the pictures in {recipe.data_dir}." if split else " Unpack it, then run it."
    return (f"python {SCRIPT} trains the same recipe on the same split.{where}",)


def _data(run: OpenedRun) -> Data:
    """The run's pictures; ExplorerError where they are no longer those that it was tested on."""
    data = datasets.load(run.recipe)
    if not comparison.tested_on(run.predictions, data.test.ids, data.classes, data.test.labels):
        raise ExplorerError(
            f"The images or labels of {run.id} have changed since it was trained, so a script would not draw its split. Train it "
            "again."
        )
    return data


def _names(data: Data) -> Split:
    """The files of each class of each split, below the folder."""

    def of(images: Images) -> dict[str, list[str]]:
        return {
            name: [file for file, label in zip(images.ids, images.labels, strict=True) if label == k]
            for k, name in enumerate(data.classes)
        }

    return {split: of(getattr(data, split)) for split in SPLITS}


def _folder(name: str, k: int) -> str:
    """A class's name as that of a folder on any system; its number where it cannot be one."""
    fine = name.isprintable() and not set(name) & set('/\\:*?"<>|') and name.strip(" .") == name and len(name) < 64
    return name if fine and name else f"class {k}"


def _result(run: FinishedRun) -> str:
    if not run.test:
        return ""
    return (
        f"Thaw's run was right on {run.test.correct} of {run.test.n} test pictures: {share_words(run.test.accuracy)} (95 % "
        f"interval {share_words(run.test.low)} to {share_words(run.test.high)})."
    )


def _pack(
    out: Path, text: str, data: Data | None, folders: list[str], recipe: Recipe, report: ProgressCallback
) -> None:
    """The ZIP: script, first weights where torchvision has none to download, pictures as PNG, numbered in the run's order."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as pack:
        pack.writestr(SCRIPT, text, zipfile.ZIP_DEFLATED)
        if needs_start(recipe):
            pack.writestr(building.START, _start(recipe))
        images = [] if data is None else [(split, getattr(data, split)) for split in SPLITS]
        total, done = sum(len(part) for _, part in images), 0
        for split, part in images:
            for i, label in enumerate(part.labels):
                buffer = io.BytesIO()
                part.read(i).save(buffer, "PNG", compress_level=1)
                pack.writestr(f"data/{split}/{folders[int(label)]}/{i:05d}.png", buffer.getvalue())
                done += 1
                report(done / total, "Writing the pictures")


def _start(recipe: Recipe) -> bytes:
    """The backbone's tensors that the script begins with, as torch.save writes them; nothing of the head."""
    begun = source(recipe.weights) or recipe.weights  # the script draws matched ones after these
    network = backbones.build(recipe.backbone, 2, begun, recipe.seed, reads=recipe.reads)
    head = {*network.names("head")}
    buffer = io.BytesIO()
    torch.save({name: tensor for name, tensor in network.model.state_dict().items() if name not in head}, buffer)
    return buffer.getvalue()
