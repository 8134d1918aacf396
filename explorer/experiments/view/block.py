"""Which block? The reader's bet first, the gradient's hint beside it, then what each block gained, and who was right."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from explorer.app.address import keep, one_of, switch
from explorer.app.asking import ask, predictions
from explorer.app.controls import toggle
from explorer.app.drawing import draw, explain, show_code
from explorer.experiments import block, telling
from explorer.experiments.block import NONE, Gradients, Verdict
from explorer.experiments.cells import Sweep
from explorer.experiments.compared import HEAD, input_words, parted, stage_words
from explorer.experiments.figures.block import block_table
from explorer.experiments.numbers import gained_by
from explorer.experiments.pairing import Step
from explorer.experiments.question import GradientsQuestion
from explorer.experiments.view.following import follow

OPEN = "no bet"


def show_block(sweep: Sweep) -> None:
    """Bets and hints, and, once there are all bets or the reader asks, the whole result as far as it is there."""
    bets = _bets(sweep)
    hints = _hints(sweep)
    shown = _revealed(sweep, bets)
    follow(sweep, lambda fresh: _figure(fresh) if shown else _hidden(fresh))
    if not shown:
        return
    steps = block.gains(sweep, predictions)
    found = block.verdicts(sweep, steps, predictions)
    if found:
        _result(sweep, steps, found, bets, hints)


def _bets(sweep: Sweep) -> dict[str, str]:
    """Input → the stage bet on (NONE: that no stage gains anything); inputs without a bet are left out."""
    st.header("Your bet")
    st.markdown("Which stage, tuned alone, gains most over the head alone? Bet before you look.")
    stages = sweep.cells[0].planned.recipe.row.stage_names
    options, bets = [OPEN, *stages, NONE], {}
    for i, how in enumerate(sweep.plan.inputs):
        key = f"block_bet_{i}"
        keep(f"bet{i}", key, OPEN, one_of(options))
        bet = st.radio(
            f"Pictures {input_words(how)}",
            options,
            key=key,
            horizontal=True,
            persist_state="session",
            format_func=lambda name: {OPEN: "no bet", NONE: "none gains"}.get(name, name),
        )
        bets |= {how: bet} if bet and bet != OPEN else {}
    return bets


def _revealed(sweep: Sweep, bets: Mapping[str, str]) -> bool:
    """Whether the result is in sight: there is a bet on every input, or the reader asked. It stays so."""
    keep("shown", "block_shown", False, switch())
    if len(bets) == len(sweep.plan.inputs):
        return True
    if st.session_state["block_shown"]:
        return True
    st.button("Show me without a bet", icon=":material/visibility:", key="block_show", on_click=_show)
    return False


def _show() -> None:
    st.session_state["block_shown"] = True


def _hints(sweep: Sweep) -> dict[str, Gradients]:
    """Input → the gradient's hint, where the reader asked for it and it is there."""
    wanted = toggle(
        "Hint: where is the gradient largest for the weights?", "hint", "block_hint",
        help="Trains a probe on each kind of input, then compares each stage's gradient with its weights: seconds an input.",
    )  # fmt: skip
    if not wanted:
        return {}
    found = {}
    for how in sweep.plan.inputs:
        recipe = sweep.recipe(f"{HEAD}@{how}")
        answer = ask(GradientsQuestion(recipe=recipe), f"Gradients, pictures {input_words(how)}", height=0, soon=True)
        if answer is not None:
            found[how] = answer
    if found:
        st.table(hint_table(found), hide_index=True, alt="Relative gradient norm of each stage, input by input")
        n = next(iter(found.values())).n
        explain(
            f"Numbers are 1000 · ‖gradient‖ / ‖weights‖ at the solution of a linear probe (n = {n} training images, "
            "seed 0); ▲ marks the largest.",
            "It is a hint, not a promise: a large gradient says where the loss falls first, not how far, nor on which images. "
            "After Lee et al. (2022, arXiv 2210.11466).",
        )
        show_code("explorer/experiments/compute/gradients.py", "gradients")
    return found


