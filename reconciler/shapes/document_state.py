"""An output of a document, a whole file or a region: how it is seen, kept and brought about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.change import ABSENT, Change, Diff, Seen, Verdict
from reconciler.model.diff import text_diff
from reconciler.model.fingerprint import Codec, fingerprint
from reconciler.model.outcome import Outcome
from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.resource import Claim, File
from reconciler.model.world import Look, Unreadable, World
from reconciler.shapes import owned_file, owned_region
from reconciler.shapes.owned_region import Region

State = File | Region
MARK = "region"
UNREADABLE = "unreadable"
FOLLOWED = ("opencode", "zed")
"""Roots whose links are followed, as everywhere else."""


def encode(state: State) -> bytes:
    if isinstance(state, Region):
        return (b"r" if state.rendered else b"R") + state.content
    return owned_file.encode(state)


def decode(encoded: bytes) -> State:
    if encoded[:1] in (b"r", b"R"):
        return Region(encoded[1:], encoded[:1] == b"r")
    return owned_file.decode(encoded)


def value(state: State) -> bytes:
    """Line ends are the file's own, and no part of a region."""
    return b"r" + state.content.replace(b"\r\n", b"\n") if isinstance(state, Region) else owned_file.encode(state)


CODEC: Codec[State] = Codec(encode, decode, value)


def observe(claims: Sequence[Claim], look: Look, key: bytes) -> Iterable[Seen[State]]:
    """What stands at each claim. A path with a link on it, or a file with broken marks, is a problem of that output
    alone: it is held, and keeps nobody from all else."""
    for claim in claims:
        try:
            inside(claim, look)
            file = look.read(claim.root, claim.path)
        except Unreadable as error:
            yield Seen(claim, None, UNREADABLE, _warned(error.problem))
            continue
        yield _region(claim, file, look, key) if claim.item else Seen(claim, file, fingerprint(file, CODEC, key))


def inside(claim: Claim, look: Look) -> None:
    """Raises Unreadable where a link leads elsewhere."""
    if claim.root in FOLLOWED:
        return
    expected = f"{look.real(claim.root, '')}/{claim.path}"
    if (real := look.real(claim.root, claim.path)) != expected:
        text = f"a link on the way leads elsewhere: `{real}`"
        hint = "name the place itself: a document follows no link"
        raise Unreadable(Problem(Origin(look.show(claim.root, claim.path)), text, hint))


def _region(claim: Claim, file: File | None, look: Look, key: bytes) -> Seen[State]:
    if file is None:
        return Seen(claim, None, ABSENT)
    name, where = claim.item[1], look.show(claim.root, claim.path)
    try:
        region = owned_region.region(file.content, name)
        if region is None and name not in owned_region.find(file.content):
            return Seen(claim, None, ABSENT, _warned(owned_region.lacking(name, file.content, where)))
    except owned_region.Broken as broken:
        problem = Problem(Origin(where, broken.line, 1), broken.text, broken.hint)
        return Seen(claim, None, UNREADABLE, _warned(problem))
    return Seen(claim, region, fingerprint(region, CODEC, key))


def _warned(problem: Problem) -> Problem:
    return replace(problem, severity=Severity.WARNING)


def together(changes: Sequence[Change[State]]) -> Sequence[Change[State]]:
    """What has no marks to stand between, or cannot be looked at, is held, and the file left as it is."""
    return [
        replace(c, verdict=Verdict(False, c.before.problem.text, c.before.problem.hint))
        if c.before.problem is not None and (c.before.fingerprint == UNREADABLE or not c.action.bookkeeping)
        else c
        for c in changes
    ]


def act(changes: Sequence[Change[State]], world: World) -> Iterable[Outcome]:
    """Whole files in one durable batch, then regions, file by file."""
    whole: Sequence[Change[Any]] = [change for change in changes if not change.claim.item]
    yield from owned_file.act(whole, world)
    inside: Sequence[Change[Any]] = [change for change in changes if change.claim.item]
    yield from owned_region.act(inside, world)


def diff(before: State | None, after: State | None) -> Diff:
    """As text."""
    if isinstance(before, Region) or isinstance(after, Region):
        old, new = _text(before), _text(after)
        return Diff(text=text_diff(old, new)) if before is not None and after is not None else Diff()
    return owned_file.diff(before, after)


def _text(state: State | None) -> str:
    return "" if state is None else state.content.decode("utf-8", "replace").replace("\r\n", "\n")
