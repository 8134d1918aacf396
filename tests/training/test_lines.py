"""The lines of PyTorch that a page shows do to a network what the recipe does."""

import pytest
from torch import nn

from explorer.catalogue import BACKBONES, STRATEGIES
from explorer.models.backbones import build
from explorer.models.network import NORMALISATIONS
from explorer.recipe import Recipe, make
from explorer.training.compute import freezing
from explorer.training.lines import freezing_lines, parts_of


def recipes(backbone: str) -> list[Recipe]:
    row = BACKBONES[backbone]
    choices: list[dict[str, object]] = [{"strategy": name} for name in STRATEGIES]
    choices += [{"strategy": "custom", "stages": row.stage_names[1:3], "rate_decay": 0.5}]
    choices += [{"strategy": "first_stage", "batchnorm": mode} for mode in ("frozen", "moving", "affine")]
    found = []
    for choice in choices:
        if row.normalisation == "batch" or choice.get("batchnorm") != "moving":
            found.append(
                make(backbone=backbone, weights="BUILT_IN" if backbone == "resnet10" else "IMAGENET1K_V1", **choice)
            )
    return found


@pytest.mark.parametrize("backbone", ["resnet10", "mobilenet_v2", "densenet121", "convnext_tiny", "vit_b_16"])
def test_the_lines_freeze_what_the_recipe_freezes(backbone: str) -> None:
    network = build(backbone, 3, "random").to("meta")  # what learns is asked, not from which numbers
    for recipe in recipes(backbone):
        last = recipe.phases[-1]
        wanted = freezing.unfreeze(network.copy(), recipe, last.learns)
        mine = network.copy()
        names = {"model": mine.model}
        exec(freezing_lines(recipe), names)
        asked = [{n for n, p in one.model.named_parameters() if p.requires_grad} for one in (mine, wanted)]
        assert asked[0] == asked[1], recipe.title
        for (name, one), other in zip(mine.model.named_modules(), wanted.model.modules(), strict=True):
            if isinstance(one, NORMALISATIONS) or (isinstance(one, nn.Dropout) and one.p):
                assert one.training == other.training, (recipe.title, name)
        found, right = (
            sorted((sum(p.numel() for p in g["params"]), g["lr"]) for g in groups if len(g["params"]))
            for groups in (names["optimizer"].param_groups, freezing.groups(wanted, recipe, last.learns))
        )
        assert [n for n, _ in found] == [n for n, _ in right], recipe.title
        assert [rate for _, rate in found] == pytest.approx([rate for _, rate in right], rel=1e-5), recipe.title


def test_runs_of_modules_are_written_as_one_slice() -> None:
    assert parts_of(BACKBONES["mobilenet_v2"], "stage4") == ["model.features[14:19]"]
    assert parts_of(BACKBONES["convnext_tiny"], "stage4") == ["model.features[6:8]", "model.classifier[0]"]
    assert parts_of(BACKBONES["resnet10"], "stem") == ["model.conv1", "model.bn1"]


def test_a_schedule_says_which_epochs_thaw_what() -> None:
    text = freezing_lines(make(strategy="lp_ft", epochs=10))
    assert "thaw(model.fc)  # at the start of epochs 1 to 5\n" in text
    assert "model.layer4)  # at the start of epochs 6 to 10\n" in text
