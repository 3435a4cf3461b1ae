"""Any text in; the literal values in it that look like secrets, or the text with each of them masked, out. Pure.

Three ways to look like a secret: a known form (`ghp_…`), a key that says so (`"apiKey": "…"`), or sheer randomness.
A false alarm keeps somebody's setting out of git, a miss puts a key into it: where the two pull apart, a key's name
decides how much proof its value needs. References (`{env:X}`), placeholders and words are never secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reconciler.formats.masking_scan import Scan, Span
from reconciler.model.secret import MARKED, START

MASK = "•••#"
SHORTEST = 8


def find(text: str, *, random: bool = True) -> tuple[Span, ...]:
    """Every literal that looks like a secret, in order; what overlaps is one. `random`: randomness alone is enough."""
    merged: list[Span] = []
    for span in sorted(_spans(text, random=random)):
        if merged and span.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def _spans(text: str, *, random: bool = True) -> Iterator[Span]:
    scan = Scan(text)
    if scan.worth_it:
        # Here and not above: the tables cost 8 ms to compile, and most lines that are shown need none of them.
        from reconciler.formats import masking_forms, masking_keys

        yield from masking_forms.known(scan)
        yield from masking_keys.assigned(scan)
        if random:
            yield from masking_forms.random(scan)


def looks_secret(data: bytes) -> bool:
    """Whether a whole file holds a secret in clear; of a binary file only known forms are looked for."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    elif b"\0" in data:
        from reconciler.formats import masking_forms

        return next(masking_forms.known(Scan(data.decode("latin-1"), data)), None) is not None
    else:
        text = data.decode("utf-8", "replace")
    return next(_spans(text), None) is not None


def key_names_secret(key: str) -> bool:
    """Whether a key says that its value is a secret: `apiKey`, `GITHUB_TOKEN`; not `max_tokens` or `token_count`."""
    from reconciler.formats import masking_keys

    return masking_keys.names_secret(key)


def value_looks_secret(key: str, value: str) -> bool:
    """Whether one setting's value is a secret in clear, judged by its key and by itself."""
    from reconciler.formats import masking_keys

    named = masking_keys.names_secret(key) and masking_keys.gives_away(key, value, whole=True)
    return named or next(_spans(value), None) is not None


class Masker:
    """Masks that stay the same over one rendering: `•••#N`, N by first appearance, one N per distinct value."""

    def __init__(self, *, random: bool = True) -> None:
        self._random = random
        self._numbers: dict[str, int] = {}
        self._last = 0
        self._known: re.Pattern[str] | None = None

    def learn(self, text: str) -> None:
        """Number the secrets of a text that is shown later, in pieces, or not at all."""
        text = self._named(text)
        self._number([text[span.start : span.end] for span in find(text, random=self._random)])

    def hide(self, value: str) -> None:
        """Number a value that is known to be a secret, whatever it looks like; references and short ones stay."""
        from reconciler.formats import masking_words

        if len(value) >= SHORTEST and not masking_words.stands_in(value):
            self._number([value])

    def _number(self, values: Iterable[str]) -> None:
        new = [value for value in dict.fromkeys(values) if value not in self._numbers]
        for value in new:
            self._last += 1
            self._numbers[value] = self._last
            for line in value.splitlines():  # a diff shows a private key line by line
                if len(line.strip()) >= SHORTEST:
                    self._numbers.setdefault(line.strip(), self._last)
        if new:
            longest_first = sorted(self._numbers, key=len, reverse=True)
            self._known = re.compile("|".join(map(re.escape, longest_first)))

    def mask(self, text: str) -> str:
        """The text with every secret found in it, now or before, replaced by its mask."""
        text = self._named(text)
        while True:
            self.learn(text)
            masked = self._known.sub(self._mask, text) if self._known else text
            if masked == text:
                return text
            text = masked  # what a mask stands beside now may look like a secret only now

    def _named(self, text: str) -> str:
        return MARKED.sub(self._reference, text) if START in text else text

    def _reference(self, found: re.Match[str]) -> str:
        """What stands for a secret already, and is nothing but its name."""
        if found[0] not in self._numbers:
            self._last += 1
            self._numbers[found[0]] = self._last
        return f"{MASK}{self._numbers[found[0]]}"

    def _mask(self, found: re.Match[str]) -> str:
        return f"{MASK}{self._numbers[found[0]]}"
