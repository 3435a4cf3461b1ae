"""Items that git describes, and the shared file of a program that holds such a list. Borrowed by kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.formats import jsonc
from reconciler.model.kind import Found, Layer, Left
from reconciler.model.problem import Invalid, Problem, invalid
from reconciler.model.resource import Claim, File, Layout, Loaded, Ref, Resource, Source, Target
from reconciler.model.world import Look
from reconciler.shapes import asked, items_adopted, items_described, shared_json
from reconciler.shapes.asked import Asked
from reconciler.shapes.json_items import JsonItems, no_list
from reconciler.shapes.shared_json import Leaf, Steps


class Fault(NamedTuple):
    """What makes a place of a list no item: `spoils` is all that must be left out with it."""

    at: Steps
    text: str
    hint: str
    spoils: Steps


@dataclass(frozen=True, slots=True)
class ItemsFile:
    """`stem` is its name in desired-state (`zed/keymap`), `path` that of the program's own file below `root`. `part`:
    the name of an item as people write it. `faults`: what in a list can't be asked for. `usage`: what to write."""

    kind: str
    root: str
    path: str
    stem: str
    items: JsonItems
    part: Callable[[Steps], str]
    faults: Callable[[list[jsonc.Json]], Iterable[Fault]]
    usage: str

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, "")

    @property
    def claim(self) -> Claim:
        return Claim(self.root, self.path)

    def files(self, paths: Sequence[str]) -> Mapping[str, str]:
        folder, _, stem = self.stem.rpartition("/")
        return asked.named(folder, stem, paths)

    def read(self, name: str, sources: Sequence[Source]) -> Asked:
        """A list of what can be asked for. Raises Invalid."""
        said = asked.read(sources)
        if said.value is None:
            return Asked([], said.path, {})
        if not isinstance(said.value, list):
            raise invalid(said.path, "not a list", self.usage, line=1)
        problems = [Problem(said.origin(fault.at), fault.text, fault.hint) for fault in self.faults(said.value)]
        if problems:
            raise Invalid(problems)
        return said

    def targets(self, resource: Resource[Asked], loaded: Loaded, layout: Layout) -> Sequence[Target[Leaf]]:
        """One target per item. Raises Invalid where the file can hold none."""
        said = resource.spec
        names = self.items.named(said.value)
        text = layout.texts.get((self.root, self.path))
        root = shared_json.parsed(text)
        if names and text and root is not None and root.kind != "array":
            raise Invalid([no_list(root, text, layout.show(self.claim))])
        return [
            Target(resource.ref, self.part(name), self.claim._replace(item=name), Leaf(_value(said.value, place)),
                   said.origin(place))
            for name, place in names.items()
        ]  # fmt: skip

    def describe(self, layout: Layout, look: Look) -> Iterable[Found | Left]:
        """Every item that stands in the file and can be named, with the comments that YAML can carry."""
        return items_described.describe(self, layout)

    def adopt(self, resource: Resource[Asked], observed: Mapping[str, Leaf | None]) -> Mapping[str, File | None]:
        """The list with items as they stand, comments kept."""
        names = self.items.named(resource.spec.value)
        places = {self.part(name): place for name, place in names.items()}
        here = {places[part]: leaf for part, leaf in observed.items()}
        return items_adopted.adopt(resource, here, set(places.values()))

    def layers(self, claim: Claim, layout: Layout) -> Sequence[Layer]:
        """Where the item stands: no other file has a say."""
        text = layout.texts.get((self.root, self.path), "")
        root = shared_json.parsed(text)
        value = jsonc.value(root) if root is not None else None
        place = self.items.named(value).get(claim.item) if isinstance(value, list) else None
        node = jsonc.find(root, place) if root is not None and place else None
        where = layout.show(self.claim)
        if node is None:
            return [Layer(where, "", False)]
        line, _ = jsonc.position(text, node.start)
        return [Layer(f"{where}:{line}", text[node.start : node.end], True)]


def _value(value: jsonc.Json, place: Steps) -> jsonc.Json:
    for step in place:
        value = value[int(step)] if isinstance(value, list) else value[step] if isinstance(value, dict) else None
    return value
