"""Bindings of Zed's keymap.json, each known by its context and its key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.formats import jsonc, jsonc_edit
from reconciler.formats.jsonc import Json
from reconciler.model.kind import Identity, Kind, Overlay, Writer
from reconciler.shapes import editor_schema, item_values, shared_json
from reconciler.shapes.asked import Asked
from reconciler.shapes.item_values import CODEC
from reconciler.shapes.items_file import Fault, ItemsFile
from reconciler.shapes.json_items import Added, JsonItems, Removed
from reconciler.shapes.shared_json import Leaf, Steps

SECTIONS = ("bindings", "unbind")
EQUIVALENTS = "use_key_equivalents"
KNOWN = ("context", EQUIVALENTS, *SECTIONS)
USAGE = "write `- context: Editor`, and `bindings:` with `key: action` lines below it"

# The name of a binding is (context, use_key_equivalents, section, number among equals, key), so that what was made
# around bindings is named by how their names begin: a block, a section, a further block for a key that repeats.


def head(block: Json) -> Steps | None:
    """What blocks are known by; None for what is no block."""
    if not isinstance(block, dict):
        return None
    context, equivalents = block.get("context", ""), block.get(EQUIVALENTS, False)
    if not isinstance(context, str) or not isinstance(equivalents, bool):
        return None
    return context, str(equivalents).lower() if EQUIVALENTS in block else ""


def sections(blocks: list[Json]) -> Iterable[tuple[Steps, Steps, dict[str, Json]]]:
    """Each section of bindings by name and place."""
    for index, block in enumerate(blocks):
        known = head(block)
        for section in SECTIONS:
            bindings = block.get(section) if isinstance(block, dict) else None
            if known is not None and isinstance(bindings, dict):
                yield (*known, section), (str(index), section), bindings


def named(blocks: list[Json]) -> dict[Steps, Steps]:
    """Each binding's name → place."""
    names: dict[Steps, Steps] = {}
    counts: Counter[Steps] = Counter()
    for section, place, bindings in sections(blocks):
        for key in bindings:
            names[*section, str(counts[*section, key]), key] = (*place, key)
            counts[*section, key] += 1
    return names


def part(name: Steps) -> str:
    """`/Editor/bindings/ctrl-a`; a binding for every context begins with its section."""
    context, equivalents, section, nth, key = name
    steps = [context] if context else []
    if context in KNOWN:
        steps = ["", context]
    if equivalents:
        steps.append(EQUIVALENTS if equivalents == "true" else f"{EQUIVALENTS}: false")
    return jsonc.pointer((*steps, section, key, *([] if nth == "0" else [nth])))


# Adding: last in the last block of its sort


def added(text: str, new: Sequence[tuple[Steps, object]]) -> Added:
    """One edit for each section that grows and each block that is new."""
    value = jsonc.value(shared_json.tree(text))
    blocks: list[Any] = value if isinstance(value, list) else []
    old, made = len(blocks), {}
    grown: dict[tuple[int, str], None] = {}
    for name, action in new:
        section, key = name[2], name[4]
        index, made[name] = _home(blocks, name)
        if index == len(blocks):
            blocks.append(_block(name))
        blocks[index].setdefault(section, {})[key] = action
        grown[index, section] = None
    sets = [jsonc_edit.Set((str(i), section), blocks[i][section]) for i, section in grown if i < old]
    return Added(jsonc_edit.edit(text, [*sets, *(jsonc_edit.Append((), block) for block in blocks[old:])]), made)


def _home(blocks: Sequence[Any], name: Steps) -> tuple[int, tuple[Steps, ...]]:
    """The block that a new binding goes to, the last one of its sort if it can be; and what must be made for that."""
    section, key = name[2], name[4]
    same = [index for index, block in enumerate(blocks) if head(block) == name[:2]]
    having = [index for index in same if isinstance(blocks[index].get(section), dict)]
    lacking = [index for index in same if section not in blocks[index]]
    if having and key not in blocks[having[-1]][section]:
        return having[-1], ()
    if lacking and not having:
        return lacking[-1], (name[:3],)
    return len(blocks), (name[:4],) if same else (name[:2], name[:3])


def _block(name: Steps) -> dict[str, Json]:
    context, equivalents = name[:2]
    block: dict[str, Json] = {"context": context} if context else {}
    return block | ({EQUIVALENTS: equivalents == "true"} if equivalents else {})


def between(old: list[Json], new: list[Json], name: Steps) -> tuple[Steps, ...]:
    """What was made around a binding that only the new list holds: of blocks that could be new, the last ones are."""
    blocks, here = [head(block) for block in old].count(name[:2]), named(new)
    if not blocks:
        return name[:2], name[:3]
    more = [head(block) for block in new].count(name[:2]) - blocks
    before = {here[other][0] for other in named(old) if other in here}
    could = {int(place[0]) for other, place in here.items() if other[:2] == name[:2] and place[0] not in before}
    if more > 0 and int(here[name][0]) in sorted(could)[-more:]:
        return (name[:4],)
    return () if any(section == name[:3] for section, _, _ in sections(old)) else (name[:3],)


