"""A Markdown file with front matter below a root, found under two folder names (`agent/`, `agents/`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.formats import frontmatter, loose_yaml, secret_refs, yaml
from reconciler.formats.schema import Mistake
from reconciler.model.kind import Found, Left
from reconciler.model.problem import Invalid, Origin, Problem, invalid
from reconciler.model.resource import Claim, File, Layout, Loaded, Ref, Resource, Source, Target
from reconciler.model.secret import START
from reconciler.model.world import Look, Unreadable
from reconciler.shapes import linting, placing
from reconciler.shapes.asked import Asked
from reconciler.shapes.shared_json import Steps

DESIRED = "desired-state"
MODELINE = re.compile(r"^# yaml-language-server:[^\n]*\n", re.M)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a Markdown resource says: the file as it will stand, its front matter, and the text this was read from."""

    file: File
    front: Mapping[str, Any]
    matter: str = ""
    first_line: int = 2

    def origin(self, path: str) -> Callable[[Steps], Origin]:
        """Where a key stands, or the nearest one above it."""
        places = yaml.positions(self.matter, self.first_line)
        return Asked(None, path, places).origin


@dataclass(frozen=True, slots=True)
class MarkdownFolder:
    """Where one kind's files are: below `root`, in any of `folders` (the last one wins); `consequence` says what
    OpenCode does with front matter that it cannot read."""

    kind: str
    root: str
    folders: tuple[str, ...]
    consequence: str

    @property
    def plural(self) -> str:
        return f"{self.kind}s"

    def files(self, paths: Sequence[str]) -> Mapping[str, str]:
        """Paths below desired-state/ that are ours → the resource's name."""
        prefix = f"{self.plural}/"
        names = {path: path[len(prefix) :].rpartition(".") for path in paths if path.startswith(prefix)}
        return {path: stem for path, (stem, _, suffix) in names.items() if suffix in ("md", "yaml", "yml") and stem}

    def read(self, name: str, sources: Sequence[Source]) -> Prompt:
        """Markdown as it is; YAML with `prompt:` rendered to Markdown. Raises Invalid."""
        first, *others = sorted(sources)
        if others:
            text = f"{self.kind}/{name} is described twice: here and in `{first.path}`"
            raise Invalid(Problem(Origin(o.path), text, "keep one of them") for o in others)
        if first.path.endswith(".md"):
            return self._from_markdown(first)
        return self._from_yaml(first)

    def _from_markdown(self, source: Source) -> Prompt:
        read = frontmatter.parse(source.file.content, source.path, self.consequence)
        return Prompt(veiled(source), read.front, yaml.veiled(read.matter), read.first_line)

    def _from_yaml(self, source: Source) -> Prompt:
        text = frontmatter.decode(source.file.content, source.path)
        said = yaml.load(text, source.path)
        if not isinstance(said, dict):
            raise invalid(source.path, "not a map of keys", "write `description: …` and `prompt: |` lines", line=1)
        prompt = said.get("prompt")
        if not isinstance(prompt, str):
            line, column = yaml.position(text, ["prompt"])
            what = "no `prompt`" if prompt is None else "`prompt` is not a text"
            raise invalid(
                source.path, what, "write `prompt: |` and the text below it, indented", line=line, column=column
            )
        matter = yaml.veiled(yaml.without(MODELINE.sub("", text), "prompt"))
        front = {k: v for k, v in said.items() if k != "prompt"}
        return Prompt(File(frontmatter.join(matter, prompt)), front, yaml.veiled(text), 1)

    def targets(self, resource: Resource[Prompt], loaded: Loaded, layout: Layout) -> Sequence[Target[File]]:
        """One file: where it stands now, else where its siblings are."""
        path = placing.path(layout, resource.ref, self.root, self.folders, f"{resource.ref.name}.md")
        return [Target(resource.ref, "", Claim(self.root, path), resource.spec.file, resource.origin)]

    def lint(
        self, resource: Resource[Prompt], rules: Callable[[Mapping[str, Any]], Iterable[Mistake]]
    ) -> Iterable[Problem]:
        """What is wrong with its front matter as OpenCode reads it."""
        said = resource.spec
        front = loose_yaml.as_opencode(said.front, said.matter)
        found = list(rules({k: front[k] for k in front if k in said.front or k != "prompt"}))
        return linting.problems(resource, found, said.origin) if found else ()

    def check(self, resource: Resource[Prompt], layout: Layout) -> Iterable[Problem]:
        return placing.rivals(layout, resource.ref, self.root, self.folders, f"{resource.ref.name}.md")

    def describe(self, layout: Layout, look: Look) -> Iterable[Found | Left]:
        """Every Markdown file in our folders, as desired state would hold it."""
        for name, path, shadowed in placing.named(layout, self.root, self.folders, ".md"):
            claim = Claim(self.root, path)
            if shadowed:
                yield Left(
                    claim, f"`{shadowed}` has the same name, and OpenCode takes one of them by chance: remove one"
                )
                continue
            try:
                file = look.read(self.root, path) or File(b"")
                frontmatter.parse(file.content, look.show(self.root, path), self.consequence)
            except (Unreadable, Invalid) as error:
                yield unparsed(claim, error)
            else:
                yield Found(Ref(self.kind, name), (Source(f"{DESIRED}/{self.plural}/{name}.md", file),), (claim,))


def veiled(source: Source) -> File:
    """The file with a reference in place of each `!secret` of its front matter. Raises Invalid for a text that holds
    the signs which mark references."""
    content = source.file.content
    if secret_refs.TAG.encode() not in content and START.encode() not in content:
        return source.file
    text = content.decode()
    yaml.refuse_marks(text, source.path)
    parts = frontmatter.parts(text.removeprefix("\ufeff"), source.path)
    matter = yaml.veiled(parts.matter)
    if matter == parts.matter:
        return source.file
    opening = text[: len(text) - len(text.removeprefix("\ufeff"))] + parts.opening
    return File((opening + matter + parts.closing + parts.body).encode(), source.file.executable)


def unparsed(claim: Claim, error: Unreadable | Invalid) -> Left:
    """A file that cannot be taken, with the reason a person can mend."""
    problem = error.problem if isinstance(error, Unreadable) else error.problems[0]
    return Left(claim, problem.text, problem)
