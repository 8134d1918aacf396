"""Numbers that texts state, computed once more: each sentence beside what it says."""

import json
import math
import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision import models

from explorer import evidence, recipe
from explorer.bundle import ASSETS
from explorer.catalogue import BACKBONES, DATASETS, STRATEGIES
from explorer.data import shapes

FACTS = json.loads((ASSETS / "backbone" / "resnet10.json").read_text(encoding="utf-8"))
TEXTS = sorted(
    path
    for kind in ("checks", "concepts", "glossary", "lessons", "questions")
    for path in (ASSETS / kind).rglob("*.md")
)


def said(path: str) -> str:
    """A text under assets/, in one line."""
    found = (
        ASSETS / path if path.startswith("backbone") else next((ASSETS / path).parent.glob(f"en/{Path(path).name}*.md"))
    )
    return " ".join(found.read_text(encoding="utf-8").split())


CARD = said("backbone/CARD.md")


def table(after: str) -> dict[str, list[float]]:
    """The means of the card's table whose first column is headed `after`, by row."""
    lines = (ASSETS / "backbone" / "CARD.md").read_text(encoding="utf-8").split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {after} |"))
    rows = [line for line in lines[start + 2 : start + 9] if " ± " in line]
    return {row.split("|")[1].strip(): [float(mean) for mean in re.findall(r"([\d.]+) ±", row)] for row in rows}


def test_what_the_built_in_backbone_learned_from() -> None:
    phase, pictures, dreams = FACTS, set(), 0
    while phase:
        pictures.add(sum(n for name, n in phase["learned_from"].items() if name != "dreams"))
        dreams += phase["learned_from"].get("dreams", 0)
        phase = phase.get("went_on_from")
    assert (pictures, dreams) == ({1809}, 1500)
    for text in (said("glossary/imagenet"), BACKBONES["resnet10"].summary):
        assert "1,809" in text and "1,500 dreamed" in text
    assert "1,809 pictures" in CARD
    home = (ASSETS.parent / "pages" / "home.py").read_text(encoding="utf-8")
    assert "millions" not in home, "the home page's own backbone has seen no millions of pictures"


@pytest.mark.parametrize(
    "row, words",
    [
        ("photo patches, colour", r"Colour photos \(([\d.]+) points over random weights at 25 per class"),
        ("photo patches, grey", r"grey textures \(([\d.]+) points over random"),
        ("CIFAR-10", r"CIFAR-10, ([\d.]+) points\)"),
        ("chest X-rays (NIH)", r"X-rays \(([\d.]+), a little over its teachers"),
        ("digits", r"digits \(([\d.]+), more than its teachers\)"),
    ],
)
def test_the_card_s_gains_over_random_weights_are_those_of_its_table(row: str, words: str) -> None:
    _, random, built_in, *_ = table("25 per class")[row]
    (told,) = re.findall(words, CARD)
    decimals = len(told.partition(".")[2])
    assert float(told) == round(built_in - random + 1e-9, decimals)


def test_the_card_says_rightly_where_the_backbone_stands_beside_its_teachers() -> None:
    """Columns: raw, random, built-in, SqueezeNet at 128 and 64 pixels, MobileNetV2 at 128 and 64."""
    stands = {}
    for row, (_, _, own, squeezenet, _, mobilenet, _) in table("25 per class").items():
        over = sum(own > teacher for teacher in (squeezenet, mobilenet))
        stands.setdefault(("below", "between", "above")[over], set()).add(row)
    assert stands == {
        "between": {"photo patches, colour", "photo patches, grey"},
        "above": {"digits", "chest X-rays (NIH)"},
        "below": {"ants / bees (hymenoptera)", "CIFAR-10"},
    }
    assert (
        "between them on photo patches, above both on digits (and on X-rays, within the spread), and below both on ants"
        in CARD
    )


