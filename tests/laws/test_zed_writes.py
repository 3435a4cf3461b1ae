"""Zed's own writes between plan and apply, and between two applies: theirs is kept, ours is held or reported by mode.

Zed is simulated (tests/support/zed.py); the rest is real, but for the disk.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyjson5
import pytest

from reconciler.formats import jsonc
from reconciler.model.outcome import Status
from reconciler.model.problem import Invalid
from tests.support import homes, zed
from tests.support.house import House
from tests.support.sandbox import Sandbox

SETTINGS = "zed/settings.json"
Steps = tuple[str, ...]
Settings = dict[str, Any]

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

FIRST = {
    "tab_size": 4,
    "vim_mode": True,
    "file_scan_exclusions": ["**/.git", "**/node_modules"],
    "languages": {"Python": {"tab_size": 4, "language_servers": ["pyright", "!ruff"]}},
    "agent": {"default_profile": "write", "enable_feedback": False},
    "context_servers": {"docs": {"enabled": True, "command": "npx", "args": ["-y", "docs"]}},
    "agent_servers": {"opencode": {"type": "custom", "command": "opencode", "args": ["acp"], "env": {}}},
}
SECOND = {
    "tab_size": 2,
    "vim_mode": False,
    "file_scan_exclusions": ["**/.git", "**/node_modules", "**/.venv"],
    "languages": {"Python": {"tab_size": 2, "language_servers": ["pyright", "!ruff"], "format_on_save": "on"}},
    "agent": {"default_profile": "minimal", "enable_feedback": True},
    "context_servers": {"docs": {"enabled": True, "command": "npx", "args": ["-y", "docs", "--fast"]}},
    "agent_servers": {"opencode": {"type": "custom", "command": "opencode", "args": ["acp"], "env": {"A": "b"}}},
}
LESS: Settings = {"tab_size": 4, "agent": {"enable_feedback": False}, "languages": {"Python": {"tab_size": 2}}}
REPORTED = {("vim_mode",), ("agent", "default_profile"), ("context_servers", "docs", "enabled")}
"""Of the keys that git names here, those that Zed's interface writes."""


def git(said: Settings) -> dict[str, str]:
    return {"zed/settings.jsonc": json.dumps(said)}


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


def at(found: Any, steps: Steps) -> Any:
    """What stands at a place, in a text or in plain data; None where nothing does."""
    found = value(found) if isinstance(found, str) else found
    for step in steps:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def apart(text: str, said: Settings) -> set[Steps]:
    """The keys that git names, and that have another value. Zed takes an agent with a command for a custom one."""
    found = value(text)
    for agent in found.get("agent_servers", {}).values():
        if "command" in agent:
            agent.setdefault("type", "custom")
    return {steps for steps in named(said) if at(found, steps) != at(said, steps)}


def named(*said: Settings) -> set[Steps]:
    """The keys that git names."""
    return {steps for one in said for steps in leaves(one)}


def leaves(found: Any, steps: Steps = ()) -> Iterable[Steps]:
    if isinstance(found, dict) and (found or not steps):
        for key, item in found.items():
            yield from leaves(item, (*steps, key))
    else:
        yield steps


OURS = {steps for steps in named(FIRST, SECOND) if steps[:-1] not in named(FIRST, SECOND)}
"""All keys that git names here, but for those below another."""


def only_ours_changed(before: str, after: str) -> None:
    """Every byte outside the values that git names is still there, in its place, and every key and comment too."""
    assert theirs(after) == theirs(before)
    assert comments(after) == comments(before)
    rest = iter(masked(after))
    assert all(character in rest for character in masked(before)), "something of theirs went"


def theirs(text: str) -> dict[Steps, str]:
    """Every key that is not ours, as it is written."""
    near = lambda steps: any(steps[: len(n)] == n or n[: len(steps)] == steps for n in OURS)  # noqa: E731
    return {steps: raw for steps, (_, _, raw) in spans(text, leaves(value(text))).items() if not near(steps)}


def masked(text: str) -> str:
    """The text without the values that are ours."""
    for start, end, _ in sorted(spans(text, OURS).values(), reverse=True):
        text = f"{text[:start]}§{text[end:]}"
    return text


