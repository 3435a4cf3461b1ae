"""JSONC settings → the YAML a person would have written, comments included. Pure.

Four steps: read a text as a tree that holds each comment by what it belongs to, merge the trees, prune what is not
taken, write the rest. What was written is read back and compared with the plain data, which took another way.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from reconciler.formats import jsonc, yaml
from reconciler.formats.jsonc import Json
from reconciler.model.problem import Invalid

Place: TypeAlias = tuple[str, ...]
Asked: TypeAlias = Callable[[Place], bool]
Scalar: TypeAlias = bool | int | float | str | None

WIDTH: Final = 100
"""A list that stood on one line stays there up to this column."""

_piece = re.compile(rf"(?P<newline>\r\n?|\n)|(?P<comma>,)|(?P<comment>{jsonc.LINE_COMMENT}|{jsonc.BLOCK_COMMENT})")
_newline = re.compile(r"\r\n?|\n")
_unwritable = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_disabled = re.compile(r'#[\s/]*(?:(?P<key>"(?:[^"\\]|\\.)*")\s*:|[\]}]+,?$)')
_text_start = re.compile(r"[^\W\d]|[/$(]|\.(?:[^\W\d]|\.?/)|~/")
_dotted = re.compile(r"\.(?:inf|nan)", re.I)
_WORDS: Final = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


@dataclass(slots=True)
class Group:
    """An object or array. Remarks are YAML comment lines without indentation; `""` is a blank line."""

    array: bool
    items: list[Item] = field(default_factory=list)
    head: list[str] = field(default_factory=list)
    """Behind the opening bracket."""
    tail: list[str] = field(default_factory=list)
    """Before the closing bracket."""
    inline: bool = False
    """It stood on one line."""


@dataclass(slots=True)
class Item:
    """A member of an object, or an item of an array: then the key is its index."""

    key: str
    value: Scalar | Group
    above: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    header: list[str]
    root: Group
    footer: list[str]


def _nowhere(steps: Place) -> bool:
    return False


def convert(texts: Sequence[str], keep: Asked, unit: Asked = _nowhere) -> str:
    """One YAML document from settings files, later ones merged over earlier ones: objects deeply, the rest replaces.

    `keep` is asked once of each leaf: a scalar, an array, an empty object, an object that is a `unit`; where the
    root is an array, of each of its items, as `("0",)`. "" when nothing is taken. A comment leaves with the leaf
    it stands directly above, beside or in; every other one is in the result once. Raises JsoncError for what is no
    JSONC, ValueError for what YAML cannot carry (nested too deeply).
    """
    try:
        trees = [_document(text, jsonc.parse(text)) for text in texts]
        verdicts: dict[Place, bool] = {}
        data = _taken(_merged([jsonc.loads(text) for text in texts]), keep, unit, verdicts)
        return _written(_pruned_document(_joined(trees), verdicts), data) if data else ""
    except RecursionError:
        raise ValueError("nested too deeply to be written as YAML") from None


# The plain data: what the YAML must say.


def _merged(layers: Iterable[Json]) -> Json:
    result: Json = {}
    for layer in layers:
        result = _laid_over(result, layer)
    return result


def _laid_over(earlier: Json, later: Json) -> Json:
    if not isinstance(earlier, dict) or not isinstance(later, dict):
        return later
    both = {key: _laid_over(earlier[key], later[key]) for key in earlier.keys() & later.keys()}
    return {**earlier, **later, **both}


def _taken(root: Json, keep: Asked, unit: Asked, verdicts: dict[Place, bool]) -> Json:
    if isinstance(root, list):
        verdicts.update(((str(index),), keep((str(index),))) for index in range(len(root)))
        return [item for index, item in enumerate(root) if verdicts[(str(index),)]]
    return _taken_members(root, (), keep, unit, verdicts) if isinstance(root, dict) else {}


def _taken_members(
    members: dict[str, Json], steps: Place, keep: Asked, unit: Asked, verdicts: dict[Place, bool]
) -> dict[str, Json]:
    taken: dict[str, Json] = {}
    for key, item in members.items():
        at = (*steps, key)
        if isinstance(item, dict) and item and not unit(at):
            if inner := _taken_members(item, at, keep, unit, verdicts):
                taken[key] = inner
            continue
        verdicts[at] = keep(at)
        if verdicts[at]:
            taken[key] = item
    return taken


# Reading: each comment to what it belongs to.


def _document(text: str, root: jsonc.Node) -> Document:
    if root.kind not in ("object", "array"):
        raise jsonc.JsoncError("settings are an object or an array", *jsonc.position(text, root.start))
    beside, own = _remarks(text[: root.start])
    ends, last = _remarks(text[root.end :])
    return Document([*beside, *own], _group(text, root), [*ends, *last])


def _group(text: str, node: jsonc.Node) -> Group:
    group = Group(node.kind == "array", inline=_newline.search(text, node.start, node.end) is None)
    at = node.start + 1
    for index, entry in enumerate(node.entries):
        beside, own = _remarks(text[at : entry.start], next_on_line=True)
        _say_beside(group, beside)
        group.items.append(_item(text, entry, index, own))
        at = entry.value.end
    beside, group.tail = _remarks(text[at : node.end - 1])
    _say_beside(group, beside)
    return group if group.array else replace(group, items=_once(group.items))


def _item(text: str, entry: jsonc.Entry, index: int, above: list[str]) -> Item:
    beside, own = _remarks(text[entry.key_end : entry.value.start])
    node = entry.value
    value = _group(text, node) if node.kind in ("object", "array") else _scalar(node)
    return Item(str(index) if entry.key is None else entry.key, value, [*above, *filter(None, own)], beside)


def _scalar(node: jsonc.Node) -> Scalar:
    assert not isinstance(node.scalar, dict | list)
    return node.scalar


def _say_beside(group: Group, remarks: list[str]) -> None:
    """What stands on a line belongs to the value before it. That of a closing bracket becomes the inner end's."""
    if not group.items:
        group.head += remarks
        return
    last = group.items[-1]
    spread = last.value if isinstance(last.value, Group) and last.value.items and not last.value.inline else None
    (spread.tail if spread else last.beside).extend(remarks)


