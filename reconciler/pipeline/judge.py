"""A plan's changes + policy → what may be done, and by which rule the rest is held. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from reconciler.model.change import Cause, Change, Recorded, Verdict
from reconciler.model.resource import Claim, Mode, Ref, Rule, Settings

AGAINST_AN_EDIT = (Cause.DRIFT, Cause.CONFLICT, Cause.ADOPT, Cause.UNKNOWN)


def judge(
    changes: Sequence[Change[Any]],
    settings: Settings,
    *,
    force: Sequence[str] = (),
    foreign: dict[Claim, Recorded] | None = None,
    places: dict[str, str] | None = None,
) -> tuple[Change[Any], ...]:
    """Every change with its verdict. `foreign`: claims of other repositories; `places`: where those are."""
    return tuple(
        replace(c, verdict=_verdict(c, settings, force, (foreign or {}).get(c.claim), places or {})) for c in changes
    )


def _verdict(
    change: Change[Any], settings: Settings, force: Sequence[str], other: Recorded | None, places: dict[str, str]
) -> Verdict:
    if other is not None:
        where = places.get(other.repo, other.repo)
        return Verdict(False, f"owned by another repository: {where}", f"`reconcile -C {where} release {other.ref}`")
    if any(matches(pattern, change.ref) for pattern in force) or change.cause is Cause.UNDO:
        return Verdict()
    if change.action.bookkeeping:
        return Verdict()
    rule = rule_for(change.ref, settings)
    if rule is not None and rule.mode is Mode.IGNORE:
        return Verdict(False, f"ignored ({rule.origin})")
    if rule is not None and rule.mode is Mode.REPORT and change.cause in AGAINST_AN_EDIT:
        return Verdict(False, f"reported only ({rule.origin})", f"`--force {change.ref}` to do it all the same")
    return _by_cause(change, settings)


def _by_cause(change: Change[Any], settings: Settings) -> Verdict:
    told = f"`reconcile apply --force {change.ref}`"
    if change.cause is Cause.CONFLICT and settings.on_conflict != "desired":
        if change.after is None:
            return Verdict(False, "removed from git, but edited here since: kept", f"{told} removes it")
        what = "removed here" if change.before.state is None else "edited here"
        return Verdict(False, f"{what} and changed in git since the last apply", f"{told} takes git's")
    if change.cause is Cause.UNKNOWN:
        return Verdict(False, "the recorded state is lost: nobody knows whose edit this is", f"{told} takes git's")
    return Verdict()


def rule_for(ref: Ref, settings: Settings) -> Rule | None:
    """The last rule of `modes:` that speaks of a resource."""
    return next((rule for rule in reversed(settings.modes) if matches(rule.pattern, ref)), None)


def matches(pattern: str, ref: Ref) -> bool:
    """`agent` is every agent, `agent/x` one, `agent/team/*` a glob."""
    return pattern in (ref.kind, str(ref)) or fnmatchcase(str(ref), pattern)
