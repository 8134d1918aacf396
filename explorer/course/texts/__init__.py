"""The app's long texts: Markdown under assets/, a folder a language, so that they are translated without code. Labels and
messages are in the code."""

from explorer.course.texts.checks import KINDS as KINDS
from explorer.course.texts.checks import Check as Check
from explorer.course.texts.checks import shuffled as shuffled
from explorer.course.texts.concepts import Concept as Concept
from explorer.course.texts.concepts import standings as standings
from explorer.course.texts.cross_checks import checks as checks
from explorer.course.texts.cross_checks import concepts as concepts
from explorer.course.texts.cross_checks import lessons as lessons
from explorer.course.texts.cross_checks import questions as questions
from explorer.course.texts.lessons import Hint as Hint
from explorer.course.texts.lessons import Step as Step
from explorer.course.texts.places import filled as filled
from explorer.course.texts.places import places as places
from explorer.texts.glossary import Question as Question
from explorer.texts.glossary import Term as Term
from explorer.texts.glossary import languages as languages
from explorer.texts.glossary import terms as terms
from explorer.texts.linking import Linker as Linker
from explorer.texts.reading import Code as Code
from explorer.texts.reading import Link as Link
from explorer.texts.reading import digest as digest
from explorer.texts.reading import read as read
from explorer.texts.reading import shown as shown
