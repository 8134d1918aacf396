"""A recipe as one file of plain PyTorch and torchvision: made of text alone, so that it can be shown while a form changes."""

import json
from collections.abc import Mapping, Sequence
from string import Template

from explorer.catalogue.datasets import dataset
from explorer.catalogue.shifts import behind
from explorer.catalogue.strategies import strategy
from explorer.catalogue.weights import RANDOM, source
from explorer.export import building
from explorer.export.script import blocks
from explorer.recipe import Recipe

MOST_LINES = 150
"""Lines of a script at most, besides the names of its pictures."""

_NORMS = {"batch": "nn.BatchNorm2d", "layer": "nn.LayerNorm"}

Split = Mapping[str, Mapping[str, Sequence[str]]]
"""Split → class → files."""


def script(recipe: Recipe, classes: Sequence[str] = (), split: Split | None = None, result: str = "") -> str:
    """The script of a recipe.

    `classes` are the run's (none: those whose folders are found), `split` the files of each class below the recipe's folder
    (none: the pictures lie in data/<split>/<class>/), `result` a sentence on what the run reached.
    """
    parts = [
        _head(recipe, split, result) + _imports(recipe) + _settings(recipe, classes, split),
        _filled(blocks.PICTURES, recipe, FILES=blocks.OF_SPLIT if split else blocks.OF_FOLDERS),
        _build(recipe),
        *([_standardised(recipe)] if standardised(recipe) else []),
        blocks.WITHIN,
        _unfreeze(recipe),
        blocks.MODES[_mode(recipe)],
        blocks.RUN,
        blocks.SCORE_BALANCED if recipe.class_weights else blocks.SCORE,
        _main(recipe),
        *([_names(split)] if split else []),
        'if __name__ == "__main__":\n    main()\n',
    ]
    return "\n\n".join(parts)


def standardised(recipe: Recipe) -> bool:
    """Whether the head reads standardised features: those of random weights change their scale as they learn."""
    first = recipe.phases[0].learns
    return not recipe.drawn or recipe.front_of(first) == recipe.row.stage_names


def needs_start(recipe: Recipe) -> bool:
    """Whether the script needs a file of first weights beside it, since torchvision has none to download."""
    return building.brought(recipe.row, recipe.weights)


def code_lines(text: str) -> int:
    """The lines of a script besides those that only name pictures."""
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith("SPLIT = {")), len(lines))
    last = next((i for i in range(first, len(lines)) if lines[i] == "}"), len(lines))
    return len(lines) - (last - first)


def _head(recipe: Recipe, split: Split | None, result: str) -> str:
    """The docstring: what it does, what the run reached, what it needs."""
    where = dataset(recipe.dataset).title + behind(recipe.spoilt)
    said = [f'"""{recipe.title}, on {where}: plain PyTorch and torchvision, by Thaw.']
    if result:
        said.append(result)
    if recipe.cuts and not recipe.reads:
        said.append("Thaw lets validation images choose the stage that the head reads; here it reads the last.")
    needs = [] if split else ["pictures in data/<train, val, test>/<class>/"]
    needs += [f"first weights in {building.START}"] if needs_start(recipe) else []
    if needs:
        said.append(f"Beside this file: {', '.join(needs)}.")
    return "\n".join(said) + '"""\n'


def _imports(recipe: Recipe) -> str:
    text = blocks.IMPORTS
    if recipe.row.library == "timm":
        text = text.replace("import torch\nimport torchvision\n", "import timm\nimport torch\n")
    elif recipe.row.code:
        text = text.replace("import torchvision\n", "")
    return f"\n{text}\n"


