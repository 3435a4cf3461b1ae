"""A file that is wholly ours: how it is seen, brought about, told apart and kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.model.change import Change, Diff, FieldChange, Seen
from reconciler.model.diff import text_diff
from reconciler.model.fingerprint import Codec, fingerprint
from reconciler.model.outcome import Outcome, Status
from reconciler.model.resource import Claim, File
from reconciler.model.world import Edit, Edited, Look, Unreadable, World
from reconciler.shapes.carrying import FILES


def encode(file: File) -> bytes:
    """The executable bit is content; every other mode bit is the user's."""
    return (b"x" if file.executable else b"-") + file.content


def decode(encoded: bytes) -> File:
    return File(encoded[1:], encoded[:1] == b"x")


LONGEST = 1_000_000
"""Bytes of a text of which the difference is shown."""
CODEC: Codec[File] = Codec(encode, decode)
MARKDOWN: Codec[File] = Codec(encode, decode, secrets=FILES)


def observe(claims: Sequence[Claim], look: Look, key: bytes) -> Iterable[Seen[File]]:
    """What stands at each claim; a thing that cannot be read is seen as a problem."""
    bare: dict[tuple[str, str], bool] = {}  # folders that are not there: asked of one file, known of all
    for claim in claims:
        folder = claim.root, claim.path.rpartition("/")[0]
        try:
            file = None if bare.get(folder) else look.read(claim.root, claim.path)
            if file is None and folder not in bare:
                bare[folder] = bool(look.lacking(claim.root, claim.path))
        except Unreadable as error:
            yield Seen(claim, None, "unreadable", error.problem)
        else:
            yield Seen(claim, file, fingerprint(file, CODEC, key))


def act(changes: Sequence[Change[File]], world: World) -> Iterable[Outcome]:
    """One durable batch; folders that we made go when the last file in them goes."""
    edits = [Edit(c.claim.root, c.claim.path, c.before.state, c.after) for c in changes]
    for change, edited in zip(changes, world.edit(edits), strict=True):
        yield outcome(change, edited, world)


def outcome(change: Change[Any], edited: Edited, world: World) -> Outcome:
    """What became of one edit."""
    root = change.claim.root
    if edited.problem is not None:
        return Outcome(change.claim, Status.STALE if edited.stale else Status.FAILED, edited.problem)
    made = tuple(Claim(root, folder) for folder in edited.made)
    unmade = tuple(_pruned(change, world)) if change.after is None else ()
    return Outcome(change.claim, Status.DONE, made=made, unmade=unmade)


def _pruned(change: Change[Any], world: World) -> Iterable[Claim]:
    for claim in sorted(change.made, key=lambda c: -len(c.path)):
        if not claim.item and world.prune(claim.root, claim.path):
            yield claim


def diff(before: File | None, after: File | None) -> Diff:
    """Bytes as text where they are text; a size where they are not."""
    if before is None or after is None:
        return Diff()
    fields = (
        ()
        if before.executable == after.executable
        else (FieldChange("/executable", before.executable, after.executable),)
    )
    old, new = text(before.content), text(after.content)
    if old is None or new is None:
        why = "too long to show" if max(len(before.content), len(after.content)) > LONGEST else "not text"
        same = before.content == after.content
        return Diff(fields, note="" if same else f"{len(before.content)} → {len(after.content)} bytes, {why}")
    return Diff(fields, text_diff(old, new))


def text(content: bytes) -> str | None:
    """The text of a file for people, or None for a binary or very long one."""
    if b"\0" in content or len(content) > LONGEST:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
