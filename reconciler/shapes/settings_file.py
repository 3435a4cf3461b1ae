"""Settings that git describes, and the shared file in which each key stands. Borrowed by the settings kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.formats import jsonc
from reconciler.model.kind import Found, Layer, Left
from reconciler.model.problem import Origin, Problem, Severity, invalid
from reconciler.model.resource import Claim, Layout, Loaded, Ref, Resource, Source, Target
from reconciler.model.world import Look
from reconciler.shapes import asked, describing, shared_json
from reconciler.shapes.asked import Asked
from reconciler.shapes.json_keys import JsonKeys
from reconciler.shapes.shared_json import Leaf, Steps


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """`stem` is its name in desired-state (`opencode/settings`); `paths` the files below `root` that it merges, the
    winner last; `fresh` the one made where there is none. `moved`: a top-level key → the files below the root to which
    the program itself moves it. `entry`: the entry that a key is part of, and that must stand in one file (() for
    none)."""

    kind: str
    root: str
    stem: str
    paths: tuple[str, ...]
    fresh: str
    keys: JsonKeys
    moved: Mapping[str, tuple[str, ...]]
    entry: Callable[[Steps], Steps] = lambda steps: ()

    def files(self, paths: Sequence[str]) -> Mapping[str, str]:
        folder, _, stem = self.stem.rpartition("/")
        return asked.named(folder, stem, paths)

    def read(self, name: str, sources: Sequence[Source]) -> Asked:
        """A map of keys. Raises Invalid."""
        said = asked.read(sources)
        if said.value is None:
            return Asked({}, said.path, {})
        if not isinstance(said.value, dict):
            raise invalid(said.path, "not a map of keys", "write `key: value` lines", line=1)
        return said

    def targets(self, resource: Resource[Asked], loaded: Loaded, layout: Layout) -> Sequence[Target[Leaf]]:
        """One target per leaf, in the file whose value wins. A unit stands in no other: its order is meaning, and the
        program would merge what another file says into it, the first file's order first."""
        said = resource.spec
        return [
            Target(resource.ref, jsonc.pointer(steps), Claim(self.root, path, steps), asked_for, said.origin(steps))
            for steps, leaf in self.keys.leaves(said.value)
            for path, asked_for in [(self.place(layout, steps), leaf), *((p, None) for p in self.merged(layout, steps))]
        ]

    def merged(self, layout: Layout, steps: Steps) -> Iterable[str]:
        """Other files whose rules would be merged into a unit, and those that we keep free of it."""
        place = self.place(layout, steps)
        kept = {claim.path for claim in layout.emptied if (claim.root, claim.item) == (self.root, steps)}
        others = (path for path in self.counted(layout, steps) if path != place) if self.keys.unit(steps) else ()
        return [path for path in others if path in kept or self._stands(layout, path, steps)]

    def place(self, layout: Layout, steps: Steps) -> str:
        """The file in which a key is owned: where its value wins, else where the entry is that it is part of, else
        the winning file that is there."""
        if (path := self.winner(layout, steps)) is not None:
            return path
        if (entry := self.entry(steps)) and (path := self._home(layout, entry)) is not None:
            return path
        counted = self.counted(layout, steps)
        held = layout.held.get(self.ref, {}).get(jsonc.pointer(steps))
        if held is not None and held.path in counted:
            return held.path
        standing = [path for path in counted if (self.root, path) in layout.texts]
        return standing[-1] if standing else self.fresh

    def _home(self, layout: Layout, entry: Steps) -> str | None:
        """The file that holds an entry: of several, the one that says what sort it is."""
        return self.winner(layout, (*entry, "type")) or self.winner(layout, entry)

    def winner(self, layout: Layout, steps: Steps) -> str | None:
        """The file whose value of a key counts; None where no file has one."""
        return next((path for path in reversed(self.counted(layout, steps)) if self._stands(layout, path, steps)), None)

    def counted(self, layout: Layout, steps: Steps) -> tuple[str, ...]:
        """The files in which the program looks for a key, the winner last. Once there is a file to which it moves the
        key it looks nowhere else."""
        moved = tuple(path for path in self.moved.get(steps[0], ()) if (self.root, path) in layout.texts)
        return moved or self.paths

    def value(self, layout: Layout, steps: Steps) -> jsonc.Json:
        """What stands at a key in the file whose value counts; None where nothing does."""
        root = shared_json.parsed(layout.texts.get((self.root, self.winner(layout, steps) or "")))
        node = jsonc.find(root, steps) if root is not None else None
        return jsonc.value(node) if node is not None else None

    def _stands(self, layout: Layout, path: str, steps: Steps) -> bool:
        root = shared_json.parsed(layout.texts.get((self.root, path)))
        return root is not None and jsonc.find(root, steps) is not None

    def shadowed(self, layout: Layout, steps: Steps) -> Iterable[str]:
        """Other files that set the same key, in vain."""
        place = self.place(layout, steps)
        paths = dict.fromkeys((*self.paths, *self.counted(layout, steps)))
        return (path for path in paths if path != place and self._stands(layout, path, steps))

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, "")

    def check(self, resource: Resource[Asked], layout: Layout) -> Iterable[Problem]:
        """Warnings: keys that another file sets too, in vain."""
        for steps, _ in self.keys.leaves(resource.spec.value):
            yield from self.in_vain(resource.ref, layout, steps)

    def in_vain(self, ref: Ref, layout: Layout, steps: Steps) -> Iterable[Problem]:
        for path in () if self.keys.unit(steps) else self.shadowed(layout, steps):
            text = f"{ref}#{jsonc.pointer(steps)}: `{path}` sets it too, and `{self.place(layout, steps)}` wins"
            origin = Origin(layout.show(Claim(self.root, path)))
            yield Problem(origin, text, f"remove it from `{path}`", Severity.WARNING)

    def describe(self, layout: Layout, look: Look) -> Iterable[Found | Left]:
        """Every key that stands in our files and no other kind took, with the comments that YAML can carry."""
        return describing.describe(self, layout)


def layers(file: SettingsFile) -> Callable[[Claim, Layout], Sequence[Layer]]:
    """What each file of ours says of a key, the winner last."""

    def of(claim: Claim, layout: Layout) -> Sequence[Layer]:
        counted = file.counted(layout, claim.item)
        return [_layer(path, claim, layout) for path in counted if (file.root, path) in layout.texts]

    return of


def _layer(path: str, claim: Claim, layout: Layout) -> Layer:
    text = layout.texts[claim.root, path]
    root = shared_json.parsed(text)
    node = jsonc.find(root, claim.item) if root is not None else None
    where = layout.show(Claim(claim.root, path))
    if node is None:
        return Layer(where, "", False)
    line, _ = jsonc.position(text, node.start)
    return Layer(f"{where}:{line}", text[node.start : node.end], True)
