"""What people name (a reference, a glob, a key in it) → a problem where that names nothing. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.model.resource import Ref
from reconciler.pipeline.judge import matches

Part = tuple[Ref, str]


def check(patterns: Sequence[str], refs: Iterable[Ref], parts: Iterable[Part]) -> None:
    """Raises Invalid for each that is of none of these resources, or of none of their parts."""
    known, held = sorted(set(refs)), sorted(set(parts))
    if problems := [problem for pattern in patterns for problem in _unknown(pattern, known, held)]:
        raise Invalid(problems)


def _unknown(pattern: str, refs: Sequence[Ref], parts: Sequence[Part]) -> Iterable[Problem]:
    whole, key, _ = pattern.partition("#")
    if not any(matches(whole, ref) for ref in refs):
        hint = _meant(pattern, [str(ref) for ref in refs]) or "`reconcile status` lists what there is"
        yield Problem(Origin(pattern), "names nothing in git and nothing we own", hint)
    elif key and not any(matches(pattern, ref, part) for ref, part in parts):
        near = [(ref, part) for ref, part in parts if matches(whole, ref)]
        keys = [f"{ref}#{part}" for ref, part in near if part]
        hint = _meant(pattern, keys) or (f"`reconcile why '{whole}'` lists its keys" if keys else f"name it `{whole}`")
        yield Problem(Origin(pattern), "no such key is named in git, and we own none", hint)


def _meant(pattern: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(pattern, known, 1)
    return f"did you mean `{near[0]}`?" if near else ""
