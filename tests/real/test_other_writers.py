"""The other writers of OpenCode's files, for real, between plan and apply and between two applies.

Each time: nothing of theirs is lost, ours is held, every other byte stays, a saved plan is stale only for keys that
moved, and the next plan is empty or says what differs. What the program does is written down as it was seen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyjson5
import pytest

from tests.support.house import House
from tests.support.managed import Managed, changed
from tests.support.opencode import Sandbox, Unavailable
from tests.support.tui import tui

SCHEMA = '"$schema": "https://opencode.ai/config.json"'


@pytest.fixture
def managed(sandbox: Sandbox, tmp_path: Path) -> Managed:
    return Managed(sandbox, tmp_path / "git")


def loads(text: str) -> Any:
    return pyjson5.decode(text.removeprefix("\ufeff"))


def command(sandbox: Sandbox, *arguments: str) -> None:
    done = sandbox.run(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr


# --- opencode mcp add -----------------------------------------------------------------------------

SERVERS = """\
{
    // mine
    "model": "a/b", // fast
    "mcp": {
        // kept for later
        "kept": { "type": "local", "command": ["true"], "enabled": false }, // off
    }, // servers
}
"""
WITH_OURS = """\
model: a/c
mcp:
  docs: {type: remote, url: "https://docs.invalid/mcp", enabled: false}
