"""What a presenter does with runs beyond their own: publish them to all, pin two as today's example."""

from collections.abc import Callable, Sequence

import streamlit as st

from explorer import own_sets, runs, workspaces
from explorer.app.mine import presents
from explorer.app.words import safe_md
from explorer.catalogue import own
from explorer.errors import ExplorerError
from explorer.runs import FinishedRun, Run
from explorer.workspaces import example


def publish(run: FinishedRun) -> None:
    """Show a run to all, with the set and the weights that its looks need. Raises ExplorerError unless a presenter asks."""
    workspaces.publish("runs", run.id)
    if own_sets.NAME.fullmatch(run.recipe.dataset):
        workspaces.publish("sets", run.recipe.dataset)
    if own.is_own(run.recipe.weights):
        workspaces.publish("weights", run.recipe.weights)


def withdraw(run: FinishedRun) -> None:
    """Show a run to its owner alone again, and the weights where no other published run begins from them: they were published
    with it. Its set stays, since others may train on it. Raises ExplorerError unless a presenter asks."""
    workspaces.withdraw("runs", run.id)
    weights = run.recipe.weights
    others = (one.recipe.weights for one in runs.known(runs.listing()) if workspaces.published("runs", one.id))
    if own.is_own(weights) and weights not in others:
        workspaces.withdraw("weights", weights)


def presenter_buttons(chosen: Sequence[Run]) -> None:
    """Buttons for the runs that are ticked; nothing for who is no presenter."""
    if not presents():
        return
    finished = [run for run in chosen if isinstance(run, FinishedRun)]
    own_ones = [run for run in finished if not run.sample]
    if own_ones and len(own_ones) == len(chosen):
        out = [run for run in own_ones if workspaces.published("runs", run.id)]
        words = "Withdraw" if len(out) == len(own_ones) else "Publish to all"
        st.button(
            words, icon=":material/campaign:", key="runs_publish", on_click=_switch, args=(own_ones, len(out) < len(own_ones)),
            help="Everybody sees a published run and its pictures; nobody but you can change it.",
        )  # fmt: skip
    if len(finished) == 2 == len(chosen):
        st.button("Pin as today's example", icon=":material/push_pin:", key="runs_pin", on_click=_pin, args=(finished,),
                  help="Home and the Look pages open with these two for everybody: the older as A.")  # fmt: skip


def _switch(chosen: Sequence[FinishedRun], wanted: bool) -> None:
    def switch() -> None:
        for run in chosen:
            publish(run) if wanted else withdraw(run)

    sets = {run.recipe.dataset for run in chosen if workspaces.published("sets", run.recipe.dataset)}
    stays = " Their set stays published: withdraw it on Bring pictures." if sets and not wanted else ""
    _told(switch, f"{len(chosen)} {'published' if wanted else 'withdrawn'}.{stays}")


def _pin(chosen: Sequence[FinishedRun]) -> None:
    a, b = sorted(chosen, key=lambda run: (run.recipe.tuned, run.created))

    def pin() -> None:
        for run in (a, b):
            if not run.sample:
                publish(run)
        example.pin(a.id, b.id)

    _told(pin, "Pinned: home and the Look pages open with these two.")


def _told(work: Callable[[], object], words: str) -> None:
    try:
        work()
        st.toast(words, icon=":material/campaign:")
    except (ExplorerError, OSError) as error:
        st.toast(safe_md(str(error)), icon=":material/error:")
