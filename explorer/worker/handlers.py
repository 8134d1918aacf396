"""Who answers which question: `module:function`, imported when it is first asked for, or by who has nothing else to do."""

import importlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

from explorer.progress import ProgressCallback
from explorer.question import Question, every

log = logging.getLogger("worker")


def resolve(handler: str) -> Callable[..., Any]:
    """The function that a question's `handler` names."""
    module, _, function = handler.partition(":")
    return getattr(importlib.import_module(module), function)


def answer(question: Question[Any], report: ProgressCallback) -> Any:
    """What the question's handler gives back; one that reports tells `report` (share, words) how far it is."""
    told = {"report": report} if question.reports else {}
    return resolve(question.handler)(**question.arguments(), **told)


def handlers() -> dict[str, Callable[..., Any]]:
    """Question → the function that answers it, of all of them."""
    return {name: resolve(kind.handler) for name, kind in every().items()}


def loading() -> Iterator[str]:
    """Imports what answers questions, a module each time that it is asked for the next; the module's name.

    Together they take as long as torch itself (scikit-learn, SciPy, Captum), so that nobody waits for all of them.
    """
    for module in dict.fromkeys(kind.handler.partition(":")[0] for kind in every().values()):
        try:
            importlib.import_module(module)
        except Exception:  # whoever asks for it is told; others are answered
            log.exception("%s cannot be imported", module)
        yield module
