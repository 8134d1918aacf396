"""The glossary page: list, search, deep links, unknown names, questions, bad files; and links that set other pages."""

import ast
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import stand_ins
from opening import opened, words
from streamlit.testing.v1 import AppTest

from explorer import jobs
from explorer.answers import save
from explorer.app import asking
from explorer.app.links import linked
from explorer.bundle import ASSETS
from explorer.course import texts
from explorer.course.question.snippets import RunSnippetQuestion, Snippet
from explorer.course.view.glossary import cited
from explorer.recipe import make
from explorer.texts import glossary

TERMS = texts.terms().by_name


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(asking, "PATIENCE", 0.0)


def links(app: AppTest) -> list[str]:
    """The labels of links to pages."""
    return [link.proto.label for link in app.get("page_link")]


def ran(term: str, backbone: str = "resnet10", weights: str = "BUILT_IN", output: str = "it ran") -> None:
    """Put what a snippet gave where the page finds it."""
    what = {"term": term, "language": "en", "backbone": backbone, "weights": weights}
    task = RunSnippetQuestion(**what, digest=texts.digest(TERMS[term].snippet.code))
    picture, batch = np.zeros((8, 8), np.uint8), np.zeros((8, 64, 3), np.uint8)
    save(
        Snippet(
            term=term,
            backbone=backbone,
            weights=weights,
            output=output,
            seconds=0.1,
            picture=picture,
            low=0.0,
            high=1.0,
            opening="import torch",
            batch=batch,
        ),
        task.path,
    )


def test_the_list_shows_every_term_with_its_sentence() -> None:
    app = opened("glossary")
    assert not app.exception and not app.warning
    assert {f"**{term.title}**" for term in TERMS.values()} == set(links(app))
    assert TERMS["cka"].sentence in words(app)
    assert [header.value for header in app.subheader][:2] == ["The network", "Ways to transfer"]
    app.segmented_control(key="glossary_order").set_value("A to Z").run()
    assert not app.subheader and len(links(app)) == len(TERMS)


def test_a_search_shows_what_matches_titles_first_and_says_when_nothing_does() -> None:
    app = opened("glossary")
    app.text_input(key="glossary_search").set_value("learning rate").run()
    assert links(app)[0] == "**Learning rate**" and "**Softmax**" not in links(app)
    assert "of 59 terms match" in words(app)
    app.text_input(key="glossary_search").set_value("xylophone").run()
    assert not links(app) and "No term matches" in words(app) and not app.exception


def test_a_deep_link_opens_a_term_with_all_its_parts() -> None:
    ran("requires_grad")
    stand_ins.describe(make(strategy="last_stage", weights="BUILT_IN"))
    app = opened("glossary", term="requires_grad")
    said = "\n".join(part.value for part in app.markdown)
    assert not app.exception and not app.error
    assert app.header[0].value == "requires_grad"
    assert "[frozen](/glossary?term=freezing" in said, "words are links"
    assert "?term=requires_grad" not in said, "but never to the term itself"
    assert [code.value for code in app.code] == [TERMS["requires_grad"].snippet.code, "it ran"]
    assert app.get("html"), "the strip of stages"
    assert "Not to be confused with" in [part.value for part in app.subheader] and "Keras" in said
    assert "https://arxiv.org/abs/1912.01703" in said
    shown = {TERMS[name].title for name in TERMS["requires_grad"].related}
    assert shown | {"All terms", "Declared against actual, in the audit"} <= set(links(app))
    app.toggle(key="glossary_opening").set_value(True).run()
    assert "import torch" in [code.value for code in app.code]


@pytest.mark.parametrize("term", TERMS)
def test_every_term_opens_on_an_empty_store(term: str) -> None:
    app = opened("glossary", term=term)
    assert not app.exception and not app.error
    assert app.header[0].value == TERMS[term].title
    task = RunSnippetQuestion(
        term=term,
        language="en",
        backbone="resnet10",
        weights="BUILT_IN",
        digest=texts.digest(TERMS[term].snippet.code),
    )
    assert jobs.status(task) is not None, "its snippet is queued"


