"""What people write for a secret ↔ the reference that stands in its place: `!secret` in YAML, `$secret` in JSON. Pure.

`!secret env:NAME` is a whole text; `!secret {from: env:NAME, in: "Bearer {}"}` a part of one. In JSON the same are
`{"$secret": "env:NAME"}` and `{"$secret": "env:NAME", "in": "Bearer {}"}`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from reconciler.formats.meant import one_of
from reconciler.model.secret import END, MARKED, START, marked

TAG: Final = "!secret"
KEY: Final = "$secret"
HOLE: Final = "{}"
FORMS: Final = {
    "env": ("env:NAME", re.compile(r"[A-Za-z_][A-Za-z0-9_]*")),
    "file": ("file:/path or file:~/path", re.compile(r"(?:/|~/).*[^/]")),
    "keyring": ("keyring:SERVICE/NAME", re.compile(r"[^/]+/.+")),
    "age": ("age:NAME or age:path/to/file.age", re.compile(r".*[^/]")),
    "command": ("command:program argument …", re.compile(r"\S.*")),
}
PLAIN: Final = re.compile(r"[^\s'\"#,\[\]{}&*!|>%@`]+(?: [^\s'\"#,\[\]{}&*!|>%@`]+)*")


class Mistaken(ValueError):
    """What cannot be a reference, the hint that mends it, and in JSON the steps to it."""

    def __init__(self, text: str, hint: str) -> None:
        self.hint = hint
        self.steps: tuple[str, ...] = ()
        super().__init__(text)


def checked(source: Any) -> str:
    """`env:NAME` and the like, known to be well-formed. Raises Mistaken."""
    forms = one_of([form for form, _ in FORMS.values()])
    if not isinstance(source, str):
        raise Mistaken("a secret's source is no text", f"write {forms}")
    scheme, colon, rest = source.partition(":")
    if not colon or scheme not in FORMS:
        raise Mistaken(f"`{source}` names no source of a secret", f"write {forms}")
    form, pattern = FORMS[scheme]
    if not pattern.fullmatch(rest) or any(ord(char) < 32 or char in (START, END) for char in rest):
        raise Mistaken(f"`{source}` is no reference of this form", f"write `{form}`")
    return source


def text_of(said: Any) -> str:
    """The text that stands for what was written behind `!secret`. Raises Mistaken."""
    if not isinstance(said, dict):
        return marked(checked(said))
    around = said.get("in", HOLE)
    if said.keys() - {"from", "in"} or "from" not in said:
        hint = "write `{from: env:NAME, in: 'Bearer {}'}`"
        raise Mistaken("`from` is missing here, or stands beside other keys", hint)
    if not isinstance(around, str) or around.count(HOLE) != 1:
        raise Mistaken("`in` is a text in which `{}` stands once, where the secret goes", "write `in: 'Bearer {}'`")
    return around.replace(HOLE, marked(checked(said["from"])))


def parts(text: str) -> tuple[str, str] | None:
    """The source and what is around it (`{}` alone: nothing) of a text that `text_of` made; None for any other."""
    found = MARKED.findall(text) if START in text else []
    return (found[0], text.replace(marked(found[0]), HOLE)) if len(found) == 1 else None


def in_yaml(text: str) -> str | None:
    """A text with a reference as YAML writes it; None for any other."""
    if (said := parts(text)) is None:
        return None
    source, around = said
    if around == HOLE:
        plain = PLAIN.fullmatch(source) and ": " not in source and not source.endswith(":")
        return f"{TAG} {source if plain else _quoted(source)}"
    return f"{TAG} {{from: {_quoted(source)}, in: {_quoted(around)}}}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def from_json(value: Any, steps: tuple[str, ...] = ()) -> Any:
    """JSON data with a text in place of each `{"$secret": …}`. Raises Mistaken with its place in `steps`."""
    if isinstance(value, list):
        return [from_json(item, (*steps, str(index))) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if KEY not in value:
        return {key: from_json(item, (*steps, key)) for key, item in value.items()}
    try:
        return text_of({"from" if key == KEY else key: item for key, item in value.items()})
    except Mistaken as error:
        error.steps = steps
        raise


def to_json(value: Any) -> Any:
    """The inverse of `from_json`."""
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, str) and (said := parts(value)):
        source, around = said
        return {KEY: source} if around == HOLE else {KEY: source, "in": around}
    return value
