"""Make the built-in backbone again: a ResNet-10 distilled from ImageNet networks on a handful of free photographs.

    python -m scripts.pretrain_backbone --folder DIR --folder DIR
    python -m scripts.pretrain_backbone --folder DIR --phase 3 --start resnet10.safetensors   # the third phase alone
    python -m scripts.pretrain_backbone --scale 0.1 --out small.safetensors         # minutes, on the photographs alone

Nothing but the photographs of our own dependencies is needed; each `--folder` adds its pictures, without labels. The
first phase learns from those; the second and the third go on from its weights with more different views and with
pictures that are dreamed from the teachers, more of them each time. The same seed, folders and versions give the same
views in the same order; sums in bfloat16 differ between machines.
"""

import argparse
import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import safetensors.torch
import torch
import torchvision
from torch import Tensor, nn

from scripts.pretraining import distillation, dreams, pictures, teachers
from scripts.pretraining.distillation import Plan, Progress
from scripts.pretraining.pictures import Source

OUT = Path(__file__).parent.parent / "assets/backbone/resnet10.safetensors"


@dataclasses.dataclass(frozen=True)
class Phase:
    """One part of the work: what to learn, from how many dreamed pictures, and the share of views taken from them."""

    plan: Plan
    dreams: int = 0
    dreamt_share: float = 0.0


PHASES = (
    Phase(Plan(images=260_000, reuse=8, small_share=0.6, rate=2e-3)),
    Phase(Plan(images=250_000, reuse=4, small_share=0.2, rate=1e-3), dreams=500, dreamt_share=0.3),
    Phase(Plan(images=500_000, reuse=4, small_share=0.4, rate=1.5e-3), dreams=1000, dreamt_share=0.45),
)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="multiply views and dreams, 0.1 for a quick try")
    parser.add_argument("--folder", type=Path, action="append", default=[], help="more pictures, may be repeated")
    parser.add_argument(
        "--phase", type=int, choices=range(1, len(PHASES) + 1), default=1, help="the phase to begin with"
    )
    parser.add_argument("--start", type=Path, help="weights that a later phase goes on from")
    parser.add_argument("--dreamt", type=Path, help="where dreams are kept, and looked for before dreaming")
    parser.add_argument("--out", type=Path, default=OUT, help="where the weights go; facts go beside it as .json")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="processor threads (they share each batch)")
    chosen = parser.parse_args(words)
    if chosen.scale != 1 and chosen.out == OUT:
        parser.error(f"--scale {chosen.scale} would replace the backbone that ships: name another file with --out")
    if (chosen.phase > 1) != (chosen.start is not None):
        parser.error(
            "--phase 2 or 3 goes on from the weights of the one before (--start FILE); phase 1 starts from nothing"
        )
    return chosen


def slim(backbone: nn.Module) -> dict[str, Tensor]:
    """The weights to ship: convolutions in half precision, BatchNorm in full, nothing else."""
    state = backbone.state_dict()
    return {
        name: (value.half() if value.dim() == 4 else value).cpu().contiguous(memory_format=torch.contiguous_format)
        for name, value in state.items()
    }


def before(start: Path | None) -> dict | None:
    """What is known of the weights that a phase goes on from: checksum, views, minutes, pictures, and those before."""
    if start is None or not start.with_suffix(".json").exists():
        return None
    known = json.loads(start.with_suffix(".json").read_text(encoding="utf-8"))
    told = ("sha256", "seed", "images_seen", "minutes", "learned_from", "went_on_from")
    return {key: known[key] for key in told if known.get(key) is not None}


def facts(path: Path, weights: dict[str, Tensor], plan: Plan, done: Progress, found: list[Source]) -> dict:
    """What stands beside the weights: checksum, size, and how they came about."""
    learned = [value for name, value in weights.items() if name.endswith(("weight", "bias"))]
    return {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "input_size": distillation.STUDENT_SIZE,
        "parameters": sum(value.numel() for value in learned),
        "tensors": len(weights),
        "made_with": {"torch": torch.__version__, "torchvision": torchvision.__version__},
        "seed": plan.seed,
        "images_seen": done.step * distillation.BATCH,
        "different_views": done.made,
        "minutes": round(done.seconds / 60, 1),
        "learned_from": {source.name: len(source.pictures) for source in found},
    }


def save(backbone: nn.Module, out: Path, plan: Plan, done: Progress, found: list[Source], earlier: dict | None) -> None:
    """Write the weights and, beside them, the facts."""
    weights = slim(backbone)
    out.parent.mkdir(parents=True, exist_ok=True)
    safetensors.torch.save_file(weights, out)
    text = json.dumps(facts(out, weights, plan, done, found) | {"went_on_from": earlier}, indent=2)
    out.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def dreamed(
    phase: Phase, seed: int, found: list[Source], chosen: argparse.Namespace, taught: teachers.Teachers
) -> list[Source]:
    """The sources and, with a share of the views taken from all of them, pictures dreamed from the teachers."""
    kept = (chosen.dreamt or Path(tempfile.gettempdir())) / f"thaw-dreams-{seed}"
    source = pictures.atlas(found, taught.device)
    seen = []
    for path in dreams.dreamt(kept, source, taught, round(phase.dreams * chosen.scale), seed, chosen.threads):
        seen.append(pictures.read(path))
        if len(seen) % dreams.GROUP == 0:
            print(f"dreams {len(seen)} in {kept}", flush=True)
    rest = [dataclasses.replace(source, share=source.share * (1 - phase.dreamt_share)) for source in found]
    return [*rest, Source("dreams", tuple(seen), phase.dreamt_share)]


def learn(
    plan: Plan, start: Path | None, found: list[Source], chosen: argparse.Namespace, taught: teachers.Teachers
) -> None:
    """One phase: train a student, from weights where they are given, and save its running average at times."""
    size = max(8192, min(plan.pool, plan.images // (2 * plan.reuse)) // 64 * 64)
    pool = distillation.Pool(pictures.atlas(found, taught.device), taught, size, plan.seed)
    student, average = distillation.new_student(plan, taught.device, start)
    earlier = before(start)
    threads = chosen.threads if taught.device.type == "cpu" else 1
    for done in distillation.distil(student, average, pool, plan, threads):
        speed = f"{done.seconds:.0f} s  {done.step * distillation.BATCH / done.seconds:.0f} images/s"
        print(f"step {done.step}/{plan.steps}  loss {done.loss:.3f}  {speed}", flush=True)
        if done.step % 500 == 0 or done.step == plan.steps:  # usable long before the end
            save(average.backbone, chosen.out, plan, done, found, earlier)


def main() -> None:
    """Read the pictures, ask the teachers, train the student phase by phase, save it."""
    chosen = arguments()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(1)
    taught = teachers.teachers(device)
    found, start = pictures.sources(chosen.folder), chosen.start
    for number, phase in enumerate(PHASES[chosen.phase - 1 :], chosen.phase - 1):
        seed = chosen.seed + number
        seen = dreamed(phase, seed - 1, found, chosen, taught) if phase.dreams else found
        learn(phase.plan.at(chosen.scale, seed), start, seen, chosen, taught)
        start = chosen.out


if __name__ == "__main__":
    main()
