"""A page and the standard of its type → its departures, each with its line; and a first draft of a page. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.formats.markdown_page import Heading, Page
from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.standard import Standard, Types
from reconciler.shapes import document_completing, document_types


def departures(page: Page, kind: str, path: str, types: Types, adds: str = "") -> Iterator[Problem]:
    """What a document of a type lacks, or has in another order. `adds`: what adds it, beside a person."""
    standard = types.get(kind)
    if standard is None:
        yield document_types.unknown(kind, types, Origin(path))
        return
    for key in standard.front:
        if key not in page.front:
            yield Problem(
                Origin(path, 1, 1),
                f"a {kind} has `{key}` in its front matter",
                f"write `{key}:` {standard.front[key]}{adds}",
            )
    yield from _titles(page, standard, kind, path)
    yield from _sections(page, standard, kind, path, adds)


def _titles(page: Page, standard: Standard, kind: str, path: str) -> Iterator[Problem]:
    titles = [heading for heading in page.headings if heading.level == 1]
    if standard.title and not titles:
        yield Problem(Origin(path, 1, 1), f"a {kind} has a title", "begin it with `# …`")
    for heading in titles[1:] if standard.title else ():
        yield _at(path, heading, f"a {kind} has one title, and `{heading.text}` is a second one", "write `## …`")


def _sections(page: Page, standard: Standard, kind: str, path: str, adds: str) -> Iterator[Problem]:
    stands = {heading.text.casefold(): heading for heading in reversed(page.headings) if heading.level > 1}
    last: Heading | None = None
    for name in standard.headings:
        found = stands.get(name.casefold())
        if found is None:
            where = f"after `{last.text}`" if last else "after the title"
            line = last.line if last else 1
            yield Problem(Origin(path, line, 1), f"a {kind} has a section `{name}`", f"write `## {name}` {where}{adds}")
            continue
        if last is not None and found.line < last.line:
            order = ", ".join(standard.headings)
            yield _at(path, found, f"`{found.text}` stands before `{last.text}`", f"the order of a {kind}: {order}")
        last = found if last is None or found.line > last.line else last


def _at(path: str, heading: Heading, text: str, hint: str) -> Problem:
    return Problem(Origin(path, heading.line, 1), text, hint, Severity.ERROR)


def draft(kind: str, title: str, standard: Standard) -> str:
    """A page of a type with nothing in it yet."""
    return document_completing.completed(f"<!-- reconcile:type {kind} -->\n# {title}\n", standard, title)[0]
