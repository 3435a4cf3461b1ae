"""JSONC text and edits → text, in which every byte that no edit is about stays as it was. Pure.

Two laws shape every layout chosen here. A value put in place of another, and the old text put back (`Raw`), gives the
identical text. So does a key added and deleted again: of several fitting layouts an addition takes the one that a
deletion undoes. A deletion judges by what stands around it alone, never by the style of the whole document.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from operator import itemgetter
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from reconciler.formats.jsonc import (
    BLOCK_COMMENT,
    BOM,
    LINE_COMMENT,
    MAX_DEPTH,
    Json,
    JsoncError,
    Node,
    Steps,
    find,
    find_entry,
    parse,
    pointer,
    position,
    value,
)


@dataclass(frozen=True, slots=True)
class Raw:
    """Source text of a value, to be written as it is."""

    text: str


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
    document = _Document(text)
    for change in edits:
        document = _applied(document, change)
    return document.text


_Splice: TypeAlias = tuple[int, int, str]
_Fresh: TypeAlias = Sequence[tuple[str | None, object]]
"""Entries to add: keys (None in an array) and values."""

_ONE_LINE_BLOCK = r"/\*[^*\r\n]*+\*++(?:[^/*\r\n][^*\r\n]*+\*++)*/"
_BESIDE = rf"(?:[ \t]++|{_ONE_LINE_BLOCK})*"
_piece = re.compile(rf"(?P<space>[ \t\r\n]++)|(?P<line>{LINE_COMMENT})|(?P<block>{BLOCK_COMMENT})")
_comments_beside = re.compile(rf"(?:[ \t]*+(?:{LINE_COMMENT}|{BLOCK_COMMENT}))*")
_rest_of_line = re.compile(rf"{_BESIDE},?{_BESIDE}(?:{LINE_COMMENT})?(?=[\r\n])")
_blanks = re.compile(r"[ \t]*+")
_space = re.compile(r"[ \t\r\n]*+")
_newline = re.compile(r"\r\n?|\n")
_surrogate = re.compile("[\ud800-\udfff]")
_SPACE: Final = " \t\r\n"

_SAMPLE: Final = 200
"""How many containers are looked at to tell the indentation of a document."""


class _Refusal(Exception):
    """Why a value cannot be written; the place is known further out."""


class _Document:
    """A text that parses, and the style it is written in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = parse(text)

    def at(self, steps: Steps) -> Node:
        node = find(self.root, steps)
        if node is None:
            raise LookupError(pointer(steps))
        return node

    def spliced(self, splices: Iterable[_Splice]) -> _Document:
        parts: list[str] = []
        at = 0
        for start, end, new in sorted(splices, key=itemgetter(0, 1)):
            parts += self.text[at:start], new
            at = end
        text = "".join(parts) + self.text[at:]
        try:
            return self if text == self.text else _Document(text)
        except JsoncError as error:
            raise _Refusal(error.message) from error

    @cached_property
    def newline(self) -> str:
        counts = Counter(_newline.findall(self.text))
        return counts.most_common(1)[0][0] if counts else "\n"

    @cached_property
    def unit(self) -> str:
        """What one level of indentation adds."""
        counts: Counter[str] = Counter()
        for node in islice(_containers(self.root), _SAMPLE):
            outer, inner = self.indent_at(node.start), self.indent_at(node.entries[0].start)
            if self.starts_line(node, 0) and inner.startswith(outer):
                counts[inner[len(outer) :]] += 1
        counts.pop("", None)
        return counts.most_common(1)[0][0] if counts else "  "

    @cached_property
    def is_tight(self) -> bool:
        """Written without white space, as the first member shows."""
        entries = self.root.entries
        return bool(entries) and self.text[entries[0].key_end : entries[0].value.start] == ":"

    def indent_at(self, offset: int) -> str:
        """The white space at the beginning of the line."""
        start = max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1
        found = _blanks.match(self.text, start + self.text.startswith(BOM, start), offset)
        return found[0] if found else ""

    def gap(self, node: Node, index: int) -> tuple[int, int]:
        """The span of the white space and the comments before an entry."""
        return node.entries[index - 1].comma + 1 if index else node.start + 1, node.entries[index].start

    def starts_line(self, node: Node, index: int) -> bool:
        """Whether nothing but comments stands before the entry on its line."""
        return self.is_fresh_line(*self.gap(node, index))

    def is_fresh_line(self, start: int, end: int) -> bool:
        """Whether the last line break of a gap is outside of comments."""
        fresh = False
        for piece in _piece.finditer(self.text, start, end):
            if _newline.search(piece[0]):
                fresh = piece.lastgroup == "space"
        return fresh

    def is_inline(self, steps: Steps) -> bool:
        """Whether the value at this place shares its line with its siblings."""
        holder = find(self.root, steps[:-1])
        index = find_entry(holder, steps[-1]) if holder and steps else None
        return holder is not None and index is not None and not self.starts_line(holder, index)

    def comments(self, start: int, end: int) -> list[re.Match[str]]:
        return [piece for piece in _piece.finditer(self.text, start, end) if piece.lastgroup != "space"]

    def end_of_comments(self, start: int) -> tuple[int, int | None]:
        """Where the comments beside this place end, and where the line does if nothing else stands there."""
        comments = _end(_comments_beside, self.text, start)
        line = _end(_blanks, self.text, comments)
        return comments, line if self.text[line] in "\r\n" else None


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start


