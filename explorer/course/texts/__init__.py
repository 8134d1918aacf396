"""The app's long texts: Markdown under assets/, a folder a language, so that a translation is a folder and no code."""

from explorer.course.texts.checks import KINDS, Check, shuffled
from explorer.course.texts.concepts import STATES, Concept, standings
from explorer.course.texts.cross_checks import checks, concepts, lessons, questions
from explorer.course.texts.lessons import Hint, Step
from explorer.course.texts.places import filled, places
from explorer.texts.glossary import PICTURES, Question, Term, languages, terms
from explorer.texts.linking import Linker
from explorer.texts.reading import Code, Link, Text, code, digest, fault, links, read, read_folder, shown

__all__ = [
    "PICTURES",
    "STATES",
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
    "Text",
    "checks",
    "code",
    "concepts",
    "digest",
    "fault",
    "filled",
    "languages",
    "lessons",
    "links",
    "places",
    "questions",
    "read",
    "read_folder",
    "shown",
    "shuffled",
    "standings",
    "terms",
]
