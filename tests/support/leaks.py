"""A home and a repository with secrets everywhere, every verb run over them, and all that was left or printed."""

from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.support.sandbox import Sandbox

# No form of theirs gives them away: what hides them is that we know where they came from.
SOURCES = {
    "env": "violet otter one",
    "rotated": "violet otter two",
    "file": 'heron "quoted" \\ slash',
    "age": "crimson badger",
    "keyring": "amber finch",
    "command": "teal weasel",
    "multi": "first line here\nsecond line there",
    "by hand": "olive newt by hand",
    "stored": "indigo stoat",
}
# Typed in clear before anything was managed: known by their form or by their key.
STANDING = {
    "provider": "sk-proj-A1b2C3d4E5f6G7h8I9j0K1l2",
    "agent": "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "server": "xoxb-123456789012-A1b2C3d4E5f6",
    "task": "correct-horse-battery",
    "context": "glpat-A1b2C3d4E5f6G7h8I9j0",
    "note": "hf_A1b2C3d4E5f6G7h8I9j0K1l2M3",
    "taken over": "plain-old-passphrase",
    "name": "github_pat_A1b2C3d4E5f6G7h8I9j0K1l2",
    "theme": "AIzaA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p",
    "folder": "ghp_B1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "skill": "ghp_C1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "key": "ghp_D1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "server's name": "ghp_E1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "key of zed": "ghp_F1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "label": "ghp_G1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
}
HOME = {
    "opencode/opencode.jsonc": {
        "provider": {
            "openai": {"options": {"apiKey": STANDING["provider"]}},
            "other": {"options": {"apiKey": STANDING["taken over"]}},
            STANDING["key"]: {"options": {"timeout": 5}},
        },
        "mcp": {
            "slack": {"type": "local", "command": ["slack"], "environment": {"TOKEN": STANDING["server"]}},
            STANDING["server's name"]: {"type": "local", "command": ["x"]},
        },
    },
    "opencode/agents/a.md": f"---\ndescription: A\n---\nUse {STANDING['agent']} for it.\n",
    f"opencode/agents/{STANDING['name']}.md": "---\ndescription: N\n---\nN.\n",
    f"opencode/themes/{STANDING['theme']}.json": "{}\n",
    f"opencode/agents/{STANDING['folder']}/a.md": "---\ndescription: F\n---\nF.\n",
    f"opencode/skills/{STANDING['skill']}/SKILL.md": "---\nname: s\ndescription: S\n---\nS.\n",
    "opencode/agents/plain.md": "---\ndescription: Plain\n---\nBe plain.\n",
    "opencode/AGENTS.md": f"Be kind.\nHF_TOKEN={STANDING['note']}\n",
    "zed/settings.json": {"buffer_font_size": 14, "proxy": "http://old", STANDING["key of zed"]: True},
    "zed/tasks.json": [
        {"label": "t", "command": "make", "env": {"PASSWORD": STANDING["task"]}},
        {"label": STANDING["label"]},
    ],
    "zed/keymap.json": [{"context": STANDING["context"], "bindings": {"ctrl-a": "editor::SelectAll"}}],
}
DESIRED = {
    "mcp/every.yaml": """\
command: [npx, every, --key, !secret env:MARKER]
environment:
  FILE: !secret file:~/.secrets/one
  AGE: !secret age:one
  KEYRING: !secret keyring:work/one
  COMMAND: !secret "command:cat ~/.secrets/two"
  MULTI: !secret env:MULTI
  PLAIN: "1"
""",
    "mcp/hosted.yaml": """\
url: https://example.com/mcp
headers:
  Authorization: !secret {from: env:MARKER, in: "Bearer {}"}
""",
    "opencode/settings.jsonc": """\
{"provider": {"other": {"options": {"apiKey": {"$secret": "age:one"}}}}}
""",
    "zed/settings.yaml": """\
buffer_font_size: 14
proxy: !secret {from: env:MARKER, in: "http://me:{}@proxy:1"}
""",
    "servers/dev.yaml": """\
path: "~"
port: 45999
state: stopped
password: !secret age:one
env: {KEY: !secret env:MARKER}
""",
    "zed/tasks.yaml": "- {label: mine, command: make, env: {KEY: !secret file:~/.secrets/one}}\n",
    "agents/searcher.md": "---\ndescription: S\noptions:\n  key: !secret file:~/.secrets/one\n---\nSearch.\n",
}


