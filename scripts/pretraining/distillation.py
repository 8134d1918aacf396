"""The student learns to see what its teachers see.

Views and the teachers' answers go into a pool that is renewed bit by bit; each view is learned from several times
before it leaves, because making views and asking the teachers costs more than a step of the student.
"""

import copy
import dataclasses
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock, ResNet

from scripts.pretraining.pictures import Atlas
from scripts.pretraining.teachers import PART, Answer, Teachers, autocast, normalised
from scripts.pretraining.views import views

TEACHER_SIZE, STUDENT_SIZE = 128, 96
BATCH, CHUNK = 128, 64
TEMPERATURE = 4.0


@dataclass(frozen=True)
class Plan:
    """How long to learn and from how large a pool; `images` counts what the student sees, each view `reuse` times."""

    images: int
    pool: int = 20_480
    reuse: int = 8
    small_share: float = 0.6
    small_size: int = 64
    rate: float = 2e-3
    decay: float = 0.02
    seed: int = 0

    @property
    def steps(self) -> int:
        """Number of optimizer steps."""
        return max(1, self.images // BATCH)

    def at(self, scale: float, seed: int) -> "Plan":
        """The same with more or fewer images, and another seed."""
        return dataclasses.replace(self, images=round(self.images * scale), seed=seed)


@dataclass(frozen=True)
class Progress:
    """One line of the log: steps done, mean loss since the last line, seconds since the start, views made."""

    step: int
    loss: float
    seconds: float
    made: int


class Student(nn.Module):
    """A ResNet-10 without its head, and linear maps, thrown away afterwards, that say what a teacher would."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet(BasicBlock, [1, 1, 1, 1])
        self.backbone.fc = nn.Identity()
        self.early = nn.Conv2d(128, 32, 1)
        self.middle = nn.Conv2d(256, 96, 1)
        self.late = nn.Conv2d(512, 1280, 1)
        self.second = nn.Linear(512, 512)
        self.logits = nn.Linear(512, 1000)

    def forward(self, images: Tensor) -> Answer:
        """The student's words for images (b, 3, h, w), on maps of its own size."""
        net = self.backbone
        stem = net.maxpool(net.relu(net.bn1(net.conv1(normalised(images)))))
        layer2 = net.layer2(net.layer1(stem))
        layer3 = net.layer3(layer2)
        layer4 = net.layer4(layer3)
        pooled = layer4.mean((2, 3))
        said = self.early(layer2), self.middle(layer3), self.late(layer4), self.second(pooled), self.logits(pooled)
        return Answer(*(t.float() for t in said))


class Pool:
    """Views as bytes (size, 96, 96, 3) with the teachers' answers on them; the oldest are replaced first."""

    def __init__(self, source: Atlas, teachers: Teachers, size: int, seed: int) -> None:
        self.source, self.teachers, self.size, self.seed = source, teachers, size, seed
        self.device, self.made, self.generator = teachers.device, 0, Generator().manual_seed(seed)
        self.images = torch.empty(size, STUDENT_SIZE, STUDENT_SIZE, 3, dtype=torch.uint8, device=self.device)
        self.answer: Answer | None = None

    def renew(self, count: int, threads: ThreadPoolExecutor) -> None:
        """Replace the oldest `count` views, CHUNK at a time; each chunk has a seed of its own."""
        first = self.made // CHUNK
        for images, answer in threads.map(self.chunk, range(first, first + count // CHUNK)):
            self.store(images, answer)

    def chunk(self, number: int) -> tuple[Tensor, Answer]:
        """CHUNK new views at the student's size and what the teachers say of them at their own."""
        generator = Generator().manual_seed(self.seed * 1_000_003 + number)
        large = torch.cat([views(self.source, PART, TEACHER_SIZE, generator) for _ in range(CHUNK // PART)])
        small = functional.interpolate(large, size=STUDENT_SIZE, mode="bilinear", antialias=True)
        return small, self.teachers.ask(large)

    def store(self, images: Tensor, answer: Answer) -> None:
        """Write one chunk where the oldest stood."""
        if self.answer is None:
            self.answer = Answer(*(a.new_empty(self.size, *a.shape[1:]) for a in answer.tensors()))
        here = slice(self.made % self.size, self.made % self.size + CHUNK)
        self.images[here] = (images * 255).round().byte().permute(0, 2, 3, 1)
        for mine, new in zip(self.answer.tensors(), answer.tensors(), strict=True):
            mine[here] = new
        self.made += CHUNK

    def batch(self) -> tuple[Tensor, Answer]:
        """BATCH views in [0, 1] drawn from the pool, all mirrored together half of the time, with their answers."""
        rows = torch.randint(min(self.made, self.size), (BATCH,), generator=self.generator).to(self.device)
        images = self.images[rows].permute(0, 3, 1, 2).float() / 255
        answer = [a[rows].float() for a in self.answer.tensors()]
        if torch.rand((), generator=self.generator) < 0.5:
            images = images.flip(3).contiguous(memory_format=torch.channels_last)
            answer = [a.flip(3) if a.dim() == 4 else a for a in answer]
        return images, Answer(*answer)


def cosine_distance(said: Tensor, wanted: Tensor) -> Tensor:
    """1 − cosine between rows (n, d), both centred in the batch."""
    said, wanted = said - said.mean(0), wanted - wanted.mean(0)
    return 1 - functional.cosine_similarity(said, wanted, dim=1, eps=1e-4).mean()


def divergence(said: Tensor, wanted: Tensor) -> Tensor:
    """KL divergence of softened predictions (Hinton et al. 2015, arXiv 1503.02531), times T²."""
    said, wanted = (functional.log_softmax(t / TEMPERATURE, 1) for t in (said, wanted))
    return functional.kl_div(said, wanted, reduction="batchmean", log_target=True) * TEMPERATURE**2


def everywhere(said: Tensor, wanted: Tensor) -> Tensor:
    """Cosine distance per position between maps (b, c, s, s); the teacher's is brought to the student's size."""
    wanted = functional.interpolate(wanted, size=said.shape[2:], mode="bilinear", antialias=True)
    return cosine_distance(*(t.permute(0, 2, 3, 1).flatten(0, 2) for t in (said, wanted)))


def loss(student: Student, images: Tensor, wanted: Answer) -> Tensor:
    """Half the divergence of logits + distances per position after three stages + distances of pooled features."""
    with autocast(images.device):
        said = student(images)
    whole = cosine_distance(said.late.mean((2, 3)), wanted.late.mean((2, 3)))
    maps = zip((said.early, said.middle, said.late), (wanted.early, wanted.middle, wanted.late), strict=True)
    local = sum((everywhere(mine, theirs) for mine, theirs in maps), start=whole * 2)
    return 0.5 * divergence(said.logits, wanted.logits) + local + cosine_distance(said.second, wanted.second)


def rate(step: int, steps: int) -> float:
    """Share of the learning rate: a straight rise over the first 3 %, then a cosine down to nothing."""
    warm = max(1, round(0.03 * steps))
    return min((step + 1) / warm, 0.5 * (1 + math.cos(math.pi * step / steps)))


@torch.no_grad()
def follow(average: nn.Module, student: nn.Module, step: int) -> None:
    """Move the running average of weights and of BatchNorm statistics 0.2 % towards the student (more at first)."""
    share = max(0.002, 1 / (step + 2))
    for slow, fast in zip(average.state_dict().values(), student.state_dict().values(), strict=True):
        slow.lerp_(fast, share) if slow.is_floating_point() else slow.copy_(fast)


def resized(images: Tensor, plan: Plan, step: int) -> Tensor:
    """Smaller images in the first part of the plan, where details do not matter yet."""
    if step >= plan.small_share * plan.steps:
        return images
    return functional.interpolate(images, size=plan.small_size, mode="bilinear", antialias=True)


def backward(twins: list[Student], images: Tensor, wanted: Answer, threads: ThreadPoolExecutor) -> float:
    """Loss of a batch, with gradients left on the parameters; a part of it, and a BatchNorm of its own, to each thread.

    OpenMP's threads would meet in every layer and wait for each other there when the machine is busy; these meet once.
    """
    parameters = list(twins[0].parameters())

    def part(twin: Student, rows: slice) -> tuple[float, tuple[Tensor, ...]]:
        value = loss(twin, images[rows], Answer(*(t[rows] for t in wanted.tensors())))
        return value.item(), torch.autograd.grad(value, parameters)

    rows = [slice(i * BATCH // len(twins), (i + 1) * BATCH // len(twins)) for i in range(len(twins))]
    found = list(threads.map(part, twins, rows))
    for parameter, *same in zip(parameters, *(g for _, g in found), strict=True):
        parameter.grad = torch.empty_like(parameter).copy_(sum(same) / len(same))  # AdamW needs the weights' own layout
    return sum(value for value, _ in found) / len(found)


def distil(student: Student, average: Student, pool: Pool, plan: Plan, parts: int) -> Iterator[Progress]:
    """Carry out the plan on `parts` threads; both modules are changed in place, `average` is the one to keep."""
    parameters = list(student.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=plan.rate, weight_decay=plan.decay, fused=True)
    twins = [student, *(copy.deepcopy(student, {id(p): p for p in parameters}) for _ in range(parts - 1))]
    start, every, total = time.monotonic(), 50, 0.0
    with ThreadPoolExecutor(parts) as threads:
        pool.renew(pool.size // 4, threads)
        for step in range(plan.steps):
            if step % 8 == 0:
                pool.renew(8 * BATCH // plan.reuse, threads)
            images, wanted = pool.batch()
            optimizer.param_groups[0]["lr"] = plan.rate * rate(step, plan.steps)
            total += backward(twins, resized(images, plan, step), wanted, threads)
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimizer.step()
            follow(average, student, step)
            if (step + 1) % every == 0 or step + 1 == plan.steps:
                yield Progress(step + 1, total / (step % every + 1), time.monotonic() - start, pool.made)
                total = 0.0


def new_student(plan: Plan, device: torch.device, start: Path | None = None) -> tuple[Student, Student]:
    """A seeded student, its backbone's weights read from a file if one is given, and the copy for its running average."""
    torch.manual_seed(plan.seed)
    student = Student()
    if start is not None:
        student.backbone.load_state_dict(safetensors.torch.load_file(start))
    student = student.to(device, memory_format=torch.channels_last).train()
    return student, copy.deepcopy(student).requires_grad_(False)
