"""What a rendering came from → the line that says so in its output: a comment, or where the template wants it. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection
from hashlib import blake2b
from typing import NamedTuple

from reconciler.formats.duration import shown
from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.model.resource import Ref
from reconciler.shapes.document_facts import Key
from reconciler.shapes.document_spec import Document, Output

PLACE = "\U0010f5a3stamp\U0010f5a4"
"""What `stamp()` writes: what was asked for, and so the stamp, is known only when all is written."""
SIGNS = frozenset("\U0010f5a3\U0010f5a4")
COMMENTS = {
    **dict.fromkeys(("md", "markdown", "mdx", "html", "htm", "xml", "svg"), ("<!-- ", " -->")),
    **dict.fromkeys(("yaml", "yml", "toml", "sh", "py", "conf", "ini", "cfg", "properties"), ("# ", "")),
    **dict.fromkeys(("js", "ts", "jsonc", "css", "mjs", "cjs"), ("/* ", " */")),
}
SILENT = "it is of observed facts, and nothing in it would say when it is rendered again"


class Made(NamedTuple):
    """What came out of a template, what it asked for, and a digest of the answers and of what the document says."""

    text: str
    asked: Collection[Key]
    digest: str


def stamped(made: Made, ref: Ref, document: Document, output: Output) -> str:
    """The text as it stands in the output. Raises Invalid where no stamp can stand that must."""
    text = made.text if made.text.endswith("\n") or not made.text else made.text + "\n"
    ending = output.path.rpartition(".")[2].lower()
    before, after = COMMENTS.get(ending, ("", ""))
    digest = blake2b(made.digest.encode(), digest_size=6).hexdigest()
    said = f"rendered from {document.asked.path}{_again(made.asked, document)}; inputs {digest}"
    if SIGNS & {*text}:
        inside = json.dumps(said, ensure_ascii=False)[1:-1] if ending == "json" else said
        return _placed(text, inside, document)
    if not before and document.observed:
        hint = f"write `{{{{ stamp() }}}}` into it, in a JSON text as a key of its own, or let `{output.path}` be .md"
        raise Invalid([Problem(output.origin, f"{ref}: {SILENT}", hint)])
    if not before:
        return text
    if output.region:
        return f"{before}{said}{after}\n{text}"
    gap = "\n" if before == "<!-- " and not text.endswith("\n\n") else ""
    return f"{text}{gap}{before}{said}{after}\n"


def _placed(text: str, said: str, document: Document) -> str:
    placed = text.replace(PLACE, said, 1)
    if SIGNS & {*placed}:
        hint = "write `{{ stamp() }}` once, through no filter but `tojson`"
        origin = Origin(f"templates/{document.template}")
        raise Invalid([Problem(origin, "`stamp()` is written twice, or changed by a filter", hint)])
    return placed


def _again(asked: Collection[Key], document: Document) -> str:
    """When a document of observed facts is rendered again, in words."""
    sorts = {key[0] for key in asked}
    if not document.observed:
        return ""
    if not sorts & {"seen", "looked"}:
        return " and from what stands on this machine, again whenever that changes"
    files = "from the files of this machine, again whenever they change, and " if "observed" in sorts else ""
    later = f", and once that is {shown(document.refresh)} old" if document.refresh else ""
    return f" and {files}from what was seen of this machine, which is looked at again by `reconcile docs render`{later}"