def test_the_data_set_s_note_on_digits_is_the_card_s_finding() -> None:
    rows = re.findall(r"\| digits \| ([^\n]*?) \|\s\|", CARD)
    means = [[float(mean) for mean in re.findall(r"([\d.]+) ±", row)] for row in rows]
    twenty_five, _, five = (found for found in means if len(found) == 3)  # random, scratch, frozen
    assert twenty_five[1] > twenty_five[2] and five[2] > five[1]
    assert "With 5 images per class the frozen backbone beats training from scratch; with 25" in DATASETS["digits"].note


def test_how_many_photographs_imagenet_has_is_said_alike() -> None:
    assert round(1_281_167 / 1e6, 2) == 1.28
    texts = {path.stem: " ".join(path.read_text(encoding="utf-8").split()) for path in TEXTS}
    assert {name for name, text in texts.items() if "1.28 million" in text} >= {
        "imagenet",
        "imagenet_features",
        "base_model",
    }
    assert not [name for name, text in texts.items() if "1.2 million" in text]


def test_counts_of_layers_and_weights() -> None:
    with torch.device("meta"):
        fifty, vgg = models.resnet50(), models.vgg16()
    assert sum(isinstance(layer, nn.Conv2d) for layer in fifty.layer4.modules()) == 10
    assert "`layer4` of a ResNet-50 holds ten convolutions" in said("glossary/stage")
    head = sum(p.numel() for p in vgg.classifier.parameters())
    assert head > 8 * BACKBONES["vgg16"].parameters and "outweigh the whole backbone" in said("checks/3b")
    assert "where the head is one dense layer, most of the weights" in said("glossary/backbone")
    assert all(len(row.stages) == 5 for row in BACKBONES.values()) and "cuts every backbone into five" in said(
        "glossary/stage"
    )
    assert BACKBONES["resnet10"].features == 512 and "the head reads 512 features" in said("checks/3a")
    assert (512 + 1) * 1000 / ((512 + 1) * 4) == 250 and "250 times what 4 need" in said("checks/3b")


def test_counts_of_steps_and_epochs() -> None:
    assert -(-17 * 25 // 32) == 14 and "425 images in batches of 32 make 14 steps an epoch" in said("glossary/epoch")
    head, _ = recipe.make(strategy="lp_ft").phases
    assert 2 * head.epochs == recipe.make(strategy="lp_ft").epochs
    assert "half the epochs" in said("glossary/lp_ft") and "half the epochs" in STRATEGIES["lp_ft"].meaning
    rates = {STRATEGIES[name].head_rate for name in ("last_stage", "full")}
    assert STRATEGIES["linear_probe"].head_rate not in rates and "at a rate of its own" in said("glossary/linear_probe")
    assert f"{shapes.COUNTS['train']} drawn shapes a class" in said("lessons/choose")


def test_shares_and_chances() -> None:
    low, high = evidence.wilson(144, 153)
    assert (round(100 * 144 / 153), round(100 * low), round(100 * high)) == (94, 89, 97)
    assert "with 153 test images, 94 % means anything from about 89 to 97 %" in said("questions/is_100")
    assert round(100 / 17) == 6 and all("about 6 times in 100" in said(f"checks/{code}") for code in ("1a", "6d"))
    halves = [
        (evidence.wilson(round(p * 306), 306)[1] - evidence.wilson(round(p * 306), 306)[0]) / 2 for p in (0.7, 0.8)
    ]
    assert all(0.04 < half < 0.0525 for half in halves) and "± 4 to 5 points" in said("checks/8c")
    assert round(math.e, 1) == 2.7 and "a factor of 2.7" in said("glossary/softmax")


def test_who_is_cited_for_what() -> None:
    """Mudrakarta et al. tune scales and biases of pre-trained networks; Frankle et al. those of random, frozen weights."""
    assert "Mudrakarta et al. 2019, arXiv 1810.10703" in STRATEGIES["bn_only"].meaning
    assert "Frankle" not in STRATEGIES["bn_only"].meaning
    assert "the network knew the classes already" in STRATEGIES["first_stage"].prefer
    assert "transductive" in said("glossary/transfer_learning") and "label shift" in said("glossary/domain_shift")