"""


def test_servers_added_by_mcp_add_stay_beside_ours(managed: Managed, sandbox: Sandbox) -> None:
    sandbox.write("opencode.json", SERVERS)
    managed.say(WITH_OURS)
    plan = managed.save()
    command(sandbox, "mcp", "add", "theirs", "--url", "https://theirs.invalid/mcp", "--header", "X-Team=a")
    added = managed.read("opencode.json")
    # It inserts $schema, keeps comments (`// off` now stands behind another entry), and lays its neighbour out anew.
    assert added.count("//") == SERVERS.count("//") + 2 and '"kept": {\n          "type": "local",\n' in added
    theirs = {"type": "remote", "url": "https://theirs.invalid/mcp", "headers": {"X-Team": "a"}}
    assert loads(added)["mcp"] == {**loads(SERVERS)["mcp"], "theirs": theirs}

    assert managed.stale(plan) == []
    assert changed(added, managed.read("opencode.json")) == [
        '-    "model": "a/b", // fast\n',
        '+    "model": "a/c", // fast\n',
        '+        "docs": {\n',
        '+          "type": "remote",\n',
        '+          "url": "https://docs.invalid/mcp",\n',
        '+          "enabled": false\n',
        "+        },\n",
    ]
    assert managed.plan().nothing

    command(sandbox, "mcp", "add", "docs", "--env", "A=b", "--", "npx", "-y", "other")
    overwritten = managed.read("opencode.json")
    assert loads(overwritten)["mcp"]["docs"] == {
        "type": "local",
        "command": ["npx", "-y", "other"],
        "environment": {"A": "b"},
    }
    assert managed.plan().due == {
        "opencode.json#/mcp/docs/type": "update drift",
        "opencode.json#/mcp/docs/url": "create drift",
        "opencode.json#/mcp/docs/enabled": "create drift",
    }
    managed.done("apply", "--yes")
    assert changed(overwritten, managed.read("opencode.json")) == [
        '-          "type": "local",\n',
        '+          "type": "remote",\n',
        "-          }\n",
        "+          },\n",
        '+          "url": "https://docs.invalid/mcp",\n',
        '+          "enabled": false\n',
    ]
    assert managed.plan().nothing
    loaded = sandbox.debug_config()["mcp"]  # which leaves out what a remote server cannot have
    assert loaded["docs"] == {"type": "remote", "url": "https://docs.invalid/mcp", "enabled": False}
    assert loaded.keys() == {"kept", "theirs", "docs"}

    managed.done("rollback", "2", "--yes")
    assert managed.read("opencode.json") == overwritten


@pytest.mark.parametrize("how", ["release", "removed from git"])
def test_what_is_left_of_an_entry_that_both_wrote_still_loads(how: str) -> None:
    """`Expected { readonly "type": "local", ... } | …, got {"command":["npx"]} mcp.docs`, and `serve` ends with 1."""
    git = {"opencode/settings.yaml": WITH_OURS}
    house = House({"opencode/opencode.json": f"{{ {SCHEMA} }}"})
    house.apply(house.plan(git))
    added = {"docs": {"type": "local", "command": ["npx"]}}  # by `opencode mcp add docs -- npx`
    house.edit({"opencode/opencode.json": json.dumps({"model": "a/c", "mcp": added})})
    house.apply(house.plan(git))
    house.hand_back() if how == "release" else house.apply(house.plan({}))
    left = read(house, "opencode.json").get("mcp", {}).get("docs", {})
    assert not left or left.keys() & {"type", "enabled"}


# --- PATCH /global/config -------------------------------------------------------------------------

STANDING = f"""\
{{
  {SCHEMA},
  // mine
  "model": "a/b", // fast
  "share": "manual", /* asked */
  "permission": {{ "bash": {{ "*": "ask", "git *": "allow" }} }},
  "username": "me"
}}
"""
FIRST = "model: a/b\nshare: manual\npermission: {bash: {'*': ask, 'git *': allow}}\n"
SECOND = FIRST.replace("a/b", "a/c").replace("manual", "disabled") + "autoupdate: false\n"
MORE = {"permission": {"bash": {"git *": "deny", "ls": "allow"}}, "share": None, "mcp": {"x": {"enabled": False}}}


@pytest.mark.parametrize("name", ["opencode.json", "opencode.jsonc"])
def test_keys_patched_over_http(managed: Managed, sandbox: Sandbox, name: str) -> None:
    sandbox.write(name, STANDING)
    managed.say(FIRST)
    managed.done("apply", "--yes")
    managed.say(SECOND)
    plan = managed.save()
    with sandbox.serve() as server:
        assert server.request("PATCH", "/global/config", {"model": "theirs/m", "small_model": "theirs/s"}).status == 200
        patched = managed.read(name)
        assert ("//" in patched.replace("https://", "")) == (name == "opencode.jsonc"), "a .json loses its comments"

        assert managed.stale(plan) == ["opencode_settings#/model"]
        ours = managed.read(name)
        comment = " /* asked */" if name == "opencode.jsonc" else ""
        assert changed(patched, ours) == [
            f'-  "share": "manual",{comment}\n',
            f'+  "share": "disabled",{comment}\n',
            '-  "small_model": "theirs/s"\n',
            '+  "small_model": "theirs/s",\n',
            '+  "autoupdate": false\n',
        ]
        left = managed.plan()
        assert (left.due, left.held) == ({}, {f"{name}#/model": "update conflict"})
        managed.done("apply", "--yes", "--force", "opencode_settings#/model")
        assert managed.read(name) == ours.replace("theirs/m", "a/c")
        assert managed.plan().nothing

        # It merges into what stands in the file now, not into what the server has read at its start.
        assert server.request("PATCH", "/global/config", MORE).status == 200
        again = managed.read(name)
        assert loads(again) == {
            "$schema": "https://opencode.ai/config.json",
            "model": "a/c",
            "permission": {"bash": {"*": "ask", "git *": "deny", "ls": "allow"}},
            "username": "me",
            "small_model": "theirs/s",
            "autoupdate": False,
            "mcp": {"x": {"enabled": False}},
        }
        # In a .jsonc a key that is removed takes the comment beside the key above it along.
        assert ("// fast" in again, "/* asked */" in again) == (False, name == "opencode.jsonc")
        refused = server.request("PATCH", "/global/config", {"share": "nope"})
        assert (refused.status, refused.body["name"]) == (400, "BadRequest")
        assert server.request("PATCH", "/global/config", {"nope": 1}).status == 200  # and dropped
        assert managed.read(name) == again

    assert managed.plan().due == {f"{name}#/permission": "update drift", f"{name}#/share": "create drift"}
    managed.done("apply", "--yes")
    assert changed(again, managed.read(name)) == [
        '-      "git *": "deny",\n',
        '-      "ls": "allow"\n',
        '+      "git *": "allow"\n',
        "-  }\n",
        "+  },\n",
        '+  "share": "disabled"\n',
    ]
    assert managed.plan().nothing

    managed.done("release", "--all", "--yes")
    theirs = {"small_model": "theirs/s", "mcp": {"x": {"enabled": False}}}
    assert loads(managed.read(name)) == {**loads(STANDING), **theirs}


# --- $schema --------------------------------------------------------------------------------------

INSERTED = f"{{\n  {SCHEMA},"
NAMED = "model: a/c\nautoupdate: false\n"


@pytest.mark.parametrize(
    ("standing", "loaded", "applied"),
    [
        ("{}", f"{INSERTED}}}", f'{INSERTED}\n  "model": "a/c",\n  "autoupdate": false,}}'),
        (  # the line it inserts ends in LF alone
            '{\r\n\t"model": "a/b", // fast\r\n\t"share": "auto"\r\n}',
            f'{INSERTED}\r\n\t"model": "a/b", // fast\r\n\t"share": "auto"\r\n}}',
            f'{INSERTED}\r\n\t"model": "a/c", // fast\r\n\t"share": "auto",\r\n\t"autoupdate": false\r\n}}',
        ),
        (  # it drops the byte order mark and the white space before the first brace
            '\ufeff\n{ "model": "a/b", "share": "auto" }\n',
            f'{INSERTED} "model": "a/b", "share": "auto" }}\n',
            f'{INSERTED} "model": "a/c", "share": "auto", "autoupdate": false }}\n',
        ),
        (  # it writes nothing where the file begins with a comment
            '// mine\n{ "model": "a/b" }\n',
            '// mine\n{ "model": "a/b" }\n',
            '// mine\n{ "model": "a/c", "autoupdate": false }\n',
        ),
    ],
    ids=["empty", "crlf", "bom", "comment"],
)
def test_schema_inserted_by_a_load(
    managed: Managed, sandbox: Sandbox, standing: str, loaded: str, applied: str
) -> None:
    sandbox.write("opencode.json", standing)
    managed.say(NAMED)
    plan = managed.save()
    assert sandbox.debug_config().get("model") == loads(standing).get("model")
    assert managed.read("opencode.json") == loaded
    assert managed.stale(plan) == []
    assert managed.read("opencode.json") == applied
    assert managed.plan().nothing
    managed.done("rollback", "1", "--yes")
    assert managed.read("opencode.json") == loaded


def test_a_file_made_by_a_load_and_one_made_by_us(managed: Managed, sandbox: Sandbox) -> None:
    managed.say(NAMED)
    plan = managed.save()
    sandbox.debug_config()
    made_by_it = managed.read("opencode.jsonc")
    assert made_by_it == f"{{\n  {SCHEMA}\n}}"
    assert managed.stale(plan) == []
    assert managed.read("opencode.jsonc") == f'{{\n  {SCHEMA},\n  "model": "a/c",\n  "autoupdate": false\n}}'
    managed.done("release", "--all", "--yes")
    assert managed.read("opencode.jsonc") == made_by_it

    (sandbox.config / "opencode.jsonc").unlink()
    managed.done("apply", "--yes")
    made_by_us = managed.read("opencode.jsonc")
    assert sandbox.debug_config()["model"] == "a/c"
    assert changed(made_by_us, managed.read("opencode.jsonc")) == [f"+  {SCHEMA},\n"]
    assert managed.plan().nothing
    managed.say(f"$schema: https://opencode.ai/config.json\n{NAMED}")
    named = managed.plan()
    assert (named.due, named.held) == ({}, {}) and named.records == {"opencode.jsonc#/$schema": "record adopt"}
    managed.done("release", "--all", "--yes")
    assert managed.read("opencode.jsonc") == f"{{\n  {SCHEMA}\n}}\n", "their key keeps the file that we made"


# --- opencode plugin ------------------------------------------------------------------------------


def plugin(folder: Path, name: str) -> str:
    """A plugin that needs no network: a folder."""
    at = folder / name
    at.mkdir()
    about = {"name": name, "version": "1.0.0", "main": "index.js", "type": "module"}
    (at / "package.json").write_text(json.dumps(about))
    (at / "index.js").write_text("export const Made = async () => ({})\n")
    return str(at)


def test_plugins_installed_globally(managed: Managed, sandbox: Sandbox, tmp_path: Path) -> None:
    one, two = plugin(tmp_path, "one"), plugin(tmp_path, "two")
    sandbox.write("opencode.jsonc", f'{{\n  {SCHEMA},\n  // mine\n  "model": "a/b" // fast\n}}\n')
    managed.say("model: a/c\n")
    plan = managed.save()
    command(sandbox, "plugin", one, "-g")
    installed = managed.read("opencode.jsonc")
    assert loads(installed)["plugin"] == [one] and installed.count("//") == 3
    assert managed.stale(plan) == []
    assert managed.read("opencode.jsonc") == installed.replace("a/b", "a/c")
    assert managed.plan().nothing

    # A list is one unit: once git names it, what somebody adds is drift, and the plan says which item it is.
    managed.say(f"model: a/c\nplugin: ['{one}']\n")
    managed.done("apply", "--yes")
    command(sandbox, "plugin", two, "-g")
    more = managed.read("opencode.jsonc")
    assert loads(more)["plugin"] == [one, two]
    assert managed.plan().due == {"opencode.jsonc#/plugin": "update drift"}
    [drift] = json.loads(managed.done("plan", "--json"))["changes"]
    assert drift["diff"]["fields"] == [{"pointer": "/plugin/1", "before": two, "after": None}]
    managed.say("modes: {'opencode_settings#/plugin': report}\n", "reconcile.yaml")
    assert managed.plan().held == {"opencode.jsonc#/plugin": "update drift"}
    managed.done("apply", "--yes")
    assert managed.read("opencode.jsonc") == more


# --- the TUI --------------------------------------------------------------------------------------


def started(sandbox: Sandbox) -> None:
    """The real TUI, started and ended again once it has loaded its settings, which it moves before that."""
    try:
        with tui(sandbox) as running:
            running.until_loaded()
    except Unavailable as reason:
        pytest.skip(str(reason))


LOOKS = "theme: dracula\nmodel: a/b\nkeybinds: {leader: ctrl+o}\n"


def test_theme_and_keybinds_moved_by_the_tui(managed: Managed, sandbox: Sandbox) -> None:
    sandbox.write("opencode.jsonc", f'{{\n  {SCHEMA},\n  "model": "a/b", // fast\n  "share": "manual" // end\n}}\n')
    managed.say(LOOKS)
    managed.done("apply", "--yes")
    ours = managed.read("opencode.jsonc")
    assert loads(ours).keys() == {"$schema", "model", "share", "theme", "keybinds"}
    managed.say(LOOKS.replace("dracula", "gruvbox").replace("a/b", "a/c"))
    plan = managed.save()
    started(sandbox)
    moved = managed.read("opencode.jsonc")
    assert moved == f'{{\n  {SCHEMA},\n  "model": "a/b", // fast\n  "share": "manual"\n}}\n', "it takes `// end` along"
    assert managed.read("opencode.jsonc.tui-migration.bak") == ours
    theirs = managed.read("tui.json")
    assert theirs == MOVED

    assert managed.stale(plan) == ["opencode_settings#/theme"]
    assert managed.read("opencode.jsonc") == moved.replace("a/b", "a/c")
    assert managed.read("tui.json") == theirs

    managed.say(LOOKS.replace("a/b", "a/c"))
    satisfied = managed.plan()
    assert (satisfied.due, satisfied.held) == ({}, {})
    assert {key for key, what in satisfied.records.items() if what == "record adopt"} == {
        "tui.json#/theme",
        "tui.json#/keybinds/leader",
    }
    managed.done("apply", "--yes")
    assert managed.read("tui.json") == theirs
    assert managed.plan().nothing

    managed.say("theme: nord\nmodel: a/c\nkeybinds: {leader: ctrl+k}\n")
    assert managed.plan().due == {
        "tui.json#/theme": "update commit",
        "tui.json#/keybinds/leader": "update commit",
    }
    managed.done("apply", "--yes")
    assert managed.read("tui.json") == theirs.replace("dracula", "nord").replace("ctrl+o", "ctrl+k")
    assert managed.read("opencode.jsonc") == moved.replace("a/b", "a/c")


def test_the_tui_moves_nothing_once_there_is_a_tui_json(managed: Managed, sandbox: Sandbox) -> None:
    """Then `theme` in opencode.json has no effect any more: the TUI reads tui.json and tui.jsonc alone."""
    legacy = f'{{\n  {SCHEMA},\n  "theme": "mine", // dark\n  "tui": {{ "scroll_speed": 2 }}\n}}\n'
    sandbox.write("opencode.json", legacy)
    sandbox.write("tui.json", '{\n  // mine\n  "scroll_speed": 3,\n}\n')
    managed.say("model: a/b\n")
    managed.say("diff_style: stacked\n", "opencode/tui.yaml")
    plan = managed.save()
    started(sandbox)
    assert managed.read("opencode.json") == legacy
    assert managed.stale(plan) == []
    assert managed.read("tui.json") == '{\n  // mine\n  "scroll_speed": 3,\n  "diff_style": "stacked",\n}\n'
    assert changed(legacy, managed.read("opencode.json")) == [
        '-  "tui": { "scroll_speed": 2 }\n',
        '+  "tui": { "scroll_speed": 2 },\n',
        '+  "model": "a/b"\n',
    ]
    assert managed.plan().nothing


# What the TUI left behind, in memory.

MOVED = """\
{
  "$schema": "https://opencode.ai/tui.json",
  "theme": "dracula",
  "keybinds": {
    "leader": "ctrl+o"
  }
}"""
GIT = {"opencode/settings.yaml": LOOKS}


def migrated(before: dict[str, str] | None = None, first: dict[str, str] | None = None) -> House:
    """A house where git's `theme` and `keybinds` were applied, and then moved by the TUI."""
    house = House(before or {})
    house.apply(house.plan(first or GIT, force=["*"]))
    house.edit({"opencode/opencode.jsonc": '{\n  "model": "a/b"\n}\n', "opencode/tui.json": MOVED})
    return house


