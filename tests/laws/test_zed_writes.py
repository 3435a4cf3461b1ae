"""Zed's own writes between plan and apply, and between two applies: theirs is kept, ours is held or reported by mode.

Zed is simulated (tests/support/zed.py); the rest is real, but for the disk.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyjson5
import pytest

from reconciler.formats import jsonc
from reconciler.model.change import Plan
from reconciler.model.outcome import Status
from reconciler.model.problem import Invalid
from tests.support import homes, zed
from tests.support.house import House
from tests.support.sandbox import Sandbox

SETTINGS = "zed/settings.json"
Steps = tuple[str, ...]

FACTORY = """\
// Zed settings
//
// To see all of Zed's default settings run `zed: open default settings`
{
  "buffer_font_size": 15, // px
  /* whose */ "project_panel": { "dock": "left", }, // where
  // the colours
  "icon_theme": {
    "mode": "system", // of the desktop
    "light": "Zed \\u0028Default)",
    "dark": "Zed (Default)",
  },
  "languages": {
    // two
    "Markdown": { "tab_size": 2, },
  },
  "agent": {
    // none yet
  },
}
"""
TABS = """\
{
\t"agent": {
\t\t"play_sound": "never", // quiet
\t\t"profiles": { "mine": { "name": "Mine", "tools": {} } }
\t},
\t"ssh_connections": [
\t\t{ "host": "a", "projects": [] } // home
\t],
\t"buffer_font_size": 14.50
}
"""
STYLES = {
    "factory": FACTORY,
    "tabs": TABS,
    "crlf": FACTORY.replace("\n", "\r\n"),
    "four": '{\n    "project_panel": {\n        "dock": "left"\n    },\n    "ui_font_size": 16\n}',
    "line": '{ "buffer_font_size": 15, "agent": { "dock": "right" } } // all of it\n',
    "mark": '\ufeff{\n  "ui_font_size": 16,\n}\n',
    "empty": "{}",
    "blank": "{\n  // nothing yet\n}\n",
    "none": "",
}

FIRST = """\
tab_size: 4
vim_mode: true
file_scan_exclusions: ["**/.git", "**/node_modules"]
languages: {Python: {tab_size: 4, language_servers: [pyright, "!ruff"]}}
agent: {default_profile: write, enable_feedback: false}
context_servers: {docs: {enabled: true, command: npx, args: [-y, docs]}}
agent_servers: {opencode: {type: custom, command: opencode, args: [acp], env: {}}}
"""
SECOND = """\
tab_size: 2
vim_mode: false
file_scan_exclusions: ["**/.git", "**/node_modules", "**/.venv"]
languages: {Python: {tab_size: 2, language_servers: [pyright, "!ruff"], format_on_save: "on"}}
agent: {default_profile: minimal}
context_servers: {docs: {enabled: true, command: npx, args: [-y, docs, --fast]}}
agent_servers: {opencode: {type: custom, command: opencode, args: [acp], env: {A: b}}}
"""
REPORTED = {("vim_mode",), ("agent", "default_profile"), ("context_servers", "docs", "enabled")}
"""Of the keys that git names here, those that Zed's interface writes."""


def git(said: str) -> dict[str, str]:
    return {"zed/settings.yaml": said}


def house(text: str) -> House:
    return House({SETTINGS: text} if text else {})


def text_of(made: House) -> str:
    return made.home.get(SETTINGS, b"").decode()


def clicked(made: House, *clicks: zed.Step) -> str:
    """Zed writes; the text it leaves."""
    text = text_of(made)
    for click in clicks:
        text = zed.write(text, click)
    made.edit({SETTINGS: text})
    return text


# --- what stands where, seen by another parser ----------------------------------------------------


def value(text: str) -> Any:
    return pyjson5.decode(text.removeprefix("\ufeff")) if text else {}


def at(text: str, steps: Steps) -> Any:
    """The value at a place, None where nothing stands."""
    found = value(text)
    for step in steps:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def named(said: str) -> set[Steps]:
    """The keys that git names."""
    from reconciler.shapes.asked import from_yaml

    return set(leaves(from_yaml(said, "").value))


