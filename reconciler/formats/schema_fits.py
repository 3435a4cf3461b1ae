"""A JSON Schema → a quick test that is true only of values without any mistake; false says nothing. Pure.

Most of what people write is well, and finding the words for a mistake costs ten times as much as seeing that there is
none. What this cannot tell at once (constants that say which branch is meant, our own `{$secret: …}`) it leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Node = Mapping[str, Any]
Fits = Callable[[Any], bool]
INFINITE = float("inf")


class Quick:
    """Tests made of the nodes of one schema; each is made once."""

    def __init__(self, resolved: Callable[[Node], Node], ours: frozenset[str]) -> None:
        self._resolved = resolved
        self._ours = ours
        self._made: dict[int, Fits] = {}

    def of(self, node: Node) -> Fits:
        made = self._made.get(id(node))
        if made is None:
            self._made[id(node)] = lambda value: self._made[id(node)](value)  # a schema may hold itself
            made = self._made[id(node)] = self._test(self._resolved(node))
        return made

    def _test(self, node: Node) -> Fits:
        if "anyOf" in node:
            return self._union([self._resolved(branch) for branch in node["anyOf"]])
        tests: dict[type, Fits] = {
            str: _text(node), bool: _listed(node), type(None): _listed(node), int: _number(node), float: _number(node),
            dict: self._map(node), list: self._list(node),
        }  # fmt: skip
        takes = TYPES.get(node.get("type", ""), tuple(tests))
        taken = {sort: test for sort, test in tests.items() if sort in takes}
        return lambda value: taken.get(type(value), _never)(value)

    def _union(self, branches: list[Node]) -> Fits:
        tests = [self.of(branch) for branch in branches]
        named = any(len(p.get("enum", ())) == 1 for b in branches for p in b.get("properties", {}).values())
        return lambda value: not (named and type(value) is dict) and any(test(value) for test in tests)

    def _map(self, node: Node) -> Fits:
        properties = {key: self.of(inner) for key, inner in node.get("properties", {}).items()}
        others = node.get("additionalProperties", {})
        rest = _never if others is False else self.of(others) if others and others is not True else _always
        required, ours = frozenset(node.get("required", ())), self._ours

        def fits(value: dict[str, Any]) -> bool:
            keys = value.keys()
            if ours & keys or not required <= keys:
                return False
            return all(properties.get(key, rest)(item) for key, item in value.items())

        return fits

    def _list(self, node: Node) -> Fits:
        if "prefixItems" in node:
            return _never
        inner = self.of(node["items"]) if node.get("items") not in (None, True, {}) else _always
        return lambda value: all(map(inner, value))


def _never(value: Any) -> bool:
    return False


def _always(value: Any) -> bool:
    return True


def _listed(node: Node) -> Fits:
    return (lambda value: value in node["enum"]) if "enum" in node else _always


def _text(node: Node) -> Fits:
    if "enum" in node:
        return frozenset(choice for choice in node["enum"] if isinstance(choice, str)).__contains__
    if "pattern" in node:
        search = re.compile(node["pattern"]).search
        return lambda value: search(value) is not None
    return _always


def _number(node: Node) -> Fits:
    if "enum" in node:
        return _never
    low, high = node.get("minimum", -INFINITE), node.get("maximum", INFINITE)
    above, whole = node.get("exclusiveMinimum", -INFINITE), node.get("type") == "integer"
    return lambda value: low <= value <= high and above < value < INFINITE and not (whole and value % 1)


TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "boolean": (bool,), "null": (type(None),), "number": (int, float), "integer": (int, float),
    "array": (list,), "object": (dict,),
}  # fmt: skip