def _containers(root: Node) -> Iterator[Node]:
    """Objects and arrays that are not empty, the outer ones first."""
    level = [root]
    while level := [node for node in level if node.entries]:
        yield from level
        level = [entry.value for node in level for entry in node.entries]


# Rendering: a stack instead of recursion, as a value may be as deep as a document


def _rendered(document: _Document, new: object, depth: int, indent: str | None) -> str:
    """The text of a value so many levels deep, on a line so indented; without indentation all on one line."""
    parts: list[str] = []
    todo: list[_Pending | str] = [_Pending(new, depth, indent)]
    while todo:
        piece = todo.pop()
        if isinstance(piece, str):
            parts.append(piece)
        elif entries := _children(piece.value):
            todo += reversed(_pieces(document, piece, entries))
        else:
            parts.append(_scalar(piece.value))
    return "".join(parts)


class _Pending(NamedTuple):
    value: object
    depth: int
    indent: str | None


def _pieces(document: _Document, new: _Pending, entries: _Fresh) -> list[_Pending | str]:
    if new.depth >= MAX_DEPTH:
        raise _Refusal(f"nested deeper than {MAX_DEPTH} levels")
    opening, closing = "{}" if isinstance(new.value, Mapping) else "[]"
    indent = None if new.indent is None else new.indent + document.unit
    lead = "" if indent is None else _lead(document, indent)
    pieces: list[_Pending | str] = [opening + lead]
    for index, (key, item) in enumerate(entries):
        separator = "," + _lead(document, indent) if index else ""
        pieces += separator + _key(document, key), _Pending(item, new.depth + 1, indent)
    return [*pieces, closing if new.indent is None else _lead(document, new.indent) + closing]


def _lead(document: _Document, indent: str | None) -> str:
    """What stands before an entry: a line of its own, or the space after a comma."""
    if indent is None:
        return "" if document.is_tight else " "
    return document.newline + indent


def _key(document: _Document, key: str | None) -> str:
    return "" if key is None else _scalar(key) + (":" if document.is_tight else ": ")


def _bodies(document: _Document, fresh: _Fresh, steps: Steps, indent: str | None) -> list[str]:
    """The texts of new entries for the container at this place."""
    return [_key(document, key) + _rendered(document, item, len(steps) + 1, indent) for key, item in fresh]


def _children(new: object) -> _Fresh:
    """What is in a mapping or a sequence; nothing in anything else."""
    if isinstance(new, Mapping):
        if wrong := [key for key in new if not isinstance(key, str)]:
            raise _Refusal(f"`{wrong[0]}` cannot be a key: it is not a string")
        return list(new.items())
    return [(None, item) for item in new] if isinstance(new, list | tuple) else []


