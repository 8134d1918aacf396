"""What we found: the page's tables are those of its files, and the app shows it part by part."""

from opening import opened, store, words

from explorer.experiments.findings import DOCS, findings
from scripts.findings import interval, tables

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