def leaves(found: Any, steps: Steps = ()) -> Iterable[Steps]:
    if isinstance(found, dict) and (found or not steps):
        for key, item in found.items():
            yield from leaves(item, (*steps, key))
    else:
        yield steps


def theirs(text: str, ours: set[Steps]) -> dict[Steps, str | None]:
    """Every key that is not ours, as it is written."""
    near = lambda steps: any(steps[: len(n)] == n or n[: len(steps)] == steps for n in ours)  # noqa: E731
    return {steps: jsonc.raw(text, steps) for steps in leaves(value(text)) if not near(steps)}


def comments(text: str) -> list[str]:
    """Every comment, in order. (No string here holds one.)"""
    import re

    return re.findall(r"//[^\r\n]*|/\*.*?\*/", text)


def claims(changes: Iterable[Any]) -> set[Steps]:
    return {change.claim.item for change in changes}


# --- the simulator --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
def test_the_simulator_writes_what_zed_means(text: str) -> None:
    for click in zed.CLICKS:
        meant = value(text)
        click(meant)
        if meant.get("agent") != value(text).get("agent"):
            meant["agent"] = {"favorite_models": [], "model_parameters": [], **meant["agent"]}
        assert value(zed.write(text, click)) == meant


def test_the_simulator_writes_it_as_zed_does() -> None:
    two = '{\n  // first\n  "a": 1, // one\n  "b": { "c": [1, /* lost */ 2] }\n}\n'
    assert zed.insert(two, ("d",), {"e": [1]}) == two.replace('"a"', '"d": {\n    "e": [\n      1\n    ]\n  },\n  "a"')
    assert zed.insert('{ "a": 1 }', ("d",), {"e": [1]}) == '{ "d": {"e":[1]}, "a": 1 }'
    assert zed.replace(two, ("b", "c"), [3]) == two.replace("[1, /* lost */ 2]", "[\n      3\n    ]")
    assert zed.delete(two, ("b",)) == '{\n  // first\n  "a": 1, // one\n  \n}\n'
    assert zed.delete('{ "a": 1, "b": 2, }', ("b",)) == '{ "a": 1, }'
    assert zed.delete('{\n  "a": 1,\n  "b": 2\n}', ("a",)) == '{\n  "b": 2\n}'
    assert zed.insert("{\n  // kept\n  /* lost */\n}", ("a",), 1) == '{\n  // kept\n  "a": 1\n}'
    assert zed.indent(TABS) == 1
    assert zed.replace(TABS, ("ssh_connections",), [{"host": "b"}]) == (
        TABS.replace('[\n\t\t{ "host": "a", "projects": [] } // home\n\t]', '[\n  {\n   "host": "b"\n  }\n ]')
    )
    assert zed.write("{}", zed.picks_profile) == (
        '{\n  "agent": {\n    "default_profile": "ask",\n    "favorite_models": [],\n    "model_parameters": []\n  }\n}'
    )


# --- laws -----------------------------------------------------------------------------------------

CORPUS = {f"{home.name}": home / "zed/settings.json" for home in homes.real() if (home / "zed/settings.json").is_file()}


def standing() -> dict[str, str]:
    return STYLES | {name: path.read_bytes().decode() for name, path in CORPUS.items()}


