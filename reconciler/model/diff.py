"""Two states → how they differ, for people. Pure; the library is asked only about values that differ."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from reconciler.model.change import Diff, FieldChange


def compare(before: Any, after: Any) -> Diff:
    """The default diff of plain data: maps and lists, leaf by leaf."""
    return Diff(fields=tuple(field_changes(before, after)))


def field_changes(before: Any, after: Any, pointer: str = "") -> list[FieldChange]:
    """Every value that differs, maps in the order of `before`, then what is new in the order of `after`."""
    if same(before, after):
        return []
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = [*before, *(k for k in after if k not in before)]
        found = [c for k in keys for c in field_changes(before.get(k), after.get(k), f"{pointer}/{escaped(k)}")]
        return found or [FieldChange(pointer, before, after)]
    if isinstance(before, list) and isinstance(after, list) and pointer:
        return list_changes(before, after, pointer)
    return [FieldChange(pointer, before, after)]


def list_changes(before: list[Any], after: list[Any], pointer: str) -> list[FieldChange]:
    """What came, went or changed in a list, as deepdiff aligns it."""
    from deepdiff import DeepDiff

    delta = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    found = []
    for level in (item for group in delta.values() for item in group):
        steps = level.path(output_format="list", force="fake")
        at = pointer + "".join(f"/{escaped(step)}" for step in steps)
        found.append(FieldChange(at, _known(level.t1), _known(level.t2)))
    return sorted(found, key=lambda c: c.pointer) or [FieldChange(pointer, before, after)]


def _known(value: Any) -> Any:
    return None if type(value).__name__ == "NotPresent" else value


def same(before: Any, after: Any) -> bool:
    """Equality as people mean it: true is not 1, and the order of keys counts."""
    if type(before) is not type(after):
        return _number(before) and _number(after) and before == after
    if isinstance(before, Mapping):
        return list(before) == list(after) and all(same(before[k], after[k]) for k in before)
    if isinstance(before, list):
        return len(before) == len(after) and all(map(same, before, after))
    return bool(before == after)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def escaped(step: Any) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def text_diff(before: str, after: str, context: int = 1) -> str:
    """A unified diff without its file header; "" where equal."""
    lines = difflib.unified_diff(_lines(before), _lines(after), n=context, lineterm="")
    return "\n".join(list(lines)[2:])


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    else:
        lines.append("\\ no newline at the end")
    return lines
