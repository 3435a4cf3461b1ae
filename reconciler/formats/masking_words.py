"""One value → whether it is a reference, a placeholder, made of words, or made by a machine. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from math import log2

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_CHUNKS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")

_REFERENCE = re.compile(
    r"\{(?:env|file|secret|input|vault):|\$[({]|\{\{|\{\w*\}|^\$\w+$|(?:^|\s)\$[A-Z_]{2}|^%\w+%"
    r"|^(?:env|file|keyring|age|command|op|vault|ref\+\w+|secret|https?|pass|bws|aws-\w+):"
    r"|\b(?:process\.env|os\.(?:environ|getenv)|import\.meta|Deno\.env)\b"
    r"|^<|<[a-z]|^!|^[@~/]|^\.{1,2}/|^ENC\[|\w\("
    r"|^#[0-9A-Fa-f]{3,8}$|^\d{4}-\d\d-\d\d|\[[0Aa]-[9Zz]"
)
_PLACEHOLDER = re.compile(
    r"\byour|_your_|^your|change[-_ ]?me|placeholder|redacted|example|x{4}|\*{3}|\.{3}|…|•|<|(.)\1{7}"
    r"|\b(?:fake|my|sample|insert|replace)[-_ ]|\b(?:goes|key)[-_ ]here\b|no[-_]key|not[-_]needed|\b(?:foobar|dummy)\b",
    re.I,
)


def stands_in(value: str) -> bool:
    """Whether a value only refers to a secret, or holds the place of one: `{env:X}`, `<your key>`, `sk-xxxx`."""
    return bool(_REFERENCE.search(value) or _PLACEHOLDER.search(value))


@lru_cache(maxsize=4096)
def spoken(name: str) -> str:
    """`apiKey`, `api-key` and `API_KEY` are all `api key`."""
    return " ".join(_WORDS.findall(name)).lower()


def wordy(value: str) -> bool:
    """Made of words: long runs of one kind of letter. What a machine drew changes kind at every second character."""
    parts = [part for part in _SEPARATORS.split(value) if part]
    drawn = sum(len(part) for part in parts if len(part) >= 8 and len(part) < 3.3 * len(_CHUNKS.findall(part)))
    return drawn < 16 and (drawn < 8 or len(value) > 3 * drawn)


def machine_made(value: str) -> bool:
    """Drawn by a machine, as far as a value that is already suspected has to look it."""
    if any(char.isspace() for char in value):
        return False
    return sum(char.isdigit() for char in value) >= 2 or not wordy(value)


def entropy(value: str) -> float:
    """Shannon's, in bits a character."""
    size = len(value)
    return -sum(n / size * log2(n / size) for n in map(value.count, set(value)))
