"""A document and all that was loaded → its outputs as targets, rendered. Pure, with the memory of renderings."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.model.resource import Claim, File, Layout, Loaded, Ref, Resource, Target
from reconciler.shapes import document_again, document_rendering, document_types
from reconciler.shapes.document_facts import Facts, Key, Place, said
from reconciler.shapes.document_spec import Document, Output
from reconciler.shapes.document_state import MARK, State
from reconciler.shapes.owned_region import Region


def targets(resource: Resource[Document], loaded: Loaded, layout: Layout) -> Sequence[Target[State]]:
    """Raises Invalid with every template that cannot be rendered, and for an output below an unknown root."""
    known = facts(Once(loaded, layout))
    if (again := document_again.targets(resource, known)) is not None:
        return again
    found: list[Target[State]] = []
    problems: list[Problem] = []
    asked: set[Key] = set()
    for output, item in outputs(resource.spec, loaded):
        try:
            place = placed(output, item, loaded, layout)
            claim = _claim(resource, output, place, layout)
            made = (resource.ref, resource.spec, output, item, place)
            kept = document_rendering.rendered(*made, known, document_rendering.MEMORY)
        except Invalid as error:
            problems += error.problems
        else:
            asked.update(kept.asked)
            text = kept.text.encode()
            state: State = Region(text, rendered=True) if output.region else File(text, text.startswith(b"#!"))
            found.append(Target(resource.ref, part(claim), claim, state, output.origin))
    if problems:
        raise Invalid(problems)
    if all(target.claim.root in (HERE, PROJECTS) for target in found):  # other roots are looked at for each claim
        document_again.keep(resource, known, sorted(asked), found)
    return found


def mistakes(loaded: Loaded, layout: Layout, memory: document_rendering.Memory) -> Iterator[Problem]:
    """What is wrong with documents whatever stands here: templates that cannot be rendered, servers that there are
    none of, outputs that two of them ask for; warnings about templates that nothing uses and that are none."""
    known = facts(Once(loaded, layout))
    taken: dict[Place, dict[str, Ref]] = {}
    first: dict[Place, tuple[Ref, Origin]] = {}
    types = document_types.known(loaded.settings)
    for resource in loaded.resources:
        if resource.ref.kind == "document" and resource.spec.type and resource.spec.type not in types:
            yield document_types.unknown(resource.spec.type, types, resource.spec.asked.origin(("type",)))
        for output, item in outputs(resource.spec, loaded) if resource.ref.kind == "document" else ():
            place = placed(output, item, loaded, layout)
            others = taken.setdefault(place, {})
            other = (
                others.get(output.region) or others.get("") or (not output.region and next(iter(others.values()), None))
            )
            if other:
                text = f"{resource.ref} and {other} both ask for `{output.at(item)}`"
                yield Problem(output.origin, text, "remove one of them")
            others[output.region] = resource.ref
            first.setdefault(place, (resource.ref, output.origin))
            if place[0].startswith(PROJECT):
                yield _nowhere(resource.ref, output)
            # What was seen of a machine is not remembered from here: a plan sees more.
            known_already = {} if resource.spec.observed else memory
            try:
                document_rendering.rendered(resource.ref, resource.spec, output, item, place, known, known_already)
            except Invalid as error:
                yield from error.problems
    yield from _below_files(first)
    yield from document_rendering.unparsed(known)


def _below_files(first: Mapping[Place, tuple[Ref, Origin]]) -> Iterator[Problem]:
    """Outputs that need a folder where another one is a file."""
    for (root, path), (ref, origin) in first.items():
        above = path
        while above := above.rpartition("/")[0]:
            if (root, above) in first:
                text = f"{ref} needs the folder `{above}`, where {first[root, above][0]} asks for a file"
                yield Problem(origin, text, "rename one of them")


HERE, PROJECTS, PROJECT = "repository", "projects", "project/"


class Once:
    """What is loaded and what stands, known by being these very objects."""

    def __init__(self, loaded: Loaded, layout: Layout | None) -> None:
        self.loaded, self.layout = loaded, layout

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Once) and self.loaded is other.loaded and self.layout is other.layout

    def __hash__(self) -> int:
        return hash((id(self.loaded), id(self.layout)))


@lru_cache(maxsize=2)
def facts(once: Once) -> Facts:
    """The facts of one plan, shared by its documents."""
    return document_again.facts(once.loaded, once.layout, _facts)


def _facts(loaded: Loaded, layout: Layout | None, grounds: object) -> Facts:
    documents = [resource.spec for resource in loaded.resources if resource.ref.kind == "document"]
    written = {
        placed(output, item, loaded, layout) for document in documents for output, item in outputs(document, loaded)
    }
    return Facts(loaded, layout, pages(loaded, layout), frozenset(written), grounds)


def outputs(document: Document, loaded: Loaded) -> Iterator[tuple[Output, Ref | None]]:
    """Every output, with the resource it is about."""
    items: Iterable[Ref | None] = [None]
    if document.each:
        items = [resource.ref for resource in loaded.resources if resource.ref.kind == document.each]
    return ((output, item) for output in document.outputs for item in items)


def pages(loaded: Loaded, layout: Layout | None) -> Mapping[Ref, tuple[str, str]]:
    """Where each resource has its own page, and each document lies; in this repository rather than elsewhere."""
    found: dict[Ref, tuple[str, str]] = {}
    for resource in loaded.resources:
        if resource.ref.kind == "document":
            for output, item in outputs(resource.spec, loaded):
                about = item or resource.ref
                place = placed(output, item, loaded, layout)
                better = place[0] == HERE and found.get(about, ("",))[0] != HERE
                if not output.region and (about not in found or better):
                    found[about] = place
    return found


def placed(output: Output, item: Ref | None, loaded: Loaded, layout: Layout | None) -> Place:
    """The root an output lies below, and its path there. In the folder of a server it goes by its full path, unless
    it lies below another root, whose rules hold; where there is no such server, the place stays as it was written."""
    path, name = output.at(item), output.place.removeprefix(PROJECT)
    if name == output.place or layout is None:
        return output.place, path
    server = next((r for r in loaded.resources if r.ref == Ref("server", name)), None)
    if server is None:
        return output.place, path
    folder = str(said("server", server.sources).spec.get("path", ""))
    folder = layout.home + folder[1:] if folder == "~" or folder.startswith("~/") else folder
    full = posixpath.normpath(f"{folder.rstrip('/')}/{path}")
    around = [
        (len(p.folder), root) for root, p in layout.places.items() if p.folder and full.startswith(f"{p.folder}/")
    ]
    length, root = max(around, default=(0, PROJECTS))
    return root, full[length + 1 :]


def part(claim: Claim) -> str:
    """What one output of a document is called."""
    whole = claim.path if claim.root == "repository" else f"{claim.root}:{claim.path}"
    return f"{whole} ({claim.item[1]})" if claim.item else whole


def _claim(resource: Resource[Document], output: Output, place: Place, layout: Layout) -> Claim:
    root, path = place
    if root not in layout.places:
        raise Invalid([_nowhere(resource.ref, output)])
    if not output.region:
        path = layout.places[root].standing(path) or path
    return Claim(root, path, (MARK, output.region) if output.region else ())


def _nowhere(ref: Ref, output: Output) -> Problem:
    hint = "`project/NAME` is the folder of `servers/NAME.yaml`"
    return Problem(output.origin, f"{ref}: there is no `{output.place}` here", hint)
