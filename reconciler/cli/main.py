"""Arguments in, exit status out; runs the one command they name. Nothing else is imported before it is known."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

FRESH = 100_000
"""After so many new objects Python looks for garbage. What is loaded and planned is none, and looking through all of it
after each 700, as is usual, takes a fifth of the time of a large apply."""


def main(argv: Sequence[str] | None = None) -> int:
    """Never raises: mistakes are 1, an interruption is 130, a bug of ours is 70."""
    gc.set_threshold(FRESH)
    try:
        status = _run(sys.argv[1:] if argv is None else argv)
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except BaseException as error:
        from reconciler.cli.failure import explain

        return explain(error)


def _run(argv: Sequence[str]) -> int:
    from reconciler.cli.parser import parse

    command, args = parse(argv)
    status: int = command.run(args)
    return status
