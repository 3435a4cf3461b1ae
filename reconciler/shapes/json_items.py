"""Items of lists in a JSON file that is not ours, known by what they hold: how each is seen, brought about and handed
back, every other byte untouched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from reconciler.formats import jsonc, jsonc_edit, splices
from reconciler.model.change import ABSENT, Action, Change, Seen
from reconciler.model.fingerprint import fingerprint
from reconciler.model.outcome import Outcome, Status
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Claim, File
from reconciler.model.world import Edit, Look, World
from reconciler.shapes import owned_file, shared_json, veiling
from reconciler.shapes.item_values import CODEC, anew, equal, over
from reconciler.shapes.json_keys import SORTS, by_file
from reconciler.shapes.shared_json import Leaf, Steps, Unparsed

EMPTY = "[]\n"
HEIR = "another one of the same name stands in its place since, and the file was edited"
Outcomes = dict[Claim, Outcome]
Changes = Sequence[Change[Leaf]]


class Added(NamedTuple):
    """A text with new items, and what had to be made around each, by its name."""

    text: str
    made: Mapping[Steps, tuple[Steps, ...]]


class Removed(NamedTuple):
    """A text without some items, and what went with them of all that we had made around items."""

    text: str
    unmade: frozenset[Steps] = frozenset()


@dataclass(frozen=True, slots=True)
class JsonItems:
    """`named`: the name of each item of a list, which tells it from all others, and its place. `added` puts new items
    last; `removed` takes items out, and with the last of them what we made around it: that is named by how the names
    of items begin. `between`: what was made around an item on the way from one list to another that holds it."""

    named: Callable[[list[jsonc.Json]], Mapping[Steps, Steps]]
    added: Callable[[str, Sequence[tuple[Steps, object]]], Added]
    removed: Callable[[str, Mapping[Steps, Steps], frozenset[Steps]], Removed]
    between: Callable[[list[jsonc.Json], list[jsonc.Json], Steps], Sequence[Steps]]

    def standing(self, text: str) -> dict[Steps, Leaf]:
        """Every item of a file by its name; none where the file is no list."""
        root = shared_json.parsed(text)
        if root is None:
            return {}
        nodes = {name: jsonc.find(root, place) for name, place in self.places(text).items()}
        return {name: Leaf(jsonc.value(n), text[n.start : n.end]) for name, n in nodes.items() if n is not None}

    def places(self, text: str) -> Mapping[Steps, Steps]:
        return self.named(_list(text))

    def observe(self, claims: Sequence[Claim], look: Look, key: bytes) -> Iterable[Seen[Leaf]]:
        """What stands under each name; a file that does not parse is a problem of each."""
        for (root, path), group in by_file(claims).items():
            try:
                _, text = shared_json.standing(look, root, path, EMPTY.strip())
            except Unparsed as error:
                yield from (Seen(claim, None, "unreadable", error.problem) for claim in group)
                continue
            here = self.standing(text)
            for claim in group:
                leaf = here.get(claim.item)
                yield Seen(claim, leaf, fingerprint(leaf, CODEC, key))

    def act(self, changes: Changes, world: World) -> Iterable[Outcome]:
        """One edit per file, however many items change in it."""
        files: dict[tuple[str, str], list[Change[Leaf]]] = {}
        for change in changes:
            files.setdefault(change.claim[:2], []).append(change)
        for (root, path), group in files.items():
            yield from self._act(Claim(root, path), group, world)

    def _act(self, at: Claim, changes: Changes, world: World) -> Iterable[Outcome]:
        try:
            file, text = shared_json.standing(world, at.root, at.path, EMPTY.strip())
        except Unparsed as error:
            yield from (Outcome(c.claim, Status.FAILED, error.problem) for c in changes)
            return
        outcomes: Outcomes = {}
        after = self._exactly(text, changes, outcomes)
        if after is None:
            after = self._each(text, self._fresh(text, changes, outcomes, world), outcomes, world)
        if done := [c for c in changes if outcomes[c.claim].status is Status.DONE]:
            stands = _write(at, file, after, done, outcomes, world)
            first = outcomes[done[0].claim]
            before, now = veiling.secret_places(changes)
            before, now = self._at(text, before), self._at(stands, now)
            back = splices.reverse(veiling.veil(text, before), veiling.veil(stands, now))
            outcomes[first.claim] = replace(first, reverse=back)
        yield from outcomes.values()

    def _exactly(self, text: str, changes: Changes, outcomes: Outcomes) -> str | None:
        """An undo of all that one run did to a file which nobody has touched since: its very bytes."""
        exact = {change.exact for change in changes}
        if len(exact) != 1 or not changes[0].exact:
            return None
        before = self._back(exact.pop(), text, changes)
        if before is None:
            return None
        here, then = self.standing(text), self.standing(before)
        if not all(equal(then.get(c.claim.item), c.after) or _leaves_heir(c) for c in changes):
            return None
        others = veiling.secret_places(changes)[0].keys() - {change.claim.item for change in changes}
        if not all(equal(then.get(name), here.get(name)) for name in others):
            return None
        old, new = _list(text), _list(before)
        for change in changes:
            name, made, unmade = change.claim.item, [], set[Steps]()
            if change.action is Action.CREATE:
                made = [*self.between(old, new, name)]
            elif change.after is None:
                unmade = {*self.between(new, old, name)}
            outcomes[change.claim] = Outcome(
                change.claim,
                Status.DONE,
                heir=change.after is None and name in then,
                made=_made(change, text, made) if change.after else (),
                unmade=tuple(c for c in change.made if c.item in unmade),
            )
        return before

    def _back(self, exact: bytes, text: str, changes: Changes) -> str | None:
        now, then = veiling.secret_places(changes)
        veiled = splices.back(exact, veiling.veil(text, self._at(text, now)))
        if not veiled:
            return veiled
        return veiling.unveil(veiled, self._at(veiled, then), self._at(veiled, veiling.states_after(changes)), text)

    def _at(self, text: str, states: Mapping[Steps, Leaf]) -> Mapping[Steps, Leaf]:
        """By their places what is named."""
        places = self.places(text) if states else {}
        return {places[name]: leaf for name, leaf in states.items() if name in places}

    def _fresh(self, text: str, changes: Changes, outcomes: Outcomes, world: World) -> list[Change[Leaf]]:
        """The changes that find the text as they know it."""
        here = self.standing(text)
        root = shared_json.parsed(text)
        fresh = []
        for change in changes:
            if root is not None and root.kind != "array":
                outcomes[change.claim] = _failed(change, no_list(root, text, _shown(change, world)))
            elif change.action is Action.CREATE and change.before.state is not None:
                problem = _problem(change, HEIR, "put it back by hand, before the other one", world)
                outcomes[change.claim] = Outcome(change.claim, Status.STALE, problem)
            elif equal(here.get(change.claim.item), change.before.state):
                fresh.append(change)
            else:
                problem = _problem(change, "changed meanwhile", "plan again", world)
                outcomes[change.claim] = Outcome(change.claim, Status.STALE, problem)
        return fresh

    def _each(self, text: str, changes: Changes, outcomes: Outcomes, world: World) -> str:
        """Other values first, then what is new, in git's order, then what goes: so an emptied block may be filled."""
        other = [c for c in changes if c.after is not None and c.before.state is not None]
        after = self._set(text or EMPTY, other, outcomes, world)
        new = [c for c in changes if c.after is not None and c.before.state is None]
        after = self._add(after, text, sorted(new, key=_in_order), outcomes, world)
        back = [c for c in other if c.becomes is None and outcomes[c.claim].status is Status.DONE]
        return self._remove(after, [c for c in changes if c.after is None], back, outcomes, world)

    def _set(self, text: str, other: Changes, outcomes: Outcomes, world: World) -> str:
        """Other values all at once: of the whole list only what differs is written."""
        places, value = self.places(text), jsonc.value(shared_json.tree(text))
        for change in other:
            if change.before.state is not None and change.after is not None:
                _put(value, places[change.claim.item], over(change.before.state, change.after))
        try:
            edited = jsonc_edit.edit(text, [jsonc_edit.Set((), value)] if other else [])
        except jsonc_edit.EditError as error:
            outcomes |= {c.claim: _failed(c, _refused(error, c, world)) for c in other}
            return text
        outcomes |= {c.claim: Outcome(c.claim, Status.DONE) for c in other}
        return edited

    def _add(self, text: str, first: str, new: Changes, outcomes: Outcomes, world: World) -> str:
        """New items all at once; one that would go by another name, since others before it are not there, waits."""
        try:
            added = self.added(text, [(c.claim.item, anew(c.after)) for c in new if c.after])
        except jsonc_edit.EditError as error:
            outcomes |= {c.claim: _failed(c, _refused(error, c, world)) for c in new}
            return text
        then = self.standing(added.text)
        if astray := [c for c in new if not equal(then.get(c.claim.item), c.after)]:
            why = "one of the same name that belongs before it is not there"
            outcomes |= {c.claim: _failed(c, _problem(c, why, "plan again", world)) for c in astray}
            return self._add(text, first, [c for c in new if c not in astray], outcomes, world)
        for change in new:
            made = _made(change, first, added.made.get(change.claim.item, ()))
            outcomes[change.claim] = Outcome(change.claim, Status.DONE, made=made)
        return added.text

    def _remove(self, text: str, gone: Changes, back: Changes, outcomes: Outcomes, world: World) -> str:
        """What goes, all at once; not one whose name another item of ours would take: nobody could tell them apart
        again. What was handed `back` just now is ours no more, and goes by whatever name."""
        places, made = self.places(text), frozenset(c.item for change in gone for c in change.made)
        removed = self.removed(text, {c.claim.item: places[c.claim.item] for c in gone if c.before.state}, made)
        then = self.standing(removed.text)
        heirs = [c for c in gone if c.claim.item in then]
        if heirs and self._astray(text, then, [*gone, *back]):
            why = "another one of the same name stands after it and would take its place"
            hint = "remove either of them by hand, then apply again"
            outcomes |= {c.claim: _failed(c, _problem(c, why, hint, world)) for c in heirs}
            return self._remove(text, [c for c in gone if c not in heirs], back, outcomes, world)
        renamed = [c.claim for c in back if not equal(then.get(c.claim.item), c.after)]
        outcomes |= {claim: replace(outcomes[claim], heir=True) for claim in renamed}
        for change in gone:
            unmade = tuple(c for c in change.made if c.item in removed.unmade)
            outcomes[change.claim] = Outcome(change.claim, Status.DONE, unmade=unmade, heir=change in heirs)
        return removed.text

    def _astray(self, text: str, then: Mapping[Steps, Leaf], gone: Changes) -> bool:
        """Whether anything else of ours would go by another name."""
        here, going = self.standing(text), {c.claim for c in gone}
        kin = {claim.item for change in gone for claim in change.kin if claim not in going}
        return any(not equal(here.get(name), then.get(name)) for name in kin)


