"""What documents came to in one plan → how much of that holds for the next one of a process. Pure, with a memory.

Everything is compared by what it says. What is taken over spares a look at a thousand documents where one has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from reconciler.model.resource import Layout, Loaded, Resource, Source, Target
from reconciler.shapes.document_facts import Facts, Key

MOST = 20_000
Sources = Mapping[str, Sequence[Source]]


class Earlier(NamedTuple):
    """The facts of an earlier plan, what was said then, and where roots lay."""

    facts: Facts
    sources: Sources
    folders: object


class Made(NamedTuple):
    """What a document came to, and from what: the grounds, which all declarations are a part of, and the answers."""

    grounds: object
    asked: Sequence[Key]
    inputs: str
    targets: Sequence[Target[Any]]


EARLIER: dict[str, Earlier] = {}
MADE: dict[tuple[str, str], Made] = {}


def facts(loaded: Loaded, layout: Layout | None, anew: Callable[[Loaded, Layout | None, object], Facts]) -> Facts:
    """Those of one plan; `anew` makes them where they are not as they were."""
    sources = {str(resource.ref): resource.sources for resource in loaded.resources}
    folders = layout and (layout.home, [(place.root, place.folder) for place in layout.places.values()])
    before = EARLIER.get(loaded.settings.id)
    if before is None:
        found = anew(loaded, layout, object())
    else:
        same = {ref for ref, said in sources.items() if before.sources.get(ref) == said}
        alike = list(sources) == list(before.sources)
        placing = (ref for ref in sources if ref.startswith(("document/", "server/")))
        if alike and folders == before.folders and all(ref in same for ref in placing):
            found = Facts(loaded, layout, before.facts.pages, before.facts.outputs, before.facts.grounds)
        else:
            found = anew(loaded, layout, object())
        found.carry(before.facts, same, alike)
    EARLIER[loaded.settings.id] = Earlier(found, sources, folders)
    return found


def targets(resource: Resource[Any], known: Facts) -> Sequence[Target[Any]] | None:
    """What a document came to before, where all it depends on is as it was; None where it has to be looked at."""
    made = MADE.get((known.loaded.settings.id, resource.ref.name))
    if made is None or made.grounds is not known.grounds:
        return None
    return made.targets if known.digest(made.asked) == made.inputs else None


def keep(resource: Resource[Any], known: Facts, asked: Sequence[Key], made: Sequence[Target[Any]]) -> None:
    """For the next plan."""
    if len(MADE) > MOST:
        MADE.clear()
    MADE[known.loaded.settings.id, resource.ref.name] = Made(known.grounds, asked, known.digest(asked), made)
