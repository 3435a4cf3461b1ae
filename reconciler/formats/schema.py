"""A JSON Schema and a value → every mistake in plain words, with the hint that mends it. Pure.

The part of JSON Schema that OpenCode's schemas use, and nothing else: `jsonschema` costs 0.2 s to import and says of a
union only that nothing fits; `fastjsonschema` stops at the first mistake. What a union meant is guessed here from its
constant keys and its types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from reconciler.formats.meant import meant, one_of
from reconciler.formats.schema_fits import Quick

Node = Mapping[str, Any]
Steps = tuple[str, ...]
OURS = frozenset(("$secret", "$remove"))
"""Marks that stand for a value in desired state, whatever its type."""


class Mistake(NamedTuple):
    """One mistake and the key it stands at. `sort`: unknown (the program may not mind), type, choice, missing, range or
    form; `known` is what could stand there."""

    steps: Steps
    text: str
    hint: str
    sort: str
    known: tuple[str, ...] = ()
    refused: bool = True


@dataclass(frozen=True)
class Schema:
    """A schema with its definitions."""

    root: Node

    def mistakes(self, value: Any, at: Steps = ()) -> list[Mistake]:
        """Every mistake of a value under the root, or under the definition or property that `at` leads to."""
        node = self.root
        for step in at:
            node = node[step]
        return [] if self._quick.of(node)(value) else self._check(node, value, ())

    @cached_property
    def _quick(self) -> Quick:
        return Quick(self._resolved, OURS)

    def _resolved(self, node: Node) -> Node:
        while True:
            if "$ref" in node:
                node = self.root["$defs"][node["$ref"].rpartition("/")[2]]
            elif "allOf" in node:
                node = node["allOf"][0]
            else:
                return node

    def _check(self, node: Node, value: Any, steps: Steps) -> list[Mistake]:
        if isinstance(value, dict) and value.keys() & OURS:
            return []
        node = self._resolved(node)
        if "anyOf" in node:
            return self._union([self._resolved(branch) for branch in node["anyOf"]], value, steps)
        expected = node.get("type")
        if expected is not None and not FITS[expected](value):
            return [_type([node], value, steps)]
        if isinstance(value, dict):
            return self._map(node, value, steps)
        if isinstance(value, list):
            return self._list(node, value, steps)
        return list(_scalar(node, value, steps))

    def _map(self, node: Node, value: Mapping[str, Any], steps: Steps) -> list[Mistake]:
        properties = node.get("properties", {})
        rest = node.get("additionalProperties", {})
        found = [
            Mistake(steps, f"{_where(steps)}has no `{key}`", f"add `{key}:`", "missing", (key,))
            for key in node.get("required", ())
            if key not in value
        ]
        for key, item in value.items():
            if key in properties:
                found += self._check(properties[key], item, (*steps, key))
            elif rest is False:
                found.append(unknown((*steps, key), tuple(properties)))
            elif rest:
                found += self._check(rest, item, (*steps, key))
        return found

    def _list(self, node: Node, value: Sequence[Any], steps: Steps) -> list[Mistake]:
        first = node.get("prefixItems", ())
        if first and len(value) != len(first):
            return [
                Mistake(
                    steps,
                    f"{_name(steps)} must hold {len(first)} items, not {len(value)}",
                    "add or remove items",
                    "form",
                )
            ]
        found: list[Mistake] = []
        for index, item in enumerate(value):
            inner = first[index] if first else node.get("items")
            found += self._check(inner, item, (*steps, str(index))) if inner else []
        return found

    def _union(self, branches: Sequence[Node], value: Any, steps: Steps) -> list[Mistake]:
        """Nothing if a branch fits; else the mistakes of the branch that was meant."""
        tried = [(branch, self._check(branch, value, steps)) for branch in branches]
        fits = [found for _, found in tried if not any(m.refused for m in found)]
        named = [found for branch, found in tried if _named(branch, value)]
        if named and fits:
            return named[0] if named[0] in fits else [m._replace(refused=False) for m in named[0]]
        if named or fits:
            return min(named or fits, key=len)
        alike = [(branch, found) for branch, found in tried if FITS[branch.get("type", "null")](value)]
        if not alike:
            return [_type(branches, value, steps)]
        choices = tuple(choice for branch, _ in alike for choice in branch.get("enum", ()) if isinstance(choice, str))
        if isinstance(value, str) and value.casefold() in YES_NO and any(b.get("type") == "boolean" for b in branches):
            return [_type(branches, value, steps)]
        if choices and isinstance(value, str):
            return [_choice(choices, value, steps, [b["pattern"] for b, _ in alike if "pattern" in b])]
        return min((found for _, found in alike), key=len)


def _named(branch: Node, value: Any) -> bool:
    """Whether a constant key of the value says that this branch is meant: `type: local`."""
    if not isinstance(value, dict):
        return False
    constants = {k: p["enum"] for k, p in branch.get("properties", {}).items() if len(p.get("enum", ())) == 1}
    return any(k in value and value[k] in enum and type(value[k]) is type(enum[0]) for k, enum in constants.items())


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


INFINITE: float = float("inf")
FITS: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": _number,
    "integer": lambda value: (
        _number(value) and value == value and value not in (INFINITE, -INFINITE) and value % 1 == 0
    ),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}
WORDS = {
    "string": "text",
    "boolean": "true or false",
    "number": "a number",
    "integer": "a whole number",
    "array": "a list",
    "object": "a map",
}


def _name(steps: Steps) -> str:
    return f"`{'/'.join(steps)}`" if steps else "this file"


def _where(steps: Steps) -> str:
    return f"{_name(steps)} "


def shown(value: Any) -> str:
    """A value as people call it."""
    if isinstance(value, str):
        return f"the text `{value if len(value) < 50 else value[:49] + '…'}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value is None:
        return "empty"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a map"
    return f"the number {value}" if _number(value) else str(value)


def _type(nodes: Sequence[Node], value: Any, steps: Steps) -> Mistake:
    """A value of a type that none of the nodes takes."""
    sorts = tuple(dict.fromkeys(_sorted(node) for node in nodes))
    words = ", ".join(sorts[:-1]) + (" or " if len(sorts) > 1 else "") + sorts[-1]
    text = f"{_name(steps)} must be {words}, and is {shown(value)}"
    choices = tuple(choice for node in nodes for choice in node.get("enum", ()) if isinstance(choice, str))
    return Mistake(steps, text, _remedy({str(node.get("type")) for node in nodes}, value, choices), "type", choices)


def _sorted(node: Node) -> str:
    if "enum" in node:
        return one_of([str(choice).lower() if isinstance(choice, bool) else choice for choice in node["enum"]])
    return WORDS[node["type"]]


YES_NO = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
PLAINLY = {
    "object": "write `key: value` lines below it",
    "array": "write a list of items",
    "number": "write a number, without quotes",
    "integer": "write a whole number, without quotes",
    "boolean": "write `true` or `false`",
    "string": "write one text",
}


def _remedy(types: set[str], value: Any, choices: Sequence[str]) -> str:
    if value is None:
        return "give it a value, or remove the key"
    if isinstance(value, str) and "boolean" in types and value.casefold() in YES_NO:
        return f"did you mean `{YES_NO[value.casefold()]}`, without quotes?"
    if isinstance(value, str) and types & {"number", "integer"} and re.fullmatch(r"[-+]?[\d.]+", value):
        return f"did you mean `{value}`, without quotes?"
    if isinstance(value, str) and "array" in types:
        return f"write a list: `{_as_list(value)}`"
    if isinstance(value, bool) and {"allow", "deny"} <= set(choices):
        return f"did you mean `{_action(value)}`?"
    if choices:
        return f"write {one_of(choices)}"
    if "string" in types and not isinstance(value, str | list | dict):
        return "put it in quotes"
    return next(hint for sort, hint in PLAINLY.items() if sort in types)


def _as_list(text: str) -> str:
    words = [word.strip() for word in text.split("," if "," in text else None)]
    return "[" + ", ".join(f'"{word}"' for word in words[:4]) + (", …]" if len(words) > 4 else "]")


def _scalar(node: Node, value: Any, steps: Steps) -> Iterable[Mistake]:
    if "enum" in node and value not in node["enum"]:
        yield _choice(tuple(str(choice).lower() if isinstance(choice, bool) else choice for choice in node["enum"]),
                      value, steps)  # fmt: skip
    elif "pattern" in node and isinstance(value, str) and not re.search(node["pattern"], value):
        yield Mistake(steps, f"{_name(steps)} can't be `{value}`", f"it must look like `{node['pattern']}`", "form")
    elif _number(value):
        yield from _range(node, value, steps)


def _choice(choices: tuple[str, ...], value: Any, steps: Steps, forms: Sequence[str] = ()) -> Mistake:
    near = _action(value) if {"allow", "deny"} <= set(choices) else ""
    near = near or meant(str(value), choices)
    more = f", or look like `{forms[0]}`" if forms else ""
    hint = f"did you mean `{near}`?" if near else f"it may be {one_of(choices)}{more}"
    spelled = str(value).lower() if isinstance(value, bool) else value
    return Mistake(steps, f"{_name(steps)} can't be `{spelled}`", hint, "choice", choices)


def _action(value: Any) -> str:
    """What a yes or no means where an action stands."""
    return {"true": "allow", "false": "deny"}.get(YES_NO.get(str(value).casefold(), ""), "")


def _range(node: Node, value: float, steps: Steps) -> Iterable[Mistake]:
    if value != value or value in (INFINITE, -INFINITE):
        yield Mistake(steps, f"{_name(steps)} must be a finite number", "write a number", "range")
        return
    for key, word, holds in (
        ("minimum", "at least", value >= node.get("minimum", value)),
        ("maximum", "at most", value <= node.get("maximum", value)),
        ("exclusiveMinimum", "more than", "exclusiveMinimum" not in node or value > node["exclusiveMinimum"]),
    ):
        if not holds:
            hint = f"write a number that is {word} {node[key]}"
            yield Mistake(steps, f"{_name(steps)} must be {word} {node[key]}, and is {value}", hint, "range")


def unknown(steps: Steps, known: tuple[str, ...]) -> Mistake:
    """A key that no schema knows."""
    near = meant(steps[-1], known)
    hint = f"did you mean `{near}`?" if near else ""
    return Mistake(steps, f"unknown key {_name(steps)}", hint, "unknown", known, refused=False)
