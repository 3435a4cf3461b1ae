"""The values of a declaration of an MCP server → mistakes in them, each by itself. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from reconciler.model.secret import START
from reconciler.shapes.shared_json import Steps

_address = re.compile(rf"https?://[^\s/]|\{{(?:env|file):|{START}", re.I)


class Fault(NamedTuple):
    """One mistake in a declaration, and the key it stands at."""

    steps: Steps
    text: str
    hint: str = ""


def _sort(value: Any) -> str:
    sorts = {bool: str(value).lower(), str: "text", list: "a list", dict: "a map", type(None): "empty"}
    return sorts.get(type(value), f"the number {value}")


def dotted(steps: Steps) -> str:
    return f"`{'.'.join(steps)}`"


def _text(steps: Steps, value: Any) -> Iterable[Fault]:
    if not isinstance(value, str):
        hint = "put it in quotes" if isinstance(value, bool | int | float) else ""
        yield Fault(steps, f"{dotted(steps)} is {_sort(value)}, and must be text", hint)


def _texts(steps: Steps, value: Any) -> Iterable[Fault]:
    if not isinstance(value, list):
        hint = f"write `{steps[-1]}: [one, two]`"
        yield Fault(steps, f"{dotted(steps)} is {_sort(value)}, and must be a list", hint)
        return
    for index, item in enumerate(value):
        yield from _text((*steps, str(index)), item)


def _command_list(steps: Steps, value: Any) -> Iterable[Fault]:
    if isinstance(value, list) and not (value and value[0] != ""):
        yield Fault(steps, f"{dotted(steps)} is empty", "write the program and its arguments: `[npx, -y, package]`")
    else:
        yield from _texts(steps, value)


def _program(steps: Steps, value: Any) -> Iterable[Fault]:
    if value == "":
        yield Fault(steps, f"{dotted(steps)} is empty", "write the program to start")
    yield from _text(steps, value)


def _command(steps: Steps, value: Any) -> Iterable[Fault]:
    return _command_list(steps, value) if isinstance(value, list) else _program(steps, value)


def _map(steps: Steps, value: Any) -> Iterable[Fault]:
    if not isinstance(value, dict):
        yield Fault(steps, f"{dotted(steps)} is {_sort(value)}, and must be a map", "write `key: value` lines below it")


def _text_map(steps: Steps, value: Any) -> Iterable[Fault]:
    yield from _map(steps, value)
    for key, item in value.items() if isinstance(value, dict) else ():
        yield from _text((*steps, key), item)


def _url(steps: Steps, value: Any) -> Iterable[Fault]:
    yield from _text(steps, value)
    if isinstance(value, str) and not _address.match(value):
        yield Fault(steps, f"{dotted(steps)} is no http or https address", "it begins with `https://` or `http://`")


def _flag(steps: Steps, value: Any) -> Iterable[Fault]:
    if not isinstance(value, bool):
        yield Fault(steps, f"{dotted(steps)} is {_sort(value)}, and must be true or false", "write it without quotes")


def _count(steps: Steps, value: Any) -> Iterable[Fault]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield Fault(steps, f"{dotted(steps)} is {_sort(value)}, and must be a whole number", "write it without quotes")
    elif value < 1:
        yield Fault(steps, f"{dotted(steps)} is {value}, and must be more than 0")


def _oauth(steps: Steps, value: Any) -> Iterable[Fault]:
    if value is False:
        return
    if not isinstance(value, dict):
        yield Fault(steps, f"{dotted(steps)} is {_sort(value)}, and must be `false` or a map")
        return
    for key, item in value.items():
        at = (*steps, key)
        unknown = [Fault(at, f"unknown key {dotted(at)}", meant(key, OAUTH))]
        yield from OAUTH[key](at, item) if key in OAUTH else unknown


def _targets(steps: Steps, value: Any) -> Iterable[Fault]:
    if not isinstance(value, list) or not value:
        yield Fault(steps, "`targets` must be a list of programs", "write `targets: [opencode, zed]`, or one of them")
        return
    for index, item in enumerate(value):
        if item not in PROGRAMS:
            hint = meant(str(item), PROGRAMS)
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


def meant(key: str, known: Iterable[str]) -> str:
    known = tuple(known)
    near = difflib.get_close_matches(key, known, 1)
    return ELSEWHERE.get(key) or (f"did you mean `{near[0]}`?" if near else f"it may be: {', '.join(known)}")
