"""Mistakes people can fix: what is wrong, where, and the hint that mends it. Frozen data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Error: nothing is touched. Warning: shown, never in the way."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A place a person can open: a path as they would type it, line and column from 1 (0: the whole file)."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column or 1}" if self.line else self.path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake, in the user's words: lower case, no full stop, names in backticks."""

    origin: Origin
    text: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        label = "" if self.severity is Severity.ERROR else f"{self.severity}: "
        head = f"{self.origin}: {label}{self.text}"
        return f"{head}\n  hint: {self.hint}" if self.hint else head


class Invalid(Exception):
    """Every problem found, never one at a time."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def invalid(path: str, text: str, hint: str = "", *, line: int = 0, column: int = 0) -> Invalid:
    """One problem, ready to raise."""
    return Invalid([Problem(Origin(path, line, column), text, hint)])


def shown(path: str, home: str) -> str:
    """`~/…` for what lies below the home folder."""
    return "~" + path[len(home) :] if home and path.startswith(home + "/") else path
