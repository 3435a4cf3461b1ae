"""JSONC text → a tree of spans and plain values, or a `JsoncError` that says where and why. Pure.

Strict JSON but for `//` and `/* */` comments, trailing commas and a byte order mark. Offsets count characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn, TypeAlias

Step: TypeAlias = str | int
Steps: TypeAlias = tuple[Step, ...]
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Kind: TypeAlias = Literal["object", "array", "string", "number", "true", "false", "null"]

MAX_DEPTH: Final = 500
BOM: Final = "\ufeff"

# No pattern may give back what it took: the character classes are possessive and the rest can match in one way only.
LINE_COMMENT: Final = r"//[^\r\n]*+"
BLOCK_COMMENT: Final = r"/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*/"
TRIVIA: Final = rf"[ \t\r\n]*+(?:(?:{LINE_COMMENT}|{BLOCK_COMMENT})[ \t\r\n]*+)*"
_PLAIN = r'[^"\\\x00-\x1f]*+'
_STRING_START = rf'"{_PLAIN}(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{{4}}){_PLAIN})*'
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?![0-9A-Za-z_.+-])"
_VALUE = rf'(?:(?P<string>{_STRING_START}")|(?P<number>{_NUMBER})|(?P<word>(?:true|false|null)\b)|(?P<open>[\[{{]))'

_trivia = re.compile(TRIVIA)
_key = re.compile(rf'{TRIVIA}({_STRING_START}"){TRIVIA}')
_item = re.compile(TRIVIA + _VALUE)
_member = re.compile(rf'{TRIVIA}(?P<key>{_STRING_START}"){TRIVIA}:{TRIVIA}{_VALUE}')
_after_value = re.compile(rf"{TRIVIA}(,)?(?:{TRIVIA}([\]}}]))?")
_string_start = re.compile(_STRING_START)
_newline = re.compile(r"\r\n?|\n")
_bare_word = re.compile(r"""[^\s,:\[\]{}"'/]+""")
_array_index = re.compile(r"0|[1-9][0-9]{0,9}")

_WORDS: Final[dict[str, tuple[Kind, Json]]] = {
    "true": ("true", True),
    "false": ("false", False),
    "null": ("null", None),
}
_MEANT: Final = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"} | dict.fromkeys(
    ("None", "NULL", "Null", "nil", "undefined"), "null"
)


class JsoncError(ValueError):
    """The text is not JSONC. `empty` tells a file without any value (no text, or comments only) from a broken one."""

    def __init__(self, message: str, line: int, column: int, *, empty: bool = False) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.message, self.line, self.column, self.empty = message, line, column, empty


@dataclass(slots=True, eq=False)
class Node:
    """A value and where it stands: `text[start:end]`. Not to be changed by who reads it."""

    kind: Kind
    start: int
    end: int
    scalar: Json = None
    entries: Sequence[Entry] = ()
    places: dict[str | None, int] | None = None
    """Of an object: which entry has a key, once somebody asked."""


@dataclass(slots=True, eq=False)
class Entry:
    """A member of an object, or an item of an array: then `key` is None and `start == key_end == value.start`."""

    key: str | None
    start: int
    key_end: int
    value: Node
    comma: int = -1
    """Where the comma after it stands; -1 without one."""


def parse(text: str) -> Node:
    """The root value of a document."""
    return _Reader(text).document()


def loads(text: str) -> Json:
    """The plain value of a document."""
    return value(parse(text))


def value(node: Node) -> Json:
    """Fresh plain data. A repeated key keeps its first place and its last value, as in JavaScript and serde."""
    result: list[Json] = [None]
    todo: list[tuple[Any, Any, Node]] = [(result, 0, node)]
    while todo:
        holder, place, part = todo.pop()
        if part.kind == "object":
            holder[place] = members = dict.fromkeys(entry.key for entry in part.entries)
            todo.extend((members, entry.key, entry.value) for entry in reversed(part.entries))
        elif part.kind == "array":
            holder[place] = items = [None] * len(part.entries)
            todo.extend((items, index, entry.value) for index, entry in enumerate(part.entries))
        else:
            holder[place] = part.scalar
    return result[0]


