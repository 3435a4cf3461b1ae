"""JSONC text and edits → text, in which every byte that no edit is about stays as it was. Pure.

Two laws shape every layout chosen here. A value put in place of another, and the old text put back (`Raw`), gives the
identical text. So does a key added and deleted again: of several fitting layouts an addition takes the one that a
deletion undoes. A deletion judges by what stands around it alone, never by the style of the whole document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, TypeAlias

from reconciler.formats.jsonc import (
    Json,
    Node,
    Steps,
    find,
    find_entry,
    pointer,
    position,
    value,
)
from reconciler.formats.jsonc_document import Document, Refusal, Splice
from reconciler.formats.jsonc_insert import inserted
from reconciler.formats.jsonc_remove import is_idle, without
from reconciler.formats.jsonc_render import Raw as Raw
from reconciler.formats.jsonc_render import checked, children, rendered
from reconciler.formats.jsonc_reorder import reordered


@dataclass(frozen=True, slots=True)
class Set:
    """Bring the place to this value. Missing parents are created as objects; an index must exist already.

    Objects and arrays are changed inside, where they differ. `ordered`: the order of keys is meaning, at all depths.
    """

    steps: Steps
    value: object
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Append:
    """Add an item to the array at this place, which is created if missing."""

    steps: Steps
    value: object


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the place, if it is there, and then up to `prune` parents that became empty and hold no comment."""

    steps: Steps
    prune: int = 0


Edit: TypeAlias = Set | Append | Delete


class EditError(ValueError):
    """The edit cannot be made. `pointer` is the place it was for; line and column are of what stands in the way."""

    def __init__(self, message: str, pointer: str, line: int, column: int) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.message, self.pointer, self.line, self.column = message, pointer, line, column


def edit(text: str, edits: Sequence[Edit]) -> str:
    """The text after these edits, one after the other. Raises JsoncError for the text, EditError for an edit."""
    document = Document(text)
    for change in edits:
        document = _applied(document, change)
    return document.text


def _applied(document: Document, change: Edit) -> Document:
    try:
        if isinstance(change, Delete):
            return _deleted(document, change)
        if isinstance(change, Append):
            return _appended(document, change)
        return _brought(document, change)
    except Refusal as refusal:
        _refuse(document, change.steps, str(refusal))


def _refuse(document: Document, steps: Steps, message: str) -> NoReturn:
    node = document.root
    for depth in range(len(steps) + 1):
        node = find(document.root, steps[:depth]) or node
    raise EditError(f"{_place(steps)}: {message}", pointer(steps), *position(document.text, node.start))


def _place(steps: Steps) -> str:
    return f"`{pointer(steps)}`" if steps else "the document"


# Set and Append: what differs


def _brought(document: Document, change: Set) -> Document:
    node = find(document.root, change.steps)
    if node is None:
        return _created(document, change.steps, change.value)
    if isinstance(change.value, Raw):
        return document.spliced([(node.start, node.end, checked(change.value))])
    return _matched(document, change)


def _appended(document: Document, change: Append) -> Document:
    node = find(document.root, change.steps)
    if node is None:
        return _created(document, change.steps, [change.value])
    if node.kind != "array":
        raise Refusal(f"nothing can be appended to {_article(node)}")
    return inserted(document, change.steps, len(node.entries), [(None, change.value)])


def _created(document: Document, steps: Steps, new: object) -> Document:
    """The document with a value where nothing was, and the parents it needs."""
    node, depth = document.root, 0
    while (index := find_entry(node, steps[depth])) is not None:
        node, depth = node.entries[index].value, depth + 1
    if node.kind == "array":
        raise Refusal(f"{_place(steps[:depth])} is an array and has no item `{steps[depth]}`")
    if node.kind != "object":
        raise Refusal(f"{_place(steps[:depth])} is {_article(node)} and cannot hold `{steps[depth]}`")
    if wrong := [step for step in steps[depth:] if not isinstance(step, str)]:
        raise Refusal(f"there is no array to hold an item {wrong[0]}")
    for step in reversed(steps[depth + 1 :]):
        new = {step: new}
    return inserted(document, steps[:depth], len(node.entries), [(str(steps[depth]), new)])


