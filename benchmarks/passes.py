"""What a run gains where its passes without gradients (frozen stages, scores, features) use both of two cores.

    python -m benchmarks.passes [--against COMMIT] [--strategy linear_probe last_stage full] [--rounds 2]

Every run is `python -m explorer train` in a process and a Thaw folder of its own, so that nothing is warm: this build, this
build with one pass at a time (`THAW_THREADS=1`, as many threads as a pass has on two cores anyway), and the other build, in
turn. The seconds are the run's own, from its first image to its outcome. Equal means: weights, scores of every epoch and
predictions, to the last bit.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.card import ROOT, builds
from benchmarks.report import Spread, footer, held, table
from explorer.catalogue.strategies import STRATEGIES

BAR = 1.25  # times as fast as the other build, for `last_stage`
ONE = {"THAW_THREADS": "1"}


@dataclass(frozen=True)
class Timed:
    """A finished run: its seconds, and a hash of what it learned, scored and predicted."""

    seconds: float
    result: str


def timed(checkout: Path, choices: Mapping[str, object], settings: Mapping[str, str] = {}) -> Timed:
    """Carry out a recipe with a build, in a process of its own."""
    flags = [text for name, value in choices.items() for text in (f"--{name}", str(value))]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        env = (
            os.environ | {"THAW_HOME": home, "PYTHONPATH": str(checkout), "OMP_WAIT_POLICY": "PASSIVE"} | dict(settings)
        )
        command = [sys.executable, "-m", "explorer", "train", *flags, "--json"]
        subprocess.run(command, cwd=checkout, env=env, stdout=subprocess.DEVNULL, check=True)
        folder = next(Path(home, "runs").glob("*/epochs.jsonl")).parent
        facts = json.loads((folder / "run.json").read_text("utf-8"))
        rows = [json.loads(line) for line in (folder / "epochs.jsonl").read_text("utf-8").splitlines()]
        scores = [{name: row[name] for name in ("train", "val", "train_loss", "val_loss")} for row in rows]
        digest = hashlib.sha256(json.dumps([scores, facts["test"]]).encode())
        for path in sorted((*folder.glob("*.safetensors"), *folder.glob("predictions.*"))):
            digest.update(path.read_bytes())
    return Timed(facts["seconds"]["total"], digest.hexdigest())


def row(name: str, both: list[Timed], one: list[Timed], other: list[Timed]) -> tuple[str, ...]:
    """One strategy: seconds of each, how many times as fast, and whether one and two passes gave the same."""
    mine, alone, theirs = (Spread(tuple(t.seconds for t in found)) for found in (both, one, other))
    equal = "to the last bit" if len({t.result for t in both + one}) == 1 else "**no**"
    ratios = [f"{alone.median / mine.median:.2f}×"]
    reached = ""
    if other:
        gain = theirs.median / mine.median
        ratios.append(f"{gain:.2f}×")
        reached = held(gain >= BAR, f"≥ {BAR:g}×") if name == "last_stage" else ""
    return f"`{name}`", *([str(theirs)] if other else []), str(alone), str(mine), *ratios, equal, reached


def main() -> None:
    """Time every strategy in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--strategy", nargs="+", choices=list(STRATEGIES), default=["linear_probe", "last_stage", "full"]
    )
    parser.add_argument("--against", help="a commit to compare with")
    parser.add_argument("--per-class", type=int, default=25, help="photo patches of each of 17 classes")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    lines = []
    with builds(given.against) as found:
        other = found.get(given.against or "")
        for name in given.strategy:
            choices = {"strategy": name, "per-class": given.per_class, "epochs": given.epochs, "device": "cpu"}
            both, one, theirs = [], [], []
            for _ in range(given.rounds):
                one.append(timed(ROOT, choices, ONE))
                both.append(timed(ROOT, choices))
                theirs += [timed(other, choices)] if other else []
            lines.append(row(name, both, one, theirs))
    named = [given.against] if given.against else []
    ratios = ["against one", *(f"against {name}" for name in named)]
    print(table(("seconds of a run", *named, "one pass at a time", "this build", *ratios, "equal", "bar"), lines))
    print("\n" + footer("benchmarks.passes", ("torch",), f"{given.rounds} rounds"))


if __name__ == "__main__":
    main()
