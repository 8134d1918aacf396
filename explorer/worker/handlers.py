"""Who answers which question: `module:function`, imported here once, so that a forked process has them all."""

import importlib
from collections.abc import Callable
from typing import Any

from explorer.question import Question, every


def resolve(handler: str) -> Callable[..., Any]:
    """The function that a question's `handler` names."""
    module, _, function = handler.partition(":")
    return getattr(importlib.import_module(module), function)


def answer(question: Question[Any], report: Callable[[float, str], None]) -> Any:
    """What the question's handler gives back; one that reports tells `report` (share, words) how far it is."""
    told = {"report": report} if question.reports else {}
    return resolve(question.handler)(**question.arguments(), **told)


HANDLERS = {name: resolve(kind.handler) for name, kind in every().items()}
