"""A list that git describes and its items as they stand → git's own file that says so, comments kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from reconciler.formats import jsonc, jsonc_edit, yaml_edit
from reconciler.formats.frontmatter import decode
from reconciler.model.resource import File, Resource
from reconciler.shapes.asked import Asked
from reconciler.shapes.item_values import over
from reconciler.shapes.shared_json import Leaf, Steps


def adopt(resource: Resource[Asked], here: Mapping[Steps, Leaf | None], places: Set[Steps]) -> Mapping[str, File]:
    """`here`: what stands, by its place in git's list; None is gone. `places`: those of all items."""
    [source] = resource.sources
    text = decode(source.file.content, source.path)
    said = {place: (_at(resource.spec.value, place), leaf.value) for place, leaf in here.items() if leaf is not None}
    gone = _whole({place for place, leaf in here.items() if leaf is None}, places)
    if source.path.endswith(("yaml", "yml")):
        sets = [change for place, (old, new) in said.items() for change in _sets(place, old, new)]
        cuts = [yaml_edit.Set(place, yaml_edit.MISSING) for place in gone]
        return {source.path: File(yaml_edit.edit(text, [*sets, *cuts]).encode())}
    edits = [jsonc_edit.Set(place, over(Leaf(old), Leaf(new))) for place, (old, new) in said.items()]
    return {source.path: File(jsonc.encode(jsonc_edit.edit(text, [*edits, *map(jsonc_edit.Delete, gone)])))}


def _at(value: Any, place: Steps) -> Any:
    for step in place:
        value = value[int(step) if isinstance(value, list) else step]
    return value


def _whole(gone: Set[Steps], places: Set[Steps]) -> Sequence[Steps]:
    """What goes, the last first: a block or a section as a whole when nothing in it is left."""
    ways = {place[:depth] for place in gone for depth in range(1, len(place) + 1)}
    empty = {way for way in ways if all(place in gone for place in places if place[: len(way)] == way)}
    outer = {next(place[:n] for n in range(1, len(place) + 1) if place[:n] in empty) for place in gone}
    return sorted(outer, key=lambda place: int(place[0]), reverse=True)


def _sets(place: Steps, old: Any, new: Any) -> Iterable[yaml_edit.Set]:
    """What differs, and nothing around it."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        yield from [yaml_edit.Set(place, new)] if old != new or type(old) is not type(new) else []
        return
    yield from (yaml_edit.Set((*place, key), yaml_edit.MISSING) for key in old if key not in new)
    for key, value in new.items():
        yield from _sets((*place, key), old[key], value) if key in old else [yaml_edit.Set((*place, key), value)]
