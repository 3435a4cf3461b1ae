"""Events → messages: at once when it was quiet, together when news come fast. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.model.event import Event, Level

TOLD = (Level.WARNING, Level.ERROR, Level.RESOLVED)
LINES = 20


@dataclass(frozen=True, slots=True)
class Mailbag:
    """What waits to be told, and when the last message went."""

    waiting: tuple[Event, ...] = ()
    sent: float = float("-inf")


def collected(bag: Mailbag, events: Sequence[Event]) -> Mailbag:
    """With the events somebody wants to be told of."""
    return replace(bag, waiting=(*bag.waiting, *(event for event in events if event.level in TOLD)))


def due(bag: Mailbag, now: float, every: float) -> float | None:
    """Seconds until what waits may go; None where nothing waits."""
    return max(0.0, bag.sent + every - now) if bag.waiting else None


def emptied(now: float) -> Mailbag:
    return Mailbag(sent=now)


def message(events: Sequence[Event]) -> tuple[str, str]:
    """A title and a text. What began and was over again before anybody was told is told as it ended."""
    last = {event.about or event.text: event for event in events}
    shown = list(last.values())
    bad = sum(event.level is not Level.RESOLVED for event in shown)
    over = len(shown) - bad
    parts = [f"{bad} to look at"] * bool(bad) + [f"{over} resolved"] * bool(over)
    lines = [event.text.partition("\n")[0] for event in shown[:LINES]]
    more = [f"… and {len(shown) - LINES} more: `reconcile events`"] if len(shown) > LINES else []
    return f"reconcile: {', '.join(parts)}", "\n".join([*lines, *more])
