"""Texts as Markdown under assets/, a folder a language; and the glossary, whose words the whole app links to."""

from explorer.texts.glossary import languages as languages
from explorer.texts.glossary import terms as terms
from explorer.texts.reading import Link as Link
