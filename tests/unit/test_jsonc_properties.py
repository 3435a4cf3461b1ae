"""The JSONC editor against random documents, random edits and an independent parser (pyjson5).

Hypothesis shrinks what it finds; plain seeds reach further: 12,000 edits, or 100,000 with RECONCILER_LONG=1.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from contextlib import nullcontext
from typing import Any

import pyjson5
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.formats import jsonc
from reconciler.formats.jsonc_edit import Append, Delete, Edit, EditError, Raw, Set, edit

LONG = os.environ.get("RECONCILER_LONG") == "1"
SAMPLE = settings(
    max_examples=80,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

KEYS = ["a", "b", "mcp", "permission", "*", "a/b", "m~n", "0", "", "é", "git push*", "tab\tkey", "\U0001f916", 'quo"te']
STRINGS = [
    "",
    "x",
    "opencode/é",
    "a // b",
    "/* c */",
    "},]",
    'q"q',
    "back\\slash",
    "line\nbreak",
    "\u2028",
    "\U0001f916",
]
NUMBERS = ["0", "-0", "1", "14.50", "1e3", "-2.5E-2", "123456789012345678901234567890", "100", "0.1"]
WORDS = ["plain", 'it\'s "quoted"', "} ] , :", "* star", "http://x/*y", "// twice", "{ /* not nested", "é \U0001f916"]
COMMENT_ID = re.compile(r"c(\d+)#")


class Writer:
    """A random document as text. Every comment in it carries a number of its own."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.newlines = rng.choice([["\n"], ["\n"], ["\r\n"], ["\r\n"], ["\r"], ["\n", "\r\n"]])
        self.unit = rng.choice(["  ", "    ", "\t"])
        self.talks = rng.choice([0.0, 0.1, 0.4])
        self.trails = rng.choice([0.0, 0.3, 1.0])
        self.tight = rng.random() < 0.2
        self.repeats = rng.choice([0.0, 0.0, 0.2])
        self.comments = 0

    @property
    def newline(self) -> str:
        return self.rng.choice(self.newlines)

    def often(self, share: float) -> bool:
        return share > 0 and self.rng.random() < share

    def document(self) -> str:
        text = self.gap("") + self.value(0, True) + self.gap("")
        bom = "\ufeff" if self.often(0.15) else ""
        return bom + text + (self.newline if self.often(0.8) else "")

    def comment(self, inline: bool) -> str:
        self.comments += 1
        words = f"c{self.comments}# {self.rng.choice(WORDS)}"
        if inline or self.often(0.5):
            words = words.replace("*/", "")
            middle = self.newline + " " if not inline and self.often(0.3) else " "
            return f"/*{words}{middle}{'*' if self.often(0.2) else ''}*/"
        return "//" + words + self.newline

    def gap(self, usual: str) -> str:
        """White space where the grammar lets it stand, and now and then comments."""
        if not self.often(self.talks):
            return usual
        return usual + "".join(
            self.comment(self.often(0.7)) + self.rng.choice(["", " "]) for _ in range(self.rng.randint(1, 2))
        )

    def value(self, depth: int, container: bool = False) -> str:
        kind = self.rng.random()
        if depth < 4 and (container or kind < 0.4):
            return self.container(depth, self.rng.random() < 0.65)
        if kind < 0.6:
            return self.rng.choice(NUMBERS)
        if kind < 0.75:
            return self.rng.choice(["true", "false", "null"])
        return self.string(self.rng.choice(STRINGS))

    def string(self, value: str) -> str:
        text = json.dumps(value, ensure_ascii=self.often(0.3))
        return text.replace("x", "\\u0078") if self.often(0.2) else text

    def container(self, depth: int, is_object: bool) -> str:
        opening, closing = "{}" if is_object else "[]"
        entries = [self.entry(depth, key) for key in self.keys()] if is_object else self.items(depth)
        style = self.rng.choice(["inline", "lines", "lines", "mixed"])
        if not entries:
            return opening + self.nothing(depth) + closing
        outer, inner = self.newline + self.unit * depth, self.newline + self.unit * (depth + 1)
        text = opening
        for index, entry in enumerate(entries):
            last = index == len(entries) - 1
            own_line = style == "lines" or (style == "mixed" and self.often(0.5))
            lead = inner if own_line else "" if self.tight or (not index and self.often(0.5)) else " "
            text += self.above(lead) + entry + self.gap(inner if self.often(0.03) else "")
            text += "," + self.beside() if not last or self.often(self.trails) else self.beside()
        ends = style == "lines" or (style == "mixed" and self.often(0.5))
        text += self.newline + "  // c0# end" if self.often(self.talks / 3) and not text.endswith("\n") else ""
        return text + (outer if ends or "//" in text.rsplit("\n", 1)[-1] else self.rng.choice(["", " "])) + closing

    def nothing(self, depth: int) -> str:
        line = self.newline + self.unit * depth
        return self.rng.choice(["", "", " ", line, self.newline, line + line, self.gap(" "), self.gap(line) + line])

    def above(self, lead: str) -> str:
        if "\n" not in lead or not self.often(self.talks):
            return lead
        blank = self.newline if self.often(0.3) else ""
        self.comments += 1
        return blank + lead + f"//c{self.comments}# above" + (self.newline if self.often(0.2) else "") + lead

    def beside(self) -> str:
        """A comment after a comma, or after the last value, which may end the line."""
        if not self.often(self.talks):
            return "  " if self.often(0.05) else ""
        return " " + self.comment(self.often(0.4))

    def keys(self) -> list[str]:
        keys = self.rng.sample(KEYS, self.rng.choice([0, 1, 1, 2, 3, 4]))
        return [*keys, self.rng.choice(keys)] if keys and self.often(self.repeats) else keys

    def entry(self, depth: int, key: str) -> str:
        colon = ":" if self.tight else self.rng.choice([": ", ": ", ": ", " : ", ":  "])
        before, after = colon.split(":")
        return self.string(key) + self.gap(before) + ":" + self.gap(after) + self.value(depth + 1)

    def items(self, depth: int) -> list[str]:
        return [self.value(depth + 1) for _ in range(self.rng.choice([0, 1, 2, 3, 5]))]


