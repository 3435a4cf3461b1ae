"""JSONC → YAML: what a person gets to read, and the two laws: the same data, and no comment lost or doubled."""

from __future__ import annotations

import io
import json
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from reconciler.formats import jsonc, yaml, yaml_written
from reconciler.formats.jsonc_to_yaml import convert

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
NAMES = ("opencode.json*", "tui.json*", "settings.json", "keymap.json", "tasks.json")
FILES = sorted(path for name in NAMES for path in CORPUS.rglob(name))
corpus = pytest.mark.skipif(not FILES, reason="the corpus of real files is not here (../shared/corpus)")

Steps = tuple[str, ...]


def every(steps: Steps) -> bool:
    return True


def but(*pointers: str) -> Callable[[Steps], bool]:
    return lambda steps: jsonc.pointer(steps) not in pointers


def only(*pointers: str) -> Callable[[Steps], bool]:
    return lambda steps: jsonc.pointer(steps) in pointers


def yaml_of(*texts: str, keep: Callable[[Steps], bool] = every, **more: Any) -> str:
    return convert([dedent(text) for text in texts], keep, **more)


def at_once(texts: list[str], *asked: Callable[[Steps], bool]) -> str:
    """The first attempt must do: what the law catches would cost comments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "dump", lambda data: pytest.fail(f"fell back for {data}"))
        return convert(texts, *asked)


def is_yaml(got: str, expected: str) -> None:
    expected = dedent(expected).removeprefix("\n")
    assert got == expected, f"got:\n{got}"


# What it looks like


def test_comments_stay_where_they_were() -> None:
    got = yaml_of("""\
        // My editor.
        // Keep it short.
        {
          // How it looks
          "theme": "One Dark", // at night
          "ui_font_size": 16 /* px */,


          "vim_mode": true,
          // "helix_mode": true,

          // Left to right
          "tabs": { // along the top
            // no clutter
            "file_icons": false,

            // that is all
          }, // end of tabs
          "dock": { "side": "left" }, // for now
          // "minimap": { "show": "never" },
        } // the end
        // vim: ft=jsonc
        """)
    is_yaml(
        got,
        """
        # My editor.
        # Keep it short.

        # How it looks
        theme: One Dark  # at night
        ui_font_size: 16  # px

        vim_mode: true
        # "helix_mode": true,

        # Left to right
        tabs:  # along the top
          # no clutter
          file_icons: false

          # that is all
          # end of tabs
        dock:  # for now
          side: left
        # "minimap": { "show": "never" },

        # the end
        # vim: ft=jsonc
        """,
    )


def test_a_block_comment_loses_its_frame_and_its_indentation() -> None:
    got = yaml_of("""\
        /* one line */
        {
          /**
           * Fonts
           *
           *   - mono
           */
          "font": "Mono",
          /*
             "old": {
               "x": 1,
             },
          */
          "size": 12, /* points
                         not pixels */
          /**/ "a": /* in */ 1, /* of b */ "b": 2, //tight
          "c": // why
            3
        }
        """)
    is_yaml(
        got,
        """
        # one line

        # Fonts
        #
        #   - mono
        font: Mono
        # "old": {
        #   "x": 1,
        # },
        size: 12
        # points
        # not pixels
        #
        a: 1  # in
        # of b
        b: 2  # tight
        c: 3  # why
        """,
    )


def test_lists() -> None:
    got = yaml_of("""\
        {
          "short": ["a, b", "c", -1, null, [], {}, [1, 2]], // on one line
          "tall": [
            "a, b",
            // "off",
            "c", // last
            // no more
          ],
          "long": ["https://example.org/a/very/long/address", "https://example.org/another/very/long/address/of/ours"],
          "said": [1, /* not 2 */ 3],
          "objects": [
            // the first
            {
              // by name
              "name": "x",
              "more": { "deep": [1] },
            },

            { "name": "b", "on": "z" }, // short
            // nothing in it
            {
              // "name": "z"
            },
            [
              // nested
              [1, 2],
              [
                3
              ],
            ],
          ],
          "models": [{ "name": "x", "tags": ["a"] }],
          "none": [
            // "x"
          ],
        }
        """)
    is_yaml(
        got,
        """
        short: ["a, b", c, -1, null, [], {}, [1, 2]]  # on one line
        tall:
          - a, b
          # "off",
          - c  # last
          # no more
        long:
          - https://example.org/a/very/long/address
          - https://example.org/another/very/long/address/of/ours
        said:
          - 1
          # not 2
          - 3
        objects:
          # the first
          # by name
          - name: x
            more:
              deep: [1]

          - {name: b, "on": z}  # short
          # nothing in it
          - {}
            # "name": "z"
          # nested
          - - [1, 2]
            - - 3
        models: [{name: x, tags: [a]}]
        none: []
          # "x"
        """,
    )


def test_the_line_of_a_list_ends_at_column_100() -> None:
    def lines(size: int) -> list[str]:
        return convert(['{"a": {"key": ["' + "x" * size + '"]}}'], every).splitlines()

    assert lines(91)[1] == "  key: [" + "x" * 91 + "]" and len(lines(91)[1]) == 100
    assert lines(92)[1:] == ["  key:", "    - " + "x" * 92]


def test_texts_of_several_lines_are_blocks_where_that_is_exact() -> None:
    text = {
        "prompt": "# Role\n\nYou are:\n\t- brief\n  - kind\n",
        "open": "a\nb",
        "list": ["x\ny\n"],
        "trails": "a \nb",
        "leads": " a\nb",
        "windows": "a\r\nb",
        "ends": "a\nb\n\n",
        "one": "a\n",
    }
    got = convert([json.dumps(text, indent=2).replace('"a\\nb",\n  "list"', '"a\\nb", // said\n  "list"')], every)
    is_yaml(
        got,
        """
        prompt: |
          # Role

          You are:
          \t- brief
            - kind
        open: |-  # said
          a
          b
        list:
          - |
            x
            y
        trails: "a \\nb"
        leads: " a\\nb"
        windows: "a\\r\\nb"
        ends: "a\\nb\\n\\n"
        one: "a\\n"
        """,
    )


@pytest.mark.parametrize(
    "text",
    [
        *("One Dark", "a/b-c_d.e", "vim::Normal", "https://x.y/z?a=b#c", "Editor && mode == insert && !menu", "it's"),
        *("~/.config/x", "./x", "../x", "/tmp/**", ".env", "$HOME", "(none)", "a, b", "é", "none", "git push *"),
        *("a#b", "x: y"[:2] + "y", "trueish", "a [b] {c}"),
    ],
)
def test_text_needs_no_quotes(text: str) -> None:
    assert convert([json.dumps({"a": text})], every) == f"a: {text}\n"


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "y", "N", "yes", "No", "ON", "off", "True", "false", "null", "Null", "~", "1", "-1", "+1", "1.5"),
        *("1e3", "0x1f", "0o7", "017", "1_000", "12:30", "12:30:45", "2024-01-31", ".5", ".inf", "-.INF", ".nan"),
        *("=", "<<", "-", "--- x", "...", "- a", "-y", "? a", ": a", "a: b", "a:", "a #b", "#a", " a", "a ", "a\tb"),
        *("&a", "*", "!a", "|", ">", "'a'", '"a"', "%a", "@a/b", "`a`", "[a]", "{a}", ",a", "a\u2028b", "\ufeffa"),
        *("a\x85b", "a\u00a0b", "a\x7fb", "\U0001f916", "\ud83e", "\U000e0001", "~", "~a", "4.6v"),
    ],
)
def test_doubtful_text_is_quoted(text: str) -> None:
    got = convert([json.dumps({"a": text, "b": [text]})], every)
    assert re.fullmatch(r'a: ".*"\nb: \[".*"\]\n', got), got
    assert yaml.load(got, "") == {"a": text, "b": [text]}


def test_keys() -> None:
    keys = ["*", "git *", "cat: *", "qwen:8b", "on", "1", "", "a b", "é", "$schema", "<<", '"', "a\nb", "source.fixAll"]
    assert convert([json.dumps(dict.fromkeys(keys, 0))], every).splitlines() == [
        *('"*": 0', "git *: 0", '"cat: *": 0', '"qwen:8b": 0', '"on": 0', '"1": 0', '"": 0', "a b: 0", "é: 0"),
        *("$schema: 0", '"<<": 0', '"\\"": 0', '"a\\nb": 0', "source.fixAll: 0"),
    ]


def test_numbers_and_words() -> None:
    text = "[1, -0, 12.0, 14.50, 1e3, -0.0, 1e300, 5e-324, 1e999, -1e999, true, null, 123456789012345678901234567890]"
    assert convert([text.replace("[", '{"a": [').replace("]", "]}")], every).splitlines() == [
        "a:",
        *("  - 1", "  - 0", "  - 12.0", "  - 14.5", "  - 1000.0", "  - -0.0", "  - 1.0e+300", "  - 5.0e-324"),
        *("  - .inf", "  - -.inf", "  - true", "  - null", "  - 123456789012345678901234567890"),
    ]


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    text = '\ufeff// top\r\n\r\n{\r\n  "a": 1, // one\r\n\r\n  /* x\r\n     y */\r\n  "b": 2\r\n}\r\n'
    is_yaml(convert([text], every), "# top\n\na: 1  # one\n\n# x\n# y\nb: 2\n")


def test_what_yaml_takes_for_a_line_end_ends_no_comment() -> None:
    assert convert(['{"a": 1 // x\u2028b: 2\x85c: 3\x00\ud800\tz\n}'], every) == (
        "a: 1  # x\\u2028b: 2\\u0085c: 3\\u0000\\ud800\tz\n"
    )


def test_a_root_array_is_asked_item_by_item() -> None:
    text = """\
        // Zed keymap
        [
          // leaves with its item
          { "context": "Editor" },

          // stays
          {
            "context": "Workspace", // here
            "bindings": {
              // "j k": "x"
            }
          },
          // the last
        ]
        """
    asked: list[Steps] = []
    got = yaml_of(text, keep=lambda steps: (asked.append(steps), steps != ("0",))[1])
    assert asked == [("0",), ("1",)]
    is_yaml(
        got,
        """
        # Zed keymap

        # stays
        - context: Workspace  # here
          bindings: {}
            # "j k": "x"
        # the last
        """,
    )


# What is taken


def test_a_comment_leaves_with_its_leaf_only() -> None:
    text = """\
        // The header stays, whatever follows it.
        {
          // about $schema
          "$schema": "x", // beside $schema

          // --- Looks ---

          // the theme
          // "theme": "was",
          "theme": "dark",
          // "vim": true,
          "font": "z",
          // servers
          "mcp": { // all of them
            // the one
            "one": { "token": "t" },

            // none else
          }, // end of mcp
          "list": [
            // of the list
            1, 2
          ],
          "last": 1,
          // the end
        }
        """
    is_yaml(
        yaml_of(text, keep=only("/last")),
        """
        # The header stays, whatever follows it.

        # --- Looks ---

        # "vim": true,

        # servers
        # all of them
        # the one

        # none else
        # end of mcp

        last: 1
        # the end
        """,
    )
    is_yaml(
        yaml_of(text, keep=only("/theme")),
        """
        # The header stays, whatever follows it.

        # --- Looks ---

        # the theme
        # "theme": "was",
        theme: dark
        # "vim": true,

        # servers
        # all of them
        # the one

        # none else
        # end of mcp

        # the end
        """,
    )
    assert yaml_of(text, keep=lambda steps: False) == ""


def test_what_counts_as_a_leaf() -> None:
    asked: list[Steps] = []
    text = '{"a": {"b": 1, "c": {"*": "ask"}}, "d": [{"e": 1}], "f": {}, "g": {"h": {}}, "permission": {"x": {"y": 1}}}'
    got = convert([text], lambda steps: (asked.append(steps), True)[1], lambda steps: steps == ("permission",))
    assert asked == [("a", "b"), ("a", "c", "*"), ("d",), ("f",), ("g", "h"), ("permission",)]
    assert yaml.load(got, "") == json.loads(text)
    assert convert([text], but("/permission"), lambda steps: steps == ("permission",)).endswith("h: {}\n")
    assert convert([text], only("/a/c/*")) == 'a:\n  c:\n    "*": ask\n'


@pytest.mark.parametrize("text", ["{}", "[]", "// x\n{ /* y */ }", '{"a": {"b": 1}}'])
def test_nothing_taken_is_nothing(text: str) -> None:
    assert convert([text], lambda steps: False) == "" and convert([], every) == ""


# Several files, and keys that stand twice


def test_later_files_are_merged_over_earlier_ones() -> None:
    first = """\
        // first
        {
          // stale
          "model": "a", // stale too

          // Tools
          "mcp": {
            // one
            "x": { "on": true },
            // end of first
          },
          "list": [1, /* stale */ 2],
          "flat": 1,
        }
        // bye
        """
    later = """\
        // later
        {
          "flat": { "a": 1 },
          "mcp": {
            "z": {}, // two
            "x": { "env": {} }, // more
          },
          // fresh
          "model": "b", // fresh too
          "list": [3],
          "new": null,
        }
        """
    is_yaml(
        yaml_of(first, later),
        """
        # first

        # later

        # fresh
        model: b  # fresh too

        # Tools
        mcp:
          # one
          x:  # more
            "on": true
            env: {}
          z: {}  # two
          # end of first
        list: [3]
        flat:
          a: 1
        new: null

        # bye
        """,
    )


def test_the_last_of_repeated_keys_counts_in_the_place_of_the_first() -> None:
    text = """\
        {
          // stale
          "a": { "c": 1 },
          "b": 2,
          // fresh
          "a": { "d": 1 },
        }
        """
    is_yaml(yaml_of(text), "# fresh\na:\n  d: 1\nb: 2\n")


def test_an_array_over_an_object_replaces_it_and_back() -> None:
    assert convert(['{"a": 1}', "[1]"], every) == "- 1\n"
    assert convert(["[1]", '{"a": 1}'], every) == "a: 1\n"


# What cannot be


def test_an_unruly_entry_is_written_without_its_comments_and_the_others_keep_theirs() -> None:
    key = "k" * 2000  # longer than YAML lets a key be that begins its line
    got = convert(['{\n// x\n"a": 1, // one\n// y\n' + f'"{key}": 2, // two\n"b": 3 // three\n}}'], every)
    assert yaml.load(got, "") == {"a": 1, key: 2, "b": 3}
    assert got.startswith("# x\na: 1  # one\n? kkk") and got.endswith("b: 3  # three\n") and "two" not in got


def test_where_the_law_fails_the_plain_dump_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_written, "_plain", lambda text, inside_flow: True)
    assert convert(['{"a": "no: t", "b": "12" /* c */}'], every) == "a: 'no: t'\nb: '12'\n"


@pytest.mark.parametrize("depth", [150, 250, 400, 500])
def test_too_deep_for_yaml_is_a_value_error(depth: int) -> None:
    text = '{"a":' * (depth - 1) + "1" + "}" * (depth - 1)
    if depth < 200:
        assert yaml.load(convert([text], every), "") == jsonc.loads(text)
        return
    with pytest.raises(ValueError, match="YAML"):
        convert([text], every)


@pytest.mark.parametrize(("text", "message"), [("{", "1:1: this"), ("", "empty"), ("1", "1:1: settings are an obj")])
def test_no_settings_are_refused(text: str, message: str) -> None:
    with pytest.raises(jsonc.JsoncError, match=message):
        convert([text], every)


# Real files


def comments_of(text: str) -> list[str]:
    """Found another way than the module finds them: whatever is no string."""
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|//[^\r\n]*|/\*.*?\*/', text, re.S)
    return [token for token in tokens if not token.startswith('"')]


def words(comment: str) -> Counter[str]:
    lines = re.split(r"[\r\n]+", comment.removeprefix("/*").removesuffix("*/"))
    return Counter(filter(None, (line.strip(" \t/*#") for line in lines)))


def spoken(text: str) -> Counter[str]:
    return sum((words(comment) for comment in comments_of(text)), Counter())


def written(text: str) -> Counter[str]:
    return sum((words(found) for found in re.findall(r"(?:^ *|  )#(.*)$", text, re.M)), Counter())


def read_as_1_1(text: str) -> Any:
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    return reader.load(text)


@corpus
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_a_real_file_says_the_same_and_keeps_every_comment(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    got, data = at_once([text], every), jsonc.loads(text)
    assert repr(yaml.load(got, "")) == repr(data)
    assert repr(read_as_1_1(got)) == repr(data)
    assert spoken(text) - written(got) == Counter(), f"comments lost in {path}"
    assert written(got) - spoken(text) == Counter(), f"comments doubled or made up in {path}"
    assert "\n\n\n" not in got and not re.search(r"[ \t]$", got, re.M)


@corpus
def test_the_corpus_loses_no_comment() -> None:
    lost = {}
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        if missing := spoken(text) - written(convert([text], every)):
            lost[str(path.relative_to(CORPUS))] = dict(missing)
    assert lost == {} and sum(spoken(path.read_text(encoding="utf-8")).total() for path in FILES) > 100


@corpus
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_a_real_file_is_a_fixed_point_of_the_editor_that_keeps_comments(path: Path) -> None:
    got = convert([path.read_text(encoding="utf-8")], every)
    if isinstance(jsonc.loads(path.read_text(encoding="utf-8")), list):
        got = "root:\n" + indent(got, "  ")
    editor, out = YAML(typ="rt", pure=True), io.StringIO()
    editor.preserve_quotes, editor.width = True, 1_000_000
    editor.indent(mapping=2, sequence=4, offset=2)
    editor.representer.add_representer(type(None), lambda it, _: it.represent_scalar("tag:yaml.org,2002:null", "null"))
    editor.dump(editor.load(got), out)
    assert out.getvalue() == got


# Random files


STRINGS = ["", "x", "on", "12:30", "- a", "a: b", "a #b", "//x", "line\nbreak", "a\nb \n", "é \U0001f916", "a\u2028b"]
SCALARS = [*map(json.dumps, STRINGS), "0", "-0", "1e3", "14.50", "123456789012345678901", "true", "null"]
KEYS = ["a", "b", "mcp", "*", "on", "1", "", "x y", "é", "#", "q: r"]
WORDS = ["about it", '"x": 1,', "},", "", "\U0001f916 \u2028 \x85 #x", "# twice // and", "'it' \"is\"", "- a: b"]


@dataclass
class Page:
    """A random document, and of each comment where it stands: in how close a tie, to what."""

    text: str = ""
    ties: dict[str, tuple[str, Steps]] = field(default_factory=dict)
    repeats: bool = False


class Writer:
    def __init__(self, draw: Callable[[Any], Any], first: int) -> None:
        self.draw, self.page, self.first = draw, Page(), first
        self.newline = draw(st.sampled_from(["\n", "\r\n"]))
        self.repeats = draw(st.sampled_from([False, False, True]))

    def often(self, of_ten: int) -> bool:
        return bool(self.draw(st.integers(0, 9)) < of_ten)

    def comment(self, tie: str, steps: Steps, *, ends: bool = True, tall: bool = False) -> str:
        """A comment; with `ends` it may run to the line's end, and always ends its line."""
        name = f"c{self.first + len(self.page.ties)};"
        self.page.ties[name] = tie, steps
        text = f"{name} {self.draw(st.sampled_from(WORDS))}"
        if ends and self.often(6):
            return f"//{text}{self.newline}"
        middle = self.newline + "   * more" + self.newline if tall and self.often(4) else ""
        return f"/*{text}{middle}*/" + (self.newline if ends else "")

    def lines(self, tie: str, steps: Steps) -> str:
        """Comments on lines of their own; the text so far ends a line."""
        blank = self.newline if self.often(2) else ""
        return blank + "".join(
            self.comment(tie, steps, tall=True) + (self.newline if self.often(3) else "")
            for _ in range(self.draw(st.sampled_from([0, 0, 0, 1, 2])))
        )

    def document(self) -> Page:
        header = self.lines("free", ())
        text = header + self.container((), self.draw(st.sampled_from([True, True, True, False])))
        self.page.text = text + (" " + self.comment("free", ()) if self.often(2) else "") + self.newline
        self.page.text += self.lines("free", ())
        return self.page

    def value(self, steps: Steps) -> str:
        if len(steps) < 4 and self.often(5):
            return self.container(steps, self.often(7))
        return str(self.draw(st.sampled_from(SCALARS)))

    def container(self, steps: Steps, is_object: bool) -> str:
        opening, closing = "{}" if is_object else "[]"
        size = self.draw(st.integers(0, 3))
        keys = self.draw(st.permutations(KEYS))[:size] if is_object else [str(index) for index in range(size)]
        if is_object and self.repeats and size and self.often(3):
            keys.append(keys[0])
            self.page.repeats = True
        body = self.spread(steps, keys, is_object) if self.often(6) else self.tight(steps, keys, is_object)
        return opening + body + closing

    def tight(self, steps: Steps, keys: list[str], is_object: bool) -> str:
        head = self.comment("in", steps, ends=False) if self.often(1) else ""
        entries = []
        for key in keys:
            at = (*steps, key)
            above = self.comment("above", at, ends=False) if entries and self.often(1) else ""
            beside = self.comment("at", at, ends=False) if self.often(1) else ""
            entries.append(f"{above} {self.entry(at, is_object)} {beside}")
        return head + ",".join(entries)

    def spread(self, steps: Steps, keys: list[str], is_object: bool) -> str:
        text = " " + self.comment("in", steps) if self.often(2) else self.newline
        for index, key in enumerate(keys):
            at = (*steps, key)
            text += self.lines("above", at) + self.entry(at, is_object)
            text += " " + self.comment("at", at, ends=False) if self.often(1) else ""
            text += "," if index < len(keys) - 1 or self.often(5) else ""
            text += " " + self.comment("at", at) if self.often(2) else self.newline
        return text + self.lines("in", steps)

    def entry(self, at: Steps, is_object: bool) -> str:
        if not is_object:
            return self.value(at)
        between = self.comment("at", at, ends=False) if self.often(1) else ""
        return json.dumps(at[-1]) + between + ": " + self.value(at)


