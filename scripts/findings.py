"""The tables of docs/findings.md, made from the files that hold the numbers: `python -m scripts.findings` prints them.

A test holds the page to them. A file below docs/findings holds all cells of an experiment, as `sweep --out` wrote it.
"""

import csv
import math
import statistics
from collections import defaultdict
from collections.abc import Callable
from itertools import product
from pathlib import Path

from explorer.catalogue.shifts import SHIFTS, USUAL
from explorer.evidence import points, t_quantile

DOCS = Path(__file__).parents[1] / "docs"
ARMS = ("best_stage", "bn_only", "full")
SPOILT = tuple(f"{kind}_{USUAL}" for kind in SHIFTS)


def rows_of(path: Path) -> list[dict[str, str]]:
    """One dict a line."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def small_sets() -> str:
    """Gains over the linear probe by images per class: mean over sets with its 95 % interval, and in how many draws a strategy
    is shown to be worse than the best one there."""
    rows = rows_of(DOCS / "adviser.csv")
    lines = [
        "| images per class | strategy | sets | draws | over the probe, points | behind the best |",
        "|---|---|---|---|---|---|",
    ]
    for size in ("5", "25"):
        mine = [row for row in rows if row["asked"] == size]
        for arm in ("linear_probe", *ARMS):
            behind = sum(row[f"level_{arm}"] == "0" for row in mine)
            gain = "" if arm == "linear_probe" else interval(by_set(mine, arm))
            sets = len({row["set"] for row in mine})
            lines.append(f"| {size} | `{arm}` | {sets} | {len(mine)} | {gain} | {behind} of {len(mine)} |")
    return "\n".join(lines)


def by_set(rows: list[dict[str, str]], arm: str) -> list[float]:
    """An arm's gain over the probe in each set, mean over its draws."""
    found = defaultdict(list)
    for row in rows:
        found[row["set"]].append((int(row[f"right_{arm}"]) - int(row["right_linear_probe"])) / int(row["n"]))
    return [statistics.fmean(gains) for gains in found.values()]


def interval(gains: list[float]) -> str:
    """`+1.2 (−0.3 to +2.7)`: mean and 95 % interval by Student's t."""
    mean = statistics.fmean(gains)
    half = t_quantile(len(gains) - 1) * statistics.stdev(gains) / math.sqrt(len(gains))
    return f"{points(mean)} ({points(mean - half)} to {points(mean + half)})"


def cells(name: str) -> str:
    """Test accuracy of every arm of an experiment, mean ± standard deviation over seeds; arms that did not run are left out."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of(DOCS / "findings" / f"{name}.csv"):
        if row["test_accuracy"]:
            found[row["arm"]].append(row)
    lines = ["| trainable | test accuracy | seeds | n | steps |", "|---|---|---|---|---|"]
    for arm, rows in found.items():
        values = [100 * float(row["test_accuracy"]) for row in rows]
        spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
        mean = f"{statistics.fmean(values):.1f}{spread} %"
        lines.append(f"| `{arm}` | {mean} | {len(values)} | {rows[0]['test_n']} | {rows[0]['steps']} |")
    return "\n".join(lines)


def table(name: str) -> str:
    """Input by input, what each block gets right when it is tuned alone."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows_of(DOCS / "findings" / f"{name}.csv"):
        if row["test_accuracy"]:
            stage, _, how = row["arm"].partition("@")
            found[stage][how].append(100 * float(row["test_accuracy"]))
    inputs = list(dict.fromkeys(how for by_input in found.values() for how in by_input))
    lines = [f"| trainable | {' | '.join(inputs)} |", "|---" * (len(inputs) + 1) + "|"]
    for stage, by_input in found.items():
        told = [
            f"{statistics.fmean(by_input[how]):.1f} ({len(by_input[how])})" if by_input[how] else "" for how in inputs
        ]
        lines.append(f"| `{stage}` | {' | '.join(told)} |")
    return "\n".join(lines)


def starts(name: str) -> str:
    """Start by start, what the head alone and what everything gets right."""
    return crossed(name, lambda start, depth: (start, depth), "start", {"head": "head alone", "all": "everything"})


def depths(name: str) -> str:
    """Depth by depth, counted from the head, what pre-trained and what random weights get right."""
    return crossed(
        name, lambda start, depth: (depth, start), "stages tuned", {"pretrained": "pre-trained", "random": "random"}
    )


