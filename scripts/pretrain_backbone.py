"""Make the built-in backbone again: a ResNet-10 distilled from ImageNet networks on a handful of free photographs.

    python -m scripts.pretrain_backbone --folder DIR --folder DIR
    python -m scripts.pretrain_backbone --scale 0.1 --out small.safetensors    # a few minutes

Nothing but the photographs of our own dependencies is needed; each `--folder` adds its pictures, without labels.
The same seed, folders and versions give the same views in the same order; sums in bfloat16 differ between machines.
"""

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import safetensors.torch
import torch
import torchvision
from torch import Tensor, nn

from scripts.pretraining import distillation, pictures, teachers
from scripts.pretraining.distillation import Plan, Progress

OUT = Path(__file__).parent.parent / "assets/backbone/resnet10.safetensors"
IMAGES = 260_000


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=IMAGES, help="views learned from (default %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="multiply --images, 0.1 for a quick try")
    parser.add_argument("--folder", type=Path, action="append", default=[], help="more pictures, may be repeated")
    parser.add_argument("--out", type=Path, default=OUT, help="where the weights go; facts go beside it as .json")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="processor threads (they share each batch)")
    chosen = parser.parse_args(words)
    if chosen.scale != 1 and chosen.out == OUT:
        parser.error(f"--scale {chosen.scale} would replace the backbone that ships: name another file with --out")
    return chosen


def slim(backbone: nn.Module) -> dict[str, Tensor]:
    """The weights to ship: convolutions in half precision, BatchNorm in full, nothing else."""
    state = backbone.state_dict()
    return {
        name: (value.half() if value.dim() == 4 else value).cpu().contiguous(memory_format=torch.contiguous_format)
        for name, value in state.items()
    }


def facts(path: Path, weights: dict[str, Tensor], seed: int, done: Progress, found: list[pictures.Source]) -> dict:
    """What stands beside the weights: checksum, size, and how they came about."""
    learned = [value for name, value in weights.items() if name.endswith(("weight", "bias"))]
    return {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "input_size": distillation.STUDENT_SIZE,
        "parameters": sum(value.numel() for value in learned),
        "tensors": len(weights),
        "made_with": {"torch": torch.__version__, "torchvision": torchvision.__version__},
        "seed": seed,
        "images_seen": done.step * distillation.BATCH,
        "minutes": round(done.seconds / 60, 1),
        "learned_from": {source.name: len(source.pictures) for source in found},
    }


def save(backbone: nn.Module, out: Path, seed: int, done: Progress, found: list[pictures.Source]) -> None:
    """Write the weights and, beside them, the facts."""
    weights = slim(backbone)
    out.parent.mkdir(parents=True, exist_ok=True)
    safetensors.torch.save_file(weights, out)
    text = json.dumps(facts(out, weights, seed, done, found), indent=2)
    out.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Read the pictures, ask the teachers, train the student, save it."""
    chosen = arguments()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(1)
    plan = Plan(images=round(chosen.images * chosen.scale), seed=chosen.seed)
    found = pictures.sources(chosen.folder)
    size = max(8192, min(plan.pool, plan.images // 16) // 64 * 64)
    pool = distillation.Pool(pictures.atlas(found, device), teachers.teachers(device), size, plan.seed)
    student, average = distillation.new_student(plan, device)
    threads = chosen.threads if device.type == "cpu" else 1
    for done in distillation.distil(student, average, pool, plan, threads):
        speed = f"{done.seconds:.0f} s  {done.step * distillation.BATCH / done.seconds:.0f} images/s"
        print(f"step {done.step}/{plan.steps}  loss {done.loss:.3f}  {speed}", flush=True)
        if done.step % 500 == 0 or done.step == plan.steps:  # usable long before the end
            save(average.backbone, chosen.out, plan.seed, done, found)


if __name__ == "__main__":
    main()