def find(node: Node, steps: Steps) -> Node | None:
    """The value at that place. In an array a string of digits is an index too; of repeated keys the last counts."""
    for step in steps:
        index = find_entry(node, step)
        if index is None:
            return None
        node = node.entries[index].value
    return node


def find_entry(node: Node, step: Step) -> int | None:
    """Which entry of an object or array a step leads to."""
    if node.kind == "object" and isinstance(step, str):
        if node.places is None:
            node.places = {entry.key: index for index, entry in enumerate(node.entries)}
        return node.places.get(step)
    if node.kind != "array" or not _array_index.fullmatch(str(step)):
        return None
    return int(step) if int(step) < len(node.entries) else None


def raw(text: str, steps: Steps) -> str | None:
    """The exact source text of the value at that place."""
    node = find(parse(text), steps)
    return None if node is None else text[node.start : node.end]


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, in characters; a byte order mark is in no column."""
    line, start = 1, 1 if text.startswith(BOM) else 0
    for found in _newline.finditer(text, 0, offset):
        line, start = line + 1, found.end()
    return line, max(offset - start, 0) + 1


def pointer(steps: Steps) -> str:
    """The JSON Pointer (RFC 6901) of a place."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def steps(pointer: str) -> tuple[str, ...]:
    """The place a JSON Pointer names. Indexes stay strings of digits: only the document tells them from keys."""
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"a pointer starts with `/`: `{pointer}`")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def decode(content: bytes) -> str:
    """The text of a file, byte order mark included."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = position(before := content[: error.start].decode("utf-8"), len(before))
        hint = ", it looks like UTF-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        raise JsoncError(f"this is not UTF-8 text (byte 0x{content[error.start]:02x}){hint}", line, column) from None


def encode(text: str) -> bytes:
    """The bytes of a file: the inverse of `decode`."""
    return text.encode("utf-8")


class _Reader:
    """One pass over a text, with a stack of the containers still open instead of recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1 if text.startswith(BOM) else 0
        self.open: list[tuple[Node, list[Entry]]] = []

    def document(self) -> Node:
        found = _item.match(self.text, self.at)
        if found is None:
            self.refuse_start()
        root = self.node(found)
        while self.open:
            self.entry(*self.open[-1])
        rest = _trivia.match(self.text, self.at)
        if rest and rest.end() < len(self.text):
            self.refuse_character(rest.end(), "expected nothing more after the end of the document")
        return root

    def entry(self, holder: Node, entries: list[Entry]) -> None:
        """The next entry of the holder, or its end."""
        found = (_member if holder.kind == "object" else _item).match(self.text, self.at)
        if found is None:
            self.end_or_refuse(holder)
            return
        node = self.node(found)
        if holder.kind == "object":
            start, key_end = found.span("key")
            entries.append(Entry(_unquoted(found["key"]), start, key_end, node))
        else:
            entries.append(Entry(None, node.start, node.start, node))
        if found.lastgroup != "open":
            self.after_value()

    def node(self, found: re.Match[str]) -> Node:
        """The scalar just matched, or the container just opened."""
        group = found.lastgroup or ""
        token = found[group]
        start, self.at = found.span(group)
        if group == "string":
            return Node("string", start, self.at, _unquoted(token))
        if group == "number":
            return Node("number", start, self.at, self.number(token, start))
        if group == "word":
            kind, scalar = _WORDS[token]
            return Node(kind, start, self.at, scalar)
        if len(self.open) == MAX_DEPTH:
            self.refuse(f"nested deeper than {MAX_DEPTH} levels", start)
        entries: list[Entry] = []
        node = Node("object" if token == "{" else "array", start, start, None, entries)
        self.open.append((node, entries))
        return node

    def number(self, token: str, start: int) -> int | float:
        if any(mark in token for mark in ".eE"):
            return float(token)
        try:
            return int(token)
        except ValueError:  # Python bounds the digits it converts
            self.refuse("this number has too many digits", start)

    def after_value(self) -> None:
        """The comma after a value, and the ends of as many containers as end here."""
        while self.open:
            holder, entries = self.open[-1]
            found = _after_value.match(self.text, self.at)
            comma, closing = found.groups() if found else (None, None)
            if found and comma:
                entries[-1].comma, self.at = found.span(1)
                if not closing:
                    return
            if not found or closing != _closing(holder):
                self.refuse_after(holder)
            self.close(found.end())

    def close(self, end: int) -> None:
        holder, _ = self.open.pop()
        holder.end = self.at = end

    # From here on the text is known to be wrong, or nearly so: this only finds the words.

    def end_or_refuse(self, holder: Node) -> None:
        spot = self.skip(self.at)
        if self.text.startswith(_closing(holder), spot):
            self.close(spot + 1)
            self.after_value()
            return
        self.refuse_end(holder, spot)
        if holder.kind == "array":
            self.refuse_value(spot, "expected a value or `]`")
        key = _key.match(self.text, self.at)
        if key is None:
            self.refuse_key(spot)
        self.refuse_end(holder, key.end())
        if self.text[key.end()] != ":":
            self.refuse_character(key.end(), "expected `:` after this key", key.end(1))
        spot = self.skip(key.end() + 1)
        self.refuse_end(holder, spot)
        self.refuse_value(spot, "expected a value after `:`")

    def skip(self, at: int) -> int:
        found = _trivia.match(self.text, at)
        return found.end() if found else at

    def refuse(self, message: str, offset: int, *, empty: bool = False) -> NoReturn:
        raise JsoncError(message, *position(self.text, offset), empty=empty)

    def refuse_start(self) -> NoReturn:
        spot = self.skip(self.at)
        if spot < len(self.text):
            self.refuse_value(spot, "expected a value")
        rest = self.text[self.at :]
        message = "the file holds only comments" if rest.strip() else "the file holds only white space"
        self.refuse(message if rest else "the file is empty", self.at, empty=True)

    def refuse_end(self, holder: Node, spot: int) -> None:
        if spot == len(self.text):
            self.refuse(f"this `{self.text[holder.start]}` is never closed", holder.start)

    def refuse_after(self, holder: Node) -> NoReturn:
        spot = self.skip(self.at)
        self.refuse_end(holder, spot)
        if self.text[spot] in "]}":
            line, _ = position(self.text, holder.start)
            self.refuse(f"expected `{_closing(holder)}` for the `{self.text[holder.start]}` of line {line}", spot)
        self.refuse_character(spot, f"expected `,` or `{_closing(holder)}` after this value", self.at)

    def refuse_key(self, spot: int) -> NoReturn:
        mark = self.text[spot]
        if mark == '"':
            self.refuse_string(spot)
        if mark == "'" or mark.isalnum() or mark in "_$":
            self.refuse("a key needs double quotes", spot)
        self.refuse_character(spot, "expected a key or `}`")

    def refuse_value(self, spot: int, expected: str) -> NoReturn:
        mark, word = self.text[spot], _bare_word.match(self.text, spot)
        if mark == '"':
            self.refuse_string(spot)
        if mark == "'":
            self.refuse("a string needs double quotes", spot)
        if word and mark.isprintable() and mark != "#":
            meant = _MEANT.get(word[0])
            hint = f", did you mean `{meant}`?" if meant else ""
            self.refuse(f"`{word[0][:40]}` is not a JSON value{hint}", spot)
        self.refuse_character(spot, expected)

    def refuse_character(self, spot: int, expected: str, offset: int | None = None) -> NoReturn:
        """What was expected is said of the offset, unless the character itself is the mistake."""
        if self.text.startswith("/*", spot):
            self.refuse("this comment is never closed", spot)
        if self.text[spot] == "#":
            self.refuse("a comment starts with `//` or `/*`, not with `#`", spot)
        self.refuse(expected, spot if offset is None else offset)

    def refuse_string(self, spot: int) -> NoReturn:
        found = _string_start.match(self.text, spot)
        stop = found.end() if found else spot
        if stop == len(self.text) or self.text[stop] in "\r\n":
            self.refuse("this string is never closed", spot)
        if self.text[stop] == "\\":
            self.refuse(f"`{self.text[stop : stop + 2].strip()}` is not a JSON escape", stop)
        self.refuse(f"this string holds a control character: write `\\u{ord(self.text[stop]):04x}`", stop)


def _closing(holder: Node) -> str:
    return "}" if holder.kind == "object" else "]"


def _unquoted(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    decoded: str = json.loads(token)
    return decoded