# Typed in clear into git, as a name: what each file and its text are.
NAMED = {
    "an agent": "ghp_H1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "a file": "ghp_I1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "an mcp server": "ghp_J1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "a variable": "ghp_K1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "a setting": "ghp_L1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "an escaped setting": "ghp_M1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "a context": "ghp_N1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "a task": "ghp_O1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "a region": "ghp_P1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "one of several": "ghp_Q1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "an overlay": "ghp_R1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "a server": "ghp_S1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
}
MISNAMED = {
    "an agent": (f"agents/{NAMED['an agent']}.md", "A.\n"),
    "a file": (f"files/opencode/{NAMED['a file']}/x.json", "{}\n"),
    "an mcp server": (f"mcp/{NAMED['an mcp server']}.yaml", "command: [x]\n"),
    "a variable": ("mcp/b.yaml", f"command: [x]\nenvironment: {{{NAMED['a variable']}: x}}\n"),
    "a setting": ("opencode/tui.yaml", f"keybinds: {{{NAMED['a setting']}: x}}\n"),
    "an escaped setting": (
        "opencode/settings.jsonc",
        f'{{"provider": {{"\\u0067{NAMED["an escaped setting"][1:]}": {{"options": {{}}}}}}}}\n',
    ),
    "a context": ("zed/keymap.yaml", f"- context: {NAMED['a context']}\n  bindings: {{a: 'x::Y'}}\n"),
    "a task": ("zed/tasks.yaml", f"- {{label: {NAMED['a task']}, command: x}}\n"),
    "a region": ("documents/d.yaml", f"template: t.j2\noutputs: [{{path: x.md, region: {NAMED['a region']}}}]\n"),
    "one of several": ("x.yaml", f"agents: {{{NAMED['one of several']}: {{prompt: x}}}}\n"),
    "an overlay": (f"hosts/laptop/agents/{NAMED['an overlay']}.md", "A.\n"),
    "a server": (f"servers/{NAMED['a server']}.yaml", "path: '~'\nport: 45997\n"),
}  # fmt: skip


MARK = "=== next ==="
EACH = f"""
import json, sys
from reconciler.cli.main import main
for command in json.load(sys.stdin):
    print({MARK!r}, *command, flush=True)
    sys.argv = ["reconcile", *command]
    try:
        main()
    except SystemExit:
        pass
"""