def rates(name: str) -> str:
    """Strategy by strategy, what it gets right with its backbone rate times a power of ten; the probe, which has none, first."""
    titles = {"-1": "a tenth of its rate", "0": "its rate", "1": "ten times", "2": "a hundred times"}
    return crossed(name, lambda strategy, decade="0": (strategy, decade), "strategy", titles, "*")


def modes(name: str) -> str:
    """BatchNorm mode by mode, what the last two stages tuned in it get right with so many images in a batch."""
    titles = {"8": "batches of 8", "32": "batches of 32"}
    return crossed(name, lambda mode, batch: (mode, batch), "BatchNorm mode", titles, "*")


def crossed(
    name: str, order: Callable[..., tuple[str, str]], first: str, titles: dict[str, str], mark: str = "/"
) -> str:
    """A table of arms in two parts, as `START/DEPTH`, with a `mark` between: mean ± standard deviation, seeds in brackets;
    `order` gives an arm's row and column."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    rows = [row for row in rows_of(DOCS / "findings" / f"{name}.csv") if row["test_accuracy"]]
    for row in rows:
        line, column = order(*row["arm"].split(mark))
        found[line][column].append(100 * float(row["test_accuracy"]))
    lines = [f"| {first} | {' | '.join(titles.values())} | n |", "|---" * (len(titles) + 2) + "|"]
    for line, by_column in found.items():
        told = [_seeds(by_column[column]) if by_column[column] else "" for column in titles]
        lines.append(f"| `{line}` | {' | '.join(told)} | {rows[0]['test_n']} |")
    return "\n".join(lines)


def shifts(name: str) -> str:
    """Strategy by strategy, clean and corrupted test images, at the usual severity."""
    rows, found = rows_of(DOCS / "findings" / f"{name}.csv"), defaultdict(list)
    for row in rows:
        found[row["strategy"]].append([100 * float(row[column]) for column in ("test_accuracy", *SPOILT)])
    lines = [
        f"| strategy | clean | {' | '.join(name[:-2] for name in SPOILT)} | n |",
        "|---" * (len(SPOILT) + 3) + "|",
    ]
    for strategy, seeds in found.items():
        told = [_seeds(list(values)) for values in zip(*seeds, strict=True)]
        lines.append(f"| `{strategy}` | {' | '.join(told)} | {rows[0]['test_n']} |")
    return "\n".join(lines)


def budget(name: str) -> str:
    """Size by size, what each strategy gets right: mean ± standard deviation, seeds in brackets."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    rows = [row for row in rows_of(DOCS / "findings" / f"{name}.csv") if row["test_accuracy"]]
    for row in rows:
        found[row["per_class"]][row["strategy"]].append(100 * float(row["test_accuracy"]))
    names = list(dict.fromkeys(row["strategy"] for row in rows))
    images = {row["per_class"]: row["train_images"] for row in rows}
    lines = [
        f"| images per class, at most | in all | {' | '.join(f'`{name}`' for name in names)} | n |",
        "|---" * (len(names) + 3) + "|",
    ]
    for size, by_strategy in sorted(found.items(), key=lambda item: int(item[0])):
        told = [_seeds(by_strategy[name]) if by_strategy[name] else "" for name in names]
        lines.append(f"| {size} | {images[size]} | {' | '.join(told)} | {rows[0]['test_n']} |")
    return "\n".join(lines)


ACROSS = ("across", "budget_hymenoptera", "budget_chest_xray_nih", "budget_trashnet")
"""The files that hold one budget, three sizes and four strategies, of three backbones on five sets."""
SETS = {
    "hymenoptera": "ants/bees",
    "trashnet": "TrashNet",
    "chest_xray_nih": "X-rays",
    "cifar10": "CIFAR-10",
    "fashion_mnist": "garments",
}
STRATEGIES = ("linear_probe", "best_stage", "last_stage", "full")
ACROSS_BACKBONES = ("mobilenet_v2", "resnet10", "squeezenet1_1")
ACROSS_SIZES = ("10", "25", "100")

Seeds = dict[str, float]
"""Seed → accuracy on test."""


