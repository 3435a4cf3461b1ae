"""A document, one of its outputs and the facts → the bytes that stand there. Pure, with a memory of what came out.

The bytes say by a digest what they were made from. What asks for the same answers and gets them is not rendered again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from hashlib import blake2b
from typing import NamedTuple

from reconciler.formats.template import Templates
from reconciler.model.problem import Invalid, Origin, Problem, Severity
from reconciler.model.resource import Ref
from reconciler.model.secret import END, START
from reconciler.shapes import owned_region
from reconciler.shapes.document_facts import Facts, Key, Place, masked
from reconciler.shapes.document_spec import Document, Output
from reconciler.shapes.document_stamp import Made, stamped
from reconciler.shapes.document_view import OBSERVING, SEEN, Thing, View

UNFIT = re.compile(f"[\0\ud800-\udfff{START}{END}]")
FORMAT = 1
FOLDER, ENDING = "templates/", ".j2"


class Kept(NamedTuple):
    """One rendering: a digest of what the document itself says, what it asked, the digest of the answers, the text as
    it stands in the output."""

    own: str
    asked: tuple[Key, ...]
    inputs: str
    text: str


Memory = MutableMapping[str, Kept]
MEMORY: dict[str, Kept] = {}
"""What came out of renderings in this process, and what was kept of earlier ones."""


def rendered(
    ref: Ref, document: Document, output: Output, item: Ref | None, place: Place, facts: Facts, memory: Memory
) -> Kept:
    """Raises Invalid for a template that cannot be rendered."""
    name = _name(ref, document, output, place, facts)
    own = _own(document, output, item)
    kept = memory.get(name)
    if kept is None or kept.own != own or kept.inputs != facts.digest(kept.asked):
        kept = memory[name] = _anew(ref, document, output, item, place, facts, own)
    return kept


def _name(ref: Ref, document: Document, output: Output, place: Place, facts: Facts) -> str:
    return f"{facts.loaded.settings.id}|{ref.name}|{document.asked.path}|{place[0]}|{place[1]}|{output.region}"


def _own(document: Document, output: Output, item: Ref | None) -> str:
    said = (FORMAT, document.asked.value, output.place, output.path, output.region, item and tuple(item))
    return blake2b(repr(said).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _anew(ref: Ref, document: Document, output: Output, item: Ref | None, place: Place, facts: Facts, own: str) -> Kept:
    view = View(facts, *place, ref.name)
    templates = Templates(lambda name: view.ask("template", name), FOLDER, {Thing: SEEN})
    values = {
        **view.names(observed=document.observed),
        "data": masked(document.values or {}, ""),
        "title": document.title,
        "document": ref.name,
        **({"item": Thing(view, str(item))} if item is not None else {}),
    }
    if facts.answer(("template", document.template)) is None:
        origin = document.asked.origin(("template",))
        inside = not {"", ".", ".."} & {*document.template.split("/")}
        hint = f"add `{FOLDER}{document.template}`" if inside else f"write its path below `{FOLDER}`"
        raise Invalid([Problem(origin, f"{ref}: there is no template `{document.template}`", hint)])
    try:
        text = templates.render(document.template, values)
    except Invalid as error:
        raise Invalid(_hinted(problem, document) for problem in error.problems) from None
    _fit(text, document, output)
    asked = tuple(sorted(view.asked))
    inputs = facts.digest(asked)
    return Kept(own, asked, inputs, stamped(Made(text, asked, f"{own}{inputs}"), ref, document, output))


def _hinted(problem: Problem, document: Document) -> Problem:
    """With what mends it, where a template asks for what the document does not let it see."""
    about_machine = any(problem.text == f"`{name}` is not known here" for name in OBSERVING)
    if document.observed or not about_machine:
        return problem
    return replace(problem, hint=f"add `observed: true` to `{document.asked.path}`: it shows this machine")


def unparsed(facts: Facts) -> Iterator[Problem]:
    """A warning for each template that nothing was rendered from and that is none."""
    templates = Templates(lambda name: facts.answer(("template", name)), FOLDER)
    for name in facts.loaded.templates:
        if name.endswith(ENDING) and not facts.asked_for(("template", name)):
            try:
                templates.parse(name)
            except Invalid as error:
                yield from (replace(problem, severity=Severity.WARNING) for problem in error.problems)


def _fit(text: str, document: Document, output: Output) -> None:
    where = Origin(f"{FOLDER}{document.template}")
    if UNFIT.search(text):
        raise Invalid([Problem(where, "it writes a character that no text holds", "take it out")])
    if output.region and (found := owned_region.disturbing(text.encode())):
        raise Invalid([Problem(where, found, "a region must leave its own marks readable")])
