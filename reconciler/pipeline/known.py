"""Problems that already stood in an object when it was imported: warnings until somebody edits it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from reconciler.model.problem import Problem, Severity
from reconciler.model.resource import KnownProblem, Resource, Source

Found = tuple[Resource[Any], Problem]


def digest(sources: Sequence[Source]) -> str:
    """What an object's files say, so that an edit of any of them shows."""
    state = blake2b(digest_size=16)
    for source in sorted(sources):
        for part in (source.path.encode(), b"x" if source.file.executable else b"-", source.file.content):
            state.update(len(part).to_bytes(8, "big") + part)
    return state.hexdigest()


def softened(found: Iterable[Found], known: Sequence[KnownProblem]) -> list[Problem]:
    """The problems, with those that were known at the import as warnings."""
    return [replace(p, severity=Severity.WARNING) if is_known(r, p, known) else p for r, p in found]


def is_known(resource: Resource[Any], problem: Problem, known: Sequence[KnownProblem]) -> bool:
    """Whether an object stands in reconcile.yaml as it is now; of one with an overlay, as it is below that, where the
    problem stands there too."""
    named = {entry.digest for entry in known if entry.ref == str(resource.ref)}
    if not named:
        return False
    ground = resource.ground if problem.origin.path in {source.path for source in resource.ground} else ()
    return any(digest(sources) in named for sources in (resource.sources, ground) if sources)


def at_fault(found: Iterable[Found], known: Sequence[KnownProblem]) -> tuple[KnownProblem, ...]:
    """Every object with an error that is not known yet."""
    faulty = {r.ref: r for r, p in found if p.severity is Severity.ERROR and not is_known(r, p, known)}
    return tuple(KnownProblem(str(ref), digest(faulty[ref].sources)) for ref in sorted(faulty))
