"""Runs begun, and taken up again."""

from explorer import runs
from explorer.jobs import quotas
from explorer.jobs.queue import result
from explorer.recipe import Recipe, sources
from explorer.runs.question import TrainQuestion


def train(recipe: Recipe, owner: str = "", race: str = "") -> str:
    """Queue a run (of a race, where one is named) and return its id; its folder is there at once, in state `queued`."""
    sources.require(recipe)
    sources.require_here(recipe)
    quotas.require_run()
    run = runs.create(recipe, race=race)
    result(TrainQuestion(run=run), owner)
    return run


def resume(run: str, owner: str = "") -> None:
    """Queue a run again that was interrupted or stopped; it resumes from its checkpoint, or starts from the beginning."""
    recipe = runs.known_run(run).recipe
    quotas.require_run()
    sources.require_here(recipe)
    sources.require(recipe)  # else an interrupted run would become a failed one
    runs.move(run, "queued", error="", restarts=0)
    result(TrainQuestion(run=run), owner, retry=True)
