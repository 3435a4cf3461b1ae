"""What OpenCode may read otherwise is looked for by signs first: they miss none of it."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.formats import loose_yaml

WORDS = ["0", "1", "7", "12", "2024", "٣", ".", "_", ":", "x", "X", "o", "B", "-", "+", " ", "\n", ",", "[", "{", "a: "]
WORDS += ["inf", "NaN", "iNf", "ınf", "İNF", "nAn", ".inf", "e", "é"]


@settings(max_examples=2000)
@given(st.lists(st.sampled_from(WORDS), max_size=8).map("".join))
@example("a: 1._")
@example("a: İnf")
@example("a: ٣٣٣٣-1-1")
@example("- 0٣")
def test_no_sign_is_missed(text: str) -> None:
    assert loose_yaml.odd(text) == bool(loose_yaml.ODD.search(text))


def test_what_is_ordinary_has_no_sign() -> None:
    assert not loose_yaml.SIGN.search("description: Number 17 of 100\ntemperature: 0.2\nsteps: 10\n")
