"""Words on the page: safe names, results in plain English, a run's command."""

import re
import shlex
import unicodedata
from collections.abc import Iterable

from explorer.catalogue import own, shifts
from explorer.catalogue.datasets import LABELS, dataset
from explorer.catalogue.strategies import strategy
from explorer.catalogue.weights import drawn_words
from explorer.evidence import Balanced, Grouped, Paired, Score, grouped_verdict, points, share_words
from explorer.recipe import Recipe, make
from explorer.runs import FinishedRun, Run

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")
LONGEST = 64


def plain(text: str, longest: int = LONGEST) -> str:
    """One line without control or direction-changing characters, cut to `longest`: fit for figures and tables."""
    kept = text
    if not text.isprintable():  # else it holds neither, nor any space but the plain one
        kept = "".join(
            " " if c.isspace() else c for c in text if c.isspace() or not unicodedata.category(c).startswith("C")
        )
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def path_end(path: str, longest: int) -> str:
    """A file's path on one line, of which a long one keeps its end: that is what tells pictures apart."""
    kept = plain(path, len(path))
    return kept if len(kept) <= longest else "…" + kept[1 - longest :]


def safe_md(text: str, longest: int = 1000) -> str:
    """Text from outside (class, file, folder names, errors) as markdown that shows exactly that text and loads nothing."""
    return _MARKUP.sub(r"\\\1", plain(text, longest))


def on_page(text: str) -> str:
    """An error's words with what to click where they name an option of the command line."""
    return re.sub(r"\(--labels (\w+)\)", _clicked, text)


def _clicked(found: re.Match[str]) -> str:
    return f"(under ‘Read the classes from’ choose ‘{LABELS.get(found[1], found[1])}’)"


def percent(score: Score) -> str:
    """`94.1 % (91.0 to 96.2, n = 340)`: accuracy, 95 % Wilson interval, images."""
    return f"{share_words(score.accuracy)} ({100 * score.low:.1f} to {100 * score.high:.1f}, n = {score.n})"


def group_of(run: FinishedRun) -> str:
    """What images of one group share, in a word: `photo`, or `group` where nothing else is known."""
    return dataset(run.recipe.dataset).groups or "group"


def grouped_words(found: Grouped, group: str) -> str:
    """What an accuracy's interval is for, where images come in groups, and what it is for other groups."""
    return (
        f"The interval is for more images of these {found.groups} {group}s, not for other {group}s: for those it is "
        f"{100 * found.low:.1f} to {100 * found.high:.1f} % (the images count like {found.effective:.0f} independent ones)."
    )


def difference_words(found: Paired, group: str) -> str:
    """B against A on the same images: fixed, broken, B - A with its interval, the test's verdict; then for other groups."""
    words = (
        f"B fixes {found.fixed} images and breaks {found.broken}: {points(found.value)} points ({points(found.low)} to "
        f"{points(found.high)}). **{found.verdict}**"
    )
    if found.grouped is None:
        return words
    other = found.grouped
    said = grouped_verdict([found]).replace("groups", f"{group}s")
    return (
        f"{words} For other {group}s than these {other.groups}: {points(other.low)} to {points(other.high)}. **{said}**"
    )


def balanced_words(found: Balanced) -> str:
    """`81.2 % (77.0 to 84.9, 17 classes)`: balanced accuracy, its 95 % interval, classes."""
    interval = f"{100 * found.low:.1f} to {100 * found.high:.1f}"
    return f"{100 * found.value:.1f} % ({interval}, {found.classes} classes)"


def count(number: float) -> str:
    """A number of parameters, short: `512`, `8.7 k`, `4.9 M`."""
    for limit, unit in ((1e6, " M"), (1e3, " k")):
        if number >= limit:
            return f"{number / limit:.3g}{unit}"
    return f"{number:.0f}"


def strategy_mark(recipe: Recipe) -> str:
    """A snowflake where every stage stays frozen, a flame where one learns; with the word, so that nothing depends on colour."""
    if not recipe.tuned:
        return ":blue[:material/ac_unit: frozen]"
    if not recipe.learns:
        return ":orange[:material/local_fire_department: normalisation trainable]"
    many = (
        "all stages trainable" if not recipe.frozen_front and len(recipe.learns) == len(recipe.row.stages) else "tuned"
    )
    return f":orange[:material/local_fire_department: {many}]"


