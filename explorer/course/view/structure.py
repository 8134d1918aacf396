"""Live parts of the lesson that need no run: filters, a walk, families of backbones, and the switches of freezing."""

import math
from dataclasses import replace
from functools import partial

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import draw, explain
from explorer.app.words import count, safe_md
from explorer.catalogue import BATCHNORM_MODES, STRATEGIES, Backbone
from explorer.catalogue.backbones import backbone
from explorer.course.figures import lessons
from explorer.course.question.live import BaseFiltersQuestion, Walk, WalkQuestion
from explorer.errors import ExplorerError
from explorer.evidence import share_words
from explorer.looks.features.figures.filters import first_filters
from explorer.recipe import make
from explorer.training.figures.strips import Strip, described, strips
from explorer.training.lines import parts_of
from explorer.training.question import DescribeQuestion, Description
from explorer.training.view.advanced import batchnorm_choices
from explorer.training.view.strips import stage_strip

TESTED = 306  # test images of the photo patches, from which the lesson's pictures come
FIRST = 132  # a cat's eye: edges, colour, texture and a part in one picture
FAMILIES = ("resnet18", "vgg16")


def pick_picture(key: str, many: int = TESTED) -> int:
    """One of `many` test pictures, by its number; parts that give the same `key` show the same one, on every step."""
    name = f"lesson_{key}_picture"
    st.session_state[name] = min(int(st.session_state.get(name, FIRST)), many - 1)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        image = st.number_input(
            f"Test picture (0 to {many - 1})", 0, many - 1, key=name, persist_state="session", width=200
        )
        st.button("Another", icon=":material/casino:", key=f"lesson_{key}_another", on_click=_another, args=(key, many))
    return int(image)


def _another(key: str, many: int) -> None:
    name = f"lesson_{key}_picture"
    st.session_state[name] = (int(st.session_state.get(name, FIRST)) + 61) % many  # 61: another class each time


def filters(row: Backbone, weights: str) -> None:
    """The first filters, pre-trained beside random, and what a real picture excites."""
    found = ask(BaseFiltersQuestion(backbone=row.name, weights=weights), "First filters", height=440)
    if found is not None:
        draw(partial(first_filters, found, False, True), "lesson_filters")
        told = "random weights too, since its file is not here" if weights == "random" else f"weights {weights}"
        st.caption(f"A: {row.title}, {told}. B: the same layer with random weights, as from scratch begins.")
    st.markdown("**What a real picture excites in the first stage**")
    image = pick_picture("walk")
    walked = _walk(row, weights, image)
    if walked is not None:
        draw(partial(lessons.walk, replace(walked, stages=walked.stages[:1])), "lesson_first")
        st.caption(f"The picture is of the class “{safe_md(walked.label)}”.")


def _walk(row: Backbone, weights: str, image: int) -> Walk | None:
    task = WalkQuestion(backbone=row.name, weights=weights, image=image)
    return ask(task, "One picture through the backbone", height=420)


def walk(row: Backbone, weights: str) -> None:
    """One picture through every stage."""
    found = _walk(row, weights, pick_picture("walk"))
    if found is None:
        return
    draw(partial(lessons.walk, found), "lesson_walk", code=("explorer/course/compute/handlers.py", "walk"))


def sizes(row: Backbone, weights: str) -> None:
    """What each stage gives for one picture, and how many weights it holds."""
    plan = _described(
        {"backbone": row.name, "weights": weights, "strategy": "full"}, row.title
    )  # none that `families` asks
    if plan is None:
        return
    stages = [(stage.stage, stage.output, stage.parameters) for stage in plan.stages[:-1]]
    st.markdown(f"**{row.title}, stage by stage**")
    st.table(
        {
            "Stage": [name for name, _, _ in stages],
            "Output for one picture": [" × ".join(map(str, output)) for _, output, _ in stages],
            "Numbers": [f"{math.prod(output):,}" for _, output, _ in stages],
            "Weights": [f"{count:,}" for _, _, count in stages],
        },
        hide_index=True,
        alt="Stages with output shape, numbers for one picture, and weights",
    )


def _described(recipe: dict[str, object], what: str) -> Description | None:
    return ask(DescribeQuestion(recipe=make(**recipe)), what, height=160)


def families(row: Backbone, weights: str) -> None:
    """ResNet's stages beside VGG's blocks."""
    found = {name: _described({"backbone": name, "weights": "random"}, backbone(name).title) for name in FAMILIES}
    ready = [(backbone(name).title, plan) for name, plan in found.items() if plan is not None]
    if len(ready) < len(FAMILIES):
        return
    blocks = [
        Strip(title, names, (False,) * len(names), notes=tuple(count(s.parameters) for s in plan.stages[:-1]))
        for title, plan in ready
        if (names := tuple(s.stage for s in plan.stages[:-1]))
    ]
    st.html(strips(blocks))
    st.table(
        {
            "Backbone": [title for title, plan in ready for _ in plan.stages[:-1]],
            "Stage": [s.stage for _, plan in ready for s in plan.stages[:-1]],
            "Output for one picture": [" × ".join(map(str, s.output)) for _, plan in ready for s in plan.stages[:-1]],
            "Weights": [f"{s.parameters:,}" for _, plan in ready for s in plan.stages[:-1]],
            "BatchNorm layers": [str(s.normalisation_layers) for _, plan in ready for s in plan.stages[:-1]],
        },
        hide_index=True,
        alt="Stages of two backbones: output shapes, weights, BatchNorm layers",
    )
    told = " ".join(exceptions(title, plan) for title, plan in ready)
    explain(
        f"Two designs, one habit: most stages halve the sides of what they are given and double its channels. {told} Where does "
        "each network keep most of its weights?",
        "Counts and shapes are the same for any weights. The dense layers on top of VGG are left out: they belong to its head.",
    )


