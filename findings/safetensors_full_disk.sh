#!/usr/bin/env bash
# Saving safetensors where the disk takes no more raises no OSError: `except OSError` and `error.errno` miss it; the old file survives.
#
# Versions: Python 3.11 to 3.13, safetensors 0.8.0, numpy 2.4.6, Linux.
# Guess: as numpy.save and open(...).write do, save_file raises OSError with its number, and the file that was there is cut short.
# Behaviour: it raises SafetensorError, which derives from Exception alone and has no errno: the number stands in its text only. The
#   file that was there is whole, and nothing else is left beside it. numpy.save in the same place raises OSError.
# Output seen (a limit on the size of a file stands for the full disk, so that no disk need be filled):
#   SafetensorError, an OSError: False, errno None: Error while serializing: I/O error: File too large (os error 27)
#   the old file: 104 bytes before, 104 after, read again: (10,)
#   numpy.save: OSError
# Why it matters here: whoever retries or frees space on ENOSPC by catching OSError never does so for checkpoints saved this way.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import os
import resource

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

save_file({"a": np.zeros(10, np.float32)}, "x.safetensors")
before = os.path.getsize("x.safetensors")
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
try:
    save_file({"a": np.zeros(1_000_000, np.float32)}, "x.safetensors")
except SafetensorError as error:
    number = getattr(error, "errno", None)
    print(f"SafetensorError, an OSError: {isinstance(error, OSError)}, errno {number}: {error}")
    assert not isinstance(error, OSError) and number is None and "os error 27" in str(error), "its errors are others now"
else:
    raise SystemExit("it was saved beyond the limit")
shape, left = load_file("x.safetensors")["a"].shape, sorted(name for name in os.listdir() if name != "venv")
print(f"the old file: {before} bytes before, {os.path.getsize('x.safetensors')} after, read again: {shape}")
assert shape == (10,) and left == ["x.safetensors"], "the old file is not kept as it was any more"
try:
    np.save("y.npy", np.zeros(1_000_000, np.float32))
except OSError as error:
    print(f"numpy.save: {type(error).__name__}")
else:
    raise SystemExit("numpy saved beyond the limit")
PY
