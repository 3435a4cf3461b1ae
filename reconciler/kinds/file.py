"""Any other file below a root, whole: AGENTS.md, themes, plugins, prompts, snippets, debug.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.kind import Found, Kind, Left, Overlay
from reconciler.model.problem import invalid
from reconciler.model.resource import Claim, File, Layout, Loaded, Ref, Resource, Source, Target
from reconciler.model.world import Look, Unreadable
from reconciler.shapes import adopting, owned_file
from reconciler.shapes.markdown import DESIRED, unparsed


def files(paths: Sequence[str]) -> Mapping[str, str]:
    """`files/opencode/AGENTS.md` is `opencode/AGENTS.md`."""
    return {path: path.removeprefix("files/") for path in paths if path.startswith("files/")}


def read(name: str, sources: Sequence[Source]) -> File:
    """The file as it is."""
    if "/" not in name:
        raise invalid(sources[0].path, f"`{name}` lies in no root", "move it to `files/opencode/` or `files/zed/`")
    return sources[0].file


def targets(resource: Resource[File], loaded: Loaded, layout: Layout) -> Sequence[Target[File]]:
    """The same path below the root, in the spelling that stands there."""
    root, _, path = resource.ref.name.partition("/")
    if root not in layout.places:
        known = " or ".join(f"`files/{name}/`" for name in sorted(layout.places))
        raise invalid(resource.origin.path, f"there is no root called `{root}`", f"move it to {known}")
    standing = layout.places[root].standing(path) or path
    return [Target(resource.ref, "", Claim(root, standing), resource.spec, resource.origin)]


def describe(layout: Layout, look: Look) -> Iterable[Found | Left]:
    """Every file that no other kind took."""
    for root, place in layout.places.items():
        for path in sorted(place.files):
            claim = Claim(root, path)
            try:
                file = look.read(root, path) or File(b"")
            except Unreadable as error:
                yield unparsed(claim, error)
            else:
                yield Found(Ref("file", f"{root}/{path}"), (Source(f"{DESIRED}/files/{root}/{path}", file),), (claim,))


FILE: Kind[File, File] = Kind(
    name="file",
    folder="files",
    files=files,
    read=read,
    targets=targets,
    observe=owned_file.observe,
    act=owned_file.act,
    describe=describe,
    codec=owned_file.CODEC,
    diff=owned_file.diff,
    adopt=adopting.whole,
    overlay=Overlay(merges=lambda path: False),
    reload=(
        "AGENTS.md and what `instructions` names: at the next turn. Themes: the next time the TUI starts. A "
        "plugin or tool: one that is new or gone after a dispose, one whose text changed after a restart. "
        "Files of Zed: at once"
    ),
    alone=True,
)
