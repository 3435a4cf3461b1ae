"""Files of a commit, index or work tree → Loaded, or every problem in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from reconciler.formats import yaml
from reconciler.formats.frontmatter import decode
from reconciler.model.kind import AnyKind
from reconciler.model.problem import Invalid, Origin, Problem, Severity
from reconciler.model.resource import File, KnownProblem, Loaded, Ref, Resource, Settings, Source
from reconciler.model.trace import Trace, Traces, moved, traced
from reconciler.model.world import Tree
from reconciler.pipeline import known, overlay, partly, references, secret_names
from reconciler.pipeline.clear_secrets import in_clear
from reconciler.pipeline.settings import settings

TOP = "desired-state/"
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
TEMPLATES = "templates/"


Memo = dict[tuple[Any, ...], Any]


def load(
    tree: Tree,
    kinds: Sequence[AnyKind],
    pending: Mapping[str, str],
    host: str = "",
    memo: Memo | None = None,
    standing: references.Standing = references.nobody,
    survey: partly.Survey | None = None,
) -> Loaded:
    """Everything a revision says, as one host has it. Raises Invalid with all errors at once; warnings stay in
    `problems`. `memo` keeps what was read, for the next host; `standing`, `survey`: what stands on this machine."""
    read = _read(tree, kinds, pending, host, {} if memo is None else memo)
    found = [*partly.completed(read.found, kinds, survey), *_astray(read, standing)]
    problems = [*read.problems, *known.softened(found, read.settings.known_problems)]
    if any(p.severity is Severity.ERROR for p in problems):
        raise Invalid(problems)
    resources = tuple(sorted(read.resources, key=lambda r: r.ref))
    said = (tuple(sorted(set(problems))), read.traces, read.hosts, templates(tree))
    return Loaded(tree.revision, read.settings, resources, *said)


def load_all(
    tree: Tree,
    kinds: Sequence[AnyKind],
    pending: Mapping[str, str],
    host: str,
    standing: references.Standing = references.nobody,
    survey: partly.Survey | None = None,
    more: Callable[[Loaded], Iterable[Problem]] = lambda loaded: (),
) -> Loaded:
    """The same with the problems that any host has; each is named once. `more`: what is wrong with all that was loaded
    for one host. Raises Invalid."""
    memo: Memo = {}
    loaded: Loaded | None = None
    problems: set[Problem] = set()
    for name in (host, *sorted(_hosts(tree) - {host})):
        try:
            one = load(tree, kinds, pending, name, memo, standing, survey)
        except Invalid as error:
            problems.update(error.problems)
        else:
            problems.update((*one.problems, *(moved(problem, one.traces) for problem in more(one))))
            loaded = loaded or one
    if loaded is None or any(p.severity is Severity.ERROR for p in problems):
        raise Invalid(problems)
    return replace(loaded, problems=tuple(sorted(problems)))


def at_fault(tree: Tree, kinds: Sequence[AnyKind], pending: Mapping[str, str]) -> tuple[KnownProblem, ...]:
    """The objects whose errors nothing softens: what an import writes to reconcile.yaml."""
    read = _read(tree, kinds, pending, "", {})
    return known.at_fault([*read.found, *_astray(read)], read.settings.known_problems)


def _astray(read: _Read, standing: references.Standing = references.nobody) -> list[known.Found]:
    """What is wrong with all resources together."""
    return [(r, moved(problem, read.traces)) for r, problem in references.astray(read.resources, standing)]


class _Read(NamedTuple):
    """What was read; `found`: the problems of resources that could be."""

    settings: Settings
    resources: list[Resource[Any]]
    problems: list[Problem]
    found: list[known.Found]
    traces: dict[str, Trace]
    hosts: tuple[str, ...]


def _read(tree: Tree, kinds: Sequence[AnyKind], pending: Mapping[str, str], host: str, memo: Memo) -> _Read:
    ground, hosts, stray = overlay.split(_sources(tree))
    problems = [*tree.problems, *stray]
    traces = _unfold(ground, kinds, pending, problems)
    layer = hosts.get(host, {})
    traces |= _unfold(layer, kinds, pending, problems, f"{TOP}{overlay.HOSTS}{host}/")
    below = {source.path: source for source in ground.values()} if layer else {}
    laying = overlay.Laying(ground, traces, kinds, problems)
    laying.lay(layer)
    by_path = laying.sources
    said = _settings(by_path.pop(overlay.SETTINGS, None), traces, problems)
    resources: list[Resource[Any]] = []
    for kind in kinds:
        resources += _of_kind(kind, by_path, traces, problems, memo)
    resources = [_grounded(resource, below) for resource in resources] if below else resources
    problems += [moved(problem, traces) for problem in _untaken(by_path, kinds, pending)]
    found = list(_linted(resources, kinds, traces, memo))
    return _Read(said, resources, problems, found, traces, tuple(sorted(hosts)))


def _grounded(resource: Resource[Any], below: Mapping[str, Source]) -> Resource[Any]:
    """The same, with its files as they are without an overlay, where that makes a difference."""
    ground = tuple(below[source.path] for source in resource.sources if source.path in below)
    return replace(resource, ground=ground) if ground != resource.sources else resource


def templates(tree: Tree) -> dict[str, File]:
    """What documents are rendered from, by the paths below templates/."""
    return {s.path[len(TEMPLATES) :]: s.file for s in tree.sources if s.path.startswith(TEMPLATES)}


def _sources(tree: Tree) -> dict[str, Source]:
    """By their paths below desired-state/."""
    ours = (s for s in tree.sources if s.path.startswith(TOP) and not _for_git(s.path) and not _for_editors(s.path))
    return {source.path[len(TOP) :]: source for source in ours}


def _hosts(tree: Tree) -> set[str]:
    return set(overlay.split(_sources(tree))[1])


def _remembered(memo: Memo, key: tuple[Any, ...], made: Callable[[], Any]) -> Any:
    if key not in memo:
        memo[key] = made()
    return memo[key]


def _linted(
    resources: Sequence[Resource[Any]], kinds: Sequence[AnyKind], traces: Traces, memo: Memo
) -> Iterable[known.Found]:
    """What each resource alone has wrong."""
    lint = {kind.name: kind.lint for kind in kinds}

    named = secret_names.look_secret(name for r in resources for name in (r.ref.name, *(s.path for s in r.sources)))

    def judged(resource: Resource[Any]) -> list[Problem]:
        told = secret_names.of_resource(resource) if named else ()
        return [*lint[resource.ref.kind](resource), *in_clear(resource), *told]

    for resource in resources:
        for problem in _remembered(memo, ("lint", resource.ref, resource.sources), partial(judged, resource)):
            yield resource, secret_names.shown(moved(problem, traces))


def _for_git(path: str) -> bool:
    """Files that speak to git alone."""
    return path in (f"{TOP}.gitattributes", f"{TOP}.gitignore") or path.endswith("/.gitkeep")


def _for_editors(path: str) -> bool:
    """Schemas, which describe what people write and say nothing themselves."""
    return path.startswith(f"{TOP}.schemas/")


def _settings(source: Source | None, traces: Traces, problems: list[Problem]) -> Settings:
    try:
        said = settings(source)
    except Invalid as error:
        problems += [moved(problem, traces) for problem in error.problems]
        return Settings()
    return replace(said, modes=tuple(replace(rule, origin=traced(rule.origin, traces)) for rule in said.modes))


def _of_kind(
    kind: AnyKind, by_path: dict[str, Source], traces: Traces, problems: list[Problem], memo: Memo
) -> Iterable[Resource[Any]]:
    grouped: dict[str, list[str]] = {}
    for path, name in kind.files(list(by_path)).items():
        grouped.setdefault(name, []).append(path)
    for name, paths in sorted(grouped.items()):
        sources = tuple(by_path.pop(path) for path in sorted(paths))
        origin = traced(Origin(sources[0].path), traces)
        if (text := bad_name(name)) is not None:
            problems.append(Problem(origin, f"{kind.name}/{name}: {text}", "rename it"))
            continue
        spec = _remembered(memo, (kind.name, name, sources), lambda n=name, s=sources: _spec(kind, n, s))  # type: ignore[misc]
        if isinstance(spec, Invalid):
            problems += [moved(p, traces) for p in spec.problems]
        else:
            yield Resource(Ref(kind.name, name), spec, origin, sources)


def _spec(kind: AnyKind, name: str, sources: Sequence[Source]) -> Any:
    """What the kind reads, or why it can't."""
    try:
        return kind.read(name, sources)
    except Invalid as error:
        return error


