"""What is asked on the attribution page: a method, a class, a stage, a baseline; and what the method computes."""

from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from explorer.app.controls import menu, toggle
from explorer.app.drawing import fine_print
from explorer.app.words import plain, safe_md
from explorer.catalogue import ATTRIBUTIONS, BASELINES
from explorer.catalogue.backbones import find as row_of
from explorer.catalogue.methods import AttributionMethod, looking_stage
from explorer.looks.images.question import Gallery
from explorer.looks.images.view.choosing import pick_target
from explorer.looks.pair.view.choosing import pick_stage
from explorer.question import Question
from explorer.runs import FinishedRun

Q = TypeVar("Q", bound=Question[Any])


@dataclass(frozen=True)
class Look:
    """What is asked: two runs, a method with its stage and baseline, how many times as fine as the stage's grid, a class, and the
    class that is not asked about (`rather_than`, empty for none)."""

    a: FinishedRun
    b: FinishedRun
    method: AttributionMethod
    stage: str
    target: str
    baseline: str
    times: int = 1
    rather_than: str = ""

    @property
    def backbone(self) -> str:
        """The backbone of A and B, by its name."""
        return self.a.recipe.backbone

    def question(self, kind: type[Q], **fields: Any) -> Q:
        """A question of this kind; what the method has not is not asked, and what the kind has not is left out."""
        how: dict[str, Any] = {"method": self.method.name, "stage": self.stage, "rather_than": self.rather_than}
        if self.method.baseline:
            how["baseline"] = self.baseline
        if self.method.staged:
            how["times"] = self.times
        return kind(**{name: value for name, value in how.items() if name in kind.model_fields}, **fields)


def pick_look(a: FinishedRun, b: FinishedRun, gallery: Gallery, image: int | str) -> Look:
    """Controls of method, class, and, where the method has them, stage and baseline."""
    name = a.recipe.backbone
    fitting = [key for key, row in ATTRIBUTIONS.items() if not row.obstacle(row_of(name))]
    baseline = "grey"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        method = ATTRIBUTIONS[
            menu(
                "Method",
                fitting,
                "method",
                "attribution_method",
                format_func=lambda key: ATTRIBUTIONS[key].title,
                width=300,
            )
        ]
        target = pick_target(gallery, image)
        rather_than = _pick_other(gallery, target) if method.contrast else ""
        if method.baseline:
            baseline = menu("Baseline", BASELINES, "baseline", "attribution_baseline", width=180,
                            format_func=lambda key: BASELINES[key].title)  # fmt: skip
    names = a.recipe.row.stage_names
    free = [stage for stage in names if not method.obstacle(row_of(name), stage)]
    if not method.staged:
        return Look(a, b, method, names[-1], target, baseline, rather_than=rather_than)
    size = b.recipe.preprocessing.crop
    fit = looking_stage(free or names, size)
    stage = pick_stage(b, fit)
    times = _pick_times()
    return Look(a, b, method, stage, target, baseline, times, rather_than)


def _pick_other(gallery: Gallery, target: str) -> str:
    """The class whose logit is taken off; empty for none."""
    others = ["", *(name for name in gallery.classes if name != target)]
    return menu(
        "Rather than", others, "other", "attribution_other", width=200,
        format_func=lambda name: plain(name) if name else "(no other class)",
        help="Explains the difference of two logits: why this class and not that one.",
    )  # fmt: skip


def _pick_times() -> int:
    """How many times as fine as the stage's own the grid is to be."""
    fine = toggle(
        "Grid twice as fine", "fine", "attribution_fine", default=True,
        help="Four maps of the picture, each shifted by half a cell, are interleaved. The network sees the picture "
             "at its training size: a larger input would give more cells, but the built-in backbone recognises half "
             "as much there.",
    )  # fmt: skip
    return 2 if fine else 1


def words_of(look: Look) -> None:
    """What the method computes, and what it cannot tell; and which methods this backbone does not have."""
    row = look.method
    missing = [
        f"{other.title}, since {why}"
        for other in ATTRIBUTIONS.values()
        if (why := other.obstacle(row_of(look.backbone)))
    ]
    baseline = f" Baseline: {BASELINES[look.baseline].meaning}." if row.baseline else ""
    if row.staged and look.times > 1:
        baseline += (
            " The grid is twice as fine as the stage's own: four maps of the picture, each shifted by half a cell, "
            "are interleaved (shift-and-stitch, Sermanet et al. 2013, arXiv 1312.6229)."
        )
    if look.rather_than:
        names = [safe_md(plain(name)) for name in (look.target, look.rather_than)]
        baseline += f" The score explained is the difference of two logits: {names[0]} minus {names[1]}."
    words = f"{row.meaning} {row.caution}{baseline} A nicer map is no evidence of a better model."
    if missing:
        words += f"\n\nNot offered for {safe_md(look.a.recipe.row.title)}: {'; '.join(missing)}."
    fine_print(words, "this method")


def code_of(method: AttributionMethod) -> tuple[str, str]:
    """The function that computes a method's maps, with its file."""
    files = {"occlusion": "removal", "ablation": "removal", "rollout": "rollout"}
    return f"explorer/looks/attribution/compute/{files.get(method.name, 'gradients')}.py", method.name
