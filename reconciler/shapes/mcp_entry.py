"""One declaration of an MCP server → its entry in opencode.json and in Zed's settings, each in its own shape; and back.

A declaration counts time in milliseconds, as OpenCode does; Zed counts seconds. Zed's shape is told by its keys, and
it must have `args`. What only one program knows, or has otherwise, stands under its name and is merged over. Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from reconciler.formats import jsonc, jsonc_edit, yaml_edit
from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.shapes import zed_spellings
from reconciler.shapes.asked import Asked
from reconciler.shapes.json_keys import JsonKeys
from reconciler.shapes.shared_json import Leaf, Steps, meaning, rendered

Entry = dict[str, Any]
KEYS = JsonKeys(old=zed_spellings.old)

LOCAL: Final = ("command", "args", "environment", "env", "cwd")
REMOTE: Final = ("url", "headers", "oauth")
_interpolation = re.compile(r"\{(?:env|file):[^}]+\}")
_beside = re.compile(r"[ \t]*,?[ \t]*(//[^\r\n]*)")
_newline = re.compile(r"\r\n?|\n")
_address = re.compile(r"https?://[^\s/]|\{(?:env|file):", re.I)


class Fault(NamedTuple):
    """One mistake in a declaration, and the key it stands at."""

    steps: Steps
    text: str
    hint: str = ""


@dataclass(frozen=True)
class McpServer:
    """One server as it was declared, and its entry for each program that shall have it."""

    asked: Asked
    entries: Mapping[str, Entry]

    def origin(self, program: str, steps: Steps) -> Origin:
        """Where the declaration says what stands at a place of an entry. Keys of an entry are written in this order."""
        if steps == ("type",):
            form = _said_at(program, self.asked.value, (_form(self.entries[program]),))
            return replace(self.asked.origin(form), column=0)
        at = _said_at(program, self.asked.value, steps)
        origin = self.asked.origin(at)
        return replace(origin, column=origin.column + 1) if steps == ("args",) and at == ("command",) else origin


def server(name: str, asked: Asked) -> McpServer:
    """Raises Invalid with every mistake."""
    said = asked.value
    faults = [*_unknown(said), *_wrong(said), *_unfit(said)]
    broken = {fault.steps[0] for fault in faults if fault.steps}
    sound = {key: value for key, value in said.items() if key not in broken}
    entries = {program: render(program, sound) for program in sound.get("targets", PROGRAMS)}
    if "zed" in entries:
        faults += _toward_zed(sound, entries["zed"])
    if faults:
        raise Invalid(Problem(asked.origin(f.steps), f"mcp_server/{name}: {f.text}", f.hint) for f in faults)
    return McpServer(asked, entries)


# Rendering.


def render(program: str, said: Mapping[str, Any]) -> Entry:
    """What a program's own key says counts; where that names the other form, nothing of ours is left of this one."""
    own = said.get(program, {})
    form = _form(own) or _form(said)
    ours = said if form == _form(said) else {k: v for k, v in said.items() if k not in LOCAL + REMOTE}
    entry = over(_opencode(ours, form) if program == "opencode" else _zed(ours), own)
    return {**entry, "args": entry.get("args", [])} if program == "zed" and "command" in entry else entry


def _form(fields: Mapping[str, Any]) -> str:
    return next((key for key in ("command", "url") if key in fields), "")


def _opencode(said: Mapping[str, Any], form: str) -> Entry:
    entry: Entry = {"type": "remote" if form == "url" else "local"}
    if "command" in said:
        entry["command"] = _words(said)
    if "env" in said:
        entry["environment"] = said["env"]
    return entry | {k: said[k] for k in ("environment", "cwd", *REMOTE, "enabled", "timeout") if k in said}


def _zed(said: Mapping[str, Any]) -> Entry:
    entry: Entry = {}
    if "command" in said:
        entry["command"], *entry["args"] = _words(said)
    if "environment" in said:
        entry["env"] = said["environment"]
    entry |= {k: said[k] for k in ("env", "url", "headers", "enabled") if k in said}
    seconds, rest = divmod(said.get("timeout", 0), 1000)
    return entry if rest or not seconds else {**entry, "timeout": seconds}


def _words(said: Mapping[str, Any]) -> list[str]:
    command = said["command"]
    return [command, *said.get("args", [])] if isinstance(command, str) else list(command)


def over(entry: Entry, own: Mapping[str, Any]) -> Entry:
    """Objects merge deeply, the rest replaces."""
    merged = dict(entry)
    for key, value in own.items():
        earlier = merged.get(key)
        merged[key] = over(earlier, value) if isinstance(earlier, dict) and isinstance(value, dict) else value
    return merged


def _said_at(program: str, said: Mapping[str, Any], steps: Steps) -> Steps:
    """The place in a declaration that a place in an entry comes from."""
    value: Any = said.get(program, {})
    for depth, step in enumerate(steps, 1):
        if not isinstance(value, dict) or step not in value:
            break
        value = value[step]
        if depth == len(steps):
            return (program, *steps)
    first, *rest = steps
    if first in ("environment", "env"):
        first = "env" if "env" in said else "environment"
    return ("command",) if first == "args" and "args" not in said else (first, *rest)