def _once(members: list[Item]) -> list[Item]:
    """The last of repeated keys counts, in the place of the first."""
    found: dict[str, Item] = {}
    for item in members:
        twin = found.get(item.key)
        found[item.key] = _instead_of(twin, item) if twin else item
    return list(found.values())


def _remarks(gap: str, *, next_on_line: bool = False) -> tuple[list[str], list[str]]:
    """The comments between two values: those beside the first, and those on lines of their own before the second."""
    beside: list[str] = []
    own: list[str] = []
    newlines, line_over, comma = 0, False, next_on_line and not _newline.search(gap)
    for piece in _piece.finditer(gap):
        if piece["newline"]:
            newlines, line_over = newlines + 1, True
        elif piece["comma"]:
            line_over = line_over or comma
        else:
            lines = _remark(piece["comment"])
            line_over = line_over or len(lines) > 1
            own += [""] if newlines > 1 and line_over else []
            (own if line_over else beside).extend(lines)
            newlines = 0
    return beside, [*own, ""] if newlines > 1 else own


def _remark(source: str) -> list[str]:
    """A comment as lines of YAML."""
    source = _unwritable.sub(lambda found: f"\\u{ord(found[0]):04x}" if found[0] not in "\r\n" else found[0], source)
    lines = [source[2:].rstrip().removeprefix(" ")] if source.startswith("//") else _block(source[2:-2])
    return [f"# {line}" if line else "#" for line in lines]


def _block(body: str) -> list[str]:
    """The lines of a block comment, without its frame of stars and its indentation."""
    first, *rest = _newline.split(body.removeprefix("*").rstrip())
    rest = textwrap.dedent("\n".join(rest)).split("\n") if rest else []
    if all(line.lstrip().startswith("*") for line in rest if line.strip()):
        rest = [line.strip().removeprefix("*").removeprefix(" ") for line in rest]
    lines = [first.strip(), *map(str.rstrip, rest)]
    return lines[1:] if len(lines) > 1 and not lines[0] else lines


# Merging and pruning.


def _joined(documents: Sequence[Document]) -> Document:
    result = Document([], Group(array=False), [])
    for document in documents:
        root = document.root
        if not result.root.array and not root.array:
            root = _over(result.root, root)
        result = Document(
            _paragraphs(result.header, document.header), root, _paragraphs(result.footer, document.footer)
        )
    return result


def _over(earlier: Group, later: Group) -> Group:
    """An object merged over another."""
    items = {item.key: item for item in earlier.items}
    for item in later.items:
        items[item.key] = _item_over(items[item.key], item) if item.key in items else item
    return Group(False, list(items.values()), earlier.head + later.head, earlier.tail + later.tail)


