"""Errors of what git says only a part of → warnings, where the rest stands in the file that it goes to. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from reconciler.model.kind import AnyKind
from reconciler.model.problem import Problem, Severity
from reconciler.model.resource import Layout, Ref, Resource
from reconciler.pipeline.known import Found

Survey = Callable[[], Layout]
HINT = "what it lacks stands here already; a machine without that would refuse it"
ADDRESS = re.compile(r"has no `(?:url|command)`|neither `command` nor `url`")
LEFT_OUT = (
    "it stands here, unowned: an import leaves out what looks like a secret. To have it in git, write it with "
    "`{env:NAME}` in the secret's place, where OpenCode reads it"
)


def completed(found: Sequence[Found], kinds: Sequence[AnyKind], survey: Survey | None) -> list[Found]:
    """The same problems. `survey`: what stands on this machine, asked only where something is in error; None: nothing
    is known of it."""
    if survey is None or not any(_concerned(problem) for _, problem in found):
        return list(found)
    return list(_softer(found, {kind.name: kind for kind in kinds}, cache(survey)))


def _softer(found: Iterable[Found], kinds: Mapping[str, AnyKind], survey: Survey) -> Iterator[Found]:
    gone: dict[Ref, set[str]] = {}
    for resource, problem in found:
        if _concerned(problem) and resource.ref not in gone:
            gone[resource.ref] = _mended(resource, kinds[resource.ref.kind], survey())
        mended = problem.text in gone.get(resource.ref, ())
        hint = LEFT_OUT if ADDRESS.search(problem.text) else HINT
        yield resource, replace(problem, severity=Severity.WARNING, hint=hint) if mended else problem


def _concerned(problem: Problem) -> bool:
    return problem.severity is Severity.ERROR or bool(ADDRESS.search(problem.text))


def _mended(resource: Resource[Any], kind: AnyKind, layout: Layout) -> set[str]:
    """What is wrong with a resource alone, and not with what stands beside it."""
    whole = kind.beside(resource, layout)
    alone, together = ({problem.text for problem in kind.lint(one)} for one in (resource, whole))
    return alone - together
