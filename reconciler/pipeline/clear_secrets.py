"""Values in desired state that look like secrets in clear: git remembers them for ever. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.formats import masking
from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.resource import Resource, Source

MOST = 5
LARGEST = 1 << 20
PROMPT = "in front matter write `!secret …` (`reconcile secret set NAME` keeps one); a prompt can't hold one"
HINTS = {
    **dict.fromkeys(("agent", "command", "skill"), PROMPT),
    "file": "keep it in a file or a variable outside of git, and change the secret",
}
MOVE = (
    "`reconcile secret set NAME` keeps one outside of git, and prints the `!secret` line to put here (in JSON"
    ' `{"$secret": …}`); then change the secret'
)


def in_clear(resource: Resource[Any]) -> Iterator[Problem]:
    """Where a resource's files hold what looks like a secret; the value is not shown."""
    for source in resource.sources:
        for origin in _places(source):
            text = f"{resource.ref}: this looks like a secret in clear"
            yield Problem(origin, text, HINTS.get(resource.ref.kind, MOVE), Severity.WARNING)


def _places(source: Source) -> Iterator[Origin]:
    content = source.file.content
    if len(content) > LARGEST or b"\0" in content:
        return
    text = content.decode("utf-8", "replace")
    for span in masking.find(text)[:MOST]:
        line = text.count("\n", 0, span.start) + 1
        yield Origin(source.path, line, span.start - text.rfind("\n", 0, span.start))
