"""What OpenCode makes of a skill's front matter → every mistake. Pure.

It drops a skill without a `name` that is text, and says nothing; all else loads. The rules of naming are those of the
format (agentskills.io), which other programs keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.formats.meant import meant
from reconciler.formats.schema import Mistake, shown, unknown

KEYS = ("name", "description", "license", "compatibility", "metadata", "allowed-tools")
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST, LONGEST_DESCRIPTION = 64, 1024


def skill(front: Mapping[str, Any], folder: str) -> Iterable[Mistake]:
    """Mistakes in the front matter of `folder`/SKILL.md."""
    yield from _name(front, folder.rpartition("/")[2])
    yield from _description(front)
    for key in front:
        near = "" if key in KEYS else meant(key, KEYS)
        if near and near not in front:
            hint = f"did you mean `{near}`? OpenCode ignores this one"
            yield unknown((key,), ())._replace(hint=hint)


def _name(front: Mapping[str, Any], folder: str) -> Iterable[Mistake]:
    name = front.get("name")
    if name is None:
        yield Mistake((), "no `name` in front matter: OpenCode does not load this skill", f"add `name: {folder}`",
                      "missing")  # fmt: skip
    elif not isinstance(name, str):
        text = f"`name` must be text, and is {shown(name)}: OpenCode does not load this skill"
        yield Mistake(("name",), text, "put it in quotes", "type")
    elif not NAME.fullmatch(name) or len(name) > LONGEST:
        hint = f"write small letters, digits and single dashes, at most {LONGEST}"
        yield Mistake(("name",), f"`{name}` is no name that every program takes for a skill", hint, "form",
                      refused=False)  # fmt: skip
    elif name != folder:
        text = f"`name` is `{name}`, and the folder is `{folder}`"
        yield Mistake(("name",), text, "give both the same name: OpenCode goes by `name`", "form", refused=False)


def _description(front: Mapping[str, Any]) -> Iterable[Mistake]:
    said = front.get("description")
    if said is None or said == "":
        hint = "say in a line what it does and when to use it"
        yield Mistake(("description",), "no `description`: a model can't tell when to use it", hint, "missing",
                      refused=False)  # fmt: skip
    elif not isinstance(said, str):
        text = f"`description` must be text, and is {shown(said)}"
        yield Mistake(("description",), text, "put it in quotes", "type", refused=False)
    elif len(said) > LONGEST_DESCRIPTION:
        text = f"`description` has {len(said)} letters, and may have {LONGEST_DESCRIPTION}"
        yield Mistake(("description",), text, "shorten it: other programs drop the skill", "range", refused=False)
