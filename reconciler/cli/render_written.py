"""What `adopt` and `ignore` wrote into the repository → a few lines, with the commit that keeps it. Writes stdout."""

from __future__ import annotations

import shlex
from argparse import Namespace
from typing import TYPE_CHECKING

from reconciler.cli import terminal

if TYPE_CHECKING:
    from reconciler.app import Adopted


def tell(adopted: Adopted, args: Namespace, *, nothing: str) -> None:
    """Data to stdout, the offer to stderr."""
    if args.json:
        said = {"refs": [str(ref) for ref in adopted.refs], "paths": adopted.paths, "message": adopted.message}
        terminal.show_json(said)
        return
    if not adopted.paths:
        terminal.show(f"{nothing}\n")
        return
    terminal.show("".join(f"wrote {path}\n" for path in adopted.paths))
    paths = " ".join(map(shlex.quote, adopted.paths))
    terminal.say(f"keep it: `git commit -m {shlex.quote(adopted.message)} -- {paths}`")
