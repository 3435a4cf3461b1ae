"""A permission map as OpenCode reads it → rules that say less than they seem to. Pure.

The last rule that matches wins, over all tools and patterns in the order they are written; a tool that no rule names
is allowed. So a rule in vain can leave open what reads as closed: that is an error, anything else a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from reconciler.formats.meant import meant
from reconciler.formats.schema import Mistake, Steps

TOOLS = ("read", "edit", "glob", "grep", "list", "bash", "task", "external_directory", "todowrite", "question",
         "webfetch", "websearch", "lsp", "doom_loop", "skill")  # fmt: skip
OTHER = ("todoread", "codesearch", "plan_enter", "plan_exit", "repo_clone", "repo_overview", "write", "patch",
         "apply_patch", "multiedit", "invalid")  # fmt: skip
MEANT = {
    "write": "edit", "patch": "edit", "apply_patch": "edit", "multiedit": "edit", "notebookedit": "edit",
    "shell": "bash", "sh": "bash", "terminal": "bash", "run": "bash", "execute": "bash", "exec": "bash",
    "command": "bash", "fetch": "webfetch", "web": "webfetch", "search": "websearch", "ls": "list", "agent": "task",
    "subagent": "task", "todo": "todowrite", "skills": "skill",
}  # fmt: skip
STRICT = {"allow": 0, "ask": 1, "deny": 2}
MOST = 400


class Rule(NamedTuple):
    """One line: the tool, the pattern and what is done, and the keys it stands under."""

    tool: str
    pattern: str
    action: str
    steps: Steps


def rules(permission: Any, steps: Steps) -> list[Rule]:
    """Every well-formed rule in the order that decides."""
    if isinstance(permission, str):
        return [Rule("*", "*", permission, steps)] if permission in STRICT else []
    found: list[Rule] = []
    for tool, said in permission.items() if isinstance(permission, dict) else ():
        patterns = said if isinstance(said, dict) else {"*": said}
        found += [
            Rule(str(tool), str(p), action, (*steps, str(tool), *((str(p),) if isinstance(said, dict) else ())))
            for p, action in patterns.items()
            if isinstance(action, str) and action in STRICT
        ]
    return found


def mistakes(permission: Any, steps: Steps) -> Iterable[Mistake]:
    """What stands in a permission map in vain."""
    return _mistakes(_Said(repr(permission), permission), steps) if permission is not None else ()


class _Said:
    """A permission, equal to another that is written in the same way: most agents repeat a few."""

    __slots__ = ("text", "value")

    def __init__(self, text: str, value: Any) -> None:
        self.text, self.value = text, value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Said) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@lru_cache(maxsize=1024)
def _mistakes(said: _Said, steps: Steps) -> tuple[Mistake, ...]:
    return tuple(_found(said.value, steps))


def _found(permission: Any, steps: Steps) -> Iterable[Mistake]:
    found = rules(permission, steps)
    if len(found) <= MOST:
        yield from _shadowed(found)
    seen: set[str] = set()
    for rule in found:
        if rule.tool not in seen:
            seen.add(rule.tool)
            yield from misnamed(rule.tool, _strictest(found, rule.tool), rule.steps[: len(steps) + 1])
        yield from _matchless(rule)


def _strictest(found: Iterable[Rule], tool: str) -> int:
    return max(STRICT[rule.action] for rule in found if rule.tool == tool)


def misnamed(tool: str, strict: int, steps: Steps) -> Iterable[Mistake]:
    """A name under which OpenCode asks for no permission, where it is near to one that it has."""
    bare, _, inside = tool.partition("(")
    if tool in TOOLS or "*" in bare or "?" in bare:
        return
    near = MEANT.get(bare.casefold().replace("_", "").replace("-", "")) or MEANT.get(bare) or _near(bare)
    if near and (near != tool):
        text = f"no tool asks for the permission `{tool}`" + (": nothing is denied" if strict else "")
        hint = f"did you mean `{near}`?"
        if inside:
            hint = f"write `{near}:` and below it the pattern `{inside.rstrip(')').replace(':*', ' *')}`"
        elif near == "edit":
            hint = "write `edit`: it covers every tool that writes files"
        yield Mistake(steps, text, hint, "vain", refused=strict > 0)


def _near(tool: str) -> str:
    """A builtin tool of the same name but for case and dashes, or with a letter wrong; MCP tools have `_` in theirs."""
    near = meant(tool, TOOLS)
    same = near.replace("_", "") == tool.casefold().replace("-", "").replace("_", "")
    return near if same or ("_" not in tool and tool not in OTHER) else ""


def _shadowed(found: list[Rule]) -> Iterable[Mistake]:
    """Rules that a later one covers whole, and decides otherwise."""
    for index, rule in enumerate(found):
        later = next((r for r in found[index + 1 :] if _covers(r, rule)), None)
        if later is None or later.action == rule.action:
            continue
        opens = STRICT[later.action] < STRICT[rule.action]
        mine, other = "/".join(rule.steps[-2:]), "/".join(later.steps[-2:])
        text = f"`{mine}: {rule.action}` never counts: `{other}: {later.action}` comes later and matches all of it"
        yield Mistake(rule.steps, text, "the last rule that matches wins: put the general one first", "vain",
                      refused=opens)  # fmt: skip


def _covers(later: Rule, rule: Rule) -> bool:
    return matches(later.tool, rule.tool) and matches(later.pattern, rule.pattern)


def matches(pattern: str, text: str) -> bool:
    """As OpenCode's wildcards do: `*` is any text, `?` one letter, a final ` *` may be missing."""
    return pattern in ("*", text) or _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """`?` does not match a star, so that a pattern that is matched against another covers all that it does."""
    body = "".join({"*": ".*", "?": "[^*]"}.get(letter) or re.escape(letter) for letter in pattern)
    return re.compile(body[: -len("\\ .*")] + "( .*)?" if pattern.endswith(" *") else body, re.S)


def _matchless(rule: Rule) -> Iterable[Mistake]:
    """Patterns of another language, which match hardly anything here."""
    text = rule.pattern
    strict = STRICT[rule.action] > 0
    if text != text.strip() or not text:
        yield Mistake(rule.steps, f"the pattern `{text}` never matches", "remove the white space around it", "vain",
                      refused=strict)  # fmt: skip
    elif rule.tool == "bash" and text.endswith(":*") and "://" not in text:
        hint = f"write `{text[:-2]} *`: this is Claude Code's spelling"
        yield Mistake(rule.steps, f"the pattern `{text}` matches no such command", hint, "vain", refused=strict)
    elif text.startswith("^") or (rule.tool == "bash" and ".*" in text.replace("*.*", "").replace("..", "")):
        hint = "patterns are no regular expressions: `*` is any text, `?` one letter"
        yield Mistake(rule.steps, f"the pattern `{text}` looks like a regular expression", hint, "vain", refused=False)


def of_tools(tools: Mapping[str, Any], steps: Steps) -> Iterable[Mistake]:
    """`tools: {Bash: false}`: switched off under a name that no tool has."""
    for tool, on in tools.items():
        if str(tool) not in OTHER:
            yield from misnamed(str(tool), 2 if on is False else 0, (*steps, str(tool)))
