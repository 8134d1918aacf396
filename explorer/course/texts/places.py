"""{Places} in a text, what fills them, and the cases of a check, which fill some before anything is computed."""

import re

from explorer.texts.reading import Text, fault

_PLACE = re.compile(r"\{([^{}]*)\}")
_CASE = re.compile(r"^-\s+([a-z]+=[^,=]+(?:,\s*[a-z]+=[^,=]+)*)$", re.ASCII)


def filled(words: str, facts: dict[str, str]) -> str:
    """The text with its {places} filled; one that no fact fills stays as it is."""
    return _PLACE.sub(lambda match: facts.get(match[1], match[0]), words)


def places(words: str) -> tuple[str, ...]:
    """The names in braces."""
    return tuple(_PLACE.findall(words))


def cases(text: Text) -> list[dict[str, str]]:
    """The section `cases`: a line each, `- classes=10`; one case that fills nothing where there is none."""
    if "cases" not in text.sections:
        return [{}]
    part = text.section("cases")
    found: list[dict[str, str]] = []
    for number, line in enumerate(part.text.split("\n"), part.line):
        match = _CASE.match(line.strip())
        if line.strip() and match is None:
            fault(text.path, number, "a case has the form `- name=value, name=value`, e.g. `- classes=10`")
        if match:
            pairs = (pair.split("=") for pair in match[1].split(","))
            found.append({name.strip(): value.strip() for name, value in pairs})
    if any(case.keys() != found[0].keys() for case in found):
        fault(text.path, part.line, "all cases must name the same things")
    return found
