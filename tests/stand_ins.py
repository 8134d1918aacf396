"""Runs and results made up for tests of the light wing, so that no worker is needed."""

import dataclasses
import functools
import itertools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from explorer import evidence, runs
from explorer.answers import pack, save
from explorer.arriving.question import Preview
from explorer.cells import Cells
from explorer.evidence import Paired
from explorer.home import home, write_aside
from explorer.looks.attribution.question.maps import AttributeQuestion, Attribution
from explorer.looks.features.question import FeatureMaps, FeatureMapsQuestion
from explorer.looks.images.question import Gallery, Movement
from explorer.looks.projection.question import Agreement, Projection
from explorer.looks.similarity.question.stages import Comparison, StageChange
from explorer.question import Question, ask_for
from explorer.recipe import Recipe, make
from explorer.runs.records import Audit, Epoch, StageAudit
from explorer.training.question import (
    Anatomy,
    AnatomyQuestion,
    DescribeQuestion,
    Description,
    RateCurve,
    RateSearch,
    Speed,
    SpeedQuestion,
    StageAnatomy,
    StageDescription,
)

CLASSES = ("brick", "grass", "fur")
N = 24


def _labels() -> np.ndarray:
    return np.arange(N) % len(CLASSES)


def epochs(count: int = 4) -> list[Epoch]:
    """Epochs that get better."""
    return [
        Epoch(
            i, 0.5 * i, 1 / i, 0.9 / i, evidence.Score(60, 30 + 6 * i), 1.1 / i, evidence.Score(30, 14 + 3 * i), 100.0
        )
        for i in range(1, count + 1)
    ]


def record(run: str, **facts: Any) -> None:
    """Write facts into the folder of a run, its state among them, as no process may: without asking what it was."""
    path = runs.folder(run) / "run.json"
    known = json.loads(path.read_text(encoding="utf-8")) | {key: pack(value) for key, value in facts.items()}
    write_aside(path, lambda part: part.write_text(json.dumps(known), encoding="utf-8"))


def finished_run(
    wrong: int = 4, classes: tuple[str, ...] = CLASSES, race: str = "", photos: int = 0, **choices: Any
) -> str:
    """A finished run whose predictions are wrong on the last `wrong` images; these come from so many photos, if any."""
    recipe = make(**choices)
    run = runs.create(recipe, race=race)
    for epoch in epochs():
        runs.append(run, epoch)
    labels = _labels()
    predicted = labels.copy()
    predicted[N - wrong :] = (labels[N - wrong :] + 1) % len(classes)
    probability = np.full((N, len(classes)), 0.1, np.float32)
    probability[np.arange(N), predicted] = 0.8
    groups = [f"photo {i * photos // N}" for i in range(N)] if photos else None
    runs.store_predictions(run, [f"image-{i}.png" for i in range(N)], labels, probability, classes, groups)
    runs.store_audit(run, audit_of(run, recipe))
    record(
        run,
        state="finished",
        test=evidence.Score(N, N - wrong),
        grouped=runs.predictions(run).grouped,
        train=evidence.Score(60, 58),
        clean=True,
        seconds={"total": 3.2, "features": 1.1, "training": 1.6},
        parameters={"learned": 1539, "total": 4_901_763},
        device="cpu",
        classes=list(classes),
        counts={"train": 60, "val": 30, "test": N},
        chosen_epoch=3,
        skipped=[["broken.jpg", "cannot identify image file"]],
    )
    return run


RACE = "20260102-030405-beef"


def race(wrong: dict[str, tuple[int, ...]], name: str = RACE, photos: int = 0) -> dict[tuple[str, int], str]:
    """A finished race: per strategy the number of wrong images for each seed; (strategy, seed) → run."""
    return {
        (strategy, seed): finished_run(number, race=name, photos=photos, strategy=strategy, seed=seed, epochs=4)
        for strategy, numbers in wrong.items()
        for seed, number in enumerate(numbers)
    }


