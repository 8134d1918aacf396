"""The truths that a check may ask for: the words of its fact `truth`, what each takes, answers and tells.

They are computed in explorer/course/compute/truths; here is what a text may say of them (a test holds the two together).
"""

import re
from dataclasses import dataclass

from explorer.catalogue import DATASETS, STRATEGIES
from explorer.course.lesson_runs import NAMES, recipe_of
from explorer.course.texts.checks import STAGES, Check
from explorer.course.texts.places import places

MANY = "…"  # at the end of `takes`: as many of the last kind as one likes, two at least


@dataclass(frozen=True)
class TruthSpec:
    """`kind` of check that fits it; the kinds of words that follow its own (`takes`); the keys that it may answer with, or
    of an order sorts (none: a number, or whatever the words name); the facts that fill {places}."""

    kind: str
    takes: tuple[str, ...]
    answers: tuple[str, ...]
    facts: tuple[str, ...]


def _spec(kind: str, takes: str, answers: str, facts: str) -> TruthSpec:
    return TruthSpec(kind, tuple(takes.split()), tuple(answers.split()), tuple(facts.split()))


_ACCURACY = "this other n interval other_interval classes chance fixed broken p"
TRUTH_SPECS = {
    "first_filter": _spec("guess", "whole", "", "filters side each all total share count many"),
    "plain_card": _spec("choice", "", "zero flat lines", "spread picture size n"),
    "numbers_left": _spec("order", "", "picture first last head", "picture first last head"),
    "sight": _spec("guess", "whole", "", "stage seen next further size whole"),
    "heaviest_stage": _spec("choice", "", STAGES, "stage count listed share"),
    "shifted": _spec("choice", "", "moves stays scrambled", "step moved stayed stage"),
    "head_parameters": _spec("guess", "whole", "", "features classes count weights backbone share"),
    "untrained_head": _spec("choice", "", "zero even sure", "sure right n loss even"),
    "head_sizes": _spec("order", "", "new first old last", "new first old last"),
    "goes_on": _spec("choice", "", "weights gradients statistics nothing", "weights statistics layers"),
    "cost_frozen": _spec("guess", "whole", "", "forward backward frozen full cached mean epochs"),
    "in_mid_training": _spec("choice", "", "always zeros never", "stage none zeros"),
    "first_step": _spec("guess", "rate", "", "moved rate weight share gradient stage"),
    "accuracy": _spec("guess", "run run", "", _ACCURACY),
    "train_accuracy": _spec("guess", "run", "", "train train_n test interval n gap"),
    "moved_most": _spec("choice", "run", STAGES, "stage listed most least"),
    "too_hot": _spec("guess", "run run", "",
                     f"{_ACCURACY} cool_far hot_far elsewhere_n old_elsewhere cool_elsewhere hot_elsewhere"),
    "rewound": _spec("choice", "run stage", "stays some most",
                     "stage base left interval settled control n chance start changed identical"),
    "another_seed": _spec("choice", "run run", "same inside outside", "a b interval n differ fixed broken p"),
    "better": _spec("choice", "run run", "first second not_shown", "a b a_interval b_interval n fixed broken agree p verdict"),
    "images_needed": _spec("guess", "run whole", "", "accuracy n half need points finer"),
    "percent_learning": _spec("guess", "whole", "", "learned total share one_in classes"),
    "weights_to_keep": _spec("order", f"strategy {MANY}", "", ""),
    "gains": _spec("order", f"dataset {MANY}", "", ""),
    "features_moved": _spec("choice", "run", "none little much", "far numbers stages n audit mean"),
    "maps_differ": _spec("choice", "run run stage", "same some all",
                         "stage changed channels last last_changed last_channels last_share"),
    "likeness": _spec("guess", "run run", "", "cka low high control draws stage overlap weights n fixed broken"),
    "any_class": _spec("choice", "run", "blank map", "own others drawn alike likely strongest"),
}  # fmt: skip
"""By the word in a check's fact `truth`."""
_NUMBERS = {"whole": r"[1-9][0-9]*", "rate": r"0?\.[0-9]*[1-9][0-9]*|[1-9][0-9]*(\.[0-9]+)?"}


def wrong(check: Check) -> tuple[str, str]:
    """The first fact or section of a check, in any of its cases, that does not fit its truth, and the reason; two empty texts
    where all fits."""
    return next((found for found in map(_wrong, check.cases) if found[0]), ("", ""))


def _wrong(check: Check) -> tuple[str, str]:
    if not check.truth:
        lost = places(" ".join((check.explained, *check.reasons.values())))
        return ("explained", f"{{{lost[0]}}} cannot be filled: lines of code tell no facts") if lost else ("", "")
    name, *words = check.truth
    if name not in TRUTH_SPECS:
        return "truth", f"unknown truth {name!r}. Known: {', '.join(TRUTH_SPECS)}"
    told = TRUTH_SPECS[name]
    if told.kind != check.kind:
        return "kind", f"the truth {name!r} fits the kind {told.kind!r}, not {check.kind!r}"
    if reason := _taken(name, told, words):
        return "truth", reason
    return _answered(check, told, words) or _filled(check, told, words) or ("", "")


def _taken(name: str, told: TruthSpec, words: list[str]) -> str:
    """Why these words cannot follow the truth's own; empty where they can."""
    many = told.takes[-1:] == (MANY,)
    takes = told.takes[:-1] * max(2, len(words)) if many else told.takes
    if len(words) != len(takes):
        wanted = " ".join(told.takes) or "nothing"
        return f"the truth {name!r} takes {wanted}, not {' '.join(words) or 'nothing'}"
    row = recipe_of(next((word for word in words if word in NAMES), "probe")).row
    tables = {"run": NAMES, "stage": row.stage_names, "strategy": STRATEGIES, "dataset": set(DATASETS) - {"folder"}}
    for kind, word in zip(takes, words, strict=True):
        if kind in tables and word not in tables[kind]:
            return f"{word!r} is no {kind}. Known: {', '.join(sorted(tables[kind]))}"
        if kind in _NUMBERS and not re.fullmatch(_NUMBERS[kind], word):
            return f"{word!r} is no {'whole number' if kind == 'whole' else 'number'} above 0"
    return ""


def _answered(check: Check, told: TruthSpec, words: list[str]) -> tuple[str, str] | None:
    """Where the options are not what the truth may answer with."""
    keys = told.answers
    if check.kind == "guess" or (keys == (STAGES,) and not check.options):
        return None
    if keys == (STAGES,):
        keys = recipe_of(next((word for word in words if word in NAMES), "probe")).row.stage_names
    keys = keys or tuple(words)
    if set(check.options) == set(keys):
        return None
    return "options", f"the options are {', '.join(check.options) or STAGES}; this truth answers with {', '.join(keys)}"


def _filled(check: Check, told: TruthSpec, words: list[str]) -> tuple[str, str] | None:
    """Where a {place} stands that no fact fills."""
    known = told.facts or tuple(words)
    texts = {"reasons": " ".join(check.reasons.values()), "explained": check.explained}
    for section, text in texts.items():
        for place in places(text):
            if place not in known:
                return section, f"{{{place}}} cannot be filled. Here may stand: {', '.join(known)}"
    return None
