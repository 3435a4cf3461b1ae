"""Settings over all servers: defaults for their limits, and the parts of orchestration that are not built yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.formats.serving_json import CODEC
from reconciler.model.change import Change, Seen
from reconciler.model.kind import Found, Kind, Left
from reconciler.model.outcome import Outcome
from reconciler.model.problem import Problem, Severity, invalid
from reconciler.model.resource import Claim, Layout, Loaded, Resource, Source, Target
from reconciler.model.serving import Serving
from reconciler.model.world import Look, World
from reconciler.shapes import asked, server_spec
from reconciler.shapes.editor_schema import limits as schema

FOLDER = "orchestration"
LIMITS = "resource_limits"
LATER = ("backup", "security", "ring", "handover", "locks", "failover", "alerts", "quotas", "autoscaling")


def files(paths: Sequence[str]) -> Mapping[str, str]:
    """`orchestration/resource_limits.yaml`, or the key of that name below `orchestration:`."""
    ours = (path for path in paths if path.startswith(f"{FOLDER}/") and path.endswith((".yaml", ".yml")))
    return {path: path[len(FOLDER) + 1 :].rpartition(".")[0] for path in ours}


def read(name: str, sources: Sequence[Source]) -> Mapping[str, Any]:
    """Raises Invalid."""
    if name == LIMITS:
        return server_spec.read_limits(name, sources)
    if name not in LATER:
        import difflib

        near = difflib.get_close_matches(name, (LIMITS, *LATER), 1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join((LIMITS, *LATER))}"
        raise invalid(sources[0].path, f"unknown part of orchestration: `{name}`", hint, line=1)
    said = asked.read(sources)
    return said.value if isinstance(said.value, dict) else {}


def lint(resource: Resource[Mapping[str, Any]]) -> Iterable[Problem]:
    """A warning for each part that nothing acts on yet."""
    if resource.ref.name != LIMITS:
        text = f"orchestration/{resource.ref.name} is not managed by this version; it is read, and nothing is done"
        yield Problem(resource.origin, text, severity=Severity.WARNING)


def targets(resource: Resource[Mapping[str, Any]], loaded: Loaded, layout: Layout) -> Sequence[Target[Serving]]:
    """Nothing of its own: servers take their defaults from it."""
    return ()


def observe(claims: Sequence[Claim], look: Look, key: bytes) -> Iterable[Seen[Serving]]:
    return ()


def act(changes: Sequence[Change[Serving]], world: World) -> Iterable[Outcome]:
    return ()


def describe(layout: Layout, look: Look) -> Iterable[Found | Left]:
    return ()


ORCHESTRATION: Kind[Mapping[str, Any], Serving] = Kind(
    name="orchestration",
    folder=FOLDER,
    files=files,
    read=read,
    targets=targets,
    observe=observe,
    act=act,
    describe=describe,
    codec=CODEC,
    lint=lint,
    schema=lambda config: schema(),
    reload="with the next plan",
)