def across() -> dict[tuple[str, str, str], dict[str, Seeds]]:
    """(backbone, set, images per class at most) → strategy → what its seeds got right, in the order of SETS."""
    found: dict[tuple[str, str, str], dict[str, Seeds]] = defaultdict(lambda: defaultdict(dict))
    for name in ACROSS:
        for row in rows_of(DOCS / "findings" / f"{name}.csv"):
            key = row["backbone"], row["dataset"], row["per_class"]
            found[key][row["strategy"]][row["seed"]] = float(row["test_accuracy"])
    places = list(SETS)
    return dict(sorted(found.items(), key=lambda item: (item[0][0], places.index(item[0][1]), int(item[0][2]))))


def gain(by_strategy: dict[str, Seeds], arm: str) -> float:
    """How much more of the test images a strategy gets right than the probe, mean over the seeds of both."""
    probe = by_strategy["linear_probe"]
    return statistics.fmean(value - probe[seed] for seed, value in by_strategy[arm].items())


def gains_by_set(backbone: str, size: str, arm: str) -> list[float]:
    """A strategy's gain over the probe on each set, in the order of SETS."""
    return [gain(found, arm) for key, found in across().items() if (key[0], key[2]) == (backbone, size)]


def gains() -> str:
    """By backbone and size: the gain over the probe, mean over the sets with its 95 % interval, and on how many it is above 0."""
    arms = STRATEGIES[1:]
    lines = [
        f"| backbone | images per class, at most | sets | {' | '.join(f'`{arm}`' for arm in arms)} |",
        "|---" * 6 + "|",
    ]
    for backbone, size in product(ACROSS_BACKBONES, ACROSS_SIZES):
        found = [gains_by_set(backbone, size, arm) for arm in arms]
        told = [f"{interval(values)}; {sum(value > 0 for value in values)} of {len(values)}" for values in found]
        lines.append(f"| `{backbone}` | {size} | {len(found[0])} | {' | '.join(told)} |")
    return "\n".join(lines)


def apart(size: str, arm: str) -> list[float]:
    """How much more a strategy gains over the probe with MobileNetV2 than with ResNet-10, on each set."""
    ours, theirs = (gains_by_set(backbone, size, arm) for backbone in ("mobilenet_v2", "resnet10"))
    return [one - other for one, other in zip(ours, theirs, strict=True)]


def backbones_apart() -> str:
    """Size by size, that difference's mean over the sets with its 95 % interval."""
    arms = STRATEGIES[1:]
    lines = [f"| images per class, at most | sets | {' | '.join(f'`{arm}`' for arm in arms)} |", "|---" * 5 + "|"]
    for size in ACROSS_SIZES:
        told = " | ".join(interval(apart(size, arm)) for arm in arms)
        lines.append(f"| {size} | {len(SETS)} | {told} |")
    return "\n".join(lines)


def by_backbone(backbone: str) -> str:
    """Set by set and size by size, what each strategy gets right with one backbone."""
    lines = [
        f"| set | images per class, at most | {' | '.join(f'`{name}`' for name in STRATEGIES)} |",
        "|---" * (len(STRATEGIES) + 2) + "|",
    ]
    for (mine, name, size), found in across().items():
        if mine == backbone:
            told = [_seeds([100 * value for value in found[strategy].values()]) for strategy in STRATEGIES]
            lines.append(f"| {SETS[name]} | {size} | {' | '.join(told)} |")
    return "\n".join(lines)


def _seeds(values: list[float]) -> str:
    spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.1f}{spread} % ({len(values)})"


MADE = {
    **{"block": table, "start": starts, "budget": budget, "depth": depths},
    **{"shift": shifts, "rates": rates, "batchnorm": modes},
}
"""Beginning of a file's name → what makes its table, where that is not `cells`."""


def tables() -> dict[str, str]:
    """Every table of the page by the file that it comes from."""
    made = {"adviser": small_sets(), "across": gains(), "across, apart": backbones_apart()}
    made |= {f"across, {name}": by_backbone(name) for name in ACROSS_BACKBONES}
    for path in sorted((DOCS / "findings").glob("*.csv")):
        if path.stem not in made:
            made[path.stem] = MADE.get(path.stem.partition("_")[0], cells)(path.stem)
    return made


if __name__ == "__main__":
    for name, text in tables().items():
        print(f"{name}\n\n{text}\n")
