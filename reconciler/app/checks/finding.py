"""What one check found. Frozen data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.model.problem import Problem


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, and what to do where it is not well. A note is well, and good to know."""

    ok: bool
    text: str
    remedy: str = ""
    note: bool = False


def note(text: str, remedy: str = "") -> Finding:
    return Finding(True, text, remedy, True)


def of_problems(problems: Iterable[Problem]) -> Iterator[Finding]:
    """Mistakes that somebody else found."""
    return (Finding(False, f"{p.origin}: {p.text}", p.hint) for p in problems)
