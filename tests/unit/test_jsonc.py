"""JSONC: what is read, what is refused and in which words, and one small example for each rule of the editor."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.formats import jsonc
from reconciler.formats.jsonc_edit import Append, Delete, Edit, EditError, Raw, Set, edit

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FILES = sorted(CORPUS.rglob("*.json")) + sorted(CORPUS.rglob("*.jsonc"))
corpus = pytest.mark.skipif(not FILES, reason="the corpus of real files is not here (../shared/corpus)")


def at(path: str) -> jsonc.Steps:
    return jsonc.steps(path)


# Reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", {}),
        ("\ufeff[1, 2.50, -0, 1e2, true, false, null,]\n", [1, 2.5, 0, 100.0, True, False, None]),
        ('// head\n{"a": /* in */ 1, // tail\n /* multi\n line */ "b": [],}\n/**/ // end', {"a": 1, "b": []}),
        ('{"url": "http://x/*y*/", "q": "\\"\\u00e9\\n\\/"}', {"url": "http://x/*y*/", "q": '"é\n/'}),
        ('["\\ud83e\\udd16", "\\ud83e", "\u2028"]', ["\U0001f916", "\ud83e", "\u2028"]),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ('{"a": 1, "b": 2, "a": 3}', {"a": 3, "b": 2}),
        ("/***/ [1 /* a **/ , /*/ not closed here */ 2]", [1, 2]),
        ("// windows\r\n[1]\r\n", [1]),
    ],
)
def test_reads(text: str, expected: Any) -> None:
    found = jsonc.loads(text)
    assert found == expected and json.dumps(found) == json.dumps(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{\n  'a': 1}", "2:3: a key needs double quotes"),
        ("{a: 1}", "1:2: a key needs double quotes"),
        ("{,}", "1:2: expected a key or `}`"),
        ('{"a" 1}', "1:5: expected `:` after this key"),
        ('{"a": }', "1:7: expected a value after `:`"),
        ('{\r\n  "a": 1\r\n  "b": 2}', "2:9: expected `,` or `}` after this value"),
        ("[1 2]", "1:3: expected `,` or `]` after this value"),
        ("[1,,2]", "1:4: expected a value or `]`"),
        ('{\n"a": [1}', "2:8: expected `]` for the `[` of line 2"),
        ('{"a": {', "1:7: this `{` is never closed"),
        ('{"a"', "1:1: this `{` is never closed"),
        ("{} {}", "1:4: expected nothing more after the end of the document"),
        ("[True]", "1:2: `True` is not a JSON value, did you mean `true`?"),
        ("[NaN]", "1:2: `NaN` is not a JSON value"),
        ("[01]", "1:2: `01` is not a JSON value"),
        ("[1.]", "1:2: `1.` is not a JSON value"),
        ("[+1]", "1:2: `+1` is not a JSON value"),
        ("['x']", "1:2: a string needs double quotes"),
        ('["x\n"]', "1:2: this string is never closed"),
        ('["é\\x"]', "1:4: `\\x` is not a JSON escape"),
        ('["\t"]', "1:3: this string holds a control character: write `\\u0009`"),
        ('["\x00"]', "1:3: this string holds a control character: write `\\u0000`"),
        ("[1] /* x", "1:5: this comment is never closed"),
        ("# x\n{}", "1:1: a comment starts with `//` or `/*`, not with `#`"),
        ("\ufeff{]", "1:2: expected a key or `}`"),
        ("[" * 501, "1:501: nested deeper than 500 levels"),
        (f"[{'9' * 5000}]", "1:2: this number has too many digits"),
    ],
)
def test_refuses_in_the_users_words(text: str, message: str) -> None:
    with pytest.raises(jsonc.JsoncError) as caught:
        jsonc.parse(text)
    assert str(caught.value) == message
    assert not caught.value.empty


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("\ufeff", "the file is empty"),
        (" \n", "the file holds only white space"),
        ("// x\n/* y */", "the file holds only comments"),
    ],
)
def test_a_file_without_a_value_is_told_from_a_broken_one(text: str, message: str) -> None:
    with pytest.raises(jsonc.JsoncError) as caught:
        jsonc.parse(text)
    assert (caught.value.message, caught.value.empty) == (message, True)


def test_deep_nesting_is_read_and_edited_without_recursion() -> None:
    text = '{"a":' * 499 + "{}" + "}" * 499
    deepest = ("a",) * 499
    assert jsonc.find(jsonc.parse(text), deepest) is not None
    assert jsonc.value(jsonc.parse(text)) is not None
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(250)
    try:
        assert edit(text, [Set((), jsonc.loads(text))]) == text
        added = edit(text, [Set((*deepest, "b"), 1)])
        assert edit(added, [Delete((*deepest, "b"))]) == text
    finally:
        sys.setrecursionlimit(limit)


def test_nodes_tell_where_everything_stands() -> None:
    text = '{ "a": [1, "x"], "a" : null , }'
    root = jsonc.parse(text)
    first, second = root.entries
    assert [text[e.start : e.key_end] for e in root.entries] == ['"a"', '"a"']
    assert [text[e.value.start : e.value.end] for e in root.entries] == ['[1, "x"]', "null"]
    assert [text[e.comma] for e in root.entries] == [",", ","]
    assert [(i.key, i.value.kind, i.comma) for i in first.value.entries] == [(None, "number", 9), (None, "string", -1)]
    assert (root.kind, root.start, root.end, second.value.kind) == ("object", 0, len(text), "null")


def test_find_takes_the_last_of_repeated_keys_and_digits_for_indexes() -> None:
    root = jsonc.parse('{"a": 1, "a": [{"0": "x"}, 5]}')

    def found(*steps: str | int) -> Any:
        node = jsonc.find(root, steps)
        return None if node is None else jsonc.value(node)

    assert found("a", "1") == found("a", 1) == 5
    assert found("a", 0, "0") == "x"
    missing: list[jsonc.Steps] = [
        ("a", "01"),
        ("a", -1),
        ("a", 2),
        ("a", "-"),
        ("a", 0, 0),
        ("a", 1, "x"),
        (0,),
        ("b",),
    ]
    assert [found(*steps) for steps in missing] == [None] * len(missing)


def test_value_is_fresh() -> None:
    root = jsonc.parse('{"a": [1]}')
    first: Any = jsonc.value(root)
    first["a"].append(2)
    assert jsonc.value(root) == {"a": [1]}


def test_pointers() -> None:
    assert jsonc.pointer(("a/b", "m~n", 0, "")) == "/a~1b/m~0n/0/"
    assert jsonc.steps("/a~1b/m~0n/0/") == ("a/b", "m~n", "0", "")
    assert jsonc.steps("/~01") == ("~1",)
    assert (jsonc.pointer(()), jsonc.steps("")) == ("", ())
    with pytest.raises(ValueError, match="starts with `/`"):
        jsonc.steps("a")


def test_position_counts_characters() -> None:
    text = "\ufeffé\r\n\U0001f916x\ry\n"
    assert [jsonc.position(text, text.index(c)) for c in "éxy"] == [(1, 1), (2, 2), (3, 1)]
    assert jsonc.position(text, len(text)) == (4, 1)


def test_bytes() -> None:
    content = "\ufeff{\r\n}".encode()
    assert jsonc.encode(jsonc.decode(content)) == content
    with pytest.raises(jsonc.JsoncError, match=r"^2:3: this is not UTF-8 text \(byte 0xff\)$"):
        jsonc.decode(b'{\n "\xff')
    with pytest.raises(jsonc.JsoncError, match="UTF-16"):
        jsonc.decode("{}".encode("utf-16"))


@pytest.mark.bench
def test_a_large_file_is_read_fast() -> None:
    members = "".join(f'  "key {n}": {{ "name": "a string", "on": true }}, // comment {n}\n' for n in range(1680))
    text = "{\n" + members + "}\n"
    assert len(text) > 108_000
    times = []
    for _ in range(20):
        start = time.perf_counter()
        jsonc.parse(text)
        times.append(time.perf_counter() - start)
    print(f"{len(text):,} characters in {min(times) * 1000:.1f} ms")
    assert min(times) < 0.015


# Editing: name, before, edits, after

EXAMPLES: list[tuple[str, str, list[Edit], str]] = [
    ("a value's bytes only", '{"a" :  1 /* x */ , "b": 2}', [Set(at("/a"), "y")], '{"a" :  "y" /* x */ , "b": 2}'),
    ("an equal number", '{"a": 14.50, "b": 1}', [Set(at("/a"), 14.5), Set(at("/b"), 1.0)], '{"a": 14.50, "b": 1}'),
    ("an equal string", '["\\u00e9"]', [Set((0,), "é")], '["\\u00e9"]'),
    ("true is not 1", '{"a": 1, "b": 0}', [Set(at("/a"), True), Set(at("/b"), False)], '{"a": true, "b": false}'),
    ("1 is not true", '{"a": true}', [Set(at("/a"), 1)], '{"a": 1}'),
    ("null is a value", '{"a": 1}', [Set(at("/a"), None)], '{"a": null}'),
    ("an equal object in another order", '{"a": 1, "b": 2}', [Set((), {"b": 2, "a": 1})], '{"a": 1, "b": 2}'),
    ("the last of repeated keys", '{"a": 1, "a": 2}', [Set(at("/a"), 3)], '{"a": 1, "a": 3}'),
    ("an item by index", "[1, 2]", [Set((1,), 3), Set(at("/0"), 4)], "[4, 3]"),
    ("strings keep what is not ASCII", "[0]", [Set((0,), 'é\n"\u2028\ud800')], '["é\\n\\"\u2028\\ud800"]'),
    ("the root", "1 // x\n", [Set((), {"a": [1]})], '{\n  "a": [\n    1\n  ]\n} // x\n'),
    (
        "a new value in the document's style",
        '{\r\n\t"a": 1\r\n}\r\n',
        [Set(at("/b"), {"x": [1, {}], "y": []})],
        '{\r\n\t"a": 1,\r\n\t"b": {\r\n\t\t"x": [\r\n\t\t\t1,\r\n\t\t\t{}\r\n\t\t],\r\n\t\t"y": []\r\n\t}\r\n}\r\n',
    ),
    ("inline stays inline", '{ "a": 1 }', [Set(at("/b"), {"x": [1]})], '{ "a": 1, "b": {"x": [1]} }'),
    ("tight stays tight", '{"a":1}', [Set(at("/b"), {"x": [1, 2]})], '{"a":1,"b":{"x":[1,2]}}'),
    ("a trailing comma stays", '{\n "a": 1,\n}', [Set(at("/b"), 2)], '{\n "a": 1,\n "b": 2,\n}'),
    ("an inline trailing comma stays", "[1, ]", [Append((), 2)], "[1, 2, ]"),
    ("the comma before the comment", '{\n  "a": 1 // x\n}', [Set(at("/b"), 2)], '{\n  "a": 1, // x\n  "b": 2\n}'),
    (
        "comment lines at the end stay there",
        '{\n  "a": 1 /* x */ // y\n  // z\n}',
        [Set(at("/b"), 2)],
        '{\n  "a": 1, /* x */ // y\n  "b": 2\n  // z\n}',
    ),
    ("a comment forces a line", '{ "a": 1 // x\n}', [Set(at("/b"), 2)], '{ "a": 1, // x\n  "b": 2\n}'),
    ("a comment of more lines", '{ /* x\n y */ "a": 1 }', [Set(at("/b"), 2)], '{ /* x\n y */ "a": 1, "b": 2 }'),
    ("an inline comment", "[1 /* x */]", [Append((), 2)], "[1, /* x */ 2]"),
    ("a wrapped list goes on", '[\n  "a", "b"\n]', [Append((), "c")], '[\n  "a", "b", "c"\n]'),
    ("an empty document", "{}\n", [Set(at("/a/b"), 1)], '{\n  "a": {\n    "b": 1\n  }\n}\n'),
    ("an empty object", '{\n    "a": {}\n}', [Set(at("/a/b"), 1)], '{\n    "a": {\n        "b": 1\n    }\n}'),
    ("an empty object on one line", '{"a": {}}', [Set(at("/a/b"), 1)], '{"a": {"b": 1}}'),
    ("an empty object with a comment", "{\n  // x\n}", [Set(at("/a"), 1)], '{\n  // x\n  "a": 1\n}'),
    ("an empty array with a comment", "[ /* x */ ]", [Append((), 1)], "[ /* x */ 1 ]"),
    ("append creates", '{\n  "a": 1\n}', [Append(at("/b"), 2)], '{\n  "a": 1,\n  "b": [\n    2\n  ]\n}'),
    ("digits are a key where no array is", '{"a": {}}', [Set(at("/a/0"), 1)], '{"a": {"0": 1}}'),
    (
        "source text as it is",
        '{"a": 1}',
        [Set(at("/a"), Raw("1.50")), Set(at("/b"), Raw("[ ]"))],
        '{"a": 1.50, "b": [ ]}',
    ),
    (
        "only what differs inside",
        '{\n  "a": { "x": 1, /* y */ "y": 2 }, // a\n  // b\n  "b": [1.0, 2, 3]\n}',
        [Set((), {"a": {"x": 1, "y": 5}, "b": [1, 7, 3]})],
        '{\n  "a": { "x": 1, /* y */ "y": 5 }, // a\n  // b\n  "b": [1.0, 7, 3]\n}',
    ),
    (
        "members go and come inside",
        '{\n  "a": 1, // a\n  // b\n  "b": 2 // bb\n}',
        [Set((), {"b": 2, "c": 3})],
        '{\n  // b\n  "b": 2, // bb\n  "c": 3\n}',
    ),
    (
        "an item comes between",
        '[\n  "a", // a\n  // c\n  "c"\n]',
        [Set((), ["a", "b", "c"])],
        '[\n  "a", // a\n  "b",\n  // c\n  "c"\n]',
    ),
    ("an item comes first", "[ 2, 3 ]", [Set((), [1, 2, 3])], "[ 1, 2, 3 ]"),
    ("items go", "[1, /* 2 */ 2, 3, 4]", [Set((), [1, 4])], "[1, /* 2 */ 4]"),
    ("another kind of value", '{\n  "a": [1] // x\n}', [Set(at("/a"), {})], '{\n  "a": {} // x\n}'),
    ("delete a line", '{\n  // a\n  "a": 1, // aa\n  "b": 2\n}', [Delete(at("/a"))], '{\n  // a\n  "b": 2\n}'),
    ("delete the last line", '{\n  "a": 1, // a\n  "b": 2 /* b */\n}', [Delete(at("/b"))], '{\n  "a": 1 // a\n}'),
    ("delete with a trailing comma", '{\n  "a": 1,\n  "b": {\n  },\n}', [Delete(at("/b"))], '{\n  "a": 1,\n}'),
    ("delete inline, first", '{ "a": 1, "b": 2 }', [Delete(at("/a"))], '{ "b": 2 }'),
    ("delete inline, middle", "[1, 2, 3]", [Delete((1,))], "[1, 3]"),
    ("delete inline, last", '{"a": 1, "b": 2 /* b */}', [Delete(at("/b"))], '{"a": 1 /* b */}'),
    ("delete inline, only one", '{ "a": 1, }', [Delete(at("/a"))], "{ }"),
    ("delete after a line comment", "[1, // x\n 2 ]", [Delete((1,))], "[1 // x\n ]"),
    (
        "delete keeps a comment of more lines",
        '{\n  "a": 1, /* x\n y */\n  "b": 2\n}',
        [Delete(at("/a"))],
        '{\n  /* x\n y */\n  "b": 2\n}',
    ),
    ("delete the only line", '{\n  "a": 1\n}', [Delete(at("/a"))], "{}"),
    ("delete the only line below a comment", '{\n  // x\n  "a": 1\n}', [Delete(at("/a"))], "{\n  // x\n}"),
    ("delete repetitions too", '{\n  "a": 1,\n  "b": 2,\n  "a": 3\n}', [Delete(at("/a"))], '{\n  "b": 2\n}'),
    (
        "delete what is not there",
        '{"a": [1]}',
        [Delete(at("/b/c")), Delete(at("/a/1")), Delete(at("/a/0/x"))],
        '{"a": [1]}',
    ),
    (
        "prune",
        '{\n  "a": {\n    "b": {\n      "c": 1\n    }\n  },\n  "x": 0\n}',
        [Delete(at("/a/b/c"), 2)],
        '{\n  "x": 0\n}',
    ),
    ("prune so far only", '{"a": {"b": {"c": 1}}}', [Delete(at("/a/b/c"), 1)], '{"a": {}}'),
    ("prune no comment", '{"a": { /* x */ "b": 1}}', [Delete(at("/a/b"), 1)], '{"a": { /* x */}}'),
    ("prune nothing that holds more", '{"a": {"b": 1, "c": 2}}', [Delete(at("/a/b"), 9)], '{"a": {"c": 2}}'),
    ("prune nothing if nothing went", '{"a": {}}', [Delete(at("/a/b"), 1)], '{"a": {}}'),
    ("prune brings no repetition to life", '{"a": 1, "a": {"b": 1}}', [Delete(at("/a/b"), 1)], '{"a": 1, "a": {}}'),
    (
        "in order, new ones last: the least edit",
        '{\n  "*": "ask", // all\n  "rm": "deny"\n}',
        [Set((), {"*": "allow", "rm": "deny", "git": "ask"}, ordered=True)],
        '{\n  "*": "allow", // all\n  "rm": "deny",\n  "git": "ask"\n}',
    ),
    (
        "in order, moved with their comments",
        '{ // map\n  "*": "ask", // all\n\n  // part\n\n  // never\n  "rm": "deny" // ever\n  // end\n}',
        [Set((), {"rm": "deny", "x": 1.5, "*": "ask"}, ordered=True)],
        '{ // map\n  // never\n  "rm": "deny", // ever\n\n  // part\n\n  "x": 1.5,\n  "*": "ask" // all\n  // end\n}',
    ),
    (
        "in order, inline comments",
        '{"a": 1, /* b */ "b": 2}',
        [Set((), {"b": 2, "a": 1}, True)],
        '{/* b */ "b": 2, "a": 1}',
    ),
    ("in order, inline", '{"a":1,"b":2}', [Set((), {"b": 2, "a": 1}, ordered=True)], '{"b":2,"a":1}'),
    (
        "in order, repeated keys",
        '{"a": 1, "b": 2, "a": 3}',
        [Set((), {"b": 2, "a": 3}, ordered=True)],
        '{"b": 2, "a": 3}',
    ),
    (
        "in order, out of a comment",
        '{"a": 1, // a\n"b": 2}',
        [Set((), {"b": 2, "a": 1}, True)],
        '{"b": 2,\n"a": 1 // a\n}',
    ),
    (
        "one after the other",
        "{}",
        [Set(at("/a"), [1]), Append(at("/a"), 2), Set(at("/a/0"), 3), Delete(at("/a/1"))],
        '{\n  "a": [\n    3\n  ]\n}',
    ),
]


@pytest.mark.parametrize(("before", "edits", "after"), [e[1:] for e in EXAMPLES], ids=[e[0] for e in EXAMPLES])
def test_edits(before: str, edits: list[Edit], after: str) -> None:
    assert edit(before, edits) == after
    assert edit("\ufeff" + before, edits) == "\ufeff" + after


@pytest.mark.parametrize(
    ("text", "change", "message", "pointer"),
    [
        ('{"a": "x"}', Set(at("/a/b/c"), 1), "1:7: `/a/b/c`: `/a` is a string and cannot hold `b`", "/a/b/c"),
        ('{"a": null}', Append(at("/a/b"), 1), "1:7: `/a/b`: `/a` is null and cannot hold `b`", "/a/b"),
        ('{\n"a": [1]}', Set(at("/a/1"), 1), "2:6: `/a/1`: `/a` is an array and has no item `1`", "/a/1"),
        ("{}", Set(("a", 0), 1), "1:1: `/a/0`: there is no array to hold an item 0", "/a/0"),
        ('{"a": {}}', Append(at("/a"), 1), "1:7: `/a`: nothing can be appended to an object", "/a"),
        ("{}", Delete(()), "1:1: the document: a file without a value is not JSON", ""),
        ("{}", Set(at("/a"), {1: 2}), "1:1: `/a`: `1` cannot be a key: it is not a string", "/a"),
        ('{"a": {}}', Set(at("/a"), {1: 2}), "1:7: `/a`: `1` cannot be a key: it is not a string", "/a"),
        ("{}", Set(at("/a"), [math.inf]), "1:1: `/a`: this number cannot be written as JSON", "/a"),
        ("{}", Set(at("/a"), {2}), "1:1: `/a`: a Python set cannot be written as JSON", "/a"),
        ("{}", Set(at("/a"), Raw("1 ")), "1:1: `/a`: `1 ` is not the text of one value alone", "/a"),
        ("{}", Set(at("/a"), Raw("{")), "1:1: `/a`: `{` is not JSONC: this `{` is never closed", "/a"),
        ("{}", Set(("a",) * 501, 1), "1:1: `" + "/a" * 501 + "`: nested deeper than 500 levels", "/a" * 501),
        ("{}", Set(("a",), Raw("[" * 500 + "]" * 500)), "1:1: `/a`: nested deeper than 500 levels", "/a"),
    ],
)
def test_refuses_an_edit(text: str, change: Edit, message: str, pointer: str) -> None:
    with pytest.raises(EditError) as caught:
        edit(text, [change])
    assert (str(caught.value), caught.value.pointer) == (message, pointer)


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(EditError, match="nested deeper"):
        edit("{}", [Set(("a",), endless)])


def test_a_broken_file_is_never_edited() -> None:
    with pytest.raises(jsonc.JsoncError, match=r"^1:8: expected"):
        edit('{"a": 1 "b": 2}', [Delete(("a",))])


LAYOUTS = [
    "{}", "{ }", "{\n}", "{\n  }", "{\n\n}", "{}\n", "{\r\n}\r\n", "{ // c\n}", "{ /* c */ }", "{/* c */}",
    "{\n  // c\n}\n", "{\n  /* c */ }", "{ /* c\n d */ }", '{"a": {}}', '{"a": { }}', '{"a":{}}', '{ "a": 1 }',
    '{"a":1}', '{"a": 1,}', '{\n  "a": 1\n}', '{\n  "a": 1 // x\n}', '{\n\t"a": 1, // x\n}',
    '{\n  "a": 1 /* x */, /* y */ // z\n  // more\n}', '{ "a": 1 // x\n}', '{ "a": 1, /* x */ }',
    '{ "a": 1,\n  "b": 2 }', '{ "a": 1\n}', '{ "a": 1\n, "b": 2\n}', '{\n  "a": 1 /* f\n g */ }',
    '{\n  "a": 1\n  ,\n}', '{ "a": 1 // x\n , }', '{\n  "a": 1,   \n}', '{\n\n  "a": 1\n\n}',
    '{ /* a\n b */ "x": 1 }', '{\n  /* x */ "a": 1\n}', '{\n  "a": {},\n  "b": { "c": {} }\n}', '{\r  "a": 1\r}\r',
    '{\r\n  "a": {\r\n    "b": [1, 2]\r\n  }\r\n}', "[]", "[ ]", "[\n]", "[1]", "[\n  1\n]", "[1,\n 2]",
    "[\n  [], [ ]\n]", "[{}, {},]",
]  # fmt: skip


@pytest.mark.parametrize("text", LAYOUTS)
def test_added_and_deleted_again_is_the_identical_text(text: str) -> None:
    check_added_and_deleted(text)


def check_added_and_deleted(text: str) -> None:
    for steps, node in places(jsonc.parse(text)):
        if node.kind == "object":
            for below in (("~new",), ("~new", "b"), ("~new", "b", "c")):
                for value in (1, {"x": [1]}):
                    added = edit(text, [Set((*steps, *below), value)])
                    assert added != text
                    assert edit(added, [Delete((*steps, *below), prune=len(below) - 1)]) == text
        if node.kind == "array":
            added = edit(text, [Append(steps, {"x": [1]}), Append(steps, 2)])
            count = len(node.entries)
            assert edit(added, [Delete((*steps, count)), Delete((*steps, count))]) == text


def places(node: jsonc.Node, steps: jsonc.Steps = ()) -> Iterator[tuple[jsonc.Steps, jsonc.Node]]:
    """What `find` leads to: of repeated keys the last."""
    yield steps, node
    below = {index if entry.key is None else entry.key: entry.value for index, entry in enumerate(node.entries)}
    for step, part in below.items():
        yield from places(part, (*steps, step))


# Real files


def sample(found: list[Any], size: int) -> list[Any]:
    """All of them in the long run, else some from all over the file."""
    return found if os.environ.get("RECONCILER_LONG") == "1" else found[:: max(1, len(found) // size)]


def name(path: Path) -> str:
    return str(path.relative_to(CORPUS))


@corpus
@pytest.mark.parametrize("path", FILES, ids=name)
def test_real_file_any_leaf_is_set_in_its_own_span_and_handed_back(path: Path) -> None:
    text = jsonc.decode(path.read_bytes())
    assert jsonc.encode(text) == path.read_bytes()
    whole = jsonc.loads(text)
    assert edit(text, [Set((), whole, ordered=True)]) == text
    leaves = [(steps, node) for steps, node in places(jsonc.parse(text)) if not node.entries]
    for steps, node in sample(leaves, 30):
        changed = edit(text, [Set(steps, "other é")])
        assert changed == text[: node.start] + '"other é"' + text[node.end :]
        assert edit(changed, [Set(steps, Raw(jsonc.raw(text, steps) or ""))]) == text


@corpus
@pytest.mark.parametrize("path", FILES, ids=name)
def test_real_file_added_and_deleted_again_is_the_identical_text(path: Path) -> None:
    text = jsonc.decode(path.read_bytes())
    holders = [(steps, node) for steps, node in places(jsonc.parse(text)) if node.kind in ("object", "array")]
    for steps, node in sample(holders, 15):
        if node.kind == "object":
            added = edit(text, [Set((*steps, "~new", "below"), [1])])
            assert edit(added, [Delete((*steps, "~new", "below"), prune=1)]) == text
        else:
            assert edit(edit(text, [Append(steps, {"x": 1})]), [Delete((*steps, len(node.entries)))]) == text
