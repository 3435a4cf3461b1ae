"""Running servers: one `opencode serve` per declaration, on its own port, started and stopped by us or taken over as it
runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.formats.serving_json import CODEC
from reconciler.model.change import Seen
from reconciler.model.kind import Diagnosis, Found, Kind, Left, Writer
from reconciler.model.resource import PORT, Claim, Layout, Loaded, Mode, Ref, Resource, Target
from reconciler.model.serving import Serving
from reconciler.model.world import Look
from reconciler.shapes import server_acting, server_diagnoses, server_reacting, server_spec
from reconciler.shapes.editor_schema import server as schema
from reconciler.shapes.server_spec import ServerSpec

FOLDER = "servers"
LIMITS = Ref("orchestration", "resource_limits")


def files(paths: Sequence[str]) -> Mapping[str, str]:
    """`servers/mcp-ecosystem.yaml` describes `mcp-ecosystem`."""
    ours = (path for path in paths if path.startswith(f"{FOLDER}/") and path.endswith((".yaml", ".yml")))
    return {path: path[len(FOLDER) + 1 :].rpartition(".")[0] for path in ours}


def targets(resource: Resource[ServerSpec], loaded: Loaded, layout: Layout) -> Sequence[Target[Serving]]:
    """One port; of a server that shall be stopped, with nothing on it."""
    serving = resource.spec.serving
    limits = _limits(loaded)
    care = server_spec.limited(
        serving.care, {"cpu": limits.get("max_cpu_per_server"), "memory": limits.get("max_memory_per_server")}
    )
    path = layout.home + serving.launch.path[1:] if serving.launch.path.startswith("~") else serving.launch.path
    desired = replace(serving, launch=replace(serving.launch, path=path.rstrip("/") or "/"), care=care)
    claim = Claim(PORT, str(serving.launch.port))
    return [Target(resource.ref, "", claim, desired if resource.spec.running else None, resource.origin)]


def _limits(loaded: Loaded) -> Mapping[str, Any]:
    return next((r.spec for r in loaded.resources if r.ref == LIMITS), {})


def describe(layout: Layout, look: Look) -> Iterable[Found | Left]:
    """Nothing: a process is no file to import; one that runs is offered when its port is declared."""
    return ()


def diagnose(seen: Seen[Serving]) -> Diagnosis | None:
    """What is wrong with what listens on its port; None where that is well, or nobody does."""
    now = seen.state.now if seen.state else None
    return server_diagnoses.of(server_diagnoses.state(now), now.launch.name) if now else None


SERVER: Kind[ServerSpec, Serving] = Kind(
    name="server",
    folder=FOLDER,
    files=files,
    read=server_spec.read,
    targets=targets,
    observe=server_acting.observe,
    act=server_acting.act,
    describe=describe,
    codec=CODEC,
    diff=server_reacting.diff,
    react=server_reacting.react,
    wave=server_reacting.wave,
    diagnose=diagnose,
    writers=(
        Writer("`reconcile server start` and `stop`", "whether it runs, until the other one is said", Mode.ENFORCE),
        Writer("people and agents", "servers started by hand on the same port"),
    ),
    schema=lambda config: schema(),
    reload="at once: a change of `port`, `hostname`, `path`, `env`, `data`, `version` or `password` needs a restart",
)