def frozen_first(recipes: Iterable[Recipe]) -> str:
    """That frozen stages run before the first epoch, to stand after another sentence; empty where none of the recipes has any."""
    return " The frozen stages run once per image first." if any(recipe.frozen_front for recipe in recipes) else ""


BATCHNORM_WORDS = {
    "frozen_everywhere": "statistics kept",
    "frozen": "batch statistics",
    "moving": "moving statistics",
    "affine": "scale and shift",
}


def short_title(recipe: Recipe) -> str:
    """A run's name in figures and pickers: the strategy, whether the weights are random, matched or which own ones, a BatchNorm
    mode that is not the usual one, and whether the set was edited or corrupted."""
    title = strategy(recipe.strategy).title.split(" (")[0]
    drawn = f", {drawn_words(recipe.weights)}" if recipe.drawn and recipe.strategy != "from_scratch" else ""
    unusual = recipe.batchnorm != recipe.usual_batchnorm
    edited = ", edited set" * bool(recipe.edits) + shifts.behind(recipe.spoilt)
    named = f", {own.words(recipe.backbone, recipe.weights)}" if own.is_own(recipe.weights) else ""
    return title + drawn + named + f", {BATCHNORM_WORDS[recipe.batchnorm]}" * unusual + edited


_BADGES = {
    "queued": ":gray-badge[:material/schedule: queued]",
    "running": ":blue-badge[:material/autorenew: running]",
    "finished": ":green-badge[:material/check: finished]",
    "stopped": ":gray-badge[:material/stop: stopped]",
    "failed": ":red-badge[:material/error: failed]",
    "interrupted": ":red-badge[:material/power_off: interrupted]",
}


def state_badge(state: str) -> str:
    """A run's state with an icon."""
    return _BADGES.get(state, safe_md(state))


_FAULTS = {
    "moved": "something frozen moved",
    "features": "stored features differ",
    "mode": "another mode than declared",
    "gradient": "other gradients than declared",
    "optimizer": "another optimizer than declared",
    "still": "a trainable stage did not move",
}


def audit_badge(clean: bool | None, fault: str = "") -> str:
    """The verdict of a run's freeze audit in one badge; `fault` is the gravest that was found (older runs do not say)."""
    if clean is None:
        return ":gray-badge[:material/help: no audit]"
    if clean:
        return ":green-badge[:material/verified: audit clean]"
    return f":red-badge[:material/gpp_bad: audit: {_FAULTS.get(fault, 'not as declared')}]"


def result_words(run: Run) -> str:
    """The result line: accuracy with n and interval, seconds, learned parameters, audit."""
    facts = run.facts
    parts = [f"**{percent(run.test)}** on test images" if run.test else f"{run.state}"]
    if run.test and run.balanced and abs(run.balanced.value - run.test.accuracy) >= 0.001:
        parts.append(f"balanced {balanced_words(run.balanced)}")
    seconds = (facts.get("seconds") or {}).get("total")
    if seconds is not None:
        parts.append(f"{seconds:.1f} s" + (f" on {safe_md(str(facts['device']))}" if facts.get("device") else ""))
    parameters = facts.get("parameters") or {}
    if "learned" in parameters:
        parts.append(f"{count(parameters['learned'])} of {count(parameters.get('total', 0))} parameters trained")
    return " · ".join(parts) + "  " + audit_badge(run.clean, run.fault)


def command(recipe: Recipe) -> str:
    """The command line that makes the same run; only what differs from the defaults is spelled out."""
    words = ["python", "-m", "explorer", "train"]
    usual = make(
        backbone=recipe.backbone, weights=recipe.weights, strategy=recipe.strategy, dataset="photo_patches"
    ).model_dump()
    always = ("backbone", "weights", "dataset", "strategy")
    for name, value in recipe.model_dump().items():
        if name not in always and (value == usual.get(name) or value is None and name != "per_class"):
            continue
        if name == "stages" and recipe.strategy != "custom":
            continue
        flag = "--" + name.replace("_", "-")
        if value is True:
            words.append(flag)
            continue
        values = value if isinstance(value, tuple) else ["all" if value is None else str(value)]
        words += [flag, *map(shlex.quote, values)]
    return " ".join(words)
