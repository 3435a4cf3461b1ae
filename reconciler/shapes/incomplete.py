"""A shared file's text → the entries in it that lack a key their program must have. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from reconciler.formats import jsonc
from reconciler.formats.schema import Mistake
from reconciler.model.kind import Flaw
from reconciler.shapes import opencode_rules, shared_json, zed_rules


def of_opencode(path: str, text: str) -> Iterable[Flaw]:
    """It ends with an error where one entry of its configuration is incomplete; the TUI drops the file."""
    interface = path.startswith("tui.")
    after = "OpenCode's interface would drop the whole file" if interface else "OpenCode would refuse the whole file"
    return _flaws(text, opencode_rules.tui if interface else opencode_rules.config, after, fatal=True)


def of_zed(path: str, text: str) -> Iterable[Flaw]:
    """It leaves the entry out, and says so."""
    return _flaws(text, zed_rules.settings, "Zed would leave it out", fatal=False) if path == "settings.json" else ()


def _flaws(text: str, rules: Callable[[Any], Iterable[Mistake]], after: str, *, fatal: bool) -> Iterable[Flaw]:
    root = shared_json.parsed(text)
    if root is None or root.kind != "object":
        return
    for mistake in rules(jsonc.value(root)):
        if mistake.sort == "missing" and mistake.refused:
            would = mistake.text.replace(" has ", " would have ", 1)
            yield Flaw(mistake.steps, f"{would}, and {after}", mistake.hint, fatal)
