"""Desired state and the overlay of one host → desired state as that machine has it. Pure; works on sources, before
kinds read them, so that every kind can be overlaid.

A merged source keeps the path of the file below it; its trace says of every line who said it (design: hosts/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.formats.frontmatter import decode
from reconciler.formats.merging import REMOVE, Merging, Said, removes
from reconciler.model.kind import AnyKind, Identity, Overlay
from reconciler.model.problem import Invalid, Origin, Problem, Severity
from reconciler.model.resource import Source
from reconciler.model.trace import Trace, Traces, traced, whole_file
from reconciler.pipeline.overlaid_text import laid_over, said_in
from reconciler.pipeline.settings import PATH

TOP = "desired-state/"
HOSTS = "hosts/"
SETTINGS = PATH.removeprefix(TOP)
MERGED = (".md", ".yaml", ".yml", ".json", ".jsonc")
WHOLE = Overlay(merges=lambda path: False)


def split(sources: Mapping[str, Source]) -> tuple[dict[str, Source], dict[str, dict[str, Source]], list[Problem]]:
    """Paths below desired-state/ → those for all, those of each host (without `hosts/NAME/`), and what is neither."""
    ground: dict[str, Source] = {}
    hosts: dict[str, dict[str, Source]] = {}
    problems = []
    for path, source in sources.items():
        if not path.startswith(HOSTS):
            ground[path] = source
            continue
        host, slash, inside = path.removeprefix(HOSTS).partition("/")
        if slash:
            hosts.setdefault(host, {})[inside] = source
        else:
            hint = f"what is meant for one machine stands in `{HOSTS}<host name>/`"
            problems.append(Problem(Origin(source.path), "this belongs to no host", hint))
    return ground, hosts, problems


@dataclass
class Laying:
    """An overlay being laid over `sources` (by path); `traces`: where the lines of sources really stand."""

    sources: dict[str, Source]
    traces: dict[str, Trace]
    kinds: Sequence[AnyKind]
    problems: list[Problem] = field(default_factory=list)

    def lay(self, layer: Mapping[str, Source]) -> None:
        """Every file of a host over what is there for all."""
        standing = [(kind, kind.files(list(self.sources))) for kind in self.kinds] if layer else []
        for path, source in sorted(layer.items()):
            try:
                self._file(path, source, standing)
            except Invalid as error:
                self.problems += error.problems

    def _file(self, path: str, source: Source, standing: Sequence[tuple[AnyKind, Mapping[str, str]]]) -> None:
        how, below = _below(path, standing)
        below = [at for at in below if at in self.sources]
        if _is_removal(source):
            self._remove(path, source, below)
        elif not _merges(path, how):
            self._put(path, source)
        else:
            under = path if path in self.sources else next((at for at in below if _merges(at, how)), "")
            self._lay_over(under, path, source, how.items)

    def _put(self, path: str, source: Source) -> None:
        """What the host alone has, or has instead."""
        self.sources[path] = Source(TOP + path, source.file)
        self.traces[TOP + path] = self.traces.get(source.path) or whole_file(source.path)

    def _remove(self, path: str, source: Source, below: Sequence[str]) -> None:
        if not below:
            origin = traced(Origin(source.path), self.traces)
            text = f"`{path}` is removed here, and is not there without that"
            self.problems.append(Problem(origin, text, "take the removal out", Severity.WARNING))
        for gone in below:
            del self.sources[gone]

    def _lay_over(self, under: str, path: str, source: Source, items: Identity | None) -> None:
        merging = Merging(items)
        over = _said(source, self.traces, removals=True)
        if under:
            self._merge(self.sources[under], under, over, merging)
        else:
            merging.fresh(over)
            # Nobody else could say why a removal is refused where there is nothing to remove.
            merging.problems = [replace(problem, severity=Severity.ERROR) for problem in merging.problems]
            if not merging.problems:
                self._put(path, source)
        self.problems += merging.problems

    def _merge(self, below: Source, under: str, over: Said, merging: Merging) -> None:
        try:
            said = _said(below, self.traces, removals=False)
        except Invalid:
            return  # whoever reads it says what is wrong with it
        if under == SETTINGS and isinstance(over.value, dict) and "id" in over.value:
            text, hint = "the id is the repository's, and the same on all machines", "take it out"
            self.problems.append(Problem(over.value["id"].origin, text, hint))
        merged = merging.merge(said, over)
        self.sources[under], self.traces[below.path] = laid_over(below, said, merged, self.traces.get(below.path))


def _merges(path: str, how: Overlay) -> bool:
    return path.endswith(MERGED) and how.merges(path)


def _is_removal(source: Source) -> bool:
    """A file of any form that says only `!remove`."""
    lines = [line for line in source.file.content.splitlines() if not line.lstrip().startswith((b"#", b"//"))]
    return b"".join(b"".join(lines).split()) in (b"!remove", b"$remove:true", b'{"$remove":true}')


def _below(path: str, standing: Sequence[tuple[AnyKind, Mapping[str, str]]]) -> tuple[Overlay, list[str]]:
    """How a file of an overlay is laid, and the paths of the resource that it speaks of."""
    top, _, rest = path.partition("/")
    for kind, names in standing:
        own = kind.files([path]).get(path)
        called = {own, rest, rest.rpartition(".")[0]} if kind.folder == top else {own}
        below = [at for at, name in names.items() if (name in called if name else name == own)]
        if own is not None or below:
            return kind.overlay, sorted(below)
    return (Overlay(), [path]) if path == SETTINGS else (WHOLE, [path])


def _said(source: Source, traces: Traces, *, removals: bool) -> Said:
    """What a file says, each part where it really stands. Raises Invalid, with the places of the file itself."""
    text = decode(source.file.content, source.path)
    said = said_in(text, source.path, lambda *at: traced(Origin(source.path, *at), traces), removals=removals)
    if isinstance(said.value, dict) and REMOVE in said.value and removes(said):
        raise Invalid([Problem(said.origin, "`!remove` stands beside other keys", "put it at each key that shall go")])
    return said
