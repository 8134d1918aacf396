"""Questions to the worker: every one is a value with a handler that takes its fields and gives the answer it promises."""

import dataclasses
import inspect
import pickle
import typing
from typing import Any

import pytest
from pydantic import ValidationError

from explorer.course.question.checks import CheckTruthQuestion
from explorer.errors import ExplorerError
from explorer.looks.attribution.question.maps import AttributeManyQuestion, AttributeQuestion
from explorer.looks.images.question import GalleryQuestion
from explorer.looks.projection.question import ProjectQuestion
from explorer.looks.similarity.question.weights import InterpolateQuestion
from explorer.question import Question, ask_for, every, restored
from explorer.recipe import make
from explorer.training.question import AnatomyQuestion, DescribeQuestion
from explorer.worker.handlers import answer, handlers


def answer_of(kind: type[Question[Any]]) -> Any:
    """The type that the class names: A of its base Question[A]."""
    found = [
        base.__pydantic_generic_metadata__["args"][0]
        for base in kind.__mro__
        if getattr(base, "__pydantic_generic_metadata__", {}).get("args")
    ]
    return found[0]


def test_every_handler_takes_the_fields_of_its_question_and_gives_its_answer() -> None:
    assert len(handlers()) > 35
    for name, kind in every().items():
        function = handlers()[name]
        taken = list(inspect.signature(function).parameters)
        assert set(taken) - {"report"} == set(kind.model_fields), name
        assert ("report" in taken) == kind.reports, name
        if name != "train":  # what comes of a training goes into its folder
            assert typing.get_type_hints(function)["return"] is answer_of(kind), name


def test_answers_of_more_than_two_fields_are_built_by_name() -> None:
    for name, kind in every().items():
        given = answer_of(kind)
        if dataclasses.is_dataclass(given) and len(dataclasses.fields(given)) > 2:
            assert all(field.kw_only for field in dataclasses.fields(given)), name


def test_defaults_of_a_question_are_those_of_its_handler() -> None:
    for name, kind in every().items():
        given = {
            key: p.default
            for key, p in inspect.signature(handlers()[name]).parameters.items()
            if p.default is not p.empty
        }
        wanted = {key: f.default for key, f in kind.model_fields.items() if not f.is_required()}
        assert {key: value for key, value in given.items() if key in wanted} == {
            k: wanted[k] for k in given if k in wanted
        }


def test_a_question_is_frozen_and_checked() -> None:
    asked = GalleryQuestion(run="x")
    with pytest.raises(ValidationError):
        asked.run = "y"
    with pytest.raises(ValidationError):
        GalleryQuestion(run="x", colour="red")
    assert {asked, GalleryQuestion(run="x")} == {asked}


FREE = {
    "a": "run", "b": "run", "run": "run", "backbone": "backbone", "weights": "weights of it", "stage": "stage of it",
    "stages": "stages of it", "target": "class of the run", "rather_than": "class of the run", "kind": "class of the set",
    "parcel": "parcel", "folder": "folder", "batch": "batch", "file": "file", "source": "its name", "title": "title",
    "seen": "state of a folder", "at": "state of a parcel", "check": "check", "language": "language", "term": "term",
    "step": "step", "digest": "state of a text", "settle": "yes or no", "distances": "yes or no", "recipe": "recipe",
}  # fmt: skip
"""Fields whose values are found only where the question is answered, in the run, the set or the texts, and what they name."""

ODD = {
    "image": -1, "images": (), "order": (-1,), "seed": -1, "classes": -4, "per_class": 0, "pixels": -5, "first": -9, "times": 3,
    "neighbours": -4, "min_dist": -7.0, "runs": {"probe": 3},
}  # fmt: skip
"""Field → a value of its type that nothing can be answered for; texts that name something take `nope`."""

USUAL = {"image": 0, "images": (0,), "order": (), "parcel": "0" * 32, "batch": "0" * 32, "recipe": make()}
NAMED = {
    "images": ("test",), "export to": "zip", "labels": "folders", "dataset": "digits", "arm": "probe", "library": "timm",
}  # fmt: skip


def right(kind: type[Question[Any]]) -> dict[str, Any]:
    """Fields that the question can be asked with."""
    found: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        text = str(field.annotation)
        if name in USUAL and (name != "images" or "int" in text):
            found[name] = USUAL[name]
        elif named := NAMED.get(f"{kind.name()} {name}", NAMED.get(name)):
            found[name] = named
        elif field.is_required():
            found[name] = 40 if "int" in text else {} if "dict" in text else "x"
    return found


