"""A JSON text and what is secret in it ↔ the same text with references in place of the secrets, to the byte. Pure.

What turns a shared file back (formats/splices.py) is kept of veiled texts alone, so that it holds no secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.formats import jsonc
from reconciler.model.change import Change
from reconciler.model.secret import START
from reconciler.shapes import shared_json
from reconciler.shapes.shared_json import Leaf, Steps

Places = Mapping[Steps, Leaf]
"""Where something secret stands, and its state with references."""
Found = tuple[Steps, jsonc.Node, str]


def secret_places(changes: Sequence[Change[Leaf]]) -> tuple[Places, Places]:
    """What is secret in their file before and after some changes, by the claims' items."""
    before, after = changes[0].veils
    return {claim.item: leaf for claim, leaf in before}, {claim.item: leaf for claim, leaf in after}


def states_after(changes: Sequence[Change[Leaf]]) -> Places:
    return {change.claim.item: change.after for change in changes if change.after is not None}


def veil(text: str, places: Places) -> str:
    """Each text of these places in which a reference belongs, with that in its stead."""
    return _with(text, [(node, like) for _, node, like in _strings(text, places)])


def unveil(veiled: str, places: Places, now: Mapping[Steps, Leaf], text: str) -> str:
    """The inverse: secrets as `now` has them, those of other places as they stand in `text`."""
    stands = {steps: text[node.start : node.end] for steps, node, _ in _strings(text, places)}

    def secret(steps: Steps, like: str) -> str:
        for place, leaf in now.items():
            if steps[: len(place)] == place:
                return _rendered(_inside(leaf.value, steps[len(place) :]))
        return stands.get(steps, like)

    return _with(veiled, [(node, secret(steps, like)) for steps, node, like in _strings(veiled, places, as_is=True)])


def _with(text: str, edits: list[tuple[jsonc.Node, str]]) -> str:
    for node, raw in sorted(edits, key=lambda edit: -edit[0].start):
        text = text[: node.start] + raw + text[node.end :]
    return text


def _rendered(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _strings(text: str, places: Places, *, as_is: bool = False) -> Iterator[Found]:
    """Every text that stands where a reference belongs. `as_is`: where the reference itself stands."""
    root = shared_json.parsed(text) if text else None
    for steps, leaf in places.items():
        node = jsonc.find(root, steps) if root is not None else None
        if node is not None:
            yield from _below(node, leaf.value, steps, str.__eq__ if as_is else _is_clear)


def _is_clear(value: str, like: str) -> bool:
    return START not in value


def _below(node: jsonc.Node, like: Any, steps: Steps, fits: Callable[[str, str], bool]) -> Iterator[Found]:
    if isinstance(like, str) and node.kind == "string":
        if START in like and fits(str(jsonc.value(node)), like):
            yield steps, node, _rendered(like)
    elif isinstance(like, dict) and node.kind == "object":
        for entry in node.entries:
            if entry.key in like:
                yield from _below(entry.value, like[entry.key], (*steps, str(entry.key)), fits)
    elif isinstance(like, list) and node.kind == "array" and len(node.entries) == len(like):
        for index, entry in enumerate(node.entries):
            yield from _below(entry.value, like[index], (*steps, str(index)), fits)


def _inside(value: Any, steps: Steps) -> Any:
    for step in steps:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value
