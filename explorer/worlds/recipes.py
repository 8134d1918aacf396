"""The two worlds of the home page: their recipes, and what is asked about them. `scripts/make_samples.py` makes what ships."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer import runs
from explorer.catalogue import ATTRIBUTIONS
from explorer.catalogue.methods import looking_stage
from explorer.looks.attribution.question.maps import AttributeQuestion
from explorer.looks.images.question import ExamplesQuestion
from explorer.looks.projection.question import ProjectQuestion
from explorer.question import Question
from explorer.recipe import Recipe, make
from explorer.runs import FinishedRun, Predictions


@dataclass(frozen=True)
class World:
    """Two recipes that differ in what they train: `probe` trains the head alone, `tuned` more. `title` and `about`
    describe the data. `quicker` are two others that show the same in less time, for *Repeat it here* (`benchmarks/worlds.py`
    finds them); by default the same."""

    name: str
    title: str
    about: str
    probe: Recipe
    tuned: Recipe
    quicker: tuple[Recipe, Recipe] | None = None

    @property
    def recipes(self) -> tuple[Recipe, Recipe]:
        """A, then B."""
        return self.probe, self.tuned

    @property
    def repeated(self) -> tuple[Recipe, Recipe]:
        """A, then B, as *Repeat it here* trains them."""
        return self.quicker or self.recipes


def _world(
    name: str, title: str, about: str, tuned: dict[str, Any], quicker: dict[str, Any] | None = None, **common: Any
) -> World:
    """`tuned` and `quicker` are what their recipes have besides what is common with the probe; epochs are the probe's too."""

    def pair(fields: dict[str, Any]) -> tuple[Recipe, Recipe]:
        shared = common | {name: value for name, value in fields.items() if name == "epochs"}
        return make(**shared, strategy="linear_probe"), make(**common | fields)

    return World(name, title, about, *pair(tuned), quicker=pair(quicker) if quicker else None)


NEAR = _world(
    "near",
    "Familiar pictures, few of them",
    "Patches of 17 photographs, 25 of each to learn from. In pre-training the backbone saw other parts of these photographs.",
    {"strategy": "last_stage"},
)
FAR = _world(
    "far",
    "Unfamiliar pictures, more of them",
    "Drawn shapes on textures, 150 of each to learn from. In pre-training the backbone saw nothing like them.",
    {"strategy": "full"},
    {"strategy": "bn_only", "epochs": 5, "backbone_rate": 0.01},
    dataset="shapes",
    per_class=None,
    input_size=64,
)
WORLDS = (NEAR, FAR)
RANDOM = make(weights="random", strategy="linear_probe")
"""The probe of the near world on random weights: what pre-training is worth."""


def first_look(recipe: Recipe) -> dict[str, Any]:
    """The look that a page begins with: Grad-CAM of a stage whose map one can read, its grid twice as fine."""
    names = recipe.row.stage_names
    free = [stage for stage in names if not ATTRIBUTIONS["gradcam"].obstacle(recipe.row, stage)]
    return {"method": "gradcam", "stage": looking_stage(free or names, recipe.preprocessing.crop), "times": 2}


def look_of(
    a: FinishedRun, b: FinishedRun, predictions: Callable[[str], Predictions] = runs.predictions
) -> AttributeQuestion:
    """Where A and B look for its right class in the test image that B gained most on; `predictions` reads what a run said."""
    said = predictions(b.id)
    image = said.most_gained(predictions(a.id))
    target = said.classes[int(said.labels[image])]
    return AttributeQuestion(a=a.id, b=b.id, image=image, target=target, **first_look(b.recipe))


def questions(a: str, b: str) -> list[Question[Any]]:
    """What the home page asks about a pair of runs, so that the answers can ship with them."""
    maps: list[Question[Any]] = [ProjectQuestion(a=a, b=b, method=method) for method in ("pca", "umap")]
    pair = {run.id: run for run in runs.finished() if run.id in (a, b)}
    return [*maps, look_of(pair[a], pair[b]), ExamplesQuestion(run=a)]
