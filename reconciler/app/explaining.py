"""A reference → all that is known of it: what git says, what we did, what stands there, who else writes it. Looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.app.session import App
from reconciler.model.change import Change, Recorded, Seen
from reconciler.model.kind import AnyKind, Layer, Writer
from reconciler.model.resource import Claim, Ref, Rule, Target
from reconciler.pipeline import cycle
from reconciler.pipeline.judge import matches, rule_for


@dataclass(frozen=True, slots=True)
class WhyPart:
    """One claim of a resource."""

    claim: Claim
    path: str
    desired: str
    commit: str
    recorded: Recorded | None
    seen: Seen[Any]
    change: Change[Any] | None
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """One resource."""

    ref: Ref
    parts: tuple[WhyPart, ...]
    writers: tuple[Writer, ...]
    rule: Rule | None


def why(opened: App, pattern: str) -> tuple[Why, ...]:
    """Every resource that `pattern` names. Raises Invalid where it names none."""
    loaded = opened.load()
    repo = loaded.settings.id or opened.here.folder
    targets, seen = cycle.snapshot(loaded, opened.eyes(repo))
    plan = opened.plan(targets=[pattern], loaded=loaded)
    changes = {change.claim: change for change in plan.changes}
    aimed = {t.claim: t for t in targets if matches(pattern, t.ref, t.part)}
    rows = {claim: row for claim, row in seen.recorded.items() if matches(pattern, row.ref, row.part)}
    refs = sorted({t.ref for t in aimed.values()} | {row.ref for row in rows.values()})
    by_name = {kind.name: kind for kind in opened.kinds}
    found = []
    for ref in refs:
        claims = sorted({c for c, t in aimed.items() if t.ref == ref} | {c for c, r in rows.items() if r.ref == ref})
        kind = by_name[ref.kind]
        parts = tuple(
            _part(c, aimed.get(c), rows.get(c), seen.seen[c], changes.get(c), kind, opened, seen.layout) for c in claims
        )
        found.append(Why(ref, parts, kind.writers, rule_for(ref, pattern.partition("#")[2], loaded.settings)))
    return tuple(found)


def _part(
    claim: Claim,
    target: Target[Any] | None,
    row: Recorded | None,
    seen: Seen[Any],
    change: Change[Any] | None,
    kind: AnyKind,
    opened: App,
    layout: Any,
) -> WhyPart:
    path = opened.world.show(claim.root, claim.path)
    desired = str(target.origin) if target else ""
    commit = opened.here.last_commit(target.origin.path) if target else ""
    return WhyPart(claim, path, desired, commit, row, seen, change, tuple(kind.layers(claim, layout)))
