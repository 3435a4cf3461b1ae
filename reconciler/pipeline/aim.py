"""Loaded + Layout → targets; two claims on one thing and claims outside our reach are refused. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from reconciler.model.kind import AnyKind, Root
from reconciler.model.problem import Invalid, Problem
from reconciler.model.resource import PORT, Claim, Layout, Loaded, Ref, Target
from reconciler.model.trace import Traces, moved, traced
from reconciler.pipeline import secret_names


def aim(loaded: Loaded, layout: Layout, kinds: Sequence[AnyKind], roots: Sequence[Root]) -> tuple[Target[Any], ...]:
    """Every target, by claim. Raises Invalid."""
    by_name = {kind.name: kind for kind in kinds}
    targets: list[Target[Any]] = []
    problems: list[Problem] = []
    taken: frozenset[Claim] | None = None
    for resource in sorted(loaded.resources, key=lambda resource: by_name[resource.ref.kind].last):
        if by_name[resource.ref.kind].last and layout.taken is not taken:
            taken = frozenset(target.claim for target in targets)
            layout = replace(layout, taken=taken)
        try:
            found = by_name[resource.ref.kind].targets(resource, loaded, layout)
        except Invalid as error:
            problems += [moved(problem, loaded.traces) for problem in error.problems]
        else:
            targets += found
    targets = _traced(targets, loaded.traces)
    problems += _twice(targets, layout)
    problems += dict.fromkeys(secret_names.of_targets(targets))
    problems += _out_of_reach(targets, {root.name: root for root in roots})
    if problems:
        raise Invalid(problems)
    return tuple(sorted(targets, key=lambda t: t.claim))


def _traced(targets: list[Target[Any]], traces: Traces) -> list[Target[Any]]:
    """Each asked for by the file that really says so, in the order of what was merged."""
    if not traces:
        return targets
    ranks = {origin: rank for rank, origin in enumerate(sorted({target.origin for target in targets}))}
    return [replace(t, origin=traced(t.origin, traces), rank=ranks[t.origin]) for t in targets]


def check(loaded: Loaded, layout: Layout, kinds: Sequence[AnyKind]) -> Iterable[Problem]:
    """Warnings that only a look at what stands there gives."""
    by_name = {kind.name: kind for kind in kinds}
    for resource in loaded.resources:
        for problem in by_name[resource.ref.kind].check(resource, layout):
            yield moved(problem, loaded.traces)


def _twice(targets: Sequence[Target[Any]], layout: Layout) -> Iterable[Problem]:
    first: dict[tuple[str, str, tuple[str, ...]], Target[Any]] = {}
    for target in targets:
        earlier = first.setdefault(real(target.claim, layout), target)
        if earlier is not target:
            text = f"{target.ref} and {earlier.ref} (`{earlier.origin}`) both ask for `{_told(target)}`"
            yield Problem(target.origin, text, "remove one of them")
    yield from _inside(first)
    paths = {key[:2] for key in first}
    for (root, path, _), target in first.items():
        above = path
        while above := above.rpartition("/")[0]:
            if (root, above) in paths:
                text = f"{target.ref} needs the folder `{above}`, where another resource asks for a file"
                yield Problem(target.origin, text, "rename one of them")


def _inside(first: Mapping[tuple[str, str, tuple[str, ...]], Target[Any]]) -> Iterable[Problem]:
    """A key below one that another resource asks for: said once for each two of them."""
    said: set[tuple[Claim, Ref]] = set()
    for (root, path, item), target in first.items():
        for depth in range(len(item)):
            outer = first.get((root, path, item[:depth]))
            if outer is not None and outer.ref != target.ref and (outer.claim, target.ref) not in said:
                said.add((outer.claim, target.ref))
                text = f"{target.ref} asks for `{_told(target)}`, which lies in `{_told(outer)}`"
                hint = f"remove one of them: {outer.ref} asks for that (`{outer.origin}`)"
                yield Problem(target.origin, text, hint)


def _told(target: Target[Any]) -> str:
    """A claim as people name it."""
    if target.claim.root == PORT:
        return f"port {target.claim.path}"
    if target.claim.item[:1] == ("region",):
        return f"{target.claim.path}#{target.claim.item[1]}"
    return f"{target.claim.path}#{target.part}" if target.part.startswith("/") else target.claim.path


def real(claim: Claim, layout: Layout) -> tuple[str, str, tuple[str, ...]]:
    """The thing behind a claim: links followed, case folded where the file system folds it."""
    if claim.root == PORT:
        return PORT, claim.path, claim.item
    place = layout.places[claim.root]
    entry = place.files.get(claim.path)
    if entry is not None and entry.target:
        return "", entry.target, claim.item
    path = claim.path.casefold() if place.folds_case else claim.path
    return "", f"{place.folder}/{path}", claim.item


def _out_of_reach(targets: Sequence[Target[Any]], roots: Mapping[str, Root]) -> Iterable[Problem]:
    """What is left alone; of a file that is shared, keys may be claimed."""
    for target in targets:
        root = roots.get(target.claim.root)
        if root is None or (target.claim.item and target.claim.path in root.shared):
            continue
        reason = skipped(target.claim.path, root.skip)
        if reason:
            text = f"{target.ref}: `{target.claim.path}` is never written: {reason}"
            yield Problem(target.origin, text, "remove it from desired state")


def skipped(path: str, skip: Mapping[str, str]) -> str:
    """The reason why a path below a root is left alone, or ""."""
    from fnmatch import fnmatchcase

    names, tops = _quickly(tuple(skip))
    if not (f"{path}/".startswith(tops) or any(map(names, path.split("/")))):
        return ""
    for pattern, reason in skip.items():
        if pattern.startswith("./"):
            if path == pattern[2:] or path.startswith(f"{pattern[2:]}/"):
                return reason
        elif any(fnmatchcase(part, pattern) for part in path.split("/")):
            return reason
    return ""


@cache
def _quickly(patterns: tuple[str, ...]) -> tuple[Callable[[str], object], tuple[str, ...]]:
    """Whether any glob is of a name, and the beginnings of paths that are left alone: most paths have none of both."""
    import re
    from fnmatch import translate

    globs = [translate(pattern) for pattern in patterns if not pattern.startswith("./")]
    tops = tuple(f"{pattern[2:]}/" for pattern in patterns if pattern.startswith("./"))
    return re.compile("|".join(globs) or "(?!)").match, tops
