"""Files of a commit, index or work tree → Loaded, or every problem in them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.formats import yaml
from reconciler.formats.frontmatter import decode
from reconciler.model.kind import AnyKind
from reconciler.model.problem import Invalid, Origin, Problem, Severity
from reconciler.model.resource import File, Loaded, Ref, Resource, Settings, Source
from reconciler.model.world import Tree
from reconciler.pipeline.settings import PATH, settings

TOP = "desired-state/"


def load(tree: Tree, kinds: Sequence[AnyKind], pending: Mapping[str, str]) -> Loaded:
    """Everything a revision says. Raises Invalid with all errors at once; warnings stay in `problems`."""
    problems = list(tree.problems)
    by_path = {s.path[len(TOP) :]: s for s in tree.sources if s.path.startswith(TOP) and not _for_git(s.path)}
    said = _settings(by_path.pop(PATH[len(TOP) :], None), problems)
    origins = _unfold(by_path, kinds, pending, problems)
    resources: list[Resource[Any]] = []
    for kind in kinds:
        resources += _of_kind(kind, by_path, origins, problems)
    problems += _untaken(by_path, kinds, pending)
    if any(p.severity is Severity.ERROR for p in problems):
        raise Invalid(problems)
    return Loaded(tree.revision, said, tuple(sorted(resources, key=lambda r: r.ref)), tuple(sorted(set(problems))))


def _for_git(path: str) -> bool:
    """Files that speak to git alone."""
    return path in (f"{TOP}.gitattributes", f"{TOP}.gitignore") or path.endswith("/.gitkeep")


def _settings(source: Source | None, problems: list[Problem]) -> Settings:
    try:
        return settings(source)
    except Invalid as error:
        problems += error.problems
        return Settings()


def _of_kind(
    kind: AnyKind, by_path: dict[str, Source], origins: Mapping[str, Origin], problems: list[Problem]
) -> Iterable[Resource[Any]]:
    grouped: dict[str, list[str]] = {}
    for path, name in kind.files(list(by_path)).items():
        grouped.setdefault(name, []).append(path)
    for name, paths in sorted(grouped.items()):
        sources = tuple(by_path.pop(path) for path in sorted(paths))
        origin = origins.get(sources[0].path) or Origin(sources[0].path)
        if (text := bad_name(name)) is not None:
            problems.append(Problem(origin, f"{kind.name}/{name}: {text}", "rename it"))
            continue
        try:
            yield Resource(Ref(kind.name, name), kind.read(name, sources), origin, sources)
        except Invalid as error:
            problems += [_moved(p, origins) for p in error.problems]


def bad_name(name: str) -> str | None:
    """Why a name can't become a path below a root; None where it can."""
    if any(ord(c) < 32 or ord(c) == 127 for c in name):
        return "a name can't hold control characters"
    parts = name.split("/") if name else []
    if any(part in ("", ".", "..") for part in parts) or "\\" in name:
        return "a name can't leave its folder"
    if any(len(part.encode()) > 240 for part in parts):
        return "a part of this name is longer than 240 bytes"
    return None


def _moved(problem: Problem, origins: Mapping[str, Origin]) -> Problem:
    """A problem in an entry of a file of many resources is shown where the entry stands."""
    real = origins.get(problem.origin.path)
    return problem if real is None else Problem(real, problem.text, problem.hint, problem.severity)


def _unfold(
    by_path: dict[str, Source], kinds: Sequence[AnyKind], pending: Mapping[str, str], problems: list[Problem]
) -> dict[str, Origin]:
    """Replaces `anything.yaml` (top-level maps by folder name) by one file per resource; where each one stood."""
    origins: dict[str, Origin] = {}
    folders = {kind.folder for kind in kinds}
    for path in [p for p in by_path if "/" not in p and p.endswith((".yaml", ".yml"))]:
        source = by_path.pop(path)
        try:
            text = decode(source.file.content, source.path)
            entries = list(_entries(text, source.path, folders, pending, problems))
        except Invalid as error:
            problems += error.problems
            continue
        for folder, name, value, origin in entries:
            at = f"{folder}/{name}.yaml"
            if at in by_path:
                text_ = f"{folder}/{name} is described twice: here and in `{by_path[at].path}`"
                problems.append(Problem(origin, text_, "keep one of them"))
                continue
            by_path[at] = Source(TOP + at, File(yaml.dump(value).encode()))
            origins[TOP + at] = origin
    return origins


def _entries(
    text: str, path: str, folders: set[str], pending: Mapping[str, str], problems: list[Problem]
) -> Iterable[tuple[str, str, Any, Origin]]:
    said = yaml.load(text, path)
    if said is not None and not isinstance(said, dict):
        raise Invalid([Problem(Origin(path, 1, 1), "not a map of folders", "write `agents:` and the agents below it")])
    for folder, entries in (said or {}).items():
        origin = Origin(path, *yaml.position(text, [str(folder)]))
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
                steps = [str(folder), str(name)]
                yield str(folder), str(name), value, Origin(path, *yaml.position(text, steps))


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


def _meant(folder: str, folders: set[str]) -> str:
    import difflib

    near = difflib.get_close_matches(folder, sorted(folders), 1)
    if folder in folders:
        return {"agents": "agents are `.md` or `.yaml` files", "commands": "commands are `.md` or `.yaml` files"}.get(
            folder, "a skill is a folder with a SKILL.md"
        )
    return (
        f"did you mean `{near[0]}`?"
        if near
        else "any other file below a root goes to `files/opencode/` or `files/zed/`"
    )
