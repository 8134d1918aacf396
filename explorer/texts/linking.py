"""Make the first occurrence of each known word in a piece of Markdown a link with a definition to hover over."""

import functools
import re
from collections.abc import Mapping

# What stays as it is: fenced and inline code, links, headings, HTML, Streamlit's icons and coloured spans, addresses, formulas
_KEPT = (
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|(?P<tick>`+).*?(?P=tick)|!?\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|"
    r"^#{1,6}\s[^\n]*|<[^>\n]+>|:[a-z_-]+(?:/[a-z0-9_]+)?:|:[a-z0-9-]+\[[^\]]*\]|https?://\S+|\$[^$\n]+\$"
)


class Linker:
    """Words and what they stand for, compiled once; linked texts are kept."""

    def __init__(self, words: Mapping[str, tuple[str, str]]) -> None:
        """`words`: a word or phrase → (name of its term, definition without Markdown marks). The longest word wins."""
        self._terms = {word.casefold(): found for word, found in words.items()}
        longest = sorted(self._terms, key=len, reverse=True)
        known = "|".join(re.escape(word) for word in longest) or r"(?!)"
        self._pattern = re.compile(
            rf"{_KEPT}|(?<![\w\\/-])(?P<word>{known})(?:e?s)?(?![\w-])", re.DOTALL | re.MULTILINE | re.IGNORECASE
        )
        self.link = functools.lru_cache(maxsize=4096)(self._link)

    def _link(self, text: str, address: str, skip: tuple[str, ...] = ()) -> str:
        """The text with links to `address` + term, e.g. `/glossary?term=`; terms in `skip` are left alone."""
        seen = set(skip)

        def link(match: re.Match[str]) -> str:
            word = match["word"]
            if not word:
                return match[0]
            name, definition = self._terms[word.casefold()]
            if name in seen:
                return match[0]
            seen.add(name)
            title = definition.replace("\\", "\\\\").replace('"', "&quot;")
            return f'[{match[0]}]({address}{name} "{title}")'

        return self._pattern.sub(link, text)