def alike(left: Any, right: Any, ordered: bool = False) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        same_keys = list(left) == list(right) if ordered else left.keys() == right.keys()
        return same_keys and all(alike(left[key], right[key], ordered) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(alike(a, b, ordered) for a, b in zip(left, right, strict=True))
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def oracle(text: str) -> Any:
    return pyjson5.decode(text)


def places(value: Any, steps: jsonc.Steps = ()) -> list[tuple[jsonc.Steps, Any]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(steps, value), *(place for step, part in below for place in places(part, (*steps, step)))]


def comments(text: str) -> list[str]:
    return COMMENT_ID.findall(text)


def some_value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randint(0, 7 if depth < 3 else 5)
    if kind > 5:
        size = rng.randint(0, 3)
        parts = [some_value(rng, depth + 1) for _ in range(size)]
        return parts if kind == 6 else dict(zip(rng.sample(KEYS, size), parts, strict=True))
    return rng.choice([True, False, None, 1, 0, 2.5, 1.0, "x", "é\n", 10**25, rng.choice(STRINGS)])


def near_value(rng: random.Random, value: Any) -> Any:
    """A value much like this one, so that most of it is to stay."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        near = {key: near_value(rng, part) if rng.random() < 0.3 else part for key, part in value.items()}
        if rng.random() < 0.4:
            near.pop(rng.choice(list(near)))
        if rng.random() < 0.4:
            near[rng.choice(KEYS)] = some_value(rng, 2)
        keys = list(near)
        if rng.random() < 0.4:
            rng.shuffle(keys)
        return {key: near[key] for key in keys}
    if isinstance(value, list) and value and rng.random() < 0.9:
        items = [near_value(rng, part) if rng.random() < 0.3 else part for part in value]
        at = rng.randint(0, len(items) - 1)
        return rng.choice([items, items[:at] + items[at + 1 :], [*items[:at], some_value(rng, 2), *items[at:]]])
    return some_value(rng)


# One check per law; each returns how many edits it made


def check_value_laws(rng: random.Random, text: str) -> int:
    """No edit without a difference, nothing outside of the value touched, and its old text brings the file back."""
    whole = oracle(text)
    steps, value = rng.choice(places(whole))
    ordered = rng.random() < 0.5
    assert edit(text, [Set(steps, value, ordered)]) == text
    node = jsonc.find(jsonc.parse(text), steps)
    old = jsonc.raw(text, steps)
    assert node is not None and old == text[node.start : node.end]
    new = near_value(rng, value)
    changed = edit(text, [Set(steps, new, ordered)])
    assert changed.startswith(text[: node.start]) and changed.endswith(text[node.end :])
    assert alike(jsonc.value(found), new, ordered) if (found := jsonc.find(jsonc.parse(changed), steps)) else False
    assert edit(changed, [Set(steps, Raw(old))]) == text
    assert edit(changed, [Set(steps, new, ordered)]) == changed
    check_sanity(text, changed)
    for key in value if isinstance(value, dict) and isinstance(new, dict) else ():
        if key in new and alike(value[key], new[key], True):
            assert jsonc.raw(changed, (*steps, key)) == jsonc.raw(text, (*steps, key))
    if isinstance(value, dict) and isinstance(new, dict) and new.keys() == value.keys():
        kept = [c for c in comments(text) if c not in comments_in_changes(text, steps, value, new)]
        assert sorted(c for c in comments(changed) if c in kept) == sorted(kept)
    return 4


def comments_in_changes(text: str, steps: jsonc.Steps, value: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Comments inside of those members that differ, or in those that are repeated."""
    node = jsonc.find(jsonc.parse(text), steps)
    assert node is not None
    spans = [
        text[entry.start : text_line_end(text, entry.value.end)]
        for entry in node.entries
        if not alike(value[entry.key or ""], new[entry.key or ""], True) or len(node.entries) > len(value)
    ]
    return [number for span in spans for number in comments(span)]


def text_line_end(text: str, offset: int) -> int:
    found = re.compile(r"[\r\n]|\Z").search(text, offset)
    return found.start() if found else len(text)


def check_addition_laws(rng: random.Random, text: str) -> int:
    """A key or item added and deleted again leaves the identical text, and no comment is ever lost by adding."""
    holders = [(steps, value) for steps, value in places(oracle(text)) if isinstance(value, dict | list)]
    steps, holder = rng.choice(holders)
    done: list[tuple[Edit, Delete]] = []
    if isinstance(holder, list):
        for index in range(len(holder), len(holder) + rng.randint(1, 3)):
            done.append((Append(steps, some_value(rng)), Delete((*steps, index))))
        done.reverse()
    else:
        for key in rng.sample([f"new {n}" for n in range(4)], rng.randint(1, 3)):
            below = [f"below {n}" for n in range(rng.choice([0, 0, 1, 2]))]
            place = (*steps, key, *below)
            done.append((Set(place, some_value(rng), rng.random() < 0.5), Delete(place, prune=len(below))))
    added = edit(text, [add for add, _ in reversed(done)])
    assert comments(added) == comments(text)
    check_sanity(text, added)
    if isinstance(holder, dict):
        rng.shuffle(done)
    back = edit(added, [delete for _, delete in done])
    assert back == text
    return 2 * len(done)


def check_deletion_laws(rng: random.Random, text: str) -> int:
    whole = oracle(text)
    steps, _ = rng.choice(places(whole))
    if not steps:
        return 0
    changed = edit(text, [Delete(steps)])
    holder = jsonc.find(jsonc.parse(text), steps[:-1])
    assert holder is not None
    lost = [
        text[entry.start : text_line_end(text, entry.value.end)]
        for index, entry in enumerate(holder.entries)
        if steps[-1] in (entry.key, index)
    ]
    kept = [c for c in comments(text) if not any(c in comments(span) for span in lost)]
    assert [c for c in comments(changed) if c in kept] == kept
    part: Any = whole
    for step in steps[:-1]:
        part = part[step]
    del part[steps[-1]]
    assert alike(oracle(changed), whole, True)
    assert edit(changed, [Delete(steps)]) == changed or isinstance(part, list)
    check_sanity(text, changed)
    return 2


def check_sanity(before: str, after: str) -> None:
    """Both parsers agree on the result, and line breaks are as they were."""
    assert alike(oracle(after), jsonc.loads(after), True)
    assert after.startswith("\ufeff") == before.startswith("\ufeff")
    breaks = set(re.findall(r"\r\n|\r|\n", before))
    assert set(re.findall(r"\r\n|\r|\n", after)) <= (breaks or {"\n"})
    assert jsonc.decode(jsonc.encode(after)) == after


def check_sequence(rng: random.Random, text: str) -> int:
    """Any edits one after the other, right or wrong: the values are those of a model that knows no text."""
    model, count = oracle(text), 0
    for _ in range(rng.randint(1, 5)):
        change = some_edit(rng, model)
        count += 1
        try:
            expected = brought(model, change)
        except LookupError:
            with pytest.raises(EditError) as caught:
                edit(text, [change])
            assert caught.value.pointer == jsonc.pointer(change.steps)
            continue
        text = edit(text, [change])
        model = oracle(text)
        assert any(alike(model, value, getattr(change, "ordered", False)) for value in expected)
        assert alike(jsonc.loads(text), model, True)
    return count


def some_edit(rng: random.Random, model: Any) -> Edit:
    steps, value = rng.choice(places(model))
    if rng.random() < 0.4:
        further: list[jsonc.Step] = [*KEYS, "new", 0, 1, 7]
        steps += tuple(rng.choice(further) for _ in range(rng.randint(1, 2)))
        value = None
    kind = rng.random()
    if kind < 0.3:
        return Delete(steps, rng.randint(0, 2))
    if kind < 0.45:
        return Append(steps, some_value(rng))
    return Set(steps, near_value(rng, value), rng.random() < 0.3)


def brought(model: Any, change: Edit) -> list[Any]:
    """What the edit may lead to; LookupError if it cannot be made."""
    model = json.loads(json.dumps(model))
    if isinstance(change, Delete):
        if not change.steps:
            raise LookupError
        return deleted(model, change.steps, change.prune)
    top = {"": model}
    holder, step = (reached(top, ("", *change.steps))) if change.steps else (top, "")
    if isinstance(change, Set):
        holder[step] = change.value
    elif not isinstance(items := (holder.get(step, []) if isinstance(holder, dict) else holder[step]), list):
        raise LookupError
    else:
        holder[step] = [*items, change.value]
    return [top[""]]


def reached(value: Any, steps: jsonc.Steps) -> tuple[Any, Any]:
    """The container and the step in it that a place is in, with the objects missing on the way."""
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        if isinstance(value, list):
            if not re.fullmatch("0|[1-9][0-9]*", str(step)) or int(step) >= len(value):
                raise LookupError
            step = int(step)
        elif not isinstance(value, dict) or not isinstance(step, str):
            raise LookupError
        if following is None:
            return value, step
        value = value[int(step)] if isinstance(value, list) else value.setdefault(step, {})
    raise LookupError


def deleted(model: Any, steps: jsonc.Steps, prune: int) -> list[Any]:
    try:
        holder, step = reached(json.loads(json.dumps(model)), steps)
        if isinstance(holder, dict) and step not in holder:
            return [model]
    except LookupError:
        return [model]
    found = [model]
    for place in [steps[: len(steps) - up] for up in range(min(prune, len(steps) - 1) + 1)]:
        model = json.loads(json.dumps(model))
        holder, step = reached(model, place)
        if len(found) > 1 and holder[step]:
            break
        if isinstance(holder, dict) and step not in holder:
            return [model]
        del holder[step]
        found.append(model)
    return found[1:]


CHECKS = [check_value_laws, check_addition_laws, check_deletion_laws, check_sequence]


def check_document(rng: random.Random) -> int:
    text = Writer(rng).document()
    assert alike(jsonc.loads(text), oracle(text), True)
    return sum(check(rng, text) for check in CHECKS)


@SAMPLE
@given(st.randoms(use_true_random=False))
def test_laws(rng: random.Random) -> None:
    check_document(rng)


@SAMPLE
@given(st.randoms(use_true_random=False))
def test_a_damaged_document_is_refused_with_a_place_or_read_as_others_read_it(rng: random.Random) -> None:
    check_damage(rng)


def check_damage(rng: random.Random) -> None:
    text = Writer(rng).document()
    at = rng.randint(0, len(text))
    new = rng.choice(["", "", "/*", "//", "NaN", *",\"}]{/\\'0-\x00#:\n"])
    damaged = text[:at] + new + text[at + rng.randint(0, 3) :]
    try:
        value = jsonc.loads(damaged)
    except jsonc.JsoncError as error:
        lines = re.split(r"\r\n|\r|\n", damaged)
        assert 1 <= error.line <= len(lines) and 1 <= error.column <= len(lines[error.line - 1]) + 1
        assert re.match(r"[`a-z](?s:.*)[^.]\Z", error.message)
        with pytest.raises(ValueError):
            json.loads(as_json(damaged), parse_constant=refuse)
    else:
        assert alike(value, json.loads(as_json(damaged), parse_constant=refuse), True)
        if not is_beyond_oracle(damaged):
            assert alike(value, oracle(damaged), True)


def as_json(text: str) -> str:
    """Without comments and trailing commas: Python's own parser takes exactly what ours takes."""
    tokens = re.findall(r'(?s)"(?:[^"\\]|\\.)*"|//[^\r\n]*|/\*.*?\*/|.', text.removeprefix("\ufeff"))
    tokens = [" " if len(token) > 1 and token[0] == "/" else token for token in tokens]
    solid = [index for index, token in enumerate(tokens) if token.strip(" \t\r\n")]
    for before, index, after in zip(solid, solid[1:], solid[2:], strict=False):
        if tokens[index] == "," and tokens[after] in "]}" and tokens[before] not in "[{,:":
            tokens[index] = " "
    return "".join(tokens)


def refuse(name: str) -> None:
    raise ValueError(name)


def is_beyond_oracle(text: str) -> bool:
    """JSON5 ends a comment at U+2028; pyjson5 refuses half a surrogate pair, even in a value that does not count."""
    nodes = [jsonc.parse(text)]
    for node in nodes:
        nodes += (entry.value for entry in node.entries)
    strings = [node.scalar for node in nodes] + [entry.key for node in nodes for entry in node.entries]
    return "\u2028" in text or bool(re.search("[\ud800-\udfff]", "".join(map(str, strings))))


@given(st.text(max_size=30))
@settings(SAMPLE)
def test_any_text_at_all_is_read_or_refused(text: str) -> None:
    try:
        jsonc.loads(text)
    except jsonc.JsoncError as error:
        assert error.line >= 1 and error.column >= 1


@given(st.text(st.characters(codec=None)), st.lists(st.text(), max_size=4).map(tuple))
@settings(SAMPLE)
def test_strings_and_pointers_round_trip(text: str, steps: tuple[str, ...]) -> None:
    assert jsonc.steps(jsonc.pointer(steps)) == steps
    assert jsonc.loads(edit("[0]", [Set((0,), text)])) == [text]


@given(st.binary(max_size=20))
@settings(SAMPLE)
def test_bytes_are_decoded_or_refused(content: bytes) -> None:
    try:
        assert jsonc.encode(jsonc.decode(content)) == content
    except jsonc.JsoncError as error:
        assert "UTF-8" in error.message


def test_laws_at_length(capsys: pytest.CaptureFixture[str]) -> None:
    """Many more documents than hypothesis can make in the time, but none of them shrunk."""
    seed = os.environ.get("RECONCILER_SEED") or (str(time.time_ns()) if LONG else "1")
    count, documents, start = 0, 0, time.monotonic()
    while count < (100_000 if LONG else 12_000):
        try:
            count += check_document(random.Random(f"{seed}/{documents}"))
            check_damage(random.Random(f"{seed}/{documents}"))
        except BaseException as error:
            error.add_note(f"RECONCILER_SEED={seed}, document {documents}")
            raise
        documents += 1
    with capsys.disabled() if LONG else nullcontext():
        print(f"\n{count:,} edits of {documents:,} documents in {time.monotonic() - start:.0f} s (seed {seed})")
