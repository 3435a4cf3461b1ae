"""The verbs in order, on one page: load, survey, aim, observe, plan, order, judge. Looks, never touches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from reconciler.formats import splices
from reconciler.model.change import ABSENT, Change, Plan, Recorded, Standing
from reconciler.model.kind import AnyKind, Root
from reconciler.model.outcome import Journal
from reconciler.model.problem import Invalid, Origin, Problem, Severity, invalid, shown
from reconciler.model.resource import Claim, Layout, Loaded, Revision, Sight, Target
from reconciler.model.trace import moved
from reconciler.model.world import Look
from reconciler.pipeline import aim, amiss, judge, known, naming, observe, order, plan, react, references, survey, undo
from reconciler.pipeline.entire import entire
from reconciler.pipeline.guard import guard
from reconciler.pipeline.staying import staying
from reconciler.pipeline.wishes import Glance, blind


@dataclass(frozen=True, slots=True)
class Eyes:
    """What a plan is made with; `here`: the machine this really is, where it is planned as if it were `host`;
    `holding`: whether what can't be looked at is held and the rest planned, where else nothing is."""

    kinds: Sequence[AnyKind]
    roots: Sequence[Root]
    look: Look
    journal: Journal
    repo: str
    host: str
    home: str
    here: str = ""
    around: references.Around | None = None
    glance: Glance = blind
    sights: Mapping[str, Sight] = field(default_factory=dict)
    holding: bool = False


Looked = tuple[tuple[Target[Any], ...], observe.Snapshot]


def snapshot(loaded: Loaded, eyes: Eyes) -> Looked:
    """What git names, and one look at it and at all that we own."""
    rows = eyes.journal.recorded(loaded.still)
    layout = survey.survey(eyes.roots, eyes.look, [row for row in rows if row.repo == eyes.repo], eyes.home)
    layout = replace(layout, sights=eyes.sights)
    targets = aim.aim(loaded, layout, eyes.kinds, eyes.roots)
    return targets, observe.observe(
        targets, layout, rows, eyes.repo, kinds=eyes.kinds, look=eyes.look, journal=eyes.journal
    )


def propose(
    loaded: Loaded,
    eyes: Eyes,
    *,
    only: Sequence[str] = (),
    force: Sequence[str] = (),
    allow_delete: int | None = None,
    looked: Looked | None = None,
) -> Plan:
    """What would change and why; `allow_delete`: how many objects may go at once (None: any number); `looked`: a look
    that was taken already. Raises Invalid where something we need cannot be looked at."""
    targets, seen = looked or snapshot(loaded, eyes)
    _known((*only, *force), loaded, targets, seen)
    wrong = amiss.found(seen.seen.values()) if eyes.holding else {}
    problems = (*(observe.elsewhere(seen) if eyes.holding else readable(seen)), *_unmet(loaded, seen.layout, eyes))
    plain, reacting = react.split(eyes.kinds)
    ours = [target for target in targets if any(target.ref.kind == kind.name for kind in plain)]
    before = [row.before for row in seen.recorded.values() if row.before and row.standing is Standing.REPLACED]
    kept = contents([*before, *_veils(seen.recorded.values())], eyes.journal)
    changes = plan.changes(ours, seen, eyes.repo, loaded.revision.commit, plain, kept, eyes.glance)
    places = {row.repo: shown(eyes.journal.repository(row.repo), eyes.home) for row in seen.foreign.values()}
    policy = judge.Policy(
        loaded.settings,
        {kind.name: kind.writers for kind in eyes.kinds},
        force,
        seen.foreign,
        places,
        eyes.journal.suspensions(eyes.repo),
    )
    judged = together(amiss.held(judge.judge(changes, policy), wrong), eyes.kinds)
    chosen = [c for c in judged if not only or any(judge.matches(p, c.ref, c.target.part) for p in only)]
    owned = len({row.ref for row in seen.recorded.values()}) + _still(loaded)
    chosen = [*guard(chosen, owned, {target.ref for target in targets}, allow_delete)]
    proposed = Plan(
        eyes.repo,
        eyes.host,
        eyes.home,
        loaded.revision,
        order.order(chosen),
        unchanged=len({t.ref for t in targets if _among(only, t)} - {c.ref for c in judged}) + _still(loaded),
        problems=(
            *eyes.journal.troubles(),
            *loaded.problems,
            *problems,
            *aim.check(loaded, seen.layout, eyes.kinds),
            *observe.bare(seen),
            *_strange(loaded, eyes),
            *_pinned(loaded, eyes),
        ),
        here=eyes.here,
        history=loaded.settings.history,
    )
    proposed = entire(proposed, eyes.roots, eyes.kinds, eyes.look, seen.key)
    proposed = replace(proposed, changes=staying(proposed.changes, ((t.ref, t.claim) for t in targets)))
    told = react.Told(only, force, eyes.look, cache(eyes.journal.runs))
    return react.reacted(proposed, targets, seen, reacting, policy, told) if reacting else proposed