def exceptions(title: str, plan: Description) -> str:
    """Which stages after the first keep the sides of the one before, and which its channels; as sentences, empty for none."""
    shapes = {stage.stage: stage.output for stage in plan.stages[:-1] if len(stage.output) == 3}
    pairs = list(zip(list(shapes)[1:], shapes.values(), list(shapes.values())[1:], strict=False))
    sides = [name for name, before, after in pairs if after[1:] == before[1:]]
    channels = [name for name, before, after in pairs if after[0] == before[0]]
    both = [name for name in sides if name in channels]
    kept = {"both as they were": both, "the sides as they were": sides, "the channels as they were": channels}
    parts = [(what, [n for n in names if what.startswith("both") or n not in both]) for what, names in kept.items()]
    words = [f"{', '.join(names)} {'leave' if len(names) > 1 else 'leaves'} {what}" for what, names in parts if names]
    return f"In {title} {'; '.join(words)}." if words else ""


def switches(row: Backbone, weights: str) -> None:
    """Which stages learn, which mode BatchNorm has: as blocks, as a count, and as PyTorch."""
    names = row.stage_names
    ticked = st.pills(
        "Trainable stages (the new head always is)", names, selection_mode="multi", default=names[-1:],
        key=f"lesson_learns_{row.name}", persist_state="session",
    )  # fmt: skip
    learns = tuple(name for name in names if name in ticked)
    mode = "frozen" if row.normalisation != "batch" else _pick_mode(bool(learns), weights == "random")
    strategy = {"strategy": "custom", "stages": learns} if learns else {"strategy": "linear_probe"}
    try:
        recipe = make(backbone=row.name, weights=weights, batchnorm=mode, **strategy)
    except ExplorerError as error:
        st.warning(safe_md(str(error)), icon=":material/info:")
        return
    found = ask(DescribeQuestion(recipe=recipe), "Building the network", height=160)
    if found is None:
        return
    stage_strip([described("", found)])
    learned, total = sum(s.learned for s in found.stages), sum(s.parameters for s in found.stages)
    moving = [s.stage for s in found.stages if s.statistics_move and not s.learns]
    st.markdown(f"**{learned:,}** of {total:,} parameters are trainable: {share_words(learned / total)}.")
    if moving:
        st.warning(
            f"The BatchNorm statistics of {', '.join(moving)} move although every weight there is frozen.",
            icon=":material/gpp_bad:",
        )
    st.code(pytorch_lines(row, learns, mode), language="python", wrap_lines=True)
    st.caption("`model` and `head` are those of the snippet above: torchvision's own model, with a new head.")


def _pick_mode(learns: bool, random: bool) -> str:
    """The BatchNorm mode, of those that differ here; `affine` is not among the lesson's."""
    titles = batchnorm_choices(STRATEGIES["custom" if learns else "linear_probe"], random)
    titles = {mode: title for mode, title in titles.items() if mode != "affine"}
    key = "lesson_batchnorm" + ("" if "frozen_everywhere" in titles else "_other")
    if st.session_state.get(key) not in titles:
        st.session_state[key] = next(iter(titles))
    mode = st.segmented_control(
        "BatchNorm statistics", list(titles), required=True, wrap=True, key=key, format_func=titles.__getitem__
    )
    mode = mode or next(iter(titles))  # `required` never gives None
    st.caption(BATCHNORM_MODES["frozen" if titles[mode] == "Frozen" else mode])
    return mode


def pytorch_lines(row: Backbone, learns: tuple[str, ...], mode: str) -> str:
    """The same choice in PyTorch, on torchvision's `model` of this backbone with its new `head`; the lines can be carried
    out as they stand. `mode` is BatchNorm's: `frozen_everywhere`, `frozen` or `moving`."""
    parts = [part for stage in row.stages if stage.name in learns for part in parts_of(row, stage.name)]
    loose = {f"model.{path}" for stage in row.stages for path in stage.loose}
    modules = [part for part in parts if part not in loose]
    lines = ["model.requires_grad_(False)", "head.requires_grad_(True)"]
    lines += [f"{part}.requires_grad_(True)" for part in parts if part in loose]
    if modules:
        lines += [
            f"trainable = [{', '.join(modules)}]",
            "for part in trainable:",
            "    part.requires_grad_(True)",
        ]
    lines.append("optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad])")
    if mode == "moving":
        return "\n".join(
            [*lines, "model.train()  # before each epoch; BatchNorm's statistics move in frozen stages too"]
        )
    why = "or BatchNorm's statistics move in frozen stages" if row.normalisation == "batch" else "frozen stages stay so"
    lines.append(f"model.eval()  # before each epoch; {why}")
    lines += ["for part in [*trainable, head]:", "    part.train()"] if modules else ["head.train()"]
    if mode == "frozen_everywhere" and modules:
        lines += [
            "for layer in model.modules():  # BatchNorm keeps its statistics in the trainable parts too",
            "    if isinstance(layer, torch.nn.BatchNorm2d):",
            "        layer.eval()",
        ]
    return "\n".join(lines)
