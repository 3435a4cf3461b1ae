"""YAML text of plain maps → where each key stands, read line by line; None for any other text. Pure.

ruamel.yaml says it of every text and takes a tenth of a second for the settings of a program; most settings are keys
below keys, a line each. Line by line only what cannot mean anything else is read.
"""

from __future__ import annotations

import re

_END = r"\x00-\x1f\x7f\x85\u2028\u2029\ufeff"
_QUOTED = rf"""'[^'{_END}]*'(?!')|"[^"\\{_END}]*\""""
_BEGIN = r"""(?:[^\s\[\]{}>|*&!%#@`"',?:=<~-]|-[\w.])"""
_PLAIN = rf"{_BEGIN}(?:[^:{_END}]|:(?=[^\s{_END}]))*"
_KEY = rf"""'[^'{_END}]+'|"[^"\\{_END}]+"|[A-Za-z_][A-Za-z0-9_./@ +-]*?"""
_LINE = re.compile(rf"( *)({_KEY}):(?: +({_QUOTED}|\[ *\]|\{{ *\}}|{_PLAIN}))?(?: +\#[^{_END}]*| *)")
_SILENT = re.compile(rf" *(?:#[^{_END}]*)?")

Places = dict[tuple[str, ...], tuple[int, int]]


def places(text: str, first_line: int) -> Places | None:
    """Line and column of every key."""
    found: Places = {}
    above: list[tuple[int, str]] = []
    opens = True
    for number, line in enumerate(text.split("\n"), first_line):
        if _SILENT.fullmatch(line):
            continue
        read = _LINE.fullmatch(line)
        if read is None or not _fits(len(read[1]), above, opens):
            return None
        indent = len(read[1])
        above = [*(entry for entry in above if entry[0] < indent), (indent, read[2].strip("'\""))]
        found.setdefault(tuple(key for _, key in above), (number, indent + 1))
        opens = read[3] is None
    return found


def _fits(indent: int, above: list[tuple[int, str]], opens: bool) -> bool:
    """Whether a line may stand at this indent: deeper only below a key without a value, else beside another."""
    if not above:
        return True
    return opens if indent > above[-1][0] else any(at == indent for at, _ in above)
