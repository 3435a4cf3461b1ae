"""New entries of an object or array: where they go, and in what style. Pure."""

from __future__ import annotations

from reconciler.formats.jsonc import (
    Node,
    Steps,
)
from reconciler.formats.jsonc_document import NEWLINE, SPACE, Document, end_of
from reconciler.formats.jsonc_render import Fresh, bodies_of, lead_of


def inserted(document: Document, steps: Steps, index: int, fresh: Fresh) -> Document:
    node = document.at(steps)
    if not node.entries:
        return _inserted_first(document, steps, fresh)
    if index < len(node.entries):
        return _inserted_before(document, steps, index, fresh)
    return _inserted_last(document, steps, fresh)


def _inserted_last(document: Document, steps: Steps, fresh: Fresh) -> Document:
    node = document.at(steps)
    last = node.entries[-1]
    starts_line = document.starts_line(node, len(node.entries) - 1)
    at, indent = _place_after(document, node, last.start, starts_line, last.comma + 1 or last.value.end)
    bodies = [lead_of(document, indent) + body for body in bodies_of(document, fresh, steps, indent)]
    if last.comma < 0:
        return document.spliced([(last.value.end, last.value.end, ","), (at, at, ",".join(bodies))])
    return document.spliced([(at, at, "".join(body + "," for body in bodies))])


def _place_after(document: Document, node: Node, start: int, starts_line: bool, end: int) -> tuple[int, str | None]:
    """Where to go on after what stands there and the comments beside it, and how far indented if on a new line."""
    at, line = document.end_of_comments(end)
    if starts_line:
        return at if line is None else line, document.indent_at(start)
    if line is None or at == end:
        return at, None
    return line, document.indent_at(node.start) + document.unit


def _inserted_before(document: Document, steps: Steps, index: int, fresh: Fresh) -> Document:
    node = document.at(steps)
    (at, _), indent = document.gap(node, index), None
    if document.starts_line(node, index):
        indent = document.indent_at(node.entries[index].start)
        at = document.end_of_comments(at)[1] or at
    lead, bodies = lead_of(document, indent), bodies_of(document, fresh, steps, indent)
    if index == 0 and indent is None:
        at = end_of(SPACE, document.text, at)
        return document.spliced([(at, at, "".join(body + "," + lead for body in bodies))])
    return document.spliced([(at, at, "".join(lead + body + "," for body in bodies))])


def _inserted_first(document: Document, steps: Steps, fresh: Fresh) -> Document:
    """White space inside of an empty container stays where a deletion will leave it."""
    node = document.at(steps)
    start, close = node.start + 1, node.end - 1
    if comments := document.comments(start, close):
        return _inserted_after_comment(document, steps, comments[-1].start(), fresh)
    inside, outer = document.text[start:close], document.indent_at(node.start)
    has_line = bool(NEWLINE.search(inside))
    if document.is_inline(steps) and not has_line:
        new = ("," + lead_of(document, None)).join(bodies_of(document, fresh, steps, None))
        return document.spliced([(start, start, (" " if inside else "") + new)])
    lead = lead_of(document, outer + document.unit)
    new = ",".join(lead + body for body in bodies_of(document, fresh, steps, outer + document.unit))
    at = start if has_line else close
    return document.spliced([(at, at, new + document.newline + ("" if has_line else outer))])


def _inserted_after_comment(document: Document, steps: Steps, comment: int, fresh: Fresh) -> Document:
    node = document.at(steps)
    starts_line = document.is_fresh_line(node.start + 1, comment)
    at, indent = _place_after(document, node, comment, starts_line, comment)
    lead = " " if indent is None else lead_of(document, indent)
    return document.spliced([(at, at, ",".join(lead + body for body in bodies_of(document, fresh, steps, indent)))])
