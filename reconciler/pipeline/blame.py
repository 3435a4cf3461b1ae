"""What a program refused, and a plan's changes → problems that name the change to mend. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.model.change import Change
from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.programs import Refusal
from reconciler.model.resource import Ref

MOST = 3
HINT = "mend it in desired state; `--no-preflight` does it all the same"
ALREADY = "mend it: until then a server that loads it answers nothing but errors"


@dataclass(frozen=True, slots=True)
class Blame:
    """`by`: who refuses; `show`: root and path as people type it."""

    root: str
    by: str
    show: Callable[[str, str], str]

    def problems(self, refused: Refusal, changes: Sequence[Change[Any]]) -> tuple[Problem, ...]:
        """One for each change to blame; where they are many, one that names some."""
        where = self.show(self.root, refused.path).rstrip("/")
        said = f"{self.by} would refuse `{where}`: {told(refused)}"
        guilty: dict[Ref, Change[Any]] = {}
        for change in blamed(refused, changes):
            guilty.setdefault(change.ref, change)
        if len(guilty) > MOST:
            names = ", ".join(str(ref) for ref in [*guilty][:MOST])
            return (Problem(Origin(where), f"{names} and {len(guilty) - MOST} more: {said}", HINT),)
        return tuple(
            Problem(change.target.origin if change.target.origin.path else Origin(where), f"{ref}: {said}", HINT)
            for ref, change in guilty.items()
        )


def already(refused: Refusal, blame: Blame) -> Problem:
    """The warning for what stands there refused, and that the plan leaves alone."""
    where = Origin(blame.show(blame.root, refused.path).rstrip("/"))
    return Problem(where, f"{blame.by} refuses it as it stands: {told(refused)}", ALREADY, Severity.WARNING)


def told(refused: Refusal) -> str:
    more = len(refused.issues) - MOST
    return "; ".join([*refused.issues[:MOST], *([f"{more} more"] if more > 0 else [])])


def blamed(refused: Refusal, changes: Sequence[Change[Any]]) -> Sequence[Change[Any]]:
    """The keys it speaks of, else all that touches the file, else the files it names, else everything."""
    touching = [change for change in changes if change.claim.path == refused.path]
    named = [c for c in changes if any(f"/{c.claim.path} " in f"{issue} " for issue in refused.issues)]
    spoken = [c for c in touching if c.claim.item and any(_speaks_of(c.claim.item, i) for i in refused.issues)]
    return named or spoken or touching or changes


def _speaks_of(item: Sequence[str], issue: str) -> bool:
    """Whether a mistake is at a key, below it, or at an object above it: its last word is the key, with dots."""
    key, at = ".".join(item), issue.rpartition(" ")[2]
    return at == key or at.startswith(f"{key}.") or (key.startswith(f"{at}.")) or issue.endswith(f" {key}")