def test_another_backbone_is_asked_and_random_weights_are_named() -> None:
    ran("grad_cam", "vgg11_bn", "random")
    app = opened("glossary", term="grad_cam", backbone="vgg11_bn")
    assert "here they are random" in words(app) and "it ran" in [code.value for code in app.code]
    assert not app.exception
    app = opened("glossary", term="grad_cam", backbone="vit_b_16")
    assert "gives tokens instead" in words(app) and len(app.code) == 1


def test_a_term_can_be_left_by_searching() -> None:
    app = opened("glossary", term="cka")
    assert app.query_params["term"] == "cka"
    app.text_input(key="glossary_search").set_value("probe").run()
    assert "term" not in app.query_params and "**Linear probe**" in links(app)


@pytest.mark.parametrize(
    "wanted, near", [("requires_gard", "requires_grad"), ("Finetune", "Fine-tuning"), ("<b>x", "")]
)
def test_an_unknown_term_is_said_with_what_was_meant(wanted: str, near: str) -> None:
    app = opened("glossary", term=wanted)
    assert not app.exception
    (box,) = app.warning
    assert "is not in the glossary" in box.value and "<b>" not in box.value.replace("\\<", "")
    assert not near or near in links(app)
    assert len(links(app)) >= len(TERMS)


def test_the_questions_are_answered_and_one_can_be_linked() -> None:
    app = opened("glossary")
    app.segmented_control(key="glossary_view").set_value("Questions people ask").run()
    assert app.query_params["question"] == "all" and not app.exception
    assert [part.value for part in app.subheader][0] == "What is transfer learning in computer vision?"
    assert len(app.subheader) == 6
    app.segmented_control(key="glossary_view").set_value("Terms").run()
    assert "question" not in app.query_params and "**CKA**" in links(app)
    app = opened("glossary", question="why_did_my_frozen_model_change")
    assert app.segmented_control(key="glossary_view").value == "Questions people ask"
    assert [part.value for part in app.subheader][0] == "Why did my frozen model change?"
    assert "**Switch the mistake on**" in links(app)
    app = opened("glossary", question="what_is_love")
    assert "which is not here" in app.warning[0].value and len(app.subheader) == 6


def test_a_bad_file_is_named_on_the_page_and_the_rest_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assets = tmp_path / "assets"
    for part in ("glossary", "questions"):
        shutil.copytree(ASSETS / part, assets / part)
    (assets / "glossary" / "en" / "cka.md").write_text("---\ntitle: CKA\n---\n")
    (assets / "glossary" / "en" / "umap.md").write_text("")
    monkeypatch.setattr(glossary, "ASSETS", assets)
    app = opened("glossary")
    (box,) = app.warning
    said = box.value.replace("\\", "")
    assert "cka.md, line" in said and "umap.md, line 1" in said and "the rest is here" in said
    assert "**CKA**" not in links(app) and "**Softmax**" in links(app)
    assert "is not in the glossary" in words(opened("glossary", term="cka"))


def test_a_step_and_a_check_that_are_gone_are_named_on_the_pages_that_need_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("glossary", "questions", "lessons", "checks", "concepts"):
        shutil.copytree(ASSETS / part, tmp_path / part)
    (tmp_path / "lessons" / "en" / "head.md").unlink()
    next((tmp_path / "checks" / "en").glob("4b_*")).unlink()
    for name in ("texts.glossary", "course.texts.lessons", "course.texts.checks", "course.texts.concepts"):
        monkeypatch.setattr(sys.modules[f"explorer.{name}"], "ASSETS", tmp_path)
    for step in ("2", "4"):
        app = opened("lessons", step=step)
        said = app.warning[0].value.replace("\\", "")
        assert not app.exception and app.title[0].value.startswith(f"{step}. ")
        assert "step 3 is missing" in said and "the check 4b is missing" in said and "the rest is here" in said
    app = opened("concepts", concept="requires_grad")
    assert not app.exception and "the check 4b is not there" in app.warning[0].value.replace("\\", "")