class Watched(Sandbox):
    """A sandbox that keeps all that was printed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.said: dict[str, str] = {}
        temporary = folder / "tmp"
        temporary.mkdir()
        (self.home / ".secrets").mkdir(mode=0o700)
        (self.home / ".secrets/one").write_text(SOURCES["file"] + "\n")
        (self.home / ".secrets/two").write_text(SOURCES["command"] + "\n")
        (self.home / ".secrets/keyring.json").write_text(json.dumps({"work/one": SOURCES["keyring"]}))
        self.variables |= {
            "TMPDIR": str(temporary), "MARKER": SOURCES["env"], "MULTI": SOURCES["multi"],
            "PYTHONPATH": str(Path(__file__).parents[2]), "KEYRING_FILE": str(self.home / ".secrets/keyring.json"),
            "PYTHON_KEYRING_BACKEND": "tests.support.keyring_backend.Files",
        }  # fmt: skip

    def do(self, *args: str, text: str | None = None, code: int | None = 0) -> str:
        ran = self.run(*args, text=text)
        self.said[f"{len(self.said)} reconcile {' '.join(args)}"] = ran.stdout + ran.stderr
        assert code is None or ran.returncode == code, f"{args} ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def look(self, *commands: tuple[str, ...]) -> None:
        """Commands that only look, one after the other in one process."""
        ran = subprocess.run(
            [sys.executable, "-c", EACH], cwd=self.repo, env=self.variables, input=json.dumps(commands),
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert ran.returncode == 0 and ran.stdout.count(MARK) == len(commands), ran.stderr
        self.said[f"{len(self.said)} {' '.join(commands[0])} and others"] = ran.stdout + ran.stderr

    def live(self, path: str) -> Path:
        return self.home / ".config" / path

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """All that was printed, and every file but those that must hold a secret; packed ones unpacked too."""
        yield from ((name, text.encode()) for name, text in self.said.items())
        for folder in (self.home, self.repo, Path(self.variables["TMPDIR"])):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not {".config", ".secrets"} & set(path.relative_to(folder).parts[:1]):
                    yield str(path), path.read_bytes()
                    with suppress(zlib.error):
                        yield f"{path}, unpacked", zlib.decompress(path.read_bytes())
        state = sqlite3.connect(self.home / ".local/state/reconciler/state.db")
        for name, content in state.execute("SELECT id, content FROM blobs"):
            with suppress(zlib.error):
                yield f"content {name}", zlib.decompress(content)
        for table in ("steps", "owned", "runs", "made", "pins", "events"):
            yield f"table {table}", repr(state.execute(f"SELECT * FROM {table}").fetchall()).encode()
        state.close()


def forms(secret: str) -> Iterator[bytes]:
    """How a secret may be written down."""
    raw = secret.encode()
    yield from (raw, json.dumps(secret)[1:-1].encode(), repr(secret)[1:-1].encode(), raw.hex().encode())
    yield from (secret.encode("utf-16-le"), secret.encode("utf-16-be"))
    yield from (line.encode() for line in secret.splitlines())
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw)
        yield whole[4 if shift else 0 : len(whole) // 4 * 4 - 4]


def lived(folder: Path) -> Watched:
    """A life in which every verb sees the secrets."""
    one = Watched(folder)
    for path, content in HOME.items():
        one.live(path).parent.mkdir(parents=True, exist_ok=True)
        one.live(path).write_text(content if isinstance(content, str) else json.dumps(content, indent=2) + "\n")
    one.do("import")
    one.do("import", "--json", code=None)
    one.do("import", "--include", "~/.config/opencode/agents/plain.md", code=None)
    one.do("secret", "set", "one", "--age", text=SOURCES["age"])
    one.do("secret", "set", "two", text=SOURCES["stored"])
    (one.repo / "desired-state/opencode/settings.yaml").unlink(missing_ok=True)
    for path, text in DESIRED.items():
        (one.repo / "desired-state" / path).parent.mkdir(parents=True, exist_ok=True)
        (one.repo / "desired-state" / path).write_text(text)
    _looked(one)
    plan = str(folder / "tmp/plan.json")
    one.do("plan", "-o", plan)
    one.do("apply", plan)
    assert SOURCES["age"] in one.live("opencode/opencode.jsonc").read_text()
    one.commit("all of it")
    _glanced(one)
    _edited(one)
    one.variables["MARKER"] = SOURCES["rotated"]
    _glanced(one)
    one.do("apply", "--yes", "--force", "mcp_server/every", code=None)
    _without(one)
    _glanced(one)
    one.do("rollback", "2", "--yes", code=None)
    one.do("apply", "--yes", code=None)
    one.do("release", "mcp_server/every", "--yes", "--full", code=None)
    one.do("apply", "--yes", code=None)
    one.do("release", "--all", "--yes", code=None)
    one.do("secret", "rm", "two")
    _misnamed(one)
    _looked(one)
    return one


def _misnamed(one: Watched) -> None:
    """Git names things by secrets: nothing is planned, and nothing of that is shown or kept."""
    (one.repo / "templates").mkdir()
    (one.repo / "templates/t.j2").write_text("x\n")
    for path, text in MISNAMED.values():
        at = one.repo / "desired-state" / path
        before = at.read_text() if at.exists() else None
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)
        said = one.do("apply", "--yes", code=1) + list(one.said.values())[-1]
        assert "a name that looks like a secret" in said, (path, said)
        one.look(("validate",), ("plan", "--json"), ("check",), ("status",), ("doctor",))
        at.unlink() if before is None else at.write_text(before)
        folder = at.parent
        while not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def _looked(one: Watched) -> None:
    """Every verb that only looks."""
    one.look(
        ("validate",), ("validate", "--json"), ("plan",), ("plan", "--json"), ("plan", "--full"), ("plan", "--secrets"),
        ("status",), ("status", "--json"), ("check",), ("check", "--json"), ("doctor",), ("doctor", "--json"),
        ("history",), ("history", "--json"), ("show",), ("show", "--full"), ("show", "--json"), ("events",),
        ("why", "mcp_server/every"), ("why", "mcp_server/every", "--json"), ("why", "zed_settings"),
        ("why", "opencode_settings"), ("server", "status"), ("server", "status", "--json"),
        ("why", "server/dev"), ("why", "agent/searcher"), ("why", "zed_tasks", "--json"),
        ("secret", "list"), ("secret", "list", "--json"),
    )  # fmt: skip


def _glanced(one: Watched) -> None:
    """Those that show most."""
    one.look(("plan", "--full"), ("plan", "--json"), ("show", "--full"), ("why", "mcp_server/every", "--json"))


def _edited(one: Watched) -> None:
    """By hand, where our secrets stand and beside them."""
    for path, old, new in (
        ("zed/settings.json", SOURCES["keyring"], SOURCES["by hand"]),
        ("opencode/opencode.jsonc", '"PLAIN": "1"', '"PLAIN": "2"'),
        ("opencode/agents/searcher.md", "Search.", "Search on."),
    ):
        text = one.live(path).read_text()
        assert old in text, (path, text)
        one.live(path).write_text(text.replace(old, new))
    _looked(one)
    one.do("adopt", "mcp_server/every", code=None)
    one.do("adopt", "agent/searcher")
    assert "!secret file:~/.secrets/one" in (one.repo / "desired-state/agents/searcher.md").read_text()
    one.do("apply", "--yes", code=None)


def _without(one: Watched) -> None:
    """Where no source answers."""
    marker = one.variables.pop("MARKER")
    one.variables["KEYRING_BROKEN"] = "1"
    text = (one.repo / "desired-state/mcp/every.yaml").read_text()
    (one.repo / "desired-state/mcp/every.yaml").write_text(text.replace("every, --key", "every, --new"))
    _glanced(one)
    one.do("apply", "--yes", code=1)
    one.variables["MARKER"] = marker
    del one.variables["KEYRING_BROKEN"]
    one.do("apply", "--yes", code=None)
