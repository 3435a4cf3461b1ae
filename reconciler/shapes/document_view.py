"""What a template sees: resources as plain values, and functions over them. Every answer it asks for is noted. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from reconciler.formats.meant import meant
from reconciler.formats.template_bounds import Refused
from reconciler.shapes import document_stamp
from reconciler.shapes.document_facts import Facts, Key

SEEN = frozenset(
    ("ref", "kind", "name", "spec", "body", "description", "source", "link", "links", "backlinks", "has_page")
)

OBSERVING = ("unmanaged", "seen", "looked")
"""Names that only documents of observed facts have."""


class View:
    """One output's view: `root` and `path` are where it lies, `document` whose it is, `asked` what it asked for."""

    def __init__(self, facts: Facts, root: str, path: str, document: str) -> None:
        self.facts, self.root, self.path, self.document = facts, root, path, document
        self.asked: set[Key] = set()

    def ask(self, *key: str) -> Any:
        self.asked.add(key)
        return self.facts.answer(key)

    def names(self, *, observed: bool) -> Mapping[str, Callable[..., Any]]:
        """The functions by the names that templates have for them."""
        known: dict[str, Callable[..., Any]] = {
            "resources": self.resources, "resource": self.resource, "ref": self.ref, "exists": self.exists,
            "source": self.source, "diagnoses": self.diagnoses, "stamp": lambda: document_stamp.PLACE,
        }  # fmt: skip
        seen: dict[str, Callable[..., Any]] = {"unmanaged": self.unmanaged, "seen": self.seen, "looked": self.looked}
        return {**known, **seen} if observed else known

    def resources(self, kind: str = "") -> list[Thing]:
        """All of a kind, by name."""
        return [Thing(self, ref) for ref in self.ask("names", kind)]

    def exists(self, ref: str) -> bool:
        return bool(self.ask("exists", ref))

    def resource(self, ref: str) -> Thing:
        """Raises Refused for one that git does not name."""
        if not self.exists(str(ref)):
            near = meant(str(ref), list(self.facts.resources))
            hint = f"did you mean `{near}`?" if near else "it must be a reference, as `agent/reviewer`"
            raise Refused(f"git names no `{ref}`", hint)
        return Thing(self, str(ref))

    def ref(self, ref: Any) -> str:
        """A link from this output to a resource's own page, else to its source."""
        return self.link(ref.ref if isinstance(ref, Thing) else self.resource(ref).ref)

    def link(self, ref: str) -> str:
        return self._to(*(self.ask("page", ref) or ("repository", self.ask("source", ref))))

    def source(self, ref: Any) -> str:
        """A link from this output to the file in desired-state/ that says a resource."""
        thing = ref if isinstance(ref, Thing) else self.resource(ref)
        return self._to("repository", self.ask("source", thing.ref))

    def diagnoses(self, kind: str) -> list[Mapping[str, str]]:
        """What can be wrong with things of a kind as they run: `sort` (probe or refusal), `name`, `symptom`, `means`,
        `remedy`."""
        found: list[Mapping[str, str]] = self.ask("diagnoses", kind)
        return found

    def _to(self, root: str, path: str) -> str:
        if root == self.root:
            start, end = f"/{posixpath.dirname(self.path)}", f"/{path}"
        else:
            start = f"{self.ask('folder', self.root)}/{posixpath.dirname(self.path)}"
            end = f"{self.ask('folder', root)}/{path}"
        return quote(posixpath.relpath(end, start), safe="/-._~@+,=")

    def unmanaged(self, root: str) -> list[str]:
        """The files below a root that stand here and that git does not name."""
        found: list[str] = self.ask("observed", root)
        return found

    def seen(self, ref: Any) -> Mapping[str, Any]:
        """What was last seen of a resource: `standing`, `drifted`, and of a server `state`, `port`, `version`,
        `process`, `since`, `sessions`, `busy`, `restarts`, `text`."""
        thing = ref if isinstance(ref, Thing) else self.resource(ref)
        found: Mapping[str, Any] = self.ask("seen", f"{self.document}|{thing.ref}")
        return found

    def looked(self) -> str:
        """When that was, in UTC; "" for never."""
        return str(self.ask("looked", self.document))


class Thing:
    """One resource."""

    def __init__(self, view: View, ref: str) -> None:
        self._view, self.ref = view, ref
        self.kind, _, self.name = ref.partition("/")

    def __str__(self) -> str:
        return self.ref

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing) and other.ref == self.ref

    def __hash__(self) -> int:
        return hash(self.ref)

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its front matter, or its YAML."""
        found: Mapping[str, Any] = self._view.ask("spec", self.ref)
        return found

    @property
    def body(self) -> str:
        return str(self._view.ask("body", self.ref))

    @property
    def description(self) -> str:
        return str(self.spec.get("description") or "")

    @property
    def source(self) -> str:
        """The file in desired-state/ that says it."""
        return str(self._view.ask("source", self.ref))

    @property
    def link(self) -> str:
        return self._view.link(self.ref)

    @property
    def has_page(self) -> bool:
        return self._view.ask("page", self.ref) is not None

    @property
    def links(self) -> list[Thing]:
        return [Thing(self._view, ref) for ref in self._view.ask("links", self.ref)]

    @property
    def backlinks(self) -> list[Thing]:
        return [Thing(self._view, ref) for ref in self._view.ask("backlinks", self.ref)]
