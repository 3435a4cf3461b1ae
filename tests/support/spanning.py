"""A home and a repository whose next plan spans all shapes: files, folders, regions, keys and items, with and without
secrets; made, changed, removed.

Servers take part as one that is declared and does not run: starting one is nothing that a run could take back to the
byte, and what is done to those that run is proven with the real program (tests/real/test_servers.py).
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.support.sandbox import Sandbox

SETTINGS = (
    '{\n  // mine\n  "theme": "One Dark",\n  "vim_mode": true, /* stays */\n  "terminal": { "font_size": 14.50 },\n}\n'
)
LIST = "# Agents\n\n{% for a in resources('agent') %}\n- {{ a.name }}\n{% endfor %}\n"
HOME = {
    "opencode/AGENTS.md": "# Mine\r\n\r\n- one\r\n",
    "opencode/agents/theirs.md": "Taken over.\n",
    "opencode/agents/equal.md": "Equal.\n",
    "opencode/agents/private.md": "For my eyes.\n",
    "opencode/NOTES.md": "# Notes\n\n<!-- reconcile:begin list -->\nmine\n<!-- reconcile:end list -->\n\nThe rest \n",
    "opencode/opencode.jsonc": '{\n\t// mine\n\t"model": "a/b",\n\t"username": "me",\n}\n',
    "zed/settings.json": SETTINGS,
    "zed/keymap.json": '[\n  // mine\n  { "context": "Editor", "bindings": { "ctrl-m": "x::Mine" } },\n]\n',
    "zed/tasks.json": '[{ "label": "mine", "command": "true" }]\n',
}
FIRST = {
    "agents/update.md": "First.\n",
    "agents/delete.md": "To go.\n",
    "agents/deep/er/gone.md": "To go with its folders.\n",
    "agents/theirs.md": "Ours.\n",
    "commands/ship.md": "Ship it.\n",
    "skills/release/SKILL.md": "---\nname: release\ndescription: d\n---\nFirst.\n",
    "skills/release/run.sh": "#!/bin/sh\n",
    "files/opencode/AGENTS.md": "# Git's\n",
    "opencode/settings.yaml": "share: disabled\nsnapshot: false\n",
    "opencode/tui.yaml": "scroll_speed: 3\n",
    "zed/settings.yaml": "buffer_font_size: 14\nterminal:\n  blinking: 'off'\n",
    "zed/keymap.yaml": '- context: Editor\n  bindings: {ctrl-a: "x::A", ctrl-b: "x::B"}\n',
    "zed/tasks.yaml": "- {label: build, command: make}\n- {label: test, command: make test}\n",
    "mcp/github.yaml": "command: [npx, -y, github]\n",
    "mcp/going.yaml": "command: [npx, -y, going]\n",
    "mcp/secret-going.yaml": "command: [npx, -y, it]\nenvironment: {TOKEN: !secret env:TOKEN}\n",
    "agents/private.md": "For my eyes.\n",
    "agents/key-going.md": "---\ndescription: G\noptions:\n  key: !secret env:TOKEN\n---\nGoing.\n",
    "documents/list.yaml": "template: list.md.j2\noutputs: [{in: opencode, path: docs/list.md}]\n",
    "documents/gone.yaml": "template: list.md.j2\noutputs: [{in: opencode, path: docs/gone/all.md}]\n",
    "../templates/list.md.j2": LIST,
}
SECOND = {
    "agents/update.md": "Second.\n",
    "agents/new/ly/made.md": "New, in new folders.\n",
    "agents/equal.md": "Equal.\n",
    "commands/ship.md": "Ship it.\n",
    "skills/release/SKILL.md": "---\nname: release\ndescription: d\n---\nSecond.\n",
    "skills/other/SKILL.md": "---\nname: other\ndescription: d\n---\n",
    "files/zed/themes/t.json": "{}\n",
    "opencode/settings.yaml": "share: manual\nautoupdate: false\nagent:\n  build: {temperature: 0.5}\n",
    "opencode/tui.yaml": "scroll_speed: 4\n",
    "zed/settings.yaml": "buffer_font_size: 15\ntheme: Gruvbox Dark\nlsp:\n  rust: {binary: {path: /x}}\n",
    "zed/keymap.yaml": '- context: Editor\n  bindings: {ctrl-a: "x::Other", ctrl-c: "x::C"}\n',
    "zed/tasks.yaml": "- {label: build, command: ninja}\n- {label: lint, command: ruff}\n",
    "mcp/github.yaml": "command: [npx, -y, github, --all]\n",
    "mcp/new.yaml": "command: [npx, -y, new]\nenvironment: {TOKEN: !secret env:TOKEN}\n",
    "agents/key.md": "---\ndescription: K\noptions:\n  key: !secret env:TOKEN\n---\nKeyed.\n",
    "documents/list.yaml": "template: list.md.j2\noutputs: [{in: opencode, path: docs/list.md}]\n",
    "documents/notes.yaml": "template: list.md.j2\noutputs: [{in: opencode, path: NOTES.md, region: list}]\n",
    "../templates/list.md.j2": LIST,
    "servers/dev.yaml": "path: '~'\nport: 45998\nstate: stopped\n",
}


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        at = folder / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(text.encode())
        if text.startswith("#!"):
            at.chmod(0o755)


def spanning(folder: Path) -> Sandbox:
    """FIRST is applied, SECOND is what git says now; one agent was edited by hand and is to be repaired."""
    sandbox = Sandbox(folder)
    sandbox.variables["TOKEN"] = "violet otter one"
    config, asked = sandbox.home / ".config", sandbox.repo / "desired-state"
    write(config, HOME)
    (config / "zed/settings.json").chmod(0o600)
    (config / "opencode/agents/private.md").chmod(0o600)
    (config / "opencode/agents/theirs.md").chmod(0o640)
    for path in ("opencode/agents/theirs.md", "opencode/agents/private.md", "zed/settings.json", "opencode/NOTES.md"):
        _own(config / path)
    link = config / "zed/tasks.json"
    os.rename(link, sandbox.home / "tasks-elsewhere.json")
    link.symlink_to("../../tasks-elsewhere.json")
    write(asked, FIRST)
    (asked / "reconcile.yaml").write_text("id: spanning\n")
    done = sandbox.run("apply", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    for path in FIRST:
        (asked / path).unlink()
    write(asked, SECOND)
    (config / "opencode/commands/ship.md").write_text("Edited here.\n")
    return sandbox


def _own(path: Path) -> None:
    """An owner and an attribute of its own, as far as this machine has them for us."""
    if os.geteuid() == 0:
        os.chown(path, 4321, 5432)
    if hasattr(os, "setxattr"):
        with suppress(OSError):
            os.setxattr(path, "user.whose", b"mine")


class Thing(NamedTuple):
    """A file, link or folder: bytes, mode, where it leads, owner and group, attributes."""

    content: str
    mode: int
    leads: str
    owner: tuple[int, int]
    attributes: dict[str, str]


Things = dict[str, Thing]


def everything(home: Path) -> Things:
    """All that there is of the home's configuration."""
    found: Things = {}
    for base in (home / ".config", home / "tasks-elsewhere.json"):
        for at in [base, *base.rglob("*")]:
            leads = os.readlink(at) if at.is_symlink() else ""
            content = at.read_bytes().decode() if at.is_file() else ""
            stat = at.stat()
            found[str(at.relative_to(home))] = Thing(
                content, stat.st_mode, leads, (stat.st_uid, stat.st_gid), _attributes(at)
            )
    return found


def _attributes(at: Path) -> dict[str, str]:
    if not hasattr(os, "listxattr"):
        return {}
    names = [name for name in os.listxattr(at) if name.startswith("user.")]
    return {name: os.getxattr(at, name).decode() for name in names}


def differences(one: Things, other: Things) -> str:
    """For people: which files differ, and how."""
    paths = sorted(path for path in {*one, *other} if one.get(path) != other.get(path))
    return json.dumps({path: [one.get(path), other.get(path)] for path in paths}, indent=1)
