"""A declaration of an MCP server → its mistakes: values, keys that do not go together, what Zed cannot do. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from reconciler.shapes.mcp_entry import KEYS, LOCAL, REMOTE, Entry, form_of, said_at
from reconciler.shapes.mcp_values import ELSEWHERE, LABELS, OWN, PROGRAMS, SAID, Fault, dotted, meant
from reconciler.shapes.shared_json import Steps

_interpolation = re.compile(r"\{(?:env|file):[^}]+\}")


def mistakes(said: Entry) -> list[Fault]:
    """All that can be told without rendering it."""
    return [*_unknown(said), *_wrong(said), *_unfit(said)]


def _unknown(said: Entry) -> Iterable[Fault]:
    for key in said.keys() - SAID.keys():
        yield Fault((key,), f"unknown key `{key}`", meant(key, SAID))
    for program, own in owns(said):
        if "type" in own:
            yield Fault((program, "type"), f"`{program}.type` follows from the rest", ELSEWHERE["type"])


def owns(said: Entry) -> Iterable[tuple[str, Entry]]:
    return ((p, said[p]) for p in PROGRAMS if isinstance(said.get(p), dict))


def _wrong(said: Entry) -> Iterable[Fault]:
    for key, value in said.items():
        yield from SAID[key]((key,), value) if key in SAID else ()
    for program, own in owns(said):
        for key, value in own.items():
            yield from OWN[program][key]((program, key), value) if key in OWN[program] else ()


def _unfit(said: Entry) -> Iterable[Fault]:
    """Keys that are missing, too many, or do not go together."""
    form = form_of(said)
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
    for program, own in owns(said):
        if isinstance(targets, list) and program not in targets:
            hint = f"remove it, or add `{program}` to `targets`"
            yield Fault((program,), f"`{program}:` says something, and `targets` leaves {LABELS[program]} out", hint)
        if "command" in own and "url" in own:
            yield Fault((program, "url"), f"both `{program}.command` and `{program}.url`", "keep one of them")
        else:
            yield from _strangers(own, form_of(own) or form, (program,))


def _strangers(fields: Entry, form: str, above: Steps) -> Iterable[Fault]:
    for key, its in (*((k, "command") for k in LOCAL), *((k, "url") for k in REMOTE)):
        if key in fields and form not in ("", its):
            at = (*above, key)
            yield Fault(at, f"{dotted(at)} goes with `{its}`, and this server has `{form}`", "remove it")


def toward_zed(said: Entry, entry: Entry) -> Iterable[Fault]:
    own = said.get("zed", {})
    ours = form_of(own) in ("", form_of(said))
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
            at = said_at("zed", said, steps)
            put = leave if at[0] == "zed" else f"{leave}, or put the value under `zed:`"
            yield Fault(at, f"Zed has no interpolation: it would take `{found[0]}` as it is written", put)


def _all_texts(value: Any) -> Iterable[str]:
    if isinstance(value, list):
        return (text for item in value for text in _all_texts(item))
    return (value,) if isinstance(value, str) else ()


def doubts(said: Entry) -> Iterable[Fault]:
    """What a program would take otherwise than it reads: warnings."""
    for program, own in owns(said):
        for key in own.keys() - OWN[program].keys():
            text = f"`{program}.{key}` is no key that {LABELS[program]} knows of a server"
            yield Fault((program, key), text, meant(key, OWN[program]))
    command = said.get("command")
    if isinstance(command, str) and "args" not in said and " " in command and "/" not in command.split(" ")[0]:
        hint = "write program and arguments as a list: `command: [npx, -y, package]`"
        yield Fault(("command",), "`command` is one program's name, spaces included", hint)