def audit_of(run: str, recipe: Recipe, clean: bool = True) -> Audit:
    """An audit that agrees with the recipe, or one where a frozen stage moved."""
    rows = []
    for name in (*recipe.row.stage_names, "head"):
        learns = name in recipe.stages or name == "head"
        bad = not clean and not learns and name == "layer1"
        rows.append(
            StageAudit(
                name,
                "learns" if learns else "frozen",
                1000 if learns else 0,
                0.01 if learns else 0.0,
                0.02 if bad else 0.0,
                "train" if learns else "eval",
                learns,
                not bad,
            )
        )
    return Audit(run, clean, tuple(rows), 0.0)


def gallery() -> Gallery:
    """Pictures of one colour per class."""
    labels = _labels()
    images = np.zeros((N, 32, 32, 3), np.uint8)
    images[np.arange(N), :, :, labels] = 200
    probability = np.full((N, len(CLASSES)), 0.1, np.float32)
    probability[np.arange(N), labels] = 0.8
    return Gallery(
        images=images, labels=labels, predicted=labels, probability=probability, classes=CLASSES,
        ids=tuple(f"image-{i}.png" for i in range(N)),
    )  # fmt: skip


def feature_maps(stage: str = "layer4", image: int = 0, change: float = 0.5) -> FeatureMaps:
    """Sixteen channels of 3 by 3; B is A plus `change` in one cell."""
    a = np.random.default_rng(0).random((16, 3, 3), np.float32)
    b = a.copy()
    b[:, 1, 1] += change
    changes = np.abs(b - a).mean((1, 2))
    return FeatureMaps(
        stage=stage, image=image, picture=gallery().images[image], channels=np.arange(16), a=a, b=b, change=changes,
        strength=np.abs(a).mean((1, 2)),
    )  # fmt: skip


def projection(method: str = "pca", unmoved: bool = False) -> Projection:
    """Points around one centre per class; B stands a little further apart."""
    rng = np.random.default_rng(1)
    labels = _labels()
    a = (rng.normal(size=(N, 2)) + 2 * labels[:, None]).astype(np.float32)
    b = a if unmoved else a + labels[:, None].astype(np.float32)
    knn_a, knn_b = evidence.Score(N, 18), evidence.Score(N, 18 if unmoved else 22)
    ids = tuple(f"image-{i}.png" for i in range(N))
    agreement = Agreement(mixing=0.42, twins=0.87, left=0.0 if unmoved else 0.19)
    others, axes = (0, 0) if unmoved else (250, 50)
    return Projection(
        method=method, stage="layer4", a=a, b=b, labels=labels, classes=CLASSES, ids=ids, knn_a=knn_a, knn_b=knn_b,
        trust_a=0.91, trust_b=0.93, agreement=agreement, unmoved=unmoved, others=others, axes=axes,
    )  # fmt: skip


def attribution(image: int = 0, target: str = "brick", method: str = "gradcam", cells: int = 3) -> Attribution:
    """Evidence in the middle for A, in a corner for B, twice as strong."""
    a, b = np.zeros((2, cells, cells), np.float32)
    a[1, 1], b[0, 0] = 1.0, -2.0
    where = Cells.even(cells)
    return Attribution(
        method=method, stage="layer4", image=image, target=target, picture=gallery().images[image], a=a, b=b,
        cells_a=where, cells_b=where, probability_a=0.7, probability_b=0.9,
    )  # fmt: skip


def comparison(a: str, b: str) -> Comparison:
    """Nothing moved but the last stage."""
    names = ("stem", "layer1", "layer2", "layer3", "layer4")
    stages = tuple(
        StageChange(stage=n, cka=1.0, knn_overlap=1.0, weight_change=0.0, cka_random=(0.1, 0.2), low=1.0, high=1.0)
        for n in names[:-1]
    )
    stages += (
        StageChange(
            stage="layer4", cka=0.8, knn_overlap=0.6, weight_change=0.03, cka_random=(0.1, 0.3), low=0.7, high=0.9
        ),
    )
    return Comparison(a=a, b=b, paired=Paired(18, 4, 1, 1), stages=stages)


