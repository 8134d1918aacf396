"""What the page *Data* finds of copies and wrong labels that were planted, and what it calls so that is none.

    python -m benchmarks.faults [--data DIR …] [--part copies labels] [--most 400] [--planted 60] [--seeds 3] [--anew]

Prints both tables; a row is kept when it is done (under Thaw's home), so that a command that was cut off goes on where it was.

Copies: of some pictures five copies each are put among the others: saved again as JPEG of quality 60, halved, cropped by 5 % at
a random place, turned by 3°, mirrored (all other than those that the page makes to find its threshold). A pair of a picture and
its copy that is not listed is missed; a listed pair of two different pictures is false. Bar: recall ≥ 95 %, false ≤ 1 %.
Labels: 5 % of the labels are moved to another class.
"""

import argparse
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.report import footer, held, table
from explorer.data import datasets
from explorer.data.images import Images
from explorer.data.joined import joined
from explorer.data.near_copies.pairs import Pairs, near_copies
from explorer.home import home, write_aside
from explorer.looks.data.compute import confident, faults, labels, survey
from explorer.looks.data.compute.whole import Whole, features, network_of, plain
from explorer.models import devices
from explorer.progress import silent
from explorer.recipe import Recipe, make

Way = Callable[[Image.Image, np.random.Generator], Image.Image]
WRONG = 0.05


def _again(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=60)
    return Image.open(buffer).convert("RGB")