def _known(patterns: Sequence[str], loaded: Loaded, targets: Sequence[Target[Any]], seen: observe.Snapshot) -> None:
    """Raises Invalid for a TARGET that names nothing."""
    parts = [*((t.ref, t.part) for t in targets), *((row.ref, row.part) for row in seen.recorded.values())]
    naming.check(patterns, [*(r.ref for r in loaded.resources), *(ref for ref, _ in parts)], parts)


def _unmet(loaded: Loaded, layout: Layout, eyes: Eyes) -> Sequence[Problem]:
    if eyes.around is None or eyes.here:
        return ()
    return unmet(loaded, layout.places["opencode"].folder, eyes.around)


def unmet(loaded: Loaded, folder: str, around: references.Around) -> Sequence[Problem]:
    """Warnings about variables that are not set here. Raises Invalid for files that are not there; those named by a
    relative path are below `folder`."""
    found = ((r, moved(p, loaded.traces)) for r, p in references.unmet(loaded.resources, folder, around))
    problems = known.softened(found, loaded.settings.known_problems)
    if any(p.severity is Severity.ERROR for p in problems):
        raise Invalid(problems)
    return problems


def _pinned(loaded: Loaded, eyes: Eyes) -> Iterator[Problem]:
    """A warning where a rollback took back what this commit asks for."""
    commit, reason = eyes.journal.pinned(eyes.repo) or ("", "")
    if commit and commit == loaded.revision.commit:
        text = f"a rollback holds this commit back: {reason[:1].lower()}{reason[1:]}"
        hint = "`git revert` it, or `reconcile apply` it all the same: until then the loop leaves it alone"
        yield Problem(Origin(commit[:7]), text, hint, Severity.WARNING)


def _strange(loaded: Loaded, eyes: Eyes) -> Iterator[Problem]:
    """A warning where somebody plans as a machine that nothing is said of: that may be a typing error."""
    if eyes.here and eyes.host not in loaded.hosts:
        import difflib

        near = difflib.get_close_matches(eyes.host, loaded.hosts, 1)
        hint = f"did you mean `{near[0]}`?" if near else "it has what all machines have"
        text = "there is no such folder"
        yield Problem(Origin(f"desired-state/hosts/{eyes.host}"), text, hint, Severity.WARNING)


def _still(loaded: Loaded) -> int:
    return loaded.still.left if loaded.still is not None else 0


def _among(only: Sequence[str], target: Target[Any]) -> bool:
    return not only or any(judge.matches(pattern, target.ref, target.part) for pattern in only)


def readable(seen: observe.Snapshot) -> tuple[Problem, ...]:
    """Warnings about what could not be looked at; raises Invalid where we need it."""
    problems = observe.unreadable(seen)
    if any(p.severity is Severity.ERROR for p in problems):
        raise Invalid(problems)
    return tuple(problems)


def _veils(rows: Iterable[Recorded]) -> list[str]:
    return [row.veiled for row in rows if row.veiled]


def contents(fingerprints: Sequence[str], journal: Journal) -> dict[str, bytes]:
    """Kept contents by fingerprint; those that are no longer kept are missing."""
    found: dict[str, bytes] = {}
    for fingerprint in set(fingerprints):
        try:
            found[fingerprint] = journal.content(fingerprint)
        except KeyError:
            continue
    return found


