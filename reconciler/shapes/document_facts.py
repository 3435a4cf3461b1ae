"""Everything a commit says, and what stands here → what templates may ask, each answer with a digest. Pure.

An answer is known by a key: which of them a rendering asked for is what it depends on, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any

from reconciler.formats import frontmatter, masking
from reconciler.model.problem import Invalid
from reconciler.model.resource import Layout, Loaded, Ref, Resource, Sight, Source
from reconciler.model.secret import MARKED
from reconciler.shapes import asked, server_diagnoses

Key = tuple[str, ...]
Place = tuple[str, str]
"""A root, and a path below it."""
QUESTIONS = frozenset(
    ("names", "exists", "template", "spec", "body", "source", "page", "folder", "links", "backlinks", "observed",
     "diagnoses", "seen", "looked")
)  # fmt: skip
OF_NAMES = ("names", "exists")
OF_ONE = ("spec", "body", "source", "page", "links", "backlinks")
DEEP = frozenset(("spec", "seen", "diagnoses"))
"""Answers of which equal ones may read otherwise: true is 1."""
HIDDEN = "•••"
MOST = 20_000
"""So many resources are remembered as they were read."""
UNSEEN = {"standing": "", "drifted": False}
UNSEEN_SERVER = {
    "state": "unknown", "port": 0, "version": "", "process": 0, "since": "", "sessions": 0, "busy": 0, "restarts": 0,
    "text": "",
}  # fmt: skip
"""Of a thing that nobody has looked at yet."""
DIGESTS: dict[Key, tuple[Any, bytes]] = {}
"""The last answer to each question in this process, and its digest."""
NOTHING: tuple[Any, bytes] = (None, b"")
WORD = re.compile(r"@?[A-Za-z0-9_][\w./-]*\w|@?\w")
PROMPTS = {"agent": "agent", "command": "command"}


@dataclass(frozen=True)
class Said:
    """One resource as plain data: no secret in it is said, nor where it would come from."""

    spec: Mapping[str, Any]
    body: str


class Facts:
    """What one commit and one look say. `pages`: where each resource has a page of its own; `outputs`: every file that
    a document writes; `grounds`: what those two follow from."""

    def __init__(
        self,
        loaded: Loaded,
        layout: Layout | None,
        pages: Mapping[Ref, Place],
        outputs: frozenset[Place],
        grounds: object = None,
    ) -> None:
        self.loaded, self.layout, self.pages, self.outputs, self.grounds = loaded, layout, pages, outputs, grounds
        self._answers: dict[Key, Any] = {}
        self._digests: dict[Key, bytes] = {}
        self._kept_names: Mapping[str, Sequence[str]] = {}

    def carry(self, before: Facts, same: AbstractSet[str], alike: bool) -> None:
        """Takes over what cannot be otherwise: `same` are the resources whose files say what they said; `alike`: there
        are the same ones as before."""
        # What is named by something that names others now, or did, has other backlinks.
        carried: dict[str, AbstractSet[str]] = dict.fromkeys(("spec", "body", "source"), same)
        every = self.resources.keys() if alike else frozenset[str]()
        if self.grounds is before.grounds:
            carried["page"] = every
        named = before.__dict__.get("_named", before._kept_names)
        if alike and len(named) == len(every):
            moved = {ref: list(self._mentioned(self.resources[ref])) for ref in every if ref not in same}
            shaken = {other for ref, names in moved.items() for other in {*names} ^ {*named[ref]}}
            self._kept_names = {**named, **moved}
            carried |= {"links": same, "backlinks": every - shaken}
        self._digests = {
            key: digest
            for key, digest in before._digests.items()
            if (key[1] in carried[key[0]] if key[0] in carried else alike and key[0] in OF_NAMES)
        }

    @cached_property
    def resources(self) -> Mapping[str, Resource[Any]]:
        return {str(resource.ref): resource for resource in self.loaded.resources}

    def answer(self, key: Key) -> Any:
        """Plain data; None where there is nothing of the kind."""
        if key not in self._answers:
            if len(key) != 2 or key[0] not in QUESTIONS:
                return None
            gone = key[0] in OF_ONE and key[1] not in self.resources
            self._answers[key] = None if gone else getattr(self, f"_{key[0]}")(*key[1:])
        return self._answers[key]

    def asked_for(self, key: Key) -> bool:
        """Whether anybody did."""
        return key in self._answers

    def digest(self, keys: Sequence[Key]) -> str:
        """16 hex digits of all these answers, in their order."""
        known = self._digests
        return blake2b(b"".join([known.get(key) or self._digest(key) for key in keys]), digest_size=8).hexdigest()

    def _digest(self, key: Key) -> bytes:
        answer, (before, digest) = self.answer(key), DIGESTS.get(key, NOTHING)
        if not (digest and (answer is before or (key[0] not in DEEP and answer == before))):
            digest = blake2b(repr((key, answer)).encode("utf-8", "surrogatepass"), digest_size=16).digest()
            if len(DIGESTS) > 10 * MOST:
                DIGESTS.clear()
            DIGESTS[key] = answer, digest
        self._digests[key] = digest
        return digest

    def _names(self, kind: str = "") -> list[str]:
        return [ref for ref, resource in self.resources.items() if not kind or resource.ref.kind == kind]

    def _exists(self, ref: str) -> bool:
        return ref in self.resources

    def _template(self, name: str) -> str | None:
        file = self.loaded.templates.get(name)
        return None if file is None else file.content.decode("utf-8", "replace").removeprefix("\ufeff")

    def _spec(self, ref: str) -> Mapping[str, Any]:
        return self._plain(ref).spec

    def _body(self, ref: str) -> str:
        return self._plain(ref).body

    def _source(self, ref: str) -> str:
        return self.resources[ref].origin.path

    def _page(self, ref: str) -> tuple[str, str] | None:
        return self.pages.get(self.resources[ref].ref)

    def _folder(self, root: str) -> str:
        return self.layout.places[root].folder if self.layout is not None and root in self.layout.places else root

    def _links(self, ref: str) -> list[str]:
        """The resources that one names."""
        return [other for other in self._named.get(ref, ()) if other != ref]

    def _backlinks(self, ref: str) -> list[str]:
        return self._naming.get(ref, [])

    def _observed(self, root: str) -> list[str]:
        """The files below a root that git does not name."""
        if self.layout is None or root not in self.layout.places:
            return []
        ours = {claim.path for parts in self.layout.held.values() for claim in parts.values() if claim.root == root}
        ours |= {claim.path for claim in self.layout.taken if claim.root == root}
        ours |= {path for place, path in self.outputs if place == root}
        return sorted(set(self.layout.places[root].files) - ours)

    def _diagnoses(self, kind: str) -> list[Mapping[str, str]]:
        """What can be wrong with things of a kind as they run."""
        return server_diagnoses.told() if kind == "server" else []

    def _seen(self, what: str) -> Mapping[str, Any]:
        """What was seen of a thing, for one document: a document, and a reference."""
        document, _, ref = what.partition("|")
        things = self._sight(document).things
        unknown = UNSEEN_SERVER if ref.startswith("server/") else {}
        return {**UNSEEN, **unknown, **things.get(ref, {})}

    def _looked(self, document: str) -> str:
        return self._sight(document).at

    def _sight(self, document: str) -> Sight:
        return self.layout.sights.get(document, Sight()) if self.layout is not None else Sight()

    def _plain(self, ref: str) -> Said:
        key = ("plain", ref)
        if key not in self._answers:
            self._answers[key] = said(self.resources[ref].ref.kind, self.resources[ref].sources)
        found: Said = self._answers[key]
        return found

    @cached_property
    def _named(self) -> Mapping[str, Sequence[str]]:
        kept = self._kept_names
        return {ref: kept[ref] if ref in kept else list(self._mentioned(one)) for ref, one in self.resources.items()}

    @cached_property
    def _naming(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for ref, named in self._named.items():
            for other in named:
                if other != ref:
                    found.setdefault(other, []).append(ref)
        return found

    def _mentioned(self, resource: Resource[Any]) -> Iterable[str]:
        """`agent/x`, `@x` and `/x` in any text; an agent's bare name where it stands for itself."""
        found: dict[str, None] = {}
        for ref in words(resource.sources):
            if ref in self.resources:
                found[ref] = None
        agent = self._front_agent(resource)
        if agent in self.resources:
            found[agent] = None
        return found

    def _front_agent(self, resource: Resource[Any]) -> str:
        front = getattr(resource.spec, "front", None)
        return f"agent/{front['agent']}" if isinstance(front, Mapping) and isinstance(front.get("agent"), str) else ""