def hint_table(found: Mapping[str, Gradients]) -> dict[str, list[str]]:
    """One row an input, one column a stage."""
    stages = next(iter(found.values())).stages
    table = {"Pictures": [input_words(how) for how in found]}
    for k, stage in enumerate(stages):
        table[stage] = [_per_mille(g.norms[k]) + " ▲" * (g.named == stage) for g in found.values()]
    return table


def _hidden(sweep: Sweep) -> None:
    done = f"{sweep.finished} of {len(sweep.cells)} cells have a result."
    st.info(f"{done} The result is hidden until you have bet on every kind of picture.", icon=":material/casino:")


def _figure(sweep: Sweep) -> None:
    steps = block.gains(sweep, predictions)
    if not steps:
        if sweep.live:
            st.caption("The table fills as soon as a stage and the head alone have finished on one kind of picture.")
            st.skeleton(height=380)
        return
    stages = sweep.cells[0].planned.recipe.row.stage_names
    n = steps[0].difference.n
    plan = partial(block_table, stages, sweep.plan.inputs, steps, block.accuracies(sweep), n)
    draw(plan, "block_table", code=("explorer/experiments/block.py", "gains"))


def _result(
    sweep: Sweep,
    steps: Sequence[Step],
    found: Sequence[Verdict],
    bets: Mapping[str, str],
    hints: Mapping[str, Gradients],
) -> None:
    st.header("The best block")
    for one in found:
        st.markdown(f"- {telling.block_words(one)}")
    named = {how: hint.named for how, hint in hints.items()}
    lines = [telling.graded_words("Your bets", block.graded(found, bets))] if bets else []
    lines += [telling.graded_words("The gradient's hint", block.graded(found, named))] if named else []
    if any(lines):
        st.markdown("  \n".join(filter(None, lines)))
    st.table(
        grades_table(found, bets, named), hide_index=True, alt="The best block, the bet and the hint, input by input"
    )
    explain(
        f"A bet is level with the best block where no difference between the two is shown. {telling.correction_words(steps)}",
        "Picking the best of several flatters it: with other images or seeds, another block that is level with it may lead.",
    )
    with st.expander("All gains", icon=":material/table_rows:"):
        st.table(gains_table(steps), hide_index=True, alt="Gain of every block on every input")


def _per_mille(share: float) -> str:
    """`1,910`, `72.8`, `0.31`."""
    return f"{1000 * share:,.0f}" if share >= 0.1 else f"{1000 * share:.3g}"


def grades_table(found: Sequence[Verdict], bets: Mapping[str, str], hints: Mapping[str, str]) -> dict[str, list[str]]:
    """One row an input: its best block, and what became of bet and hint."""
    said = {"best": "the best", "level": "level with it", "worse": "shown to be worse", "open": "open"}

    def told(one: Verdict, named: Mapping[str, str]) -> str:
        bet = named.get(one.how, "")
        return f"{'none gains' if bet == NONE else bet}: {said[one.grade(bet)]}" if bet else "–"

    return {
        "Pictures": [input_words(one.how) for one in found],
        "Best block": [_best(one) for one in found],
        "Your bet": [told(one, bets) for one in found],
        "The hint": [told(one, hints) for one in found],
    }


def _best(one: Verdict) -> str:
    """The best block; where it is shown to lose, none gains."""
    if not one.gain.shown:
        return f"{one.best}, not shown"
    return one.best if one.gain.difference.value > 0 else "none gains"


def gains_table(steps: Sequence[Step]) -> dict[str, list[str]]:
    """One row a block and input."""
    rows = [(parted(step.arm), step) for step in steps]
    return {
        "Pictures": [input_words(how) for (_, how), _ in rows],
        "Trainable": [stage_words(stage) for (stage, _), _ in rows],
        "Over the head alone, points": [gained_by(step) for _, step in rows],
    }
