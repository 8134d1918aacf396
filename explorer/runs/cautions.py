"""What a finished run's numbers should not be read without: it is at chance, it exploded, its labels contradict each
other, or it was tested on what it learned."""

import math
from collections.abc import Iterable

from explorer.runs.run import FinishedRun, Run

COPY_OF, OF_ANOTHER = "it is a copy of ", ", but that one is of the class"
"""How the reader of folders says that a file has the same bytes as another, and that the two are of different classes."""


COPIED = 0.01
"""The share of a split's images from which on near-copies among the training images are worth a word."""
LAG = 0.3
"""How much larger, in nats, the loss of training images in eval mode has to be than that of the epoch's batches. Of 147 runs of
two backbones it was for those 20 that tuned random weights of MobileNetV2 in 20 steps, and for no other."""


def cautions(run: Run, majority: float | None) -> tuple[str, ...]:
    """Sentences, the gravest first; none where nothing is the matter, or the run did not finish. `majority` is the share of the
    largest class among the test images."""
    lags = stale(run)
    return tuple(
        filter(None, (lags, _copied(run), _chance(run, majority), "" if lags else _exploded(run), _contradictory(run)))
    )


def stale(run: Run) -> str:
    """Where a network is good in train mode and poor in eval mode on the very images that it learned from: BatchNorm's running
    statistics are not those of the present weights (Wu & Johnson 2021, arXiv 2105.07576)."""
    if not isinstance(run, FinishedRun) or not run.epochs:
        return ""
    last, recipe = run.epochs[-1], run.recipe
    follow = recipe.batchnorm == "moving" or (recipe.batchnorm == "frozen" and recipe.tuned)
    if recipe.row.normalisation != "batch" or not follow or not last.train_loss > last.batch_loss + LAG:
        return ""
    keep = "" if recipe.drawn else ", or keep the statistics frozen everywhere"
    return (
        f"BatchNorm's running statistics lag behind the weights: in the last epoch the loss was {last.batch_loss:.2g} on batches "
        f"in train mode, and {last.train_loss:.2g} on training images in eval mode, in which accuracy is measured, so it says "
        f"little of what the weights learned. Train for more steps{keep}."
    )


def _copied(run: Run) -> str:
    """Where images of validation or test are near-copies of those that the run learned from."""
    told = run.facts.get("copies") or {}
    for split, so in (
        ("test", "this accuracy tells in part what was memorised"),
        ("val", "the kept epoch was in part chosen by images that were learned"),
    ):
        found = told.get(split) or {}
        copied, of, example = (found.get(name) for name in ("copied", "of", "example"))
        if copied and of and example and copied >= COPIED * of:
            one = f"{example[0]} of {example[1]}"
            kind = "test" if split == "test" else "validation"
            return (
                f"At least {copied} of {of} {kind} images are near-copies of training images (for one {one}), so {so}. Leave "
                f"them out on the page Data, which finds all of them, and train again."
            )
    return ""


def _chance(run: Run, majority: float | None) -> str:
    if run.test is None or majority is None or run.test.low > majority:
        return ""
    return (
        f"Not shown to be better than never looking: always naming the largest class is right on {100 * majority:.1f} % of the "
        f"test images, and the interval of this run begins at {100 * run.test.low:.1f} %."
    )


def _exploded(run: Run) -> str:
    """Where the kept epoch's training loss is above that of a model that gives each class the same probability, ln k."""
    k, chosen = len(run.facts.get("classes") or ()), run.facts.get("chosen_epoch") or 0
    if run.state != "finished" or k < 2 or not 0 < chosen <= len(run.epochs):
        return ""
    loss, knows_nothing = run.epochs[chosen - 1].train_loss, math.log(k)
    if loss <= 1.05 * knows_nothing:
        return ""
    return (
        f"The training loss of the kept epoch is {loss:.3g}, above the {knows_nothing:.2f} of a model that knows nothing: "
        f"training exploded, or hardly began. Try smaller learning rates."
    )


def _contradictory(run: Run) -> str:
    return contradiction(run.facts.get("skipped") or (), tuple(run.facts.get("classes") or ()))


def contradiction(skipped: Iterable[tuple[str, str]], classes: tuple[str, ...]) -> str:
    """A sentence on the pictures that stand under two classes; empty where there is none."""
    found = contradictions(skipped, classes)
    if not found:
        return ""
    n = "1 picture stands" if len(found) == 1 else f"{len(found)} pictures stand"
    return (
        f"{n} under two classes (for one {found[0][0]} and {found[0][1]}), so the labels contradict each other: of each two the "
        f"one in the test images, else the first by name, was used."
    )


def contradictions(skipped: Iterable[tuple[str, str]], classes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """(file left out, the file that it is a copy of) where the two stand under different classes: by what the reader said,
    or, in runs of earlier versions, by their folders."""
    found = []
    for file, reason in skipped:
        if reason.startswith(COPY_OF):
            first, other, _ = reason.removeprefix(COPY_OF).partition(OF_ANOTHER)
            kinds = [_class_of(name, classes) for name in (file, first)]
            if other or (None not in kinds and kinds[0] != kinds[1]):
                found.append((file, first))
    return tuple(found)


def _class_of(name: str, classes: tuple[str, ...]) -> str | None:
    """The class that a file's folders name."""
    return next((part for part in name.split("/")[:-1] if part in classes), None)
