"""Arguments of `apply` → the saved plan they name, and its text. Raises Invalid."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from reconciler.model.problem import invalid


def named(kinds: Sequence[str], targets: Sequence[str]) -> str | None:
    """The argument that is a file: `-`, or one that exists and does not begin like a reference."""
    for target in targets:
        # `file/zed/themes/x.json` is a reference, and may be a path here too: `./file/zed/…` is the file.
        if target == "-" or (target.split("/")[0] not in kinds and _is_file(target)):
            return target
    return None


def _is_file(target: str) -> bool:
    if os.path.isfile(target):
        return True
    if target.endswith(".json") or target.startswith((".", "/", "~")):
        raise invalid(target, "there is no such file", "save a plan with `reconcile plan -o FILE`")
    return False


def alone(args: Namespace) -> None:
    """A saved plan is done as it is."""
    if len(args.targets) > 1 or args.force or args.allow_delete:
        hint = "name TARGETs, --force and --allow-delete when you plan"
        raise invalid(args.targets[0], "a saved plan is applied as it is", hint)


def text(path: str) -> str:
    """What the file, or stdin, holds."""
    try:
        if path == "-":
            return sys.stdin.read()
        from pathlib import Path

        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "not valid UTF-8"
        raise invalid(path, f"cannot be read: {(said or str(error)).lower()}") from None
