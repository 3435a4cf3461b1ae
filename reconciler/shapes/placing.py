"""Layout and a name → the path a file has or should have: where it stands, else where its siblings are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.resource import Layout, Place, Ref


def path(layout: Layout, ref: Ref, root: str, folders: Sequence[str], name: str, part: str = "") -> str:
    """The path below `root` of a file called `name` in one of `folders` (the last one wins where several have it)."""
    place = layout.places[root]
    held = layout.held.get(ref, {}).get(part)
    standing = [at for folder in folders if (at := place.standing(f"{folder}/{name}")) and at in place.files]
    if held is not None and (held.path in standing or not standing):
        return held.path
    if standing:
        return standing[-1]
    return f"{folder_for(place, folders, name)}/{name}"


def rivals(layout: Layout, ref: Ref, root: str, folders: Sequence[str], name: str) -> Iterable[Problem]:
    """A warning where several folders hold one name: OpenCode then takes one of the files by chance."""
    place = layout.places[root]
    standing = [at for folder in folders if (at := place.standing(f"{folder}/{name}")) and at in place.files]
    if len(standing) > 1 and len({place.files[at].target or at for at in standing}) > 1:
        text = f"{ref}: `{standing[0]}` and `{standing[-1]}` both stand here, and OpenCode takes one of them by chance"
        yield Problem(
            Origin(f"{place.shown or place.folder}/{standing[0]}"), text, f"remove `{standing[0]}`", Severity.WARNING
        )


def folder_for(place: Place, folders: Sequence[str], name: str) -> str:
    """Where the nearest siblings of a new file are; the last folder where there are none."""
    inner = name.rpartition("/")[0]

    def nearness(folder: str) -> tuple[int, int, bool]:
        nearest = place.counts.get(f"{folder}/{inner}", 0) if inner else 0
        return nearest, place.counts.get(folder, 0), folder in place.folders

    return max(reversed(folders), key=nearness)


def named(layout: Layout, root: str, folders: Sequence[str], suffix: str) -> Iterable[tuple[str, str, str]]:
    """Every (name, path, "" or the path that shadows it) of files in `folders` that end in `suffix`, by path."""
    place = layout.places[root]
    found: dict[str, list[str]] = {}
    for at in place.files:
        folder, _, name = at.partition("/")
        if folder in folders and name.endswith(suffix) and len(name) > len(suffix):
            found.setdefault(name[: -len(suffix)], []).append(at)
    for name, paths in sorted(found.items()):
        paths.sort(key=lambda at: folders.index(at.partition("/")[0]))
        for at in paths:
            yield name, at, "" if at == paths[-1] else paths[-1]
