"""Questions to the worker: every one is a value with a handler that takes its fields and gives the answer it promises."""

import inspect
import typing
from typing import Any

import pytest
from pydantic import ValidationError

from explorer.errors import ExplorerError
from explorer.looks.attribution.question.maps import AttributeManyQuestion, AttributeQuestion
from explorer.looks.images.question import GalleryQuestion
from explorer.question import Question, ask_for, every, restored
from explorer.recipe import make
from explorer.training.question import DescribeQuestion
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
        GalleryQuestion(run="x", colour="red")  # type: ignore[call-arg]
    assert {asked, GalleryQuestion(run="x")} == {asked}


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
