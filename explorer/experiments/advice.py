"""What the adviser says before any run: two sentences, the evidence under them, how sure it is, and what would say more."""

from dataclasses import dataclass

from explorer.evidence import images_needed, points
from explorer.evidence.many import p_digits
from explorer.experiments.adviser import MANY, ROOM, Rule, Signs
from explorer.experiments.budget import Choice
from explorer.experiments.telling import number, title_of
from explorer.training.question import FAR, NEAR


@dataclass(frozen=True)
class Advice:
    """`take` and `rival` are strategies; `sentences` what to do, `evidence` what it rests on, `sure` how often the rule
    held, `more` what it would take to know more."""

    take: str
    rival: str
    sentences: tuple[str, str]
    evidence: tuple[str, ...]
    sure: str
    more: str


def advice(signs: Signs, rule: Rule) -> Advice:
    """The rule in words."""
    rival = rule.rival
    first = f"Take **{title_of(rule.take)}**: {_because(signs, rule)}."
    second = f"Run **{title_of(rival)}** beside it before you decide."
    return Advice(rule.take, rival, (first, second), _evidence(signs), _sure(rule), _more(signs, rule.take, rival))


def _because(signs: Signs, rule: Rule) -> str:
    n = number(signs.per_class)
    return {
        "early": f"a head at {signs.early} is right on {points(signs.early_gain)} points more validation images than one "
        "at the end of the backbone",
        "easy": f"a probe is right on {100 * signs.probe.accuracy:.0f} % of the validation images already, which leaves "
        "tuning little to gain",
        "far": f"the images lie far from what the backbone was trained on, and {n} of each class are enough to tune with",
        "few": f"{n} images of each class are few to tune with"
        if signs.per_class < MANY
        else "nothing that was measured says that tuning would pay",
        "near": "the images look to the network like those it was trained on, so its features most likely fit",
    }[rule.name]


def _evidence(signs: Signs) -> tuple[str, ...]:
    """What was measured, a line each."""
    said = [f"Probe at the end: {signs.probe}, on validation images."]
    if signs.early:
        said.append(
            f"Probe at {signs.early}, the best earlier stage: {points(signs.early_gain)} points (fixes {signs.fixed}, breaks "
            f"{signs.broken}; p = {p_digits(signs.p_value)}, exact McNemar test, Holm's over the earlier stages)."
        )
    if signs.distance is not None:
        where = "near" if signs.distance < NEAR else "between near and far" if signs.distance < FAR else "far"
        said.append(
            f"Distance to the source: {signs.distance:.2f} nats, {where} (near below {NEAR:g}, far from {FAR:g})."
        )
    return (*said, f"{number(signs.per_class)} training images of each of {signs.classes} classes.")


def _sure(rule: Rule) -> str:
    if not rule.draws:
        return f"How sure: no measured draw was like this ({rule.when}), so this is a guess."
    return (
        f"How sure: where {rule.when}, the pick was level with the best strategy in **{rule.level} of {rule.draws}** "
        "measured draws; the rules were read off most of them, which flatters them (docs/adviser.md)."
    )


def _more(signs: Signs, take: str, rival: str) -> str:
    arms = len({"linear_probe", take, rival})
    room = "" if signs.probe.accuracy < ROOM else " It can gain a few points at most."
    return f"To know more: a data budget of these {arms} strategies with three seeds, on your own images.{room}"


def settling(found: Choice, base: str) -> str:
    """After a sweep: what it would take to know more than it says for this number of images."""
    open_ones = [row for row in found.contrasts if not row.shown]
    if not open_ones:
        return f"Every strategy is told apart from {title_of(base)} here; other images may order them otherwise."
    best = max(open_ones, key=lambda row: row.difference.value)
    needed = images_needed(best.difference.discordant, best.difference.value) if best.difference.value else None
    if needed is None or needed > 100_000:
        return f"{title_of(best.arm)} and {title_of(base)} are too close for any test set of reasonable size: take the cheaper."
    told = float(f"{needed:.2g}")
    if told <= best.difference.n:
        n = best.difference.n
        return (
            f"To settle {title_of(best.arm)}: {n} test images are enough for a difference this large; run more seeds."
        )
    return (
        f"To settle {title_of(best.arm)}, if the difference is as large as it looks: about {told:,.0f} test images (here are "
        f"{best.difference.n}), and more seeds."
    )