def _item_over(earlier: Item, later: Item) -> Item:
    old, new = earlier.value, later.value
    if isinstance(old, Group) and isinstance(new, Group) and not old.array and not new.array:
        return Item(later.key, _over(old, new), earlier.above + later.above, earlier.beside + later.beside)
    return _instead_of(earlier, later)


def _instead_of(earlier: Item, later: Item) -> Item:
    return replace(later, above=_paragraphs(_freed(earlier), later.above))


def _pruned_document(document: Document, verdicts: dict[Place, bool]) -> Document:
    return replace(document, root=_pruned(document.root, (), verdicts))


def _pruned(group: Group, steps: Place, verdicts: dict[Place, bool]) -> Group:
    """What is taken of it. What freed comments wait for is the next thing that stays."""
    items: list[Item] = []
    freed: list[str] = []
    for item in group.items:
        at = (*steps, item.key)
        if at not in verdicts and isinstance(item.value, Group):
            item = replace(item, value=_pruned(item.value, at, verdicts))
        stays = verdicts.get(at, isinstance(item.value, Group) and bool(item.value.items))
        if stays:
            items.append(replace(item, above=_paragraphs(freed, item.above)))
        freed = [] if stays else _paragraphs(freed, _freed(item) if at in verdicts else _all_freed(item))
    return replace(group, items=items, tail=_paragraphs(freed, group.tail))


def _freed(leaf: Item) -> list[str]:
    """The comments above a leaf that stay when it goes: all but its own, which touch it and are no other setting."""
    lines = list(leaf.above)
    while lines and lines[-1] and not _other_setting(lines[-1], leaf.key):
        lines.pop()
    return lines


def _other_setting(remark: str, key: str) -> bool:
    found = _disabled.match(remark)
    return found is not None and found["key"] != json.dumps(key, ensure_ascii=False)


def _all_freed(parent: Item) -> list[str]:
    group = parent.value
    return [*parent.above, *parent.beside, *group.head, *group.tail] if isinstance(group, Group) else []


def _paragraphs(first: list[str], second: list[str]) -> list[str]:
    """Comments of different origin: a blank line keeps them apart."""
    return [*first, "", *second] if any(first) else [*first, *second]


# Writing.


def _written(document: Document, data: Json) -> str:
    """The first that says the data: all of it with comments, the unruly entries without, nothing but the data."""
    for text in _attempts(document, data):
        if _says(text, data):
            return text
    raise ValueError("this cannot be written as YAML")


def _attempts(document: Document, data: Json) -> Iterator[str]:
    top = _lines(document.root, 0)
    yield _text(document, [line for lines in top for line in lines])
    safe: list[str] = []
    for lines, (key, value) in zip(top, _parts(data), strict=True):
        part: Json = [value] if isinstance(data, list) else {key: value}
        safe += lines if _says("\n".join(lines), part) else yaml.dump(part).splitlines()
    yield _text(document, safe)
    yield yaml.dump(data)


def _parts(data: Json) -> list[tuple[str, Json]]:
    if isinstance(data, list):
        return [(str(index), item) for index, item in enumerate(data)]
    return list(data.items()) if isinstance(data, dict) else []


def _says(text: str, data: Json) -> bool:
    try:
        return repr(yaml.load(text, "")) == repr(data)  # which tells 1 from true, 1.0 and "1", and sees the order
    except Invalid:
        return False


def _text(document: Document, body: list[str]) -> str:
    header = _tidy([*document.header, *document.root.head], last=True)
    footer = _tidy(document.footer, last=True)
    parts = (header, [*body, *_tidy(document.root.tail, first=False, last=True)], footer)
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _lines(group: Group, indent: int) -> list[list[str]]:
    """Block style, item by item, each without indentation; `indent` is where it will stand."""
    written = []
    for index, item in enumerate(group.items):
        lines = _listed(item, indent) if group.array else _member(item, indent)
        written.append([*_tidy(item.above, first=not index), *lines])
    return written


def _member(item: Item, indent: int) -> list[str]:
    lead = f"{_key(item.key)}:"
    if one := _beginning(item, lead, indent):
        return one
    assert isinstance(item.value, Group)
    return [_commented(lead, item.beside + item.value.head), *_indented(_inside(item.value, indent + 2))]