def _scalar(new: object) -> str:
    if isinstance(new, Raw):
        return _checked(new)
    if isinstance(new, Mapping | list | tuple):
        return "{}" if isinstance(new, Mapping) else "[]"
    if new is not None and not isinstance(new, bool | int | float | str):
        raise _Refusal(f"a Python {type(new).__name__} cannot be written as JSON")
    try:
        text = json.dumps(new, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise _Refusal("this number cannot be written as JSON") from None
    return _surrogate.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _checked(new: Raw) -> str:
    try:
        node = parse(new.text)
    except JsoncError as error:
        raise _Refusal(f"`{new.text[:40]}` is not JSONC: {error.message}") from error
    if (node.start, node.end) != (0, len(new.text)) or _surrogate.search(new.text):
        raise _Refusal(f"`{new.text[:40]}` is not the text of one value alone")
    return new.text


def _applied(document: _Document, change: Edit) -> _Document:
    try:
        if isinstance(change, Delete):
            return _deleted(document, change)
        if isinstance(change, Append):
            return _appended(document, change)
        return _brought(document, change)
    except _Refusal as refusal:
        _refuse(document, change.steps, str(refusal))


def _refuse(document: _Document, steps: Steps, message: str) -> NoReturn:
    node = document.root
    for depth in range(len(steps) + 1):
        node = find(document.root, steps[:depth]) or node
    raise EditError(f"{_place(steps)}: {message}", pointer(steps), *position(document.text, node.start))


def _place(steps: Steps) -> str:
    return f"`{pointer(steps)}`" if steps else "the document"


# Set and Append: what differs


def _brought(document: _Document, change: Set) -> _Document:
    node = find(document.root, change.steps)
    if node is None:
        return _created(document, change.steps, change.value)
    if isinstance(change.value, Raw):
        return document.spliced([(node.start, node.end, _checked(change.value))])
    return _matched(document, change)


def _appended(document: _Document, change: Append) -> _Document:
    node = find(document.root, change.steps)
    if node is None:
        return _created(document, change.steps, [change.value])
    if node.kind != "array":
        raise _Refusal(f"nothing can be appended to {_article(node)}")
    return _inserted(document, change.steps, len(node.entries), [(None, change.value)])


def _created(document: _Document, steps: Steps, new: object) -> _Document:
    """The document with a value where nothing was, and the parents it needs."""
    node, depth = document.root, 0
    while (index := find_entry(node, steps[depth])) is not None:
        node, depth = node.entries[index].value, depth + 1
    if node.kind == "array":
        raise _Refusal(f"{_place(steps[:depth])} is an array and has no item `{steps[depth]}`")
    if node.kind != "object":
        raise _Refusal(f"{_place(steps[:depth])} is {_article(node)} and cannot hold `{steps[depth]}`")
    if wrong := [step for step in steps[depth:] if not isinstance(step, str)]:
        raise _Refusal(f"there is no array to hold an item {wrong[0]}")
    for step in reversed(steps[depth + 1 :]):
        new = {step: new}
    return _inserted(document, steps[:depth], len(node.entries), [(str(steps[depth]), new)])


def _article(node: Node) -> str:
    return f"an {node.kind}" if node.kind[0] in "ao" else node.kind if node.kind == "null" else f"a {node.kind}"


def _matched(document: _Document, change: Set) -> _Document:
    """The document with what differs at and below an existing place set, added or removed, and nothing else."""
    splices: list[_Splice] = []
    reshapes: list[Callable[[_Document], _Document]] = []
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
            splices.append((node.start, node.end, _rendered(document, new, len(steps), indent)))
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


def _with_members(document: _Document, steps: Steps, new: Mapping[str, object], ordered: bool) -> _Document:
    """New members come before old ones go: an object emptied in between would lose its style."""
    node = document.at(steps)
    old = dict.fromkeys(str(entry.key) for entry in node.entries)
    if fresh := [(key, item) for key, item in _children(new) if key not in old]:
        document = _inserted(document, steps, len(node.entries), fresh)
    for key in old:
        if key not in new:
            document = _without(document, (*steps, key))
    return _reordered(document, steps, list(new)) if ordered else document


def _with_items(document: _Document, steps: Steps, new: Sequence[object], last: int) -> _Document:
    """As many items as the new array has: what is missing, or too much, stands before the old item `last`."""
    surplus = len(document.at(steps).entries) - len(new)
    if surplus < 0:
        return _inserted(document, steps, last, [(None, item) for item in new[last : last - surplus]])
    for index in range(last - 1, last - 1 - surplus, -1):
        document = _without(document, (*steps, index))
    return document


# Adding: where new entries go, and in what style


def _inserted(document: _Document, steps: Steps, index: int, fresh: _Fresh) -> _Document:
    node = document.at(steps)
    if not node.entries:
        return _inserted_first(document, steps, fresh)
    if index < len(node.entries):
        return _inserted_before(document, steps, index, fresh)
    return _inserted_last(document, steps, fresh)


def _inserted_last(document: _Document, steps: Steps, fresh: _Fresh) -> _Document:
    node = document.at(steps)
    last = node.entries[-1]
    starts_line = document.starts_line(node, len(node.entries) - 1)
    at, indent = _place_after(document, node, last.start, starts_line, last.comma + 1 or last.value.end)
    bodies = [_lead(document, indent) + body for body in _bodies(document, fresh, steps, indent)]
    if last.comma < 0:
        return document.spliced([(last.value.end, last.value.end, ","), (at, at, ",".join(bodies))])
    return document.spliced([(at, at, "".join(body + "," for body in bodies))])


def _place_after(document: _Document, node: Node, start: int, starts_line: bool, end: int) -> tuple[int, str | None]:
    """Where to go on after what stands there and the comments beside it, and how far indented if on a new line."""
    at, line = document.end_of_comments(end)
    if starts_line:
        return at if line is None else line, document.indent_at(start)
    if line is None or at == end:
        return at, None
    return line, document.indent_at(node.start) + document.unit


def _inserted_before(document: _Document, steps: Steps, index: int, fresh: _Fresh) -> _Document:
    node = document.at(steps)
    (at, _), indent = document.gap(node, index), None
    if document.starts_line(node, index):
        indent = document.indent_at(node.entries[index].start)
        at = document.end_of_comments(at)[1] or at
    lead, bodies = _lead(document, indent), _bodies(document, fresh, steps, indent)
    if index == 0 and indent is None:
        at = _end(_space, document.text, at)
        return document.spliced([(at, at, "".join(body + "," + lead for body in bodies))])
    return document.spliced([(at, at, "".join(lead + body + "," for body in bodies))])


def _inserted_first(document: _Document, steps: Steps, fresh: _Fresh) -> _Document:
    """White space inside of an empty container stays where a deletion will leave it."""
    node = document.at(steps)
    start, close = node.start + 1, node.end - 1
    if comments := document.comments(start, close):
        return _inserted_after_comment(document, steps, comments[-1].start(), fresh)
    inside, outer = document.text[start:close], document.indent_at(node.start)
    has_line = bool(_newline.search(inside))
    if document.is_inline(steps) and not has_line:
        new = ("," + _lead(document, None)).join(_bodies(document, fresh, steps, None))
        return document.spliced([(start, start, (" " if inside else "") + new)])
    lead = _lead(document, outer + document.unit)
    new = ",".join(lead + body for body in _bodies(document, fresh, steps, outer + document.unit))
    at = start if has_line else close
    return document.spliced([(at, at, new + document.newline + ("" if has_line else outer))])


def _inserted_after_comment(document: _Document, steps: Steps, comment: int, fresh: _Fresh) -> _Document:
    node = document.at(steps)
    starts_line = document.is_fresh_line(node.start + 1, comment)
    at, indent = _place_after(document, node, comment, starts_line, comment)
    lead = " " if indent is None else _lead(document, indent)
    return document.spliced([(at, at, ",".join(lead + body for body in _bodies(document, fresh, steps, indent)))])


# Deleting: judged by what stands around the entry


def _deleted(document: _Document, change: Delete) -> _Document:
    if not change.steps:
        raise _Refusal("a file without a value is not JSON")
    if find(document.root, change.steps) is None:
        return document
    document = _without(document, change.steps)
    for depth in range(len(change.steps) - 1, max(len(change.steps) - 1 - change.prune, 0), -1):
        if not _is_idle(document, change.steps[:depth]):
            break
        document = _without(document, change.steps[:depth])
    return document


def _is_idle(document: _Document, steps: Steps) -> bool:
    """Empty, without comments, and not a repeated key: an earlier one would come to life."""
    node, holder = document.at(steps), document.at(steps[:-1])
    repeats = sum(entry.key == steps[-1] for entry in holder.entries) > 1
    return not node.entries and not document.comments(node.start + 1, node.end - 1) and not repeats


def _without(document: _Document, steps: Steps) -> _Document:
    """The document without an item, or without a key and all its repetitions."""
    holder = document.at(steps[:-1])
    while (index := find_entry(holder, steps[-1])) is not None:
        document = _removed(document, holder, index)
        holder = document.at(steps[:-1])
        if holder.kind == "array":
            break
    return document


def _removed(document: _Document, node: Node, index: int) -> _Document:
    start, end = _own_lines(document, node, index) or _among_others(document, node, index)
    comma = node.entries[index].comma
    if comma < 0 and index:
        comma = node.entries[index - 1].comma
    splices = [(start, end, "")]
    if comma >= 0 and not start <= comma < end:
        splices.append((comma, comma + 1, ""))
    return document.spliced(splices)


def _own_lines(document: _Document, node: Node, index: int) -> tuple[int, int] | None:
    """From the line break before an entry to the end of its lines, if only comments after it share them."""
    text, (before, start) = document.text, document.gap(node, index)
    lead = text[before:start].rstrip(" \t")
    rest = _rest_of_line.match(text, node.entries[index].value.end)
    if not lead.endswith(("\n", "\r")) or not rest:
        return None
    left = before + len(lead) - (2 if lead.endswith("\r\n") else 1)
    if len(node.entries) > 1 or (text[node.start + 1 : left] + text[rest.end() : node.end - 1]).strip(_SPACE):
        return left, rest.end()
    # The only entry and no comment: the line of the closing bracket was made for it, unless there is one more.
    line = _end(_newline, text, rest.end())
    return left, line if _newline.search(text, line, node.end - 1) else node.end - 1


def _among_others(document: _Document, node: Node, index: int) -> tuple[int, int]:
    """The entry and the white space on one side. Comments stay, and what follows a `//` stays out of it."""
    text, entry = document.text, node.entries[index]
    before, start = document.gap(node, index)
    end = entry.value.end
    if entry.comma >= 0 and not text[end : entry.comma].strip(_SPACE):
        end = entry.comma + 1
    left, right = before + len(text[before:start].rstrip(_SPACE)), _end(_space, text, end)
    comments = document.comments(before, start)
    is_first = index == 0 or _newline.search(text, left, start)
    if (comments and comments[-1].lastgroup == "line") or (is_first and right < node.end - 1):
        return start, right
    return left, end


# Reordering: each member takes along the comments directly above and beside it


class _Member(NamedTuple):
    slot: str
    """The white space before, and comments further above: this stays in place."""
    body: str
    beside: str


def _reordered(document: _Document, steps: Steps, order: list[str]) -> _Document:
    node = document.at(steps)
    if list(dict.fromkeys(entry.key for entry in node.entries)) == order:
        return document
    document = _without_repeats(document, steps)
    node = document.at(steps)
    start = document.end_of_comments(node.start + 1)[1] or node.start + 1
    members, end = _members(document, node, start)
    by_key = {entry.key: member for entry, member in zip(node.entries, members, strict=True)}
    has_comma, indent = node.entries[-1].comma >= 0, document.indent_at(node.entries[-1].start)
    text, beside = "", ""
    for place, (member, key) in enumerate(zip(members, order, strict=True), start=1):
        text += _parted(beside, member.slot, document.newline + indent) + by_key[key].body
        beside = by_key[key].beside
        text += ("," if has_comma or place < len(order) else "") + beside
    text += _parted(beside, document.text[end : node.end - 1], document.newline + document.indent_at(node.start))
    return document.spliced([(start, node.end - 1, text)])


def _without_repeats(document: _Document, steps: Steps) -> _Document:
    """Only the last of each key, whose value counts."""
    node = document.at(steps)
    while repeated := [i for i, entry in enumerate(node.entries) if find_entry(node, entry.key or "") != i]:
        document = _removed(document, node, repeated[0])
        node = document.at(steps)
    return document


def _members(document: _Document, node: Node, start: int) -> tuple[list[_Member], int]:
    """The members, and where the last one ends with the comments beside it."""
    text, members = document.text, []
    for entry in node.entries:
        body, after = start, entry.comma + 1 or entry.value.end
        for piece in _piece.finditer(text, start, entry.start):
            if piece.lastgroup == "space" and (piece.start() == start or len(_newline.findall(piece[0])) > 1):
                body = piece.end()
        end, line = document.end_of_comments(after)
        if line is None and entry is not node.entries[-1]:
            end = after
        beside = (
            text[entry.value.end : end] if entry.comma < 0 else text[entry.value.end : entry.comma] + text[after:end]
        )
        members.append(_Member(text[start:body], text[body : entry.value.end], beside))
        start = end
    return members, start


def _parted(beside: str, following: str, line: str) -> str:
    """What follows, kept out of a `//` comment before it."""
    kinds = [piece.lastgroup for piece in _piece.finditer(beside)]
    if kinds[-1:] != ["line"] or following.lstrip(" \t").startswith(("\n", "\r")):
        return following
    return line + following.lstrip(" \t")
