"""Entries of an MCP server as they stand → the declaration that makes them, anew or with its comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from reconciler.formats import jsonc, jsonc_edit, yaml_edit
from reconciler.model.problem import Invalid
from reconciler.shapes.asked import Asked
from reconciler.shapes.mcp_declared import McpServer, server
from reconciler.shapes.mcp_entry import KEYS, Entry, form_of, over, render, words_of
from reconciler.shapes.mcp_values import PROGRAMS
from reconciler.shapes.shared_json import Leaf, Steps, meaning, rendered

_beside = re.compile(r"[ \t]*,?[ \t]*(//[^\r\n]*)")
_newline = re.compile(r"\r\n?|\n")


def declare(name: str, entries: Mapping[str, Entry]) -> Entry | None:
    """The declaration that makes exactly these entries, or None."""
    if len(entries) == len(PROGRAMS):
        said = _both(entries)
    else:
        [(program, entry)] = entries.items()
        said = {**(_without_type(entry) if program == "opencode" else _from_zed(entry)), "targets": [program]}
    try:
        return said if alike(server(name, Asked(said, "", {})).entries, entries) else None
    except Invalid:
        return None


def _without_type(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if key != "type"}


def _from_zed(entry: Entry) -> Entry:
    said = {key: value for key, value in entry.items() if key not in ("remote", "oauth")}
    own = {key: value for key, value in entry.items() if key in ("remote", "oauth")}
    if isinstance(said.get("timeout"), int):
        said["timeout"] *= 1000
    return {**said, "zed": own} if own else said


def _both(entries: Mapping[str, Entry]) -> Entry:
    """What both say, in OpenCode's words; what only one says, or Zed says differently, under its own name."""
    opencode, zed = entries["opencode"], entries["zed"]
    alone = form_of(opencode) != form_of(zed)
    base: Entry = {}
    for steps, leaf in KEYS.leaves(_without_type(opencode)):
        if _shared(steps, zed) or (alone and steps[0] not in ("enabled", "timeout")):
            _put(base, steps, leaf.value)
    owns = {program: _lacking(render(program, base), entry) for program, entry in entries.items()}
    return {**base, **{program: own for program, own in owns.items() if own}}


def _shared(steps: Steps, zed: Any) -> bool:
    """Whether Zed's entry says something at the place that a leaf of OpenCode's is rendered to."""
    for step in ("env" if steps[0] == "environment" else steps[0], *steps[1:]):
        if not isinstance(zed, dict) or step not in zed:
            return False
        zed = zed[step]
    return steps[0] != "oauth"


def _lacking(rendered: Entry, entry: Entry) -> Entry:
    """The leaves of an entry that a rendering has not, or has otherwise."""
    made = dict(KEYS.leaves(rendered))
    own: Entry = {}
    for steps, leaf in KEYS.leaves(entry):
        if steps not in made or meaning(made[steps]) != meaning(leaf):
            _put(own, steps, leaf.value)
    return own


def _put(entry: Entry, steps: Steps, value: Any) -> None:
    for step in steps[:-1]:
        entry = entry.setdefault(step, {})
    entry[steps[-1]] = value


def alike(one: Mapping[str, Entry], other: Mapping[str, Entry]) -> bool:
    """Whether the same leaves stand in them, whatever their order."""
    mine, yours = ({s: meaning(leaf) for s, leaf in KEYS.leaves(dict(e))} for e in (one, other))
    return mine == yours


def observed(entry: Entry, leaves: Mapping[Steps, Leaf | None]) -> Entry:
    """An entry with some of its leaves as they stand; a map goes with its last leaf."""
    here: Entry = {}
    for steps, leaf in {**dict(KEYS.leaves(entry)), **leaves}.items():
        if leaf is not None:
            _put(here, steps, leaf.value)
    return here


def restated(name: str, server_: McpServer, entries: Mapping[str, Entry]) -> Entry | None:
    """The declaration, changed as little as can be, that makes these entries of the same server; None where none does.
    What one of two programs has otherwise now goes below its own key; the other's entry stays as it is."""
    said = server_.asked.value
    own = {p: _lacking(server_.entries[p], e) for p, e in entries.items() if not alike({p: server_.entries[p]}, {p: e})}
    anew = declare(name, entries)
    for candidate in ([over(said, own)] if len(own) < len(entries) else []) + ([_styled(said, anew)] if anew else []):
        with suppress(Invalid):
            if alike(server(name, Asked(candidate, "", {})).entries, entries):
                return candidate
    return None


def _styled(said: Mapping[str, Any], anew: Entry) -> Entry:
    """In the words that the declaration used before, where there are two for the same."""
    made = dict(anew)
    if environment := made.keys() & {"environment", "env"}:
        made["env" if "env" in said else "environment"] = made.pop(*environment)
    if "command" in made:
        command, *args = words_of(made)
        short = isinstance(said.get("command"), str)
        made = {**made, "command": command, "args": args} if short else {**made, "command": [command, *args]}
        if not short or not (args or "args" in said):
            made.pop("args", None)
    return {"targets": said["targets"], **made} if "targets" in said else made


def edits(before: Entry, after: Entry) -> list[yaml_edit.Set]:
    """What makes the one declaration of the other; a map goes with the last key in it."""
    old, new = dict(KEYS.leaves(before)), dict(KEYS.leaves(after))
    ways = {steps[:depth] for steps in new for depth in range(len(steps) + 1)}
    gone = [next(s[:n] for n in range(len(s) + 1) if s[:n] not in ways) for s in old if s not in ways]
    differing = [s for s, leaf in new.items() if s not in old or meaning(old[s]) != meaning(leaf)]
    removed = [yaml_edit.Set(steps, yaml_edit.MISSING) for steps in dict.fromkeys(gone)]
    return removed + [yaml_edit.Set(steps, new[steps].value) for steps in differing]


def commented(text: str, holder: jsonc.Node, index: int, said: Entry) -> str:
    """A declaration as JSONC, with the comments directly above an entry, beside it, and inside at what stays."""
    entry = holder.entries[index]
    start = holder.entries[index - 1].value.end if index else holder.start + 1
    beside = _beside.match(text, entry.value.end)
    remarks = [*_above(text[start : entry.start]), *([beside[1]] if beside else [])]
    stand = {member.key for member in entry.value.entries}
    changes: list[jsonc_edit.Edit] = [jsonc_edit.Delete((key,)) for key in stand - said.keys() if key is not None]
    for key, value in said.items():  # what is new stays on one line, as people write it
        changes.append(jsonc_edit.Set((key,), value if key in stand else jsonc_edit.Raw(rendered(value))))
    return "\n".join([*remarks, jsonc_edit.edit(text[entry.value.start : entry.value.end], changes)])


def _above(gap: str) -> list[str]:
    """The lines of comment that touch an entry. What stands on the line of the value before is not its own."""
    lines: list[str] = []
    *above, own = _newline.split(gap)
    for line in above[1:]:
        lines = [*lines, line] if line.strip() else []
    lines += [own] if above and own.strip() else []
    try:
        jsonc.parse("\n".join([*lines, "{}"]))
    except jsonc.JsoncError:
        return []
    return lines
