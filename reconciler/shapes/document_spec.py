"""A declaration of a document → its template, what it is told and where it goes, or every mistake in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.formats import duration
from reconciler.formats.schema import Schema
from reconciler.model.problem import Invalid, Origin, Problem, invalid
from reconciler.model.resource import Ref, Source
from reconciler.shapes import asked, document_schema
from reconciler.shapes.asked import Asked

PLACE = re.compile(r"\{(\w+)\}")
SCHEMA = Schema(document_schema.DOCUMENT)
MARKDOWN = (".md", ".markdown", ".mdx", ".html", ".htm")


@dataclass(frozen=True)
class Output:
    """One place of a document: `place`: a root, or `project/NAME`: a server's folder; `region`: the marked part
    of the file that is ours, "" for all of it."""

    place: str
    path: str
    region: str
    origin: Origin

    def at(self, item: Ref | None) -> str:
        """The path for one resource of `each`."""
        return self.path if item is None else self.path.replace("{name}", item.name)


@dataclass(frozen=True)
class Document:
    """`each`: the kind of which every resource has its own outputs, "" for one document over all; `type`: the standard
    that the outputs obey; `observed`: whether the template sees what stands on this machine; `refresh`: seconds until
    a plan looks anew at what moves by itself, 0 for never."""

    asked: Asked
    template: str
    outputs: tuple[Output, ...]
    each: str = ""
    type: str = ""
    title: str = ""
    observed: bool = False
    refresh: float = 0.0
    values: Mapping[str, Any] | None = None


def read(name: str, sources: Sequence[Source]) -> Document:
    """Raises Invalid with every mistake."""
    said, ref = asked.read(sources), f"document/{name}"
    if not isinstance(said.value, dict):
        raise invalid(said.path, f"{ref} is not a map of keys", "write `template:` and `outputs:`", line=1)
    found = SCHEMA.mistakes(said.value)
    problems = [Problem(said.origin(mistake.steps), f"{ref}: {mistake.text}", mistake.hint) for mistake in found]
    if problems:
        raise Invalid(problems)
    value = said.value
    outputs = tuple(_output(one, said.origin(("outputs", str(at)))) for at, one in enumerate(value["outputs"]))
    each = value.get("each", "")
    problems = [Problem(one.origin, f"{ref}: {text}", hint) for one in outputs for text, hint in _unfit(one, each)]
    if "refresh" in value and not value.get("observed"):
        text = f"{ref}: `refresh` is about observed facts, and it has none"
        problems.append(Problem(said.origin(("refresh",)), text, "add `observed: true`, or take it out"))
    if problems:
        raise Invalid(problems)
    more = {key: value[key] for key in ("type", "title", "observed") if key in value}
    more["refresh"] = duration.seconds(value.get("refresh", 0.0))
    return Document(said, value["template"], outputs, each, values=value.get("data", {}), **more)


def _output(said: Any, origin: Origin) -> Output:
    if isinstance(said, str):
        return Output("repository", said, "", origin)
    return Output(said.get("in", "repository"), said["path"], said.get("region", ""), origin)


def _unfit(output: Output, each: str) -> Iterable[tuple[str, str]]:
    parts = output.path.split("/")
    if parts[0].startswith("~"):
        yield (
            f"`{output.path}` is written from its folder on",
            "a folder of its own is that of a server: `in: project/NAME`",
        )
    if any(part in ("", ".", "..") for part in parts) or "\\" in output.path or not output.path.isprintable():
        yield f"`{output.path}` leads out of its folder", "write a path below it, without `..`"
    if output.place == "repository" and parts[0].lower() in ("desired-state", "templates"):
        yield f"`{output.path}` lies among the sources", "let it go to another folder"
    if ".git" in (part.lower() for part in parts):
        yield f"`{output.path}` lies in git's own folder", "let it go to another folder"
    known = {"name"} if each else set()
    for unknown in sorted({*PLACE.findall(output.path)} - known):
        hint = "`{name}` is the name of each resource" if each else "`each:` gives every resource its own output"
        yield f"`{{{unknown}}}` is not known in a path", hint
    if each and "{name}" not in output.path and not output.region:
        yield "every resource would be written to the same file", "put `{name}` into the path"
    if output.region and each and "{name}" not in output.path:
        yield "every resource would be written to the same region", "put `{name}` into the path"
    if output.region and not output.path.endswith(MARKDOWN):
        yield "a region can stand in Markdown and HTML only", "let the document have the whole file"
