"""The comment that shares a line with a key: it goes with the key, and comes back with it. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from reconciler.formats.jsonc import Steps, find, find_entry
from reconciler.formats.jsonc_document import Document
from reconciler.formats.jsonc_remove import own_lines, rest_of_line

_blank_to_the_end = re.compile(r"[ \t]*+(?=[\r\n])")


def beside(text: str, steps: Steps) -> str:
    """What a deletion of this key would take along behind its value, less the comma: ` // fast`; "" for nothing."""
    document = _document(text)
    holder = find(document.root, steps[:-1])
    index = find_entry(holder, steps[-1]) if holder is not None and holder.kind == "object" else None
    if holder is None or index is None or own_lines(document, holder, index) is None:
        return ""
    entry = holder.entries[index]
    rest = rest_of_line.match(text, entry.value.end)
    end = rest.end() if rest is not None else entry.value.end
    comma = entry.comma if entry.value.end <= entry.comma < end else end
    found = text[entry.value.end : comma] + text[comma + 1 : end]
    return found if found.strip() else ""


@lru_cache(maxsize=8)
def _document(text: str) -> Document:
    return Document(text)


def with_beside(text: str, steps: Steps, comment: str) -> str:
    """The text with the comment behind this key, where nothing else shares the rest of its line."""
    root = Document(text).root
    holder = find(root, steps[:-1])
    index = find_entry(holder, steps[-1]) if holder is not None and holder.kind == "object" else None
    if holder is None or index is None:
        return text
    entry = holder.entries[index]
    end = entry.comma + 1 if entry.comma >= 0 and not text[entry.value.end : entry.comma].strip() else entry.value.end
    return text[:end] + comment + text[end:] if _blank_to_the_end.match(text, end) else text
