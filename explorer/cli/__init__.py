"""The same tasks from the command line: `python -m explorer <command> …`, without a server.

With --json one JSON object goes to standard output and everything else to standard error. Exit 0; 2 for a visitor's
mistake; 1 for a failure of ours.
"""

import contextlib
import json
import sys
from collections.abc import Sequence

from explorer.cli.commands import COMMANDS
from explorer.cli.parser import parser
from explorer.cli.printing import finite, lines
from explorer.errors import ExplorerError, Stopped

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
        print(
            json.dumps({"error": str(error)}) if as_json else f"Error: {error}",
            file=sys.stdout if as_json else sys.stderr,
        )
        return 2
    except (KeyboardInterrupt, Stopped):
        print("Stopped.", file=sys.stderr)
        return 1
    print(json.dumps(finite(found), allow_nan=False) if as_json else "\n".join(lines(found)))
    return 0
