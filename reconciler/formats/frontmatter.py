"""Markdown bytes → front matter and prompt, as OpenCode reads them, or every reason why it would not. Pure.

OpenCode loads a file whose front matter it cannot read *with everything allowed* and says nothing, so here that is
always a problem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from reconciler.formats import yaml
from reconciler.model.problem import Invalid, Origin, Problem, invalid

# As OpenCode 1.18.33 reads it (docs/opencode-facts.md): a first line `---`, then up to the next line that begins so.
FENCE = re.compile(r"\A---(?:yaml)?[ \t]*\r?\n")
END = re.compile(r"^---", re.M)
LATE = re.compile(r"\A(?:\s|<!--.*?-->|#[^\n]*\n)+---[ \t]*\r?\n[\w-]+:", re.S)
AGENT = "OpenCode would load this agent with every permission allowed"
COMMAND = "OpenCode would take the whole file for the prompt"


@dataclass(frozen=True, slots=True)
class Markdown:
    """A parsed file. `matter` is the YAML text between the fences, "" where there is none."""

    front: dict[str, Any] = field(default_factory=dict)
    body: str = ""
    matter: str = ""
    first_line: int = 2


@dataclass(frozen=True, slots=True)
class Parts:
    """A text cut in four; together they are the text. Without front matter all but the body is empty."""

    opening: str
    matter: str
    closing: str
    body: str

    @property
    def body_line(self) -> int:
        return (self.opening + self.matter + self.closing).count("\n") + 1

    def with_matter(self, matter: str) -> Parts:
        return Parts(self.opening or "---\n", matter, self.closing or "---\n", self.body)


def parts(text: str, path: str) -> Parts:
    """Where the front matter is, whatever stands in it. Raises Invalid where it is not closed."""
    fence = FENCE.match(text)
    if fence is None:
        return Parts("", "", "", text)
    end = END.search(text, fence.end())
    if end is None:
        raise invalid(path, "front matter has no closing `---`", "add a line `---` after the last key", line=1)
    body = text[end.end() :].removeprefix("\r").removeprefix("\n")
    at = len(text) - len(body)
    return Parts(text[: fence.end()], text[fence.end() : end.start()], text[end.start() : at], body)


def decode(content: bytes, path: str) -> str:
    """UTF-8 text without its byte order mark; CRLF stays."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise invalid(path, "not valid UTF-8", "save the file as UTF-8", line=line, column=column) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise invalid(path, "a NUL character stands here", "this looks like a binary file", line=line)
    return text.removeprefix("\ufeff")


def parse(content: bytes, path: str, consequence: str = AGENT) -> Markdown:
    """Raises Invalid where OpenCode would not read front matter as it is meant; `consequence`: what it would do."""
    text = decode(content, path)
    fence = FENCE.match(text)
    if fence is None:
        _no_front(text, path, consequence)
        return Markdown(body=text)
    end = END.search(text, fence.end())
    if end is None:
        return _unclosed(text[fence.end() :], path, consequence)
    matter, body = text[fence.end() : end.start()], text[end.end() :]
    return Markdown(_front(matter, path, consequence), body.removeprefix("\r").removeprefix("\n"), matter)


def _no_front(text: str, path: str, consequence: str) -> None:
    """Front matter that is meant and not read."""
    if late := LATE.match(text):
        line = late.group().count("\n")
        hint = "remove what stands above the first `---`"
        raise invalid(path, f"front matter must begin on the first line: {consequence}", hint, line=line, column=1)
    if text.startswith("---") and "\n" in text and not text.startswith("----"):
        hint = "write `---` alone on the first line, and end lines with a line feed"
        raise invalid(path, f"this line does not open front matter: {consequence}", hint, line=1, column=1)


def _unclosed(matter: str, path: str, consequence: str) -> Markdown:
    """Without a closing `---` all is front matter: read where it is nothing else."""
    try:
        return Markdown(_front(matter, path, consequence), "", matter)
    except Invalid:
        hint = "add a line `---` after the last key"
        raise invalid(path, f"front matter has no closing `---`: {consequence}", hint, line=1, column=1) from None


def _front(matter: str, path: str, consequence: str) -> dict[str, Any]:
    try:
        front = yaml.load(matter, path, 2)
    except Invalid as error:
        raise Invalid(Problem(p.origin, f"{p.text}: {consequence}", p.hint) for p in error.problems) from None
    if front is None:
        return {}
    if not isinstance(front, dict):
        raise invalid(path, f"front matter is not a map of keys: {consequence}", "write `key: value` lines", line=2)
    odd = [str(key) for key in front if not isinstance(key, str)]
    if odd:
        raise invalid(path, f"`{odd[0]}` is no text and cannot be a key", "put it in quotes", line=2)
    return front


def join(matter: str, prompt: str) -> bytes:
    """Front matter text and prompt → a Markdown file."""
    head = f"---\n{matter.rstrip(chr(10))}\n---\n" if matter.strip() else ""
    return (head + prompt).encode()


def origin(markdown: Markdown, path: str, *steps: str) -> Origin:
    """Where a front matter key stands."""
    line, column = yaml.position(markdown.matter, steps, markdown.first_line)
    return Origin(path, line, column)
