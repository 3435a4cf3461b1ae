"""References that lead nowhere and names that clash, over everything that was loaded. Pure.

Git may name only a part of what stands on a machine, so what is missing here is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from reconciler.formats.frontmatter import parse
from reconciler.formats.meant import meant
from reconciler.model.problem import Invalid, Origin, Problem, Severity, shown
from reconciler.model.resource import Resource

Astray = Iterator[tuple[Resource[Any], Problem]]
BUILT_IN = ("build", "plan", "general", "explore", "title", "summary", "compaction")
PROVIDERS = "opencode-providers-1.18.33"


@dataclass(frozen=True)
class Names:
    """What can be referred to: agents with the mode each has, and the providers that are configured."""

    agents: Mapping[str, str]
    providers: frozenset[str]


Standing = Callable[[], Names]


def nobody() -> Names:
    return Names({}, frozenset())


class Known:
    """Names in git, and those of this machine, which are looked up only when git has none that fits."""

    def __init__(self, said: Names, standing: Standing) -> None:
        self.agents, self.providers = said.agents, said.providers
        self._look = standing

    @cached_property
    def _here(self) -> Names:
        return self._look()

    def agent(self, name: str) -> bool:
        return name in self.agents or name in self._here.agents

    def provider(self, name: str) -> bool:
        return name in self.providers or name in providers() or name in self._here.providers


def astray(resources: Sequence[Resource[Any]], standing: Standing = nobody) -> Astray:
    """Each problem, and the resource it stands in. `standing`: what git need not name, since it is on this machine."""
    names = Known(_names(resources), standing)
    for resource in resources:
        if resource.ref.kind in ("agent", "command"):
            yield from _of_prompt(resource, names)
        elif resource.ref.kind == "opencode_settings":
            yield from _of_settings(resource, names)
    yield from _called_alike(resources)
    yield from _servers_twice(resources)


def _names(resources: Sequence[Resource[Any]]) -> Names:
    agents = dict.fromkeys(BUILT_IN, "") | {"build": "primary", "plan": "primary"}
    providers: set[str] = set()
    for resource in resources:
        if resource.ref.kind == "agent":
            agents[_called(resource)] = str(resource.spec.front.get("mode", "all"))
        elif resource.ref.kind == "opencode_settings":
            said = resource.spec.value
            for group in ("agent", "agents", "mode"):
                for name, agent in _map(said.get(group)).items():
                    agents[name] = str(_map(agent).get("mode", agents.get(name, "all")))
            providers.update(_map(said.get("provider")))
    return Names(agents, frozenset(providers))


def offered(resources: Sequence[Resource[Any]]) -> Iterator[str]:
    """What git's settings have for prompts to name, and which agent they name themselves."""
    settings = [resource for resource in resources if resource.ref.kind == "opencode_settings"]
    names = _names(settings)
    yield from (f"agent {name} {mode}" for name, mode in names.agents.items())
    yield from (f"provider {name}" for name in names.providers)
    yield from (f"default {resource.spec.value.get('default_agent')}" for resource in settings)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _called(resource: Resource[Any]) -> str:
    name = resource.spec.front.get("name")
    return name if isinstance(name, str) and name else resource.ref.name


def renamed(resources: Sequence[Resource[Any]]) -> bool:
    """Whether any prompt gives itself another name than its file does."""
    return any(r.ref.kind in ("agent", "command") and _called(r) != r.ref.name for r in resources)


def _of_prompt(resource: Resource[Any], names: Known) -> Astray:
    front = resource.spec.front
    if resource.ref.kind == "command":
        yield from _agent(resource, "agent", front.get("agent"), names, lambda: _at(resource, "agent"))
    yield from _model(resource, "model", front.get("model"), names, lambda: _at(resource, "model"))


def _of_settings(resource: Resource[Any], names: Known) -> Astray:
    said, origin = resource.spec.value, resource.spec.origin
    yield from _agent(resource, "default_agent", said.get("default_agent"), names, lambda: origin(("default_agent",)))
    if names.agents.get(str(said.get("default_agent"))) == "subagent":
        text = f"{resource.ref}: `default_agent` is `{said['default_agent']}`, which is a subagent"
        yield resource, _warned(origin(("default_agent",)), text, "name a primary agent, or give it `mode: all`")
    for key in ("model", "small_model"):
        yield from _model(resource, key, said.get(key), names, lambda k=key: origin((k,)))  # type: ignore[misc]
    for group in ("agent", "command"):
        for name, entry in _map(said.get(group)).items():
            steps = (group, name, "model")
            key = "/".join(steps)
            yield from _model(resource, key, _map(entry).get("model"), names, lambda s=steps: origin(s))  # type: ignore[misc]
    for name, entry in _map(said.get("command")).items():
        steps = ("command", name, "agent")
        key = "/".join(steps)
        yield from _agent(resource, key, _map(entry).get("agent"), names, lambda s=steps: origin(s))  # type: ignore[misc]


def _agent(resource: Resource[Any], key: str, value: Any, names: Known, at: Callable[[], Origin]) -> Astray:
    if isinstance(value, str) and "{" not in value and not names.agent(value):
        near = meant(value, names.agents)
        hint = f"did you mean `{near}`?" if near else f"add `agents/{value}.md`, or name another: a turn would fail"
        yield (
            resource,
            _warned(at(), f"{resource.ref}: `{key}` names no agent of git's or this machine's: `{value}`", hint),
        )


