"""Keys of a JSON file that is not ours: how each is seen, brought about and handed back, every other byte untouched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.formats import jsonc, jsonc_beside, jsonc_edit, splices
from reconciler.formats.jsonc_edit import Raw
from reconciler.model.change import NULL, Change, Diff, FieldChange, Seen
from reconciler.model.diff import field_changes, list_changes
from reconciler.model.fingerprint import fingerprint
from reconciler.model.outcome import NOT_REMOVED, Outcome, Status
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Claim, File
from reconciler.model.world import Edit, Look, World
from reconciler.shapes import owned_file, shared_json, veiling
from reconciler.shapes.shared_json import CODEC, IMPLIED, Leaf, Old, Steps, Unparsed

Outcomes = dict[Claim, Outcome]
SORTS = {"array": "a list", "string": "a text", "number": "a number", "null": "null", "true": "true", "false": "false"}


def never(steps: Steps) -> bool:
    return False


def nowhere(steps: Steps) -> Iterable[Old]:
    return ()


@dataclass(frozen=True, slots=True)
class JsonKeys:
    """`unit`: which keys hold an object that is one leaf, compared in order. `old`: where older versions kept a key."""

    unit: Callable[[Steps], bool] = never
    old: Callable[[Steps], Iterable[Old]] = nowhere

    def leaves(self, value: jsonc.Json, steps: Steps = ()) -> Iterable[tuple[Steps, Leaf]]:
        """Every leaf of a value: scalars, arrays, empty objects and units."""
        if isinstance(value, dict) and steps and self.unit(steps):
            yield steps, Leaf(value, ordered=True)
        elif isinstance(value, dict) and (value or not steps):
            for key, item in value.items():
                yield from self.leaves(item, (*steps, key))
        else:
            yield steps, Leaf(value)

    def observe(self, claims: Sequence[Claim], look: Look, key: bytes) -> Iterable[Seen[Leaf]]:
        """What stands at each key; a file that does not parse is a problem of each."""
        for (root, path), group in by_file(claims).items():
            try:
                _, text = shared_json.standing(look, root, path)
            except Unparsed as error:
                yield from (Seen(claim, None, "unreadable", error.problem) for claim in group)
                continue
            for claim in group:
                yield self._seen(claim, text, look, key)

    def _seen(self, claim: Claim, text: str, look: Look, key: bytes) -> Seen[Leaf]:
        leaf = self.at(text, claim.item)
        if leaf is not None and leaf.behind == () and (root := shared_json.tree(text)).kind != "object":
            origin = Origin(look.show(claim.root, claim.path), *jsonc.position(text, root.start))
            what = f"{SORTS[root.kind]} stands here, and git asks for keys"
            return Seen(claim, None, "unreadable", Problem(origin, what, "put what it holds below a key"))
        way = claim._replace(item=leaf.behind) if leaf is not None and leaf.behind else None
        return Seen(claim, leaf, fingerprint(leaf, CODEC, key), behind=way)

    def at(self, text: str, steps: Steps) -> Leaf | None:
        """What stands at a key, in its own place or an older one."""
        leaf = shared_json.leaf(text, steps, self.unit(steps))
        if leaf is not None and not isinstance(leaf.value, dict):
            return leaf
        for old in self.old(steps):
            found = shared_json.leaf(text, old.steps, False)
            if found is not None and (value := old.read(found.value)) is not None and not isinstance(value, dict):
                return Leaf(value, found.raw, spelled=old.spelled)
        return (
            None if any(old.holder == steps for old in self.old(steps)) else leaf or shared_json.in_the_way(text, steps)
        )

    def act(self, changes: Sequence[Change[Leaf]], world: World) -> Iterable[Outcome]:
        """One edit per file, however many keys change in it."""
        files: dict[tuple[str, str], list[Change[Leaf]]] = {}
        for change in changes:
            files.setdefault(change.claim[:2], []).append(change)
        for (root, path), group in files.items():
            yield from self._act(root, path, group, world)

    def _act(self, root: str, path: str, changes: Sequence[Change[Leaf]], world: World) -> Iterable[Outcome]:
        try:
            file, text = shared_json.standing(world, root, path)
        except Unparsed as error:
            yield from (Outcome(c.claim, Status.FAILED, error.problem) for c in changes)
            return
        outcomes: Outcomes = {}
        after = self._exactly(text, changes, outcomes)
        if after is None:
            after = self._all(text, sorted(changes, key=_turn), outcomes, world)
        done = [c for c in changes if outcomes[c.claim].status is Status.DONE]
        if done:
            stands = self._write(root, path, file, after, done, outcomes, world)
            first = outcomes[done[0].claim]
            before, now = veiling.secret_places(changes)
            back = splices.reverse(veiling.veil(text, before), veiling.veil(stands, now))
            outcomes[first.claim] = replace(first, reverse=back)
        yield from outcomes.values()

    def _all(self, text: str, changes: Sequence[Change[Leaf]], outcomes: Outcomes, world: World) -> str:
        """No key goes where one that may replace it did not come."""
        after = self._each(text, changes, outcomes, world)
        coming = [change for change in changes if change.after is not None]
        if len(coming) == len(changes) or all(outcomes[c.claim].status is Status.DONE for c in coming):
            return after
        for change in changes:
            if change.after is None:
                problem = Problem(Origin(str(change.ref)), NOT_REMOVED, "mend those, then apply again")
                outcomes[change.claim] = Outcome(change.claim, Status.SKIPPED, problem)
        return self._each(text, coming, outcomes, world)

    def _each(self, text: str, changes: Sequence[Change[Leaf]], outcomes: Outcomes, world: World) -> str:
        if not text:
            return _fresh(changes, outcomes)
        after = text
        for change in changes:
            after = self._edited(after, change, outcomes, world)
        return after

    def _exactly(self, text: str, changes: Sequence[Change[Leaf]], outcomes: Outcomes) -> str | None:
        """An undo of all that one run did to a file which nobody has touched since: its very bytes."""
        exact = {change.exact for change in changes}
        if len(exact) != 1 or not changes[0].exact:
            return None
        now, then = veiling.secret_places(changes)
        veiled = splices.back(exact.pop(), veiling.veil(text, now))
        before = veiled and veiling.unveil(veiled, then, veiling.states_after(changes), text)
        if before is None or not all(_equal(self.at(before, c.claim.item), c.after) for c in changes):
            return None
        others = now.keys() - {change.claim.item for change in changes}
        if not all(_equal(self.at(before, steps), self.at(text, steps)) for steps in others):
            return None
        for change in changes:
            made = _made(change.claim, text) if change.after is not None else ()
            outcomes[change.claim] = Outcome(change.claim, Status.DONE, made=made, unmade=_unmade(change, before))
        return before

    def _edited(self, text: str, change: Change[Leaf], outcomes: Outcomes, world: World) -> str:
        claim = change.claim
        where = Origin(world.show(claim.root, claim.path))
        before = change.before.state
        now = self.at(text, claim.item)
        if change.after is not None and change.after.behind and _equal(now, change.after):
            outcomes[claim] = Outcome(claim, Status.DONE)
            return text
        if not _equal(now, before) and not _goes_along(before, now):
            problem = Problem(where, f"{change.ref}#{jsonc.pointer(claim.item)}: changed meanwhile", "plan again")
            outcomes[claim] = Outcome(claim, Status.STALE, problem)
            return text
        try:
            edited = _done(jsonc_edit.edit(text, list(self._room(text, claim.item))), change)
            if now is None and change.after is not None and change.after.beside and not _elsewhere(change.after):
                edited = jsonc_beside.with_beside(edited, claim.item, change.after.beside)
        except (jsonc_edit.EditError, jsonc.JsoncError) as error:
            problem = Problem(Origin(where.path, error.line, error.column), error.message)
            outcomes[claim] = Outcome(claim, Status.FAILED, problem)
            return text
        made = _made(claim, text) if change.after is not None and not _elsewhere(change.after) else ()
        outcomes[claim] = Outcome(claim, Status.DONE, made=made, unmade=_unmade(change, edited))
        return edited

    def _room(self, text: str, steps: Steps) -> Iterable[jsonc_edit.Edit]:
        """What an older spelling needs first."""
        now = self.at(text, steps)
        spelled = now.spelled if now is not None else ()
        return next((_respelled(text, o) for o in self.old(steps) if o.steps == spelled), ())

    def _write(
        self, root: str, path: str, file: File | None, text: str, done: Sequence[Change[Leaf]], outcomes: Outcomes,
        world: World,
    ) -> str:  # fmt: skip
        """Brings the file about; the text that stands there then."""
        ours = Claim(root, path) in {claim for change in done for claim in change.made}
        gone = not text or (ours and "".join(text.split()) == "{}")
        after = None if gone else File(jsonc.encode(text), file.executable if file else False)
        [edited] = world.edit([Edit(root, path, file, after)])
        for change in done:
            outcome, whole = outcomes[change.claim], owned_file.outcome(change, edited, world)
            if whole.status is not Status.DONE:
                outcomes[change.claim] = whole
            elif gone:
                unmade = tuple(c for c in change.made if not c.item and c not in whole.unmade and c.path == path)
                outcomes[change.claim] = _with(outcome, outcome.made, (*outcome.unmade, *unmade, *whole.unmade))
            else:
                outcomes[change.claim] = _with(outcome, (*whole.made, *outcome.made), outcome.unmade)
        return "" if gone else text


def _with(outcome: Outcome, made: tuple[Claim, ...], unmade: tuple[Claim, ...]) -> Outcome:
    return replace(outcome, made=made, unmade=unmade)


def _fresh(changes: Sequence[Change[Leaf]], outcomes: Outcomes) -> str:
    """A file that is not there yet, with all that is asked for; "" where nothing is."""
    top: dict[str, jsonc.Json] = {}
    for change in changes:
        outcomes[change.claim] = Outcome(change.claim, Status.DONE, unmade=change.made)
        if change.after is None:
            continue
        inner = top
        for step in change.claim.item[:-1]:
            inner = inner.setdefault(step, {})  # type: ignore[assignment]
        inner[change.claim.item[-1]] = change.after.value
        outcomes[change.claim] = Outcome(change.claim, Status.DONE, made=_made(change.claim, ""))
    return json.dumps(top, indent=2, ensure_ascii=False) + "\n" if top else ""


def by_file(claims: Iterable[Claim]) -> Mapping[tuple[str, str], list[Claim]]:
    found: dict[tuple[str, str], list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim[:2], []).append(claim)
    return found


def _equal(one: Leaf | None, other: Leaf | None) -> bool:
    if one is None or other is None:
        return one is other
    return shared_json.meaning(one) == shared_json.meaning(other)


def _elsewhere(leaf: Leaf) -> bool:
    return bool(leaf.spelled or leaf.behind)


def _goes_along(before: Leaf | None, now: Leaf | None) -> bool:
    """What is only implied goes with what implies it, and what stands in the way goes once for all keys below it:
    perhaps in this very edit."""
    return before is not None and (before.spelled == IMPLIED or (bool(before.behind) and now is None))


def _turn(change: Change[Leaf]) -> tuple[bool, bool, int, Origin, Claim]:
    """Removals first, then what makes room for older spellings below it, then in the order in which git names them."""
    after, steps = change.after, change.claim.item
    room = after is not None and after.spelled[: len(steps)] == steps
    return after is not None, not room, change.target.rank, change.target.origin, change.claim


def _done(text: str, change: Change[Leaf]) -> str:
    """The text with one key as it shall be. Raises EditError."""
    way, after, steps = change.before.behind, change.after, change.claim.item
    if after is not None and after.behind:
        return _behind_again(text, steps, after)
    if after is not None and after.spelled:
        back = [] if after.spelled == IMPLIED else [jsonc_edit.Set(after.spelled, Raw(after.raw))]
        return jsonc_edit.edit(text, [jsonc_edit.Delete(steps), *back])
    room = [jsonc_edit.Set(way.item, {})] if way and shared_json.in_the_way(text, steps) else []
    return jsonc_edit.edit(text, [*room, _edit(change)])


def _behind_again(text: str, steps: Steps, after: Leaf) -> str:
    """What stood in the way comes back with the last key below it that goes; never over what others put there."""
    emptied = jsonc_edit.edit(text, [jsonc_edit.Delete(steps, len(steps) - 1 - len(after.behind))])
    back = [jsonc_edit.Set(after.behind, Raw(after.raw))] if shared_json.bare(emptied, after.behind) else []
    return jsonc_edit.edit(emptied, back)


def _respelled(text: str, old: Old) -> Iterable[jsonc_edit.Edit]:
    """Makes way for the newer place. An object that stands where a value belongs now (`command: {path, args}`) comes
    apart whole, or the rest of it would be lost."""
    if not old.holder:
        yield jsonc_edit.Delete(old.steps)
        return
    for key in ("args", "env"):
        if raw := jsonc.raw(text, (*old.holder, key)):
            yield jsonc_edit.Set((*old.holder[:-1], key), Raw(raw))
    path = jsonc.raw(text, (*old.holder, "path"))
    yield jsonc_edit.Set(old.holder, Raw(path)) if path else jsonc_edit.Delete(old.holder)


def _edit(change: Change[Leaf]) -> jsonc_edit.Edit:
    if change.after is None:
        parents = {claim.item for claim in change.made if claim.item}
        steps = change.claim.item
        prune = 0
        while steps[: len(steps) - 1 - prune] in parents:
            prune += 1
        return jsonc_edit.Delete(steps, prune)
    leaf = change.after
    value = Raw(leaf.raw) if leaf.raw and not _elsewhere(leaf) else leaf.value
    return jsonc_edit.Set(change.claim.item, value, leaf.ordered)


def _made(claim: Claim, text: str) -> tuple[Claim, ...]:
    parents = tuple(Claim(claim.root, claim.path, way) for way in shared_json.parents_missing(text, claim.item))
    return parents if text else (Claim(claim.root, claim.path), *parents)


def _unmade(change: Change[Leaf], text: str) -> tuple[Claim, ...]:
    root = shared_json.parsed(text)
    if root is None:
        return tuple(c for c in change.made if c.item)
    return tuple(c for c in change.made if c.item and jsonc.find(root, c.item) is None)


def diff(before: Leaf | None, after: Leaf | None) -> Diff:
    """One value; a unit or a list item by item where both sides have one."""
    note = _spelling(before, after)
    if before is None or after is None or type(before.value) is not type(after.value):
        return Diff((FieldChange("", _told(before), _told(after)),), note=note)
    return Diff(tuple(_inside(before.value, after.value)), note=note)


def _spelling(before: Leaf | None, after: Leaf | None) -> str:
    """What becomes of an older spelling."""
    if before is not None and before.behind:
        return f"`{jsonc.pointer(before.behind)}` is {_sort(before)} here, and gives way"
    if after is not None and after.behind:
        return f"back to `{jsonc.pointer(after.behind)}` as {_sort(after)}"
    if before is not None and before.spelled not in ((), IMPLIED):
        return f"`{jsonc.pointer(before.spelled)}` is an older spelling, and goes"
    if after is not None and after.spelled not in ((), IMPLIED):
        return f"back to its older spelling `{jsonc.pointer(after.spelled)}`"
    return ""


def _sort(leaf: Leaf) -> str:
    return SORTS[shared_json.tree(leaf.raw).kind]


def _inside(before: jsonc.Json, after: jsonc.Json) -> Iterable[FieldChange]:
    if isinstance(before, list) and isinstance(after, list):
        return list_changes(before, after, "")
    return field_changes(before, after)


def _told(leaf: Leaf | None) -> object:
    if leaf is None:
        return None
    return NULL if leaf.value is None else leaf.value
