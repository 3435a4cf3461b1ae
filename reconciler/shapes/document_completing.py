"""A page that people write, and the standard of its type → the same with what it lacks, to be filled in. Pure.

Every byte that stands there stays: what is added stands between two of its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from reconciler.formats import frontmatter, markdown_page
from reconciler.formats.markdown_page import Page
from reconciler.model.problem import Invalid
from reconciler.model.standard import Section, Standard
from reconciler.shapes import owned_region

LINE = re.compile(r"\r\n?|\n")
BLANK = re.compile(r"(?:\A|\r\n|\r(?!\n)|\n)[ \t]*(?:\r\n|\r(?!\n)|(?<!\r)\n)\Z")
BOM = "\ufeff"


class Added(NamedTuple):
    """Text that is put in at an offset. `what`: what people call it."""

    at: int
    text: str
    what: str


class Unfit(Exception):
    """A page that nothing can be added to; the text says why."""


def completed(text: str, standard: Standard, title: str) -> tuple[str, tuple[str, ...]]:
    """The text with all that its type asks for, and what was added. `title`: what it is called where it has none.
    Raises Unfit."""
    bare = text.removeprefix(BOM)
    ends = LINE.search(bare)
    newline = ends[0] if ends else "\n"
    added = list(_added(bare, standard, title, newline))
    made = bare
    for one in reversed(added):
        made = made[: one.at] + one.text + made[one.at :]
    _proven(bare, made, standard)
    return text[: len(text) - len(bare)] + made, tuple(one.what for one in added)


def _added(text: str, standard: Standard, title: str, newline: str) -> Iterator[Added]:
    """In the order of the text."""
    page = markdown_page.parse(text)
    try:
        parts = frontmatter.parts(text, "")
    except Invalid as error:
        raise Unfit(error.problems[0].text) from None
    if keys := [key for key in standard.front if key not in page.front]:
        lines = "".join(f"{key}:  # {standard.front[key]}{newline}" for key in keys)
        at = len(parts.opening + parts.matter)
        fenced = lines if parts.opening else f"---{newline}{lines}---{newline}"
        yield Added(at, fenced, ", ".join(f"`{key}`" for key in keys))
    if standard.title and not any(heading.level == 1 for heading in page.headings):
        at = len(text) - len(parts.body)
        yield Added(at, f"{_gap(text, at, newline)}# {title}{newline}{newline}", "a title")
    yield from _sections(text, page, standard, newline)


def _sections(text: str, page: Page, standard: Standard, newline: str) -> Iterator[Added]:
    """Each missing section after the one that comes before it, or before the one that comes after it."""
    stands = {heading.text.casefold(): heading for heading in reversed(page.headings) if heading.level > 1}
    last = None
    for number, section in enumerate(standard.sections):
        found = stands.get(section.name.casefold())
        if found is not None:
            last = found if last is None or found.line > last.line else last
            continue
        later = [stands[s.name.casefold()] for s in standard.sections[number:] if s.name.casefold() in stands]
        if last is not None:
            following = [h.line for h in page.headings if h.line > last.line and h.level <= last.level]
        else:
            following = [heading.line for heading in later]
        at = _outside(text, _offset(text, min(following)) if following else len(text))
        yield Added(at, _stub(text, at, section, newline), f"section `{section.name}`")


def _stub(text: str, at: int, section: Section, newline: str) -> str:
    blank = "" if BLANK.search(text[:at]) else newline
    after = newline if at < len(text) else ""
    lines = f"## {section.name}{newline}{newline}*To write: {section.about}.*{newline}"
    return f"{_gap(text, at, newline)}{blank}{lines}{after}"


def _gap(text: str, at: int, newline: str) -> str:
    """The end of the line before, where it has none."""
    return "" if at == 0 or LINE.fullmatch(text[at - 1 : at]) else newline


def _offset(text: str, line: int) -> int:
    """Where a line begins."""
    for number, end in enumerate(LINE.finditer(text), start=2):
        if number == line:
            return end.end()
    return 0 if line == 1 else len(text)


def _outside(text: str, at: int) -> int:
    """The same place, or the end of the region that it lies in. Raises Unfit for broken marks."""
    try:
        found = owned_region.find(text.encode())
    except owned_region.Broken as broken:
        raise Unfit(broken.text) from None
    here = len(text[:at].encode())
    for region in found.values():
        if region.start <= here <= region.end:
            rest = text.encode()[region.end :].decode()
            ends = LINE.search(rest)
            return len(text) - len(rest) + (ends.end() if ends else len(rest))
    return at


def _proven(before: str, after: str, standard: Standard) -> None:
    """Raises Unfit where what was added is not read as it is meant: in a code block that nothing closes, say."""
    page = markdown_page.parse(after)
    names = {heading.text.casefold() for heading in page.headings}
    wanted = [*standard.headings, *(heading.text for heading in markdown_page.parse(before).headings)]
    lost = [name for name in wanted if name.casefold() not in names]
    lost += ["# …"] if standard.title and not any(heading.level == 1 for heading in page.headings) else []
    lost += [key for key in standard.front if key not in page.front]
    if lost:
        raise Unfit(f"`{lost[0]}` would not be read where it belongs: is a code block or the front matter broken?")
