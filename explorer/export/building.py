"""The lines of plain torchvision that build a backbone with its new head: the script, the notebook and the notes in exported
weights show the same ones, and a test holds them to the network that Thaw trains."""

from explorer.catalogue import Backbone
from explorer.catalogue.weights import RANDOM, source
from explorer.errors import ExplorerError

IMPORTS = ("import torch", "import torchvision", "from torch import nn")
FILTERS = {"bilinear": "antialiased bilinear", "bicubic": "antialiased bicubic"}
START = "start.pt"
"""The file of the weights that a script begins with, where torchvision has none to download."""


def obstacle(row: Backbone) -> str:
    """Why no lines of plain torchvision or timm make the network; empty where they do."""
    if not (row.traced and row.until):
        return ""
    return (
        f"{row.title} was found by its name and cut off behind {row.until!r}, by following its forward pass: no lines of plain "
        f"{row.library} make that network. Take ONNX or torch.export, which bring it along, or the run as a ZIP."
    )


def check(row: Backbone) -> None:
    """Raises ExplorerError for a network that no lines of plain torchvision or timm make."""
    if why := obstacle(row):
        raise ExplorerError(why)


def place(path: str) -> str:
    """A module's path as Python: `classifier.2` → `model.classifier[2]`."""
    words = "model"
    for part in path.split("."):
        words += f"[{part}]" if part.isdecimal() else f".{part}"
    return words


def brought(row: Backbone, weights: str) -> bool:
    """Whether the weights come in a file of ours (START), and not from torchvision."""
    ours = row.library == "timm"  # its files are kept by Thaw, under its tag
    begun = source(weights) or weights
    return begun != RANDOM and (ours or begun not in {w.name for w in row.weights if w.name != "BUILT_IN"})


def backbone_lines(row: Backbone, weights: str = RANDOM) -> list[str]:
    """Lines that bind `model`, with its own head: its weights are torchvision's where there are such (of matched ones, those that
    they are drawn after), else random."""
    weights = source(weights) or weights
    if row.code:
        return row.code.splitlines()
    if row.library == "timm":
        more = f", {row.arguments}" if row.arguments else ""
        return [f'model = timm.create_model("{row.builder}", num_classes=1000{more})']
    named = "None" if weights == RANDOM or brought(row, weights) else f'"{weights}"'
    more = f", {row.arguments}" if row.arguments else ""
    lines = [f'model = torchvision.models.get_model("{row.builder or row.name}", weights={named}{more})']
    if row.arguments and named != "None":
        lines.append("model.transform_input = False  # the pictures come as it wants them")
    if row.versioned:
        lines.append(
            "model._load_from_state_dict = nn.Module._load_from_state_dict.__get__(model)  # takes tensors by name"
        )
    return lines


def imports(row: Backbone) -> tuple[str, ...]:
    """The lines with which a script or a note begins that builds this backbone."""
    return (IMPORTS[0], "import timm", IMPORTS[2]) if row.library == "timm" else IMPORTS


def head_lines(row: Backbone, classes: str) -> list[str]:
    """Lines that put the new head in place: one linear layer for `classes` classes (an expression) on the pooled output."""
    linear = f"nn.Linear({row.features}, {classes})"
    head = f"nn.Sequential(nn.Dropout({row.dropout}), {linear})" if row.dropout else linear
    lines = [f"{place(part)} = nn.Identity()" for part in row.gone]
    if row.pool:
        after = "".join(f"{place(part)}, " for part in row.after_pool)
        lines.append(f"{place(row.pool)} = nn.Sequential(nn.AdaptiveAvgPool2d(1), {after}nn.Flatten(1))")
    lines.append(f"{place(row.head)} = {head}")
    lines += [f"{place(path)} = nn.Identity()" for path in row.skipped]
    if row.in_one:
        lines.append(f"del {place(row.in_one)}[2:]")
    return lines


def lines(row: Backbone, classes: int) -> list[str]:
    """All lines that make the class into which a run's exported weights load strictly."""
    return [*imports(row), *backbone_lines(row), *head_lines(row, str(classes))]
