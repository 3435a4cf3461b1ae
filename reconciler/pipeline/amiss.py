"""Changes of files that can't be looked at → held, each with what is amiss there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.change import Change, Seen, Verdict
from reconciler.model.problem import Problem, Severity

Amiss = Mapping[tuple[str, str], Problem]


def found(seen: Iterable[Seen[Any]]) -> Amiss:
    """What is wrong with files of which we need to know how they are, by root and path."""
    wrongs = ((one.claim, one.problem) for one in seen)
    return {claim[:2]: wrong for claim, wrong in wrongs if wrong is not None and wrong.severity is Severity.ERROR}


def held(changes: Sequence[Change[Any]], wrong: Amiss) -> Sequence[Change[Any]]:
    """All that would touch such a file, or note anything of it, waits; `wrong`: what is amiss where."""
    return [_held(change, wrong.get(change.claim[:2])) for change in changes]


def _held(change: Change[Any], problem: Problem | None) -> Change[Any]:
    if problem is None or change.verdict.chosen:
        return change
    return replace(change, verdict=Verdict(False, f"{problem.origin}: {problem.text}", problem.hint))