@st.composite
def pages(draw: Callable[[Any], Any], most: int = 2) -> list[Page]:
    found: list[Page] = []
    for _ in range(draw(st.integers(1, most))):
        found.append(Writer(draw, sum(len(page.ties) for page in found)).document())
    return found


def chance(seed: int, of_ten: int) -> Callable[[Steps], bool]:
    return lambda steps: zlib.crc32(repr((seed, steps)).encode("utf-8", "replace")) % 10 < of_ten


def merged(earlier: Any, later: Any) -> Any:
    if not (isinstance(earlier, dict) and isinstance(later, dict)):
        return later
    return earlier | {key: merged(earlier[key], item) if key in earlier else item for key, item in later.items()}


@dataclass
class Expected:
    """The data as it must be read back, and the leaves that are not in it."""

    keep: Callable[[Steps], bool]
    unit: Callable[[Steps], bool]
    gone: set[Steps] = field(default_factory=set)

    def of(self, data: Any, steps: Steps = ()) -> Any:
        if isinstance(data, list):
            kept = [(item, self.keeps((str(index),))) for index, item in enumerate(data)]
            return [item for item, stays in kept if stays]
        taken = {}
        for key, item in data.items():
            at = (*steps, key)
            if isinstance(item, dict) and item and not self.unit(at):
                if inner := self.of(item, at):
                    taken[key] = inner
            elif self.keeps(at):
                taken[key] = item
        return taken

    def keeps(self, at: Steps) -> bool:
        stays = self.keep(at)
        self.gone |= set() if stays else {at}
        return stays


