"""Items of lists: when two are equal, how one is written, and how two differ. Pure."""

from __future__ import annotations

from reconciler.formats import jsonc, jsonc_edit
from reconciler.model.change import NULL, Diff, FieldChange
from reconciler.model.diff import field_changes
from reconciler.model.fingerprint import Codec
from reconciler.shapes import shared_json
from reconciler.shapes.carrying import LEAVES
from reconciler.shapes.shared_json import Leaf

WIDTH = 80
"""A list up to this long is written on one line."""


def meaning(leaf: Leaf) -> bytes:
    """An item is compared whole, whatever the order of its keys."""
    return shared_json.meaning(Leaf([leaf.value]))


def equal(one: Leaf | None, other: Leaf | None) -> bool:
    if one is None or other is None:
        return one is other
    return meaning(one) == meaning(other)


CODEC: Codec[Leaf] = Codec(shared_json.encode, shared_json.decode, meaning, LEAVES)


def anew(leaf: Leaf) -> object:
    """An item where none stood: in its old spelling where it has one."""
    return jsonc_edit.Raw(leaf.raw) if leaf.raw else neat(leaf.value)


def neat(value: jsonc.Json) -> object:
    """A value to be written anew: short lists on one line, as people write them."""
    if isinstance(value, dict):
        return {key: neat(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    text = shared_json.rendered(value)
    short = len(text) <= WIDTH and not any("\ud800" <= mark <= "\udfff" for mark in text)
    return jsonc_edit.Raw(text) if short else [neat(item) for item in value]


def over(old: Leaf, new: Leaf) -> object:
    """An item where another one stands: in its old spelling where it has one."""
    return jsonc_edit.Raw(new.raw) if new.raw else _fitted(old.value, new.value)


def _fitted(old: jsonc.Json, new: jsonc.Json) -> object:
    """Edited inside where both are maps or lists, else written anew."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: _fitted(old[key], item) if key in old else neat(item) for key, item in new.items()}
    return new if isinstance(old, list) else neat(new)


def diff(before: Leaf | None, after: Leaf | None) -> Diff:
    """One value whole; a map key by key where both sides have one."""
    if before is None or after is None or not (isinstance(before.value, dict) and isinstance(after.value, dict)):
        return Diff((FieldChange("", _told(before), _told(after)),))
    return Diff(tuple(field_changes(before.value, _alike_ordered(before.value, after.value))))


def _alike_ordered(old: jsonc.Json, new: jsonc.Json) -> jsonc.Json:
    """The new value with its keys in the order of the old one, which means nothing here."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*(key for key in old if key in new), *(key for key in new if key not in old)]
        return {key: _alike_ordered(old.get(key), new[key]) for key in keys}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_alike_ordered(*pair) for pair in zip(old, new, strict=True)]
    return new


def _told(leaf: Leaf | None) -> object:
    if leaf is None:
        return None
    return NULL if leaf.value is None else leaf.value
