"""YAML text → plain data, with positions for every problem. Pure.

Values come from a fast parser (ryaml); wherever it is known to say something else than YAML 1.2 as ruamel.yaml reads
it (tags, anchors, merge keys, unusual numbers), or refuses, ruamel.yaml is asked instead. It also gives all positions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from reconciler.formats import secret_refs
from reconciler.formats.yaml_places import places
from reconciler.model.problem import Invalid, Origin, Problem, invalid
from reconciler.model.secret import END, START

MAX_ALIASES = 1_000
MAX_DEPTH = 200
MAX_LENGTH = 2 << 20
_NUMBER = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,14})?"
DOUBTFUL = re.compile(
    rf"[!&*]|<<|^---|^\.\.\.|^%|[:\-,\[{{]\s+(?!{_NUMBER}[ \t]*(?:$|[,\]}}]))[-+]?[0-9][0-9_.]*[_0-9eE.:xXoO]"
    r"|[\x00-\x08\x0b-\x1f\x7f]",
    re.M,
)
# Lines that mean the same whatever is around them: where a text has no others, what stands in quotes is only text.
_QUOTED = r"""(?:'(?:[^'\n]|'')*'|"[^"\\\n]*")"""
_WORDS = r"[A-Za-z_/][^\n:#&*!<\[\]{}\"'`@%|>,\x00-\x1f\x7f\x85\u2028\u2029]*"
_ITEM = rf"(?:{_QUOTED}|{_WORDS})"
_TEXT = r"[^\W\d](?:[^\n:\x00-\x1f\x7f\x85\u2028\u2029]|:(?=[^\s\x85\u2028\u2029]))*"
_VALUE = rf"(?:{_QUOTED}|{_NUMBER}|\[ *(?:{_ITEM}(?:, *{_ITEM})*)? *\]|[|>]-?|{_TEXT})"
_LINE = rf"[ ]*(?:- +)*(?:(?:{_QUOTED}|[^\W\d][\w.-]*):(?: +{_VALUE})?|{_VALUE})?[ ]*"
BOTTOMLESS = re.compile(rf"(?:[\[{{][^\[\]{{}}]{{0,40}}){{{MAX_DEPTH + 1}}}")
PLAIN_LINES = re.compile(rf"(?:{_LINE}\n)*+(?:{_LINE})?")


REMEDIES = {
    "the tag `": "remove it, or put the value in quotes",
    "end of stream": "a quote or a bracket above is never closed",
    "block end": "indent this line as its neighbours are",
    "expected ','": "a bracket is never closed, or a comma is missing",
    "could not find expected ':'": "a colon is missing, or a quote is never closed",
    "alias": "put a value that begins with `*` or `&` in quotes",
}


def load(text: str, path: str, first_line: int = 1, *, removals: bool = False) -> Any:
    """Plain data: dict, list, str, int, float, bool, None. Raises Invalid at `path`, lines counted from first_line.
    `!secret` is read as a text with a reference in it (model/secret.py). Every other tag is refused, but for `!remove`
    where `removals`: it is read as `{$remove: true}`."""
    refuse_marks(text, path, first_line)
    if len(text) > MAX_LENGTH:
        what = f"{len(text) / (1 << 20):.1f} MiB of YAML; more than {MAX_LENGTH >> 20} MiB is not read"
        raise Invalid([Problem(Origin(path, first_line, 1), what, "split it into several files")])
    if (PLAIN_LINES.fullmatch(text) or not DOUBTFUL.search(text)) and not _deep(text):
        try:
            return _fast(text)
        except ValueError:
            pass
    return _careful(text, path, first_line, removals=removals)


def _fast(text: str) -> Any:
    import ryaml

    try:
        return ryaml.loads(text)  # type: ignore[attr-defined]
    except ryaml.InvalidYamlError as error:  # type: ignore[attr-defined]
        raise ValueError(str(error)) from error


def _deep(text: str) -> bool:
    """Whether nesting may pass the bound: parsers recurse, and a crash is not an answer."""
    return text.count("[") + text.count("{") > MAX_DEPTH or " " * MAX_DEPTH in text or text.count("- - ") > MAX_DEPTH


