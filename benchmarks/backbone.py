"""How good are frozen features? A linear probe on the built-in backbone and on what it must be held against.

    python -m benchmarks.backbone --folder DIR --folder DIR

Prints, per data set and per number of training images per class, the accuracy in percent on test images: mean ±
standard deviation over draws of the training images. Photo patches come from regions the backbone was not trained on;
folders need `train/<class>/` (shots are drawn there) and `val/<class>/` or `test/<class>/` (scored). ImageNet networks
take part where their weights are cached.
"""

import argparse
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torchvision import models
from torchvision.models.resnet import BasicBlock, ResNet

from explorer.catalogue.backbones import backbone
from explorer.data import photos
from explorer.models import devices

BUILT_IN = Path(__file__).parent.parent / "assets/backbone/resnet10.safetensors"
SHOTS = (5, 10, 25)
PATCH = 48
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]

Pictures = list[np.ndarray]
Features = Callable[[Pictures, int], np.ndarray]


@dataclass(frozen=True)
class Task:
    """Pictures, each (h, w, 3) uint8, with class numbers (n,), to train a probe on and to score it on."""

    name: str
    train: Pictures
    train_labels: np.ndarray
    test: Pictures
    test_labels: np.ndarray


def patches(split: str, per_photo: int, grey: bool, seed: int = 0) -> tuple[Pictures, np.ndarray]:
    """Random 48-pixel patches of one band of every photo, and the photo's number as class."""
    random = np.random.default_rng(seed)
    found, labels = [], []
    for label, name in enumerate(photos.PHOTOS):
        band = photos.band(name, split)
        for _ in range(per_photo):
            y, x = (random.integers(0, side - PATCH + 1) for side in band.shape[:2])
            patch = band[y : y + PATCH, x : x + PATCH]
            found.append(greyed(patch) if grey else patch)
            labels.append(label)
    return found, np.array(labels)


