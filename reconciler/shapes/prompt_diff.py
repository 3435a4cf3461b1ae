"""Two Markdown files → which front matter values differ, and a text diff of the rest. Pure."""

from __future__ import annotations

from reconciler.formats import frontmatter
from reconciler.model.change import Diff
from reconciler.model.diff import field_changes, text_diff
from reconciler.model.problem import Invalid
from reconciler.model.resource import File
from reconciler.shapes import owned_file


def diff(before: File | None, after: File | None) -> Diff:
    """Values one by one where both sides parse and only values differ; else the text."""
    plain = owned_file.diff(before, after)
    if before is None or after is None or not plain.text:
        return plain
    try:
        old, new = frontmatter.parse(before.content, ""), frontmatter.parse(after.content, "")
    except Invalid:
        return plain
    fields = tuple(field_changes(old.front, new.front))
    if not fields:
        return plain
    return Diff(plain.fields + fields, text_diff(old.body, new.body))
