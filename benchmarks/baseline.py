"""What most people run first: the loop of PyTorch's transfer-learning tutorial, written anew from its description.

Each epoch every picture is decoded by PIL, cropped at random and sent through the whole network in train mode, in
float32, whatever is frozen; then the validation pictures are scored the same way. SGD 0.001, momentum 0.9, the rate
divided by 10 every 7 epochs, batches of 4, no loader processes.
"""

import time
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torchvision import datasets, models, transforms

from explorer.catalogue import Preprocessing
from explorer.recipe import Recipe

RATE, MOMENTUM, STEP, FACTOR = 0.001, 0.9, 7, 0.1


def loaders(data: Path, preprocessing: Preprocessing, batch: int) -> dict[str, DataLoader]:
    """`train` and `val` folders as batches of (n, 3, h, w) float32, decoded anew each time."""
    normalise = [transforms.ToTensor(), transforms.Normalize(preprocessing.mean, preprocessing.std)]
    crop = preprocessing.crop
    recipes = {
        "train": [transforms.RandomResizedCrop(crop), transforms.RandomHorizontalFlip(), *normalise],
        "val": [transforms.Resize(preprocessing.resize), transforms.CenterCrop(crop), *normalise],
    }
    sets = {split: datasets.ImageFolder(data / split, transforms.Compose(steps)) for split, steps in recipes.items()}
    return {split: DataLoader(pictures, batch_size=batch, shuffle=True) for split, pictures in sets.items()}


def network(wanted: Recipe, classes: int) -> nn.Module:
    """torchvision's model with a fresh head; besides the head only what the recipe names requires gradients: its stages,
    or the scale and shift of every BatchNorm."""
    torch.manual_seed(wanted.seed)
    row = wanted.row
    model = models.get_model(row.name, weights=None)
    if not wanted.drawn:
        member = models.get_model_weights(row.name)[wanted.weights]
        model.load_state_dict(member.get_state_dict(progress=False, check_hash=False))
    model.requires_grad_(False)
    for stage in row.stages:
        for part in stage.parts if stage.name in wanted.learns else ():
            attrgetter(part)(model).requires_grad_(True)
    for module in model.modules() if wanted.batchnorm == "affine" else ():
        if isinstance(module, nn.BatchNorm2d):
            module.requires_grad_(True)
    if row.name == "squeezenet1_1":
        model.classifier[1] = nn.Conv2d(row.features, classes, 1)
    elif hasattr(model, "fc"):
        model.fc = nn.Linear(row.features, classes)
    else:
        model.classifier[-1] = nn.Linear(row.features, classes)
    return model


def optimizer(model: nn.Module) -> torch.optim.SGD:
    """SGD over what requires gradients."""
    return torch.optim.SGD([p for p in model.parameters() if p.requires_grad], RATE, MOMENTUM)


@dataclass(frozen=True)
class Loop:
    """How a loop went: seconds before the first epoch and of each epoch, and the validation images right after each."""

    setup: float
    epochs: tuple[float, ...]
    correct: tuple[int, ...]
    n: int

    def seconds(self, epochs: int) -> float:
        """Seconds of a run of `epochs`, from those that were timed (all epochs do the same work)."""
        return self.setup + epochs * sum(self.epochs) / len(self.epochs)


def run(data: Path, wanted: Recipe, batch: int, epochs: int) -> Loop:
    """The whole loop for `epochs` epochs; of the recipe it takes network, weights, input size, what learns, and seed."""
    started = time.perf_counter()
    batches = loaders(data, wanted.preprocessing, batch)
    model = network(wanted, len(batches["train"].dataset.classes))
    sgd = optimizer(model)
    schedule = torch.optim.lr_scheduler.StepLR(sgd, STEP, FACTOR)
    setup, seconds, correct = time.perf_counter() - started, [], []
    for _ in range(epochs):
        started = time.perf_counter()
        learn(model, batches["train"], sgd)
        schedule.step()
        correct.append(score(model, batches["val"]))
        seconds.append(time.perf_counter() - started)
    return Loop(setup, tuple(seconds), tuple(correct), len(batches["val"].dataset))


def learn(model: nn.Module, batches: DataLoader, sgd: torch.optim.SGD) -> None:
    """One pass over the training pictures."""
    model.train()
    for images, labels in batches:
        step(model, images, labels, sgd)


def step(model: nn.Module, images: Tensor, labels: Tensor, sgd: torch.optim.SGD) -> float:
    """One step on one batch; the loss."""
    sgd.zero_grad()
    loss = functional.cross_entropy(model(images), labels)
    loss.backward()
    sgd.step()
    return loss.item()


@torch.no_grad()
def score(model: nn.Module, batches: DataLoader) -> int:
    """How many validation pictures are right."""
    model.eval()
    return sum(int((model(images).argmax(1) == labels).sum()) for images, labels in batches)


def speed(model: nn.Module, images: Tensor, labels: Tensor, batch: int) -> float:
    """Images a second of learning from decoded pictures (n, 3, h, w); the first batch is done twice, once uncounted."""
    model.train()
    sgd = optimizer(model)
    chunks = list(zip(images.split(batch), labels.split(batch), strict=True))
    step(model, *chunks[0], sgd)
    started = time.perf_counter()
    for chunk in chunks:
        step(model, *chunk, sgd)
    return len(images) / (time.perf_counter() - started)
