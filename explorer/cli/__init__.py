"""The same tasks from the command line: `python -m explorer <command> …`, without a server.

With --json one JSON object goes to standard output and everything else to standard error. Exit 0; 2 for a visitor's
mistake; 1 for a failure of ours; 3 where a rehearsal says that the machine will not hold.
"""

import contextlib
import json
import os
import sys
from collections.abc import Sequence

from explorer.cli.commands import COMMANDS
from explorer.cli.parser import parser
from explorer.cli.printing import finite, lines
from explorer.errors import ExplorerError, Stopped
from explorer.home import home

__all__ = ["COMMANDS", "main", "parser"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in arguments
    try:
        options = parser().parse_args(arguments)
        with contextlib.redirect_stdout(sys.stderr):  # torch announces its downloads on standard output
            found = COMMANDS[options.command](options)
    except ExplorerError as error:
        return _said(str(error), as_json)
    except OSError as error:
        if not str(error.filename or "").startswith(str(home())):
            raise
        words = (
            f"Thaw's folder {home()} cannot be used ({error.strerror}). Set THAW_HOME to a folder that can be written."
        )
        return _said(words, as_json)
    except (KeyboardInterrupt, Stopped):
        print("Stopped.", file=sys.stderr)
        return 1
    try:
        print(json.dumps(finite(found), allow_nan=False) if as_json else "\n".join(lines(found)), flush=True)
    except BrokenPipeError:  # whoever read it has read enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 3 if isinstance(found, dict) and found.get("holds") is False else 0


def _said(error: str, as_json: bool) -> int:
    """Print what the visitor can correct, and the exit code for it."""
    print(json.dumps({"error": error}) if as_json else f"Error: {error}", file=sys.stdout if as_json else sys.stderr)
    return 2
