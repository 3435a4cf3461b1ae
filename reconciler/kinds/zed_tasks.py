"""Tasks of Zed's tasks.json, each known by its label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconciler.formats import jsonc, jsonc_edit
from reconciler.model.kind import Identity, Kind, Overlay, Writer
from reconciler.shapes import editor_schema, item_values
from reconciler.shapes.asked import Asked
from reconciler.shapes.item_values import CODEC
from reconciler.shapes.items_file import Fault, ItemsFile
from reconciler.shapes.json_items import Added, JsonItems, Removed
from reconciler.shapes.shared_json import Leaf, Steps

USAGE = "write `- label: …` and `command: …` for each task"


def named(tasks: list[jsonc.Json]) -> dict[Steps, Steps]:
    """(label, its number among equals) → index."""
    names: dict[Steps, Steps] = {}
    counts: Counter[str] = Counter()
    for index, task in enumerate(tasks):
        label = task.get("label") if isinstance(task, dict) else None
        if isinstance(label, str):
            names[label, str(counts[label])] = (str(index),)
            counts[label] += 1
    return names


def part(name: Steps) -> str:
    label, nth = name
    return jsonc.pointer((label,) if nth == "0" else name)


def added(text: str, new: Sequence[tuple[Steps, object]]) -> Added:
    return Added(jsonc_edit.edit(text, [jsonc_edit.Append((), task) for _, task in new]), {})


def removed(text: str, gone: Mapping[Steps, Steps], made: frozenset[Steps]) -> Removed:
    places = sorted(gone.values(), key=lambda place: -int(place[0]))
    return Removed(jsonc_edit.edit(text, [jsonc_edit.Delete(place) for place in places]))


def faults(tasks: list[jsonc.Json]) -> Iterable[Fault]:
    """What is no task, or none that can be told from others."""
    for index, task in enumerate(tasks):
        at = (str(index),)
        if not isinstance(task, dict):
            yield Fault(at, "not a task", USAGE, at)
        elif "label" not in task:
            yield Fault(at, "a task without a `label`", "the label is what it is known by", at)
        elif not isinstance(task["label"], str):
            yield Fault((*at, "label"), "`label` is not a text", "put it in quotes", at)


ITEMS = JsonItems(named=named, added=added, removed=removed, between=lambda old, new, name: ())
FILE = ItemsFile(
    kind="zed_tasks",
    root="zed",
    path="tasks.json",
    stem="zed/tasks",
    items=ITEMS,
    part=part,
    faults=faults,
    usage=USAGE,
)

ZED_TASKS: Kind[Asked, Leaf] = Kind(
    name="zed_tasks",
    folder="zed",
    files=FILE.files,
    read=FILE.read,
    targets=FILE.targets,
    observe=ITEMS.observe,
    act=ITEMS.act,
    describe=FILE.describe,
    codec=CODEC,
    diff=item_values.diff,
    adopt=FILE.adopt,
    layers=FILE.layers,
    overlay=Overlay(items=Identity(lambda task: task.get("label") if isinstance(task, dict) else None)),
    writers=(Writer("Zed", "a template, when tasks are opened for the first time"),),
    schema=editor_schema.zed_tasks,
    reload="at once: Zed watches its files",
)
