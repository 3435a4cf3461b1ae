"""A plan ↔ its JSON document. Pure: sealing and opening of secret contents are handed in.

Format 1. Contents stand as text, as base64, or sealed where they look like secrets; diffs are masked.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reconciler.formats.masking import Masker, find, key_names_secret, looks_secret
from reconciler.model.change import (
    FORMAT,
    NULL,
    Action,
    Cause,
    Change,
    Confirmation,
    Diff,
    Disruption,
    FieldChange,
    Plan,
    Recorded,
    Seen,
    Standing,
    Verdict,
)
from reconciler.model.fingerprint import Codec
from reconciler.model.problem import Origin, Problem, Severity, invalid
from reconciler.model.resource import Claim, Ref, Revision, Target

Codecs = Mapping[str, Codec[Any]]
Cipher = Callable[[bytes], bytes]


def lines(plan: Plan, codecs: Codecs, seal: Cipher) -> Iterator[str]:
    """The document, a change on each line, piece by piece so that nobody need hold it whole; no secret in clear."""
    masker = Masker()
    for change in plan.changes:
        _learn(change.diff, masker)
    yield "{\n"
    for name, said in _head(plan).items():
        yield f" {_json(name)}: {_json(said)},\n"
    changes = (_named(c, _change(c, codecs[c.ref.kind], seal, masker), seal) for c in plan.changes)
    yield from _listed("changes", changes)
    yield ",\n"
    yield from _listed("problems", map(_problem, plan.problems))
    yield ",\n"
    yield from _listed("confirmed", map(_confirmation, plan.confirmed))
    yield "\n}\n"


def _head(plan: Plan) -> dict[str, Any]:
    return {
        "format": plan.format,
        "title": plan.title,
        "repo": plan.repo,
        "host": plan.host,
        "here": plan.here,
        "home": plan.home,
        "revision": plan.revision._asdict(),
        "summary": {
            "due": len(plan.due),
            "held": len(plan.held),
            "bookkeeping": len(plan.bookkeeping),
            "unchanged": plan.unchanged,
        },
    }


def _listed(name: str, items: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield f" {_json(name)}: ["
    for number, said in enumerate(items):
        yield f"{',' if number else ''}\n  {_json(said)}"
    yield "\n ]"


def _json(said: Any) -> str:
    return json.dumps(said, ensure_ascii=False)


def begins_like_one(text: str) -> bool:
    """Whether the beginning of a file is that of a saved plan."""
    return re.match(r'\s*\{\s*"format":\s*\d+,\s*"title":', text) is not None


def _problem(problem: Problem) -> dict[str, Any]:
    origin = problem.origin
    return {
        "path": origin.path,
        "line": origin.line,
        "column": origin.column,
        "severity": problem.severity,
        "text": problem.text,
        "hint": problem.hint,
    }


def _confirmation(said: Confirmation) -> dict[str, Any]:
    problems = [_problem(p) for p in said.problems]
    return {"root": said.root, "by": said.by, "ok": said.ok, "text": said.text, "problems": problems}


def _change(change: Change[Any], codec: Codec[Any], seal: Cipher, masker: Masker) -> dict[str, Any]:
    before, behind = change.before.state, change.before.behind
    return {
        "ref": str(change.ref),
        "part": change.target.part,
        "claim": [*change.claim[:2], list(change.claim.item)],
        "origin": str(change.target.origin),
        "rank": change.target.rank,
        "needs": sorted(map(str, change.target.needs)),
        "action": change.action,
        "cause": change.cause,
        "wave": change.wave,
        "allowed": change.verdict.allowed,
        "held_by": change.verdict.rule,
        "hint": change.verdict.hint,
        "chosen": change.verdict.chosen,
        "reversible": change.reversible,
        "why_not": change.why_not,
        "partial": change.partial,
        "veiled": change.veiled,
        "before": {
            "fingerprint": change.before.fingerprint,
            "behind": [*behind[:2], list(behind.item)] if behind else None,
        },
        "after": {
            "fingerprint": change.fingerprint,
            **(_content(codec.encode(change.after), seal, _sealed(change)) if change.after is not None else {}),
        },
        "disturbs": [{"ref": str(d.ref), "how": d.how, "reason": d.reason, "busy": d.busy} for d in change.disturbs],
        "diff": _diff(change.diff, masker) if before is not None or change.diff.fields else {},
        "made": [[*c[:2], list(c.item)] for c in change.made],
        "becomes": row(change.becomes),
        "recorded": row(change.recorded),
    }


def _named(change: Change[Any], said: dict[str, Any], seal: Cipher) -> dict[str, Any]:
    """A change whose very name holds a secret can't be shown, and is sealed whole."""
    names = "\n".join((str(change.ref), change.target.part, *change.claim[:2], *change.claim.item))
    if not find(names, random=False):
        return said
    whole = base64.b64encode(seal(json.dumps(said).encode())).decode()
    return {"sealed": whole, "kind": change.ref.kind, "action": change.action, "cause": change.cause}


def _learn(diff: Diff, masker: Masker) -> None:
    """A value that is known by its key may stand elsewhere without it."""
    for said in diff.fields:
        key = said.pointer.rpartition("/")[2]
        for value in (said.before, said.after):
            if value is not None and value is not NULL:
                masker.learn(f'"{key}": {json.dumps(value, ensure_ascii=False, default=str)}')


def _sealed(change: Change[Any]) -> bool:
    """What stands at such a place may be a secret, whatever it looks like."""
    return not change.veiled and (change.secret or any(map(key_names_secret, change.claim.item)))


