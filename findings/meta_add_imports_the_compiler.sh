#!/usr/bin/env bash
# The first addition on torch's meta device imports torch's compiler and SymPy: seconds and 150 MB for a shape.
#
# Versions: Python 3.11.7, torch 2.15.0 (for CPUs), Linux on x86_64.
# Guess: a tensor on `meta` has no numbers, so that what is done with it works out a shape in microseconds, from the first time on.
# Behaviour: the shape rules of many operations are written in Python, and ask the compiler's reasoning about symbolic sizes also where
#   every size is a number. `torch.empty_like`, a convolution and `Module.to_empty` import SymPy with what is around it (486 modules), an
#   addition, a linear layer and BatchNorm torch._dynamo besides (907 modules). `clone`, `reshape` and `Tensor.to("meta")` import nothing.
# Output seen (a fresh process each, torch imported before):
#   torch.empty(m.shape, dtype=m.dtype)                          0 modules   0.00 s     0 MB
#   torch.empty_like(m, device="cpu")                          486 modules   0.46 s    36 MB
#   torch.nn.Linear(3, 2, device="meta").to_empty(device="cpu")  486 modules   0.58 s    37 MB
#   m + 1                                                      907 modules   2.37 s   150 MB
# Why it matters here: to get the room for features, a run allocated on the processor like a tensor on `meta`, which was 0.3 s of the 2.1 s
#   from `train` to its first step, and 36 MB in every process that trains.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check torch==2.15.0 numpy 2>/dev/null
cat >"$folder/one.py" <<'PY'
import resource
import sys
import time

import torch


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


m = torch.empty((8, 3), device="meta")
before, modules, began = megabytes(), len(sys.modules), time.perf_counter()
eval(sys.argv[1])
took, more = time.perf_counter() - began, len(sys.modules) - modules
print(f"{sys.argv[1]:60s} {more:4d} modules {took:6.2f} s {megabytes() - before:5.0f} MB", flush=True)
assert ("sympy" in sys.modules) == (sys.argv[2] != "nothing"), "SymPy"
assert ("torch._dynamo" in sys.modules) == (sys.argv[2] == "compiler"), "the compiler"
PY
one() { "$folder/venv/bin/python" "$folder/one.py" "$@"; }
one 'torch.empty(m.shape, dtype=m.dtype)' nothing
one 'm.clone()' nothing
one 'torch.empty_like(m, device="cpu")' sympy
one 'torch.nn.Linear(3, 2, device="meta").to_empty(device="cpu")' sympy
one 'm + 1' compiler
