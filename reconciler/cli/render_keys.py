"""The keys of one resource in shared files → the lines a plan shows for them; what is the same everywhere once. Pure.

A declaration that comes or goes whole is one line, with as many of its values as fit beside its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from reconciler.cli import phrase
from reconciler.cli.grouping import Item
from reconciler.cli.render_body import Page, body, note
from reconciler.cli.style import columns
from reconciler.model.change import Change, FieldChange
from reconciler.model.resource import Ref

ROOM = 72


class Key(NamedTuple):
    """A key of a resource that changes alike in one or more roots; `above`: the pointer of its resource."""

    change: Change[Any]
    above: str
    name: tuple[str, ...]
    roots: tuple[str, ...]

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        part = self.change.target.part
        return tuple(field._replace(pointer=field.pointer[len(part) :]) for field in self.change.diff.fields)


def beside(item: Item, page: Page) -> str:
    """What stands beside the entry's name."""
    keys = _keys(item)
    if item.held:
        return page.style.safe(item.first.verdict.rule)
    if _whole(item) and not page.style.full:
        return phrase.joined([_common(keys), _some(item, keys, page)])
    return phrase.joined([_line(item, keys[0], page) if _alone(keys) else "", _common(keys)])


def below(item: Item, page: Page, indent: int) -> Iterator[str]:
    """What stands below it: the other values, and whatever must be known of them."""
    keys, margin = _keys(item), " " * indent
    brief = _whole(item) and not page.style.full and not item.held
    if not brief and not item.held and _alone(keys):
        return
    said: set[str] = set()
    for key in keys:
        lines = [] if brief and len(key.change.diff.fields) <= 1 else [margin + _line(item, key, page)]
        for line in (*lines, *_remarks(key, page, indent + (0 if brief else 2))):
            if line not in said:
                yield line
            said.add(line)


def _whole(item: Item) -> bool:
    return item.sign in ("+", "-")


def _alone(keys: Sequence[Key]) -> bool:
    """Whether there is but one value to say, and nothing to say of it."""
    change = keys[0].change
    return len(keys) == len(change.diff.fields) == 1 and not change.diff.text + change.diff.note and change.reversible


def _keys(item: Item) -> Sequence[Key]:
    found: list[Key] = []
    for change in item.changes:
        key = _key(change)
        at = next((at for at, other in enumerate(found) if _alike(other, key)), None)
        if at is None:
            found.append(key)
        else:
            found[at] = found[at]._replace(roots=(*found[at].roots, *key.roots))
    return found


def _key(change: Change[Any]) -> Key:
    steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in change.target.part.split("/")[1:])
    depth = _depth(change.ref, steps)
    above = "/".join(change.target.part.split("/")[: depth + 1])
    return Key(change, above, steps[depth:], (change.claim.root,))


def _depth(ref: Ref, steps: tuple[str, ...]) -> int:
    """How many steps lead to the resource itself, which stands under its name."""
    return steps.index(ref.name) + 1 if ref.name in steps[:-1] else 0


def _alike(one: Key, other: Key) -> bool:
    """Whether two programs are told the same, each in its own spelling (`env`, `environment`)."""
    same = _but_for_place(one) == _but_for_place(other) and _spelled_alike(one.name, other.name)
    return same and not {*other.roots} & {*one.roots}


def _but_for_place(key: Key) -> tuple[object, ...]:
    change = key.change
    return key.fields, change.action, change.cause, change.diff.note, change.diff.text, change.why_not


def _spelled_alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if len(one) < 2 or len(one) != len(other):
        return one == other
    longer, shorter = sorted((one[0], other[0]), key=len, reverse=True)
    return one[1:] == other[1:] and longer.startswith(shorter)


def _line(item: Item, key: Key, page: Page) -> str:
    """`environment.TOKEN: •••#1 → •••#2`, and in which of the programs where it is not in all."""
    fields = key.change.diff.fields
    label = page.style.safe(phrase.key_path("".join(["", *(f"/{_escaped(step)}" for step in key.name)])))
    values = phrase.joined([_value(item, key, field, page) for field in fields]) or label
    own = note(key.change) if note(key.change) != _common(_keys(item)) else ""
    return phrase.joined([f"{values}{_where(item, key)}", own])


def _value(item: Item, key: Key, field: FieldChange, page: Page) -> str:
    sign = key.change.target.part if _whole(item) else ""
    return phrase.field(field, page.style, key.above, sign)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _where(item: Item, key: Key) -> str:
    return "" if set(key.roots) == set(item.roots) else f" ({', '.join(key.roots)})"


def _common(keys: Sequence[Key]) -> str:
    notes = {note(key.change) for key in keys}
    return notes.pop() if len(notes) == 1 else ""


def _some(item: Item, keys: Sequence[Key], page: Page) -> str:
    """As many values as fit, and how many more there are."""
    shown: list[str] = []
    # What the first program is told says it all, but for the others' shapes.
    for key in (key for key in keys if item.roots[0] in key.roots and len(key.change.diff.fields) == 1):
        line = _line(item, key._replace(roots=item.roots), page)
        if shown and columns(phrase.joined([*shown, line])) > ROOM:
            break
        shown.append(line)
    rest = len(keys) - len(shown)
    return phrase.joined([*shown, f"… {rest} more" if rest else ""])


def _remarks(key: Key, page: Page, indent: int) -> Iterator[str]:
    """What is to be known of a key besides its values."""
    change = key.change
    bare = replace(change, diff=replace(change.diff, fields=()), verdict=replace(change.verdict, allowed=True))
    yield from body(bare, page, indent)