def _settings(recipe: Recipe, classes: Sequence[str], split: Split | None) -> str:
    """What differs from recipe to recipe, as constants."""
    stages = [f'    "{stage.name}": {_parts(stage.parts)},' for stage in recipe.row.stages]
    data = f"Path({json.dumps(recipe.data_dir, ensure_ascii=False)})" if split else 'Path(__file__).parent / "data"'
    names = json.dumps(list(classes), ensure_ascii=False)
    found = names if classes else 'sorted(path.name for path in (DATA / "train").iterdir())'
    rates = [f"HEAD_RATE = {recipe.head_rate:g}"]
    if recipe.tuned:
        rates = [
            f"HEAD_RATE, BACKBONE_RATE, RATE_DECAY = {recipe.head_rate:g}, {recipe.backbone_rate:g}, {recipe.rate_decay:g}"
        ]
    phases = ", ".join(f"({_stages(recipe, phase.learns)}, {phase.epochs})" for phase in recipe.phases)
    lines = [
        f"DATA = {data}",
        f"CLASSES = {found}",
        'DEVICE = "cuda" if torch.cuda.is_available() else "cpu"',
        f"SEED, BATCH, EPOCHS = {recipe.seed}, {recipe.batch_size}, {recipe.epochs}",
        *rates,
        f'HEAD = "{recipe.row.head}"',
        "STAGES = {  # from the input on: the modules of each",
        *stages,
        "}",
        f"PHASES = [{phases}]  # stages besides the head, epochs",
        _filled(blocks.INPUTS, recipe),
        *([_filled(blocks.CHANGES[recipe.augmentation], recipe)] if recipe.augmentation != "none" else []),
    ]
    return "\n".join([*lines, ""])


def _stages(recipe: Recipe, learns: tuple[str, ...]) -> str:
    """Stages as Python: by name, or where they are several of the last, as these."""
    if len(learns) > 1 and learns == recipe.row.stage_names[-len(learns) :]:
        return "[*STAGES]" if learns == recipe.row.stage_names else f"[*STAGES][-{len(learns)}:]"
    return json.dumps(list(learns))


def _parts(parts: Sequence[str]) -> str:
    """A stage's modules as Python; a long run of numbers as a range."""
    before, _, first = parts[0].rpartition(".")
    if len(parts) > 3 and first.isdecimal():
        end = int(first) + len(parts)
        if list(parts) == [f"{before}.{i}" for i in range(int(first), end)]:
            return f'[f"{before}.{{i}}" for i in range({first}, {end})]'
    return json.dumps(list(parts))


def _build(recipe: Recipe) -> str:
    row = recipe.row
    lines = ["torch.manual_seed(SEED)"] * (recipe.weights == RANDOM) + building.backbone_lines(row, recipe.weights)
    if needs_start(recipe):
        start = f'torch.load(Path(__file__).parent / "{building.START}", weights_only=True)'
        lines.append(f"model.load_state_dict({start}, strict=False)  # all but the head")
    lines += blocks.REDRAWN if source(recipe.weights) else []
    head = building.head_lines(row, "len(CLASSES)")
    text = blocks.BUILT.replace("$BACKBONE", "\n".join(f"    {line}" for line in lines))
    return text.replace("$HEAD_LINES", "\n".join(f"    {line}" for line in head))


def _standardised(recipe: Recipe) -> str:
    return Template(blocks.STANDARDISED).substitute(LINEAR="self.head[-1]" if recipe.row.dropout else "self.head")


def _unfreeze(recipe: Recipe) -> str:
    if recipe.batchnorm == "affine":
        return blocks.UNFREEZE_AFFINE.replace("$NORM", _NORMS[recipe.row.normalisation])
    return blocks.UNFREEZE if recipe.tuned else blocks.UNFREEZE_HEAD


def _mode(recipe: Recipe) -> str:
    if recipe.batchnorm == "moving":
        return "moving"
    return "kept" if recipe.keeps_statistics and recipe.row.normalisation == "batch" else "frozen"


