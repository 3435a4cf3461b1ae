"""An entry of an object or array taken out, judged by what stands around it. Pure."""

from __future__ import annotations

import re

from reconciler.formats.jsonc import (
    LINE_COMMENT,
    Node,
    Steps,
    find_entry,
)
from reconciler.formats.jsonc_document import NEWLINE, SPACE, WHITE, Document, end_of

_ONE_LINE_BLOCK = r"/\*[^*\r\n]*+\*++(?:[^/*\r\n][^*\r\n]*+\*++)*/"
_BESIDE = rf"(?:[ \t]++|{_ONE_LINE_BLOCK})*"
rest_of_line = re.compile(rf"{_BESIDE},?{_BESIDE}(?:{LINE_COMMENT})?(?=[\r\n])")


def is_idle(document: Document, steps: Steps) -> bool:
    """Empty, without comments, and not a repeated key: an earlier one would come to life."""
    node, holder = document.at(steps), document.at(steps[:-1])
    repeats = sum(entry.key == steps[-1] for entry in holder.entries) > 1
    return not node.entries and not document.comments(node.start + 1, node.end - 1) and not repeats


def without(document: Document, steps: Steps) -> Document:
    """The document without an item, or without a key and all its repetitions."""
    holder = document.at(steps[:-1])
    while (index := find_entry(holder, steps[-1])) is not None:
        document = removed(document, holder, index)
        holder = document.at(steps[:-1])
        if holder.kind == "array":
            break
    return document


def removed(document: Document, node: Node, index: int) -> Document:
    start, end = own_lines(document, node, index) or _among_others(document, node, index)
    comma = node.entries[index].comma
    if comma < 0 and index:
        comma = node.entries[index - 1].comma
    splices = [(start, end, "")]
    if comma >= 0 and not start <= comma < end:
        splices.append((comma, comma + 1, ""))
    return document.spliced(splices)


def own_lines(document: Document, node: Node, index: int) -> tuple[int, int] | None:
    """From the line break before an entry to the end of its lines, if only comments after it share them."""
    text, (before, start) = document.text, document.gap(node, index)
    lead = text[before:start].rstrip(" \t")
    rest = rest_of_line.match(text, node.entries[index].value.end)
    if not lead.endswith(("\n", "\r")) or not rest:
        return None
    left = before + len(lead) - (2 if lead.endswith("\r\n") else 1)
    if len(node.entries) > 1 or (text[node.start + 1 : left] + text[rest.end() : node.end - 1]).strip(WHITE):
        return left, rest.end()
    # The only entry and no comment: the line of the closing bracket was made for it, unless there is one more.
    line = end_of(NEWLINE, text, rest.end())
    return left, line if NEWLINE.search(text, line, node.end - 1) else node.end - 1


def _among_others(document: Document, node: Node, index: int) -> tuple[int, int]:
    """The entry and the white space on one side. Comments stay, and what follows a `//` stays out of it."""
    text, entry = document.text, node.entries[index]
    before, start = document.gap(node, index)
    end = entry.value.end
    if entry.comma >= 0 and not text[end : entry.comma].strip(WHITE):
        end = entry.comma + 1
    left, right = before + len(text[before:start].rstrip(WHITE)), end_of(SPACE, text, end)
    comments = document.comments(before, start)
    is_first = index == 0 or NEWLINE.search(text, left, start)
    if (comments and comments[-1].lastgroup == "line") or (is_first and right < node.end - 1):
        return start, right
    return left, end