# Mistakes: of types, of keys that do not go together, and of what Zed cannot do.


def _sort(value: Any) -> str:
    sorts = {bool: str(value).lower(), str: "text", list: "a list", dict: "a map", type(None): "empty"}
    return sorts.get(type(value), f"the number {value}")


def _named(steps: Steps) -> str:
    return f"`{'.'.join(steps)}`"


def _text(steps: Steps, value: Any) -> Iterable[Fault]:
    if not isinstance(value, str):
        hint = "put it in quotes" if isinstance(value, bool | int | float) else ""
        yield Fault(steps, f"{_named(steps)} is {_sort(value)}, and must be text", hint)


def _texts(steps: Steps, value: Any) -> Iterable[Fault]:
    if not isinstance(value, list):
        hint = f"write `{steps[-1]}: [one, two]`"
        yield Fault(steps, f"{_named(steps)} is {_sort(value)}, and must be a list", hint)
        return
    for index, item in enumerate(value):
        yield from _text((*steps, str(index)), item)


def _command_list(steps: Steps, value: Any) -> Iterable[Fault]:
    if isinstance(value, list) and not (value and value[0] != ""):
        yield Fault(steps, f"{_named(steps)} is empty", "write the program and its arguments: `[npx, -y, package]`")
    else:
        yield from _texts(steps, value)


def _program(steps: Steps, value: Any) -> Iterable[Fault]:
    if value == "":
        yield Fault(steps, f"{_named(steps)} is empty", "write the program to start")
    yield from _text(steps, value)


def _command(steps: Steps, value: Any) -> Iterable[Fault]:
    return _command_list(steps, value) if isinstance(value, list) else _program(steps, value)


def _map(steps: Steps, value: Any) -> Iterable[Fault]:
    if not isinstance(value, dict):
        yield Fault(steps, f"{_named(steps)} is {_sort(value)}, and must be a map", "write `key: value` lines below it")


def _text_map(steps: Steps, value: Any) -> Iterable[Fault]:
    yield from _map(steps, value)
    for key, item in value.items() if isinstance(value, dict) else ():
        yield from _text((*steps, key), item)


def _url(steps: Steps, value: Any) -> Iterable[Fault]:
    yield from _text(steps, value)
    if isinstance(value, str) and not _address.match(value):
        yield Fault(steps, f"{_named(steps)} is no http or https address", "it begins with `https://` or `http://`")


def _flag(steps: Steps, value: Any) -> Iterable[Fault]:
    if not isinstance(value, bool):
        yield Fault(steps, f"{_named(steps)} is {_sort(value)}, and must be true or false", "write it without quotes")


def _count(steps: Steps, value: Any) -> Iterable[Fault]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield Fault(steps, f"{_named(steps)} is {_sort(value)}, and must be a whole number", "write it without quotes")
    elif value < 1:
        yield Fault(steps, f"{_named(steps)} is {value}, and must be more than 0")


def _oauth(steps: Steps, value: Any) -> Iterable[Fault]:
    if value is False:
        return
    if not isinstance(value, dict):
        yield Fault(steps, f"{_named(steps)} is {_sort(value)}, and must be `false` or a map")
        return
    for key, item in value.items():
        at = (*steps, key)
        unknown = [Fault(at, f"unknown key {_named(at)}", _meant(key, OAUTH))]
        yield from OAUTH[key](at, item) if key in OAUTH else unknown


def _targets(steps: Steps, value: Any) -> Iterable[Fault]:
    if not isinstance(value, list) or not value:
        yield Fault(steps, "`targets` must be a list of programs", "write `targets: [opencode, zed]`, or one of them")
        return
    for index, item in enumerate(value):
        if item not in PROGRAMS:
            hint = _meant(str(item), PROGRAMS)
            yield Fault((*steps, str(index)), f"`targets` names `{item}`, which is no program known here", hint)


Checks = Mapping[str, Callable[[Steps, Any], Iterable[Fault]]]

OAUTH: Final[Checks] = {
    "clientId": _text, "clientSecret": _text, "scope": _text, "callbackPort": _count, "redirectUri": _text,
}  # fmt: skip
OWN: Final[Mapping[str, Checks]] = {
    "opencode": {
        "command": _command_list, "environment": _text_map, "cwd": _text, "url": _url, "headers": _text_map,
        "oauth": _oauth, "enabled": _flag, "timeout": _count,
    },
    "zed": {
        "command": _program, "args": _texts, "env": _text_map, "url": _url, "headers": _text_map, "oauth": _text_map,
        "enabled": _flag, "timeout": _count, "remote": _flag,
    },
}  # fmt: skip
PROGRAMS: Final = tuple(OWN)
LABELS: Final = {"opencode": "OpenCode", "zed": "Zed"}
SAID: Final[Checks] = {
    "command": _command, "args": _texts, "environment": _text_map, "env": _text_map, "cwd": _text, "url": _url,
    "headers": _text_map, "oauth": _oauth, "enabled": _flag, "timeout": _count, "targets": _targets, "opencode": _map,
    "zed": _map,
}  # fmt: skip
ELSEWHERE: Final = {
    "type": "leave it out: `command` makes a local server, `url` a remote one",
    "transport": "leave it out: `command` makes a local server, `url` a remote one",
    "remote": "only Zed knows it: put it under `zed:`",
    "disabled": "write `enabled: false`",
}


