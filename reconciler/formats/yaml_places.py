"""YAML text of plain maps and lists → where each key and item stands, read line by line; None for any other. Pure.

ruamel.yaml says it of every text and takes a tenth of a second for the settings of a program; most settings are keys
below keys, a line each, and lists of a few words. Line by line only what cannot mean anything else is read.
"""

from __future__ import annotations

import re

_END = r"\x00-\x1f\x7f\x85\u2028\u2029\ufeff"
_QUOTED = rf"""'[^'{_END}]*'(?!')|"[^"\\{_END}]*\""""
_BEGIN = r"""(?:[^\s\[\]{}>|*&!%#@`"',?:=<~-]|-[\w.])"""
_PLAIN = rf"{_BEGIN}(?:[^:{_END}]|:(?=[^\s{_END}]))*"
_KEY = rf"""'[^'{_END}]+'|"[^"\\{_END}]+"|[A-Za-z_][A-Za-z0-9_./@ +-]*?"""
_LINE = re.compile(rf"( *)({_KEY}):(?: +({_QUOTED}|\[ *\]|\{{ *\}}|{_PLAIN}))?(?: +\#[^{_END}]*| *)")
_LIST = re.compile(rf"( *)({_KEY}): +(?=[\[{{])")
_ITEM = re.compile(rf"(( *)- +)(?:(?=[\[{{])|(?:{_QUOTED}|{_PLAIN})(?: +\#[^{_END}]*| *)\Z)")
_ENTRY = re.compile(rf"{_QUOTED}|{_BEGIN}[^\[\]{{}},:\#{_END}]*")
_NAME = re.compile(rf"""('[^'{_END}]+'|"[^"\\{_END}]+"|[A-Za-z_][A-Za-z0-9_./-]*): +""")
_SILENT = re.compile(rf" *(?:#[^{_END}]*)?")
_REST = re.compile(rf"(?: +\#[^{_END}]*| *)")
_BLANK = re.compile(" *")

Steps = tuple[str, ...]
Places = dict[Steps, tuple[int, int]]


class _Unsure(Exception):
    """Something that is not read here."""


def places(text: str, first_line: int) -> Places | None:
    """Line and column of every key and item."""
    try:
        return _places(text, first_line)
    except (_Unsure, RecursionError):
        return None


def _places(text: str, first_line: int) -> Places:
    found: Places = {}
    above: list[tuple[int, str]] = []
    opens, items = True, (-1, 0)
    for number, line in enumerate(text.split("\n"), first_line):
        if _SILENT.fullmatch(line):
            continue
        if item := _ITEM.match(line):
            items = _nth(len(item[2]), items, above, opens)
            at = (*(key for _, key in above), str(items[1]))
            found[at] = number, item.end(1) + 1
            _rest(line, item.end(1), (number, at), found)
            opens = False
            continue
        read = _LINE.fullmatch(line) or _LIST.match(line)
        if read is None or not _fits(len(read[1]), above, opens):
            raise _Unsure
        indent = len(read[1])
        above = [*(entry for entry in above if entry[0] < indent), (indent, read[2].strip("'\""))]
        at = tuple(key for _, key in above)
        found.setdefault(at, (number, indent + 1))
        if read.re is _LIST:
            _rest(line, read.end(), (number, at), found)
        opens, items = read.re is _LINE and read[3] is None, (-1, 0)
    return found


def _nth(indent: int, items: tuple[int, int], above: list[tuple[int, str]], opens: bool) -> tuple[int, int]:
    """The indent of a list, and which item of it a line is: the next one, or the first below a key without a value."""
    if items[0] == indent and not opens:
        return indent, items[1] + 1
    if not opens or not above or indent < above[-1][0]:
        raise _Unsure
    return indent, 0


def _rest(line: str, start: int, place: tuple[int, Steps], found: Places) -> None:
    """A list or a map on one line, and nothing after it."""
    if line[start] in "[{" and not _REST.fullmatch(line, _flow(line, start, place, found)):
        raise _Unsure


def _flow(line: str, at: int, place: tuple[int, Steps], found: Places) -> int:
    """Where a value in brackets ends; what is in it is entered."""
    if line[at : at + 1] not in ("[", "{"):
        entry = _ENTRY.match(line, at)
        if entry is None:
            raise _Unsure
        return entry.end()
    number, steps = place
    listed, count = line[at] == "[", 0
    at = _after(line, at + 1)
    while line[at : at + 1] != ("]" if listed else "}"):
        name = None if listed else _NAME.match(line, at)
        if not listed and name is None:
            raise _Unsure
        inner = (*steps, name[1].strip("'\"") if name else str(count))
        found.setdefault(inner, (number, at + 1))
        at, count = _after(line, _flow(line, name.end() if name else at, (number, inner), found)), count + 1
        if line[at : at + 1] == ",":
            at = _after(line, at + 1)
            if line[at : at + 1] in ("]", "}"):
                raise _Unsure
        elif line[at : at + 1] not in ("]", "}"):
            raise _Unsure
    return at + 1


def _after(line: str, at: int) -> int:
    blank = _BLANK.match(line, at)
    return blank.end() if blank else at


def _fits(indent: int, above: list[tuple[int, str]], opens: bool) -> bool:
    """Whether a line may stand at this indent: deeper only below a key without a value, else beside another."""
    if not above:
        return True
    return opens if indent > above[-1][0] else any(at == indent for at, _ in above)
