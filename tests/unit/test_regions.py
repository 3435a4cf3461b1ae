"""Regions in hostile files: whatever stands around the marks, only what stands between them ever changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.shapes import owned_region
from reconciler.shapes.owned_region import Broken, Region

LINES = st.lists(
    st.sampled_from(
        [b"", b"text", b"# H", b"```", b"~~~", b"````", b"  ```sh", b"```x``` y", b"<!-- reconcile:begin a -->",
         b"<!-- reconcile:end a -->", b"   <!--reconcile:begin b-->", b"<!-- reconcile:begin  b -->",
         b"<!-- reconcile:end b -->  ", b"    <!-- reconcile:end b -->", b"x <!-- reconcile:begin a -->",
         b"<!-- reconcile:begin -->", b"\xff\xfe\x00", b"<!--", b"\t", b"\x0c", "\u2028".encode()]
    ),
    max_size=14,
)  # fmt: skip
ENDS = st.sampled_from([b"\n", b"\r\n"])


@settings(max_examples=300, deadline=None)
@given(LINES, ENDS, st.booleans(), st.booleans(), st.sampled_from([b"new\n", b"a\nb\n", b"", "é\n".encode()]))
def test_only_what_stands_between_the_marks_changes(
    lines: list[bytes], end: bytes, ends: bool, mark: bool, made: bytes
) -> None:
    text = (owned_region.BOM if mark else b"") + end.join(lines) + (end if ends else b"")
    try:
        found = owned_region.find(text)
    except Broken as broken:
        assert broken.line >= 1 and broken.hint
        return
    for name, where in found.items():
        after = owned_region.put(text, name, Region(made, rendered=True))
        grown = len(after) - len(text) + where.end - where.start
        assert after[: where.start] == text[: where.start] and after[where.start + grown :] == text[where.end :]
        assert owned_region.find(after).keys() == found.keys()
        assert owned_region.put(after, name, Region(text[where.start : where.end])) == text, "handed back to the byte"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"\xef\xbb\xbf<!-- reconcile:begin a -->\r\n<!-- reconcile:end a -->", ["a"]),
        (b"```\n<!-- reconcile:begin a -->\n````\n<!-- reconcile:begin b -->\n<!-- reconcile:end b -->\n", ["b"]),
        (b"~~~\n```\n<!-- reconcile:begin a -->\n", []),
        (b"```x``` is code in a line\n<!-- reconcile:begin a -->\n<!-- reconcile:end a -->\n", ["a"]),
        (b"    <!-- reconcile:begin a -->\n", []),
        (b"- <!-- reconcile:begin a -->\n", []),
        (b"- ```md\n  <!-- reconcile:begin a -->\n  <!-- reconcile:end a -->\n  ```\n", []),
        (
            b"2. - ~~~\n  <!-- reconcile:begin a -->\n     ~~~\n<!-- reconcile:begin b -->\n<!-- reconcile:end b -->",
            ["b"],
        ),
        (b"```\n    ```\n<!-- reconcile:begin a -->\n```\n", []),
    ],
)
def test_what_is_a_mark(text: bytes, names: list[str]) -> None:
    assert list(owned_region.find(text)) == names


def test_line_ends_are_those_of_the_mark() -> None:
    text = b"# T\r\n\n<!-- reconcile:begin a -->\n<!-- reconcile:end a -->\n"
    assert b"x\ny\n" in owned_region.put(text, "a", Region(b"x\ny\n", rendered=True))
    text = b"# T\n<!-- reconcile:begin a -->\r\n<!-- reconcile:end a -->\r\n"
    assert b"x\r\ny\r\n" in owned_region.put(text, "a", Region(b"x\ny\n", rendered=True))
