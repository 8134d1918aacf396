"""What each command does: parsed arguments in, one JSON object out."""

import argparse
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from explorer import installation, recipe, runs
from explorer.arriving import removing
from explorer.catalogue import own
from explorer.catalogue.backbones import offered as rows_offered
from explorer.catalogue.datasets import offered
from explorer.catalogue.weights import matched
from explorer.cli import asking, exporting, pictures, preparing, sweeping, workshop
from explorer.cli.asking import progress
from explorer.cli.parser import recipe_of
from explorer.errors import ExplorerError
from explorer.evidence import grouped_verdict
from explorer.export import removing as removing_weights
from explorer.looks.attribution.question.maps import AttributeQuestion
from explorer.looks.images.question import SeeQuestion
from explorer.looks.projection.question import ProjectQuestion
from explorer.looks.similarity.question.stages import CompareQuestion
from explorer.recipe import sources
from explorer.runs import Run
from explorer.runs.life import ENDED_EARLY
from explorer.runs.records import Audit

Words = dict[str, Any]


def backbones(options: argparse.Namespace) -> Words:
    """The table of backbones; or one of a library, or the names that hold a word."""
    if options.search:
        return exporting.search(options.search)
    if options.name:
        return exporting.look_up(options.name, tuple(options.begins))
    return {
        "backbones": [
            {
                "name": row.name,
                "weights": [w.name for w in row.weights],
                "stages": list(row.stage_names),
                "head": row.head,
                "parameters": row.parameters,
                "input_size": row.input_size,
                "available_offline": bool(row.offline()),
                "weights_here": [
                    *row.offline(),
                    *(weights.name for weights in own.known(row.name)),
                    *map(matched, row.offline()),
                    "random",
                ],
            }
            for row in rows_offered().values()
        ]
    }


def datasets(options: argparse.Namespace) -> Words:
    """The table of data sets."""
    names = ("name", "title", "classes", "size", "available_offline", "note", "own")
    return {"datasets": [{name: getattr(row, name) for name in names} for row in offered().values()]}


def bring(options: argparse.Namespace) -> Words:
    """Keep the pictures of a ZIP or a folder as a data set."""
    from explorer.arriving.compute.keeping import bring as kept  # heavy: loaded only by the commands that need it

    found = kept(options.path.expanduser(), options.name, options.labels, progress)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return {"name": found.name, "title": found.title, "sum": found.sum}


def forget(options: argparse.Namespace) -> Words:
    """Delete a data set or weights that were brought, with everything stored of them but the runs' numbers."""
    used = (removing_weights if own.is_own(options.name) else removing).remove(options.name)
    return {"deleted": options.name, "runs": [run.id for run in used]}


def train(options: argparse.Namespace) -> Words:
    """Carry out one recipe."""
    return _told(_train(options))


def resume(options: argparse.Namespace) -> Words:
    """Resume a run that was interrupted or stopped, from its last checkpoint."""
    return _told(_resume(options))


def list_runs(options: argparse.Namespace) -> Words:
    """All runs, the latest first."""
    return {"runs": [run.json() for run in runs.listing()]}


def audit(options: argparse.Namespace) -> Words:
    """The freeze audit of one run."""
    run = runs.called(options.run)
    found: Audit = runs.audit(run)
    stages = [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in found.stages]
    return {"run": run, "clean": found.clean, "recomputed": found.recomputed, "stages": stages}


def compare(options: argparse.Namespace) -> Words:
    """Two runs on the same test images."""
    found = asking.answer(CompareQuestion(a=runs.called(options.a), b=runs.called(options.b)))
    counts = ("n", "both_right", "fixed", "broken", "both_wrong", "p_value", "verdict")
    stages = [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in found.stages]
    paired = found.paired
    words: Words = {name: getattr(paired, name) for name in counts}
    words |= {"difference": {name: getattr(paired, name) for name in ("value", "low", "high")}}
    with suppress(ExplorerError):  # a run of an earlier version may lack the file
        words |= {"majority": runs.predictions(found.a).majority}
    if paired.grouped is not None:
        words |= {"grouped": paired.grouped.json() | {"verdict": grouped_verdict([paired])}}
    return words | {"stages": stages}