def spans(text: str, places: Iterable[Steps]) -> dict[Steps, tuple[int, int, str]]:
    root = jsonc.parse(text or "{}")
    nodes = {steps: jsonc.find(root, steps) for steps in places}
    return {steps: (node.start, node.end, text[node.start : node.end]) for steps, node in nodes.items() if node}


def comments(text: str) -> list[str]:
    """Every comment, in order. (No string here holds one.)"""
    return re.findall(r"(?<!:)//[^\r\n]*|/\*.*?\*/", text)


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

CORPUS = {home.name: path for home in homes.real() if (path := home / SETTINGS).is_file()}
TOGETHER = [zed.CLICKS[i::6] for i in range(6)]
Case = tuple[str, tuple[zed.Step, ...]]


def standing() -> dict[str, str]:
    """Every text to start from, the real ones too."""
    return STYLES | {name: path.read_bytes().decode() for name, path in CORPUS.items()}


def cases() -> Iterator[Any]:
    """Each click alone on some texts, and a few at a time on the others."""
    for name, text in standing().items():
        alone = name in ("factory", "tabs", "line")
        for clicks in [(click,) for click in zed.CLICKS] if alone else TOGETHER:
            yield pytest.param((text, clicks), id=f"{name}-{clicks[0].__name__}")


@pytest.fixture(params=cases())
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_between_plan_and_apply(case: Case) -> None:
    text, clicks = case
    made = house(text)
    made.apply(made.plan(git(FIRST)))
    before = text_of(made)
    only_ours_changed(text, before)
    left = apart(before, FIRST)  # what stood there before us, where Zed writes too
    plan = made.plan(git(SECOND))
    assert left <= REPORTED and claims(plan.held) == left & apart(before, SECOND)
    assert claims(plan.due) == apart(before, SECOND) - left

    after = clicked(made, *clicks)
    moved = {steps for steps in claims(plan.due) if at(before, steps) != at(after, steps)}
    # A key alone, of an entry that somebody removed meanwhile, would be half an entry.
    half = {s for s in claims(plan.due) if s[0] == "agent_servers" and at(after, (*s[:2], "command")) is None}
    result = made.apply(plan)
    ended = {change.claim.item: outcome.status for change, outcome in result.outcomes if not change.action.bookkeeping}
    assert {steps for steps, status in ended.items() if status is not Status.DONE} == moved | half
    assert {steps for steps, status in ended.items() if status is Status.STALE} == moved | half
    now = text_of(made)
    only_ours_changed(after, now)
    assert not apart(now, SECOND) & (claims(plan.due) - moved - half)
    assert all(at(now, steps) == at(after, steps) for steps in moved)
    again = made.plan(git(SECOND))
    assert claims(again.due) | claims(again.held) == apart(now, SECOND)
    if result.run is not None:
        made.take_back(result.run.id)
        assert text_of(made) == after


def test_between_two_applies(case: Case) -> None:
    text, clicks = case
    made = house(text)
    made.apply(made.plan(git(FIRST)))
    after = clicked(made, *clicks)
    plan = made.plan(git(FIRST))
    assert claims(plan.due) == apart(after, FIRST) - REPORTED
    assert claims(plan.held) == apart(after, FIRST) & REPORTED
    made.apply(plan)
    now = text_of(made)
    only_ours_changed(after, now)
    assert apart(now, FIRST) == apart(after, FIRST) & REPORTED
    assert all(at(now, steps) == at(after, steps) for steps in REPORTED)

    made.world.frozen = True
    rest = made.plan(git(FIRST))
    assert (claims(rest.due), claims(rest.held)) == (set(), apart(after, FIRST) & REPORTED)
    assert made.apply(rest).run is None
    made.world.frozen = False
    made.apply(made.plan(git(FIRST), force=["*"]))
    assert not apart(text_of(made), FIRST)
    only_ours_changed(now, text_of(made))


