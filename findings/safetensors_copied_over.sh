#!/usr/bin/env bash
# Tensors that safetensors.torch has loaded change when another file is copied over theirs: they are the file, not a copy of it.
#
# Versions: Python 3.11, safetensors 0.8.0, torch 2.14.1, numpy 2.4.6, Linux on x86_64.
# Guess: load_file reads, as torch.load and safetensors.numpy.load_file do; what happens to the file afterwards is no matter.
# Behaviour: on the CPU the tensors are a private mapping of the file. `shutil.copyfile` (as `cp`) empties that very file and fills it
#   again, and every page shows the new bytes: those that were read before too, and those that an optimizer wrote, since emptying a
#   file throws a mapping's own copies away. So the weights that one kept to compare with become those of the other file, and a model
#   that took them with `assign=True` becomes the other model, frozen layers, learned ones and all, without an error.
#   load_state_dict without `assign` copies and is safe; so is save_file onto the same path, which makes a new file and renames it.
# Output seen:
#   kept to compare with: moved by 0.0 (written before the copy: 2.0)
#   frozen layer of a model loaded with assign=True: is the first file's False, the second's True
#   its head, which an optimizer had moved: is as after the step False, is the second file's True
#   load_state_dict without assign, torch.load, safetensors.numpy: all still the first file's True True True
#   after save_file onto the path instead: still the first file's True
# Why it matters here: "the frozen stages did not move" is shown by comparing with the checkpoint that one began from, and a run that ends by
#   copying its result over that checkpoint, in the same process, compares the result with itself. Thaw writes aside and renames.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check safetensors==0.8.0 torch==2.14.1 numpy==2.4.6 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import shutil

import safetensors.numpy
import torch
from safetensors.torch import load_file, save_file
from torch import nn

PATH, OTHER = "start.safetensors", "tuned.safetensors"


def state(value: float) -> dict[str, torch.Tensor]:
    """A frozen layer and a head of 4 MB each."""
    return {"0.weight": torch.full((1024, 1024), value), "1.weight": torch.full((1024, 1024), value)}


def all_are(tensor: torch.Tensor, value: float) -> bool:
    """Whether every element has this value."""
    return bool((tensor == value).all())


save_file(state(1.0), PATH)
save_file(state(3.0), OTHER)
torch.save(state(1.0), "start.pt")

kept = load_file(PATH)
before = (kept["0.weight"] - 3.0).abs().max().item()  # read, so in memory
model = nn.Sequential(nn.Linear(1024, 1024, bias=False), nn.Linear(1024, 1024, bias=False))
model.load_state_dict(load_file(PATH), assign=True)
model[0].requires_grad_(False)
copied = nn.Sequential(nn.Linear(1024, 1024, bias=False), nn.Linear(1024, 1024, bias=False))
copied.load_state_dict(load_file(PATH))
pickled, array = torch.load("start.pt"), safetensors.numpy.load_file(PATH)
optimizer = torch.optim.SGD(model[1].parameters(), lr=1.0)
model(torch.ones(1, 1024)).mean().backward()
optimizer.step()
head = model[1].weight.detach().clone()

shutil.copyfile(OTHER, PATH)

moved = (kept["0.weight"] - 3.0).abs().max().item()
print(f"kept to compare with: moved by {moved} (written before the copy: {before})")
frozen = model[0].weight
print(
    f"frozen layer of a model loaded with assign=True: is the first file's {all_are(frozen, 1.0)}, "
    f"the second's {all_are(frozen, 3.0)}"
)
learned, other = torch.equal(model[1].weight, head), all_are(model[1].weight, 3.0)
print(f"its head, which an optimizer had moved: is as after the step {learned}, is the second file's {other}")
safe = [all_are(copied[0].weight, 1.0), all_are(pickled["0.weight"], 1.0), bool((array["0.weight"] == 1.0).all())]
print("load_state_dict without assign, torch.load, safetensors.numpy: all still the first file's", *safe)
assert (before, moved) == (2.0, 0.0) and all_are(frozen, 3.0) and other and all(safe), "it is another now"

save_file(state(1.0), PATH)
again = load_file(PATH)["0.weight"]
save_file(state(3.0), PATH)
print(f"after save_file onto the path instead: still the first file's {all_are(again, 1.0)}")
assert all_are(again, 1.0), "save_file writes into the file itself now"
PY