def _leaves_heir(change: Change[Leaf]) -> bool:
    """A removal after which another item goes by the name, as it did before."""
    return change.after is None and change.fingerprint != ABSENT


def _list(text: str) -> list[jsonc.Json]:
    root = shared_json.parsed(text)
    value = jsonc.value(root) if root is not None else None
    return value if isinstance(value, list) else []


def _put(value: Any, place: Steps, new: object) -> None:
    *way, last = place
    for step in way:
        value = value[int(step)] if isinstance(value, list) else value[step]
    value[int(last) if isinstance(value, list) else last] = new


def _write(at: Claim, file: File | None, text: str, done: Changes, outcomes: Outcomes, world: World) -> str:
    """Brings the file about; the text that stands there then."""
    ours = at in {claim for change in done for claim in change.made}
    gone = not text or (ours and "".join(text.split()) == "[]")
    after = None if gone else File(jsonc.encode(text), file.executable if file else False)
    [edited] = world.edit([Edit(at.root, at.path, file, after)])
    for change in done:
        outcome, whole = outcomes[change.claim], owned_file.outcome(change, edited, world)
        if whole.status is not Status.DONE:
            outcomes[change.claim] = whole
        elif gone:
            file_too = (at,) if at in change.made else ()
            unmade = (*outcome.unmade, *file_too, *whole.unmade)
            outcomes[change.claim] = replace(outcome, unmade=tuple(dict.fromkeys(unmade)))
        else:
            outcomes[change.claim] = replace(outcome, made=(*whole.made, *outcome.made))
    return "" if gone else text