def read(house: House, name: str) -> Any:
    return loads(house.home[f"opencode/{name}"].decode())


def test_moved_keys_that_git_no_longer_names_go_from_tui_json() -> None:
    house = migrated()
    house.apply(house.plan(GIT))
    house.apply(house.plan({"opencode/settings.yaml": "model: a/b\n"}))
    assert read(house, "tui.json").keys() <= {"$schema", "keybinds"}


def test_a_theme_that_git_changed_while_the_tui_moved_it_is_applied() -> None:
    house = migrated()
    house.apply(house.plan({"opencode/settings.yaml": LOOKS.replace("dracula", "gruvbox")}))
    assert read(house, "tui.json")["theme"] == "gruvbox"


@pytest.mark.parametrize("before", [{}, {"opencode/opencode.jsonc": '{"theme": "mine", "model": "a/b"}'}])
def test_what_the_tui_moved_is_handed_back_as_it_was_before_it_was_ours(before: dict[str, str]) -> None:
    house = migrated(before)
    house.apply(house.plan(GIT))
    house.hand_back()
    assert read(house, "tui.json").get("theme") == (read(House(before), "opencode.jsonc")["theme"] if before else None)


def test_ownership_that_moved_is_taken_back_with_the_run() -> None:
    house = migrated()
    before = house.journal.recorded()
    house.apply(house.plan(GIT))
    assert {row.claim.path for row in house.journal.recorded()} == {"opencode.jsonc", "tui.json"}
    assert house.plan(GIT).changes == ()
    house.take_back(2)
    assert [(r.claim, r.value, r.standing) for r in house.journal.recorded()] == [
        (r.claim, r.value, r.standing) for r in before
    ]


def test_a_theme_that_somebody_changed_after_the_tui_moved_it_is_theirs() -> None:
    house = migrated()
    house.edit({"opencode/tui.json": MOVED.replace("dracula", "theirs")})
    plan = house.plan(GIT)
    assert [str(c.ref) + c.target.part for c in plan.held] == ["opencode_settings/theme"]
    house.apply(plan)
    assert read(house, "tui.json")["theme"] == "theirs"


def test_a_theme_that_reappears_in_opencode_json_takes_nothing_from_tui_json() -> None:
    house = migrated()
    house.apply(house.plan(GIT))
    house.edit({"opencode/opencode.jsonc": '{\n  "model": "a/b",\n  "theme": "nord"\n}\n'})
    house.apply(house.plan(GIT))
    assert read(house, "tui.json").get("theme") == "dracula"


def test_a_theme_goes_where_the_tui_reads_it() -> None:
    house = House({"opencode/tui.json": '{\n  "scroll_speed": 3\n}\n'})
    house.apply(house.plan(GIT))
    assert read(house, "tui.json").get("theme") == "dracula"
