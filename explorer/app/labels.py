"""Labels of runs in menus and figures: within one list no two are alike, since a menu takes equal labels for one entry."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from explorer import runs, workspaces
from explorer.app.words import BATCHNORM_WORDS, plain, safe_md, short_title
from explorer.catalogue import own, shifts
from explorer.catalogue.datasets import short
from explorer.catalogue.weights import drawn_words, source
from explorer.evidence import share_words
from explorer.recipe import Recipe
from explorer.runs import KnownRun, Run

LONGEST, LONGEST_BRIEF = 110, 60  # characters before the mark

_TOLD: dict[str, Callable[[Recipe], str]] = {
    "data_dir": lambda r: "/".join((r.data_dir or "").rstrip("/").split("/")[-2:]),
    "weights": lambda r: (
        source(r.weights) or ("" if r.drawn or own.is_own(r.weights) else r.weights)
    ),  # the title says these
    "stages": lambda r: "+".join(r.stages),
    "per_class": lambda r: "all images" if r.per_class is None else f"{r.per_class} a class",
    "epochs": lambda r: f"{r.epochs} epoch{'s' * (r.epochs > 1)}",
    "head_rate": lambda r: f"head rate {r.head_rate:g}",
    "backbone_rate": lambda r: f"backbone rate {r.backbone_rate:g}",
    "rate_decay": lambda r: f"decay {r.rate_decay:g}",
    "unfreeze_every": lambda r: f"unfreezes every {r.unfreeze_every or 0}",
    "augmentation": lambda r: r.augmentation if r.views > 1 else "no augmentation",
    "views": lambda r: f"{r.views} view{'s' * (r.views > 1)}",
    "class_weights": lambda r: "weighted classes" if r.class_weights else "unweighted",
    "batch_size": lambda r: f"batches of {r.batch_size}",
    "input_size": lambda r: f"{r.preprocessing.crop} px",
    "device": lambda r: r.device,
    "spoilt": lambda r: shifts.words(r.spoilt) or "clean pictures",
    "split_seed": lambda r: f"split {r.split_seed}",
    "seed": lambda r: f"seed {r.seed}",
}
"""Field of a recipe → how a label says it, where it tells runs apart."""


def some_names(known: Sequence[Run]) -> str:
    """The names of up to five runs, to stand in Markdown."""
    return ", ".join(safe_md(run.name) for run in known[:5]) + " …" * (len(known) > 5)


def run_labels(known: Sequence[Run], scored: bool = True, brief: bool = False) -> dict[str, str]:
    """Id → label, each of them once: strategy, accuracy (where `scored`), data, backbone, whatever else tells these runs apart,
    and the run's name; a name that somebody gave comes first.

    `brief` is for figures: what all share is left out, and the name too where nothing needs it.
    """
    alike: dict[tuple[str, ...], list[Run]] = {}
    for run in known:
        alike.setdefault(_base(run, known, brief), []).append(run)
    told = {run.id: (base, _distinct(run, group)) for base, group in alike.items() for run in group}
    bare = {run.id: _said(run, *told[run.id], scored, brief) for run in known}
    seen = Counter(bare.values())
    labels = {run.id: _marked(run, bare[run.id], brief and seen[bare[run.id]] == 1) for run in known}
    for mark in (lambda run: run[-4:], lambda run: run):  # the id ends in four drawn characters
        twice = {label for label, number in Counter(labels.values()).items() if number > 1}
        labels = {run: f"{label} · {mark(run)}" if label in twice else label for run, label in labels.items()}
    return labels


def run_label(run: Run, scored: bool = True) -> str:
    """The label of one run that stands alone."""
    return run_labels([run], scored)[run.id]


def differences(recipe: Recipe, usual: Recipe) -> list[str]:
    """What a recipe has otherwise than another, in words."""
    other = [field for field in _TOLD if getattr(recipe, field) != getattr(usual, field)]
    modes = [BATCHNORM_WORDS[recipe.batchnorm]] if recipe.batchnorm != usual.batchnorm else []
    drawn = [drawn_words(recipe.weights)] if recipe.drawn and not usual.drawn else []
    words = [_TOLD[field](recipe) for field in other if not drawn or field != "weights"]
    return [word for word in [*drawn, *modes, *words] if word]


def data_words(recipe: Recipe) -> str:
    """The data set, or the last folder of a path: what lies before it is mostly the same."""
    return recipe.data_dir.rstrip("/").rsplit("/", 1)[-1] if recipe.data_dir else short(recipe.dataset)


def backbone_words(recipe: Recipe) -> str:
    """The backbone's title, short."""
    return recipe.row.title.removesuffix(" (built in)")


def _base(run: Run, known: Sequence[Run], brief: bool) -> tuple[str, ...]:
    """What every label says; of what all runs share, only where it is not to be brief."""
    if not isinstance(run, KnownRun):
        return ("unreadable",)
    recipes = [other.recipe for other in runs.known(known)]
    places = [(data_words, len({(r.dataset, r.data_dir) for r in recipes}) > 1)]
    places.append((backbone_words, len({r.backbone for r in recipes}) > 1))
    return (short_title(run.recipe), *(say(run.recipe) for say, apart in places if apart or not brief))


def _distinct(run: Run, group: Sequence[Run]) -> list[str]:
    """What tells a run from the others whose label would be the same; of equal recipes, when they were made."""
    recipes = [other.recipe for other in runs.known(group)]
    if not isinstance(run, KnownRun) or len(recipes) < 2:
        return []
    apart = [field for field in _TOLD if len({getattr(r, field) for r in recipes}) > 1]
    words = [word for field in apart if (word := _TOLD[field](run.recipe))]
    if recipes.count(run.recipe) > 1 and not run.sample:
        words.append(time.strftime("%d %b %H:%M", time.localtime(run.created)))
    return words


def _said(run: Run, base: tuple[str, ...], distinct: list[str], scored: bool, brief: bool) -> str:
    title, *rest = base
    score = [share_words(run.test.accuracy)] if run.test and scored and not brief else []
    shown = "sample" if run.sample else "published" if only_shown(run) else ""
    sample = [shown] if shown and not brief else []
    return plain(" · ".join([title, *score, *rest, *distinct, *sample]), LONGEST_BRIEF if brief else LONGEST)


def only_shown(run: Run) -> bool:
    """Whether the presenter published the run and this visitor may look at it alone."""
    return workspaces.viewer() is not None and not run.sample and not workspaces.changes("runs", run.id)


def _marked(run: Run, said: str, enough: bool) -> str:
    if run.named.name:
        return f"{plain(run.name)} · {said}"
    return said if enough else f"{said} · {run.name}"