def no_list(root: jsonc.Node, text: str, where: str) -> Problem:
    """A file whose root can hold no items."""
    what = f"the file is {SORTS.get(root.kind, 'a map')} here, and git asks for items of a list"
    return Problem(Origin(where, *jsonc.position(text, root.start)), what, "mend it by hand, or take it out of git")


def _in_order(change: Change[Leaf]) -> tuple[int, Origin, list[tuple[int, str]]]:
    """As git lists them; 9 before 10."""
    return change.target.rank, change.target.origin, [(len(step), step) for step in change.claim.item]


def _made(change: Change[Leaf], first: str, around: Iterable[Steps]) -> tuple[Claim, ...]:
    at = Claim(*change.claim[:2])
    made = tuple(at._replace(item=name) for name in around)
    return made if first else (at, *made)


def _shown(change: Change[Leaf], world: World) -> str:
    return world.show(change.claim.root, change.claim.path)


def _problem(change: Change[Leaf], text: str, hint: str, world: World) -> Problem:
    return Problem(Origin(_shown(change, world)), f"{change.ref}#{change.target.part}: {text}", hint)


def _refused(error: jsonc_edit.EditError, change: Change[Leaf], world: World) -> Problem:
    return Problem(Origin(_shown(change, world), error.line, error.column), error.message)


def _failed(change: Change[Leaf], problem: Problem) -> Outcome:
    return Outcome(change.claim, Status.FAILED, problem)
