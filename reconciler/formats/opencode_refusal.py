"""What `opencode debug config` says when it refuses a configuration → the file, and each mistake in it. Pure.

As 1.18.33 says it: `Configuration is invalid at FILE` and lines of `↳ MESSAGE KEY.KEY`, or `: SchemaError: MESSAGE` and
`at ["KEY"]`, or `: bad file reference: …`; `Config file at FILE is not valid JSON(C):`, that text and its errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from reconciler.model.programs import Refusal

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WHERE = re.compile(r"(?:Configuration is invalid|Config file) at (.+?\.(?:md|jsonc?))(?= is not valid|:|\s*\n|\s*\Z)")
_AT = re.compile(r"\s+at (\[.*\])")
_SYNTAX = re.compile(r"^\w+ at line \d+, column \d+$", re.M)


def refusal(text: str, folder: str) -> Refusal:
    """`folder`: how the root is written in the text; a file elsewhere in that HOME keeps its `~/`."""
    text = _COLOUR.sub("", text).strip().removeprefix("Error: ")
    where = _WHERE.search(text)
    if where is None or not where[1].startswith("~/"):
        return Refusal("", _unique(text.split("\n")[:1]))
    return Refusal(where[1].removeprefix(f"{folder}/"), _issues(text[where.end() :]))


def _issues(rest: str) -> tuple[str, ...]:
    if rest.startswith(" is not valid"):
        _, _, errors = rest.rpartition("--- Errors ---")
        return _unique(_SYNTAX.findall(errors)) or ("not valid JSON",)
    lines = _AT.sub(lambda found: f" {_dotted(found[1])}", rest.removeprefix(":")).split("\n")
    return _unique(line.strip().removeprefix("↳ ").removeprefix("SchemaError: ") for line in lines)


def _dotted(steps: str) -> str:
    try:
        return ".".join(map(str, json.loads(steps)))
    except ValueError:
        return steps


def _unique(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for line in lines if line))
