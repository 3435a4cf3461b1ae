"""Names that look like a secret → problems: things are found again by their names, so those are kept in clear. Pure.

Only known forms of secrets count, and values that a key in front of them gives away: a name that is merely random (a
digest, an id) is as likely to be none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from reconciler.formats import masking
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Resource, Target

TEXT = "a name that looks like a secret would be kept in clear: in state, history and caches, and git keeps it for ever"
RENAME = "rename it, and change the secret"
MOVE = "write another name; a secret goes behind one, as `!secret …`; and change this one"


def look_secret(names: Iterable[str]) -> bool:
    """Whether any of them does."""
    return bool(masking.find("\n".join(names), random=False))


def of_resource(resource: Resource[Any]) -> Iterator[Problem]:
    """Its own name, and those of its files."""
    paths = sorted({source.path for source in resource.sources if look_secret([source.path])})
    if not paths and look_secret([resource.ref.name]):
        paths = sorted(source.path for source in resource.sources)[:1] or [resource.ref.kind]
    for path in paths:
        yield Problem(Origin(path), TEXT, RENAME)


def shown(problem: Problem) -> Problem:
    """A problem that may be told, wherever it goes."""
    if not look_secret([problem.origin.path, problem.text, problem.hint]):
        return problem
    mask = masking.Masker(random=False).mask
    origin = replace(problem.origin, path=mask(problem.origin.path))
    return replace(problem, origin=origin, text=mask(problem.text), hint=mask(problem.hint))


def of_targets(targets: Iterable[Target[Any]]) -> Iterator[Problem]:
    """All names by which their claims are known: paths, keys, contexts, labels, regions."""
    known = [(target, _names(target)) for target in targets]
    if not look_secret(name for _, names in known for name in names):
        return
    for target, names in known:
        if look_secret(names):
            yield shown(Problem(target.origin, f"{target.ref}: {TEXT}", MOVE))


def _names(target: Target[Any]) -> list[str]:
    return [target.claim.path, *target.claim.item, target.ref.name, target.part]
