"""A run's weights as safetensors, with all that one needs to use them in the metadata."""

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from explorer import __version__
from explorer.catalogue.weights import drawn_words
from explorer.export import building
from explorer.looks.pair import compute
from explorer.models.deltas import DELTA, SCALE
from explorer.progress import ProgressCallback
from explorer.recipe import Recipe
from explorer.runs import OpenedRun


def write(run: OpenedRun, out: Path, ending: str, report: ProgressCallback) -> tuple[str, ...]:
    """All tensors of the tuned network: they load strictly into torchvision's class with the new head."""
    report(0.2, "Putting the network together")
    model = compute.network(run).model
    save(model.state_dict(), out, metadata(run))
    return (f"{sum(p.numel() for p in model.parameters()):,} parameters; loads with strict=True.",)


def write_learned(run: OpenedRun, out: Path, ending: str, report: ProgressCallback) -> tuple[str, ...]:
    """The tensors that learning changed, to be loaded over the weights that the run began with."""
    report(0.2, "Putting the network together")
    stored = {name.removeprefix(DELTA) for name in run.learned if not name.startswith(SCALE)}
    state = compute.network(run).model.state_dict()
    save({name: state[name] for name in state if name in stored}, out, metadata(run))
    if run.recipe.drawn:
        what = drawn_words(run.recipe.weights)
        how = f"The run began from {what} (seed {run.recipe.seed}), which no file holds: take all weights instead."
    else:
        how = f"Load them with strict=False over the weights {run.recipe.weights}."
    return (f"{len(stored)} of {len(state)} tensors. {how}",)


def save(state: dict[str, Tensor], out: Path, facts: dict[str, str]) -> None:
    """Write tensors as one safetensors file, each in plain row-major order whatever its order in memory was."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    save_file(plain, out, metadata=facts)


def metadata(run: OpenedRun) -> dict[str, str]:
    """What goes with a run's weights, as safetensors takes it (text only; lists and objects as JSON)."""
    facts = described(run)
    return {"format": "pt"} | {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in facts.items()
    }


def described(run: OpenedRun) -> dict[str, Any]:
    """Class names, preprocessing, the lines that build the class, recipe, result and origin."""
    recipe, classes = run.settled, list(run.predictions.classes)
    return {
        "thaw": __version__,
        "run": run.id,
        "backbone": recipe.backbone,
        "classes": classes,
        "preprocessing": preprocessing(recipe),
        "build": "" if recipe.row.traced and recipe.row.until else "\n".join(building.lines(recipe.row, len(classes))),
        "recipe": recipe.model_dump(),
        "start": {"weights": recipe.weights, "fingerprint": run.facts.get("began", "")},
        "test": run.test.json() if run.test else {},
    }


def preprocessing(recipe: Recipe) -> dict[str, Any]:
    """How a picture becomes an input, for other programs."""
    size = recipe.preprocessing
    return {
        "resize_short_side": size.resize,
        "interpolation": f"{size.filter}, antialiased",
        "centre_crop": size.crop,
        "scale": "x / 255",
        "mean": list(size.mean),
        "std": list(size.std),
        "layout": "RGB, (n, 3, h, w), float32",
    }