def description(recipe: Recipe) -> Description:
    """Made-up sizes for the recipe's stages."""
    rows = [
        StageDescription(
            stage=n,
            parameters=1000 * i,
            learned=1000 * i * (n in recipe.stages),
            learns=n in recipe.stages,
            normalisation_layers=2,
            statistics_move=False,
            output=(8, 4, 4),
        )
        for i, n in enumerate(recipe.row.stage_names, 1)
    ]
    rows.append(
        StageDescription(
            stage="head",
            parameters=500,
            learned=500,
            learns=True,
            normalisation_layers=0,
            statistics_move=False,
            output=(3,),
        )
    )
    return Description(backbone=recipe.backbone, weights=recipe.weights, strategy=recipe.strategy, stages=tuple(rows))


@functools.cache
def _file(made: Callable[..., Any], *given: Any) -> bytes:
    """What the file of `made(*given)` holds: written once in a process, since the pages' tests need over a thousand each."""
    with tempfile.TemporaryDirectory() as folder:
        save(made(*given), Path(folder) / "found.npz")
        return (Path(folder) / "found.npz").read_bytes()


STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")
Made = tuple[Callable[..., Any], *tuple[Any, ...]]
_PROMISED: dict[tuple[Path, str, str, str], list[Callable[[Any], Made | None]]] = {}
_KEPT: set[Path] = set()
_path = cast(Any, Question.path).fget


def _looked_for(question: Question[Any]) -> Path:
    path = _path(question)
    pair = home(), question.name(), getattr(question, "a", ""), getattr(question, "b", "")
    made = next(filter(None, (known(question) for known in _PROMISED.get(pair, ()))), None)
    if made and path not in _KEPT:
        _KEPT.add(path)  # once: one that is deleted afterwards stays away
        path.write_bytes(_file(*made))
    return path


cast(Any, Question).path = property(_looked_for)


def promise(name: str, a: str, b: str, made: Callable[[Any], Made | None]) -> None:
    """The answers to all questions of this name about A and B, each written when it is first looked for, since there are over a
    thousand for two runs and a page asks for a few; `made` says what an answer is made by, and of what, or None."""
    (home() / "cache").mkdir(parents=True, exist_ok=True)
    _PROMISED.setdefault((home(), name, a, b), []).append(made)


def answer(
    a: str,
    b: str,
    images: tuple[int, ...] = tuple(range(N)),
    targets: tuple[str, ...] = CLASSES,
    elsewhere: bool = False,
) -> None:
    """Put the results of every look at A and B where the pages find them; at once where those are drawn `elsewhere`, by a process
    of their own."""
    save(Movement("layer4", np.linspace(0, 1, N)), ask_for("movement", a=a, b=b).path)
    save(comparison(a, b), ask_for("compare", a=a, b=b).path)

    def put(name: str, arguments: dict[str, Any], made: Callable[..., Any], *given: Any) -> None:
        ask_for(name, **arguments).path.write_bytes(_file(made, *given))

    def channels(asked: FeatureMapsQuestion) -> Made | None:
        plain = FeatureMapsQuestion(a=a, b=b, stage=asked.stage, image=asked.image)
        known = asked.image in images and asked.stage in STAGES and asked == plain
        return (feature_maps, asked.stage, asked.image) if known else None

    def where(asked: AttributeQuestion) -> Made | None:
        fields = ("image", "target", "method", "stage", "times")
        plain = ask_for("attribute", a=a, b=b, **{name: getattr(asked, name) for name in fields})
        known = asked.image in images and asked.target in targets and asked.stage in STAGES and asked == plain
        drawn = known and (asked.method, asked.times) in (("gradcam", 1), ("gradcam", 2), ("saliency", 1))
        return (attribution, asked.image, asked.target, asked.method, 3 * asked.times) if drawn else None

    for run in (a, b):
        put("gallery", {"run": run}, gallery)
    for method in ("pca", "umap"):
        put("project", {"a": a, "b": b, "method": method}, projection, method)
    promise("feature_maps", a, b, channels)
    promise("attribute", a, b, where)
    if elsewhere:
        for image, stage in itertools.product(images, STAGES):
            _looked_for(FeatureMapsQuestion(a=a, b=b, stage=stage, image=image))
            for target, method, times in itertools.product(targets, ("gradcam", "saliency"), (1, 2)):
                look = {"image": image, "target": target, "method": method, "stage": stage, "times": times}
                _looked_for(ask_for("attribute", a=a, b=b, **look))


