"""What a training needs is imported without torch's compiler, and is the same without it."""

import os
import subprocess
import sys
from pathlib import Path

import torch
from torch import nn

from explorer.models.compiler import AdamW

ROOT = Path(__file__).parents[2]
TRAINS = """
import sys
import {modules}
import torch
from explorer.models import devices
from explorer import recipe, runs
from explorer.training.compute import handlers
devices.warm_up()
handlers.train(runs.create(recipe.make(strategy="last_stage", weights="random", per_class=1, epochs=1, input_size=32), here=True))
late = {{"torch._dynamo", "sympy", "sklearn", "scipy", "captum", "umap", "numba", "matplotlib", "pandas", "streamlit", "plotly"}}
assert not late & sys.modules.keys(), late & sys.modules.keys()
import torchvision
boxes = torch.tensor([[0.0, 0, 0, 4, 4]])
assert torchvision.ops.roi_align(torch.ones(1, 1, 8, 8), boxes, 2).shape == (1, 1, 2, 2)
import torch._dynamo.utils
assert torch._dynamo.utils.is_compile_supported("cpu") == torchvision.ops.roi_align.__globals__["is_compile_supported"]("cpu")
"""


def test_a_process_that_trains_imports_no_compiler_and_nothing_that_only_looks_need(tmp_path: Path) -> None:
    """Nor does a run, to its end."""
    from explorer.worker.crew import PRELOADED

    code = TRAINS.format(modules=", ".join((*PRELOADED, "explorer.cli.commands")))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"THAW_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr


def test_its_optimizer_takes_the_steps_of_torchs_own() -> None:
    found = []
    for kind in (torch.optim.AdamW, AdamW):
        torch.manual_seed(0)
        layer = nn.Linear(5, 3)
        optimizer = kind(
            [{"params": [layer.weight]}, {"params": [layer.bias], "lr": 0.1}], weight_decay=0.01, fused=True
        )
        for x in torch.rand(4, 7, 5):
            optimizer.zero_grad()
            layer(x).square().sum().backward()
            optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        found.append([*layer.parameters(), *(state["exp_avg_sq"] for state in optimizer.state.values())])
        assert all(p.requires_grad for p in layer.parameters()) and torch.is_grad_enabled()
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))
