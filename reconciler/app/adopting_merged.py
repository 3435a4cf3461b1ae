"""`adopt` where this machine's overlay says part of a resource: each key goes into the file whose value wins. Looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler import registry
from reconciler.app import planning
from reconciler.app.session import App
from reconciler.model.change import Change
from reconciler.model.kind import AnyKind
from reconciler.model.problem import Invalid, Origin, invalid
from reconciler.model.resource import File, Loaded, Ref, Resource, Source
from reconciler.model.trace import Traces
from reconciler.pipeline.load import load

Changes = Sequence[Change[Any]]


def files(resource: Resource[Any], traces: Traces) -> Sequence[str]:
    """The files a resource was merged from; none where it was not."""
    mixed = [source.path for source in resource.sources if source.path in traces and not traces[source.path].file]
    said = {point.origin.path for path in mixed for point in traces[path].points}
    return sorted({*said, *mixed}) if said else ()


def undecided(resource: Resource[Any], traces: Traces) -> Invalid:
    text = f"{resource.ref} is merged with the overlay of this machine, and can't be adopted"
    hint = f"edit {' or '.join(f'`{path}`' for path in files(resource, traces))}"
    return invalid(str(resource.origin), text, hint)


def said_by(
    resource: Resource[Any], changes: Changes, traces: Traces, kind: AnyKind, app: App
) -> Sequence[tuple[Resource[Any], Changes]]:
    """What each of the merged files says by itself, and the keys that it decides. Raises Invalid for what cannot be
    told apart key by key."""
    by_path: dict[str, list[Change[Any]]] = {}
    for change in changes:
        by_path.setdefault(change.target.origin.path, []).append(change)
    sources = {source.path: source for source in app.here.tree("work").sources}
    if any(path not in sources for path in by_path) or not all(c.target.part.startswith("/") for c in changes):
        raise undecided(resource, traces)
    try:
        return [(_alone(resource.ref, sources[path], kind), ours) for path, ours in by_path.items()]
    except Invalid:
        raise undecided(resource, traces) from None


def _alone(ref: Ref, source: Source, kind: AnyKind) -> Resource[Any]:
    return Resource(ref, kind.read(ref.name, [source]), Origin(source.path), (source,))


def check(written: Mapping[str, File | None], changes: Changes, loaded: Loaded, app: App) -> None:
    """Raises Invalid where git would still not say what stands here, since another file has a say too."""
    merged = {c.ref for c in changes if files(loaded.of(c.ref), loaded.traces)}
    if not merged:
        return
    tree = app.here.tree("work")
    after = [s._replace(file=file) for s in tree.sources if (file := written.get(s.path, s.file)) is not None]
    then = load(tree._replace(sources=tuple(after)), app.kinds, registry.PENDING, app.host)
    claims = {c.claim for c in changes if c.ref in merged}
    still = [c for c in planning.plan(app, loaded=then).changes if c.claim in claims and not c.action.bookkeeping]
    if still:
        raise undecided(loaded.of(still[0].ref), loaded.traces)
