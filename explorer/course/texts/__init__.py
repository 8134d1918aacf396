"""The app's long texts: Markdown under assets/, a folder a language, so that they are translated without code. Labels and
messages are in the code."""

from explorer.course.texts.checks import KINDS, Check, shuffled
from explorer.course.texts.concepts import Concept, standings
from explorer.course.texts.cross_checks import checks, concepts, lessons, questions
from explorer.course.texts.lessons import Hint, Step
from explorer.course.texts.places import filled, places
from explorer.texts.glossary import Question, Term, languages, terms
from explorer.texts.linking import Linker
from explorer.texts.reading import Code, Link, code, digest, read, shown

__all__ = [
    "Check",
    "Code",
    "Concept",
    "Hint",
    "KINDS",
    "Link",
    "Linker",
    "Question",
    "Step",
    "Term",
    "checks",
    "code",
    "concepts",
    "digest",
    "filled",
    "languages",
    "lessons",
    "places",
    "questions",
    "read",
    "shown",
    "shuffled",
    "standings",
    "terms",
]