def value_at(data: Any, steps: Steps) -> Any:
    for step in steps:
        if not isinstance(data, dict | list) or (isinstance(data, dict) and step not in data):
            return ...
        data = data[step] if isinstance(data, dict) else data[int(step)] if int(step) < len(data) else ...
    return data


def replaced(data: Any, later: list[Any], steps: Steps) -> bool:
    """Whether something later took the place of what stands there, or of something around it."""
    for length in range(len(steps) + 1):
        here = value_at(data, steps[:length])
        others = [value_at(other, steps[:length]) for other in later]
        if any(other is not ... and not (isinstance(here, dict) and isinstance(other, dict)) for other in others):
            return True
    return False


SAMPLE = settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SAMPLE
@given(pages(), st.integers(0, 99), st.sampled_from([10, 8, 5]), st.sampled_from([0, 3]))
def test_any_file_says_the_same_and_its_comments_stay(pages: list[Page], seed: int, keeps: int, units: int) -> None:
    keep, unit = chance(seed, keeps), chance(seed + 100, units)
    layers = [jsonc.loads(page.text) for page in pages]
    data: Any = {}
    for layer in layers:
        data = merged(data, layer)
    expected = Expected(keep, unit)
    wanted = expected.of(data)
    got = at_once([page.text for page in pages], keep, unit)
    if not wanted:
        assert got == ""
        return
    assert repr(yaml.load(got, "")) == repr(wanted), got
    assert repr(read_as_1_1(got)) == repr(wanted), got
    for index, page in enumerate(pages):
        for name, (tie, steps) in page.ties.items():
            count = len(re.findall(rf"\b{name}", got))
            around = {steps[:length] for length in range(1, len(steps) + 1)}
            if page.repeats or replaced(layers[index], layers[index + 1 :], steps):
                assert count <= 1, (name, got)
            elif not around & expected.gone:
                assert count == 1, (name, tie, steps, got)
            else:  # a comment above a leaf that went may be about something else
                assert count == 0 or (tie == "above" and steps in expected.gone), (name, tie, steps, got)