def _meant(key: str, known: Iterable[str]) -> str:
    known = tuple(known)
    near = difflib.get_close_matches(key, known, 1)
    return ELSEWHERE.get(key) or (f"did you mean `{near[0]}`?" if near else f"it may be: {', '.join(known)}")


def _unknown(said: Entry) -> Iterable[Fault]:
    for key in said.keys() - SAID.keys():
        yield Fault((key,), f"unknown key `{key}`", _meant(key, SAID))
    for program, own in _owns(said):
        if "type" in own:
            yield Fault((program, "type"), f"`{program}.type` follows from the rest", ELSEWHERE["type"])


def _owns(said: Entry) -> Iterable[tuple[str, Entry]]:
    return ((p, said[p]) for p in PROGRAMS if isinstance(said.get(p), dict))


def _wrong(said: Entry) -> Iterable[Fault]:
    for key, value in said.items():
        yield from SAID[key]((key,), value) if key in SAID else ()
    for program, own in _owns(said):
        for key, value in own.items():
            yield from OWN[program][key]((program, key), value) if key in OWN[program] else ()


def _unfit(said: Entry) -> Iterable[Fault]:
    """Keys that are missing, too many, or do not go together."""
    form = _form(said)
    if not form:
        yield Fault((), "neither `command` nor `url`", "`command: [npx, -y, package]` starts one, `url: …` reaches one")
    if "command" in said and "url" in said:
        hint = "keep one; a program that needs the other has it under its name"
        yield Fault(("url",), "both `command` and `url`", hint)
    else:
        yield from _strangers(said, form, ())
    if "environment" in said and "env" in said:
        yield Fault(("env",), "both `environment` and `env`, which are the same", "keep one of them")
    if "args" in said and isinstance(said.get("command"), list):
        yield Fault(("args",), "`args` goes with a `command` that is text", "put them into the list of `command`")
    targets = said.get("targets")
    for program, own in _owns(said):
        if isinstance(targets, list) and program not in targets:
            hint = f"remove it, or add `{program}` to `targets`"
            yield Fault((program,), f"`{program}:` says something, and `targets` leaves {LABELS[program]} out", hint)
        if "command" in own and "url" in own:
            yield Fault((program, "url"), f"both `{program}.command` and `{program}.url`", "keep one of them")
        else:
            yield from _strangers(own, _form(own) or form, (program,))


def _strangers(fields: Entry, form: str, above: Steps) -> Iterable[Fault]:
    for key, its in (*((k, "command") for k in LOCAL), *((k, "url") for k in REMOTE)):
        if key in fields and form not in ("", its):
            at = (*above, key)
            yield Fault(at, f"{_named(at)} goes with `{its}`, and this server has `{form}`", "remove it")


def _toward_zed(said: Entry, entry: Entry) -> Iterable[Fault]:
    own = said.get("zed", {})
    ours = _form(own) in ("", _form(said))
    leave = "leave Zed out with `targets: [opencode]`"
    for key in ("cwd", "oauth"):
        if ours and key in said and key not in own:
            yield Fault((key,), f"Zed has no such `{key}`", f"{leave}, or put it under `opencode:`")
    if (said.get("timeout", 0) % 1000) and "timeout" not in own:
        seconds = said["timeout"] // 1000 + 1
        hint = f"write `{seconds * 1000}`, or Zed's own under `zed:`, in seconds: `timeout: {seconds}`"
        yield Fault(("timeout",), f"Zed counts whole seconds, and {said['timeout']} milliseconds are none", hint)
    for steps, leaf in KEYS.leaves(entry):
        if found := _interpolation.search("\n".join(_all_texts(leaf.value))):
            at = _said_at("zed", said, steps)
            put = leave if at[0] == "zed" else f"{leave}, or put the value under `zed:`"
            yield Fault(at, f"Zed has no interpolation: it would take `{found[0]}` as it is written", put)


def _all_texts(value: Any) -> Iterable[str]:
    if isinstance(value, list):
        return (text for item in value for text in _all_texts(item))
    return (value,) if isinstance(value, str) else ()


def doubts(said: Entry) -> Iterable[Fault]:
    """What a program would take otherwise than it reads: warnings."""
    for program, own in _owns(said):
        for key in own.keys() - OWN[program].keys():
            text = f"`{program}.{key}` is no key that {LABELS[program]} knows of a server"
            yield Fault((program, key), text, _meant(key, OWN[program]))
    command = said.get("command")
    if isinstance(command, str) and "args" not in said and " " in command and "/" not in command.split(" ")[0]:
        hint = "write program and arguments as a list: `command: [npx, -y, package]`"
        yield Fault(("command",), "`command` is one program's name, spaces included", hint)


# The way back.


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
    alone = _form(opencode) != _form(zed)
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
        command, *args = _words(made)
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
