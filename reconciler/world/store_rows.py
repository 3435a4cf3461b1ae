"""Changes, rows of ownership, steps and runs ↔ the columns they are kept in. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.change import Action, Cause, Change, Recorded, Standing
from reconciler.model.fingerprint import alike
from reconciler.model.outcome import Outcome, Rest, Run, Status, Step
from reconciler.model.problem import Origin
from reconciler.model.resource import Claim, Ref, Revision

Columns = tuple[Any, ...]

# Looked up, since an enumeration that is called takes as long as all the rest of a row.
STANDINGS = {standing.value: standing for standing in Standing}
OWNED = "root, path, item, kind, name, part, repo, value, standing, before, needs, revision, run, veiled, mode"
STEP = (
    "root, path, item, kind, name, part, action, cause, before, after, recorded, status, message, becomes, wave, rest"
)
FOUND = "action, before, after, becomes, rest"
RUN = "id, verb, repo, tree, commit_id, branch, uncommitted, host, started, ended, generation, counts, title"


def item(claim: Claim) -> str:
    """JSON, since a key may hold any character."""
    return json.dumps(claim.item) if claim.item else "[]"


def claim(root: str, path: str, text: str) -> Claim:
    return Claim(root, path, tuple(json.loads(text)) if text != "[]" else ())


def owned_columns(row: Recorded, run: int) -> Columns:
    needs = json.dumps([str(ref) for ref in row.needs]) if row.needs else "[]"
    standing, before = row.standing.value, row.before
    at = (row.claim.root, row.claim.path, item(row.claim))
    return (
        *at,
        *row.ref,
        row.part,
        row.repo,
        row.value,
        standing,
        before,
        needs,
        row.revision,
        run,
        row.veiled,
        row.mode,
    )


def owned_row(columns: Sequence[Any]) -> Recorded:
    root, path, text, kind, name, part, repo, value, standing, before, needs, revision, run, *more = columns
    veiled, mode = more or ("", None)  # a step of an earlier version
    refs = tuple(map(Ref.parse, json.loads(needs))) if needs != "[]" else ()
    at = claim(root, path, text)
    return Recorded(
        at, Ref(kind, name), part, repo, value, STANDINGS[standing], before, refs, revision, run, veiled, mode
    )


def step_columns(change: Change[Any], status: Status, message: str = "", expected: Outcome | None = None) -> Columns:
    at = (change.claim.root, change.claim.path, item(change.claim), *change.ref, change.target.part)
    recorded, becomes = (json.dumps(owned_columns(r, r.run)) if r else None for r in (change.recorded, change.becomes))
    did = (change.action.value, change.cause.value, change.before.fingerprint, change.fingerprint)
    return (*at, *did, recorded, status.value, message, becomes, change.wave, rest(change, expected))


def found_columns(change: Change[Any], expected: Outcome | None) -> Columns:
    """What may have become of a step since it was planned."""
    becomes = json.dumps(owned_columns(change.becomes, change.becomes.run)) if change.becomes else None
    return change.action.value, change.before.fingerprint, change.fingerprint, becomes, rest(change, expected)


def rest(change: Change[Any], expected: Outcome | None) -> str:
    """JSON of a Rest."""
    target, origin = change.target, change.target.origin
    claims = (change.made, expected.made if expected else (), expected.unmade if expected else ())
    needs = [str(ref) for ref in sorted(target.needs)]
    at = [origin.path, origin.line, origin.column]
    said = [needs, at, target.rank, change.before.behind, change.after is None, *claims, change.partial]
    return json.dumps(said)


def _rest(text: str | None) -> Rest:
    if text is None:
        return Rest()
    needs, origin, rank, behind, removes, *more = json.loads(text)
    made, promised, going = (tuple(map(_claim, listed)) for listed in more[:3])
    way = _claim(behind) if behind else None
    return Rest(tuple(map(Ref.parse, needs)), Origin(*origin), rank, made, way, promised, going, removes, *more[3:])


def _claim(said: Sequence[Any]) -> Claim:
    root, path, steps = said
    return Claim(root, path, tuple(steps))


def step_row(columns: Sequence[Any]) -> Step:
    root, path, text, kind, name, part, action, cause, before, after, recorded, *more = columns
    status, message, becomes, wave, rest_ = more
    row, later = (owned_row(json.loads(said)) if said else None for said in (recorded, becomes))
    at, did = claim(root, path, text), (Action(action), Cause(cause))
    return Step(Ref(kind, name), part, at, *did, before, after, row, Status(status), message, later, wave, _rest(rest_))


def run_row(columns: Sequence[Any]) -> Run:
    id_, verb, repo, tree, commit, branch, uncommitted, host, started, ended, generation, counts, title = columns
    read = Revision(tree, commit, branch, uncommitted)
    counted = json.loads(counts) if counts else None
    return Run(id_, verb, repo, read, host, started, ended, generation, counted, title)


def insert(table: str, columns: str, how: str = "") -> str:
    return f"INSERT {how} INTO {table} ({columns}) VALUES ({', '.join('?' * (columns.count(',') + 1))})"


def with_contents(row: Recorded, change: Change[Any], kept: set[str]) -> Recorded:
    """The row under names whose contents are kept: between plan and apply a value may have been spelled anew."""
    value = row.value if row.value in kept or not alike(row.value, change.fingerprint) else change.fingerprint
    before = row.before
    if before is not None and before not in kept and alike(before, change.before.fingerprint):
        before = change.before.fingerprint
    return row if (value, before) == (row.value, row.before) else replace(row, value=value, before=before)
