"""Plain YAML scalars as OpenCode reads them: YAML 1.1 without its booleans (docs/opencode-facts.md). Pure.

`12:30` is 750 there, `1_000` 1000 and `2024-01-01` a date, which our reader takes for texts; so a file that loads here
may be refused there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.formats import yaml

ODD = re.compile(
    r"(?:^|[:\-,\[{]\s)\s*(?:[-+]?[0-9][0-9_]*[:_xob][0-9_:xXa-fA-F.]*|\d{4}-\d\d?-\d\d?\b|[-+]?[0-9][0-9_]*\.[0-9_]*_"
    r"|\+?\.?(?:inf|nan)|[-+]?0\d)",
    re.M | re.I,
)
SIGN = re.compile(r"[\d.](?:[:_xobXOB-]|(?<=0)(?<![0-9]0)\d)")
INT = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)")
SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9_]+(?:[eE][-+]?[0-9]+)?")
DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)?")
WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None, "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
SPECIAL = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}


@dataclass(frozen=True, slots=True)
class Date:
    """A date, which OpenCode takes for no text."""

    text: str

    def __str__(self) -> str:
        return f"the date `{self.text}`"


def odd(matter: str) -> bool:
    """Whether anything may be read otherwise. Signs that all of that has one of are looked for first, in a fifth of the
    time."""
    lowered = matter.lower()
    return bool((SIGN.search(matter) or "nf" in lowered or "nan" in lowered) and ODD.search(matter))


def as_opencode(front: Mapping[str, Any], matter: str) -> Mapping[str, Any]:
    """The same map with each plain scalar as OpenCode takes it; itself where nothing in the text is odd."""
    if not odd(matter):
        return front
    root = yaml.nodes(matter)
    return {**front, **_map(root)} if root is not None else front


def _map(node: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in node.value:
        if key.value == "<<":
            merged = [item] if item.id == "mapping" else item.value
            found = {**{k: v for m in reversed(merged) for k, v in _map(m).items()}, **found}
        else:
            found[str(key.value)] = _value(item)
    return found


def _value(node: Any) -> Any:
    if node.id == "mapping":
        return _map(node)
    if node.id == "sequence":
        return [_value(item) for item in node.value]
    return node.value if node.style else scalar(node.value)


def scalar(text: str) -> Any:
    """One plain scalar."""
    if text in WORDS:
        return WORDS[text]
    if INT.fullmatch(text):
        return _int(text.replace("_", ""))
    if SIXTIES.fullmatch(text):
        return _sixties(text.replace("_", ""))
    if FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    if DATE.fullmatch(text):
        return Date(text)
    return SPECIAL.get(text.lower(), text)


def _int(text: str) -> int:
    sign, digits = (-1 if text[0] == "-" else 1), text.lstrip("+-")
    if digits.startswith(("0b", "0x")):
        return sign * int(digits, 0)
    return sign * int(digits, 8 if len(digits) > 1 and digits[0] == "0" else 10)


def _sixties(text: str) -> float:
    total: float = 0
    for part in text.lstrip("+-").split(":"):
        total = total * 60 + (float(part) if "." in part else int(part))
    return -total if text[0] == "-" else total