def _content(encoded: bytes, seal: Cipher, secret: bool) -> dict[str, str]:
    if secret or looks_secret(encoded):
        return {"sealed": base64.b64encode(seal(encoded)).decode()}
    try:
        return {"text": encoded.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(encoded).decode()}


def _diff(diff: Diff, masker: Masker) -> dict[str, Any]:
    def shown(value: Any) -> Any:
        if isinstance(value, list):
            return [shown(item) for item in value]
        if isinstance(value, dict):
            return {masker.mask(key): shown(item) for key, item in value.items()}
        return masker.mask(value) if isinstance(value, str) else None if value is NULL else value

    return {
        "fields": [
            {"pointer": masker.mask(f.pointer), "before": shown(f.before), "after": shown(f.after)} for f in diff.fields
        ],
        "text": masker.mask(diff.text),
        "note": diff.note,
    }


def row(recorded: Recorded | None) -> dict[str, Any] | None:
    """A row of ownership as plain data."""
    if recorded is None:
        return None
    return {
        "claim": [*recorded.claim[:2], list(recorded.claim.item)],
        "ref": str(recorded.ref),
        "part": recorded.part,
        "repo": recorded.repo,
        "value": recorded.value,
        "standing": recorded.standing,
        "before": recorded.before,
        "needs": [str(n) for n in recorded.needs],
        "revision": recorded.revision,
        "run": recorded.run,
        "veiled": recorded.veiled,
        "mode": recorded.mode,
    }


def recorded(said: dict[str, Any] | None) -> Recorded | None:
    """The inverse of row()."""
    if said is None:
        return None
    return Recorded(
        _claim(said["claim"]),
        Ref.parse(said["ref"]),
        said["part"],
        said["repo"],
        said["value"],
        Standing(said["standing"]),
        said["before"],
        tuple(Ref.parse(n) for n in said["needs"]),
        said["revision"],
        said["run"],
        said.get("veiled", ""),
        said.get("mode"),
    )


def loads(text: str, codecs: Codecs, unseal: Cipher) -> Plan:
    """The plan a document holds. Raises Invalid for anything else."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise invalid("plan", f"not a saved plan: {error}", "write one with `reconcile plan -o FILE`") from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        found = said.get("format") if isinstance(said, dict) else None
        raise invalid("plan", f"not a plan of format {FORMAT} (found {found})", "plan again with this version")
    try:
        changes = tuple(_read_change(c, codecs, unseal) for c in said["changes"])
        return Plan(
            said["repo"],
            said["host"],
            said["home"],
            Revision(**said["revision"]),
            changes,
            unchanged=said["summary"]["unchanged"],
            problems=tuple(_read_problem(p) for p in said["problems"]),
            confirmed=tuple(_read_confirmation(c) for c in said.get("confirmed", ())),
            title=said["title"],
            here=said.get("here", ""),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise invalid("plan", f"this saved plan is damaged: {error!r}", "plan again") from None


def _read_problem(said: dict[str, Any]) -> Problem:
    origin = Origin(said["path"], said["line"], said["column"])
    return Problem(origin, said["text"], said["hint"], Severity(said["severity"]))


def _read_confirmation(said: dict[str, Any]) -> Confirmation:
    problems = tuple(_read_problem(p) for p in said["problems"])
    return Confirmation(said["root"], said["by"], said["ok"], said["text"], problems)


def _claim(said: list[Any]) -> Claim:
    return Claim(said[0], said[1], tuple(said[2]))


def _read_change(said: dict[str, Any], codecs: Codecs, unseal: Cipher) -> Change[Any]:
    if "ref" not in said:
        said = json.loads(unseal(base64.b64decode(said["sealed"])))
    ref, claim = Ref.parse(said["ref"]), _claim(said["claim"])
    after = _read_content(said["after"], unseal)
    state = None if after is None else codecs[ref.kind].decode(after)
    needs = frozenset(Ref.parse(n) for n in said["needs"])
    before = said["before"]
    target: Target[Any] = Target(ref, said["part"], claim, state, _origin(said["origin"]), needs, said.get("rank", 0))
    return Change(
        target,
        Action(said["action"]),
        Cause(said["cause"]),
        Seen(claim, None, before["fingerprint"], None, _claim(before["behind"]) if before["behind"] else None),
        state,
        said["after"]["fingerprint"],
        recorded(said["becomes"]),
        recorded(said["recorded"]),
        diff=_read_diff(said["diff"]),
        made=tuple(_claim(c) for c in said["made"]),
        disturbs=tuple(map(_read_disruption, said.get("disturbs", ()))),
        verdict=Verdict(said["allowed"], said["held_by"], said["hint"], said["chosen"]),
        wave=said["wave"],
        reversible=said["reversible"],
        why_not=said["why_not"],
        partial=said.get("partial", False),
        veiled=said.get("veiled", ""),
    )


def _read_diff(said: dict[str, Any]) -> Diff:
    fields = tuple(FieldChange(f["pointer"], f["before"], f["after"]) for f in said.get("fields", ()))
    return Diff(fields, said.get("text", ""), said.get("note", ""))


def _read_disruption(said: dict[str, Any]) -> Disruption:
    return Disruption(Ref.parse(said["ref"]), said["how"], said["reason"], said["busy"])


def _origin(text: str) -> Origin:
    path, line, column = [*text.rsplit(":", 2), "", ""][:3]
    return Origin(path, int(line), int(column)) if line.isdigit() and column.isdigit() else Origin(text)


def _read_content(said: dict[str, Any], unseal: Cipher) -> bytes | None:
    if "sealed" in said:
        return unseal(base64.b64decode(said["sealed"]))
    if "base64" in said:
        return base64.b64decode(said["base64"])
    return said["text"].encode() if "text" in said else None
