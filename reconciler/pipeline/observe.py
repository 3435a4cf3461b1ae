"""Targets and rows of ownership → what is so now. Looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.change import Recorded, Seen
from reconciler.model.fingerprint import alike
from reconciler.model.kind import AnyKind
from reconciler.model.outcome import Journal
from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.resource import Claim, Layout, Target
from reconciler.model.world import Look

OTHERS = 0o077


@dataclass(frozen=True)
class Snapshot:
    """One look at everything a plan needs: what stands there, and what we remember of it. `secret`: the claims that git
    wants a secret in; `exposed`: the files that hold secrets, or shall hold some, and that others may read; `bare`:
    those of which others may read whatever is done, and the sort of their file system."""

    layout: Layout
    recorded: Mapping[Claim, Recorded]
    foreign: Mapping[Claim, Recorded]
    seen: Mapping[Claim, Seen[Any]]
    made: frozenset[Claim]
    key: bytes
    lost: bool
    secret: frozenset[Claim] = frozenset()
    exposed: frozenset[tuple[str, str]] = frozenset()
    bare: Mapping[tuple[str, str], str] = field(default_factory=dict)


def observe(
    targets: Sequence[Target[Any]],
    layout: Layout,
    rows: Sequence[Recorded],
    repo: str,
    *,
    kinds: Sequence[AnyKind],
    look: Look,
    journal: Journal,
) -> Snapshot:
    """Looks at every claim that git names or that we own, batched by kind."""
    ours = {row.claim: row for row in rows if row.repo == repo}
    by_kind: dict[str, list[Claim]] = {}
    for target in targets:
        by_kind.setdefault(target.ref.kind, []).append(target.claim)
    named = {target.claim for target in targets}
    for claim, row in ours.items():
        if claim not in named:
            by_kind.setdefault(row.ref.kind, []).append(claim)
    key = journal.key()
    secret = frozenset(_with_secrets(targets, kinds))
    holding = {claim[:2] for claim in (*secret, *(row.claim for row in rows if row.veiled))}
    bitless = {at: found for at in holding if (found := look.bitless(*at)) is not None}
    return Snapshot(
        layout=layout,
        recorded=ours,
        foreign={row.claim: row for row in rows if row.repo != repo},
        seen=look_at(by_kind, kinds, look, key),
        made=journal.made(),
        key=key,
        lost=journal.lost(repo),
        secret=secret,
        exposed=frozenset(at for at in holding if at not in bitless and (look.mode(*at) or 0) & OTHERS),
        bare={at: found.sort for at, found in bitless.items() if not found.private},
    )


def _with_secrets(targets: Sequence[Target[Any]], kinds: Sequence[AnyKind]) -> Iterator[Claim]:
    carriers = {kind.name: kind.codec.secrets for kind in kinds}
    for target in targets:
        carrier = carriers[target.ref.kind]
        if carrier is not None and target.desired is not None and carrier.references(target.desired):
            yield target.claim


def look_at(
    by_kind: Mapping[str, Sequence[Claim]], kinds: Sequence[AnyKind], look: Look, key: bytes
) -> dict[Claim, Seen[Any]]:
    """What is so at each claim."""
    found: dict[Claim, Seen[Any]] = {}
    for kind in kinds:
        if claims := by_kind.get(kind.name):
            found.update((seen.claim, seen) for seen in kind.observe(claims, look, key))
    return found


def gives_way(seen: Seen[Any], snapshot: Snapshot) -> bool:
    """Whether what stands in the way is ours, and as we left it."""
    row = snapshot.recorded.get(seen.behind) if seen.behind else None
    return row is not None and alike(snapshot.seen[row.claim].fingerprint, row.value)


def bare(snapshot: Snapshot) -> Iterator[Problem]:
    """Warnings about files that hold secrets of ours, or shall hold some, and that nobody can keep from others."""
    for (root, path), sort in sorted(snapshot.bare.items()):
        text = f"others may read it, with the secrets in it: its file system (`{sort}`) keeps no permission bits"
        hint = "mount that with `umask=077`, or have this folder on another one"
        yield Problem(Origin(snapshot.layout.show(Claim(root, path))), text, hint, Severity.WARNING)


def unreadable(snapshot: Snapshot) -> list[Problem]:
    """What could not be looked at among the things we need (errors), and elsewhere below the roots (warnings)."""
    return [*_errors(snapshot), *elsewhere(snapshot)]


def _errors(snapshot: Snapshot) -> list[Problem]:
    return [seen.problem for seen in snapshot.seen.values() if seen.problem is not None]


def elsewhere(snapshot: Snapshot) -> list[Problem]:
    """Warnings about what could not be looked at below the roots, and that we do not need."""
    named = {problem.origin for problem in _errors(snapshot)}
    return [
        Problem(p.origin, p.text, p.hint, Severity.WARNING)
        for place in snapshot.layout.places.values()
        for p in place.problems
        if p.origin not in named
    ]
