"""What we found: the page's tables are those of its files, and the app shows it part by part."""

from collections import Counter
from collections.abc import Iterable
from itertools import product

from opening import opened, store, words
from scipy.stats import ttest_1samp

from explorer.catalogue import BACKBONES
from explorer.evidence import holm
from explorer.experiments.findings import DOCS, findings
from scripts.findings import (
    ACROSS,
    ACROSS_BACKBONES,
    ACROSS_SIZES,
    STRATEGIES,
    apart,
    gains_by_set,
    interval,
    rows_of,
    tables,
)

__all__ = ["store"]


def test_every_table_of_the_page_is_that_of_its_file() -> None:
    text = (DOCS / "findings.md").read_text(encoding="utf-8")
    missing = [name for name, table in tables().items() if table not in text]
    assert not missing, f"docs/findings.md lacks the tables of {missing}: python -m scripts.findings prints them"
    unused = [path.name for path in (DOCS / "findings").glob("*.csv") if f"findings/{path.name}" not in text]
    assert not unused, "a file that the page does not name"
    assert interval([0.01, 0.03]) == "+2.0 (−10.7 to +14.7)"  # 2 ± 12.706 · 1.41 / √2


def test_the_page_is_cut_into_parts_with_their_files() -> None:
    before, known = findings()
    assert "folklore" in before.lower() and len(known) >= 4
    assert len({one.title for one in known}) == len(known)
    assert [path.name for path in known[0].files] == ["adviser.csv"]
    table = next(block for block in known[0].blocks if isinstance(block, dict))
    assert table["strategy"][:2] == ["`linear_probe`", "`best_stage`"] and len(table["sets"]) == 8
    for one in known:
        text = "\n".join(block for block in one.blocks if isinstance(block, str))
        heads = [name for block in one.blocks if isinstance(block, dict) for name in block]
        assert "](" not in text and "`python -m " in text, f"{one.title}: no command"
        assert " of " in text or "test images" in text or "n" in heads, f"{one.title}: no number of images"


def test_the_app_shows_one_finding_at_a_time() -> None:
    _, known = findings()
    app = opened("findings")
    assert not app.exception and not app.error and app.title[0].value == "What we found"
    assert app.header[0].value == known[0].title
    other = next(one for one in known if "adapt" in one.title)
    app.selectbox(key="findings_finding").select(other.title).run()
    assert app.header[0].value == other.title and not app.exception
    assert app.table[0].value["distance, nats"].tolist()[-1] == "0.36" and "five" in words(app)
    assert "finding" in app.query_params


def test_what_is_said_of_the_five_sets_is_what_their_file_says() -> None:
    def corrected(samples: Iterable[list[float]]) -> tuple[float, ...]:
        return holm([float(ttest_1samp(values, 0).pvalue) for values in samples])

    asked = [*product(ACROSS_SIZES, STRATEGIES[1:])]
    means = corrected(gains_by_set(backbone, *one) for backbone in ACROSS_BACKBONES for one in asked)
    assert len(means) == 27 and min(means) > 0.05, "no mean is shown to differ from the probe's"
    assert min(corrected(apart(*one) for one in asked)) > 0.05, "nor is it shown that the backbones differ"
    rows = [row for name in ACROSS for row in rows_of(DOCS / "findings" / f"{name}.csv")]
    probes = Counter(row["backbone"] for row in rows if row["arm"] == "best_stage")
    last = {name: BACKBONES[name].stage_names[-1] for name in ACROSS_BACKBONES}
    earlier = Counter(
        row["backbone"] for row in rows if row["arm"] == "best_stage" and row["reads"] != last[row["backbone"]]
    )
    assert set(probes.values()) == {30}
    assert dict(earlier) == {"squeezenet1_1": 25, "mobilenet_v2": 14, "resnet10": 11}