@pytest.mark.parametrize("seed", range(12))
def test_any_number_of_clicks_and_commits(seed: int) -> None:
    chance = random.Random(seed)
    made = house(chance.choice([*standing().values()]))
    for _ in range(8):
        said = chance.choice([FIRST, SECOND, LESS])
        plan = made.plan(git(said))
        if chance.random() < 0.5:
            clicked(made, *chance.choices(zed.CLICKS, k=chance.randrange(1, 4)))
        before = text_of(made)
        made.apply(plan)
        made.apply(made.plan(git(said)))
        now = text_of(made)
        assert theirs(now) == theirs(before) and comments(now) == comments(before)
        rest = made.plan(git(said))
        assert not rest.due
        assert apart(now, said) == claims(rest.held) & named(said)
    before = text_of(made)
    made.hand_back()
    assert not made.journal.recorded()
    assert theirs(text_of(made)) == theirs(before)


# --- what is worth reading in full ----------------------------------------------------------------


def applied(said: Settings, text: str = "") -> House:
    made = house(text)
    made.apply(made.plan(git(said)))
    return made


def test_a_server_toggled_before_it_was_made() -> None:
    """Zed makes the form of an extension; what git asks for joins it, and the switch stays as it was set."""
    made = house('{\n  "vim_mode": true\n}\n')
    said = {"context_servers": {"docs": {"enabled": True, "command": "npx", "args": []}}}
    plan = made.plan(git(said))
    toggled = clicked(made, zed.toggles_server)
    assert toggled == (
        '{\n  "context_servers": {\n    "docs": {\n      "enabled": false,\n      "settings": {}\n    }\n  },\n'
        '  "vim_mode": true\n}\n'
    )
    ended = {change.claim.item[-1]: outcome.status for change, outcome in made.apply(plan).outcomes}
    assert ended == {"enabled": Status.STALE, "command": Status.DONE, "args": Status.DONE}
    assert text_of(made) == toggled.replace(
        '"settings": {}', '"settings": {},\n      "command": "npx",\n      "args": []'
    )
    again = made.plan(git(said))
    assert (claims(again.due), claims(again.held)) == (set(), {("context_servers", "docs", "enabled")})
    made.hand_back()
    assert text_of(made) == toggled


def test_an_agent_chosen_in_a_thread_before_it_was_made() -> None:
    """Zed makes one of the registry; git's own command replaces that, and the model that was chosen stays."""
    made = house("{}")
    said = {"agent_servers": {"opencode": {"type": "custom", "command": "opencode", "args": ["acp"]}}}
    plan = made.plan(git(said))
    chosen = clicked(made, zed.selects_model_of_agent)
    assert value(chosen)["agent_servers"]["opencode"] == {"type": "registry", "default_model": "stub/one"}
    assert [c.claim.item[-1] for c, outcome in made.apply(plan).outcomes if outcome.status is Status.STALE] == ["type"]
    again = made.plan(git(said))
    assert claims(again.due) == {("agent_servers", "opencode", "type")} and not again.held
    made.apply(again)
    assert value(text_of(made))["agent_servers"]["opencode"] == {
        "type": "custom",
        "default_model": "stub/one",
        "command": "opencode",
        "args": ["acp"],
    }
    made.hand_back()
    assert text_of(made) == chosen


def test_an_agent_that_zed_removes_again_and_again_is_handed_back() -> None:
    made = house("{}")
    said = {"agent_servers": {"opencode": {"type": "custom", "command": "opencode", "args": ["acp"]}}}
    clicked(made, zed.selects_model_of_agent)
    plan = made.plan(git(said))
    clicked(made, zed.removes_agent)
    made.apply(plan)  # `type` is stale
    made.apply(made.plan(git(said)))  # a command implies it, as Zed reads it: taken over
    clicked(made, zed.removes_agent)
    made.apply(made.plan(git(said)))
    assert value(text_of(made)) == said
    made.hand_back()
    assert not made.journal.recorded() and value(text_of(made)) == {"agent_servers": {}}
    made.take_back(4)
    assert value(text_of(made)) == said and len(made.journal.recorded()) == 3


