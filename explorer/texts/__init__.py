"""The app's long texts: Markdown under assets/, a folder a language, so that a translation is a folder and no code."""

from explorer.texts.glossary import PICTURES, Question, Term, languages, questions, terms
from explorer.texts.linking import Linker
from explorer.texts.reading import Code, Link, Text, code, digest, fault, links, read, read_folder, shown

__all__ = [
    "PICTURES",
    "Code",
    "Link",
    "Linker",
    "Question",
    "Term",
    "Text",
    "code",
    "digest",
    "fault",
    "languages",
    "links",
    "questions",
    "read",
    "read_folder",
    "shown",
    "terms",
]
