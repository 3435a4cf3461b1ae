"""Errors of what git says only a part of → warnings, where the rest stands in the file that it goes to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from reconciler.model.kind import AnyKind
from reconciler.model.problem import Severity
from reconciler.model.resource import Layout, Ref, Resource
from reconciler.pipeline.known import Found

Survey = Callable[[], Layout]
HINT = "what it lacks stands here already; a machine without that would refuse it"


def completed(found: Sequence[Found], kinds: Sequence[AnyKind], survey: Survey | None) -> list[Found]:
    """The same problems. `survey`: what stands on this machine, asked only where something is in error; None: nothing
    is known of it."""
    if survey is None or not any(problem.severity is Severity.ERROR for _, problem in found):
        return list(found)
    return list(_softer(found, {kind.name: kind for kind in kinds}, cache(survey)))


def _softer(found: Iterable[Found], kinds: Mapping[str, AnyKind], survey: Survey) -> Iterator[Found]:
    gone: dict[Ref, set[str]] = {}
    for resource, problem in found:
        if problem.severity is Severity.ERROR and resource.ref not in gone:
            gone[resource.ref] = _mended(resource, kinds[resource.ref.kind], survey())
        mended = problem.text in gone.get(resource.ref, ())
        yield resource, replace(problem, severity=Severity.WARNING, hint=HINT) if mended else problem


def _mended(resource: Resource[Any], kind: AnyKind, layout: Layout) -> set[str]:
    """What is wrong with a resource alone, and not with what stands beside it."""
    whole = kind.beside(resource, layout)
    alone, together = ({problem.text for problem in kind.lint(one)} for one in (resource, whole))
    return alone - together
