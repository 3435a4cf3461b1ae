"""JSONC settings → the YAML a person would have written, comments included. Pure.

Four steps: read a text as a tree that holds each comment by what it belongs to, merge the trees, prune what is not
taken, write the rest. What was written is read back and compared with the plain data, which took another way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from reconciler.formats import jsonc
from reconciler.formats.jsonc import Json
from reconciler.formats.jsonc_remarks import (
    Document,
    Group,
    Item,
    all_freed_by,
    document_of,
    freed_by,
    instead_of,
    left_by,
    paragraphs,
)
from reconciler.formats.yaml_written import written

Place: TypeAlias = tuple[str, ...]
Asked: TypeAlias = Callable[[Place], bool]


def _nowhere(steps: Place) -> bool:
    return False


def convert(texts: Sequence[str], keep: Asked, unit: Asked = _nowhere, elsewhere: Asked = _nowhere) -> str:
    """One YAML document from settings files, later ones merged over earlier ones: objects deeply, the rest replaces.

    `keep` is asked once of each leaf: a scalar, an array, an empty object, an object that is a `unit`; where the
    root is an array, of each of its items, as `("0",)`. "" when nothing is taken. A comment leaves with the leaf
    it stands directly above, beside or in; every other one is in the result once, but for those of objects that are
    said `elsewhere`, comments and all. Raises JsoncError for what is no
    JSONC, ValueError for what YAML cannot carry (nested too deeply).
    """
    try:
        trees = [document_of(text, jsonc.parse(text)) for text in texts]
        verdicts: dict[Place, bool] = {}
        data = _taken(_merged([jsonc.loads(text) for text in texts]), keep, unit, verdicts)
        return written(_pruned_document(_joined(trees), verdicts, elsewhere), data) if data else ""
    except RecursionError:
        raise ValueError("nested too deeply to be written as YAML") from None


# The plain data: what the YAML must say.


def _merged(layers: Iterable[Json]) -> Json:
    result: Json = {}
    for layer in layers:
        result = _laid_over(result, layer)
    return result


def _laid_over(earlier: Json, later: Json) -> Json:
    if not isinstance(earlier, dict) or not isinstance(later, dict):
        return later
    both = {key: _laid_over(earlier[key], later[key]) for key in earlier.keys() & later.keys()}
    return {**earlier, **later, **both}


def _taken(root: Json, keep: Asked, unit: Asked, verdicts: dict[Place, bool]) -> Json:
    if isinstance(root, list):
        verdicts.update(((str(index),), keep((str(index),))) for index in range(len(root)))
        return [item for index, item in enumerate(root) if verdicts[(str(index),)]]
    return _taken_members(root, (), keep, unit, verdicts) if isinstance(root, dict) else {}


def _taken_members(
    members: dict[str, Json], steps: Place, keep: Asked, unit: Asked, verdicts: dict[Place, bool]
) -> dict[str, Json]:
    taken: dict[str, Json] = {}
    for key, item in members.items():
        at = (*steps, key)
        if isinstance(item, dict) and item and not unit(at):
            if inner := _taken_members(item, at, keep, unit, verdicts):
                taken[key] = inner
            continue
        verdicts[at] = keep(at)
        if verdicts[at]:
            taken[key] = item
    return taken


# Merging and pruning.


def _joined(documents: Sequence[Document]) -> Document:
    result = Document([], Group(array=False), [])
    for document in documents:
        root = document.root
        if not result.root.array and not root.array:
            root = _over(result.root, root)
        result = Document(paragraphs(result.header, document.header), root, paragraphs(result.footer, document.footer))
    return result


def _over(earlier: Group, later: Group) -> Group:
    """An object merged over another."""
    items = {item.key: item for item in earlier.items}
    for item in later.items:
        items[item.key] = _item_over(items[item.key], item) if item.key in items else item
    return Group(False, list(items.values()), earlier.head + later.head, earlier.tail + later.tail)


def _item_over(earlier: Item, later: Item) -> Item:
    old, new = earlier.value, later.value
    if isinstance(old, Group) and isinstance(new, Group) and not old.array and not new.array:
        return Item(later.key, _over(old, new), earlier.above + later.above, earlier.beside + later.beside)
    return instead_of(earlier, later)


def _pruned_document(document: Document, verdicts: dict[Place, bool], elsewhere: Asked) -> Document:
    return replace(document, root=_pruned(document.root, (), verdicts, elsewhere))


def _pruned(group: Group, steps: Place, verdicts: dict[Place, bool], elsewhere: Asked) -> Group:
    """What is taken of it. What freed comments wait for is the next thing that stays."""
    items: list[Item] = []
    freed: list[str] = []
    for item in group.items:
        at = (*steps, item.key)
        if at not in verdicts and isinstance(item.value, Group):
            item = replace(item, value=_pruned(item.value, at, verdicts, elsewhere))
        stays = verdicts.get(at, isinstance(item.value, Group) and bool(item.value.items))
        if stays:
            items.append(replace(item, above=paragraphs(freed, item.above)))
        free = left_by if elsewhere(at) else freed_by if at in verdicts else all_freed_by
        freed = [] if stays else paragraphs(freed, free(item))
    return replace(group, items=items, tail=paragraphs(freed, group.tail))
