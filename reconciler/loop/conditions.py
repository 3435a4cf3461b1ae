"""What lasts after a turn, and what is new or over compared with the turn before. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from reconciler.model.backoff import Fault, Faults
from reconciler.model.change import Plan, Verdict
from reconciler.model.event import Condition, Event, Level, Suspension
from reconciler.model.problem import Problem

MACHINE = frozenset({"machine", "watch", "fetch"})
HEADS = MACHINE | {"branch", "busy", "commit"}
"""Sorts of conditions that are known whatever becomes of a turn; and once it is known where the branch stands."""
MASKS = re.compile(r"•••#\d+")
NUMBERED = re.compile(r"[\w.•#-]*\d[\w.•#-]*")


class News(NamedTuple):
    """What there is to tell."""

    begun: tuple[Condition, ...]
    over: tuple[Condition, ...]


def of_plan(plan: Plan, faults: Faults, paused: Sequence[Suspension]) -> list[Condition]:
    """What is held and nobody chose to have held: one condition for an object, whatever keys of it are meant."""
    ours = [pause for pause in paused if pause.by_loop]
    found = {pause.scope: Condition(f"suspended {pause.scope}", _paused(pause), about=pause.scope) for pause in ours}
    for change in plan.held:
        ref = str(change.ref)
        if not change.verdict.chosen and ref not in faults:
            found.setdefault(ref, Condition(f"held {ref}", _sentence(ref, change.verdict), about=ref))
    return [*found.values(), *(_fault(ref, fault) for ref, fault in faults.items())]


def _sentence(ref: str, verdict: Verdict) -> str:
    return f"{ref}: {verdict.rule}; {verdict.hint}" if verdict.hint else f"{ref}: {verdict.rule}"


def _paused(pause: Suspension) -> str:
    return f"{pause.scope}: left alone: {pause.reason}; `reconcile unsuspend {pause.scope}` ends it"


def _fault(ref: str, fault: Fault) -> Condition:
    # Neither the count nor the time is told: that it still fails is no news.
    return Condition(f"fault {ref}", f"{ref}: {fault.reason}; tried again, ever more seldom", Level.ERROR, ref)


def of_problems(key: str, said: str, problems: Iterable[Problem]) -> Condition:
    """Mistakes as one condition: a list of them is one piece of news."""
    lines = [str(problem) for problem in problems]
    return Condition(key, "\n".join([said, *lines]), Level.ERROR)


def compared(before: Mapping[str, Condition], now: Sequence[Condition]) -> News:
    """Each condition is told once, and once more when it is over; one that is another by now is told again."""
    standing = {condition.key: condition for condition in now}
    begun = tuple(c for key, c in standing.items() if key not in before or _gist(before[key]) != _gist(c))
    return News(begun, tuple(c for key, c in before.items() if key not in standing))


def unseen(
    before: Mapping[str, Condition], found: Sequence[Condition], known: Collection[str] | None
) -> list[Condition]:
    """Each condition once, with what lasted before of the sorts that could not be looked at: a turn that sees nothing
    says nothing. `known`: the sorts that were looked at, None for all."""
    kept = () if known is None else (c for c in before.values() if sort_of(c) not in known)
    return list({condition.key: condition for condition in (*kept, *found)}.values())


def sort_of(condition: Condition) -> str:
    """The first word of its key."""
    return condition.key.partition(" ")[0]


def _gist(condition: Condition) -> tuple[Level, str]:
    """What of a condition is news: who is waited for, in which words a thing fails still, how many there are of
    anything, is none; `status` shows the words of today."""
    sort = sort_of(condition)
    if sort in ("waiting", "fault", "machine", "fetch"):
        return condition.level, ""
    return condition.level, (MASKS if sort == "commit" else NUMBERED).sub("#", condition.text)


def events(news: News) -> list[Event]:
    """As the book writes them."""
    begun = [Event(c.key.partition(" ")[0], c.text, c.level, c.about) for c in news.begun]
    over = [Event("resolved", f"over: {c.text.partition(chr(10))[0]}", Level.RESOLVED, c.about) for c in news.over]
    return [*begun, *over]