@pytest.mark.parametrize(("name", "field"), [(n, f) for n, kind in every().items() for f in kind.model_fields])
def test_every_field_of_every_question_refuses_an_odd_value(name: str, field: str) -> None:
    """In words, before anything is computed; a field that a question adds must be bounded, or be said to be free."""
    kind = every()[name]
    usual = right(kind)
    assert restored(name, ask_for(name, **usual).stored()) == kind(**usual)
    with pytest.raises(ExplorerError, match="cannot be asked"):
        ask_for(name, **usual | {field: object()})
    if field in FREE:
        return
    odd = ODD.get(field, "nope") if field != "images" or "int" in str(kind.model_fields[field].annotation) else ()
    with pytest.raises(ExplorerError, match=rf"(cannot be asked: {field}|Unknown .*{odd!r}.* Allowed: )"):
        ask_for(name, **usual | {field: odd})


def test_no_pictures_are_no_question() -> None:
    with pytest.raises(ExplorerError, match="no pictures to preview"):
        ask_for("preview")
    with pytest.raises(ExplorerError, match="no pictures to classify"):
        ask_for("predict", run="x")
    with pytest.raises(ExplorerError, match="Unknown kind of images 'nope'"):
        ask_for("interpolate", a="x", b="y", images=("test", "nope"))


def test_what_a_question_holds_is_frozen_too() -> None:
    given = {"probe": "x"}
    asked = CheckTruthQuestion(check="c", language="en", backbone="resnet10", weights="w", runs=given, digest="d")
    key = asked.key
    given["probe"] = "y"
    for change in (lambda: asked.runs.update(probe="z"), lambda: asked.runs.pop("probe"), lambda: asked.runs.clear()):
        with pytest.raises(TypeError, match="does not change"):
            change()
    with pytest.raises(TypeError):
        asked.runs["probe"] = "z"
    assert asked.runs == {"probe": "x"} and pickle.loads(pickle.dumps(asked)).key == key


KEPT = (
    CheckTruthQuestion(
        check="c", language="en", backbone="resnet10", weights="w", runs={"b": "y", "a": "x"}, digest="d"
    ),
    AttributeQuestion(a="x", b="y", image=3, target="t", times=2),
    AttributeManyQuestion(a="x", b="y", images=(1, 2), target="t"),
    ProjectQuestion(a="x", b="y", min_dist=0.5, seed=2),
    InterpolateQuestion(a="x", b="y", images=("test", "blur")),
    AnatomyQuestion(backbone="resnet18", pixels=64),
)
KEYS = [
    "52b5307cd608bfe97ee8f01dc4e4ea61",
    "3c78482733489a83cde58754ddb2b7b1",
    "0e645435137ace8373e584530f79394b",
    "98273d402c7b1cbbedc64e2fa964ad07",
    "23c782e5c0022407d6fde45339490461",
    "179c4420802406897116055072a43ce2",
]


def test_keys_of_questions_stay_as_they_are() -> None:
    """Answers are kept by them: these are from before fields were bounded."""
    assert [asked.key for asked in KEPT] == KEYS


def test_a_question_survives_the_queue() -> None:
    for asked in (
        AttributeQuestion(a="x", b="y", image="0" * 32, target="t", times=2),
        AttributeManyQuestion(a="x", b="y", images=(1, 2), target="t"),
        DescribeQuestion(recipe=make(strategy="last_stage", per_class=None)),
    ):
        again = restored(asked.name(), asked.stored())
        assert again == asked and again.key == asked.key and type(again) is type(asked)


def test_what_cannot_be_asked_is_said_in_words() -> None:
    with pytest.raises(ExplorerError, match=r"Unknown question 'galery'.*gallery"):
        ask_for("galery", run="x")
    with pytest.raises(
        ExplorerError, match=r"gallery cannot be asked: colour: extra inputs are not permitted.*It takes run"
    ):
        ask_for("gallery", run="x", colour="red")


def test_a_handler_hears_of_progress_where_its_question_says_so() -> None:
    found = answer(DescribeQuestion(recipe=make(weights="random")), lambda share, words: None)
    assert found.stages[-1].stage == "head"
