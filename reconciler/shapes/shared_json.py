"""A JSON file that several programs write: its text, its tree, and what stands at a place in it. Pure over a look."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from reconciler.formats import jsonc, jsonc_beside
from reconciler.model.fingerprint import Codec
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import File
from reconciler.model.world import Look, Unreadable
from reconciler.shapes.carrying import LEAVES

Steps = tuple[str, ...]
IMPLIED: Steps = ("",)


class Leaf(NamedTuple):
    """The state of a key: its value, and its source text where it stands in a file ("" where git asks for it).
    `ordered`: the order of keys is meaning, and an object is compared whole; else any object is an object. `spelled`:
    the older place where it stands, IMPLIED where another key only implies it. `behind`: nothing stands at the key
    itself, because this value stands at a key above it, where an object belongs. `beside`: the comment that shares the
    key's line, and goes and comes with it."""

    value: jsonc.Json
    raw: str = ""
    ordered: bool = False
    spelled: Steps = ()
    behind: Steps = ()
    beside: str = ""


class Old(NamedTuple):
    """An older place, and its value as the new place would hold it (None: it says nothing of that). `implied`: the old
    key stays, it only implies the new one. `holder`: an object that comes apart whole when one of its members moves."""

    steps: Steps
    read: Callable[[jsonc.Json], jsonc.Json]
    implied: bool = False
    holder: Steps = ()

    @property
    def spelled(self) -> Steps:
        return IMPLIED if self.implied else self.steps


def encode(leaf: Leaf) -> bytes:
    """What git asks for is told apart from what stands somewhere: it is written as its file would write it."""
    if leaf.spelled or leaf.behind or leaf.beside:
        return b"s" + json.dumps(leaf).encode()
    if not leaf.raw:
        return (b"w" if leaf.ordered else b"v") + rendered(leaf.value).encode("utf-8", "surrogatepass")
    return (b"o" if leaf.ordered else b"-") + leaf.raw.encode("utf-8", "surrogatepass")


def decode(encoded: bytes) -> Leaf:
    if encoded[:1] == b"s":
        value, old, ordered, spelled, *later = json.loads(encoded[1:])
        behind: Steps = tuple(later[0]) if later else ()  # earlier versions kept less
        return Leaf(value, old, ordered, tuple(spelled), behind, later[1] if len(later) > 1 else "")
    raw, ordered = encoded[1:].decode("utf-8", "surrogatepass"), encoded[:1] in (b"o", b"w")
    return Leaf(jsonc.loads(raw), "" if encoded[:1] in (b"v", b"w") else raw, ordered)


def meaning(leaf: Leaf) -> bytes:
    """The bytes that equality is of: `14.50` is 14.5, and an object that is no unit is just an object."""
    value = {} if isinstance(leaf.value, dict) and not leaf.ordered else _plain(leaf.value)
    said = json.dumps(value, sort_keys=not leaf.ordered)
    return f"{json.dumps(leaf.behind)} {said}".encode() if leaf.behind else said.encode()


def rendered(value: jsonc.Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(value: jsonc.Json) -> jsonc.Json:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value


CODEC: Codec[Leaf] = Codec(encode, decode, meaning, LEAVES)


class Unparsed(Exception):
    """A file that is there and cannot be read as JSONC: reported, never written."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@lru_cache(maxsize=64)
def tree(text: str) -> jsonc.Node:
    """The root of a text. Raises JsoncError."""
    return jsonc.parse(text)


def standing(look: Look, root: str, path: str, empty: str = "{}") -> tuple[File | None, str]:
    """A file and its text; (None, "") where nothing stands. `empty` is what a file of this sort may begin with.
    Raises Unparsed."""
    try:
        file = look.read(root, path)
        if file is None:
            return None, ""
        text = jsonc.decode(file.content)
        tree(text)
    except Unreadable as error:
        raise Unparsed(error.problem) from None
    except jsonc.JsoncError as error:
        origin = Origin(look.show(root, path), error.line, error.column)
        broken = "mend it by hand: it is not written while it is broken"
        hint = f"put `{empty}` in it, or remove it" if error.empty else broken
        raise Unparsed(Problem(origin, f"not valid JSON: {error.message}", hint)) from None
    return file, text


def parsed(text: str | None) -> jsonc.Node | None:
    """The root of a text, or None where there is none that could be read."""
    if text is None:
        return None
    try:
        return tree(text)
    except jsonc.JsoncError:
        return None


def leaf(text: str, steps: Steps, ordered: bool) -> Leaf | None:
    """What stands at a place below objects; None where nothing does."""
    node = tree(text) if text else None
    for step in steps:
        if node is None or node.kind != "object":
            return None
        node = jsonc.find(node, (step,))
    if node is None:
        return None
    comment = jsonc_beside.beside(text, steps) if steps and _shares(text, node.end) else ""
    return Leaf(jsonc.value(node), text[node.start : node.end], ordered and node.kind == "object", beside=comment)


def _shares(text: str, end: int) -> bool:
    """Whether a comment may stand behind a value on its line: the quick question."""
    line = text[end : end + 200].partition("\n")[0]
    return "//" in line or "/*" in line


def in_the_way(text: str, steps: Steps) -> Leaf | None:
    """The value above a place that is no object, so that nothing can stand below it."""
    node = tree(text) if text else None
    for depth, step in enumerate(steps):
        if node is None:
            return None
        if node.kind != "object":
            return Leaf(jsonc.value(node), text[node.start : node.end], behind=steps[:depth])
        node = jsonc.find(node, (step,))
    return None


def bare(text: str, steps: Steps) -> bool:
    """Whether an object stands at a place, and neither a key nor a comment in it."""
    node = jsonc.find(tree(text), steps)
    return node is not None and node.kind == "object" and not text[node.start + 1 : node.end - 1].strip()


def parents_missing(text: str, steps: Steps) -> tuple[Steps, ...]:
    """The objects on the way to a place that are not there, outermost first."""
    root = tree(text) if text else None
    ways = (steps[:depth] for depth in range(1, len(steps)))
    return tuple(way for way in ways if root is None or jsonc.find(root, way) is None)