def bad_name(name: str) -> str | None:
    """Why a name can't become a path below a root; None where it can."""
    if CONTROL.search(name):
        return "a name can't hold control characters"
    parts = name.split("/") if name else []
    if any(part in ("", ".", "..") for part in parts) or "\\" in name:
        return "a name can't leave its folder"
    if any(len(part.encode()) > 240 for part in parts):
        return "a part of this name is longer than 240 bytes"
    return None


def _unfold(
    by_path: dict[str, Source],
    kinds: Sequence[AnyKind],
    pending: Mapping[str, str],
    problems: list[Problem],
    top: str = TOP,
) -> dict[str, Trace]:
    """Replaces `anything.yaml` (top-level maps by folder name) by one file per resource; where each one stood."""
    traces: dict[str, Trace] = {}
    folders = {kind.folder for kind in kinds}
    texts = folders - {kind.folder for kind in kinds if kind.schema is not None}
    anything = [p for p in by_path if "/" not in p and p.endswith((".yaml", ".yml")) and p != overlay.SETTINGS]
    for path in anything:
        source = by_path.pop(path)
        try:
            text = decode(source.file.content, source.path)
            said = yaml.load(text, source.path, removals=top != TOP)
            entries = list(_entries(said, text, source.path, folders, pending, problems))
        except Invalid as error:
            problems += error.problems
            continue
        for folder, name, value, origin in entries:
            as_it_is = folder in texts and isinstance(value, str)
            at = f"{folder}/{name}" if as_it_is else f"{folder}/{name}.yaml"
            if at in by_path:
                text_ = f"{folder}/{name} is described twice: here and in `{by_path[at].path}`"
                problems.append(Problem(origin, text_, "keep one of them"))
            elif folder in texts and not as_it_is and not _removed(value):
                hint = f"write `{name}: |` and the file's text below it, or put the file into `{folder}/`"
                problems.append(Problem(origin, f"`{folder}/{name}` is a file, and this is no text", hint))
            else:
                by_path[at] = Source(top + at, File((value if as_it_is else yaml.dump(value)).encode()))
                traces[top + at] = Trace(origin)
    return traces


