"""What one file says and what is laid over it → what both say, each part with the place that says it. Pure.

Maps merge, identified items of a list merge, all else replaces; `{$remove: true}` (in YAML `!remove`) removes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from reconciler.model.kind import Identity
from reconciler.model.problem import Origin, Problem, Severity

Steps = tuple[str, ...]
REMOVE: Final = "$remove"


class Said(NamedTuple):
    """A value and the place that says it; maps and lists hold the same."""

    value: Any
    origin: Origin


def tree(value: Any, origin: Callable[[Steps], Origin], steps: Steps = ()) -> Said:
    """Plain data with a place for every part."""
    if isinstance(value, dict):
        return Said({k: tree(v, origin, (*steps, str(k))) for k, v in value.items()}, origin(steps))
    if isinstance(value, list):
        return Said([tree(item, origin, (*steps, str(i))) for i, item in enumerate(value)], origin(steps))
    return Said(value, origin(steps))


def plain(said: Said) -> Any:
    """The data without the places."""
    if isinstance(said.value, dict):
        return {key: plain(part) for key, part in said.value.items()}
    return [plain(part) for part in said.value] if isinstance(said.value, list) else said.value


def places(said: Said, steps: Steps = ()) -> Iterator[tuple[Steps, Origin]]:
    """Every part and the place that says it."""
    yield steps, said.origin
    if isinstance(said.value, dict | list):
        inner = said.value.items() if isinstance(said.value, dict) else enumerate(said.value)
        for step, part in inner:
            yield from places(part, (*steps, str(step)))


def removes(said: Said) -> bool:
    """Whether a part is there to remove another."""
    return isinstance(said.value, dict) and REMOVE in said.value


@dataclass(slots=True)
class Merging:
    """One merge, and what was found wrong on the way: `problems`."""

    identity: Identity | None = None
    problems: list[Problem] = field(default_factory=list)

    def merge(self, under: Said, over: Said) -> Said:
        """Both, where `over` says more. A removal of the whole is the caller's business."""
        if isinstance(under.value, dict) and isinstance(over.value, dict):
            return self._maps(under, over)
        if isinstance(under.value, list) and isinstance(over.value, list) and self.identity is not None:
            return self._lists(under, over, self.identity)
        return self.fresh(over)

    def fresh(self, over: Said) -> Said:
        """What stands over nothing: a removal in it removes nothing, and is said so."""
        if isinstance(over.value, list):
            kept = [self.fresh(item) for item in over.value if not self._idle(item)]
            return over._replace(value=kept)
        if isinstance(over.value, dict):
            return over._replace(value={k: self.fresh(v) for k, v in over.value.items() if not self._idle(v, str(k))})
        return over

    def _idle(self, over: Said, key: str = "") -> bool:
        if not removes(over):
            return False
        what = f"`{key}`" if key else "nothing that stands there"
        text = f"{what} is removed here, and is not there without that" if key else "this removes nothing"
        self.problems.append(Problem(over.origin, text, "take the `!remove` out", Severity.WARNING))
        return True

    def check_removal(self, over: Said) -> None:
        """`$remove` is `true`, and stands alone outside lists."""
        if plain(over.value[REMOVE]) is not True:
            self.problems.append(Problem(over.origin, f"`{REMOVE}` is not `true`", "write `!remove`, or leave it out"))
        elif len(over.value) > 1:
            text = "`!remove` takes a whole key, and other keys stand in it"
            self.problems.append(Problem(over.origin, text, "put `!remove` at each of those that shall go"))

    def _maps(self, under: Said, over: Said) -> Said:
        merged = dict(under.value)
        for key, part in over.value.items():
            if removes(part):
                self.check_removal(part)
                if key not in merged:
                    self._idle(part, str(key))
                merged.pop(key, None)
            elif key in merged:
                merged[key] = self._inner(merged[key], part)
            else:
                merged[key] = self.fresh(part)
        return under._replace(value=merged)

    def _inner(self, under: Said, over: Said) -> Said:
        """Below the top lists replace."""
        if isinstance(under.value, dict) and isinstance(over.value, dict):
            return self._maps(under, over)
        return self.fresh(over)

    def _lists(self, under: Said, over: Said, identity: Identity) -> Said:
        items: list[Said] = list(under.value)
        seen: Counter[Hashable] = Counter()
        for item in over.value:
            known = identity.of(_without_mark(plain(item)))
            same = [i for i, other in enumerate(items) if known is not None and identity.of(plain(other)) == known]
            chosen = same if identity.spread or removes(item) else same[seen[known] : seen[known] + 1]
            seen[known] += 1
            if removes(item):
                self._remove(items, chosen, item)
            elif not chosen:
                items.append(self.fresh(item))
            elif identity.spread:
                self._spread(items, chosen, item)
            else:
                items[chosen[0]] = self._inner(items[chosen[0]], item)._replace(origin=item.origin)
        return under._replace(value=items)

    def _remove(self, items: list[Said], chosen: Iterable[int], item: Said) -> None:
        if not chosen:
            self._idle(item)
        for index in sorted(chosen, reverse=True):
            del items[index]

    def _spread(self, items: list[Said], chosen: list[int], over: Said) -> None:
        """Each key goes to the last of the items that has it, as that one counts; a removal to all of them."""
        holders = [dict(items[index].value) for index in chosen]
        self._spread_keys(holders, over)
        for index, holder in zip(chosen, holders, strict=True):
            items[index] = items[index]._replace(value=holder)

    def _spread_keys(self, holders: list[dict[Any, Said]], over: Said) -> None:
        for key, part in over.value.items():
            having = [holder for holder in holders if key in holder]
            maps = [holder for holder in having if isinstance(holder[key].value, dict)]
            if removes(part):
                self.check_removal(part)
                if not having:
                    self._idle(part, str(key))
                for holder in having:
                    del holder[key]
            elif maps and isinstance(part.value, dict):
                inner = [dict(holder[key].value) for holder in maps]
                self._spread_keys(inner, part)
                for holder, value in zip(maps, inner, strict=True):
                    holder[key] = holder[key]._replace(value=value)
            else:
                (having or holders)[-1][key] = self.fresh(part)


def _without_mark(item: Any) -> Any:
    return {key: value for key, value in item.items() if key != REMOVE} if isinstance(item, dict) else item