@lru_cache(maxsize=MOST)
def words(sources: Sequence[Source]) -> tuple[str, ...]:
    """What may be a reference in files, each once."""
    found: dict[str, None] = {}
    for source in sources:
        # few texts between blanks can hold a reference, and most of those stand there many times
        for text in dict.fromkeys(source.file.content.decode("utf-8", "replace").split()):
            for word in WORD.findall(text) if "@" in text or "/" in text else ():
                if word[0] == "@" or "/" in word:
                    found[word] = found[f"agent/{word.lstrip('@')}"] = None
    return tuple(found)


@lru_cache(maxsize=MOST)
def said(kind: str, sources: Sequence[Source]) -> Said:
    """A resource's files as plain data; one that is a file like any other says nothing but its name."""
    spec: dict[str, Any] = {}
    body = ""
    for source in sources:
        try:
            if source.path.endswith(".md"):
                parsed = frontmatter.parse(source.file.content, source.path)
                spec, body = {**parsed.front, **spec}, body or parsed.body
            elif source.path.endswith(asked.SUFFIXES):
                value = asked.read([source]).value
                spec = {**value, **spec} if isinstance(value, dict) else spec
        except Invalid:
            continue
    if not body and isinstance(spec.get("prompt"), str) and kind in PROMPTS:
        body = str(spec.pop("prompt"))
    plain = masked(spec, "")
    return Said(plain if isinstance(plain, dict) else {}, _clear(body))


def masked(value: Any, key: str) -> Any:
    """Plain data without secrets, and without references to them."""
    if isinstance(value, Mapping):
        return {str(name): masked(one, str(name)) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked(one, key) for one in value]
    if isinstance(value, str):
        return HIDDEN if masking.value_looks_secret(key, value) else MARKED.sub(HIDDEN, value)
    return value if value is None or isinstance(value, bool | int | float) else HIDDEN


def _clear(text: str) -> str:
    spans = masking.find(text)
    for span in reversed(spans):
        text = text[: span.start] + HIDDEN + text[span.end :]
    return MARKED.sub(HIDDEN, text)
