"""A settings file of desired state, YAML or JSONC → what it asks for and where each key stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.formats import jsonc, secret_refs, yaml
from reconciler.formats.frontmatter import decode
from reconciler.formats.merging import REMOVE
from reconciler.model.problem import Invalid, Origin, Problem, invalid
from reconciler.model.resource import Source
from reconciler.shapes.shared_json import Steps

SUFFIXES = (".yaml", ".yml", ".jsonc", ".json")


@dataclass(frozen=True)
class Asked:
    """What one file asks for: plain JSON data, and where its keys stand."""

    value: Any
    path: str
    places: Mapping[Steps, tuple[int, int]]

    def origin(self, steps: Steps) -> Origin:
        """Where a key stands, or the nearest one above it."""
        while steps and steps not in self.places:
            steps = steps[:-1]
        return Origin(self.path, *self.places.get(steps, (1, 1)))


def named(folder: str, stem: str, paths: Sequence[str]) -> Mapping[str, str]:
    """The paths that hold one settings file, by any of its endings → the resource's name, which is empty."""
    ours = {f"{folder}/{stem}{suffix}" for suffix in SUFFIXES}
    return {path: "" for path in paths if path in ours}


def read(sources: Sequence[Source]) -> Asked:
    """The one file that is there. Raises Invalid."""
    first, *others = sources
    if others:
        text = f"these settings are described twice: here and in `{first.path}`"
        raise Invalid(Problem(Origin(o.path), text, "keep one of them") for o in others)
    text = decode(first.file.content, first.path)
    said = from_yaml(text, first.path) if first.path.endswith(("yaml", "yml")) else from_jsonc(text, first.path)
    hint = "it removes in `hosts/` only; here, take the key out"
    removals = [Problem(said.origin(at), "`$remove` is not known here", hint) for at in said.places if at[-1] == REMOVE]
    if removals:
        raise Invalid(removals)
    return said


def from_yaml(text: str, path: str) -> Asked:
    """Raises Invalid."""
    value = yaml.load(text, path)
    places = yaml.positions(text)
    return Asked(json_like(value, path, places), path, places)


def json_like(value: Any, path: str, places: Mapping[Steps, tuple[int, int]], steps: Steps = ()) -> Any:
    """The same with keys as text. Raises Invalid for what JSON cannot say."""
    if isinstance(value, dict):
        return {str(k): json_like(v, path, places, (*steps, str(k))) for k, v in value.items()}
    if isinstance(value, list):
        return [json_like(item, path, places, (*steps, str(index))) for index, item in enumerate(value)]
    line, column = places.get(steps, (1, 1))
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        text = "half of a character (`\\ud800` and the like) stands here"
        raise invalid(path, text, "write the whole", line=line, column=column)
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        what = f"`{value}`".replace("inf", ".inf").replace("nan", ".nan")
        text = f"{what} is no number that JSON knows"
        raise invalid(path, text, "put it in quotes", line=line, column=column)
    return value


def from_jsonc(text: str, path: str) -> Asked:
    """Raises Invalid."""
    yaml.refuse_marks(text, path)
    try:
        root = jsonc.parse(text)
    except jsonc.JsoncError as error:
        hint = "comments and trailing commas are welcome; everything else is strict JSON"
        raise invalid(path, f"not valid JSON: {error.message}", hint, line=error.line, column=error.column) from None
    places: dict[Steps, tuple[int, int]] = {}
    todo: list[tuple[Steps, jsonc.Node]] = [((), root)]
    while todo:
        steps, node = todo.pop()
        for index, entry in enumerate(node.entries):
            at = (*steps, entry.key if entry.key is not None else str(index))
            places[at] = jsonc.position(text, entry.start)
            todo.append((at, entry.value))
    return Asked(_with_references(jsonc.value(root), path, places), path, places)


def _with_references(value: Any, path: str, places: Mapping[Steps, tuple[int, int]]) -> Any:
    """The same with a text in place of each `$secret`. Raises Invalid."""
    try:
        return secret_refs.from_json(value)
    except secret_refs.Mistaken as error:
        line, column = places.get(error.steps, (1, 1))
        raise invalid(path, str(error), error.hint, line=line, column=column) from None
