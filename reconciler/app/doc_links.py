"""Markdown of a repository → every link that leads nowhere, as a problem with its line. Looks."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import unquote

from reconciler.formats import markdown_page
from reconciler.formats.markdown_page import Link, Page
from reconciler.model.problem import Origin, Problem
from reconciler.model.standard import Types
from reconciler.shapes import document_standards, owned_region
from reconciler.shapes.document_types import TYPES

if TYPE_CHECKING:
    from reconciler.world.markdown_files import MarkdownFiles

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
LINES = re.compile(r"L\d+(?:C\d+)?(?:-L?\d+(?:C\d+)?)?\Z")
SOURCES = ("desired-state/", "templates/")
"""Prompts and templates are read elsewhere than where they lie."""
ADDS = ", or have `reconcile docs render --complete` add it"


class Links:
    """One repository's Markdown, each file read once; `shown`: what stands before its paths in problems; `types`: the
    standards there are."""

    def __init__(self, files: MarkdownFiles, shown: str = "", types: Types = TYPES) -> None:
        self.files, self.shown, self.types = files, shown, types
        self._pages: dict[str, Page | None] = {}

    def page(self, path: str) -> Page | None:
        if path not in self._pages:
            text = self.files.text(path)
            self._pages[path] = None if text is None else markdown_page.parse(text)
        return self._pages[path]

    def of_text(self, path: str, text: str) -> Iterator[Problem]:
        """Broken links of a page as it will be."""
        page = self._pages[path] = markdown_page.parse(text)
        return (problem for link in page.links if (problem := self._broken(path, link)))

    def problems(self, of: Sequence[str] | None = None) -> Iterator[Problem]:
        """Broken links, broken marks of regions, and departures from the type that a page says it has; of all, or of
        these."""
        for path in self.files.paths if of is None else of:
            if not path.startswith(SOURCES) and (page := self.page(path)) is not None:
                yield from self._of(path, page)

    def _of(self, path: str, page: Page) -> Iterator[Problem]:
        for link in page.links:
            if problem := self._broken(path, link):
                yield problem
        if page.type:
            yield from document_standards.departures(page, page.type, self.shown + path, self.types, ADDS)
        try:
            owned_region.find((self.files.text(path) or "").encode())
        except owned_region.Broken as broken:
            yield Problem(Origin(self.shown + path, broken.line, 1), broken.text, broken.hint)

    def _broken(self, path: str, link: Link) -> Problem | None:
        if not link.target or SCHEME.match(link.target):
            return None
        name, _, anchor = link.target.partition("#")
        name, anchor = unquote(name.partition("?")[0]), anchor.partition(":~:")[0]
        start = "" if name.startswith("/") else posixpath.dirname(path)
        target = posixpath.normpath(posixpath.join(start, name.lstrip("/"))) if name else path
        origin = Origin(self.shown + path, link.line, 1)
        if name and not self.files.exists(target):
            return Problem(origin, f"`{link.target}` leads to no file", self._near(path, target))
        return self._no_heading(origin, link, target, unquote(anchor)) if anchor else None

    def _near(self, path: str, target: str) -> str:
        name = posixpath.basename(target).casefold()
        others = [one for one in self.files.paths if one != path]
        same = [one for one in others if posixpath.basename(one).casefold() == name]
        near = same[:1] or get_close_matches(target, [one for one in others if _like(one, name)], 1, 0.8)
        if not near:
            return "write the path of a file that is there, or take the link out"
        return f"did you mean `{posixpath.relpath(near[0], posixpath.dirname(path) or '.')}`?"

    def _no_heading(self, origin: Origin, link: Link, target: str, anchor: str) -> Problem | None:
        if not target.lower().endswith((".md", ".markdown")) or LINES.match(anchor):
            return None
        page = self.page(target)
        known = {"", "top"} if page is None else page.anchors | {f"user-content-{a}" for a in page.anchors} | {"top"}
        if page is None or anchor in known:
            return None
        near = get_close_matches(anchor, sorted(page.anchors), 1)
        hint = f"did you mean `#{near[0]}`?" if near else "write the anchor of a heading that is there"
        return Problem(origin, f"`{link.target}` leads to no heading", hint)


def _like(path: str, name: str) -> bool:
    """Whether a file is called nearly so: a folder in common makes no likeness."""
    return bool(get_close_matches(name, [posixpath.basename(path).casefold()], 1, 0.7))
