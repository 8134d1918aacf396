"""Who is in which split: stratified, drawn from the images' names, so that adding a file moves hardly any other.

Each image has a pseudo-random place in a queue, the hash of its id and a salt. Test and validation depend on the split
seed alone and training on both seeds, and a draw of 10 images per class holds the draw of 5: runs compare pairwise.
"""

import hashlib
from dataclasses import replace
from functools import lru_cache

import numpy as np

from explorer.data.images import Data, Images
from explorer.errors import ExplorerError

TEST_SHARE, VAL_SHARE = 0.2, 0.2
TEST_CAP, VAL_CAP, TRAIN_CAP = 600, 300, 20_000
PUBLIC_CAP = 5_000
"""Training images taken of a public set when all are asked for: at 224 pixels they fill 0.75 GB."""


@lru_cache(maxsize=4)  # of a public set each holds some megabytes
def queue(ids: tuple[str, ...], salt: str) -> np.ndarray:
    """(n,) places of the images in the order that `salt` draws; to be read only, since the next run may ask for it again."""
    digests = [hashlib.blake2b(f"{salt}/{i}".encode(), digest_size=8).digest() for i in ids]
    order = np.argsort(np.array([int.from_bytes(d, "big") for d in digests], np.uint64), kind="stable")
    order.setflags(write=False)
    return order


def pick(images: Images, n: int, salt: str) -> np.ndarray:
    """Ordered places of about n images, each class in proportion and none left out."""
    order = queue(images.ids, salt)
    share = np.empty(len(images))
    kinds = np.unique(images.labels)
    for kind in kinds:
        rows = order[images.labels[order] == kind]
        share[rows] = np.arange(len(rows)) / len(rows)
    first = order[np.argsort(share[order], kind="stable")]
    return np.sort(first[: max(n, len(kinds))])


def pick_groups(images: Images, n: int, salt: str, left: int = 1) -> np.ndarray:
    """Ordered places of about n images in whole groups, each class in proportion and none left out: no group is cut.

    At least `left` groups of each class are left. A group that spans classes counts as of the class that most of its images have.
    """
    groups = np.arange(len(images)) if images.groups is None else images.groups
    names, places, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    classes = np.array([np.bincount(images.labels[places == group]).argmax() for group in range(len(names))])
    order, taken = queue(tuple(names.tolist()), salt), np.zeros(len(names), bool)
    for kind in np.unique(classes):
        rows = order[classes[order] == kind]
        reached = np.cumsum(sizes[rows]) - sizes[rows] / 2  # a group goes where its middle lies
        fitting = rows[reached < sizes[rows].sum() * n / len(images)][: max(1, len(rows) - left)]
        taken[fitting if len(fitting) else rows[sizes[rows].argmin()]] = True
    return np.flatnonzero(taken[places])


def divisible(images: Images, parts: int) -> bool:
    """Whether the images come in groups that can be dealt out whole: each class has one for each of so many splits."""
    if images.groups is None:
        return False
    return all(len(np.unique(images.groups[images.labels == kind])) >= parts for kind in np.unique(images.labels))


def split_off(images: Images, share: float, cap: int, salt: str, parts: int = 2) -> tuple[Images, Images]:
    """(the part split off, the rest): a stratified share of the images, at most `cap` of them; in whole groups where each
    class has a group for each of the `parts` that there are to be in the end."""
    n = min(round(share * len(images)), cap)
    taken = pick_groups(images, n, salt, parts - 1) if divisible(images, parts) else pick(images, n, salt)
    return images.take(taken), images.take(np.setdiff1d(np.arange(len(images)), taken))


def divide(images: Images, split_seed: int) -> tuple[Images, Images, Images]:
    """(train, val, test) in about 60 : 20 : 20, stratified; each class needs at least 3 images."""
    test, rest = split_off(images, TEST_SHARE, TEST_CAP, f"test/{split_seed}", parts=3)
    val, train = split_off(rest, VAL_SHARE / (1 - TEST_SHARE), VAL_CAP, f"val/{split_seed}")
    return train, val, test


def hold_out(train: Images, split_seed: int) -> tuple[Images, Images]:
    """(train, val): validation images split off a training set that came without; 2 images per class at least."""
    val, rest = split_off(train, VAL_SHARE, VAL_CAP, f"val/{split_seed}")
    return rest, val


def cut(data: Data, per_class: int | None, seed: int, split_seed: int, most: int = TRAIN_CAP) -> Data:
    """The data as one recipe uses it: test and validation capped by the split seed, training drawn by `seed`.

    Without `per_class` all training images are taken, at most `most`, each class in proportion; a class that has fewer than
    `per_class` gives all it has, and a note says so.
    """
    notes = []
    splits = {}
    for name, cap in (("test", TEST_CAP), ("val", VAL_CAP)):
        images = getattr(data, name)
        splits[name] = images
        if len(images) > cap:
            splits[name] = images.take(pick(images, cap, f"{name}/{split_seed}"))
            notes.append(f"{len(splits[name])} of the {len(images)} {name} images are used.")
    train = data.train
    if per_class is not None:
        train = draw(data, per_class, seed)
        notes += fewer(data, per_class)
    elif len(train) > most:
        train = train.take(pick(train, most, f"train/{seed}"))
        notes.append(f"{len(train)} of the {len(data.train)} training images are used.")
    if len(splits["test"]) < 100:
        n = len(splits["test"])
        notes.append(f"Only {n} test images: one image is {100 / n:.1f} points of accuracy.")
    return replace(data, train=train, **splits).with_notes(*notes)


def draw(data: Data, per_class: int, seed: int) -> Images:
    """`per_class` training images of each class, drawn by `seed`; all of a class that has fewer.

    Raises ExplorerError for more than TRAIN_CAP in all.
    """
    counts = np.bincount(data.train.labels, minlength=len(data.classes))
    total = int(counts.clip(max=per_class).sum())
    if total > TRAIN_CAP:
        raise ExplorerError(
            f"{per_class} images of each of {len(data.classes)} classes are {total} training images; at most {TRAIN_CAP} "
            f"are allowed. Ask for at most {max(1, TRAIN_CAP // len(data.classes))} per class."
        )
    order = queue(data.train.ids, f"train/{seed}")
    rows = [order[data.train.labels[order] == kind][:per_class] for kind in range(len(data.classes))]
    return data.train.take(np.sort(np.concatenate(rows)))


def fewer(data: Data, per_class: int) -> list[str]:
    """A sentence where classes have fewer training images than were asked for."""
    counts = np.bincount(data.train.labels, minlength=len(data.classes))
    short = np.flatnonzero(counts < per_class)
    if not len(short):
        return []
    least = int(counts.argmin())
    who = "All classes have" if len(short) == len(counts) else f"{len(short)} of {len(counts)} classes have"
    who = f"The class {data.classes[least]!r} has" if len(short) == 1 else who
    fewest = f"{counts[least]}" if len(short) == 1 else f"fewer ({data.classes[least]!r}: {counts[least]})"
    return [f"{per_class} training images per class were asked for. {who} {fewest}: what there is was used."]
