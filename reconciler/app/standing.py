"""Agents and providers that stand on this machine without git naming them → what desired state may refer to. Looks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.formats import jsonc
from reconciler.model.change import Recorded
from reconciler.model.kind import Root
from reconciler.model.world import Look, Unreadable
from reconciler.pipeline.references import Names

AGENT = re.compile(r"(?:agents?/(.+)|modes?/([^/]+))\.md", re.S)
CONFIGS = ("config.json", "opencode.json", "opencode.jsonc")


def standing(root: Root, look: Look, recorded: Sequence[Recorded]) -> Names:
    """`recorded`: what is ours, and goes when git no longer names it; so it does not count here."""
    ours = {(row.claim.path, row.claim.item) for row in recorded if row.claim.root == root.name}
    agents: dict[str, str] = {}
    providers: set[str] = set()
    for path in look.scan(root.name, root.skip).files:
        found = AGENT.fullmatch(path)
        if found and (path, ()) not in ours:
            agents[found[1] or found[2]] = ""
    for path, group, name in configured(root, look):
        if any(at == path and item[:2] == (group, name) for at, item in ours):
            continue
        if group == "provider":
            providers.add(name)
        else:
            agents[name] = ""
    return Names(agents, frozenset(providers))


def configured(root: Root, look: Look) -> Iterator[tuple[str, str, str]]:
    """The agents and providers in files of settings: which file, under which key, and its name."""
    return ((path, *named) for path in CONFIGS for named in _named(_said(look, root.name, path)))


def _said(look: Look, root: str, path: str) -> Mapping[str, Any]:
    try:
        file = look.read(root, path)
        said = jsonc.loads(jsonc.decode(file.content)) if file else {}
    except (Unreadable, jsonc.JsoncError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _named(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for group in ("agent", "mode", "provider"):
        entries = said.get(group)
        yield from ((group, name) for name in entries) if isinstance(entries, dict) else ()
