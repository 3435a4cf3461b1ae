"""A shared file that holds a list, as it stands → the desired state that names its items. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from reconciler.formats import jsonc, jsonc_edit, jsonc_to_yaml, masking
from reconciler.model.kind import Found, Left
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Claim, File, Layout, Source
from reconciler.shapes import shared_json
from reconciler.shapes.describing import DESIRED, secret
from reconciler.shapes.item_values import equal
from reconciler.shapes.shared_json import Leaf, Steps

if TYPE_CHECKING:
    from reconciler.shapes.items_file import ItemsFile

SECRET = "looks like a secret: it stays here, unowned"
HEIR = "one of the same name before it is not taken, and would be mistaken for it"


def describe(file: ItemsFile, layout: Layout) -> Iterable[Found | Left]:
    """One resource with every item that can be named in git; what can't is left, with the reason."""
    text = layout.texts.get((file.root, file.path))
    if text is None:
        return
    left, root = _broken(file.claim, text, layout), shared_json.parsed(text)
    if left is not None or root is None:
        yield from (one for one in [left] if one)
        return
    value = jsonc.value(root)
    if not isinstance(value, list):
        yield Left(file.claim, "not a list: nothing in it can be named")
        return
    out = {fault.spoils: fault.text for fault in file.faults(value)}
    yield from (Left(file.claim._replace(item=place), why) for place, why in out.items())
    yield from _named(file, text, out, layout)


def _named(file: ItemsFile, text: str, out: Mapping[Steps, str], layout: Layout) -> Iterable[Found | Left]:
    here, places = file.items.standing(text), file.items.places(text)
    kept = {name: leaf for name, leaf in here.items() if not _within(places[name], out)}
    for name in list(kept):
        claim = file.claim._replace(item=name)
        if _secret(claim, places[name], kept[name], layout):
            yield Left(claim, SECRET)
            del kept[name]
        elif claim in layout.taken:
            del kept[name]
    rest = _without(file, text, [*out, *(places[name] for name in here if name not in kept)])
    while heirs := [name for name, leaf in kept.items() if not equal(file.items.standing(rest).get(name), leaf)]:
        yield from (Left(file.claim._replace(item=name), HEIR) for name in heirs)
        kept = {name: leaf for name, leaf in kept.items() if name not in heirs}
        rest = _without(file, text, [*out, *(places[name] for name in here if name not in kept)])
    if kept:
        claims = tuple(file.claim._replace(item=name) for name in kept)
        yield Found(file.ref, (_source(file, rest, native=layout.native),), claims)


def _broken(claim: Claim, text: str, layout: Layout) -> Left | None:
    try:
        shared_json.tree(text)
    except jsonc.JsoncError as error:
        origin = Origin(layout.show(claim), error.line, error.column)
        problem = Problem(origin, f"not valid JSON: {error.message}", "mend it by hand, then import again")
        return Left(claim, problem.text, None if error.empty else problem)
    return None


def _within(place: Steps, out: Mapping[Steps, str]) -> bool:
    return any(place[:depth] in out for depth in range(1, len(place) + 1))


def _secret(claim: Claim, place: Steps, leaf: Leaf, layout: Layout) -> bool:
    included = f"{layout.show(claim)}#{jsonc.pointer(claim.item)}" in layout.include
    return not included and (secret(place, leaf.value) or any(map(masking.find, claim.item)))


def _without(file: ItemsFile, text: str, places: Iterable[Steps]) -> str:
    """The text less these places, and less what of the list is left without any item by that."""
    gone = set(places)
    for index in sorted({place[0] for place in gone}, key=int, reverse=True):
        inner = [place for place in gone if place[0] == index]
        if (index,) not in gone:
            text = jsonc_edit.edit(text, [jsonc_edit.Delete(place) for place in inner])
        left = any(place[0] == index for place in file.items.places(text).values())
        if (index,) in gone or not left:
            text = jsonc_edit.edit(text, [jsonc_edit.Delete((index,))])
    return text


def _source(file: ItemsFile, text: str, *, native: bool) -> Source:
    stem = f"{DESIRED}/{file.stem}"
    if not native:
        try:
            said = jsonc_to_yaml.convert([text], lambda steps: True)
            return Source(f"{stem}.yaml", File(said.encode("utf-8", "surrogatepass")))
        except ValueError:  # nested too deeply for YAML: then as it is
            pass
    return Source(f"{stem}.jsonc", File(jsonc.encode(text)))
