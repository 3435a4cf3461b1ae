"""A word nobody knows → the known one that was probably meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def meant(word: str, known: Iterable[str]) -> str:
    """The known word nearest to it, or ""."""
    import difflib

    bare = {_bare(other): other for other in known}
    found = bare.get(_bare(word)) or bare.get(_bare(word) + "s") or bare.get(_bare(word).removesuffix("s"))
    if found:
        return found
    near = difflib.get_close_matches(_bare(word), list(bare), 1, 0.75)
    return bare[near[0]] if near else ""


def _bare(word: str) -> str:
    return word.casefold().replace("-", "").replace("_", "").replace(" ", "")


def one_of(words: Sequence[str]) -> str:
    """`a`, `b` or `c`."""
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
