"""Every look, the audit and the exports on one backbone of each kind: works, or is refused in words, and never fails.

docs/backbones.md has the same for every family, by `python -m benchmarks.families`.
"""

from pathlib import Path

import pytest

from benchmarks import families

pytestmark = pytest.mark.long(60)

REFUSED = {
    "torchvision:shufflenet_v2_x0_5": {"Attention rollout"},
    "timm:test_vit": {"Attention rollout", "Guided backprop"},
}
"""What a backbone refuses, with the reason: the rest works."""


@pytest.mark.parametrize("name", REFUSED)
def test_what_applies_works_and_the_rest_is_refused_in_words(name: str, tmp_path: Path) -> None:
    if name.startswith("timm"):
        pytest.importorskip("timm")
    row = families.row_of(name, families.pictures(tmp_path / "data"))
    assert not {column: said for column, said in row["cells"].items() if said.startswith(families.FAILS)}
    assert {column for column, said in row["cells"].items() if said != families.YES} == REFUSED[name], row["cells"]
    assert {*families.FORMATS} < {*row["cells"]}


def test_the_table_numbers_each_reason_once_and_names_what_does_not_fit() -> None:
    common = {"stages": ["stem", "stage1"], "size": 64, "seconds": {}}
    rows = [
        {"name": "timm:x", "title": "x of timm", "cells": {"found": "yes", "map": "x of timm has no 'stem'."}} | common,
        {"name": "timm:y", "title": "y of timm", "cells": {"found": "yes", "map": "y of timm has no 'stage1'."}}
        | common,
        {"name": "timm:z", "cells": {"found": "It has no head."}, "seconds": {}},
    ]
    text = families.markdown(rows, "the end")
    assert text.count("| [1] |") == 2 and "1. this backbone has no this stage." in text
    assert "- `timm:z`: It has no head." in text and text.endswith("the end")
