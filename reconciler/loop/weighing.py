"""What servers use, looked at for a while before the loop minds. What is done about it their own policy says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.app import App, tending
from reconciler.model.event import Condition
from reconciler.model.resource import Loaded
from reconciler.model.sampling import Sample
from reconciler.model.serving import Care, Process

LOOKS = 5
Recent = Mapping[Process, Sequence[Sample]]


class Weighed(NamedTuple):
    """The last looks at each process, what lasts of limits, and who uses too much memory."""

    recent: Recent
    lasting: tuple[Condition, ...]
    heavy: Mapping[Process, str]


def weighed(app: App, loaded: Loaded, before: Weighed, stood: Collection[str]) -> Weighed:
    """Looks at every server once more. `stood`: keys of the conditions that last already."""
    taken, found = tending.sampled(app, loaded)
    enforced = tending.enforced(app) if any(wanted.care.cpu for wanted, _ in found.values()) else False
    recent: dict[Process, Sequence[Sample]] = {}
    lasting: list[Condition] = []
    heavy: dict[Process, str] = {}
    for name, (wanted, now) in found.items():
        if now.process is None:
            continue
        earlier = before.recent.get(now.process, ())
        looks = recent[now.process] = (*earlier, taken[name])[-LOOKS:] if name in taken else earlier
        lasting += over(name, looks, wanted.care, stood, enforced)
        if _heavy(looks, wanted.care, now.process in before.heavy):
            heavy[now.process] = _too_much(wanted.care)
    tending.weigh(app, heavy)
    return Weighed(recent, tuple(lasting), heavy)


def over(
    name: str, looks: Sequence[Sample], care: Care, stood: Collection[str] = (), enforced: bool = False
) -> Iterator[Condition]:
    """What lasts of a server's limits; `enforced`: whether somebody else sees to that of the processor. Pure."""
    about = f"server/{name}"
    memory, cpu = f"memory {about}", f"cpu {about}"
    if _heavy(looks, care, memory in stood):
        yield Condition(memory, f"{about}: {_too_much(care)}", about=about)
    if care.cpu and not enforced and _lasts(looks, lambda one: one.cpu > care.cpu, cpu in stood):
        text = f"{about}: over {care.cpu:g}% of a processor, {LOOKS} looks in a row; that can't be enforced here"
        yield Condition(cpu, text, about=about)


def _heavy(looks: Sequence[Sample], care: Care, stood: bool) -> bool:
    return bool(care.memory) and _lasts(looks, lambda one: one.most_memory > care.memory, stood)


def _too_much(care: Care) -> str:
    return f"over {care.memory // 1_000_000} MB of memory, {LOOKS} looks in a row"


def _lasts(looks: Sequence[Sample], too_much: Callable[[Sample], bool], stood: bool) -> bool:
    """So many looks in a row begin it, and as many end it: what hovers about its limit is told once."""
    found = [too_much(one) for one in looks]
    return (len(found) < LOOKS or any(found)) if stood else (len(found) == LOOKS and all(found))