def greyed(picture: np.ndarray) -> np.ndarray:
    """The picture in shades of grey, stretched to its full range: neither hue nor brightness tells the class."""
    grey = np.asarray(Image.fromarray(picture).convert("L"), np.float32)
    low, high = np.percentile(grey, [1, 99])
    stretched = np.clip((grey - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
    return np.repeat(stretched[..., None], 3, 2)


def photo_task(grey: bool, per_photo: int = 40) -> Task:
    """Which of 17 photos is a patch from?"""
    name = f"photo patches, {'grey' if grey else 'colour'}"
    return Task(name, *patches("train", per_photo, grey, 0), *patches("test", per_photo, grey, 1))


def digits_task() -> Task:
    """scikit-learn's 8 × 8 digits: 1,000 to draw from, 797 to score."""
    data = load_digits()
    pictures = [np.repeat((d * 255 / 16).astype(np.uint8)[..., None], 3, 2) for d in data.images]
    return Task("digits", pictures[:1000], data.target[:1000], pictures[1000:], data.target[1000:])


def folder_task(path: Path) -> Task:
    """An image folder with classes as sub-folders."""
    test = path / "test" if (path / "test").is_dir() else path / "val"
    classes = sorted(p.name for p in (path / "train").iterdir() if p.is_dir())

    def side(root: Path) -> tuple[Pictures, np.ndarray]:
        files = [(f, i) for i, c in enumerate(classes) for f in sorted((root / c).iterdir()) if f.is_file()]
        return [np.asarray(Image.open(f).convert("RGB")) for f, _ in files], np.array([i for _, i in files])

    return Task(path.name, *side(path / "train"), *side(test))


def squares(pictures: Pictures, size: int) -> Tensor:
    """The middle square of each picture at one size, (n, 3, size, size) in [0, 1]."""
    out = []
    for picture in pictures:
        image = Image.fromarray(picture)
        side, (w, h) = min(image.size), image.size
        box = ((w - side) // 2, (h - side) // 2, (w + side) // 2, (h + side) // 2)
        out.append(np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box)))
    return torch.from_numpy(np.stack(out)).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def pooled(net: nn.Module, pictures: Pictures, size: int) -> np.ndarray:
    """What a network without its head makes of pictures, (n, d); in bfloat16 where the processor multiplies it."""
    net, place = net.eval().to(memory_format=torch.channels_last), devices.choose(backbone("resnet10"), "cpu")
    out = []
    for at in range(0, len(pictures), 64):
        batch = (squares(pictures[at : at + 64], size) - MEAN) / STD
        with place.autocast():
            answer = net(batch.contiguous(memory_format=torch.channels_last))
        out.append(answer.float())
    return torch.cat(out).numpy()


def bare(seed: int) -> ResNet:
    """A ResNet-10 without head, with random weights."""
    torch.manual_seed(seed)
    net = ResNet(BasicBlock, [1, 1, 1, 1])
    net.fc = nn.Identity()
    return net


def built_in(path: Path = BUILT_IN) -> ResNet:
    """The backbone that ships."""
    net = bare(0)
    net.load_state_dict(safetensors.torch.load_file(path))
    return net


def raw_pixels(pictures: Pictures, _: int) -> np.ndarray:
    """16 × 16 colour pixels, (n, 768): what a probe can do without any network."""
    return squares(pictures, 16).flatten(1).numpy()


def of_network(net: nn.Module, size: int) -> Features:
    """Features of one network, the same for every draw."""
    return lambda pictures, _: pooled(net, pictures, size)


def imagenet() -> dict[str, Features]:
    """MobileNetV2 and SqueezeNet 1.1 at 128 and 64 pixels where torchvision's weights are cached."""
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    rows = {
        "SqueezeNet 1.1": (models.squeezenet1_1, models.SqueezeNet1_1_Weights.IMAGENET1K_V1),
        "MobileNetV2": (models.mobilenet_v2, models.MobileNet_V2_Weights.IMAGENET1K_V1),
    }
    found: dict[str, Features] = {}
    for name, (build, weights) in rows.items():
        if (Path(torch.hub.get_dir()) / "checkpoints" / Path(weights.url).name).exists():
            net = nn.Sequential(build(weights=weights).features, pool)
            found |= {f"{name} at {size}": of_network(net, size) for size in (128, 64)}
    return found


def contestants(path: Path, quick: bool) -> dict[str, Features]:
    """Everything that gives features, by the name in the table; a random network is a new one in each draw."""
    found: dict[str, Features] = {
        "raw pixels": raw_pixels,
        "random weights": lambda pictures, draw: pooled(bare(draw), pictures, 96),
        "built-in": of_network(built_in(path), 96),
    }
    return found if quick else found | imagenet()


def drawn(labels: np.ndarray, shots: int, seed: int) -> np.ndarray:
    """Row numbers of `shots` images of each class."""
    random = np.random.default_rng(seed)
    return np.concatenate([random.permutation(np.flatnonzero(labels == c))[:shots] for c in np.unique(labels)])


def probe(train: np.ndarray, labels: np.ndarray, test: np.ndarray, truth: np.ndarray) -> float:
    """Percent right of a logistic regression on standardised features (n, d)."""
    scale = StandardScaler().fit(train)
    head = LogisticRegression(C=0.02, max_iter=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 300 rounds are enough for two decimals
        head.fit(scale.transform(train), labels)
    return 100 * float((head.predict(scale.transform(test)) == truth).mean())


def scores(task: Task, features: Features, changes: bool, shots: Iterable[int], draws: int) -> dict[int, list[float]]:
    """Percent right per number of shots, one figure a draw; `changes` says that features differ from draw to draw."""
    found: dict[int, list[float]] = {k: [] for k in shots}
    for draw in range(draws):
        if draw == 0 or changes:
            train, test = features(task.train, draw), features(task.test, draw)
        for k, right in found.items():
            rows = drawn(task.train_labels, k, draw)
            right.append(probe(train[rows], task.train_labels[rows], test, task.test_labels))
    return found


def cell(values: Sequence[float]) -> str:
    """Mean ± standard deviation."""
    return f"{np.mean(values):.1f} ± {np.std(values, ddof=1):.1f}"


def arguments() -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, action="append", default=[], help="an image folder, may be repeated")
    parser.add_argument("--weights", type=Path, default=BUILT_IN, help="another file to score as the built-in")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="without the ImageNet networks")
    return parser.parse_args()


def main() -> None:
    """Print one Markdown table."""
    chosen = arguments()
    tasks = [photo_task(False), photo_task(True), digits_task(), *(folder_task(f) for f in chosen.folder)]
    print("| data set | features | " + " | ".join(f"{k} per class" for k in SHOTS) + " |")
    print("|---|---|" + "---|" * len(SHOTS))
    rows = contestants(chosen.weights, chosen.quick)
    for task in tasks:
        for name, features in rows.items():
            found = scores(task, features, name == "random weights", SHOTS, chosen.draws)
            print(f"| {task.name} | {name} | " + " | ".join(cell(v) for v in found.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
