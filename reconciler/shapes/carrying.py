"""How files and keys carry references to secrets: found, filled and hidden. Pure.

In a file a reference stands in a quoted text of YAML (shapes/markdown.py), in a key in a text of JSON: what is put
there is escaped, so that a secret can't end the text it stands in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from reconciler.model.resource import File
from reconciler.model.secret import END, MARKED, START, Carrier, Value, filled, hidden, marked, references, veiled

MARK: Final = START.encode()
LINE: Final = re.compile(r"[^\r\n]*")


def _in_leaf(leaf: Any) -> frozenset[str]:
    return references(leaf.value)


def _leaf_filled(leaf: Any, secret: Value) -> Any:
    return leaf._replace(value=filled(leaf.value, secret), raw=_escaped(leaf.raw, secret))


def _escaped(text: str, secret: Value) -> str:
    """A text of JSON or YAML with secrets inside its quotes."""
    return MARKED.sub(lambda found: json.dumps(secret(found[1]), ensure_ascii=False)[1:-1], text)


def _leaf_hidden(leaf: Any, like: Any, shown: Value) -> Any:
    return leaf._replace(value=hidden(leaf.value, like.value, shown), raw="")


def _in_file(file: File) -> frozenset[str]:
    return references(file.content.decode("utf-8", "replace")) if MARK in file.content else frozenset()


def _file_filled(file: File, secret: Value) -> File:
    return _with(file, _escaped(file.content.decode(), secret))


def _with(file: File, text: str) -> File:
    return file._replace(content=text.encode())


def _file_hidden(file: File, like: File, shown: Value) -> File | None:
    """Line by line: what stands between the words that stand around a reference. None where one is not found."""
    text, around = file.content.decode("utf-8", "replace"), list(_around(like))
    for head, tail in around:
        found = [(m, line) for m in LINE.finditer(text) if (line := m[0]).startswith(head) and line.endswith(tail)]
        if not found:
            return None
        for match, line in reversed(found):
            inner = line[len(head) : len(line) - len(tail)]
            if START not in inner:
                text = text[: match.start()] + head + shown(_unescaped(inner)) + tail + text[match.end() :]
    return _with(file, text)


def _around(like: File) -> Iterator[tuple[str, str]]:
    """What stands before and after the references of each line that has some."""
    for line in LINE.findall(like.content.decode("utf-8", "replace")):
        if START in line:
            yield line.split(START)[0], line.split(END)[-1]


def _unescaped(inner: str) -> str:
    try:
        return str(json.loads(f'"{inner}"'))
    except ValueError:
        return inner


def _leaf_veiled(leaf: Any, like: Any, secret: Value) -> Any:
    made = leaf._replace(value=veiled(leaf.value, like.value, secret), raw="")
    return made if _in_leaf(made) >= _in_leaf(like) else None


def _file_veiled(file: File, like: File, secret: Value) -> File | None:
    text = file.content.decode("utf-8", "replace")
    for name in _in_file(like):
        text = text.replace(f'"{json.dumps(secret(name), ensure_ascii=False)[1:-1]}"', f'"{marked(name)}"')
    made = _with(file, text)
    return made if _in_file(made) >= _in_file(like) else None


LEAVES: Final[Carrier[Any]] = Carrier(_in_leaf, _leaf_filled, _leaf_hidden, _leaf_veiled)
FILES: Final[Carrier[File]] = Carrier(_in_file, _file_filled, _file_hidden, _file_veiled)