def _careful(text: str, path: str, first_line: int, *, removals: bool = False) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    parser = YAML(typ="safe", pure=True)
    parser.Constructor = _constructor(removals)
    parser.allow_duplicate_keys = False
    try:
        if "&" in text or _deep(text):
            if run := BOTTOMLESS.search(text):
                # On one line the scanner looks ahead at a cost that grows with the square: this much of it is enough.
                with suppress(YAMLError):
                    _bounded(parser.parse(text[: run.end()]), path, first_line)
            _bounded(parser.parse(text), path, first_line)
        value = plain(parser.load(text), path, first_line)
    except MarkedYAMLError as error:
        raise Invalid([_problem(error, path, first_line)]) from None
    except YAMLError as error:
        raise Invalid([Problem(Origin(path, first_line, 1), f"not valid YAML: {_first(str(error))}")]) from None
    except (RecursionError, ValueError, TypeError) as error:
        raise Invalid([Problem(Origin(path, first_line, 1), f"not readable as YAML: {_first(str(error))}")]) from None
    if mistaken := vars(parser.constructor).get("mistaken"):
        places = [(Origin(path, mark.line + first_line, mark.column + 1), error) for mark, error in mistaken]
        raise Invalid(Problem(origin, str(error), error.hint) for origin, error in places)
    return value


@cache
def _constructor(removals: bool) -> Any:
    """A constructor of its own: what is added to ruamel's would be known everywhere."""
    from ruamel.yaml.constructor import ConstructorError, SafeConstructor

    class Tagged(SafeConstructor):  # type: ignore[misc,unused-ignore]
        pass

    def remove(constructor: Any, node: Any) -> dict[str, Any]:
        if node.id == "mapping":
            return {**constructor.construct_mapping(node, deep=True), "$remove": True}
        if node.id == "scalar" and not node.value:
            return {"$remove": True}
        raise ConstructorError(None, None, "`!remove` takes no value", node.start_mark)

    def secret(constructor: Any, node: Any) -> str:
        said = constructor.construct_mapping(node, deep=True) if node.id == "mapping" else node.value
        try:
            return secret_refs.text_of(said)
        except secret_refs.Mistaken as error:
            vars(constructor).setdefault("mistaken", []).append((node.start_mark, error))
            return ""

    Tagged.add_constructor(secret_refs.TAG, secret)
    if removals:
        Tagged.add_constructor("!remove", remove)
    return Tagged


def refuse_marks(text: str, path: str, first_line: int = 1) -> None:
    """Raises Invalid where a text holds the very signs that mark references."""
    if START in text or END in text:
        at = min(index for index in (text.find(START), text.find(END)) if index >= 0)
        what = "a noncharacter of Unicode (U+FDD0 or U+FDD1) stands here"
        raise invalid(path, what, "remove it", line=first_line + text.count("\n", 0, at))


def _bounded(events: Iterator[Any], path: str, first_line: int) -> None:
    """Stop an alias bomb or bottomless nesting before anything is built from it."""
    aliases = depth = 0
    for event in events:
        name = type(event).__name__
        aliases += name == "AliasEvent"
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if aliases > MAX_ALIASES or depth > MAX_DEPTH:
            what = f"more than {MAX_ALIASES} aliases" if aliases > MAX_ALIASES else f"levels deeper than {MAX_DEPTH}"
            origin = Origin(path, event.start_mark.line + first_line, event.start_mark.column + 1)
            raise Invalid([Problem(origin, f"this YAML has {what}", "write it out, or split it into several files")])


def plain(value: Any, path: str, first_line: int = 1, budget: list[int] | None = None) -> Any:
    """Copies without shared parts; refuses what a few aliases blow up to more than a million values."""
    left = [1_000_000] if budget is None else budget
    left[0] -= 1
    if left[0] < 0:
        raise Invalid(
            [
                Problem(
                    Origin(path, first_line, 1),
                    "aliases blow this YAML up to over a million values",
                    "write it out, or split it into several files",
                )
            ]
        )
    if isinstance(value, dict):
        return {_key(k, path, first_line): plain(v, path, first_line, left) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item, path, first_line, left) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _key(key: Any, path: str, first_line: int) -> Any:
    if isinstance(key, str) and START in key:
        raise invalid(path, "a key can't be a secret", "put `!secret` at a value", line=first_line)
    return key if isinstance(key, str | int | float | bool) or key is None else str(key)


SPELLED = {"True": "true", "False": "false", "None": "null"}
"""Keys that are no text, as YAML has them."""