def describe(recipe: Recipe) -> None:
    """Put the description of a recipe where the page finds it."""
    save(description(recipe), DescribeQuestion(recipe=recipe).path)


def anatomy(recipe: Recipe) -> Anatomy:
    """Made-up sizes for the stages of the recipe's backbone."""
    rows = [
        StageAnatomy(stage=n, parameters=1000 * i, affine=100 * i, normalisation_layers=2, kept=4096, output=(8, 4, 4))
        for i, n in enumerate(recipe.row.stage_names, 1)
    ]
    return Anatomy(recipe.backbone, tuple(rows))


def speed(recipe: Recipe) -> Speed:
    """Of a machine that takes a millisecond a stage, and three to learn."""
    names = recipe.row.stage_names
    look, learn = (0.001,) * len(names), (0.003,) * len(names)
    made = anatomy(recipe).stages
    return Speed(
        device="cpu", precision="float32", stages=names, look=look, learn=learn,
        parameters=tuple(part.parameters for part in made), affine=tuple(part.affine for part in made),
    )  # fmt: skip


def measured(recipe: Recipe) -> None:
    """Put what is known of the recipe's backbone where the pages find it."""
    asked = {"backbone": recipe.backbone, "pixels": recipe.preprocessing.crop}
    save(anatomy(recipe), AnatomyQuestion(**asked).path)
    save(speed(recipe), SpeedQuestion(**asked).path)


def unclean(run: str) -> None:
    """Make a run's audit and record unclean."""
    recipe = runs.read(run).recipe
    assert recipe is not None
    runs.store_audit(run, dataclasses.replace(audit_of(run, recipe, clean=False)))
    runs.update(run, clean=False, fault="moved")


def interrupted_run() -> str:
    """Half a folder, as a crash leaves it."""
    folder = runs.runs_folder() / "20260101-000000-resnet10-full-dead"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"schema": 1, "state": "runn')
    return folder.name


def rate_search() -> RateSearch:
    """A head whose rate is changed and whose loss never ran away; a last stage that keeps its rate: two bowls."""
    rates = tuple(10.0 ** (i / 8 - 5) for i in range(40))
    losses = tuple(2 + (i - 30) ** 2 / 300 for i in range(40))
    head = RateCurve(
        part="head", rates=rates, losses=losses, control=(), own=1e-3, suggested=6e-3, ran_away=False,
        falling=(2e-3, 2e-2), steepest=6.1e-3,
    )  # fmt: skip
    stage = RateCurve(
        part="backbone", rates=rates, losses=losses, control=losses[::-1], own=3e-4, suggested=3e-4, ran_away=True,
        falling=(1e-4, 1e-3), steepest=2e-4,
    )  # fmt: skip
    return RateSearch(n=75, batch_size=32, head=head, backbone=stage)


def preview(error: str = "", offers: tuple[str, ...] = ()) -> Preview:
    """What twelve pictures of two classes would be, or why they are no set."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (4, 96, 96, 3), np.uint8)
    counts = np.array([[4, 1, 1], [4, 1, 1]], np.int64)
    line = "12 pictures + 1 left out + 2 other files = 15 files."
    of = np.array([0, 0, 1, 1], np.int64)
    return Preview(
        classes=("<b>cats</b>", "dogs"), counts=counts, images=images, of=of, sum=line, notes=("A note.",),
        left_out=(("x.txt", "no picture"),), error=error, offers=offers,
    )  # fmt: skip
