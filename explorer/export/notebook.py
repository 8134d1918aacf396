"""The cells of a run's notebook, as nbformat 4 has them: text, then code that runs with PyTorch and torchvision alone."""

import json
from collections.abc import Sequence
from typing import Any

LOAD = """state = torch.load("model.pt", weights_only=True)
print(model.load_state_dict(state, strict=True))
model.eval();"""

PREPARE = """from PIL import Image
from torchvision.transforms import v2

prepare = v2.Compose([v2.Resize({resize_short_side}{filter}), v2.CenterCrop({centre_crop}), v2.PILToTensor(),
                      v2.ToDtype(torch.float32, scale=True), v2.Normalize({mean}, {std})])"""

NAME = """@torch.no_grad()
def name(path):
    \"\"\"The classes of a picture, the likeliest first, each with its probability.\"\"\"
    x = prepare(Image.open(path).convert("RGB"))[None]
    p = model(x).flatten(1).softmax(1)[0]
    return [(CLASSES[k], round(p[k].item(), 4)) for k in p.argsort(descending=True).tolist()]"""

COMPARE = """import csv

with open("pictures.csv", encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
same = sum(name("pictures/" + row["file"])[0][0] == row["predicted"] for row in rows)
print(f"The notebook agrees with the run on {same} of {len(rows)} pictures.")"""

SHOW = """from torchvision.utils import make_grid
from torchvision.transforms.functional import to_pil_image

small = v2.Compose([v2.Resize(96), v2.CenterCrop(96), v2.PILToTensor()])
sheet = to_pil_image(make_grid([small(Image.open("pictures/" + row["file"]).convert("RGB")) for row in rows[:12]], nrow=6))
sheet"""

OWN = """# name("my_picture.jpg")[:3]
name("pictures/" + rows[0]["file"])[:3]"""


def notebook(facts: dict[str, Any], build: Sequence[str]) -> dict[str, Any]:
    """The notebook of a run: `facts` as its weights bring them, `build` the lines that make the network."""
    recipe, test = facts["recipe"], facts["test"]
    score = ""
    if test:
        interval = f"{100 * test['low']:.1f} to {100 * test['high']:.1f}"
        score = f" It was right on {test['correct']} of {test['n']} test pictures ({interval} %, 95 % interval)."
    title = f"# {facts['backbone']}, {recipe['strategy']}\n\nThe run `{facts['run']}` of Thaw {facts['thaw']}.{score}"
    classes = f"CLASSES = {json.dumps(facts['classes'], ensure_ascii=False)}"
    cells = [
        _text(title),
        _text("The network: torchvision's class with the run's new head."),
        _code("\n".join([*build, "", classes])),
        _code(LOAD),
        _text("A picture becomes an input as it did in training; resizing is antialiased."),
        _code(PREPARE.format(**facts["preprocessing"], filter=_filter(facts["preprocessing"]))),
        _code(NAME),
        _code(COMPARE),
        _code(SHOW),
        _code(OWN),
    ]
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _filter(preprocessing: dict[str, Any]) -> str:
    """The argument of a resize that is not bilinear."""
    return ", v2.InterpolationMode.BICUBIC" if str(preprocessing["interpolation"]).startswith("bicubic") else ""


def _text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "execution_count": None, "outputs": []}
