"""A plan's changes + policy → what may be done, and by which rule the rest is held. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from reconciler.model.change import Cause, Change, Recorded, Verdict
from reconciler.model.event import Suspension
from reconciler.model.kind import Writer
from reconciler.model.resource import Claim, Mode, Ref, Rule, Settings

AGAINST_AN_EDIT = (Cause.DRIFT, Cause.CONFLICT, Cause.ADOPT, Cause.UNKNOWN)


@dataclass(frozen=True)
class Policy:
    """What decides. `writers`: by kind, who else is known to write; `force`: what a person told us to do all the same;
    `foreign`: claims of other repositories, which stand at `places`; `suspended`: what is left alone for now."""

    settings: Settings
    writers: Mapping[str, Sequence[Writer]] = field(default_factory=dict)
    force: Sequence[str] = ()
    foreign: Mapping[Claim, Recorded] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    suspended: Sequence[Suspension] = ()


def judge(changes: Sequence[Change[Any]], policy: Policy) -> tuple[Change[Any], ...]:
    """Every change with its verdict."""
    judged = ((change, _verdict(change, policy)) for change in changes)
    return tuple(
        change if change.verdict == verdict else replace(change, verdict=verdict) for change, verdict in judged
    )


def _verdict(change: Change[Any], policy: Policy) -> Verdict:
    if (other := policy.foreign.get(change.claim)) is not None:
        where = policy.places.get(other.repo, other.repo)
        return Verdict(False, f"owned by another repository: {where}", f"`reconcile -C {where} release {other.ref}`")
    if change.cause is Cause.UNDO or change.action.bookkeeping:
        return Verdict()
    if any(matches(pattern, change.ref, change.target.part) for pattern in policy.force):
        return Verdict()
    return _suspended(change, policy) or _by_mode(change, policy) or _by_cause(change, policy.settings)


def _suspended(change: Change[Any], policy: Policy) -> Verdict | None:
    for pause in policy.suspended:
        if matches(pause.scope, change.ref, change.target.part):
            until = f" until {pause.until[:16].replace('T', ' ')} UTC" if pause.until else ""
            hint = f"`reconcile unsuspend {quoted(pause.scope)}` ends it"
            return Verdict(False, f"suspended by {pause.by}{until}: {pause.reason}", hint, chosen=not pause.by_loop)
    return None


def quoted(scope: str) -> str:
    """A scope as a shell takes it."""
    return f"'{scope}'" if set(scope) & set("*?[#") else scope


def _by_mode(change: Change[Any], policy: Policy) -> Verdict | None:
    """What a line of `modes:` holds, or the wisdom of leaving a key to the program that writes it."""
    rule = rule_for(change.ref, change.target.part, policy.settings)
    if rule is not None and rule.mode is Mode.IGNORE:
        return Verdict(False, f"ignored ({rule.origin})", chosen=True)
    if change.cause not in AGAINST_AN_EDIT:
        return None
    hint = f"`reconcile apply --force {told(change)}` does it all the same"
    if rule is not None:
        reported = rule.mode is Mode.REPORT
        return Verdict(False, f"reported only ({rule.origin})", hint, chosen=True) if reported else None
    writer = writer_of(change.target.part, policy.writers.get(change.ref.kind, ()))
    if writer is not None and writer.mode is Mode.REPORT:
        return Verdict(False, f"reported only: {writer.who} writes it", hint, chosen=True)
    return None


def told(change: Change[Any]) -> str:
    """How a person names one change: its reference, and its key where it has one."""
    part = change.target.part
    return f"'{change.ref}#{part}'" if part.startswith("/") else str(change.ref)


def _by_cause(change: Change[Any], settings: Settings) -> Verdict:
    if change.cause not in (Cause.CONFLICT, Cause.UNKNOWN):
        return Verdict()
    force = f"`reconcile apply --force {told(change)}`"
    if change.cause is Cause.CONFLICT and settings.on_conflict != "desired":
        if change.after is None:
            return Verdict(False, "removed from git, but edited here since: kept", f"{force} removes it")
        what = "removed here" if change.before.state is None else "edited here"
        return Verdict(False, f"{what} and changed in git since the last apply", f"{force} takes git's")
    if change.cause is Cause.UNKNOWN:
        return Verdict(False, "the recorded state is lost: nobody knows whose edit this is", f"{force} takes git's")
    return Verdict()


def rule_for(ref: Ref, part: str, settings: Settings) -> Rule | None:
    """The last rule of `modes:` that speaks of a resource, or of a key in it."""
    return next((rule for rule in reversed(settings.modes) if matches(rule.pattern, ref, part)), None)


def writer_of(part: str, writers: Sequence[Writer]) -> Writer | None:
    """Who else is known to write a key, and is better left to it."""
    return next((w for w in writers if any(_at(part, pointer) for pointer in w.pointers)), None)


def matches(pattern: str, ref: Ref, part: str = "") -> bool:
    """`agent` is every agent, `agent/x` one, `agent/team/*` a glob; `zed_settings#/theme` a key and all below it."""
    whole, hash_, pointer = pattern.partition("#")
    if hash_ and not _at(part, pointer):
        return False
    return whole in (ref.kind, str(ref)) or fnmatchcase(str(ref), whole)


def _at(part: str, pointer: str) -> bool:
    return part == pointer or part.startswith(f"{pointer}/") or _covers(part.split("/"), pointer.split("/"))


def _covers(steps: Sequence[str], globs: Sequence[str]) -> bool:
    """Whether a glob of steps is of this place or of one above it: `*` is one step, `**` any number of them."""
    if not globs:
        return True
    first, *rest = globs
    if first == "**":
        return any(_covers(steps[depth:], rest) for depth in range(len(steps) + 1))
    return bool(steps) and fnmatchcase(steps[0], first) and _covers(steps[1:], rest)
