"""A small home and its repository, and all sorts of things that may happen to them between two looks. Writes."""

from __future__ import annotations

import io
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from reconciler import first
from reconciler.app import narrowing, proposing, remembering
from reconciler.app.session import App
from reconciler.cli.main import main
from tests.support.sandbox import Sandbox

AGENT = "---\ndescription: {}\nmode: subagent\n---\nYou are {}.\n"
NAMES = ("ada", "bob", "cyd", "team/dan")
VERBS: tuple[tuple[str, ...], ...] = (("plan",), ("plan", "--verify"), ("check",), ("check", "--staged"))


class Home(Sandbox):
    """A home in step with its repository."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self.variables |= {"BENCH_TOKEN": "set", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        self.here = self.repo
        for name in NAMES:
            self.say(f"agents/{name}.md", AGENT.format(name, name))
        self.say("files/opencode/AGENTS.md", "# Rules\n")
        self.say("files/opencode/plugin/run.sh", "#!/bin/sh\n")
        self.say(
            "opencode/settings.yaml", "model: x/b\nprovider:\n  x:\n    options:\n      apiKey: '{env:BENCH_TOKEN}'\n"
        )
        self.say("zed/settings.yaml", "tab_size: 4\n")
        self.say("hosts/other/zed/settings.yaml", "tab_size: 2\n")
        self.say("reconcile.yaml", "id: mine\n")
        self.commit()
        self.slow("apply", "--yes")

    def say(self, path: str, text: str) -> None:
        at = self.repo / "desired-state" / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)

    @property
    def config(self) -> Path:
        return self.home / ".config" / "opencode"

    @property
    def state(self) -> Path:
        return self.home / ".local" / "state" / "reconciler"

    @property
    def cache(self) -> Path:
        return self.home / ".cache" / "reconciler"

    def slow(self, *argv: str) -> tuple[str, int]:
        """What the whole program prints, and its exit status."""
        out = io.StringIO()
        with self.inside(), redirect_stdout(out), redirect_stderr(io.StringIO()):
            status = main(argv)
        return out.getvalue(), status

    def narrow(self, *argv: str) -> tuple[str, int] | None:
        """What it prints after a narrow look, where that answers."""
        answers: list[object] = []

        def narrow(app: App, every_host: bool) -> object:
            answers.append(narrowing.narrow(app, every_host))
            return answers[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(proposing, "narrow", narrow)
            patch.setattr(remembering, "remember", lambda *args: None)
            said = self.slow(*argv)
        return said if answers != [None] else None

    def whole(self, *argv: str) -> tuple[str, int]:
        """What it prints after a look at everything."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(proposing, "narrow", lambda *args: None)
            patch.setattr(remembering, "remember", lambda *args: None)
            return self.slow(*argv)

    def fast(self, *argv: str) -> str | None:
        with self.inside(), redirect_stdout(io.StringIO()):
            found: str | None = first.answer(argv)
            return found

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This process with the home's variables, in the repository."""
        before, cwd = dict(os.environ), Path.cwd()
        os.environ.clear()
        os.environ.update(self.variables)
        os.chdir(self.here)
        try:
            yield
        finally:
            os.chdir(cwd)
            os.environ.clear()
            os.environ.update(before)