def _main(recipe: Recipe) -> str:
    """Training: phases and epochs; the best epoch on validation is kept and scored on test."""
    balanced, plain = recipe.class_weights, standardised(recipe)
    restarts = strategy(recipe.strategy).unfreezes == "after the head"
    rank = "(phase, balanced, -loss)" if balanced else "(phase, right, -loss)"
    head = "model.get_submodule(HEAD)"
    measured = [
        f"    head = {head}",
        "    model.set_submodule(HEAD, nn.Identity())",
        "    model.set_submodule(HEAD, Standardised(head, run(model, x)))",
    ]
    weighted = (
        "    weight = len(y) / (len(CLASSES) * torch.bincount(y).clamp_min(1).float())  # rare classes count as much"
    )
    lines = [
        "def main():",
        '    """Train, keep the best epoch on validation, and score it on test."""',
        '    (x, y), val, test = (pictures(split) for split in ("train", "val", "test"))',
        "    model, dice, best, done = build(), torch.Generator().manual_seed(SEED), None, 0",
        *(measured if plain else []),
        *([weighted] if balanced else []),
        "    optimizer = torch.optim.AdamW(unfreeze(model, PHASES[-1][0]), weight_decay=0.01)  # all that is ever trained",
        "    for phase, (learns, epochs) in enumerate(PHASES):",
        "        unfreeze(model, learns)",
        *(['        optimizer.param_groups[0]["rate"] = BACKBONE_RATE if phase else HEAD_RATE'] if restarts else []),
        f"        for {'epoch' if restarts else '_'} in range(epochs):",
        *_epoch(recipe, restarts),
        f"            right, loss{', balanced' * balanced} = score(model, *val)",
        '            print(f"epoch {done} of {EPOCHS}: {right} of {len(val[1])} right on validation, loss {loss:.3f}")',
        f"            if best is None or {rank} > best[0]:",
        f"                best = {rank}, {{name: tensor.clone() for name, tensor in model.state_dict().items()}}",
        "    model.load_state_dict(best[1])",
        *([f"    model.set_submodule(HEAD, {head}.folded())"] if plain else []),
        "    right, n = score(model, *test)[0], len(test[1])",
        '    print(f"test: {right} of {n} right ({right / n:.1%})")',
        '    torch.save(model.state_dict(), Path(__file__).with_name("model.pt"))',
        "",
    ]
    return "\n".join(lines)


def _epoch(recipe: Recipe, restarts: bool) -> list[str]:
    """The steps of one epoch."""
    pixels = "x[rows]" if recipe.augmentation == "none" else "torch.stack([CHANGE(picture) for picture in x[rows]])"
    step, whole = ("epoch", "epochs") if restarts else ("done", "EPOCHS")
    weight = ", weight.to(DEVICE)" * recipe.class_weights
    return [
        "            set_modes(model, learns)",
        "            batches = [b for b in torch.randperm(len(x), generator=dice).split(BATCH) if len(b) > 1]",
        "            for i, rows in enumerate(batches):",
        "                for group in optimizer.param_groups:  # half a cosine from the rate to 0",
        f'                    group["lr"] = group["rate"] * (1 + math.cos(math.pi * ({step} + i / len(batches)) / {whole})) / 2',
        f"                logits = model(AS_INPUT({pixels}.to(DEVICE)))",
        f"                loss = nn.functional.cross_entropy(logits, y[rows].to(DEVICE){weight})",
        "                optimizer.zero_grad()",
        "                loss.backward()",
        "                optimizer.step()",
        "            done += 1",
    ]


def _names(split: Split) -> str:
    """SPLIT as Python: a line for each class of each split."""
    lines = ["SPLIT = {  # below DATA: the pictures that the run learned from, chose its epoch by, and was scored on"]
    for name, classes in split.items():
        lines.append(f'    "{name}": {{')
        lines += [f"        {_text(kind)}: {_text(list(files))}," for kind, files in classes.items()]
        lines.append("    },")
    return "\n".join([*lines, "}", ""])


def _text(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _filled(text: str, recipe: Recipe, **words: str) -> str:
    """A part with the numbers of the recipe's preprocessing."""
    size = recipe.preprocessing
    numbers = {"CROP": size.crop, "RESIZE": size.resize, "MEAN": list(size.mean), "STD": list(size.std)}
    numbers["FILTER"] = "" if size.filter == "bilinear" else f", v2.InterpolationMode.{size.filter.upper()}"
    numbers["SAID"] = size.filter
    return Template(text).substitute(numbers, **words)