def _model(resource: Resource[Any], key: str, value: Any, names: Known, at: Callable[[], Origin]) -> Astray:
    provider = value.partition("/")[0] if isinstance(value, str) and "/" in value and "{" not in value else ""
    if provider and not names.provider(provider):
        near = meant(provider, (*names.providers, *providers()))
        hint = f"did you mean `{near}`?" if near else "configure it under `provider` in opencode/settings.yaml"
        text = f"{resource.ref}: `{key}` names a provider that is neither built in nor configured: `{provider}`"
        yield resource, _warned(at(), text, hint)


@cache
def providers() -> frozenset[str]:
    """The providers that OpenCode knows by itself."""
    import pkgutil

    return frozenset((pkgutil.get_data("reconciler", f"schemas/{PROVIDERS}.txt") or b"").decode().split())


def _warned(origin: Origin, text: str, hint: str) -> Problem:
    return Problem(origin, text, hint, Severity.WARNING)


def _called_alike(resources: Sequence[Resource[Any]]) -> Astray:
    """Agents, commands or skills under one name, of which OpenCode keeps one."""
    first: dict[tuple[str, str], Resource[Any]] = {}
    for resource in resources:
        if resource.ref.kind not in ("agent", "command", "skill"):
            continue
        name = _skill_name(resource) if resource.ref.kind == "skill" else _called(resource)
        earlier = first.setdefault((resource.ref.kind, name), resource)
        if name and earlier is not resource:
            where = resource.origin if resource.ref.kind == "skill" else _at(resource, "name")
            text = f"{resource.ref} and {earlier.ref} are both called `{name}`: OpenCode keeps one of them"
            yield resource, _warned(where, text, "give one of them another `name`")


def _at(resource: Resource[Any], key: str) -> Origin:
    """Where a front matter key stands."""
    origin: Origin = resource.spec.origin(resource.sources[0].path)((key,))
    return origin


def _skill_name(resource: Resource[Any]) -> str:
    main = next((s for s in resource.sources if s.path.endswith(f"{resource.ref.name}/SKILL.md")), None)
    try:
        name = parse(main.file.content, main.path).front.get("name") if main is not None else ""
    except Invalid:
        return ""
    return name if isinstance(name, str) else ""


def _servers_twice(resources: Sequence[Resource[Any]]) -> Astray:
    """A server declared in mcp/ of which settings describe a part too; and two whose tools would be called alike."""
    servers = {r.ref.name: r for r in resources if r.ref.kind == "mcp_server"}
    for resource in resources:
        top = {"opencode_settings": "mcp", "zed_settings": "context_servers"}.get(resource.ref.kind)
        for name in _map(resource.spec.value.get(top)) if top and servers else ():
            if name in servers:
                text = f"{resource.ref}: `{top}/{name}` is described by {servers[name].ref} too"
                origin = resource.spec.origin((top, name))
                yield resource, _warned(origin, text, f"write it in `{servers[name].origin.path}` alone")
    first: dict[str, Resource[Any]] = {}
    for name, resource in servers.items():
        earlier = first.setdefault(re.sub(r"[^A-Za-z0-9_-]", "_", name), resource)
        if earlier is not resource:
            text = f"{resource.ref}: its tools would be called as those of {earlier.ref}"
            yield resource, _warned(resource.origin, text, "rename one: OpenCode writes `_` for other signs")


# What only this machine can tell.

NAMED = re.compile(r"\{(env|file):([^}]+)\}")


@dataclass(frozen=True)
class Around:
    """What a machine has: its variables, and whether a file stands at an absolute path."""

    home: str
    variables: Mapping[str, str]
    exists: Callable[[str], bool]


def unmet(resources: Sequence[Resource[Any]], folder: str, around: Around) -> Astray:
    """`{env:…}` that is not set here, and `{file:…}` that leads nowhere; relative paths are below `folder`."""
    coming = {f"{folder}/{r.ref.name.removeprefix('opencode/')}" for r in resources if r.ref.kind == "file"}
    for resource in resources:
        if resource.ref.kind == "opencode_settings":
            value, origin = resource.spec.value, resource.spec.origin
        elif resource.ref.kind == "mcp_server":
            value, origin = resource.spec.asked.value, resource.spec.asked.origin
        else:
            continue
        for steps, text in _texts(value, ()):
            for sort, name in NAMED.findall(text):
                yield from _met(resource, origin(steps), sort, name.strip(), folder, coming, around)


def _met(
    resource: Resource[Any], at: Origin, sort: str, name: str, folder: str, coming: set[str], around: Around
) -> Astray:
    if sort == "env" and not around.variables.get(name):
        text = f"{resource.ref}: `{{env:{name}}}` is not set here: OpenCode puts an empty text in its place"
        yield resource, _warned(at, text, f"`export {name}=…` where OpenCode is started")
    elif sort == "file":
        path = f"{around.home}/{name[2:]}" if name.startswith("~/") else name if name[0] == "/" else f"{folder}/{name}"
        path = re.sub(r"/(?:\./)+", "/", path)
        if path not in coming and not around.exists(path):
            text = f"{resource.ref}: `{{file:{name}}}` leads nowhere: OpenCode does not start"
            hint = f"make `{shown(path, around.home)}`, or add it to `files/opencode/`"
            yield resource, Problem(at, text, hint)


def _texts(value: Any, steps: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield steps, value
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from _texts(item, (*steps, str(key)))