def test_tabs_that_zed_turned_into_single_spaces() -> None:
    said: Settings = {"lsp": {"ruff": {"settings": {"line": 100}}}, "soft_wrap": "none"}
    made = applied(said, TABS)
    assert text_of(made) == TABS.replace(
        "14.50\n}",
        '14.50,\n\t"lsp": {\n\t\t"ruff": {\n\t\t\t"settings": {\n\t\t\t\t"line": 100\n\t\t\t}\n\t\t}\n\t},\n'
        '\t"soft_wrap": "none"\n}',
    )

    def page(settings: Settings) -> None:
        settings["lsp"]["ruff"]["settings"] = {"line": 80, "preview": True}
        settings["lsp"]["ty"] = {"binary": {"path": "ty"}}

    left = clicked(made, page)
    assert left == TABS.replace(
        "14.50\n}",
        '14.50,\n\t"lsp": {\n\t\t"ty": {\n   "binary": {\n    "path": "ty"\n   }\n  },\n  "ruff": {\n'
        '\t\t\t"settings": {\n\t\t\t\t"preview": true,\n    "line": 80\n\t\t\t}\n\t\t}\n\t},\n\t"soft_wrap": "none"\n}',
    )
    assert claims(made.plan(git(said)).due) == {("lsp", "ruff", "settings", "line")}
    made.apply(made.plan(git(said)))
    assert text_of(made) == left.replace('"line": 80', '"line": 100')
    more = {**said, "lsp": {"ruff": {"settings": {"line": 100, "select": "E"}}}}
    made.apply(made.plan(git(more)))
    assert text_of(made) == left.replace('"line": 80', '"line": 100,\n    "select": "E"')


def test_noise_below_agent_is_nobodys_change() -> None:
    made = applied({"agent": {"enable_feedback": False}})
    noisy = clicked(made, zed.picks_profile)
    assert value(noisy)["agent"] == {
        "default_profile": "ask",
        "favorite_models": [],
        "model_parameters": [],
        "enable_feedback": False,
    }
    assert not made.plan(git({"agent": {"enable_feedback": False}})).changes
    made.apply(made.plan({}))
    assert value(text_of(made)) == {
        "agent": {"default_profile": "ask", "favorite_models": [], "model_parameters": []}
    }, "their keys keep the object and the file that we made"
    assert not made.journal.recorded()


def test_a_list_of_ours_that_zed_rendered_anew() -> None:
    said = {"file_scan_exclusions": ["a", "b"]}
    made = applied(said, '{\n  "file_scan_exclusions": [\n    "a", // first\n    "b"\n  ] // ours\n}\n')
    left = clicked(made, zed.excludes_more)
    assert left == '{\n  "file_scan_exclusions": [\n    "a",\n    "b",\n    "**/*.theirs"\n  ] // ours\n}\n'
    made.apply(made.plan(git(said)))
    assert text_of(made) == '{\n  "file_scan_exclusions": [\n    "a",\n    "b"\n  ] // ours\n}\n'


def test_settings_that_zed_lost() -> None:
    """zed#63959: almost nothing is left. zed#29940: not a byte is left."""
    made = applied(FIRST, FACTORY)
    made.edit({SETTINGS: '{\n  "agent": {\n    "favorite_models": []\n  }\n}'})
    assert claims(made.plan(git(FIRST)).due) == named(FIRST) - REPORTED
    made.apply(made.plan(git(FIRST), force=["*"]))
    assert value(text_of(made)) == {**FIRST, "agent": {"favorite_models": [], **FIRST["agent"]}}
    made.edit({SETTINGS: ""})
    with pytest.raises(Invalid, match="the file is empty"):
        made.plan(git(FIRST))
    assert text_of(made) == ""


THEME = {"theme": {"mode": "system", "light": "One Light", "dark": "One Dark"}, "tab_size": 4}


@pytest.mark.parametrize("force", [(), ("*",)], ids=["reported", "forced"])
def test_a_theme_picked_by_name_where_git_has_a_map(force: tuple[str, ...]) -> None:
    made = applied(THEME)
    clicked(made, zed.picks_theme)
    plan = made.plan(git({**THEME, "tab_size": 2}), force=force)
    made.apply(plan)
    assert value(text_of(made))["tab_size"] == 2, "git's own change of another key is applied"
    assert value(text_of(made))["theme"] == (THEME["theme"] if force else "Gruvbox Dark")


