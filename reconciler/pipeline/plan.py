"""Targets + snapshot → changes and why, in waves: the table of three states. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from reconciler.model.change import ABSENT, LATER, Action, Cause, Change, Diff, Recorded, Seen, Standing
from reconciler.model.fingerprint import alike, fingerprint
from reconciler.model.kind import AnyKind
from reconciler.model.problem import Origin, invalid
from reconciler.model.resource import Claim, Target
from reconciler.pipeline.observe import Snapshot, gives_way
from reconciler.pipeline.wishes import Glance, Wish, blind, hidden, kept_veil, wish

UNTOLD = "not shown, since secrets stand in it"
OLD_SECRET = "the old secret is kept nowhere"
EXPOSED = "others may read this file: it becomes yours alone"


class Wants(NamedTuple):
    """What is asked for by whom, what is kept of what we wrote, and where references lead; `told`: the files of which
    it was said that others may read them."""

    repo: str
    revision: str
    contents: Mapping[str, bytes]
    glance: Glance
    told: set[tuple[str, str]]


class Decision(NamedTuple):
    """One row of the table."""

    action: Action
    cause: Cause


def decide(recorded: str | None, observed: str, desired: str, *, lost: bool = False) -> Decision | None:
    """The row for something that git names; None where it is in step."""
    if recorded is None:
        return _first_sight(observed, desired, lost)
    if alike(observed, desired):
        return None if alike(recorded, desired) else Decision(Action.RECORD, Cause.ADOPT)
    action = _towards(observed, desired)
    if alike(observed, recorded):
        return Decision(action, Cause.COMMIT)
    return Decision(action, Cause.DRIFT if alike(recorded, desired) else Cause.CONFLICT)


def _towards(observed: str, desired: str) -> Action:
    if desired == ABSENT:
        return Action.DELETE
    return Action.CREATE if observed == ABSENT else Action.UPDATE


def _first_sight(observed: str, desired: str, lost: bool) -> Decision:
    if observed == ABSENT:
        return Decision(Action.CREATE, Cause.COMMIT)
    if alike(observed, desired):
        return Decision(Action.RECORD, Cause.ADOPT)
    return Decision(_towards(observed, desired), Cause.UNKNOWN if lost else Cause.ADOPT)


def decide_removed(row: Recorded, observed: str) -> Decision:
    """The row for something that git no longer names, and that we own."""
    back = row.before if row.standing is Standing.REPLACED else None
    if observed == back or observed == ABSENT != row.value:
        return Decision(Action.FORGET, Cause.ORPHAN)
    action = Action.RESTORE if back else Action.DELETE
    return Decision(action, Cause.ORPHAN if alike(observed, row.value) else Cause.CONFLICT)


def changes(
    targets: Sequence[Target[Any]],
    snapshot: Snapshot,
    repo: str,
    revision: str,
    kinds: Sequence[AnyKind],
    contents: Mapping[str, bytes],
    glance: Glance = blind,
) -> tuple[Change[Any], ...]:
    """Everything that must happen. `contents`: what stood there before, for rows that will be restored, and what we
    wrote with references in place of secrets; `glance`: where a reference leads."""
    by_name = {kind.name: kind for kind in kinds}
    snapshot = replace(snapshot, recorded=_moved(targets, snapshot))
    wants = Wants(repo, revision, contents, glance, set())
    wanted = [_named(t, snapshot, by_name[t.ref.kind], wants) for t in targets]
    named = {target.claim for target in targets}
    parents = {claim._replace(item=claim.item[:depth]) for claim in named for depth in range(1, len(claim.item))}
    snapshot = replace(snapshot, made=snapshot.made - named)
    gone = [
        _grown(row, snapshot, parents) or _removed(row, snapshot, by_name[row.ref.kind], contents)
        for claim, row in sorted(snapshot.recorded.items())
        if claim not in named and row.ref.kind in by_name
    ]
    return tuple(change for change in (*wanted, *gone) if change is not None)


def _moved(targets: Sequence[Target[Any]], snapshot: Snapshot) -> Mapping[Claim, Recorded]:
    """The rows of ownership by what they are about now. Where the program itself moved a thing of ours, as the TUI does
    with `theme`, ownership moves with it: the row stays what it was, the place where it was is empty."""
    rows = dict(snapshot.recorded)
    named = {target.claim for target in targets}
    gone = {c: row for c, row in rows.items() if c not in named and snapshot.seen[c].fingerprint == ABSENT != row.value}
    left = {(row.ref, row.part): claim for claim, row in gone.items()}
    for target in targets:
        old = left.get((target.ref, target.part))
        if old is not None and target.claim not in rows:
            rows[target.claim] = rows.pop(old)
    return rows


def _named(target: Target[Any], snapshot: Snapshot, kind: AnyKind, wants: Wants) -> Change[Any] | None:
    row, seen = snapshot.recorded.get(target.claim), snapshot.seen[target.claim]
    grows = gives_way(seen, snapshot)
    observed = ABSENT if grows else seen.fingerprint
    if target.claim in snapshot.secret:
        wished = wish(target.desired, kind.codec, snapshot.key, row, wants.glance)
    else:
        wished = Wish(fingerprint(target.desired, kind.codec, snapshot.key), "", target.desired, target.desired)
    decision = decide(row.value if row else None, observed, wished.fingerprint, lost=snapshot.lost)
    if decision is None and row is not None and not (_is_of(row, target) and alike(row.veiled, wished.veiled)):
        decision = Decision(Action.RECORD, Cause.ADOPT)
    exposed = bool(wished.veiled) and target.claim[:2] in snapshot.exposed
    if exposed and (decision is None or decision.action is Action.RECORD):
        decision = Decision(Action.UPDATE, Cause.DRIFT if row is not None and row.veiled else Cause.COMMIT)
    if decision is None:
        return None
    becomes = _row(target, row, observed, wished, wants)
    made = change(target, decision, seen, wished, becomes, row, kind, snapshot.made)
    made = replace(made, diff=below(target.part, kind.diff(None, wished.shown))) if grows else made
    return _veiled(made, wished, snapshot, kind, wants, exposed=exposed) if made.secret and not grows else made


def _veiled(
    made: Change[Any], wished: Wish, snapshot: Snapshot, kind: AnyKind, wants: Wants, *, exposed: bool
) -> Change[Any]:
    at = made.claim[:2]
    news = exposed and at not in wants.told
    wants.told.update([at] if exposed else [])
    veil = kept_veil(made.recorded, kind.codec, wants.contents)
    return veiled_change(made, wished, kind, snapshot.key, veil, exposed=news)


def _is_of(row: Recorded, target: Target[Any]) -> bool:
    return (row.claim, row.ref, row.part) == (target.claim, target.ref, target.part)


def _row(target: Target[Any], row: Recorded | None, observed: str, wished: Wish, wants: Wants) -> Recorded:
    if row is not None:
        standing, before = row.standing, row.before
    elif observed == ABSENT:
        standing, before = Standing.CREATED, None
    else:
        standing = Standing.ADOPTED if alike(observed, wished.fingerprint) else Standing.REPLACED
        before = observed
    return Recorded(
        target.claim, target.ref, target.part, wants.repo, wished.fingerprint, standing, before,
        tuple(sorted(target.needs)), wants.revision, veiled=wished.veiled, mode=row.mode if row else None,
    )  # fmt: skip


def _grown(row: Recorded, snapshot: Snapshot, parents: set[Claim]) -> Change[Any] | None:
    """A key that we own, and below which git now names others: it is no claim of its own any more."""
    if row.claim not in parents:
        return None
    seen = snapshot.seen[row.claim]
    return Change(owned(row), Action.FORGET, Cause.ORPHAN, seen, None, seen.fingerprint, None, row)


def _removed(row: Recorded, snapshot: Snapshot, kind: AnyKind, contents: Mapping[str, bytes]) -> Change[Any]:
    seen = snapshot.seen[row.claim]
    decision = decide_removed(row, seen.fingerprint)
    after, after_fingerprint = None, ABSENT
    if decision.action is Action.RESTORE and row.before:
        if row.before not in contents:
            raise invalid(str(row.ref), "what stood there before is no longer kept", "name it in git again to keep it")
        after, after_fingerprint = kind.codec.decode(contents[row.before]), row.before
    wished = Wish(after_fingerprint, "", after, after)
    made = change(owned(row), decision, seen, wished, None, row, kind, snapshot.made)
    if not row.veiled:
        return made
    return veiled_change(made, wished, kind, snapshot.key, kept_veil(row, kind.codec, contents))


def owned(row: Recorded) -> Target[Any]:
    """What we own as a target: nothing asks for it any more."""
    return Target(row.ref, row.part, row.claim, None, Origin(""), frozenset(row.needs))


def change(
    target: Target[Any],
    decision: Decision,
    seen: Seen[Any],
    wished: Wish,
    becomes: Recorded | None,
    row: Recorded | None,
    kind: AnyKind,
    made: frozenset[Claim],
) -> Change[Any]:
    """One change with its diff; what we made on the way goes along when it is removed."""
    touches = not decision.action.bookkeeping
    return Change(
        target=target,
        action=decision.action,
        cause=decision.cause,
        before=seen,
        after=wished.state,
        fingerprint=wished.fingerprint,
        veiled=wished.veiled,
        becomes=becomes,
        recorded=row,
        diff=below(target.part, kind.diff(seen.state, wished.shown)) if touches and not wished.veiled else Diff(),
        made=tuple(sorted(c for c in made if above(c, target.claim))) if touches and wished.state is None else (),
    )


def veiled_change(
    change: Change[Any], wished: Wish, kind: AnyKind, key: bytes, veil: Any, *, exposed: bool = False
) -> Change[Any]:
    """The same for what holds secrets, or held some: its diff shows none, and says what is not seen in it."""
    if change.action.bookkeeping:
        return replace(change, diff=Diff())
    asked = change.target.desired if wished.veiled else None
    before = hidden(change.before.state, kind.codec, key, veil, asked)
    after = hidden(wished.shown, kind.codec, key, veil) if not wished.veiled else wished.shown
    untold = (before is None) != (change.before.state is None) or (after is None) != (change.after is None)
    diff = Diff(note=UNTOLD) if untold else below(change.target.part, kind.diff(before, after))
    rotated = _rotated(change)
    notes = [diff.note, "secret changed" if rotated else "", EXPOSED if exposed else ""]
    notes += _unseen(wished) if change.fingerprint == LATER else []
    return replace(
        change,
        diff=replace(diff, note=" · ".join(note for note in notes if note)),
        reversible=not rotated,
        why_not=OLD_SECRET if rotated else "",
    )


def _unseen(wished: Wish) -> list[str]:
    """What is not known of a wish before it is done."""
    here = [name for name in wished.unseen if name.startswith(("env:", "file:"))]
    later = [name for name in wished.unseen if name not in here]
    lines = (("needed, and not there", here), ("asked for when it is applied", later))
    return [f"{what}: {', '.join(f'`{name}`' for name in names)}" for what, names in lines if names]


def _rotated(change: Change[Any]) -> bool:
    """Whether git says what it said, and a secret in it is another one."""
    row, becomes = change.recorded, change.becomes
    if row is None or becomes is None or not row.veiled or not alike(row.veiled, becomes.veiled):
        return False
    return change.cause is Cause.COMMIT and not alike(row.value, becomes.value)


def below(part: str, diff: Diff) -> Diff:
    """The diff of a key, its pointers from the top of the file."""
    if not part.startswith("/"):
        return diff
    return replace(diff, fields=tuple(f._replace(pointer=part + f.pointer) for f in diff.fields))


def above(parent: Claim, claim: Claim) -> bool:
    """Whether `parent` is a folder, a file or an object on the way to `claim`."""
    if parent.root != claim.root:
        return False
    if parent.path == claim.path:
        return len(parent.item) < len(claim.item) and claim.item[: len(parent.item)] == parent.item
    return not parent.item and (not parent.path or claim.path.startswith(f"{parent.path}/"))
