"""Markdown text → its headings, anchors and links, each with its line. Pure; its parser is imported late."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import unescape
from typing import Any, NamedTuple

from reconciler.formats import frontmatter, yaml
from reconciler.model.problem import Invalid

ANCHOR = re.compile(r"<[a-zA-Z][^>]*?\b(?:id|name)\s*=\s*[\"']?([^\"'\s>]+)")
WRITTEN = re.compile(r"<(?:a|img|source|video)\b[^>]*?\b(?:href|src)\s*=\s*[\"']([^\"'>]*)", re.I)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1\s*>", re.I | re.S)
TAG = re.compile(r"<[^>]*>")
TYPE = re.compile(r"^<!--\s*reconcile:type\s+([\w-]+)\s*-->\s*$", re.M)
DEEPEST = 20


class Heading(NamedTuple):
    """`anchor`: what a link to it ends in."""

    level: int
    text: str
    line: int
    anchor: str


class Link(NamedTuple):
    """`target` as it was written, percent signs and all."""

    target: str
    line: int


class Page(NamedTuple):
    """`anchors`: headings' and those written in HTML; `front`: its front matter; `type`: what a comment in it says it
    is."""

    headings: tuple[Heading, ...]
    links: tuple[Link, ...]
    anchors: frozenset[str]
    front: Mapping[str, Any]
    type: str = ""


def parse(text: str) -> Page:
    """Any text is Markdown: this never fails."""
    front, body, skipped = _front(text.removeprefix("\ufeff"))
    tokens = _parser().parse(body)
    every = list(_headings(tokens, skipped))
    headings = tuple(heading for heading, whole in every if whole)
    links: list[Link] = []
    anchors = {heading.anchor for heading, _ in every}
    kind = ""
    for token in tokens:
        if token.type == "html_block":
            said = TYPE.search(token.content)
            kind = kind or (said[1] if said else "")
            anchors.update(ANCHOR.findall(token.content))
            links += _in_html(token.content, skipped + token.map[0] + 1)
        elif token.type == "inline":
            found, written = _inside(token, skipped)
            links += found
            anchors.update(written)
    return Page(headings, tuple(links), frozenset(anchors), front, kind)


def _front(text: str) -> tuple[Mapping[str, Any], str, int]:
    """Front matter, the text below it, and the lines above that."""
    try:
        parts = frontmatter.parts(text, "")
        front = yaml.load(parts.matter, "") if parts.opening else {}
    except Invalid:
        return {}, text, 0
    if not isinstance(front, dict):
        return {}, text, 0
    return front, parts.body, parts.body_line - 1


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable("table")
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    return parser


def _headings(tokens: Sequence[Any], skipped: int) -> Iterator[tuple[Heading, bool]]:
    """Each with its anchor, and whether it is one of the page: one deep in HTML is but an anchor."""
    taken: dict[str, int] = {}
    for at, token in enumerate(tokens):
        line = skipped + token.map[0] + 1 if token.map else 0
        if token.type == "heading_open" and tokens[at + 1].type == "inline":
            text = "".join(_text(tokens[at + 1].children or ()))
            yield Heading(int(token.tag[1]), text, line, _unique(slug(text), taken)), True
        elif token.type == "html_block":
            bare = _uncommented(token.content)
            for found in HEADING.finditer(bare):
                text = " ".join(unescape(TAG.sub("", found[2])).split())
                below = bare.count("\n", 0, found.start())
                heading = Heading(int(found[1]), text, line + below, _unique(slug(text), taken))
                yield heading, not bare[: found.start()].strip()


def _unique(anchor: str, taken: dict[str, int]) -> str:
    """The second heading of a name is `name-1`, unless another one is called so."""
    number = taken.get(anchor)
    taken[anchor] = 0 if number is None else number
    if number is None:
        return anchor
    while (other := f"{anchor}-{taken[anchor] + 1}") in taken:
        taken[anchor] += 1
    taken[anchor] += 1
    taken[other] = 0
    return other


def slug(text: str) -> str:
    """GitHub's anchor of a heading: lower case, letters with their marks, digits, `-` and `_` of any script, blanks to
    `-`."""
    return "".join(sign for sign in text.lower() if _kept(sign)).replace(" ", "-")


def _kept(sign: str) -> bool:
    sort = unicodedata.category(sign)
    return sign in "- " or sort[0] in "LM" or sort in ("Nd", "Nl", "Pc")


def _text(children: Sequence[Any]) -> Iterator[str]:
    for child in children:
        if child.type in ("text", "code_inline"):
            yield child.content
        elif child.type in ("softbreak", "hardbreak"):
            yield " "


def _inside(inline: Any, skipped: int) -> tuple[list[Link], list[str]]:
    """The links and images of a paragraph, and anchors in its HTML."""
    links, anchors, line = [], [], skipped + (inline.map[0] if inline.map else 0) + 1
    for child in inline.children or ():
        if child.type in ("softbreak", "hardbreak"):
            line += 1
        elif child.type == "link_open":
            links.append(Link(str(child.attrGet("href") or ""), line))
        elif child.type == "image":
            links.append(Link(str(child.attrGet("src") or ""), line))
        elif child.type == "html_inline":
            anchors += ANCHOR.findall(child.content)
            links += _in_html(child.content, line)
    return links, anchors


def _in_html(text: str, line: int) -> Iterator[Link]:
    """Links that are written in HTML; what is commented out is none."""
    bare = _uncommented(text)
    return (Link(found[1], line + bare.count("\n", 0, found.start())) for found in WRITTEN.finditer(bare))


def _uncommented(text: str) -> str:
    return COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)
