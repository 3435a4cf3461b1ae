"""A reference → all that is known of it: what git says, what we did, what stands there, who else writes it. Looks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from reconciler.app import planning
from reconciler.app.layers import layers
from reconciler.app.session import App
from reconciler.formats import jsonc
from reconciler.model.change import Change, Recorded, Seen
from reconciler.model.kind import AnyKind, Diagnosis, Layer, Writer
from reconciler.model.resource import Claim, Ref, Rule, Target
from reconciler.model.secret import seen as hide
from reconciler.pipeline.judge import matches, rule_for, writer_of


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
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """One resource."""

    ref: Ref
    parts: tuple[WhyPart, ...]
    writers: tuple[Writer, ...]
    rule: Rule | None


def why(opened: App, pattern: str) -> tuple[Why, ...]:
    """Every resource that `pattern` names. Raises Invalid where it names none."""
    loaded = planning.read(opened)
    (targets, seen), plan = planning.looked(opened, loaded, [pattern])
    rule_at = pattern.partition("#")[2]
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
        found.append(Why(ref, parts, _writers(kind, parts), rule_for(ref, rule_at, loaded.settings)))
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
    commit = _commit(target, opened) if target else ""
    own = kind.layers(claim, layout)
    every = layers(claim, own, opened.env, os.getcwd()) if claim.item else tuple(own)
    if (row and row.veiled) or _carries(target, kind):
        every = tuple(layer._replace(value=hide(layer.value, opened.journal.key())) for layer in every)
    return WhyPart(claim, path, desired, commit, row, seen, change, every, kind.diagnose(seen))


def _carries(target: Target[Any] | None, kind: AnyKind) -> bool:
    carrier = kind.codec.secrets
    return carrier is not None and target is not None and bool(target.desired and carrier.references(target.desired))


def _commit(target: Target[Any], opened: App) -> str:
    """The commit that asks for a key, or for a file."""
    path, line = target.origin.path, target.origin.line
    return opened.here.line_commit(path, line) if line and target.claim.item else opened.here.last_commit(path)


def _writers(kind: AnyKind, parts: tuple[WhyPart, ...]) -> tuple[Writer, ...]:
    """Who may write these keys: those whose pointers match first, and those who may write any."""
    pointers = [jsonc.pointer(part.claim.item) for part in parts]
    near = [w for w in kind.writers if w.pointers and any(writer_of(pointer, (w,)) for pointer in pointers)]
    return (*near, *(w for w in kind.writers if not w.pointers))
