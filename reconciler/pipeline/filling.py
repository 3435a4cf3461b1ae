"""Changes with references in them → the same with the secrets in their place, and every problem on the way. Looks.

All references of an apply are looked up before its first act: an object that lacks a secret is not begun.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.model.change import LATER, Action, Change, Standing
from reconciler.model.fingerprint import Codec, alike, fingerprint
from reconciler.model.outcome import Outcome, Status
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Claim
from reconciler.model.secret import Secrets
from reconciler.model.world import Unreadable

MOVED = "its secret changed since the plan was made; left as it is"


class NoSecrets:
    """Where no reference leads anywhere."""

    def glance(self, reference: str) -> str | None:
        return None

    def asking(self) -> NoSecrets:
        return self

    def value(self, reference: str) -> str:
        raise Unreadable(Problem(Origin(""), f"`{reference}` cannot be looked up here"))


NOWHERE = NoSecrets()


@dataclass(frozen=True, slots=True)
class Filling:
    """What secrets are put into changes with."""

    secrets: Secrets
    codecs: Mapping[str, Codec[Any]]
    key: bytes

    def lacking(self, changes: Sequence[Change[Any]]) -> dict[Claim, Outcome]:
        """What can't be done for want of a secret. A resource with a name stands or falls as a whole; settings have
        none, and each of their keys is one thing."""
        found = {c.claim: self._lacks(c) for c in changes if c.veiled and not c.action.bookkeeping}
        problems = {claim: problem for claim, problem in found.items() if problem is not None}
        whole = {c.ref for c in changes if c.claim in problems and c.ref.name}
        outcomes = {claim: Outcome(claim, Status.FAILED, problem) for claim, problem in problems.items()}
        for change in changes:
            if change.ref in whole and change.claim not in problems:
                why = Problem(Origin(str(change.ref)), "not done, since a secret of it could not be had")
                outcomes[change.claim] = Outcome(change.claim, Status.SKIPPED, why)
        return outcomes

    def _lacks(self, change: Change[Any]) -> Problem | None:
        carrier = self.codecs[change.ref.kind].secrets
        for name in sorted(carrier.references(change.after)) if carrier else ():
            try:
                self.secrets.value(name)
            except Unreadable as error:
                origin = change.target.origin if change.target.origin.path else Origin(str(change.ref))
                return replace(error.problem, origin=origin, text=f"{change.ref}: {error.problem.text}")
        return None

    def fill(self, change: Change[Any], *, exposed: bool) -> Change[Any] | Outcome:
        """The change as it is done; refused where the plan saw another secret. `exposed`: others may read the file."""
        codec = self.codecs[change.ref.kind]
        if not change.veiled or change.action.bookkeeping or codec.secrets is None:
            return change
        after = codec.secrets.filled(change.after, self.secrets.value)
        made = fingerprint(after, codec, self.key)
        if not (_assumed(change) or alike(made, change.fingerprint)):
            where = Origin(str(change.ref))
            return Outcome(change.claim, Status.STALE, Problem(where, MOVED, "plan again"))
        becomes = replace(change.becomes, value=made) if change.becomes else None
        veils = (), ((change.claim, change.after),)
        full = replace(change, after=after, fingerprint=made, becomes=becomes, veils=veils)
        return full if exposed or not alike(made, change.before.fingerprint) else _recorded(full)


def _assumed(change: Change[Any]) -> bool:
    """Whether a plan did not look: then it takes a secret to be the one that was put there."""
    row = change.recorded
    return change.fingerprint == LATER or (row is not None and alike(change.fingerprint, row.value))


def _recorded(change: Change[Any]) -> Change[Any]:
    """What turned out to stand there already: nothing is written."""
    first = change.recorded is None and change.becomes is not None
    becomes = replace(change.becomes, standing=Standing.ADOPTED) if first and change.becomes else change.becomes
    return replace(change, action=Action.RECORD, becomes=becomes)
