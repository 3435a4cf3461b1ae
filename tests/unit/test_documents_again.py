"""What a process remembers of documents changes nothing: each plan equals one that remembers nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.problem import Invalid
from reconciler.model.resource import Sight
from reconciler.pipeline.aim import aim
from reconciler.pipeline.survey import survey
from reconciler.shapes import document_again, document_facts, document_rendering, document_targets
from tests.support.house import House

AGENT = "---\ndescription: {}\nmode: {}\n---\nAsk @{} for more.\n"
ASKED = (
    "{{ resource('agent/a').description }}",
    "{% for x in resources('agent') %}{{ x.name }} {% endfor %}",
    "{{ resource('agent/a').backlinks|map(attribute='ref')|join(' ') }}",
    "{{ resource('agent/a').links|map(attribute='link')|join(' ') }}",
    "{{ ref('agent/a') }} {{ exists('agent/c') }}",
    "{{ resource('agent/a').spec.mode }}{{ item.ref if item is defined else '' }}",
    "{{ resource('server/s').spec.path }} {{ source('server/s') }}",
    "{{ seen('server/s').state if seen is defined else '' }}",
)
OUTPUTS = (
    "['o/{n}.md']",
    "['o/{n}.md', {{in: project/s, path: '{n}.md'}}]",
    "[{{path: 'p/{n}.md', region: r}}]",
    "[{{in: opencode, path: '{n}.md'}}]",
)


def forget() -> None:
    for memory in (document_rendering.MEMORY, document_again.EARLIER, document_again.MADE, document_facts.DIGESTS):
        memory.clear()
    document_targets.facts.cache_clear()


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    forget()
    yield
    forget()


def said(chance: random.Random) -> dict[str, str]:
    git = {
        f"agents/{name}.md": AGENT.format(chance.choice("xy"), chance.choice(("all", "primary")), chance.choice("abc"))
        for name in [*chance.sample("abcd", 3), "a"]
    }
    git["servers/s.yaml"] = f"port: 55996\npath: {chance.choice(('/p', '/q', '/home/me/repo/sub'))}\nstate: stopped\n"
    for name in "123":
        each = chance.choice(("", "each: agent\n"))
        outputs = chance.choice(OUTPUTS).format(n=name + ("-{name}" if each else ""))
        observed = chance.choice(("", "observed: true\n"))
        git[f"documents/{name}.yaml"] = f"template: {chance.choice('tu')}.j2\n{each}{observed}outputs: {outputs}\n"
    for name in "tu":
        git[f"../templates/{name}.j2"] = chance.choice(ASKED) + "\n"
    return git


def made(house: House, git: Mapping[str, str], state: str) -> Any:
    loaded = house.loaded(git)
    layout = survey(house.eyes.roots, house.world, home="/home/me")
    sights = dict.fromkeys("123", Sight("", {"server/s": {"state": state}}))
    layout = replace(layout, sights=sights)
    try:
        return [
            target for target in aim(loaded, layout, house.kinds, house.eyes.roots) if target.ref.kind == "document"
        ]
    except Invalid as error:
        return [str(problem) for problem in error.problems]


@pytest.mark.parametrize("seed", range(12))
def test_every_plan_is_as_if_nothing_were_remembered(seed: int) -> None:
    chance, house = random.Random(seed), House({})
    git, state, kept, fresh = said(chance), "ready", [], []
    steps = []
    for _ in range(12):
        other = said(chance)
        changed = chance.sample(sorted(other), chance.choice((0, 1, 1, 2)))
        git = {**git, **{path: other[path] for path in changed}}
        state = chance.choice((state, state, "ended", "ready"))
        steps.append((dict(git), state))
    for git, state in steps:
        kept.append(made(house, git, state))
    for git, state in steps:
        forget()
        fresh.append(made(house, git, state))
    assert kept == fresh
    assert any(isinstance(one[0], str) for one in kept if one) or any(kept)


def test_what_has_not_changed_is_not_looked_at_again() -> None:
    house, git = House({}), said(random.Random(1))
    git |= {f"documents/{name}.yaml": f"template: t.j2\noutputs: [o/{name}.md]\n" for name in "123"}
    git["../templates/t.j2"] = "{{ resource('agent/a').description }}\n"
    first = made(house, git, "ready")
    again = made(house, git, "ready")
    assert all(one is other for one, other in zip(first, again, strict=True))
    other = made(house, {**git, "documents/2.yaml": "template: t.j2\ntitle: T\noutputs: [o/2.md]\n"}, "ready")
    assert [one.ref.name for one, now in zip(first, other, strict=True) if one != now] == ["2"]
