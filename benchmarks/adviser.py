"""Is the adviser's pick level with the best strategy? On the sets that ship, and on folders of your own.

    python -m benchmarks.adviser [--dataset photo_patches shapes digits …] [--data DIR …] [--sizes 5 25] [--seeds 2]
        [--backbone resnet10] [--input-size 48] [--epochs 10] [--out docs/adviser.csv]

A draw is a set, a number of images per class and a seed. For each, the signs are taken first; then every strategy of the table
is trained, and the pick counts as level with the best where the 95 % interval of their difference on the same test images
holds 0. Runs are ordinary runs in $THAW_HOME and are found again, so an interrupted benchmark goes on. Prints the score of the
rules beside that of always taking the same strategy; rows are added to --out.
"""

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np

from explorer import runs
from explorer.evidence import Score, together
from explorer.experiments import adviser, compute
from explorer.experiments.adviser import ARMS, RULES, Signs
from explorer.recipe import Recipe, make
from explorer.runs import FinishedRun
from explorer.training.compute import handlers


def run_of(recipe: Recipe) -> FinishedRun:
    """The finished run of a recipe: found, or carried out now."""
    found = runs.find(recipe) or handlers.train(runs.create(recipe, here=True))
    assert isinstance(found, FinishedRun), found.error
    return found


def draw(name: str, choices: dict[str, Any]) -> dict[str, Any]:
    """One row of the table."""
    made = {
        arm: make(**choices, strategy=arm)
        for arm in ARMS
        if arm != "bn_only" or make(**choices).row.normalisation != "none"
    }
    signs = compute.signs(make(**choices))
    row: dict[str, Any] = {"set": name, "backbone": choices["backbone"], "input_size": choices["input_size"] or ""}
    row |= {"asked": choices["per_class"], "seed": choices["seed"], "epochs": choices["epochs"]}
    row |= {
        field: getattr(signs, field)
        for field in ("per_class", "classes", "early", "fixed", "broken", "p_value", "distance")
    }
    row |= {"probe_n": signs.probe.n, "probe_right": signs.probe.correct}
    said = {arm: runs.predictions(run_of(recipe).id) for arm, recipe in made.items()}
    best = max(said, key=lambda arm: int(said[arm].right.sum()))
    row |= {"n": len(said[best].ids), "best": best}
    for arm in ARMS:
        if arm not in said:
            row |= {f"right_{arm}": "", f"level_{arm}": ""}
            continue
        gains = np.array([said[best].right.astype(float) - said[arm].right.astype(float)])
        row |= {
            f"right_{arm}": int(said[arm].right.sum()),
            f"level_{arm}": int(arm == best or not together(gains).shown),
        }
    return row


def signs_of(row: dict[str, str]) -> Signs:
    """The signs as a row of the table holds them."""
    distance = float(row["distance"]) if row["distance"] else None
    probe = Score(int(row["probe_n"]), int(row["probe_right"]))
    return Signs(
        per_class=float(row["per_class"]), classes=int(row["classes"]), probe=probe, early=row["early"],
        fixed=int(row["fixed"]), broken=int(row["broken"]), p_value=float(row["p_value"]), distance=distance,
    )  # fmt: skip


def scored(rows: list[dict[str, str]]) -> tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]]:
    """(rule → how often its pick was level with the best, of how many draws; strategy → the same, always taken)."""
    by_rule: dict[str, tuple[int, int]] = dict.fromkeys(RULES, (0, 0))
    always: dict[str, tuple[int, int]] = dict.fromkeys(ARMS, (0, 0))
    for row in rows:
        rule = adviser.rule_for(signs_of(row))
        level, draws = by_rule[rule.name]
        by_rule[rule.name] = level + int(row[f"level_{rule.take}"] or 0), draws + 1
        for arm in ARMS:
            if row[f"level_{arm}"]:
                level, draws = always[arm]
                always[arm] = level + int(row[f"level_{arm}"]), draws + 1
    return by_rule, always


def main() -> None:
    """Draw, and print the score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", nargs="*", default=["photo_patches", "shapes", "digits"])
    parser.add_argument("--data", nargs="*", default=[], help="folders with one sub-folder per class")
    parser.add_argument("--sizes", nargs="*", type=int, default=[5, 25])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--backbone", default="resnet10")
    parser.add_argument("--input-size", type=int, default=48)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("docs/adviser.csv"))
    given = parser.parse_args()
    sets = [(name, {"dataset": name}) for name in given.dataset]
    sets += [(Path(d).name, {"dataset": "folder", "data_dir": str(Path(d).absolute())}) for d in given.data]
    rows = list(csv.DictReader(given.out.read_text(encoding="utf-8").splitlines())) if given.out.is_file() else []
    known = {tuple(row[name] for name in ("set", "backbone", "input_size", "asked", "seed", "epochs")) for row in rows}
    shared = {"backbone": given.backbone, "input_size": given.input_size, "epochs": given.epochs}
    for seed in range(given.seeds):
        for size in given.sizes:
            for name, source in sets:
                key = (name, given.backbone, str(given.input_size), str(size), str(seed), str(given.epochs))
                if key in known:
                    continue
                row = draw(name, shared | source | {"per_class": size, "seed": seed})
                rows.append({field: str(value if value is not None else "") for field, value in row.items()})
                with given.out.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, list(rows[0]))
                    writer.writeheader()
                    writer.writerows(rows)
                print(rows[-1], flush=True)
    tell(rows)


def tell(rows: list[dict[str, str]]) -> None:
    """Print the score of the rules, and of always taking one strategy."""
    by_rule, always = scored(rows)
    print("| what is taken | level with the best | draws |\n|---|---|---|")
    level, draws = (sum(column) for column in zip(*by_rule.values(), strict=True))
    print(f"| the adviser's pick | {level} | {draws} |")
    for name, (level, draws) in by_rule.items():
        print(f"| … where {RULES[name].when}: {RULES[name].take} | {level} | {draws} |")
    for arm, (level, draws) in always.items():
        print(f"| always {arm} | {level} | {draws} |")


if __name__ == "__main__":
    main()
