"""A marked part of somebody's Markdown file: how it is seen, brought about and handed back, every other byte untouched.

`<!-- reconcile:begin NAME -->` and `<!-- reconcile:end NAME -->`, each alone on its line, outside of code blocks. What
stands between them is ours; two marks with nothing between them are nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from reconciler.model.change import Change
from reconciler.model.outcome import Outcome, Status
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Claim, File
from reconciler.model.world import Edit, World
from reconciler.shapes import owned_file

MARK = re.compile(rb" {0,3}<!--[ \t]*reconcile:(begin|end)[ \t]+([\w.-]+)[ \t]*-->[ \t]*\r?\n?\Z")
FENCE = re.compile(rb"((?: {0,3}(?:[-+*]|\d{1,9}[.)])[ \t]+)* {0,3})(`{3,}(?![^\n]*`)|~{3,})")
"""What opens a code block, in an item of a list too, and how deep that stands."""
BOM = b"\xef\xbb\xbf"


class Region(NamedTuple):
    """The bytes between two marks. `rendered`: made by us, with plain line feeds, the file has its own."""

    content: bytes
    rendered: bool = False


class Found(NamedTuple):
    """Where a region's content stands in a text, and the line of its first mark."""

    start: int
    end: int
    line: int


class Broken(Exception):
    """Marks that cannot be told apart, at a line."""

    def __init__(self, line: int, text: str, hint: str) -> None:
        self.line, self.text, self.hint = line, text, hint
        super().__init__(text)


def find(text: bytes) -> dict[str, Found]:
    """Every region by name. Raises Broken."""
    found: dict[str, Found] = {}
    opened: tuple[str, int, int] | None = None
    for line, start, end, verb, name in marks(text):
        if verb == "begin":
            if opened is not None:
                hint = f"end `{opened[0]}` (line {opened[2]}) first: regions do not nest"
                raise Broken(line, f"region `{name}` begins inside of region `{opened[0]}`", hint)
            if name in found:
                hint = f"rename one of them: the first is in line {found[name].line}"
                raise Broken(line, f"region `{name}` stands here a second time", hint)
            opened = (name, end, line)
        elif opened is None or opened[0] != name:
            where = f"region `{opened[0]}` is open here" if opened else "no region is open here"
            raise Broken(
                line, f"region `{name}` ends, and {where}", f"write `<!-- reconcile:begin {name} -->` above it"
            )
        else:
            found[name] = Found(opened[1], start, opened[2])
            opened = None
    if opened is not None:
        hint = f"write `<!-- reconcile:end {opened[0]} -->` where it ends, alone on its line"
        raise Broken(opened[2], f"region `{opened[0]}` has no end", hint)
    return found


def marks(text: bytes) -> Iterator[tuple[int, int, int, str, str]]:
    """Every mark outside of code blocks: its line, where that starts and ends, begin or end, the name."""
    at, fence, deepest = 0, b"", 0
    for number, line in enumerate(text.split(b"\n"), start=1):
        end = min(at + len(line) + 1, len(text))
        bare = line.removeprefix(BOM) if number == 1 else line
        if fence:
            closing = bare.strip()
            ends = len(closing) >= len(fence) and not closing.strip(fence[:1])
            fence = b"" if ends and bare.index(closing) <= deepest else fence
        elif opening := FENCE.match(bare):
            fence, deepest = opening[2], len(opening[1]) + 3
        elif mark := MARK.match(bare):
            yield number, at, end, mark[1].decode(), mark[2].decode()
        at = end


def disturbing(text: bytes) -> str:
    """Why a text cannot stand in a region; "" where it can."""
    if next(marks(text), None) is not None:
        return "it writes a mark of a region"
    probe = text + b"\n<!-- reconcile:end x -->\n"
    return "" if next(marks(probe), None) is not None else "it opens a code block and does not close it"


def region(text: bytes, name: str) -> Region | None:
    """What stands in a region; None where nothing does. Raises Broken."""
    found = find(text).get(name)
    if found is None:
        return None
    content = text[found.start : found.end]
    return None if content == b"" else Region(content)


def put(text: bytes, name: str, after: Region | None) -> bytes:
    """The text with another content of one region, which must be there."""
    found = find(text)[name]
    content = after.content if after is not None else b""
    if after is not None and after.rendered and text[: found.start].endswith(b"\r\n"):
        content = content.replace(b"\n", b"\r\n")
    return text[: found.start] + content + text[found.end :]


def fresh(names: Sequence[str]) -> bytes:
    """A file of nothing but regions."""
    return b"".join(f"<!-- reconcile:begin {name} -->\n<!-- reconcile:end {name} -->\n".encode() for name in names)


def act(changes: Sequence[Change[Region]], world: World) -> Iterable[Outcome]:
    """One edit for each file, however many regions change in it."""
    files: dict[tuple[str, str], list[Change[Region]]] = {}
    for change in changes:
        files.setdefault(change.claim[:2], []).append(change)
    for (root, path), group in files.items():
        yield from _act(root, path, group, world)


def _act(root: str, path: str, changes: Sequence[Change[Region]], world: World) -> Iterable[Outcome]:
    file = world.read(root, path)
    ours = Claim(root, path) in {claim for change in changes for claim in change.made}
    text = file.content if file else fresh([change.claim.item[1] for change in changes])
    where = Origin(world.show(root, path))
    try:
        if any(not _stands(change, text) for change in changes):
            raise Broken(0, "changed since the plan was made; left as it is", "plan again")
        for change in changes:
            text = put(text, change.claim.item[1], change.after)
        bare = not text.replace(b"\r\n", b"\n").removeprefix(BOM).replace(fresh(list(find(text))), b"").strip()
    except Broken as broken:
        problem = Problem(Origin(where.path, broken.line), broken.text, broken.hint)
        yield from (Outcome(change.claim, Status.STALE, problem) for change in changes)
        return
    gone = file is not None and ours and bare
    after = None if gone else File(text, file.executable if file else False)
    [edited] = world.edit([Edit(root, path, file, after)])
    for at, change in enumerate(changes):
        outcome = owned_file.outcome(change, edited, world)
        if outcome.status is Status.DONE and file is None:
            outcome = Outcome(change.claim, Status.DONE, made=(Claim(root, path), *outcome.made))
        elif outcome.status is Status.DONE and gone and at == 0:
            outcome = Outcome(change.claim, Status.DONE, unmade=(Claim(root, path), *outcome.unmade))
        yield outcome


def _stands(change: Change[Region], text: bytes) -> bool:
    """Whether a region still holds what the plan saw. Raises Broken."""
    if change.claim.item[1] not in find(text):
        return False
    now, before = region(text, change.claim.item[1]), change.before.state
    return (now and now.content) == (before and before.content)


def _lacking(name: str) -> str:
    return f"the file has no region `{name}`"


def lacking(name: str, text: bytes, where: str) -> Problem:
    """A file that a region should stand in, and that has no marks of it."""
    line = text.count(b"\n") + (not text.endswith(b"\n"))
    hint = f"write `<!-- reconcile:begin {name} -->` and `<!-- reconcile:end {name} -->` on lines of their own"
    return Problem(Origin(where, max(line, 1), 1), _lacking(name), hint)
