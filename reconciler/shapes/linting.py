"""Mistakes of one resource → problems, each where its key stands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from reconciler.formats.schema import Mistake, Steps
from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.resource import Resource
from reconciler.shapes.asked import Asked

Rules = Callable[[Any], Iterable[Mistake]]
Where = Callable[[str], Callable[[Steps], Origin]]


def problems(resource: Resource[Any], mistakes: Iterable[Mistake], where: Where) -> Iterator[Problem]:
    """Places are looked up only when there is something to show: that costs a second, slower reading."""
    found = list(mistakes)
    origin = where(resource.sources[0].path) if found else None
    for mistake in found:
        if origin is not None:
            severity = Severity.ERROR if mistake.refused else Severity.WARNING
            yield Problem(origin(mistake.steps), f"{resource.ref}: {mistake.text}", mistake.hint, severity)


def of_settings(rules: Rules) -> Callable[[Resource[Asked]], Iterator[Problem]]:
    """The lint of a kind whose resources are settings."""
    return lambda resource: problems(resource, rules(resource.spec.value), lambda path: resource.spec.origin)
