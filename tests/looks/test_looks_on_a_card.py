"""Looks of many passes, on a GPU that is spare: the same answers, and nothing left there or computed from both places."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stand_ins_card import another_card

from explorer import runs
from explorer.answers import save
from explorer.looks.attribution.compute import seed_handlers, trust_handlers
from explorer.looks.calibration.compute import reliability
from explorer.looks.neighbours import compute as nearest
from explorer.looks.similarity.compute import distance_handlers
from explorer.models import devices
from explorer.progress import silent
from explorer.question import ask_for, every
from explorer.recipe import make
from explorer.training.compute.handlers import train
from explorer.worker.handlers import answer

KEPT = (
    seed_handlers._features, reliability.temperature_of, nearest._kept, distance_handlers.random_features,
)  # fmt: skip
MAP: dict[str, Any] = {"target": "lying", "stage": "layer3"}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    **{
        name: ("attribute", {"image": 0, "method": name, **MAP})
        for name in (
            "gradcam", "integrated_gradients", "input_x_gradient", "saliency", "occlusion", "ablation", "guided_backprop"
        )
    },
    "finer": ("attribute", {"image": 0, "times": 2, **MAP}),
    "rather than": ("attribute", {"image": 0, "rather_than": "standing", "baseline": "blurred", **MAP}),
    "many": ("attribute_many", {"images": (0, 1, 2), **MAP}),
    "faithfulness": ("faithfulness", {"image": 0, **MAP}),
    "faithfulness of many": ("faithfulness_many", {}),
    "random weights": ("randomise", {"image": 0, "against": "saliency", **MAP}),
    "other seeds": ("other_seeds", {"image": 0, **MAP}),
    "excitement": ("excitement", {}),
    "neighbours": ("neighbours", {"image": 0}),
    "calibration": ("calibration", {}),
    "comparison": ("compare", {}),
    "corrupted": ("spoilt", {}),
    "predictions": ("predict", {}),
}  # fmt: skip
HERE = {
    "draws": ("attribute", {"image": 0, "method": "gradient_shap", **MAP}),
    "one pass": ("feature_maps", {"image": 0, "stage": "layer3"}),
}


@pytest.fixture
def pair(tiny: dict[str, Any], narrow: str) -> tuple[str, str]:
    """A probe and a run that tuned the last stage."""
    made = [
        runs.create(make(**tiny | {"backbone": narrow, "strategy": name})) for name in ("linear_probe", "last_stage")
    ]
    for run in made:
        train(run)
    return made[0], made[1]


def test_looks_say_the_same_on_a_card(
    pair: tuple[str, str], narrow: str, tiny: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = devices.to_input
    monkeypatch.setattr(devices, "to_input", lambda *given: plain(*given).contiguous())  # as it lies there
    monkeypatch.setattr(trust_handlers, "PAIRED", 3)
    for name, (question, choices) in (CASES | HERE).items():
        given = {"a": pair[0], "b": pair[1], "run": pair[1], "folder": tiny["data_dir"], **choices}
        fields = every()[question].model_fields
        asked = ask_for(question, **{field: value for field, value in given.items() if field in fields})
        save(answer(asked, silent), tmp_path / "here.npz")
        for kept in KEPT:
            kept.cache_clear()
        with monkeypatch.context() as patch, another_card(patch) as card:
            card.wins[narrow, 32] = True
            save(card.answering(lambda asked=asked: answer(asked, silent)), tmp_path / "there.npz")
        assert bool(card.moved) == (name in CASES), name
        with np.load(tmp_path / "here.npz") as here, np.load(tmp_path / "there.npz") as there:
            assert set(here) == set(there)
            for array in here:
                np.testing.assert_array_equal(here[array], there[array], err_msg=name)