@pytest.mark.parametrize("how", ["rollback", "release", "removed from git", "edited between"])
def test_a_name_in_the_way_comes_back(how: str) -> None:
    made = house('{\n  // mine\n  "theme": "Gruvbox Dark", // warm\n  "x": 1\n}\n')
    before = text_of(made)
    plan = made.plan(git(THEME), force=["*"])
    assert [c.diff.note for c in plan.due if c.claim.item[0] == "theme"] == [
        "`/theme` is a text here, and gives way"
    ] * 3
    made.apply(plan)
    assert value(text_of(made)) == {**THEME, "x": 1}
    assert not made.plan(git(THEME)).changes
    if how == "edited between":
        made.edit({SETTINGS: text_of(made).replace('"x": 1', '"x": 2')})
        before = before.replace('"x": 1', '"x": 2')
    {"rollback": lambda: made.take_back(1), "release": made.hand_back}.get(how, lambda: made.apply(made.plan({})))()
    assert text_of(made) == before
    assert not made.journal.recorded()


def test_a_name_in_the_way_does_not_come_back_over_what_others_wrote_there() -> None:
    made = house('{\n  "theme": "Gruvbox Dark"\n}\n')
    made.apply(made.plan(git(THEME), force=["*"]))
    made.edit({SETTINGS: zed.insert(text_of(made), ("theme", "theirs"), 1)})
    made.apply(made.plan({}))
    assert value(text_of(made)) == {"theme": {"theirs": 1}}
    made.apply(made.plan({}))
    assert not made.journal.recorded() and not made.plan({}).changes


def test_a_map_of_colours_where_git_has_a_name() -> None:
    made = applied({"theme": "One Dark", "tab_size": 4})
    made.edit({SETTINGS: zed.replace(text_of(made), ("theme",), THEME["theme"])})
    plan = made.plan(git({"theme": "One Dark", "tab_size": 2}))
    assert (claims(plan.due), claims(plan.held)) == ({("tab_size",)}, {("theme",)})
    made.apply(plan)
    assert value(text_of(made)) == {"theme": THEME["theme"], "tab_size": 2}
    made.apply(made.plan(git({"theme": "One Dark", "tab_size": 2}), force=["zed_settings#/theme"]))
    assert value(text_of(made)) == {"theme": "One Dark", "tab_size": 2}


# --- on a disk ------------------------------------------------------------------------------------


@pytest.mark.parametrize("linked", [False, True], ids=["file", "link"])
def test_zed_writes_a_new_file_of_its_own_in_place(tmp_path: Path, linked: bool) -> None:
    """A temporary file, 0600, renamed over the real one: mode and inode are no drift, and a link stays a link."""
    sandbox = Sandbox(tmp_path)
    at = sandbox.home / ".config" / SETTINGS
    at.parent.mkdir(parents=True)
    real = tmp_path / "elsewhere.json" if linked else at
    real.write_text(STYLES["four"])
    if linked:
        at.symlink_to(real)
    said = sandbox.repo / "desired-state/zed/settings.jsonc"
    said.parent.mkdir(parents=True)
    said.write_text('{ "tab_size": 4, "vim_mode": true }')
    assert sandbox.run("apply", "--yes").returncode == 0

    fresh = at.with_name("fresh")
    fresh.write_text(zed.write(real.read_text(), zed.adds_server))
    fresh.chmod(0o600)
    fresh.rename(at.resolve())
    assert sandbox.run("plan", "--exit-code").returncode == 0
    said.write_text('{ "tab_size": 2, "vim_mode": true }')
    theirs = real.read_text()
    assert sandbox.run("apply", "--yes").returncode == 0
    assert real.read_text() == theirs.replace('"tab_size": 4', '"tab_size": 2')
    assert (at.is_symlink(), real.stat().st_mode & 0o777) == (linked, 0o600)
    assert sandbox.run("plan", "--exit-code").returncode == 0