# Removing: what we made around a binding goes with it once it is empty


def removed(text: str, gone: Mapping[Steps, Steps], made: frozenset[Steps]) -> Removed:
    """Block by block from the end on, so that places stay."""
    unmade: frozenset[Steps] = frozenset()
    for index in sorted({place[0] for place in gone.values()}, key=int, reverse=True):
        names = [name for name, place in gone.items() if place[0] == index]
        text = jsonc_edit.edit(text, [jsonc_edit.Delete(gone[name]) for name in names])
        text, also = _tidied(text, index, names, made)
        unmade |= also
    return Removed(text, unmade)


def _tidied(text: str, index: str, names: Sequence[Steps], made: frozenset[Steps]) -> tuple[str, frozenset[Steps]]:
    """The text without the sections and the block that are empty now and ours."""
    further = made.intersection(name[:4] for name in names)
    block = further or made.intersection(name[:2] for name in names)
    unmade: frozenset[Steps] = frozenset()
    for section in {name[:3] for name in names}:
        if (block or section in made) and _is_bare(text, (index, section[2]), ()):
            text = jsonc_edit.edit(text, [jsonc_edit.Delete((index, section[2]))])
            unmade |= frozenset() if further else {section}
    if block and _is_bare(text, (index,), ("context", EQUIVALENTS)):
        text = jsonc_edit.edit(text, [jsonc_edit.Delete((index,))])
        unmade |= block
    return text, unmade


def _is_bare(text: str, place: Steps, but: Sequence[str]) -> bool:
    """Whether nothing stands there but these keys, no comment either."""
    node = jsonc.find(shared_json.tree(text), place)
    if node is None or any(entry.key not in but for entry in node.entries):
        return False
    at, gaps = node.start + 1, ""
    for entry in node.entries:
        gaps += text[at : entry.start] + text[entry.key_end : entry.value.start]
        at = entry.value.end
    return "/" not in gaps + text[at : node.end]


# Reading


def faults(blocks: list[Json]) -> Iterable[Fault]:
    """What is no block of bindings, or none that can be told from others."""
    for index, block in enumerate(blocks):
        at = (str(index),)
        if isinstance(block, dict):
            yield from _faults(block, at)
        else:
            yield Fault(at, "not a block of bindings", USAGE, at)


def _faults(block: dict[str, Json], at: Steps) -> Iterable[Fault]:
    if not isinstance(block.get("context", ""), str):
        yield Fault((*at, "context"), "`context` is not a text", "put it in quotes, or leave it out", at)
    if not isinstance(block.get(EQUIVALENTS, False), bool):
        yield Fault((*at, EQUIVALENTS), f"`{EQUIVALENTS}` is neither true nor false", "write it without quotes", at)
    for key in block:
        place = (*at, key)
        if key not in KNOWN:
            yield Fault(place, f"unknown key `{key}`", _meant(key), place)
        elif key in SECTIONS:
            yield from _odd(block[key], place)


def _odd(bindings: Json, at: Steps) -> Iterable[Fault]:
    if not isinstance(bindings, dict):
        yield Fault(at, f"`{at[-1]}` is not a map of keys", "write `key: action` lines below it", at)
        return
    for key, action in bindings.items():
        if action is not None and not isinstance(action, str | list):
            place = (*at, key)
            yield Fault(place, f"`{key}`: an action is a text, a list or null", "write `key: action`", place)


def _meant(key: str) -> str:
    import difflib

    near = difflib.get_close_matches(key, KNOWN, 1)
    return f"did you mean `{near[0]}`?" if near else f"a block may hold {', '.join(KNOWN)}"


ITEMS = JsonItems(named=named, added=added, removed=removed, between=between)
FILE = ItemsFile(
    kind="zed_keymap",
    root="zed",
    path="keymap.json",
    stem="zed/keymap",
    items=ITEMS,
    part=part,
    faults=faults,
    usage=USAGE,
)

ZED_KEYMAP: Kind[Asked, Leaf] = Kind(
    name="zed_keymap",
    folder="zed",
    files=FILE.files,
    read=FILE.read,
    targets=FILE.targets,
    observe=ITEMS.observe,
    act=ITEMS.act,
    describe=FILE.describe,
    codec=CODEC,
    diff=item_values.diff,
    adopt=FILE.adopt,
    layers=FILE.layers,
    overlay=Overlay(items=Identity(head, spread=True)),
    writers=(Writer("Zed's keymap editor", "any binding, straight through a link"),),
    schema=editor_schema.zed_keymap,
    reload="at once: Zed watches its files",
)
