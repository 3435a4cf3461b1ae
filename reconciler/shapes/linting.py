"""Mistakes of one resource → problems, each where its key stands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import reduce
from typing import Any

from reconciler.formats.schema import Mistake, Steps
from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.resource import Layout, Resource
from reconciler.shapes.asked import Asked
from reconciler.shapes.mcp_entry import over
from reconciler.shapes.settings_file import SettingsFile

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


def beside(rules: Rules, file: SettingsFile) -> Callable[[Resource[Asked], Layout], Resource[Asked]]:
    """Settings, and what stands already of the entries in them that lack a key."""

    def of(resource: Resource[Asked], layout: Layout) -> Resource[Asked]:
        said = resource.spec
        lacking = [mistake.steps for mistake in rules(said.value) if mistake.sort == "missing" and mistake.steps]
        value = reduce(lambda whole, steps: _filled(whole, steps, file.value(layout, steps)), lacking, said.value)
        return replace(resource, spec=replace(said, value=value))

    return of


def _filled(said: Any, steps: Steps, here: Any) -> Any:
    """What is said, over what stands here at one place."""
    if steps:
        return {**said, steps[0]: _filled(said[steps[0]], steps[1:], here)} if isinstance(said, dict) else said
    return over(here, said) if isinstance(here, dict) and isinstance(said, dict) else said


def of_settings(rules: Rules) -> Callable[[Resource[Asked]], Iterator[Problem]]:
    """The lint of a kind whose resources are settings."""
    return lambda resource: problems(resource, rules(resource.spec.value), lambda path: resource.spec.origin)