def test_no_texts_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glossary, "ASSETS", tmp_path)
    app = opened("glossary")
    assert not app.exception and "holds no text" in app.warning[0].value


# Links that set other pages


def test_a_link_sets_a_page_once() -> None:
    app = opened("training", strategy="full", per_class="100", augmentation="colour")
    assert not app.exception and not app.warning
    assert app.selectbox(key="strategy").value == "full" and app.number_input(key="train_per_class").value == 100
    assert app.selectbox(key="train_augmentation").value == "colour"
    app.selectbox(key="strategy").set_value("linear_probe").run()
    assert app.selectbox(key="strategy").value == "linear_probe", "the visitor's own choice wins"
    app = opened("freezing", strategy="linear_probe", batchnorm="moving")
    assert app.segmented_control(key="freezing_batchnorm").value == "moving"
    assert opened("race", seeds="3").slider(key="race_seeds").value == 3


@pytest.mark.parametrize(
    "page, address",
    [
        ("training", {"per_class": "0"}),
        ("training", {"per_class": "many"}),
        ("training", {"strategy": "EVIL"}),
        ("race", {"seeds": "6"}),
        ("training", {"augmentation": "<b>"}),
        ("freezing", {"batchnorm": "moving", "backbone": "vit_b_16"}),
    ],
)
def test_what_an_address_cannot_set_is_said(page: str, address: dict[str, str]) -> None:
    app = opened(page, **address)
    assert not app.exception
    assert any("does not exist here" in box.value for box in app.warning)


def test_sources_become_links() -> None:
    assert cited("A 2017, arXiv 1703.01365") == "A 2017, [arXiv 1703.01365](https://arxiv.org/abs/1703.01365)"
    assert (
        cited("B 1947, doi 10.1007/BF02295996")
        == "B 1947, [doi 10.1007/BF02295996](https://doi.org/10.1007/BF02295996)"
    )


@pytest.mark.parametrize(
    "page, terms",
    [
        ("home", ("backbone", "head", "freezing", "stage")),
        ("projection", ("splits", "feature", "stage")),
        ("features", ("feature_map",)),
        ("images", ("splits",)),
        ("attribution", ("attribution",)),
    ],
)
def test_terms_in_a_page_s_introduction_are_links(page: str, terms: tuple[str, ...]) -> None:
    app = opened(page)
    intro = app.markdown[0].value
    assert not app.exception
    for term in terms:
        assert intro.count(f"(/glossary?term={term} ") == 1, f"{term} in {intro}"


def test_what_we_say_is_markdown_with_links() -> None:
    app = AppTest.from_function(saying).run()
    assert app.markdown[0].value.startswith("A [seed](/glossary?term=seed ") and app.markdown[0].value.endswith(
        " a seed."
    )


def saying() -> None:
    from explorer.app import links

    links.say("A seed and a seed.")


@pytest.mark.parametrize("name", ["home", "projection", "attribution", "features", "images", "race"])
def test_a_page_gives_its_own_sentences_to_say(name: str) -> None:
    """Plain `st.markdown` is left for what comes from elsewhere, and that never has more than one literal."""
    tree = ast.parse((ASSETS.parent / "pages" / f"{name}.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.markdown"]
    texts_of = [call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)]
    assert not [text for text in texts_of if linked(text) != text], "it holds terms and no links"


def test_links_know_where_the_app_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "[seed](/glossary?term=seed " in linked("A seed.")
    monkeypatch.setattr("streamlit.get_option", lambda name: "thaw/" if name == "server.baseUrlPath" else None)
    assert "[seed](/thaw/glossary?term=seed " in linked("A seed.")