def ask(options: argparse.Namespace) -> Words:
    """Any question, or the list of them."""
    if options.list or options.question is None:
        return asking.listed()
    question, out = asking.asked(options.question, options.fields)
    if out is not None:
        pictures.check(out, asking.FORMATS)
    found = asking.answer(question)
    if out is not None:
        asking.write(found, out)
        return {"question": question.name(), "out": str(out)}
    return asking.plain(found)


def project(options: argparse.Namespace) -> Words:
    """A shared map as a file."""
    pictures.check(options.out, pictures.MAPS)
    a, b = runs.called(options.a), runs.called(options.b)
    found = asking.answer(ProjectQuestion(a=a, b=b, method=options.method, seed=options.seed))
    pictures.write_map(found, options.out)
    return {"out": str(options.out), "n": len(found.ids), "trust": {"a": found.trust_a, "b": found.trust_b}}


def attribute(options: argparse.Namespace) -> Words:
    """One run's map of one picture as a file."""
    pictures.check(options.out, pictures.HEATS)
    run, image = runs.called(options.run), asking.image_of(options.image)
    seen = asking.answer(SeeQuestion(a=run, b=run, image=image))
    target = options.target or seen.classes[int(seen.probability_a.argmax())]
    asked = AttributeQuestion(a=run, b=run, image=image, target=target, method=options.method, stage=options.stage)
    found = asking.answer(asked)
    pictures.write_heat(found, options.out)
    return {
        "run": run,
        "class": target,
        "probability": found.probability_a,
        "stage": found.stage,
        "out": str(options.out),
    }


def serve(options: argparse.Namespace) -> Words:
    """The app, until it is stopped."""
    from explorer.app.serving import serve as run

    run(options.options)
    return {}


COMMANDS: dict[str, Callable[[argparse.Namespace], Words | str]] = {
    "backbones": backbones,
    "datasets": datasets,
    "bring": bring,
    "forget": forget,
    "train": train,
    "resume": resume,
    "sweep": sweeping.sweep,
    "prepare": preparing.prepare,
    "runs": list_runs,
    "audit": audit,
    "compare": compare,
    "ask": ask,
    "project": project,
    "attribute": attribute,
    "export": exporting.export,
    "predict": exporting.predict,
    "import": exporting.bring,
    "rehearse": workshop.rehearse,
    "card": workshop.card,
    "serve": serve,
}


def _told(run: Run) -> Words:
    """A run with what its numbers should not be read without."""
    found = runs.cautions(run, run.majority)
    return run.json() | ({"cautions": list(found)} if found else {})


def _train(options: argparse.Namespace) -> Run:
    """Carry out the recipe here, in this process."""
    choices = recipe_of(options)
    exporting.ensure(choices["backbone"])
    wanted = recipe.make(**choices | {"weights": exporting.weights_of(choices["backbone"], choices["weights"])})
    installation.check()
    sources.require(wanted)
    return _carry_out(runs.create(wanted, here=True))


def _resume(options: argparse.Namespace) -> Run:
    """Resume a run that did not come to its end, in this process."""
    run = runs.read(runs.called(options.run))
    ended = run.state in ENDED_EARLY
    if not ended or not runs.resumable(run.id):
        why = "it has no checkpoint" if ended else f"it is {run.state}"
        raise ExplorerError(f"The run {run.id} cannot be resumed: {why}. Train its recipe again.")
    installation.check()
    sources.require(runs.known_run(run.id).recipe)
    return _carry_out(run.id)


def _carry_out(run: str) -> Run:
    """Train a run whose folder exists, with its progress on standard error."""
    from explorer.training.compute import handlers  # heavy: loaded only by the commands that need it

    try:
        return handlers.train(run, progress)
    except KeyboardInterrupt:
        runs.close(run, "stopped")
        raise
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)
