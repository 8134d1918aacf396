"""What the README quotes, runnable: see benchmarks/README.md."""

import os

# The worker sets the same before torch is loaded: idle OpenMP threads sleep instead of spinning.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