@pytest.fixture(params=standing().values(), ids=standing().keys())
def text(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(params=zed.CLICKS, ids=lambda click: click.__name__)
def click(request: pytest.FixtureRequest) -> zed.Step:
    found: zed.Step = request.param
    return found


def test_between_plan_and_apply(text: str, click: zed.Step) -> None:
    made = house(text)
    made.apply(made.plan(git(FIRST)))
    plan = made.plan(git(SECOND))
    before, after = text_of(made), clicked(made, click)
    moved = {steps for steps in claims(plan.due) if at(before, steps) != at(after, steps)}

    result = made.apply(plan)
    ended = {change.claim.item: outcome.status for change, outcome in result.outcomes if not change.action.bookkeeping}
    assert {steps for steps, status in ended.items() if status is Status.STALE} == moved
    waiting = {steps for steps, status in ended.items() if status is Status.SKIPPED}
    assert waiting <= {change.claim.item for change in plan.due if moved and change.after is None}
    now = text_of(made)
    assert theirs(now, named(FIRST + SECOND)) == theirs(after, named(FIRST + SECOND))
    assert comments(now) == comments(after)
    desired = value_of(SECOND)
    for steps in claims(plan.due) - moved - waiting:
        assert at(now, steps) == at_of(desired, steps)
    for steps in moved:
        assert at(now, steps) == at(after, steps)

    again = made.plan(git(SECOND))
    assert claims(again.changes) >= {steps for steps in moved if at(now, steps) != at_of(desired, steps)}
    assert claims(again.due) | claims(again.held) <= moved | waiting | reported_apart(now, desired) | unnamed(again)
    if result.run is not None:
        made.take_back(result.run.id)
        assert text_of(made) == after


def test_between_two_applies(text: str, click: zed.Step) -> None:
    made = house(text)
    made.apply(made.plan(git(FIRST)))
    after = clicked(made, click)
    desired = value_of(FIRST)
    apart = {steps for steps in named(FIRST) if at(after, steps) != at_of(desired, steps)}

    plan = made.plan(git(FIRST))
    assert claims(plan.due) == apart - REPORTED
    assert claims(plan.held) == apart & REPORTED
    made.apply(plan)
    now = text_of(made)
    assert theirs(now, named(FIRST)) == theirs(after, named(FIRST))
    assert comments(now) == comments(after)
    assert all(at(now, steps) == at_of(desired, steps) for steps in named(FIRST) - REPORTED)
    assert all(at(now, steps) == at(after, steps) for steps in REPORTED)

    made.world.frozen = True
    rest = made.plan(git(FIRST))
    assert (claims(rest.due), claims(rest.held)) == (set(), apart & REPORTED)
    assert made.apply(rest).run is None
    made.world.frozen = False
    made.apply(made.plan(git(FIRST), force=["*"]))
    assert all(at(text_of(made), steps) == at_of(desired, steps) for steps in named(FIRST))
    assert theirs(text_of(made), named(FIRST)) == theirs(after, named(FIRST))


@pytest.mark.parametrize("seed", range(40))
def test_any_number_of_clicks_and_commits(seed: int) -> None:
    chance = random.Random(seed)
    made = house(chance.choice([*standing().values()]))
    ours = named(FIRST) | named(SECOND)
    for _ in range(12):
        said = chance.choice([FIRST, SECOND])
        plan = made.plan(git(said))
        if chance.random() < 0.5:
            clicked(made, *chance.choices(zed.CLICKS, k=chance.randrange(1, 4)))
        before = text_of(made)
        made.apply(plan)
        made.apply(made.plan(git(said)))
        now = text_of(made)
        assert theirs(now, ours) == theirs(before, ours) and comments(now) == comments(before)
        rest = made.plan(git(said))
        assert not [change for change in rest.due]
        desired = value_of(said)
        assert all(at(now, steps) == at_of(desired, steps) for steps in named(said) - claims(rest.held))
    before = text_of(made)
    made.hand_back()
    assert not made.journal.recorded()
    assert theirs(text_of(made) or "{}", ours) == theirs(before, ours)


def value_of(said: str) -> Any:
    from reconciler.shapes.asked import from_yaml

    return from_yaml(said, "").value


def at_of(desired: Any, steps: Steps) -> Any:
    for step in steps:
        desired = desired.get(step) if isinstance(desired, dict) else None
    return desired


def reported_apart(now: str, desired: Any) -> set[Steps]:
    return {steps for steps in REPORTED if at(now, steps) != at_of(desired, steps)}


def unnamed(plan: Plan) -> set[Steps]:
    """Keys that git no longer names."""
    return {change.claim.item for change in plan.changes if change.after is None}