def _article(node: Node) -> str:
    return f"an {node.kind}" if node.kind[0] in "ao" else node.kind if node.kind == "null" else f"a {node.kind}"


def _matched(document: Document, change: Set) -> Document:
    """The document with what differs at and below an existing place set, added or removed, and nothing else."""
    splices: list[Splice] = []
    reshapes: list[Callable[[Document], Document]] = []
    todo: list[tuple[Steps, Node, object]] = [(change.steps, document.at(change.steps), change.value)]
    while todo:
        steps, node, new = todo.pop()
        if _same(value(node), new, change.ordered):
            continue
        if node.kind == "object" and isinstance(new, Mapping):
            old = {entry.key: entry.value for entry in node.entries}
            todo += (((*steps, key), old[key], new[key]) for key in new if key in old)
            reshapes.append(partial(_with_members, steps=steps, new=new, ordered=change.ordered))
        elif node.kind == "array" and isinstance(new, list | tuple):
            first, last = _differing(value(node), new, change.ordered)
            paired = min(last, last + len(new) - len(node.entries))
            todo += (((*steps, index), node.entries[index].value, new[index]) for index in range(first, paired))
            reshapes.append(partial(_with_items, steps=steps, new=new, last=last))
        else:
            indent = None if document.is_inline(steps) else document.indent_at(node.start)
            splices.append((node.start, node.end, rendered(document, new, len(steps), indent)))
    document = document.spliced(splices)
    for reshape in reshapes:
        document = reshape(document)
    return document


def _same(old: Json, new: object, ordered: bool) -> bool:
    """Equal as JSON: `1` is `1.0`, but `true` is not `1`."""
    todo: list[tuple[Any, Any]] = [(old, new)]
    while todo:
        left, right = todo.pop()
        if isinstance(left, dict) and isinstance(right, Mapping):
            if left.keys() != right.keys() or (ordered and list(left) != list(right)):
                return False
            todo += ((left[key], right[key]) for key in left)
        elif isinstance(left, list) and isinstance(right, list | tuple):
            if len(left) != len(right):
                return False
            todo += zip(left, right, strict=True)
        elif isinstance(left, bool) is not isinstance(right, bool) or left != right:
            return False
    return True


def _differing(old: Any, new: Sequence[object], ordered: bool) -> tuple[int, int]:
    """Which old items a common beginning and a common ending leave between them."""
    first, ending, shorter = 0, 0, min(len(old), len(new))
    while first < shorter and _same(old[first], new[first], ordered):
        first += 1
    while ending < shorter - first and _same(old[-1 - ending], new[-1 - ending], ordered):
        ending += 1
    return first, len(old) - ending


def _with_members(document: Document, steps: Steps, new: Mapping[str, object], ordered: bool) -> Document:
    """New members come before old ones go: an object emptied in between would lose its style."""
    node = document.at(steps)
    old = dict.fromkeys(str(entry.key) for entry in node.entries)
    if fresh := [(key, item) for key, item in children(new) if key not in old]:
        document = inserted(document, steps, len(node.entries), fresh)
    for key in old:
        if key not in new:
            document = without(document, (*steps, key))
    return reordered(document, steps, list(new)) if ordered else document


def _with_items(document: Document, steps: Steps, new: Sequence[object], last: int) -> Document:
    """As many items as the new array has: what is missing, or too much, stands before the old item `last`."""
    surplus = len(document.at(steps).entries) - len(new)
    if surplus < 0:
        return inserted(document, steps, last, [(None, item) for item in new[last : last - surplus]])
    for index in range(last - 1, last - 1 - surplus, -1):
        document = without(document, (*steps, index))
    return document


def _deleted(document: Document, change: Delete) -> Document:
    if not change.steps:
        raise Refusal("a file without a value is not JSON")
    if find(document.root, change.steps) is None:
        return document
    document = without(document, change.steps)
    for depth in range(len(change.steps) - 1, max(len(change.steps) - 1 - change.prune, 0), -1):
        if not is_idle(document, change.steps[:depth]):
            break
        document = without(document, change.steps[:depth])
    return document
