"""Make the sample runs that ship: two worlds, each a probe and a tuned run, with the answers that the home page shows at once.

    python -m scripts.make_samples [--out assets/samples] [--answers]

With `--answers` the runs stay and only the answers are computed again, e.g. after `VERSION` in explorer/question.py was raised.

Recipes are those of `explorer.worlds.recipes.WORLDS`. A run is trained as any other. Then its learned convolutions are rounded
to 8-bit differences from the pre-trained weights (explorer/models/deltas.py), and everything that is stored of it (test scores,
predictions, features, answers) is computed from the rounded network, so every number shown follows from what ships. The audit
and the curves are of the training itself. Each run.json says on which machine and when it was made.
"""

import argparse
import contextlib
import os
import platform
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).parent.parent
PROGRESS = 60  # characters of one line


def main() -> None:
    """Train, round, ask, and copy what ships."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "samples")
    parser.add_argument("--answers", action="store_true", help="keep the runs, compute the answers again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"THAW_HOME": home, "THAW_SAMPLES": str(given.out if given.answers else Path(home, "none"))}
        shutil.rmtree(given.out / "answers", ignore_errors=True)
        if not given.answers:
            train()
        ask()
        if not given.answers:
            shutil.rmtree(given.out, ignore_errors=True)
            shutil.copytree(Path(home, "runs"), given.out / "runs")
        shutil.copytree(
            Path(home, "cache"), given.out / "answers", ignore=shutil.ignore_patterns("boundary", "*.part*")
        )
    size = sum(path.stat().st_size for path in given.out.rglob("*") if path.is_file())
    print(f"{size / 1e6:.1f} MB in {given.out}")


def train() -> None:
    """Carry out all recipes."""
    from explorer.worlds.recipes import RANDOM, WORLDS

    for recipe in (*(recipe for world in WORLDS for recipe in world.recipes), RANDOM):
        carried_out(recipe)


def ask() -> None:
    """Answer what home asks."""
    from explorer import runs
    from explorer.answers import save
    from explorer.worker.handlers import answer
    from explorer.worlds.recipes import WORLDS, questions

    for world in WORLDS:
        pair = [runs.find(recipe) for recipe in world.recipes]
        for question in questions(*(run.id for run in pair if run is not None)):
            print(question.name(), flush=True)
            question.path.parent.mkdir(parents=True, exist_ok=True)
            save(answer(question, lambda share, words: None), question.path)


def carried_out(recipe: Any) -> str:
    """Train a recipe, with its best weights rounded before they are scored."""
    from explorer import runs
    from explorer.models import backbones
    from explorer.models.deltas import packed, unpacked
    from explorer.training.compute import handlers, scoring
    from explorer.training.compute.preparing import prepare

    run = runs.create(recipe)
    runs.start(run, versions=handlers.versions(), error="")
    session = prepare(recipe, report)
    handlers._describe(run, session)
    handlers._learn(run, session, report)
    start = backbones.build(
        session.recipe.backbone, session.network.classes, session.recipe.weights, session.recipe.seed
    )
    begun = start.model.state_dict()
    assert session.best is not None
    epoch, rank, state = session.best
    convolutions = {name: t for name, t in state.items() if t.ndim == 4 and not torch.equal(t, begun[name])}
    session.best = (epoch, rank, state | unpacked(begun, packed(begun, convolutions)))
    handlers._store(run, session, scoring.outcome(session, run))
    learned = {name: torch.from_numpy(tensor) for name, tensor in runs.tensors(run, "learned").items()}
    runs.store_tensors(run, "learned", packed(begun, learned))
    runs.store_tensors(run, "features", smaller(runs.tensors(run, "features")))
    runs.update(run, sample={"machine": processor(), "date": time.strftime("%Y-%m-%d")})
    print(f"\n{runs.read(run).title}: {runs.read(run).test}", flush=True)
    return run


def processor() -> str:
    """The name of this machine's processor; where the system does not tell, its kind."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def smaller(features: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """In half precision, what did not change once, and no epochs."""
    kept = {}
    for key, value in features.items():
        before = features.get(key.replace("after/", "before/", 1))
        if key.startswith("epoch/") or (key.startswith("after/") and np.array_equal(value, before)):
            continue
        kept[key] = value.astype(np.float16)
    return kept


def report(share: float, words: str) -> None:
    """One line on the terminal."""
    print(f"\r{share:4.0%}  {words:<{PROGRESS}}", end="", flush=True)


if __name__ == "__main__":
    main()