def _listed(item: Item, indent: int) -> list[str]:
    """An item behind its dash; comments that would stand between the two go above."""
    if one := _beginning(item, "-", indent):
        return one
    assert isinstance(item.value, Group)
    lines = [*item.beside, *item.value.head, *_inside(item.value, indent + 2)]
    start = next(index for index, line in enumerate(lines) if line and not line.startswith("#"))
    return [*lines[:start], f"- {lines[start]}", *_indented(lines[start + 1 :])]


def _beginning(item: Item, lead: str, indent: int) -> list[str]:
    """What begins on the line of its key or dash: a scalar, something empty, something short; else nothing."""
    value = item.value
    if not isinstance(value, Group):
        header, *body = _literal(value) or [_plain_or_quoted(value)]
        return [_commented(f"{lead} {header}", item.beside), *_indented(body)]
    if not value.items:
        empty = f"{lead} []" if value.array else f"{lead} {{}}"
        return [_commented(empty, item.beside + value.head), *_indented(_tidy(value.tail, last=True))]
    if value.inline and (value.array or lead == "-") and not _talks(value):
        line = f"{lead} {_flow(value)}"
        return [_commented(line, item.beside)] if indent + len(line) <= WIDTH else []
    return []


def _inside(group: Group, indent: int) -> list[str]:
    lines = [line for lines in _lines(group, indent) for line in lines]
    return [*lines, *_tidy(group.tail, first=False, last=True)]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" if line else "" for line in lines]


def _commented(line: str, remarks: list[str]) -> str:
    return "  ".join([line, " ".join(remarks)]) if remarks else line


def _tidy(remarks: list[str], *, first: bool = True, last: bool = False) -> list[str]:
    """One blank line where there were several; none first in a block, or last."""
    tidy: list[str] = []
    for line in remarks:
        if line or (tidy[-1] if tidy else not first):
            tidy.append(line)
    return tidy[:-1] if last and tidy and not tidy[-1] else tidy


def _talks(group: Group) -> bool:
    """Whether a comment stands anywhere in it."""
    return bool(group.head or group.tail) or any(
        item.above or item.beside or (isinstance(item.value, Group) and _talks(item.value)) for item in group.items
    )


def _flow(value: Scalar | Group) -> str:
    if not isinstance(value, Group):
        return _plain_or_quoted(value, inside_flow=True)
    if value.array:
        return "[" + ", ".join(_flow(item.value) for item in value.items) + "]"
    return "{" + ", ".join(f"{_key(item.key, inside_flow=True)}: {_flow(item.value)}" for item in value.items) + "}"


def _key(key: str, *, inside_flow: bool = False) -> str:
    return _quoted(key) if ":" in key else _plain_or_quoted(key, inside_flow=inside_flow)


def _plain_or_quoted(value: Scalar, *, inside_flow: bool = False) -> str:
    if isinstance(value, str):
        return value if _plain(value, inside_flow) else _quoted(value)
    return _float(value) if isinstance(value, float) else json.dumps(value)


def _plain(text: str, inside_flow: bool) -> bool:
    """Whether every reader of YAML 1.1 or 1.2, and every person, takes it for text."""
    return (
        _text_start.match(text) is not None
        and text.isprintable()
        and text.lower() not in _WORDS
        and not _dotted.match(text)
        and not text.endswith((" ", ":"))
        and ": " not in text
        and " #" not in text
        and not (inside_flow and any(mark in text for mark in ",[]{}?"))
    )


def _quoted(text: str) -> str:
    return "".join(map(_escaped, json.dumps(text, ensure_ascii=False)))


def _escaped(mark: str) -> str:
    if mark.isprintable():
        return mark
    return f"\\u{ord(mark):04x}" if ord(mark) < 0x10000 else f"\\U{ord(mark):08x}"


def _float(number: float) -> str:
    digits = repr(number)
    if digits.endswith("inf"):
        return digits.replace("inf", ".inf")
    return digits.replace("e", ".0e") if "." not in digits else digits  # YAML 1.1 knows no 1e+300


def _literal(value: Scalar) -> list[str]:
    """A text of several lines as a literal block, where that is exact and no line has blanks one cannot see."""
    if not isinstance(value, str) or "\n" not in value.rstrip("\n") or value.endswith("\n\n"):
        return []
    lines = value.removesuffix("\n").split("\n")
    exact = all(line == line.rstrip() and line.replace("\t", "").isprintable() for line in lines)
    if not exact or not lines[0] or lines[0][0] in " \t":
        return []
    return ["|" if value.endswith("\n") else "|-", *lines]