def take_back(run: int, revision: Revision, eyes: Eyes, force: Sequence[str] = ()) -> Plan:
    """The plan that undoes one run."""
    steps = eyes.journal.steps(run)
    if not steps:
        raise invalid("history", f"there is no run {run}, or it is no longer kept", "see `reconcile history`")
    claims = tuple(undo.claimed(step) for step in steps)
    seen = look_at_claims(claims, eyes)
    veils = [step.veil_before for step in steps]
    names = [*(step.before for step in steps), *filter(None, veils), *_veils(seen.recorded.values())]
    kept = contents(names, eyes.journal)
    shared = {(step.ref.kind, *step.claim[:2]) for step in steps if step.claim.item}
    reverses = {at: eyes.journal.reverse(run, *at) for at in shared}
    changes = undo.undo(steps, run, seen, eyes.kinds, kept, force, reverses, eyes.glance)
    changes = tuple(_dressed(change, run, eyes.journal) for change in changes)
    return _undoing(changes, f"Takes back run {run}", revision, eyes)


def _dressed(change: Change[Any], run: int, journal: Journal) -> Change[Any]:
    """A file that comes back gets what it had."""
    comes = change.before.fingerprint == ABSENT and change.after is not None and not change.claim.item
    return replace(change, dress=journal.dress(run, *change.claim[:2])) if comes else change


def hand_back(only: Sequence[str], revision: Revision, eyes: Eyes) -> Plan:
    """The plan that releases everything that matches, or all."""
    seen = look_at_claims((), eyes)
    rows = [row for row in seen.recorded.values() if not only or any(judge.matches(p, row.ref, row.part) for p in only)]
    kept = contents([*(row.before for row in rows if row.before), *_veils(rows)], eyes.journal)
    changes = undo.release(rows, seen, eyes.kinds, kept, _chains(rows, seen, eyes))
    return _undoing(changes, "Hands back what stood there before", revision, eyes)


def _chains(rows: Sequence[Recorded], seen: observe.Snapshot, eyes: Eyes) -> dict[tuple[str, str, str], bytes]:
    """For each shared file that is handed back whole: the way back through all runs that edited it. There is none where
    two kinds had one thing in it, one after the other: each knows its own part of the way alone."""
    left = {(row.ref.kind, *row.claim[:2]) for row in set(seen.recorded.values()) - set(rows)}
    files = {(row.ref.kind, *row.claim[:2]) for row in rows if row.claim.item} - left
    runs = eyes.journal.runs() if files else ()
    kept = {at: [back for run in runs if (back := eyes.journal.reverse(run.id, *at))] for at in files}
    owners: dict[Claim, set[str]] = {claim: {row.ref.kind} for claim, row in seen.recorded.items()}
    steps = [step for run in runs for step in eyes.journal.steps(run.id)]
    for step in steps:
        owners.setdefault(step.claim, set()).add(step.ref.kind)
    passed = {(kind, *claim[:2]) for claim, known in owners.items() if len(known) > 1 for kind in known}
    return {at: splices.chain(backs) for at, backs in kept.items() if backs and at not in passed}


def look_at_claims(extra: tuple[Target[Any], ...], eyes: Eyes) -> observe.Snapshot:
    """One look at all that we own, and at some more. Raises Invalid where it cannot be looked at."""
    rows = eyes.journal.recorded()
    layout = survey.survey(eyes.roots, eyes.look, [row for row in rows if row.repo == eyes.repo])
    seen = observe.observe(extra, layout, rows, eyes.repo, kinds=eyes.kinds, look=eyes.look, journal=eyes.journal)
    readable(seen)
    return seen


def _undoing(changes: Sequence[Change[Any]], title: str, revision: Revision, eyes: Eyes) -> Plan:
    ordered = order.order(together(changes, eyes.kinds), {kind.name: kind.wave for kind in eyes.kinds})
    plan_ = Plan(eyes.repo, eyes.host, eyes.home, revision, ordered, title=title)
    whole = entire(plan_, eyes.roots, eyes.kinds, eyes.look, eyes.journal.key())
    owned = ((row.ref, row.claim) for row in eyes.journal.recorded() if row.repo == eyes.repo)
    return replace(whole, changes=staying(whole.changes, owned))


def together(changes: Sequence[Change[Any]], kinds: Sequence[AnyKind]) -> tuple[Change[Any], ...]:
    """Each kind's changes as they are once all of them are known."""
    by_kind: dict[str, list[Change[Any]]] = {kind.name: [] for kind in kinds}
    for change in changes:
        by_kind.setdefault(change.ref.kind, []).append(change)
    return tuple(change for kind in kinds for change in kind.together(by_kind[kind.name]))
