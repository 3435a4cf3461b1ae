"""A run, or rows of ownership → the changes that take it back, or hand it back. Pure over a snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from reconciler.model.change import ABSENT, Action, Cause, Change, Diff, Recorded, Seen, Standing, Verdict
from reconciler.model.fingerprint import alike
from reconciler.model.kind import AnyKind
from reconciler.model.outcome import Status, Step
from reconciler.model.problem import Origin, invalid
from reconciler.model.resource import Ref, Target
from reconciler.pipeline.judge import matches
from reconciler.pipeline.observe import Snapshot
from reconciler.pipeline.plan import OLD_SECRET, above, below, owned, veiled_change
from reconciler.pipeline.renamed import renamed
from reconciler.pipeline.wishes import Glance, Wish, blind, kept_veil, wish


def undo(
    steps: Sequence[Step],
    run: int,
    snapshot: Snapshot,
    kinds: Sequence[AnyKind],
    contents: Mapping[str, bytes],
    force: Sequence[str] = (),
    reverses: Mapping[tuple[str, str, str], bytes] | None = None,
    glance: Glance = blind,
) -> tuple[Change[Any], ...]:
    """Each thing the run changed, back to what stood there before, with its row of ownership as it was."""
    by_name = {kind.name: kind for kind in kinds}
    done = [step for step in steps if step.status is Status.DONE and step.ref.kind in by_name]
    parents = {step.claim._replace(item=step.claim.item[:n]) for step in done for n in range(1, len(step.claim.item))}
    changes = []
    for step in done:
        kind, seen = by_name[step.ref.kind], snapshot.seen[step.claim]
        kept = Kept(contents, glance)
        change = _of_name(step, seen, kind, snapshot, kept) or _restored(step, seen, kind, snapshot, kept)
        if _rotated(step) and not alike(change.fingerprint, step.before):
            change = replace(change, verdict=Verdict(False, OLD_SECRET, "set it back where it comes from, then apply"))
        moved = not alike(seen.fingerprint, step.after) and seen.fingerprint != step.before
        if moved and step.claim not in parents and not any(matches(f, step.ref, step.part) for f in force):
            hint = f"`reconcile rollback {run} --force {step.ref}` writes over it"
            change = replace(
                change, cause=Cause.CONFLICT, verdict=Verdict(False, f"changed again since run {run}", hint)
            )
        changes.append(replace(change, exact=(reverses or {}).get((step.ref.kind, *step.claim[:2]), b"")))
    return tuple(changes)


class Kept(NamedTuple):
    """Contents by fingerprint, and where references in them lead."""

    contents: Mapping[str, bytes]
    glance: Glance = blind


def _restored(step: Step, seen: Seen[Any], kind: AnyKind, snapshot: Snapshot, kept: Kept) -> Change[Any]:
    wished = _before(step, seen, kind, snapshot.key, kept)
    target = replace(claimed(step), desired=wished.state)
    return _back(target, seen, wished, step.recorded, kind, snapshot, kept)


def _before(step: Step, seen: Seen[Any], kind: AnyKind, key: bytes, kept: Kept) -> Wish:
    """What stood there before a step: with secrets in it, as its references lead to them now."""
    state = _kept(step.veil_before or step.before, step.ref, kind, kept.contents)
    if not step.veil_before:
        return Wish(step.before, "", state, state)
    wished = wish(state, kind.codec, key, None, kept.glance)
    return replace(wished, fingerprint=step.before) if alike(seen.fingerprint, step.before) else wished


def _rotated(step: Step) -> bool:
    """Whether a step only put another secret where one stood."""
    same = bool(step.veil_before) and alike(step.veil_before, step.veil_after)
    return same and not alike(step.before, step.after)


def _of_name(step: Step, seen: Seen[Any], kind: AnyKind, snapshot: Snapshot, kept: Kept) -> Change[Any] | None:
    """An item whose name another one took when it went, one like it even: it comes back before that one, or goes
    again."""
    if seen.fingerprint == step.before and not alike(step.after, step.before):
        return None
    if (step.action is Action.DELETE and step.after != ABSENT) or renamed(step):
        back = _restored(step, seen, kind, snapshot, kept)
        return replace(back, action=Action.CREATE, diff=below(step.part, kind.diff(None, back.after)))
    if step.action is Action.CREATE and step.cause is Cause.UNDO and step.before != ABSENT:
        back = _back(claimed(step), seen, Wish(ABSENT, "", None, None), step.recorded, kind, snapshot, kept)
        return replace(back, fingerprint=step.before)
    return None


def release(
    rows: Sequence[Recorded],
    snapshot: Snapshot,
    kinds: Sequence[AnyKind],
    contents: Mapping[str, bytes],
    reverses: Mapping[tuple[str, str, str], bytes],
) -> tuple[Change[Any], ...]:
    """Each thing we own, back to what stood there first; what was edited by hand since stays, and is ours no more."""
    by_name = {kind.name: kind for kind in kinds}
    changes = []
    for row in rows:
        kind, seen = by_name[row.ref.kind], snapshot.seen[row.claim]
        if not alike(seen.fingerprint, row.value):
            cause = Cause.ORPHAN if seen.fingerprint in (ABSENT, row.before) else Cause.CONFLICT
            changes.append(_forget(row, seen, cause))
            continue
        first = row.before if row.standing is not Standing.CREATED else None
        before = _kept(first or ABSENT, row.ref, kind, contents)
        target, wished = replace(owned(row), desired=before), Wish(first or ABSENT, "", before, before)
        back = _back(target, seen, wished, None, kind, snapshot, Kept(contents), row)
        changes.append(replace(back, exact=reverses.get((row.ref.kind, *row.claim[:2]), b"")))
    return tuple(changes)


def claimed(step: Step) -> Target[Any]:
    """What a step touched, as a target."""
    return Target(step.ref, step.part, step.claim, None, Origin(""))


def _kept(fingerprint: str, ref: Ref, kind: AnyKind, contents: Mapping[str, bytes]) -> Any:
    if fingerprint == ABSENT:
        return None
    if fingerprint not in contents:
        raise invalid(str(ref), "what stood there before is no longer kept", "take it from git's own history")
    return kind.codec.decode(contents[fingerprint])


def _back(
    target: Target[Any],
    seen: Seen[Any],
    wished: Wish,
    becomes: Recorded | None,
    kind: AnyKind,
    snapshot: Snapshot,
    kept: Kept,
    row: Recorded | None = None,
) -> Change[Any]:
    row = row or snapshot.recorded.get(target.claim)
    after, fingerprint = wished.state, wished.fingerprint
    made = tuple(sorted(c for c in snapshot.made if above(c, target.claim))) if after is None else ()
    if seen.fingerprint == fingerprint:
        action = Action.RECORD if becomes else Action.FORGET
    else:
        action = Action.DELETE if after is None else Action.CREATE if seen.state is None else Action.RESTORE
    secret = bool(wished.veiled or (row and row.veiled) or (becomes and becomes.veiled))
    diff = Diff() if action.bookkeeping or secret else below(target.part, kind.diff(seen.state, after))
    change = Change(
        target, action, Cause.UNDO, seen, after, fingerprint, becomes, row, diff, made, veiled=wished.veiled
    )
    veil = kept_veil(row, kind.codec, kept.contents)
    return veiled_change(change, wished, kind, snapshot.key, veil) if secret else change


def _forget(row: Recorded, seen: Seen[Any], cause: Cause) -> Change[Any]:
    return Change(owned(row), Action.FORGET, cause, seen, None, ABSENT, None, row)
