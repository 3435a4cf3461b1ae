"""A declaration of a server → how it is launched and cared for, or every mistake in it. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.formats import duration, yaml
from reconciler.formats.frontmatter import decode
from reconciler.formats.schema import Mistake, Schema
from reconciler.model.problem import Invalid, Origin, Problem, invalid
from reconciler.model.resource import Source
from reconciler.model.secret import START
from reconciler.model.serving import Care, Launch, Serving
from reconciler.shapes import asked
from reconciler.shapes.asked import Asked
from reconciler.shapes.server_schema import DURATION, LIMITS, PERCENT, PRIORITIES, SERVER, SIZE

UNITS = "KMGT"
ACP = 4096
GENERATE = "generate"
HINTS = {
    DURATION: "write a number and a unit: `500ms`, `10s`, `5m`, `1h30m`",
    SIZE: "write a number and a unit: `500MB`, `2GB`",
    PERCENT: "write a number and a percent sign: `50%`",
}
OURS = ("RECONCILE_SERVER", "RECONCILE_SERVER_TAG", "RECONCILE_REPO")
MANAGED = {
    "OPENCODE_DB": "`data: own-db` sets it",
    "XDG_DATA_HOME": "`data: isolated` sets it",
    "OPENCODE_SERVER_PASSWORD": "`password:` sets it",
    **dict.fromkeys(OURS, "a server is known by it"),
}


@dataclass(frozen=True)
class ServerSpec:
    """One server as it was declared; `serving` has its path as it was written."""

    serving: Serving
    running: bool


def read(name: str, sources: Sequence[Source]) -> ServerSpec:
    """Raises Invalid with every mistake."""
    value = _read(f"server/{name}", sources, lambda said: _problems(name, said))
    return ServerSpec(Serving(_launch(name, value), _care(value)), value.get("state", "running") == "running")


def read_limits(name: str, sources: Sequence[Source]) -> Mapping[str, Any]:
    """`orchestration.resource_limits`, as it was written. Raises Invalid."""
    ref = f"orchestration/{name}"
    return _read(ref, sources, lambda said: [_problem(ref, m, said) for m in Schema(LIMITS).mistakes(said.value)])


def _read(ref: str, sources: Sequence[Source], problems: Callable[[Asked], list[Problem]]) -> Mapping[str, Any]:
    """What one file says. Where keys stand is only looked up for what is wrong: that takes longer than all the rest."""
    source = sources[0]
    if len(sources) == 1:
        value = yaml.load(decode(source.file.content, source.path), source.path)
        if isinstance(value, dict) and not problems(Asked(value, source.path, {})):
            return value
    said = asked.read(sources)
    if not isinstance(said.value, dict):
        raise invalid(said.path, f"{ref} is not a map of keys", "write `key: value` lines", line=1)
    if found := problems(said):
        raise Invalid(found)
    whole: Mapping[str, Any] = said.value
    return whole


def _problems(name: str, said: Asked) -> list[Problem]:
    found = [_problem(f"server/{name}", mistake, said) for mistake in Schema(SERVER).mistakes(said.value)]
    return found or list(_unfit(name, said))


def _problem(ref: str, mistake: Mistake, said: Asked) -> Problem:
    hint = mistake.hint
    for pattern, better in HINTS.items():
        hint = better if pattern in hint else hint
    return Problem(said.origin(mistake.steps), f"{ref}: {mistake.text}", hint)


def _unfit(name: str, said: Asked) -> Iterator[Problem]:
    """What the schema cannot see."""
    value = said.value

    def problem(key: str, text: str, hint: str) -> Problem:
        return Problem(said.origin((key,)), f"server/{name}: {text}", hint)

    if value["port"] == ACP:
        yield problem("port", "`port: 4096` is the one that `opencode acp` takes first", "choose another, above 10000")
    if not value["path"].startswith(("/", "~/")) and value["path"] != "~":
        yield problem("path", f"`path` is not absolute: `{value['path']}`", "begin it with `/` or `~/`")
    hostname = value.get("hostname", "127.0.0.1")
    if not loopback(hostname) and not value.get("password"):
        text = f"bound beyond this machine (`{hostname}`) without a password: everybody could run commands here"
        yield problem("hostname", text, "add `password: generate`, or bind it to 127.0.0.1")
    password = value.get("password", "")
    if password not in ("", GENERATE) and START not in password:
        yield problem("password", "`password` stands in clear", "write `generate`, or `!secret env:NAME`")
    for key in value.get("env", {}):
        if key in MANAGED:
            yield Problem(said.origin(("env", key)), f"server/{name}: `env/{key}` can't be set here", MANAGED[key])
    if "/" in name:
        yield Problem(Origin(said.path, 1, 1), f"server/{name}: the name of a server holds no `/`", "rename it")


def loopback(hostname: str) -> bool:
    """Whether an address is reached from this machine alone."""
    if hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False


def _launch(name: str, value: Mapping[str, Any]) -> Launch:
    return Launch(
        name=name,
        port=value["port"],
        hostname=value.get("hostname", "127.0.0.1"),
        path=value["path"],
        data=value.get("data", "shared"),
        version=value.get("version", 1),
        env=tuple(sorted(value.get("env", {}).items())),
        password=value.get("password", ""),
    )


def _care(value: Mapping[str, Any]) -> Care:
    first = Care()
    change = value.get("on_config_change", {})
    change = {"when": change} if isinstance(change, str) else change
    restart, health = value.get("restart", {}), value.get("health", {})
    care = Care(
        lifecycle=value.get("lifecycle", first.lifecycle),
        priority=PRIORITIES.index(value.get("priority", "medium")),
        when=change.get("when", first.when).removeprefix("when-"),
        deadline=_seconds(change, "deadline", first.deadline),
        then=change.get("then", first.then),
        restart=restart.get("policy", first.restart),
        backoff=_seconds(restart, "backoff", first.backoff),
        starts=restart.get("limit", first.starts),
        within=_seconds(restart, "within", first.within),
        interval=_seconds(health, "interval", first.interval),
        timeout=_seconds(health, "timeout", first.timeout),
        failures=health.get("failures", first.failures),
        exceeded=value.get("limits", {}).get("exceeded", first.exceeded),
        orphans=value.get("orphans", first.orphans),
    )
    return limited(care, value.get("limits", {}))


def limited(care: Care, limits: Mapping[str, Any]) -> Care:
    """With the limits that are said, where it has none of its own."""
    cpu, memory = limits.get("cpu"), limits.get("memory")
    return replace(
        care,
        cpu=care.cpu or (float(cpu.rstrip("%")) if cpu else 0.0),
        memory=care.memory or (size(memory) if memory else 0),
    )


def _seconds(value: Mapping[str, Any], key: str, otherwise: float) -> float:
    return duration.seconds(value[key]) if key in value else otherwise


def size(text: str) -> int:
    """`2GB` → bytes; powers of 1000, with an `i` (`2GiB`) of 1024."""
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", text).groups()  # type: ignore[union-attr]
    step = 1024 if "i" in unit else 1000
    return int(float(number) * step ** (UNITS.find(unit[0]) + 1 if unit and unit[0] in UNITS else 0))
