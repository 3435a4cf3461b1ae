"""Homes to try everything on: the corpus of real ones where it is at hand, and made ones with the same features."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
REASON = f"the corpus of real homes is not at {CORPUS.name}/ beside this checkout"
PLAIN = "---\ndescription: {}\nmodel: anthropic/claude\n---\n"
FRONT = "---\ndescription: {}\nmode: subagent\npermission:\n  bash:\n    '*': ask\n    'git *': allow\n---\n"


def real() -> list[Path]:
    """The corpus, or nothing."""
    return sorted(CORPUS.glob("home-*"))


def copy(home: Path, to: Path) -> Path:
    """A corpus home as `~/.config` below `to`."""
    for program in ("opencode", "zed"):
        if (home / program).is_dir():
            shutil.copytree(home / program, to / ".config" / program)
    return to


def make(seed: int, to: Path) -> Path:
    """A home with everything that real ones have: both spellings of folders, links, odd line ends, odd names."""
    chance = random.Random(seed)
    opencode, zed = to / ".config" / "opencode", to / ".config" / "zed"
    for path, content in sorted(_files(chance)):
        at = opencode / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(content)
        at.chmod(chance.choice([0o644, 0o600, 0o664, 0o755]))
    (zed / "themes").mkdir(parents=True)
    (zed / "settings.json").write_text('// mine\n{ "theme": "One Dark", }\n')
    (zed / "themes" / "my theme.json").write_text("{}")
    _links(opencode, to, chance)
    return to


def _files(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    agents, commands = chance.choice(["agent", "agents"]), chance.choice(["command", "commands"])
    skills = chance.choice(["skill", "skills"])
    for name in chance.sample(["a", "Zwölf", "with space", "team/b", "team/deep/c", "d.e", "名前"], 5):
        yield f"{agents}/{name}.md", _markdown(chance, name, FRONT)
    for name in chance.sample(["ship", "git/c", "review", "émile"], 3):
        yield f"{commands}/{name}.md", _markdown(chance, name, PLAIN)
    for name in chance.sample(["release", "group/one", "x"], 2):
        yield f"{skills}/{name}/SKILL.md", f"---\nname: {name}\ndescription: d\n---\n# {name}\n".encode()
        yield f"{skills}/{name}/scripts/run.sh", b"#!/bin/sh\necho\n"
        yield f"{skills}/{name}/picture.png", bytes(range(256))
    yield "AGENTS.md", chance.choice([b"", b"# Rules\n", b"# Rules without an end", b"# Rules\r\n\r\n- one\r\n"])
    yield "opencode.jsonc", b'{\n  // mine\n  "model": "a/b",\n}\n'
    yield "plugin/notify.ts", b"export const Notify = async () => ({})\n"
    yield "node_modules/x/index.js", b"module.exports = 1\n"
    yield "package-lock.json", b"{}\n"
    yield "themes/t.json", b'{"theme": {}}\n'
    yield "prompts/long.txt", b"x" * chance.randrange(1, 5000)


def _markdown(chance: random.Random, name: str, matter: str) -> bytes:
    front = chance.choice(["", matter.format(name), matter.format("'quoted: yes'"), matter.format("no # comment")])
    text = front + f"You are {name}.\n\n" + "\n".join(f"- rule {i}" for i in range(chance.randrange(1, 9)))
    text += chance.choice(["", "\n", "\n\n"])
    text = text.replace("\n", chance.choice(["\n", "\n", "\r\n"]))
    return chance.choice(["", "", "\ufeff"]).encode() + text.encode()


def _links(opencode: Path, to: Path, chance: random.Random) -> None:
    """A file and a folder that lead into another repository, as stow leaves them."""
    elsewhere = to / "dotfiles"
    (elsewhere / "themes-extra").mkdir(parents=True)
    (elsewhere / "linked.md").write_text(FRONT.format("linked") + "Linked.\n")
    (elsewhere / "themes-extra" / "far.json").write_text("{}\n")
    folder = next(opencode.glob("agent*"))
    (folder / "linked.md").symlink_to(elsewhere / "linked.md")
    (opencode / "extra").symlink_to(os.path.relpath(elsewhere / "themes-extra", opencode))


def contents(home: Path) -> dict[str, tuple[bytes, int, str]]:
    """Every file below a home: bytes, mode and where it leads; folders with an empty content."""
    found: dict[str, tuple[bytes, int, str]] = {}
    for folder, folders, names in os.walk(home):
        for name in (*folders, *names):
            at = Path(folder, name)
            leads = os.readlink(at) if at.is_symlink() else ""
            content = at.read_bytes() if at.is_file() else b""
            found[str(at.relative_to(home))] = content, at.stat().st_mode, leads
    return found