def _problem(error: Any, path: str, first_line: int) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + first_line, mark.column + 1) if mark else (first_line, 1)
    what = _first(str(error.problem or error))
    hint = ""
    if "found duplicate key" in what:
        key = what.split("found duplicate key", 1)[1].split(" with value")[0].strip().strip('"')
        what = f"the key `{SPELLED.get(key, key)}` stands twice"
        hint = "keep one of them"
    elif "could not determine a constructor" in what:
        tag = what.rsplit(" ", 1)[-1].strip("'")
        what = f"the tag `{tag}` is not known here"
        hint = "`!remove` removes in `hosts/` only; here, take the key out" if tag == "!remove" else ""
    elif "expected ' ', but found" in what:
        hint = "a tag needs a space after it: `!remove }`, `!remove ,`"
    elif "mapping values are not allowed" in what:
        hint = "a value with `: ` in it needs quotes"
    elif "cannot start any token" in what:
        hint = "YAML takes spaces, not tabs, and values that begin with @ or ` need quotes"
    return Problem(Origin(path, line, column), f"not valid YAML: {what}", hint or _remedy(what))


def _remedy(what: str) -> str:
    return next((hint for part, hint in REMEDIES.items() if part in what), "")


def _first(text: str) -> str:
    return text.strip().splitlines()[0].strip() if text.strip() else "unknown reason"


def position(text: str, steps: Sequence[str], first_line: int = 1) -> tuple[int, int]:
    """Line and column of a key in a YAML text (the nearest parent's where it is missing)."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        node = YAML(typ="rt", pure=True).compose(text)
    except (YAMLError, RecursionError):
        return first_line, 1
    line, column = first_line, 1
    for step in steps:
        pairs = node.value if node is not None and node.id == "mapping" else []
        found = next(((k, v) for k, v in pairs if str(k.value) == step), None)
        if found is None:
            break
        line, column, node = found[0].start_mark.line + first_line, found[0].start_mark.column + 1, found[1]
    return line, column


def nodes(text: str) -> Any:
    """The root node of a YAML map, values unread; None where the text is no map."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        root = YAML(typ="rt", pure=True).compose(text)
    except (YAMLError, RecursionError):
        return None
    return root if root is not None and root.id == "mapping" else None


def positions(text: str, first_line: int = 1) -> dict[tuple[str, ...], tuple[int, int]]:
    """Line and column of every key and list item; nothing where the text is no YAML.

    What an alias repeats is entered once: it has one place, and a few aliases can stand for billions of values.
    """
    if (plainly := places(text, first_line)) is not None:
        return plainly
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    found: dict[tuple[str, ...], tuple[int, int]] = {}
    try:
        todo: list[tuple[tuple[str, ...], Any]] = [((), YAML(typ="rt", pure=True).compose(text))]
    except (YAMLError, RecursionError):
        return found
    entered: set[int] = set()
    while todo:
        steps, node = todo.pop()
        if id(node) in entered:
            continue
        entered.add(id(node))
        pairs = []
        if node is not None and node.id == "mapping":
            pairs = [(str(key.value), key, item) for key, item in node.value]
        elif node is not None and node.id == "sequence":
            pairs = [(str(index), item, item) for index, item in enumerate(node.value)]
        for step, place, item in pairs:
            at = (*steps, step)
            if at not in found:
                found[at] = place.start_mark.line + first_line, place.start_mark.column + 1
                todo.append((at, item))
    return found


def node(text: str, steps: Sequence[str]) -> Any:
    """The composed node of a value below maps and lists, or None."""
    found = _entry(text, steps)
    return found[1] if found else None


def lines_of(text: str, steps: Sequence[str]) -> tuple[int, int] | None:
    """The first line of a key or an item, and that after its last one, counted from 0; None where it shares them."""
    found = _entry(text, steps)
    if found is None:
        return None
    start, last = found[0].start_mark, _last(found[1])
    lines = text.splitlines()
    if not last.column or max(start.line, last.line) >= len(lines):  # a literal block ends where the next line begins
        return None
    before, after = lines[start.line][: start.column], lines[last.line][last.column :]
    if before.strip(" ") not in ("", "-") or (after.strip() and not re.match(r"\s+#|\s*,?$", after)):
        return None
    return start.line, last.line + 1


def end_of_map(text: str, steps: Sequence[str]) -> tuple[int, int] | None:
    """The line after the last one of a map in block style, counted from 0, and the column of its keys; else None."""
    found = _entry(text, steps)
    if found is None or found[1] is None or found[1].id != "mapping" or found[1].flow_style or not found[1].value:
        return None
    last = _last(found[1])
    return (last.line + 1, found[1].value[0][0].start_mark.column) if last.column else None


