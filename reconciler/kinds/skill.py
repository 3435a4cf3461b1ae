"""Skills: a folder with a SKILL.md. Only the files that git names are owned; others are listed, never deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.formats import frontmatter, loose_yaml
from reconciler.model.kind import Found, Kind, Left, Overlay, Writer
from reconciler.model.problem import Invalid, Problem, invalid
from reconciler.model.resource import Claim, File, Layout, Loaded, Ref, Resource, Source, Target
from reconciler.model.world import Look, Unreadable
from reconciler.shapes import adopting, linting, owned_file, placing, skill_rules
from reconciler.shapes.markdown import DESIRED, Prompt, unparsed, veiled

FOLDERS = ("skill", "skills")
MAIN = "SKILL.md"
CONSEQUENCE = "OpenCode would not load this skill"


def files(paths: Sequence[str]) -> Mapping[str, str]:
    """A skill is the nearest folder above a path that holds a SKILL.md; without one, the first folder."""
    ours = [path for path in paths if path.startswith("skills/") and path.count("/") > 1]
    homes = {path[: -len(MAIN) - 1] for path in ours if path.endswith(f"/{MAIN}")}
    return {path: _home(path, homes).removeprefix("skills/") for path in ours}


def _home(path: str, homes: set[str]) -> str:
    folder = path
    while folder := folder.rpartition("/")[0]:
        if folder in homes:
            return folder
    return "/".join(path.split("/")[:2])


def read(name: str, sources: Sequence[Source]) -> Sequence[Source]:
    """The files of one skill, its SKILL.md checked. Raises Invalid."""
    main = next((s for s in sources if s.path == f"{DESIRED}/skills/{name}/{MAIN}"), None)
    if main is None:
        raise invalid(f"{DESIRED}/skills/{name}", f"skill/{name} has no {MAIN}", f"add `skills/{name}/{MAIN}`")
    frontmatter.parse(main.file.content, main.path, CONSEQUENCE)
    return sources


def targets(resource: Resource[Sequence[Source]], loaded: Loaded, layout: Layout) -> Sequence[Target[File]]:
    """One target per file, all in the folder where the skill stands or its siblings are."""
    ref, name = resource.ref, resource.ref.name
    main = placing.path(layout, ref, "opencode", FOLDERS, f"{name}/{MAIN}", part=MAIN)
    folder, inside, origin = main.removesuffix(MAIN), f"{DESIRED}/skills/{name}/", resource.origin
    return [
        Target(ref, part, Claim("opencode", folder + part), veiled(source) if part == MAIN else source.file, origin)
        for source in resource.spec
        for part in [source.path.removeprefix(inside)]
    ]


def lint(resource: Resource[Sequence[Source]]) -> Iterable[Problem]:
    """Its SKILL.md as OpenCode reads it."""
    name = resource.ref.name
    main = next(s for s in resource.spec if s.path == f"{DESIRED}/skills/{name}/{MAIN}")
    said = frontmatter.parse(main.file.content, main.path, CONSEQUENCE)
    found = list(skill_rules.skill(loose_yaml.as_opencode(said.front, said.matter), name))
    return linting.problems(resource, found, lambda path: Prompt(main.file, {}, said.matter).origin(main.path))


def check(resource: Resource[Sequence[Source]], layout: Layout) -> Iterable[Problem]:
    return placing.rivals(layout, resource.ref, "opencode", FOLDERS, f"{resource.ref.name}/{MAIN}")


def describe(layout: Layout, look: Look) -> Iterable[Found | Left]:
    """Every folder that holds a SKILL.md, with all its files."""
    place = layout.places["opencode"]
    homes = {path.rpartition("/")[0] for path in place.files if path.startswith(FOLDERS) and path.endswith(f"/{MAIN}")}
    members: dict[str, list[str]] = {}
    for path in place.files:
        if path.split("/", 1)[0] in FOLDERS and (home := _home(path, homes)) in homes:
            members.setdefault(home, []).append(path)
    for name, main, shadowed in placing.named(layout, "opencode", FOLDERS, f"/{MAIN}"):
        paths = members[main.rpartition("/")[0]]
        if shadowed:
            yield from (Left(Claim("opencode", path), f"`{shadowed}` is a skill of the same name") for path in paths)
        else:
            yield from _described(name, main, paths, look)


def _described(name: str, main: str, paths: Sequence[str], look: Look) -> Iterable[Found | Left]:
    sources: list[Source] = []
    claims: list[Claim] = []
    for path in sorted(paths, key=lambda at: (at != main, at)):
        claim = Claim("opencode", path)
        try:
            file = look.read("opencode", path) or File(b"")
            if path == main:
                frontmatter.parse(file.content, look.show("opencode", path), CONSEQUENCE)
        except (Unreadable, Invalid) as error:
            yield unparsed(claim, error)
            if path == main:
                yield from (Left(Claim("opencode", at), f"its {MAIN} was not taken") for at in paths if at != main)
                return
        else:
            sources.append(Source(f"{DESIRED}/skills/{name}/{path.removeprefix(main.removesuffix(MAIN))}", file))
            claims.append(claim)
    yield Found(Ref("skill", name), tuple(sources), tuple(claims))


SKILL: Kind[Sequence[Source], File] = Kind(
    name="skill",
    folder="skills",
    files=files,
    read=read,
    targets=targets,
    observe=owned_file.observe,
    act=owned_file.act,
    describe=describe,
    codec=owned_file.MARKDOWN,
    diff=owned_file.diff,
    adopt=adopting.whole,
    overlay=Overlay(merges=lambda path: path.endswith(f"/{MAIN}")),
    lint=lint,
    check=check,
    writers=(Writer("skill installers and AI agents", "files of a skill's folder"),),
    reload=(
        "after `POST /instance/dispose` (or `/global/dispose`, or a restart) of each running server, which "
        "aborts a turn at work there; OpenCode watches no files"
    ),
)
