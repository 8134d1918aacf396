"""The environment variables that a Dockerfile sets, one NAME=value after the other: what `check` starts the server with."""

import re
import shlex
import sys
from pathlib import Path


def settings(text: str) -> dict[str, str]:
    """Name → value of every ENV instruction."""
    joined = re.sub(r"\\\n\s*", "", text)
    rows = re.findall(r"^ENV (.*)$", joined, re.MULTILINE)
    return dict(word.split("=", 1) for row in rows for word in shlex.split(row))


if __name__ == "__main__":
    print(*(f"{name}={value}" for name, value in settings(Path(sys.argv[1]).read_text(encoding="utf-8")).items()))
