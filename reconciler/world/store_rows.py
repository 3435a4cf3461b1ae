"""Changes, rows of ownership, steps and runs ↔ the columns they are kept in. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from reconciler.model.change import Action, Cause, Change, Recorded, Standing
from reconciler.model.outcome import Run, Status, Step
from reconciler.model.resource import Claim, Ref, Revision

Columns = tuple[Any, ...]

OWNED = "root, path, item, kind, name, part, repo, value, standing, before, needs, revision, run"
STEP = "root, path, item, kind, name, part, action, cause, before, after, recorded, status, message, becomes"
RUN = "id, verb, repo, tree, commit_id, branch, uncommitted, host, started, ended, generation, counts"


def item(claim: Claim) -> str:
    """JSON, since a key may hold any character."""
    return json.dumps(claim.item) if claim.item else "[]"


def claim(root: str, path: str, text: str) -> Claim:
    return Claim(root, path, tuple(json.loads(text)) if text != "[]" else ())


def owned_columns(row: Recorded, run: int) -> Columns:
    needs = json.dumps([str(ref) for ref in row.needs]) if row.needs else "[]"
    standing, before = row.standing.value, row.before
    at = (row.claim.root, row.claim.path, item(row.claim))
    return (*at, *row.ref, row.part, row.repo, row.value, standing, before, needs, row.revision, run)


def owned_row(columns: Sequence[Any]) -> Recorded:
    root, path, text, kind, name, part, repo, value, standing, before, needs, revision, run = columns
    refs = tuple(map(Ref.parse, json.loads(needs))) if needs != "[]" else ()
    at = claim(root, path, text)
    return Recorded(at, Ref(kind, name), part, repo, value, Standing(standing), before, refs, revision, run)


def step_columns(change: Change[Any], status: Status, message: str = "") -> Columns:
    at = (change.claim.root, change.claim.path, item(change.claim), *change.ref, change.target.part)
    recorded, becomes = (json.dumps(owned_columns(r, r.run)) if r else None for r in (change.recorded, change.becomes))
    did = (change.action.value, change.cause.value, change.before.fingerprint, change.fingerprint)
    return (*at, *did, recorded, status.value, message, becomes)


def step_row(columns: Sequence[Any]) -> Step:
    root, path, text, kind, name, part, action, cause, before, after, recorded, status, message, becomes = columns
    row, later = (owned_row(json.loads(said)) if said else None for said in (recorded, becomes))
    at, did = claim(root, path, text), (Action(action), Cause(cause))
    return Step(Ref(kind, name), part, at, *did, before, after, row, Status(status), message, later)


def run_row(columns: Sequence[Any]) -> Run:
    id_, verb, repo, tree, commit, branch, uncommitted, host, started, ended, generation, counts = columns
    read = Revision(tree, commit, branch, uncommitted)
    counted = json.loads(counts) if counts else None
    return Run(id_, verb, repo, read, host, started, ended, generation, counted)