def _entry(text: str, steps: Sequence[str]) -> tuple[Any, Any] | None:
    """The key (or the item itself) and the value at a place."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = YAML(typ="rt", pure=True).compose(text)
    except (YAMLError, RecursionError):
        return None
    entry = (found, found)
    for step in steps:
        holder = entry[1]
        if holder is not None and holder.id == "sequence" and step.isdecimal() and int(step) < len(holder.value):
            entry = (holder.value[int(step)],) * 2
            continue
        pairs = holder.value if holder is not None and holder.id == "mapping" else []
        pair = next(((key, item) for key, item in pairs if str(key.value) == step), None)
        if pair is None:
            return None
        entry = pair
    return entry


def _last(node: Any) -> Any:
    """Where the text of a value ends: that of a block collection with its last scalar, comments after it left out."""
    while node.id != "scalar" and not node.flow_style and node.value:
        node = node.value[-1][1] if node.id == "mapping" else node.value[-1]
    return node.end_mark


def editor() -> Any:
    """ruamel's round-trip editor, set to leave as much as it can as it stands."""
    from ruamel.yaml import YAML

    made = YAML(typ="rt", pure=True)
    made.preserve_quotes = True
    made.width = 1_000_000
    made.indent(mapping=2, sequence=4, offset=2)
    made.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    return made


def without(text: str, key: str) -> str:
    """The same YAML map without one of its keys, comments kept."""
    import io

    made = editor()
    document = made.load(text)
    del document[key]
    if not document:
        return ""
    out = io.StringIO()
    made.dump(document, out)
    return out.getvalue()


def written(value: Any) -> Any:
    """Plain data as the editor writes it best: long texts as blocks, references to secrets with their tag."""
    from ruamel.yaml.scalarstring import LiteralScalarString

    if isinstance(value, dict):
        return {key: written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [written(item) for item in value]
    if isinstance(value, str) and START in value:
        return _tagged(value)
    return LiteralScalarString(value) if isinstance(value, str) and "\n" in value else value


def _tagged(text: str) -> Any:
    from ruamel.yaml.comments import CommentedMap, TaggedScalar
    from ruamel.yaml.tag import Tag

    tag, said = Tag(suffix=secret_refs.TAG), secret_refs.parts(text)
    if said is None:
        raise ValueError("a text with several secrets can't be written as YAML")
    source, around = said
    if around == secret_refs.HOLE:
        return TaggedScalar(value=source, style=None, tag=tag)
    written = CommentedMap({"from": source, "in": around})
    written.yaml_set_ctag(tag)
    written.fa.set_flow_style()
    return written


def veiled(text: str) -> str:
    """YAML in which each `!secret` has become a quoted text with a reference in it; all else stays."""
    if secret_refs.TAG not in text:
        return text
    data = load(text, "")
    for at, end, steps in sorted(_secrets(text), reverse=True):
        value = data
        for step in steps:
            value = value[step]
        text = text[:at] + json.dumps(value, ensure_ascii=False) + text[end:]
    return text


def _secrets(text: str) -> Iterator[tuple[int, int, tuple[Any, ...]]]:
    """Where each `!secret` begins and ends, and the steps to it."""
    todo: list[tuple[tuple[Any, ...], Any]] = [((), nodes(text))]
    while todo:
        steps, node = todo.pop()
        if node is not None and str(node.tag) == secret_refs.TAG:
            yield node.start_mark.index, node.end_mark.index, steps
        elif node is not None and node.id == "mapping":
            todo += [((*steps, key.value), item) for key, item in node.value]
        elif node is not None and node.id == "sequence":
            todo += [((*steps, index), item) for index, item in enumerate(node.value)]


def dump(data: Any) -> str:
    """Plain data as YAML a person would write: block style, keys in their order, long texts as blocks."""
    import io

    out = io.StringIO()
    editor().dump(written(data), out)
    return out.getvalue()


def with_items(text: str, key: str, items: Sequence[dict[str, str]]) -> str:
    """The same YAML map with more items at the end of one of its lists, comments kept."""
    from ruamel.yaml import YAML

    if not re.search(rf"^{re.escape(key)}\s*:", text, re.M):
        return text + ("" if text.endswith("\n") or not text else "\n") + "\n" + dump({key: list(items)})
    import io

    editor = YAML(typ="rt", pure=True)
    editor.preserve_quotes = True
    editor.width = 1_000_000
    editor.indent(mapping=2, sequence=4, offset=2)
    document = editor.load(text)
    document[key] = [*(document[key] or []), *items]
    out = io.StringIO()
    editor.dump(document, out)
    return out.getvalue()
