"""What a template may do: how much it may write, how often it may go round, which names of a value it sees. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST_TEXT = 4_000_000
"""Characters that one rendering may write, and that one value of it may be long."""
MOST_STEPS = 200_000
"""Rounds of loops and calls of macros and functions in one rendering."""
MOST_RANGE = 10_000
MOST_WORK = 64_000_000
"""Characters of text, and a share of them for each item of a list, that one rendering may make or look through."""
ITEM = 32
MOST_BITS = 256
TEXT = frozenset(
    ("upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip", "startswith", "endswith", "split",
     "rsplit", "splitlines", "partition", "rpartition", "removeprefix", "removesuffix", "count", "find")
)  # fmt: skip
MAP = frozenset(("get", "items", "keys", "values"))
LIST = frozenset(("index", "count"))
FILTERS = frozenset(
    ("abs", "batch", "capitalize", "count", "d", "default", "dictsort", "first", "float",
     "groupby", "int", "items", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr",
     "reverse", "round", "select", "selectattr", "slice", "sort", "title", "trim", "truncate",
     "unique", "upper", "wordcount")
)  # fmt: skip
"""Filters of Jinja that cannot make much of little."""


class TooMuch(Exception):
    """A rendering went past a bound; the text says which."""


class Refused(Exception):
    """A mistake in a template, and what mends it."""

    def __init__(self, text: str, hint: str = "") -> None:
        self.text, self.hint = text, hint
        super().__init__(text)


class Budget:
    """What is left of one rendering."""

    def __init__(self) -> None:
        self.steps, self.text, self.work = MOST_STEPS, MOST_TEXT, MOST_WORK

    def step(self, weight: int = 0) -> str:
        """One round more, which writes so many characters of the template's own."""
        self.steps -= 1
        if self.steps < 0:
            raise TooMuch(f"it goes round more than {MOST_STEPS:,} times")
        self.write(max(weight, 0))
        return ""

    def weigh(self, *values: Any) -> None:
        """What is made or looked through; a list with all that is in it, as often as it is."""
        left = [*values]
        while left:
            value = left.pop()
            if isinstance(value, str):
                self.work -= len(value)
                if len(value) > MOST_TEXT:
                    raise TooMuch(f"it makes a value longer than {MOST_TEXT:,}")
            elif isinstance(value, list | tuple | range | Mapping):
                self.work -= ITEM * len(value)
                if self.work >= 0 and not isinstance(value, range):
                    left += [*value, *value.values()] if isinstance(value, Mapping) else value
            elif isinstance(value, int) and value.bit_length() > MOST_BITS:
                raise TooMuch("a number is larger than a document needs")
            if self.work < 0:
                raise TooMuch("it makes and compares more than a document needs")

    def write(self, length: int) -> None:
        self.text -= length
        if self.text < 0:
            raise TooMuch(f"it writes more than {MOST_TEXT:,} characters")


def bounded_range(*of: int) -> range:
    """`range`, no longer than a document needs."""
    numbers = range(*of)
    if len(numbers) > MOST_RANGE:
        raise TooMuch(f"a range of {len(numbers):,} is longer than {MOST_RANGE:,}")
    return numbers


def written(value: Any) -> str:
    """What stands in the text for a value. A list or a map is none: one that holds itself many times has no end."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, int | float):
        return "" if value is None else str(value)
    if type(value).__module__.startswith("reconciler.") or type(value).__name__ == "StrictUndefined":
        return str(value)
    raise Refused("a list or a map is no text", "write `|join(', ')` or `|tojson`")


def as_json(value: Any, indent: int | None = None) -> str:
    """`tojson`, for text: nothing in it is escaped for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=min(indent, 8) if indent else None)


def joined(value: Iterable[Any], separator: str = "") -> str:
    """`join`, of texts and numbers."""
    parts: list[str] = []
    length = 0
    for one in value:
        parts.append(written(one))
        length += len(parts[-1]) + len(separator)
        sized(length)
    return str(separator).join(parts)


def replaced(text: str, old: str, new: str, count: int = -1) -> str:
    """`replace`."""
    text, old, new = str(text), str(old), str(new)
    sized(len(text) + (text.count(old) if count < 0 else count) * len(new))
    return text.replace(old, new, count)


def indented(text: str, width: int = 4, first: bool = False) -> str:
    """`indent`, of lines that are not empty."""
    sized(len(text) + text.count("\n") * width)
    lines = [" " * width + line if line.strip() and (first or at) else line for at, line in enumerate(text.split("\n"))]
    return "\n".join(lines)


def sized(length: int) -> None:
    if length > MOST_TEXT:
        raise TooMuch(f"it makes a value longer than {MOST_TEXT:,}")


def operated(operator: str, left: Any, right: Any) -> None:
    """Raises TooMuch for an operation that makes much of little."""
    if operator == "**":
        raise Refused("`**` is not known here")
    if operator == "*" and (_long(left) or _long(right)):
        times, what = (left, right) if isinstance(left, int) else (right, left)
        sized(len(what) * max(times, 0) if isinstance(times, int) else 0)
    elif operator == "+" and _long(left) and _long(right):
        sized(len(left) + len(right))
    elif operator == "%" and isinstance(left, str):
        raise Refused("`%` of a text is not known here", "write `~`")
    elif any(isinstance(side, int) and side.bit_length() > MOST_BITS for side in (left, right)):
        raise TooMuch("a number is larger than a document needs")


def _long(value: Any) -> bool:
    return isinstance(value, str | list | tuple)


def visible(value: Any, name: str, own: Mapping[type, frozenset[str]]) -> bool:
    """Whether a template sees this attribute of a value. `own`: classes of ours, and what is seen of them."""
    if name.startswith("_"):
        return False
    if isinstance(value, str):
        return name in TEXT
    if isinstance(value, Mapping):
        return name in MAP
    if isinstance(value, Sequence):
        return name in LIST
    if (names := own.get(type(value))) is not None:
        return name in names
    return type(value).__module__.startswith("jinja2.")


def on_one_line(text: str) -> str:
    """`oneline`: line ends and runs of blanks as one blank each."""
    return " ".join(written(text).split())


def in_a_cell(text: str) -> str:
    """`cell`: the same, and nothing in it ends a cell of a table."""
    return on_one_line(text).replace("|", "\\|")


def fenced(text: str, language: str = "") -> str:
    """`fenced`: a code block that nothing in the text ends."""
    text = written(text)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    sized(len(text) + 2 * len(fence))
    return f"{fence}{written(language)}\n{text}\n{fence}"


OURS = {
    "join": joined, "replace": replaced, "indent": indented, "string": written, "tojson": as_json,
    "oneline": on_one_line, "cell": in_a_cell, "fenced": fenced,
}  # fmt: skip
"""Filters of our own, which count what they make."""
