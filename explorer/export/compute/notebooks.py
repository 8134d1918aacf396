"""A run as a Jupyter notebook that needs PyTorch and torchvision alone: a ZIP with its weights and some of its test
pictures."""

import csv
import io
import json
import zipfile
from pathlib import Path

import torch

from explorer.export import building
from explorer.export.compute.weights import described
from explorer.export.notebook import notebook
from explorer.looks.pair import compute
from explorer.progress import ProgressCallback
from explorer.runs import OpenedRun

MOST_PICTURES = 24


def write(run: OpenedRun, out: Path, ending: str, report: ProgressCallback) -> tuple[str, ...]:
    """`run.ipynb`, `model.pt`, `pictures/` and what the run said of them. Raises ExplorerError where the pictures are gone."""
    report(0.1, "Putting the network together")
    state = io.BytesIO()
    torch.save({name: tensor.contiguous() for name, tensor in compute.network(run).model.state_dict().items()}, state)
    pictures, table = _pictures(run)
    text = notebook(described(run), building.lines(run.settled.row, len(run.predictions.classes)))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as pack:
        pack.writestr("run.ipynb", json.dumps(text, indent=1))
        pack.writestr("model.pt", state.getvalue())
        pack.writestr("pictures.csv", table)
        for name, content in pictures.items():
            pack.writestr(f"pictures/{name}", content)
    return (f"Unpack it and open run.ipynb: it holds {len(pictures)} test pictures, with what the run said of them.",)


def _pictures(run: OpenedRun) -> tuple[dict[str, bytes], str]:
    """Test pictures as PNG by file name, and a table of them: file, class, what the run said, its probability."""
    said = run.predictions
    compute.pictures(run)  # says so where the images have changed
    images = compute.data(run).test
    rows = [int(i) for i in torch.linspace(0, len(said.labels) - 1, min(MOST_PICTURES, len(said.labels)))]
    files: dict[str, bytes] = {}
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["file", "class", "predicted", "probability"])
    for i in rows:
        buffer = io.BytesIO()
        images.read(i).save(buffer, "PNG")
        name, k = f"{i:05d}.png", int(said.predicted[i])
        files[name] = buffer.getvalue()
        writer.writerow([name, said.classes[int(said.labels[i])], said.classes[k], f"{said.probability[i, k]:.4f}"])
    return files, table.getvalue()