def _removed(value: Any) -> bool:
    return isinstance(value, dict) and "$remove" in value


def _entries(
    said: Any, text: str, path: str, folders: set[str], pending: Mapping[str, str], problems: list[Problem]
) -> Iterable[tuple[str, str, Any, Origin]]:
    if said is not None and not isinstance(said, dict):
        raise Invalid([Problem(Origin(path, 1, 1), "not a map of folders", "write `agents:` and the agents below it")])
    places = yaml.positions(text)
    for folder, entries in (said or {}).items():
        origin = Origin(path, *places.get((str(folder),), (1, 1)))
        if folder in pending:
            problems.append(not_built(origin, f"`{folder}:`", pending[folder]))
        elif folder not in folders:
            problems.append(Problem(origin, f"unknown key `{folder}`", _meant(str(folder), folders)))
        elif not isinstance(entries, dict):
            problems.append(
                Problem(origin, f"`{folder}` is not a map of names", f"write `{folder}:` and a name below it")
            )
        else:
            for name, value in entries.items():
                at = places.get((str(folder), str(name)), (origin.line, origin.column))
                yield str(folder), str(name), value, Origin(path, *at)


def _untaken(by_path: Mapping[str, Source], kinds: Sequence[AnyKind], pending: Mapping[str, str]) -> Iterable[Problem]:
    folders = {kind.folder for kind in kinds}
    for path, source in sorted(by_path.items()):
        folder = path.split("/")[0]
        if "/" in path and folder in pending:
            yield not_built(Origin(source.path), f"`{folder}/`", pending[folder])
        else:
            yield Problem(Origin(source.path), "no kind takes this file", _meant(folder, folders))


def not_built(origin: Origin, what: str, name: str) -> Problem:
    """Something the design names and this version does not do yet: said, never silently dropped."""
    return Problem(origin, f"{what}: {name} are not managed by this version; left alone", severity=Severity.WARNING)


HOLDS = {
    "agents": "agents are `.md` or `.yaml` files",
    "commands": "commands are `.md` or `.yaml` files",
    "skills": "a skill is a folder with a SKILL.md",
    "mcp": "an MCP server is a `.yaml` file",
    "opencode": "`opencode/` holds `settings` and `tui`, as `.yaml` or `.jsonc`",
    "zed": "`zed/` holds `settings`, `keymap` and `tasks`, as `.yaml` or `.jsonc`",
}
ELSEWHERE = "any other file below a root goes to `files/opencode/` or `files/zed/`"


def _meant(folder: str, folders: set[str]) -> str:
    import difflib

    if folder in folders:
        return HOLDS.get(folder, ELSEWHERE)
    near = difflib.get_close_matches(folder, sorted(folders), 1)
    return f"did you mean `{near[0]}`?" if near else ELSEWHERE
