"""What documents of observed facts show: servers and drift as they were seen, until it is time to look anew. Looks.

A document would never come to rest if it followed what moves by itself: so one look counts for all plans, until
`docs render` looks anew or the document says that it is too old.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.formats.masking import Masker
from reconciler.model.change import Cause
from reconciler.model.problem import Invalid
from reconciler.model.resource import Loaded, Resource, Sight
from reconciler.pipeline import cycle

if TYPE_CHECKING:
    from reconciler.app.server_rows import Row
    from reconciler.app.session import App

KIND = "document"
MINUTE = "%Y-%m-%d %H:%M"


def observing(loaded: Loaded) -> list[Resource[Any]]:
    """The documents that show observed facts."""
    return [r for r in loaded.resources if r.ref.kind == KIND and r.spec.observed]


def sights(app: App, loaded: Loaded, anew: Collection[str] = ()) -> dict[str, Sight]:
    """What each of them is to show, by its name; of those `anew`, as it is now."""
    documents = observing(loaded)
    if not documents:
        return {}
    known, now = _kept(app, loaded), time.time()
    due = {r.ref.name for r in documents if r.ref.name in anew or _due(r, known.get(r.ref.name), now)}
    if due:
        known |= dict.fromkeys(due, (now, _taken(app, loaded, now)))
        _keep(app, loaded, known)
    return {name: sight for name, (_, sight) in known.items()}


def ever(app: App) -> bool:
    """Whether anything was ever looked at for a document, in this home: told without reading desired state."""
    from reconciler.world import renderings

    return bool(renderings.read(_file(app)))


def showing(loaded: Loaded, changed: Collection[str]) -> dict[str, list[str]]:
    """The documents that show any of these, by name, and which; as they were last rendered."""
    names = {resource.ref.name for resource in observing(loaded)}
    if not names:
        return {}
    from reconciler.shapes.document_rendering import MEMORY

    found: dict[str, set[str]] = {}
    for kept in MEMORY.values():
        for sort, *said in kept.asked:
            name, _, ref = said[0].partition("|") if sort == "seen" else ("", "", "")
            if name in names and ref in changed:
                found.setdefault(name, set()).add(ref)
    return {name: sorted(refs) for name, refs in sorted(found.items())}


def outdated(app: App, loaded: Loaded, changed: Collection[str]) -> list[str]:
    """The documents that show any of these otherwise than it is now, by name: from here on they show what is now."""
    shown = showing(loaded, changed)
    if not shown:
        return []
    known, now = _kept(app, loaded), time.time()
    taken = _taken(app, loaded, now)
    old = {name: known[name][1].things if name in known else {} for name in shown}
    due = [name for name, refs in shown.items() if any(old[name].get(r) != taken.things.get(r) for r in refs)]
    if due:
        _keep(app, loaded, known | dict.fromkeys(due, (now, taken)))
    return due


def _taken(app: App, loaded: Loaded, now: float) -> Sight:
    return Sight(time.strftime(MINUTE, time.gmtime(now)), dict(_things(app, loaded)))


Known = dict[str, tuple[float, Sight]]


def _kept(app: App, loaded: Loaded) -> Known:
    """Of this repository: when each document's things were looked at, and what they were."""
    from reconciler.world import renderings

    return _known(renderings.read(_file(app)).get(_repo(app, loaded)))


def _keep(app: App, loaded: Loaded, known: Known) -> None:
    from reconciler.world import renderings

    said = {name: [at, *sight] for name, (at, sight) in known.items()}
    renderings.write(_file(app), {**renderings.read(_file(app)), _repo(app, loaded): [said]})


def _file(app: App) -> str:
    return f"{app.env.cache}/reconciler/seen.json"


def _repo(app: App, loaded: Loaded) -> str:
    return loaded.settings.id or app.here.folder


def _known(kept: Any) -> Known:
    """What was written of one repository; nothing where it is damaged."""
    found: Known = {}
    with suppress(TypeError, ValueError, AttributeError, IndexError):
        for name, (at, when, things) in kept[0].items():
            found[str(name)] = float(at), Sight(str(when), {str(ref): dict(thing) for ref, thing in things.items()})
    return found


def _due(document: Resource[Any], known: tuple[float, Sight] | None, now: float) -> bool:
    """A clock that was put back makes it due, too."""
    return known is None or bool(document.spec.refresh and not 0 <= now - known[0] < document.spec.refresh)


def _things(app: App, loaded: Loaded) -> Iterator[tuple[str, Mapping[str, Any]]]:
    standing = {str(row.ref): str(row.standing) for row in app.journal.recorded() if row.repo == app.repo}
    drifted, servers = _drifted(app, loaded), _servers(app, loaded)
    for ref in sorted({*standing, *drifted, *servers}):
        yield ref, {"standing": standing.get(ref, ""), "drifted": ref in drifted, **servers.get(ref, {})}


def _drifted(app: App, loaded: Loaded) -> set[str]:
    """What was changed here since it was applied, documents apart."""
    others = tuple(resource for resource in loaded.resources if resource.ref.kind != KIND)
    try:
        plan = cycle.propose(replace(loaded, resources=others), app.eyes(app.repo))
    except Invalid:  # the plan itself says so
        return set()
    changed = (change for change in plan.changes if change.cause in (Cause.DRIFT, Cause.CONFLICT))
    return {str(change.ref) for change in changed if change.ref.kind != KIND}


def _servers(app: App, loaded: Loaded) -> dict[str, Mapping[str, Any]]:
    if all(resource.ref.kind != "server" for resource in loaded.resources):
        return {}
    from reconciler.app import server_rows

    return {f"server/{row.name}": _server(row) for row in server_rows.rows_of(loaded, app) if row.declared}


def _server(row: Row) -> Mapping[str, Any]:
    from reconciler.app import server_rows

    now, note = row.now, row.note
    since = note.starts[-1] if now and now.ours and note and note.starts else now.loaded_at if now else 0.0
    return {
        "state": server_rows.state(row), "port": row.serving.launch.port,
        "version": now.probe.version if now else "", "process": now.process.pid if now and now.process else 0,
        "since": time.strftime(MINUTE, time.gmtime(since)) if since else "",
        "sessions": row.sitting.sessions if row.sitting else 0, "busy": len(row.sitting.busy) if row.sitting else 0,
        "restarts": note.restarts if note else 0, "text": Masker().mask(now.probe.text) if now else "",
    }  # fmt: skip