def _cropped(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    width, height = (round(side * 0.95) for side in picture.size)
    left, top = int(dice.integers(picture.width - width + 1)), int(dice.integers(picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))


PLANTED: dict[str, Way] = {
    "saved again": _again,
    "halved": lambda p, dice: p.resize((p.width // 2, p.height // 2), Image.Resampling.LANCZOS),
    "cropped by 5 %": _cropped,
    "turned by 3°": lambda p, dice: p.rotate(float(dice.choice([-3, 3])), Image.Resampling.BICUBIC),
    "mirrored": lambda p, dice: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


def sources(given: argparse.Namespace) -> Iterator[tuple[str, Recipe]]:
    """The sets: photo patches, then the folders."""
    weights = {"backbone": given.backbone}
    yield "photo patches, test", plain(make(**weights, dataset="photo_patches"))
    for folder in given.data:
        yield Path(folder).name, plain(make(**weights, dataset="folder", data_dir=folder))


def pictures_of(name: str, recipe: Recipe) -> Whole:
    """All pictures of a set; of the photo patches those that do not overlap."""
    data = datasets.load(recipe)
    images, splits = joined(data)
    return Whole(data, data.test, np.full(len(data.test), 2)) if "patches" in name else Whole(data, images, splits)


def planted(images: Images, most: int, many: int, seed: int) -> tuple[Images, np.ndarray, np.ndarray]:
    """(up to `most` pictures and five copies of `many` of them; (n,) which picture each is; (n,) which way, -1: itself)."""
    dice = np.random.default_rng(seed)
    kept = np.sort(dice.permutation(len(images))[:most])
    pictures = [images.read(int(i)) for i in kept]
    of, way = list(range(len(kept))), [-1] * len(kept)
    for i in dice.permutation(len(kept))[:many].tolist():
        for number, made in enumerate(PLANTED.values()):
            pictures.append(made(pictures[i], dice))
            of.append(i)
            way.append(number)
    names = tuple(f"{images.ids[kept[i]]} {w}" for i, w in zip(of, way, strict=True))
    return Images(names, images.labels[kept][of], pictures.__getitem__), np.array(of), np.array(way)


def copies(name: str, recipe: Recipe, given: argparse.Namespace) -> tuple[str, ...]:
    """One row: what of the planted copies was found, and what else was."""
    known = pictures_of(name, recipe)
    images, of, way = planted(known.images, given.most, given.planted, given.seed)
    found = Whole(known.data, images, np.zeros(len(images), np.int64))
    network, place = network_of(recipe, known.data)
    rows = faults._features(network, images.pixels(recipe.preprocessing), recipe, place)
    seen, made = survey.survey(images, silent), faults.made_copies(recipe, found)
    start = time.perf_counter()
    pairs = near_copies(seen.small, rows, made)
    took = time.perf_counter() - start
    if given.out:
        np.savez(given.out / f"{name}.npz", small=seen.small, rows=rows, of=of, way=way, made_of=made.of,
                 made_small=made.small, made_features=made.features, pairs=pairs.pairs, distance=pairs.distance)  # fmt: skip
    return row(name, pairs, of, way, took)


def row(name: str, pairs: Pairs, of: np.ndarray, way: np.ndarray, took: float) -> tuple[str, ...]:
    """Recall, all and by way, over pairs of a picture and its copy; false pairs among all that were listed."""
    listed = {tuple(pair) for pair in pairs.pairs.tolist()}
    wanted = np.flatnonzero(way >= 0)
    hit = np.array([(int(of[i]), int(i)) in listed for i in wanted])
    by_way = [
        f"{hit[way[wanted] == i].mean() if (way == i).any() else 0:.0%}".replace("%", " %") for i in range(len(PLANTED))
    ]
    false = sum(of[i] != of[j] for i, j in listed)
    recall, share = hit.mean(), false / max(1, len(listed))
    return (
        name, str(int((way < 0).sum())), f"{pairs.threshold:.1f}", f"{pairs.strangers:.1f}",
        *by_way, f"{hit.sum()} of {len(hit)}, {recall:.1%}".replace("%", " %"), f"{false} of {len(listed)}", f"{took:.1f}",
        held(recall >= 0.95 and share <= 0.01, "≥ 95 %, ≤ 1 %"),
    )  # fmt: skip


def wrong_labels(name: str, recipe: Recipe, given: argparse.Namespace) -> tuple[str, ...]:
    """One row: what is flagged in the set as it is, what by chance, and of planted errors, over some seeds."""
    data = datasets.load(recipe)
    images, _ = joined(data)
    rows, true = features(recipe, data, silent), images.labels
    groups = labels.groups_that_divide(images.groups, true)
    start = time.perf_counter()
    probability = labels.out_of_fold(rows, true, groups)
    took = time.perf_counter() - start
    chance = confident.by_chance(probability)
    plain = int(confident.flagged(true, probability).sum())
    found, listed, top, many = [], [], [], round(WRONG * len(true))
    for seed in range(given.seeds):
        dice = np.random.default_rng(seed)
        wrong = dice.permutation(len(true))[:many]
        given_labels = true.copy()
        given_labels[wrong] = (true[wrong] + dice.integers(1, len(data.classes), many)) % len(data.classes)
        said = labels.out_of_fold(rows, given_labels, groups)
        flags = np.flatnonzero(confident.flagged(given_labels, said))
        flags = flags[np.argsort(-confident.margin(given_labels, said)[flags], kind="stable")]
        found.append(len(np.intersect1d(flags, wrong)))
        listed.append(len(flags))
        top.append(len(np.intersect1d(flags[:many], wrong)))
    low, high = np.quantile(chance.counts, [0.025, 0.975])
    return (
        name, str(len(true)), f"{(probability.argmax(1) == true).mean():.1%}".replace("%", " %"), str(plain),
        f"{chance.counts.mean():.1f} ({low:.0f} to {high:.0f})",
        f"{np.mean(found):.1f} of {many}, {np.mean(found) / max(1, many):.0%}".replace("%", " %"), f"{np.mean(listed):.1f}",
        f"{np.sum(found) / max(1, np.sum(listed)):.0%}".replace("%", " %"),
        f"{np.mean(top):.1f} of {many}", f"{took:.1f}",
    )  # fmt: skip


COPIES = ("set", "pictures", "threshold, grey levels", "different pictures from", *PLANTED, "copies found",
          "false pairs listed", "seconds", "bar")  # fmt: skip
LABELS = ("set", "pictures", "probe, out of fold", "flagged as it is", "flagged by chance (95 %)", "planted found (recall)",
          "flagged then", "precision", "planted among the first", "seconds")  # fmt: skip


PARTS: dict[str, tuple[tuple[str, ...], Callable[[str, Recipe, argparse.Namespace], tuple[str, ...]]]] = {
    "copies": (COPIES, copies),
    "labels": (LABELS, wrong_labels),
}


def kept_rows() -> Path:
    """Where rows that are done lie."""
    return home() / "benchmarks-faults.json"


def done(part: str, name: str, recipe: Recipe, given: argparse.Namespace) -> tuple[str, ...]:
    """A row of a table: the one that is kept for these settings and these pictures, else measured now and kept."""
    settings = (
        [given.backbone, given.most, given.planted, given.seed] if part == "copies" else [given.backbone, given.seeds]
    )
    key = json.dumps([part, name, datasets.load(recipe).fingerprint, *settings])
    path = kept_rows()
    rows: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if given.anew or key not in rows:
        rows[key] = list(PARTS[part][1](name, recipe, given))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_aside(path, lambda aside: aside.write_text(json.dumps(rows, indent=1), encoding="utf-8"))
    return tuple(rows[key])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one Markdown table a part, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="*", default=[], help="folders with one sub-folder per class")
    parser.add_argument("--part", nargs="*", choices=("copies", "labels"), default=["copies", "labels"])
    parser.add_argument("--backbone", default="resnet10")
    parser.add_argument("--most", type=int, default=400, help="pictures of a set among which copies are put")
    parser.add_argument("--planted", type=int, default=60, help="pictures that are copied, five times each")
    parser.add_argument("--seeds", type=int, default=3, help="draws of planted label errors")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--anew", action="store_true", help="measure rows again that are kept")
    parser.add_argument("--out", type=Path, help="a folder for what was compared, to look into it")
    given = parser.parse_args(arguments)
    devices.set_threads()
    sets = list(sources(given))
    for part in given.part:
        print(table(PARTS[part][0], []), flush=True)
        for name, recipe in sets:
            print(f"| {' | '.join(done(part, name, recipe, given))} |", flush=True)
        print()
    print(footer("benchmarks.faults", ("torch", "scikit-learn", "scipy"), hide=given.data))


if __name__ == "__main__":
    main()