def same_size(path: Path) -> None:
    """An edit in place that a length does not show."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(len(content) - 3)
        file.write(bytes([content[-3] ^ 1]))


def hidden(path: Path) -> None:
    """The same, and the time of writing put back."""
    found = path.stat()
    same_size(path)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def renamed_over(path: Path) -> None:
    """Another file of that size and time takes its place."""
    other = path.with_name("other")
    shutil.copy2(path, other)
    hidden(other)
    other.rename(path)


def linked(path: Path) -> None:
    """The file moves away, and a link leads to it."""
    path.rename(path.with_name("moved.txt"))
    path.symlink_to("moved.txt")


def in_future(path: Path) -> None:
    """A clock that was ahead."""
    same_size(path)
    os.utime(path, (4e9, 4e9))


def in_past(path: Path) -> None:
    """A clock that was behind."""
    same_size(path)
    os.utime(path, (1e9, 1e9))


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[random.Random(len(content)).randrange(len(content))] ^= 0x10
    path.write_bytes(bytes(content))


ON_FILES: tuple[Callable[[Path], object], ...] = (
    same_size, hidden, renamed_over, linked, in_future, in_past, truncated, Path.unlink, Path.touch,
    lambda path: path.chmod(0o755), lambda path: path.chmod(0o600), lambda path: path.rename(path.with_name("z.md")),
    lambda path: path.write_bytes(path.read_bytes() + b"more\n"), lambda path: path.write_bytes(path.read_bytes()),
)  # fmt: skip


def files(home: Home) -> list[Path]:
    """Everything that somebody may write to."""
    found = [path for top in (home.config, home.repo / "desired-state") for path in sorted(top.rglob("*"))]
    zed = home.home / ".config" / "zed" / "settings.json"
    kept = [path for path in sorted(home.cache.rglob("*")) if path.name != ".gitignore"]
    return [path for path in [*found, zed, home.state / "state.db", *kept] if path.is_file() and not path.is_symlink()]


def elsewhere(home: Home) -> None:
    """Another repository applies to this home, and takes one file more."""
    other = Sandbox.__new__(Sandbox)
    other.home, other.repo, other.variables = home.home, home.repo.with_name("second"), home.variables
    other.repo.mkdir()
    other.git("init", "-q", "-b", "main")
    (other.repo / "desired-state" / "agents").mkdir(parents=True)
    (other.repo / "desired-state" / "agents" / "eve.md").write_text(AGENT.format("eve", "eve"))
    (other.repo / "desired-state" / "reconcile.yaml").write_text("id: second\n")
    home.slow("-C", str(other.repo), "apply", "--yes")


def rival(home: Home) -> None:
    (home.config / "agent").mkdir()
    shutil.copy(home.config / "agents" / "ada.md", home.config / "agent" / "ada.md")


def swapped_folder(home: Home) -> None:
    """Another folder takes the place of one, with files as old and as long."""
    agents = home.config / "agents"
    shutil.copytree(agents, home.config / "copy")
    hidden(home.config / "copy" / "ada.md")
    agents.rename(home.home / "old")
    (home.config / "copy").rename(agents)


def swapped_root(home: Home) -> None:
    root = home.home / ".config"
    shutil.copytree(root, home.home / "config2")
    hidden(home.home / "config2" / "opencode" / "agents" / "bob.md")
    root.rename(home.home / "config1")
    (home.home / "config2").rename(root)


def _git(*args: str) -> Callable[[Home], object]:
    return lambda home: home.git(*args)


def _variable(name: str, value: str) -> Callable[[Home], object]:
    return lambda home: home.variables.update({name: value})


def _write(path: str, text: str) -> Callable[[Home], object]:
    return lambda home: (home.repo / path).write_text(text)


def _committed(home: Home) -> None:
    same_size(home.repo / "desired-state" / "agents" / "ada.md")
    home.commit()


def _deeper(home: Home) -> None:
    home.here = home.repo / "desired-state"


def _nearer(home: Home) -> None:
    home.here = home.repo / "desired-state" / "agents"
    home.git("init", "-q", str(home.here))


ON_HOMES: tuple[Callable[[Home], object], ...] = (
    lambda home: None, elsewhere, rival, swapped_folder, swapped_root, _committed, _deeper, _nearer,
    _git("commit", "-q", "--allow-empty", "-m", "x"), _git("branch", "-m", "other"), _git("checkout", "-q", "--detach"),
    _git("config", "core.fileMode", "false"), _git("rm", "-q", "--cached", "desired-state/agents/ada.md"),
    _git("update-index", "--chmod=+x", "desired-state/agents/ada.md"), _git("pack-refs", "--all"), _git("status"),
    _git("mv", "desired-state/agents/ada.md", "desired-state/agents/eve.md"), _git("gc", "-q"),
    _git("config", "core.fsmonitor", "touch ran; false"), _git("reset", "-q"), _git("add", "-A"),
    _git("update-index", "--force-write-index"),
    _write(".gitignore", "ada.md\nmore.md\n"), _write(".gitattributes", "*.md filter=evil\n"),
    _write(".git/info/exclude", "*\n"),
    _write(".git/info/attributes", "*.md filter=x\n"), _write("desired-state/agents/new.md", AGENT.format("n", "n")),
    _write("desired-state/reconcile.yaml", "id: mine\nmodes:\n  agent: ignore\n"), _write("desired-state/x.txt", ""),
    _write("desired-state/agents/.DS_Store", ""),
    _variable("RECONCILE_HOST", "other"), _variable("BENCH_TOKEN", ""), _variable("XDG_CONFIG_HOME", "/dev/null/x"),
    _variable("XDG_STATE_HOME", "/dev/null/x"), _variable("GIT_CONFIG_GLOBAL", "/dev/null/x"),
    _variable("LANG", "C"),
    _variable("RECONCILE_OPENCODE", "true"), _variable("NO_COLOR", "1"), _variable("GIT_INDEX_FILE", "/dev/null/index"),
    lambda home: shutil.rmtree(home.state), lambda home: shutil.rmtree(home.cache),
    lambda home: (home.home / ".local/share/reconciler/key").unlink(),
    lambda home: (home.config / "new.md").write_text(""),
    lambda home: (home.config / "dangling").symlink_to("nowhere"), lambda home: shutil.rmtree(home.config / "agents"),
    lambda home: (home.cache / "opencode-config-9.json").write_text("{}"),
    lambda home: home.slow("release", "agent/ada", "--yes"),
    lambda home: (home.config / "opencode.jsonc").write_text('{"model": "c/d"}'),
)  # fmt: skip


def happen(home: Home, chance: random.Random) -> str:
    """Something of all that; what it was."""
    if chance.random() < 0.5:
        what = chance.choice(ON_HOMES)
        what(home)
        return f"{ON_HOMES.index(what)}: {getattr(what, '__qualname__', what)}"
    path, edit = chance.choice(files(home)), chance.choice(ON_FILES)
    edit(path)
    return f"{ON_FILES.index(edit)}: {getattr(edit, '__name__', edit)} {path}"