@SAMPLE
@given(st.lists(st.text() | st.text(" \t\n#:?!&*-ab[]{},'\"", max_size=8), min_size=1, max_size=4, unique=True))
def test_any_text_is_carried_as_key_value_and_item(texts: list[str]) -> None:
    data = {text: [text, {text: text}] for text in texts} | {"plain": dict(zip(texts, texts, strict=True))}
    for spread in (None, 1):
        got = at_once([json.dumps(data, indent=spread)], every)
        assert repr(yaml.load(got, "")) == repr(data), got
        assert repr(read_as_1_1(got)) == repr(data), got


def test_a_long_file_takes_no_time_to_speak_of() -> None:
    lines = [f'  // about {n}\n  "key {n}": {{ "a": [1, 2], "b": "text {n}" }},' for n in range(500)]
    start = time.process_time()
    assert convert(["{\n" + "\n".join(lines) + "\n}"], every).count("# about") == 500
    assert time.process_time() - start < 20


def test_an_entry_that_is_said_elsewhere_takes_its_comments_along() -> None:
    text = """\
        {
          "a": 1,

          // the servers

          "mcp": {
            // about x
            "x": { "type": "local" /* of type */ }, // beside x

            // about y
            "y": {
              // inside y
              "type": "local"
            } // behind y
          }
        }
        """
    got = yaml_of(text, keep=only("/a"), elsewhere=lambda steps: len(steps) == 2)
    is_yaml(
        got,
        """
        a: 1

        # the servers
        """,
    )
    kept = yaml_of(text, keep=only("/a"))
    assert "# about x" in kept and "# behind y" in kept
