"""The text of a file ↔ what it says, for overlays: Markdown is a map with its text under `prompt`. Pure.

A merged text keeps the comments and the order of the file below it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.formats import frontmatter, secret_refs, yaml, yaml_edit
from reconciler.formats.merging import Said, Steps, places, plain, tree
from reconciler.model.problem import Invalid, Origin, invalid
from reconciler.model.resource import File, Source
from reconciler.model.trace import Point, Trace
from reconciler.shapes import asked

PROMPT = "prompt"
Where = Callable[[int, int], Origin]
Places = Mapping[Steps, tuple[int, int]]


def said_in(text: str, path: str, where: Where, *, removals: bool) -> Said:
    """What a file says, each part with the place that `where` gives for its line and column. Raises Invalid."""
    if path.endswith(".md"):
        return _markdown(text, path, where, removals)
    if path.endswith((".json", ".jsonc")):
        said = asked.from_jsonc(text, path)
        return _placed(said.value, said.places, where)
    return _placed(yaml.load(text, path, removals=removals), yaml.positions(text), where)


def _placed(value: Any, at: Places, where: Where, first: int = 1) -> Said:
    def origin(steps: Steps) -> Origin:
        while steps and steps not in at:
            steps = steps[:-1]
        return where(*at.get(steps, (first, 1)))

    return tree(value, origin)


def _markdown(text: str, path: str, where: Where, removals: bool) -> Said:
    parts = frontmatter.parts(text, path)
    front = yaml.load(parts.matter, path, 2, removals=removals)
    if front is not None and not isinstance(front, dict):
        raise invalid(path, "front matter is not a map of keys", "write `key: value` lines", line=2)
    said = _placed(front or {}, yaml.positions(parts.matter, 2), where)
    if parts.body.strip():
        said.value[PROMPT] = Said(parts.body, where(parts.body_line, 1))
    return said


def laid_over(below: Source, said: Said, merged: Said, trace: Trace | None) -> tuple[Source, Trace]:
    """The file below with what was merged over it, and where each line of that stands. Raises Invalid."""
    text = frontmatter.decode(below.file.content, below.path)
    now, points = _written(text, below.path, said, merged)
    whole = trace.whole if trace else Origin(below.path)
    return Source(below.path, File(now.encode("utf-8", "surrogatepass"), below.file.executable)), Trace(whole, points)


def _written(text: str, path: str, said: Said, merged: Said) -> tuple[str, tuple[Point, ...]]:
    if path.endswith(".md"):
        return _written_markdown(text, path, said, merged)
    if path.endswith((".json", ".jsonc")):
        now = json.dumps(secret_refs.to_json(plain(merged)), indent=2)
        return now, _points(merged, asked.from_jsonc(now, path).places)
    now = _edited(text, said, merged)
    return now, _points(merged, yaml.positions(now))


def _points(merged: Said, at: Places) -> tuple[Point, ...]:
    """The deepest of those that begin at one place comes last, and counts."""
    origins = dict(places(merged))
    found = sorted((*place, len(steps), steps) for steps, place in at.items() if steps in origins)
    return tuple(Point(line, column, origins[steps]) for line, column, _, steps in found)


def _written_markdown(text: str, path: str, said: Said, merged: Said) -> tuple[str, tuple[Point, ...]]:
    parts = frontmatter.parts(text, path)
    before, after = _front(said), _front(merged)
    windows = "\r\n" in parts.matter
    matter = _edited(parts.matter.replace("\r\n", "\n"), before, after) if plain(before) != plain(after) else None
    if matter is not None:
        parts = parts.with_matter(matter.replace("\n", "\r\n") if windows else matter)
    prompt = merged.value.get(PROMPT, Said("", Origin(path)))
    body = parts.body if prompt == said.value.get(PROMPT) else str(prompt.value)
    points = _points(after, yaml.positions(parts.matter, 2))
    here = Point(parts.body_line, 1, prompt.origin, runs=True)
    return parts.opening + parts.matter + parts.closing + body, (*points, here)


def _front(said: Said) -> Said:
    return said._replace(value={key: part for key, part in said.value.items() if key != PROMPT})


def _edited(text: str, said: Said, merged: Said) -> str:
    """YAML that says what was merged: the text with edits, or written anew where that does not come out right."""
    before, after = plain(said), plain(merged)
    if isinstance(before, dict) and isinstance(after, dict):
        try:
            now = yaml_edit.edit(text, list(_edits(before, after)))
            if yaml.load(now, "") == after:
                return now
        except (Invalid, KeyError, TypeError, ValueError):
            pass  # keys that are no text, anchors: then anew
    return yaml.dump(after)


def _edits(before: Mapping[Any, Any], after: Mapping[Any, Any], above: Steps = ()) -> Iterator[yaml_edit.Set]:
    for key in before.keys() - after.keys():
        yield yaml_edit.Set((*above, key), yaml_edit.MISSING)
    for key, value in after.items():
        old = before.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            yield from _edits(old, value, (*above, key))
        elif key not in before or old != value or type(old) is not type(value):
            yield yaml_edit.Set((*above, key), value)
