"""The git adapter, against real repositories: which files a tree has, what is wrong with it, and that nothing runs."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.model.problem import Invalid, Severity
from reconciler.world import git_command, git_tree
from reconciler.world.git import GitRepository, find

WHO = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
NOBODYS = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
AGENT = "desired-state/agents/a.md"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"


class Repo:
    """A real repository to be unkind to."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *options)

    def git(self, *args: str, stdin: bytes = b"", ok: bool = True, **variables: str) -> str:
        environment = os.environ | WHO | NOBODYS | variables
        done = subprocess.run(["git", *args], cwd=self.folder, env=environment, input=stdin, capture_output=True)
        assert not ok or done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def write(self, path: str, content: bytes | str = b"x\n", mode: int = 0o644) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        file.chmod(mode)
        return file

    def commit(self, message: str = "change", *options: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", message, *options)
        return self.git("rev-parse", "HEAD")

    def blob(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", stdin=content)

    def raw_tree(self, *entries: tuple[str, bytes, str]) -> str:
        """A tree that no git would make: git's own checks are skipped."""
        raw = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
        return self.git("hash-object", "-w", "-t", "tree", "--stdin", "--literally", stdin=raw)

    def commit_of(self, tree: str) -> str:
        return self.git("commit-tree", "-m", "raw", tree)

    def settle(self, racy: bool = False) -> None:
        """Make the index newer than every file, or (racy) older, whatever the clock did."""
        moment = time.time() + (-1000 if racy else 1000)
        os.utime(self.folder / ".git/index", (moment, moment))

    @property
    def read(self) -> GitRepository:
        return GitRepository(str(self.folder))

    def contents(self, which: str) -> dict[str, bytes]:
        tree = self.read.tree(which)
        assert not tree.problems
        return {source.path: source.file.content for source in tree.sources}

    def errors(self, which: str) -> dict[str, str]:
        return {p.origin.path: p.text for p in self.read.tree(which).problems if p.severity is Severity.ERROR}

    def uncommitted(self) -> int:
        return self.read.tree("work").revision.uncommitted


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests, and no hook they run in."""
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "repo")
    made.write(AGENT, "first\nsecond\n")
    made.commit("one")
    return made


@pytest.fixture
def fake_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fake(script: str) -> Path:
        program = tmp_path / "bin/git"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\ncase "$1" in version) echo git version 2.99; exit;; esac\n{script}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        return program

    return fake


def refused(repo: Repo | Path, which: str = "work") -> str:
    folder = repo.folder if isinstance(repo, Repo) else repo
    with pytest.raises(Invalid) as caught:
        GitRepository(str(folder)).tree(which)
    (problem,) = caught.value.problems
    assert problem.hint
    return str(problem)


# Where the repository is


def test_find_looks_upward(repo: Repo, tmp_path: Path) -> None:
    top = str(repo.folder)
    deep = repo.folder / "desired-state/agents"
    assert find(top) == find(str(deep)) == find(str(repo.folder / ".git/hooks")) == top
    (tmp_path / "link").symlink_to(deep)
    assert find(str(tmp_path / "link")) == top
    assert find(str(tmp_path / "home")) is None
    (deep / ".git").mkdir()
    assert find(str(deep)) == top, "an empty .git is no repository"


def test_find_in_a_worktree(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    assert find(str(tmp_path / "side/desired-state")) == str(tmp_path / "side")


def test_a_bare_repository_is_refused(tmp_path: Path) -> None:
    Repo(tmp_path / "bare", "--bare")
    with pytest.raises(Invalid, match=r"a bare repository has no files.*\n.*worktree add"):
        find(str(tmp_path / "bare/refs"))
    (tmp_path / "around").mkdir()
    (tmp_path / "around/.git").write_text("gitdir: ../bare\n")
    assert "bare repository" in refused(tmp_path / "around")


def test_desired_state_stands_at_the_top(repo: Repo) -> None:
    repo.write("project/desired-state/b.md")
    repo.write("templates/t.j2")
    repo.write("desired-state-old/c.md")
    repo.write("README.md")
    expected = [AGENT, "templates/t.j2"]
    assert list(repo.contents("work")) == expected and repo.uncommitted() == 1
    repo.commit()
    assert list(repo.contents("index")) == list(repo.contents("HEAD")) == expected
    assert find(str(repo.folder / "project/desired-state")) == str(repo.folder)


# Where it stands


def test_head_and_branch(repo: Repo) -> None:
    commit = repo.git("rev-parse", "HEAD")
    assert (repo.read.head(), repo.read.branch()) == (commit, "main")
    repo.git("checkout", "-q", "-b", "feature/x")
    assert repo.read.branch() == "feature/x"
    repo.git("checkout", "-q", "--detach")
    assert (repo.read.head(), repo.read.branch()) == (commit, "")
    assert repo.read.tree("work").revision == ("work", commit, "", 0)


def test_without_commits(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "new")
    assert (repo.read.head(), repo.read.branch()) == ("", "main")
    assert repo.read.tree("work").sources == repo.read.tree("index").sources == ()
    repo.write(AGENT)
    repo.write("desired-state/b.md")
    repo.git("add", AGENT)
    assert repo.read.tree("work").revision == ("work", "", "main", 2)
    assert list(repo.contents("work")) == [AGENT, "desired-state/b.md"]
    assert list(repo.contents("index")) == [AGENT]
    assert (repo.read.last_commit(AGENT), repo.read.line_commit(AGENT, 1)) == ("", "")
    assert "no commit is called `HEAD`" in refused(repo, "HEAD")


def test_sha256(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "long", "--object-format=sha256")
    repo.write(AGENT, "one")
    commit = repo.commit()
    assert len(commit) == 64 and repo.read.head() == commit
    assert repo.contents("work") == repo.contents("index") == repo.contents("HEAD") == {AGENT: b"one"}
    assert repo.uncommitted() == 0
    repo.write(AGENT, "two")
    assert repo.uncommitted() == 1


def test_a_linked_worktree(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = GitRepository(str(tmp_path / "side"))
    (tmp_path / "side" / AGENT).write_text("changed")
    assert side.branch() == "side" and side.tree("work").revision.uncommitted == 1
    assert [s.file.content for s in side.tree("work").sources] == [b"changed"]
    assert [s.file.content for s in side.tree("index").sources] == [b"first\nsecond\n"]
    assert repo.uncommitted() == 0


@pytest.mark.parametrize(
    ("prepare", "command", "expected"),
    [
        ("", ("merge", "side"), "merge"),
        ("", ("rebase", "side"), "rebase"),
        ("", ("rebase", "--apply", "side"), "rebase"),
        ("", ("cherry-pick", "side"), "cherry-pick"),
        ("", ("revert", "HEAD~1"), "revert"),
        ("format-patch -q -1 side -o ../patches", ("am", "-3", "../patches/0001-side.patch"), "am"),
        ("", ("bisect", "start"), "bisect"),
        ("", ("status",), ""),
    ],
)
def test_in_progress(repo: Repo, prepare: str, command: tuple[str, ...], expected: str) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.write(AGENT, "theirs")
    repo.commit("side")
    repo.git("checkout", "-q", "main")
    for text in ("ours", "ours again"):
        repo.write(AGENT, text)
        repo.commit()
    if prepare:
        repo.git(*prepare.split())
    repo.git(*command, ok=False)
    assert repo.read.in_progress() == expected
    if expected not in ("bisect", ""):
        for which in ("work", "index"):
            assert repo.errors(which) == {AGENT: "a merge left this file in conflict"}
            assert repo.read.tree(which).problems[0].hint == f"resolve it, then `git add {AGENT}`"


def test_who_changed_what(repo: Repo) -> None:
    one = repo.git("rev-parse", "HEAD")
    repo.write(AGENT, "first\nsecond, better\n")
    two = repo.commit("make it better\n\nbecause")
    repo.write("b")
    repo.commit("elsewhere \x1b[31mred")
    repo.write(AGENT, "not committed\n")
    repo.write("new [1].md")
    read = repo.read
    assert read.last_commit(AGENT) == f"{two[:7]} make it better"
    assert read.last_commit("b").endswith(" elsewhere \\x1b[31mred")
    assert read.line_commit(AGENT, 1) == f"{one[:7]} one"
    assert read.line_commit(AGENT, 2) == f"{two[:7]} make it better"
    assert [read.line_commit(AGENT, line) for line in (0, -1, 3)] == ["", "", ""]
    assert read.last_commit("new [1].md") == read.line_commit("new [1].md", 1) == ""
    assert read.last_commit("*") == "", "a path is a path, not a pattern"


# The work tree


def test_work_counts_what_no_commit_holds(repo: Repo) -> None:
    for name in "bcdef":
        repo.write(f"desired-state/{name}", name)
    repo.write(".gitignore", "ignored\n")
    repo.commit()
    assert repo.uncommitted() == 0
    repo.write("desired-state/b", "changed")
    (repo.folder / "desired-state/c").unlink()
    (repo.folder / "desired-state/d").chmod(0o755)
    repo.git("mv", "desired-state/e", "desired-state/e2")
    repo.write("desired-state/new")
    repo.write("desired-state/ignored")
    repo.write("elsewhere")
    tree = repo.read.tree("work")
    # One each for the changed, the deleted, the mode and the new; a rename is a file gone and a file come.
    assert tree.revision.uncommitted == 6
    assert [Path(s.path).name for s in tree.sources] == ["a.md", "b", "d", "e2", "f", "new"]
    assert [s.path for s in tree.sources if s.file.executable] == ["desired-state/d"]
    repo.git("add", "-A")
    assert repo.uncommitted() == 6, "staged is not committed"
    repo.git("commit", "-qm", "all")
    assert repo.uncommitted() == 0


def test_touched_files_are_not_uncommitted(repo: Repo) -> None:
    os.utime(repo.folder / AGENT, (1, 1))
    assert repo.uncommitted() == 0
    repo.git("update-index", "--chmod=+x", AGENT)
    assert repo.uncommitted() == 0, "the index is not the work tree"
    repo.git("config", "core.fileMode", "false")
    assert repo.uncommitted() == 1, "where the disk keeps no modes, the index does"
    assert repo.read.tree("work").sources[0].file.executable


def test_bookkeeping_and_backups_are_left_out(repo: Repo) -> None:
    names = ".DS_Store ._a.md a.md~ .a.md.swp .a.swo #a.md# .#a.md Thumbs.db .gitignore .gitattributes .gitkeep"
    for name in names.split():
        repo.write(f"desired-state/{name}", "")
    (repo.folder / "desired-state/.#lock").symlink_to("nowhere")
    kept = [f"desired-state/{name}" for name in (".env.example", ".hidden.md", "#heading.md", "a~b.md")]
    for path in kept:
        repo.write(path)
    assert list(repo.contents("work")) == sorted([AGENT, *kept]) and repo.uncommitted() == 4
    repo.commit()
    assert list(repo.contents("index")) == list(repo.contents("HEAD")) == sorted([AGENT, *kept])
    assert repo.uncommitted() == 0


@pytest.mark.parametrize("where", ["by default", "settings", "variables"])
def test_what_the_user_ignores_everywhere_is_ignored(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    file = tmp_path / "home" / (".config/git/ignore" if where == "by default" else "mine")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("notes/\n")
    if where == "settings":
        (tmp_path / "home/.gitconfig").write_text("[core]\n\texcludesFile = ~/mine\n")
    if where == "variables":
        for name, value in {"COUNT": "1", "KEY_0": "core.excludesFile", "VALUE_0": str(file)}.items():
            monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    repo.write("desired-state/notes/n.md")
    assert [source.path for source in repo.read.tree("work").sources] == [AGENT]
    assert repo.errors("work")["desired-state/notes/n.md"].startswith("git ignores this file")


def test_odd_names_are_names(repo: Repo) -> None:
    names = ["größe.md", "日本語/読む.md", "with space.md", "-x.md", "*.md", ":(top)a", "? b", 'q"uote', "back\\slash"]
    paths = sorted(f"desired-state/{name}" for name in names)
    for path in paths:
        repo.write(path, path)
    assert list(repo.contents("work")) == sorted([AGENT, *paths])
    repo.commit()
    expected = {AGENT: b"first\nsecond\n"} | {path: path.encode() for path in paths}
    assert repo.contents("work") == repo.contents("index") == repo.contents("HEAD") == expected
    assert repo.uncommitted() == 0
    assert repo.read.last_commit("desired-state/日本語/読む.md").endswith(" change")


@pytest.mark.parametrize("racy", [False, True])
@pytest.mark.parametrize("touched", [False, True])
@pytest.mark.parametrize("setting", ["repository", "user", "attribute"])
def test_line_ends_that_git_converts_count_as_the_blob(
    repo: Repo, tmp_path: Path, setting: str, touched: bool, racy: bool
) -> None:
    if setting == "repository":
        repo.git("config", "core.autocrlf", "true")
    elif setting == "attribute":
        repo.write(".gitattributes", "*.md text eol=crlf\n")
    variables = {}
    if setting == "user":
        (tmp_path / "home/.gitconfig").write_text("[core]\n\tautocrlf = true\n")
        variables = {"GIT_CONFIG_GLOBAL": str(tmp_path / "home/.gitconfig")}
    file = repo.write(AGENT, b"one\r\ntwo\r\n")
    repo.git("add", "-A", **variables)
    repo.git("commit", "-qm", "crlf")
    assert repo.contents("HEAD") == {AGENT: b"one\ntwo\n"}, "the test's own premise"
    repo.settle(racy)
    if touched:
        os.utime(file, (1, 1))
    assert repo.contents("work") == {AGENT: b"one\ntwo\n"} and repo.uncommitted() == 0
    repo.write(AGENT, b"one\r\nthree\r\n")
    assert repo.contents("work") == {AGENT: b"one\r\nthree\r\n"} and repo.uncommitted() == 1


@pytest.mark.parametrize(
    ("autocrlf", "attributes", "start"),
    [("false", "", b""), ("true", "*.md -text\n", b""), ("false", "*.md text=auto\n", b"\0")],
)
def test_line_ends_that_a_person_changed_count(repo: Repo, autocrlf: str, attributes: str, start: bytes) -> None:
    repo.git("config", "core.autocrlf", autocrlf)
    repo.write(".gitattributes", attributes)
    repo.write(AGENT, start + b"one\n")
    repo.commit()
    repo.settle()
    repo.write(AGENT, start + b"one\r\n")
    assert repo.contents("work") == {AGENT: start + b"one\r\n"} and repo.uncommitted() == 1


def test_an_unmodified_file_counts_as_its_blob(repo: Repo) -> None:
    repo.write(".gitattributes", "*.md working-tree-encoding=UTF-16LE\n")
    file = repo.write(AGENT, "grün".encode("utf-16-le"))
    repo.commit()
    repo.settle()
    assert repo.contents("work") == {AGENT: "grün".encode()} and repo.uncommitted() == 0
    repo.settle(racy=True)
    assert repo.uncommitted() == 1, "an entry no older than its index proves nothing"
    repo.settle()
    before = file.stat()
    file.write_bytes("blau".encode("utf-16-le"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert repo.contents("work") == {AGENT: "blau".encode("utf-16-le")}, "the time of change gives it away"


@pytest.mark.parametrize("index", ["--sparse-index", "--no-sparse-index"])
def test_files_kept_out_by_a_sparse_checkout_are_there(repo: Repo, index: str) -> None:
    repo.write("desired-state/skills/s/run.sh", "run", 0o755)
    repo.write("desired-state/skills/.gitattributes", "*.x filter=y")
    repo.commit()
    repo.git("sparse-checkout", "set", "--cone", index, "desired-state/agents")
    objects = sorted(repo.folder.glob(".git/objects/*/*"))
    assert not (repo.folder / "desired-state/skills").exists(), "the test's own premise"
    assert repo.contents("work") == repo.contents("HEAD") and repo.uncommitted() == 0
    assert [s.file.executable for s in repo.read.tree("work").sources] == [False, True]
    assert sorted(repo.folder.glob(".git/objects/*/*")) == objects


def test_a_deleted_link_is_uncommitted(repo: Repo) -> None:
    (repo.folder / "desired-state/link").symlink_to("a.md")
    repo.commit()
    (repo.folder / "desired-state/link").unlink()
    assert repo.contents("work") and repo.uncommitted() == 1


def test_links_are_not_followed(repo: Repo, tmp_path: Path) -> None:
    repo.write("desired-state/skills/s/SKILL.md")
    repo.commit()
    outside = Repo(tmp_path / "outside").write("s/SKILL.md", "not ours")
    (repo.folder / "desired-state/link.md").symlink_to(outside)
    (repo.folder / "desired-state/skills").rename(tmp_path / "moved")
    (repo.folder / "desired-state/skills").symlink_to(outside.parent.parent)
    text = "a symbolic link is not followed: it may lead anywhere"
    links = {"desired-state/link.md": text, "desired-state/skills": text}
    assert repo.errors("work") == links
    assert [s.path for s in repo.read.tree("work").sources] == [AGENT]
    repo.commit()
    assert repo.errors("index") == repo.errors("HEAD") == repo.errors("work") == links
    (repo.folder / "desired-state/link.md").unlink()
    repo.write("desired-state/link.md", "a file now")
    assert "desired-state/link.md" not in repo.errors("work")


def test_desired_state_itself_must_be_a_folder(repo: Repo, tmp_path: Path) -> None:
    (repo.folder / "templates").symlink_to(tmp_path)
    assert repo.errors("work") == {"templates": "this must be a folder, and no link to one"}
    repo.commit()
    assert list(repo.errors("index")) == list(repo.errors("HEAD")) == ["templates"]
    (repo.folder / "templates").unlink()
    repo.write("templates")
    repo.commit()
    for which in ("work", "index", "HEAD"):
        assert repo.errors(which) == {"templates": "this must be a folder, and no link to one"}


def test_repositories_inside(repo: Repo) -> None:
    inner = Repo(repo.folder / "desired-state/inner")
    inner.write("x.md")
    assert repo.errors("work") == {
        "desired-state/inner": "another repository stands here: its files are not in this one"
    }
    inner.commit()
    repo.commit()
    text = "a submodule stands here: its files are in another repository"
    for which in ("work", "index", "HEAD"):
        assert repo.errors(which) == {"desired-state/inner": text}


def test_what_cannot_be_read(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(repo.folder / "desired-state/pipe")
    (repo.folder / AGENT).unlink()
    os.mkfifo(repo.folder / AGENT)
    assert repo.contents("work") == {}, "a pipe is no file, and is not waited for"
    (repo.folder / AGENT).unlink()
    repo.write(AGENT)
    opened = os.open

    def guarded(path: bytes, *args: int) -> int:
        if path.endswith(AGENT.encode()):
            raise PermissionError(13, "Permission denied")
        return opened(path, *args)

    monkeypatch.setattr("reconciler.world.git_work.os.open", guarded)
    assert repo.errors("work") == {AGENT: "the file cannot be read: permission denied"}


def test_files_and_folders_that_changed_places(repo: Repo) -> None:
    repo.write("desired-state/f")
    repo.commit()
    (repo.folder / "desired-state/f").unlink()
    repo.write("desired-state/f/inner")
    (repo.folder / AGENT).unlink()
    (repo.folder / AGENT).parent.rmdir()
    repo.write("desired-state/agents")
    assert list(repo.contents("work")) == ["desired-state/agents", "desired-state/f/inner"]
    assert repo.uncommitted() == 4


# What must not reach a live root


def test_filters(repo: Repo) -> None:
    """A filter counts where the tree asked for has its attributes: work tree, index and commit may differ."""
    repo.write(".gitattributes", "*.key filter=git-crypt\n*.plain filter=x\n*.plain -filter\n[attr]sealed filter=age\n")
    repo.write("desired-state/.gitattributes", "*.big filter=lfs diff=lfs\n*.age sealed\n")
    for name in ("a.key", "b.big", "c.plain", "d.age"):
        repo.write(f"desired-state/{name}")
    found = {
        "desired-state/a.key": "git's attributes send this file through the filter `git-crypt`",
        "desired-state/b.big": "git's attributes send this file through the filter `lfs`",
        "desired-state/d.age": "git's attributes send this file through the filter `age`",
    }
    assert repo.errors("work") == found and repo.errors("index") == repo.errors("HEAD") == {}
    repo.git("add", "-A")
    assert repo.errors("index") == found and repo.errors("HEAD") == {}
    repo.git("commit", "-qm", "filters")
    assert repo.errors("HEAD") == found
    assert [s.path for s in repo.read.tree("HEAD").sources] == [AGENT, "desired-state/c.plain"]
    for file in (".gitattributes", "desired-state/.gitattributes"):
        (repo.folder / file).write_text("")
    assert repo.errors("work") == {} and repo.errors("index") == repo.errors("HEAD") == found
    repo.git("add", "-A")
    assert repo.errors("index") == {} and repo.errors("HEAD") == found
    assert repo.errors("HEAD~1") == {}


def test_filters_of_this_clone_alone(repo: Repo) -> None:
    (repo.folder / ".git/info").mkdir(exist_ok=True)
    (repo.folder / ".git/info/attributes").write_text("*.md filter=strip\n")
    for which in ("work", "index", "HEAD"):
        assert list(repo.errors(which)) == [AGENT]
    assert repo.uncommitted() == 0, "what no filter is run for cannot be compared"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (LFS, "a pointer of Git LFS stands here, not the file"),
        (b"\0GITCRYPT\0rest", "the file is encrypted by git-crypt"),
    ],
)
def test_pointers_and_ciphertext(repo: Repo, content: bytes, text: str) -> None:
    repo.write(AGENT, content)
    repo.commit()
    for which in ("work", "index", "HEAD"):
        assert repo.errors(which) == {AGENT: text}


def test_big_files_are_named_not_read(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_tree, "LIMIT", 2**20)
    repo.write("desired-state/big", os.urandom(3 * 2**20))
    repo.write("desired-state/edge", b"e" * 2**20)
    repo.write("desired-state/z.md", "after")
    repo.commit()
    for which in ("work", "index", "HEAD"):
        tree = repo.read.tree(which)
        assert repo.errors(which) == {"desired-state/big": "the file is larger than 1 MiB"}
        assert [len(s.file.content) for s in tree.sources] == [13, 2**20, 5]
    assert repo.uncommitted() == 0


def test_hostile_trees(repo: Repo) -> None:
    blob = repo.blob(b"x")
    empty = repo.git("mktree")
    plain = repo.git("mktree", stdin=f"100644 blob {blob}\tx\n".encode())
    inner = repo.raw_tree(
        ("40000", b"..", plain),
        ("40000", b".", plain),
        ("40000", b".GIT", plain),
        ("100644", b"../../../etc/passwd", blob),
        ("100644", b"/abs", blob),
        ("100644", b"bell\x07", blob),
        ("100644", b"latin\xff", blob),
        ("100644", b"new\nline", blob),
        ("100644", b"twice", blob),
        ("100644", b"twice", blob),
        ("120000", b"z-link", blob),
        ("160000", b"z-module", repo.read.head()),
        ("100664", b"zz-old-mode", blob),
        ("100644", b"zzz-both", blob),
        ("40000", b"zzz-both", plain),
        ("40000", b"zzz-empty", empty),
    )
    commit = repo.commit_of(repo.raw_tree(("40000", b"desired-state", inner)))
    tree = repo.read.tree(commit)
    assert [s.path for s in tree.sources] == [
        *("desired-state/twice", "desired-state/zz-old-mode", "desired-state/zzz-both", "desired-state/zzz-both/x"),
    ]
    assert repo.errors(commit) == {
        "desired-state/../x": "no file can have `..` in its path",
        "desired-state/./x": "no file can have `.` in its path",
        "desired-state/.GIT/x": "no file can have `.GIT` in its path",
        "desired-state/../../../etc/passwd": "no file can have `..` in its path",
        "desired-state//abs": "no file can have `` in its path",
        "desired-state/bell\\x07": "its name holds a control character",
        "desired-state/latin\\xff": "its name is not UTF-8",
        "desired-state/new\\x0aline": "its name holds a control character",
        "desired-state/twice": "two files have this one name",
        "desired-state/z-link": "a symbolic link is not followed: it may lead anywhere",
        "desired-state/zzz-both": "a file and a folder have this one name",
        "desired-state/z-module": "a submodule stands here: its files are in another repository",
    }


def test_hostile_attributes(repo: Repo) -> None:
    """Attributes at a path that cannot be are no reason to stop."""
    rules = repo.blob(b"*.md filter=evil\n")
    above = repo.raw_tree(("100644", b".gitattributes", rules), ("100644", b"a.md", rules))
    inner = repo.raw_tree(("40000", b"..", above), ("100644", b"b.md", rules))
    tree = repo.raw_tree(("40000", b".gitattributes", above), ("40000", b"desired-state", inner))
    assert repo.errors(repo.commit_of(tree)) == {"desired-state/../a.md": "no file can have `..` in its path"}


def test_a_tree_that_names_no_file(repo: Repo) -> None:
    tree = repo.git("write-tree")
    inner = repo.raw_tree(("100644", b"a.md", tree))
    commit = repo.commit_of(repo.raw_tree(("40000", b"desired-state", inner)))
    assert f"the repository cannot give a file it names: blob {tree}" in refused(repo, commit)


def test_names_that_are_one_on_macos(repo: Repo) -> None:
    pairs = ["Agents/b.md", "agents/b.md", "Skill/x/s.md", "skill/y/s.md", "caf\u00e9.md", "cafe\u0301.md"]
    for path in pairs:
        repo.write(f"desired-state/{path}")
    repo.commit()
    for which in ("work", "index", "HEAD"):
        tree = repo.read.tree(which)
        assert {p.severity for p in tree.problems} == {Severity.WARNING}
        assert [p.origin.path.removeprefix("desired-state/") for p in tree.problems] == [
            *("agents", "agents/b.md", "caf\u00e9.md", "skill"),
        ]
        assert tree.problems[1].text == "on macOS this is the same name as `desired-state/Agents/b.md`"
        assert len(tree.sources) == 7
    assert repo.uncommitted() == 0
    repo.git("checkout", "-q", "HEAD~1")
    (repo.folder / "desired-state/agents").rename(repo.folder / "desired-state/AGENTS")
    assert list(repo.contents("work")) == ["desired-state/AGENTS/a.md"], "what is gone clashes with nothing"


# The index


def test_index_is_what_a_commit_would_record(repo: Repo) -> None:
    repo.write("desired-state/gone")
    repo.commit()
    repo.write(AGENT, "staged")
    repo.write("desired-state/run", "run", 0o755)
    repo.git("rm", "-q", "desired-state/gone")
    repo.git("add", "-A")
    repo.write(AGENT, "not staged")
    repo.write("desired-state/untracked")
    (repo.folder / "desired-state/run").unlink()
    tree = repo.read.tree("index")
    assert repo.contents("index") == {AGENT: b"staged", "desired-state/run": b"run"}
    assert [s.file.executable for s in tree.sources] == [False, True]
    assert tree.revision == ("index", repo.read.head(), "main", 0)
    repo.git("commit", "-qm", "as staged")
    assert repo.contents("HEAD") == {AGENT: b"staged", "desired-state/run": b"run"}


def test_intent_to_add_is_no_commit(repo: Repo) -> None:
    repo.write("desired-state/empty", "")
    repo.commit()
    repo.write("desired-state/later", "later")
    repo.git("add", "-N", "desired-state/later")
    assert list(repo.contents("index")) == [AGENT, "desired-state/empty"]
    assert repo.contents("work")["desired-state/later"] == b"later" and repo.uncommitted() == 1


@pytest.mark.parametrize("version", ["2", "4"])
@pytest.mark.parametrize("split", ["true", "false"])
def test_every_kind_of_index(repo: Repo, version: str, split: str) -> None:
    repo.git("config", "core.splitIndex", split)
    repo.git("update-index", "--index-version", version)
    repo.write(AGENT, "staged")
    repo.git("add", AGENT)
    shared = sorted(repo.folder.glob(".git/sharedindex.*"))
    assert repo.contents("index") == repo.contents("work") == {AGENT: b"staged"}
    repo.read.tree("HEAD")
    assert sorted(repo.folder.glob(".git/sharedindex.*")) == shared


HOOK = """
import os, sys
sys.path.insert(0, {root!r})
from reconciler.world.git import GitRepository
tree = GitRepository({folder!r}).tree("index")
with open({out!r}, "a") as out:
    print(*sorted(s.path + "=" + s.file.content.decode() for s in tree.sources), file=out)
"""


def hook(repo: Repo, asked: Path, out: Path, first: str = "") -> None:
    """A pre-commit hook that asks what is about to be committed in `asked`."""
    root = str(Path(git_tree.__file__).parents[2])
    script = repo.folder / ".git/ask.py"
    script.write_text(HOOK.format(root=root, folder=str(asked), out=str(out)))
    file = repo.write(".git/hooks/pre-commit", f"#!/bin/sh\n{first}\nexec {sys.executable} {script}\n", 0o755)
    assert file.exists()


@pytest.mark.parametrize("first", ["", "cd desired-state", "cd /"])
def test_in_a_hook_the_commit_being_made_counts(repo: Repo, tmp_path: Path, first: str) -> None:
    out = tmp_path / "seen"
    hook(repo, repo.folder, out, first)
    repo.write("desired-state/b", "staged")
    repo.git("add", "-A")
    repo.write(AGENT, "all")
    repo.git("commit", "-qm", "partial", AGENT)
    repo.write(AGENT, "more")
    repo.git("commit", "-qam", "all")
    repo.write(AGENT, "again")
    repo.git("add", AGENT)
    repo.git("commit", "-qm", "plain")
    assert out.read_text().splitlines() == [
        f"{AGENT}=all",
        f"{AGENT}=more desired-state/b=staged",
        f"{AGENT}=again desired-state/b=staged",
    ]


@pytest.mark.parametrize("first", ["", "cd /"])
def test_in_a_hook_of_a_linked_worktree(repo: Repo, tmp_path: Path, first: str) -> None:
    out, side = tmp_path / "seen", tmp_path / "side"
    repo.git("worktree", "add", "-q", "-b", "side", str(side))
    hook(repo, side, out, first)
    (side / AGENT).write_text("side")
    repo.git("-C", str(side), "commit", "-qam", "side")
    hook(repo, repo.folder, out, first)
    (side / AGENT).write_text("other")
    repo.git("-C", str(side), "commit", "-qam", "asked about the main work tree")
    assert out.read_text().splitlines() == [f"{AGENT}=side", f"{AGENT}=first", "second", ""]


@pytest.mark.parametrize("options", [("-qm", "x"), ("-qam", "x")])
def test_in_a_hook_of_another_repository(repo: Repo, tmp_path: Path, options: tuple[str, ...]) -> None:
    """`git commit` there names its own index: it says nothing about ours."""
    other = Repo(tmp_path / "other")
    hook(other, repo.folder, tmp_path / "seen")
    other.write("desired-state/foreign")
    other.git("add", "-A")
    other.git("commit", *options)
    assert (tmp_path / "seen").read_text() == f"{AGENT}=first\nsecond\n\n"


def test_variables_of_a_hook_change_nothing_else(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Repo(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / ".git/index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.folder / ".git/objects"))
    monkeypatch.setenv("GIT_NO_REPLACE_OBJECTS", "0")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare'='true'")
    for which in ("work", "index", "HEAD"):
        assert repo.contents(which) == {AGENT: b"first\nsecond\n"}


# Commits


def test_a_commit_by_any_of_its_names(repo: Repo) -> None:
    one = repo.read.head()
    repo.git("tag", "-m", "annotated", "v1")
    repo.git("branch", "side")
    repo.write(AGENT, "two")
    two = repo.commit("two")
    repo.write(AGENT, "work")
    for name, commit, branch in [
        ("HEAD", two, "main"),
        ("main", two, "main"),
        ("side", one, "side"),
        ("refs/heads/side", one, "side"),
        ("v1", one, ""),
        ("HEAD~1", one, ""),
        (one[:9], one, ""),
    ]:
        assert repo.read.tree(name).revision == ("commit", commit, branch, 0)
    assert repo.contents("side") == {AGENT: b"first\nsecond\n"}
    assert repo.contents(two) == {AGENT: b"two"}


def test_names_that_are_no_commit(repo: Repo) -> None:
    repo.git("branch", "release")
    tree = repo.git("rev-parse", "HEAD^{tree}")
    names = ["--all", "-x", "--output=/tmp/x", "", " ", "nope", "a..b", "HEAD:desired-state", "HEAD@{99}", "\udcff"]
    for name in [*names, tree]:
        assert f"no commit is called `{git_tree.shown(name)}`" in refused(repo, name)
    assert "no commit is called `a\\x00b`" in refused(repo, "a\0b")
    assert "hint: did you mean `release`?" in refused(repo, "relaese")
    assert f"hint: see `git -C {repo.folder} branch --all`" in refused(repo, "zzzzzz")


def test_an_id_that_is_too_short(repo: Repo) -> None:
    seen: dict[str, bytes] = {}
    for number in range(100_000):
        content = str(number).encode()
        short = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()[:4]
        if short in seen:
            break
        seen[short] = content
    repo.blob(seen[short])
    repo.blob(content)
    assert "more than one object's id begins so: write more digits" in refused(repo, short)


# Nothing of it runs


def hostile(repo: Repo, canary: Path) -> None:
    """Every setting of a repository by which git is known to start something."""
    script = repo.write(".git/evil.sh", f"#!/bin/sh\necho ran >> {shlex.quote(str(canary))}\nexit 0\n", 0o755)
    evil = str(script)
    for key in (
        *("core.fsmonitor", "core.sshCommand", "core.askPass", "core.editor", "core.pager", "core.gitProxy"),
        *("core.alternateRefsCommand", "diff.external", "diff.evil.textconv", "diff.evil.command", "gpg.program"),
        *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "uploadpack.packObjectsHook"),
        *("sequence.editor", "credential.helper", "pager.ls-files", "pager.rev-parse", "pager.rev-list", "pager.blame"),
        *("remote.origin.uploadpack", "trailer.evil.command", "merge.evil.driver", "interactive.diffFilter"),
    ):
        repo.git("config", key, evil)
    for alias in ("ls-files", "ls-tree", "rev-parse", "cat-file", "check-attr", "rev-list", "blame", "config"):
        repo.git("config", f"alias.{alias}", f"!{evil}")
    for key, value in {
        "filter.evil.required": "true",
        "core.hooksPath": str(repo.write(".git/own/post-index-change", script.read_text(), 0o755).parent),
        "core.untrackedCache": "true",
        "log.showSignature": "true",
        "protocol.ext.allow": "always",
        "protocol.allow": "always",
        "remote.origin.url": f"ext::{evil} %S",
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "extensions.partialClone": "origin",
        "core.repositoryformatversion": "1",
    }.items():
        repo.git("config", key, value)
    (repo.folder / ".git/info").mkdir(exist_ok=True)
    (repo.folder / ".git/info/attributes").write_text("*.md diff=evil\n*.key filter=evil\n")


def everything(repo: Repo) -> None:
    read = repo.read
    for which in ("work", "index", "HEAD", "main"):
        tree = read.tree(which)
        assert [s.path for s in tree.sources] == [AGENT]
        assert [p.origin.path for p in tree.problems] == ["desired-state/secret.key"]
    assert read.last_commit(AGENT) and read.line_commit(AGENT, 1)
    assert (read.head() and read.branch(), read.in_progress()) == ("main", "")


@pytest.fixture
def trapped(repo: Repo, tmp_path: Path) -> tuple[Repo, Path]:
    repo.write("desired-state/secret.key")
    repo.write(".gitattributes", "*.x text\n")
    repo.commit()
    canary = tmp_path / "canary"
    hostile(repo, canary)
    for path in (AGENT, "desired-state/secret.key"):
        os.utime(repo.folder / path, (1, 1))
    return repo, canary


def test_nothing_of_a_hostile_repository_runs(trapped: tuple[Repo, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    repo, canary = trapped
    monkeypatch.chdir(repo.folder)
    everything(repo)
    assert not canary.exists()


@pytest.mark.parametrize(
    "command",
    [
        ("ls-files", "-o"),
        ("ls-files", "-m"),
        ("update-index", "--refresh"),
        ("blame", "HEAD", "--", AGENT),
        ("hash-object", "desired-state/secret.key"),
    ],
)
def test_the_trap_springs(trapped: tuple[Repo, Path], command: tuple[str, ...]) -> None:
    """Otherwise the test above would prove nothing."""
    repo, canary = trapped
    repo.git(*command, ok=False)
    assert canary.exists()


@pytest.mark.parametrize("barriers", [("GIT_NO_LAZY_FETCH",), ("GIT_NO_LAZY_FETCH", "GIT_ALLOW_PROTOCOL")])
def test_a_missing_object_is_not_fetched(
    trapped: tuple[Repo, Path], monkeypatch: pytest.MonkeyPatch, barriers: tuple[str, ...]
) -> None:
    repo, canary = trapped
    blob = repo.git("rev-parse", f"HEAD:{AGENT}")
    (repo.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for which in ("index", "HEAD"):
        assert f"the repository cannot give a file it names: blob {blob}" in refused(repo, which)
    assert not canary.exists()
    # An older git knows no GIT_NO_LAZY_FETCH: the transports are shut too. With both open, the trap springs.
    for name in barriers:
        for environment in (git_command._PERSONAL, git_command._IMPERSONAL):
            monkeypatch.delitem(environment, name)
    if len(barriers) > 1:
        monkeypatch.setattr(git_command, "_SHUT", ("--no-pager",))
    refused(repo, "HEAD")
    assert canary.exists() == (len(barriers) > 1)


def test_nothing_is_written(repo: Repo) -> None:
    repo.write(AGENT, "changed")
    repo.write("desired-state/new")
    repo.git("add", "-N", "desired-state/new")
    repo.write(".gitattributes", "*.x filter=y\n")
    repo.git("config", "core.splitIndex", "true")

    def state() -> dict[str, tuple[int, int]]:
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in repo.folder.rglob("*") if p.is_file()}

    before = state()
    for which in ("work", "index", "HEAD"):
        repo.read.tree(which)
    repo.read.in_progress(), repo.read.last_commit(AGENT), repo.read.line_commit(AGENT, 1)
    assert state() == before


def test_replaced_objects_are_not_believed(repo: Repo) -> None:
    repo.git("replace", repo.git("rev-parse", f"HEAD:{AGENT}"), repo.blob(b"evil"))
    assert repo.contents("HEAD") == {AGENT: b"first\nsecond\n"}


# What goes wrong with git itself


def test_another_users_repository(repo: Repo, tmp_path: Path) -> None:
    if os.getuid():
        pytest.skip("only root can give files away")
    for path in (repo.folder, repo.folder / ".git"):
        os.chown(path, 12345, 12345)
    hint = f"git config --global --add safe.directory {repo.folder}"
    assert refused(repo) == (
        f"{repo.folder}: the repository belongs to another user\n  hint: if you trust it: `{hint}`"
    )
    repo.git("config", "--file", ".git/config", "safe.directory", str(repo.folder))
    assert "belongs to another user" in refused(repo), "a repository cannot vouch for itself"
    subprocess.run(shlex.split(hint), check=True)
    assert repo.contents("work") == {AGENT: b"first\nsecond\n"}


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("fatal: detected dubious ownership in repository at '/x'", "belongs to another user"),
        ("fatal: unknown repository extension found:\n\trefstorage", "too new for this git"),
        ("warning: unable to access '.git/x': Permission denied\nfatal: x", "you may not read the repository"),
        ("error: odd\nfatal: bad object HEAD", "git cannot read the repository: bad object HEAD\n  hint: `git -C"),
        ("Segmentation fault", "git cannot read the repository: Segmentation fault"),
    ],
)
def test_what_git_says_is_explained(repo: Repo, fake_git, said: str, text: str) -> None:
    fake_git(f"echo {shlex.quote(said)} >&2; exit 128")
    assert text in refused(repo)


def test_without_git(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{repo.folder}: git is not installed, or not on PATH\n  hint: install git 2.32 or newer"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused(repo) == text
    monkeypatch.setenv("GIT_X", "dropped")
    assert refused(repo) == text
    (tmp_path / "git").write_text("\0")
    (tmp_path / "git").chmod(0o755)
    assert "git" in refused(repo)


def test_broken_settings_of_the_user_do_not_matter(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "home/.gitconfig").write_text("[[")
    for which in ("work", "index", "HEAD"):
        assert repo.contents(which) == {AGENT: b"first\nsecond\n"}


def broken_ref(repo: Repo) -> None:
    (repo.folder / ".git/refs/heads/main").write_text("garbage")


def missing_commit(repo: Repo) -> None:
    (repo.folder / ".git/refs/heads/main").write_text("1" * 40 + "\n")


def bad_config(repo: Repo) -> None:
    (repo.folder / ".git/config").write_text("[[")


def bad_index(repo: Repo) -> None:
    (repo.folder / ".git/index").write_bytes(b"DIRC")


def no_objects(repo: Repo) -> None:
    (repo.folder / ".git/objects").rename(repo.folder / "objects")


def moved_work_tree(repo: Repo) -> None:
    repo.git("config", "core.worktree", "/")


@pytest.mark.parametrize("harm", [broken_ref, missing_commit, bad_config, bad_index, no_objects, moved_work_tree])
def test_a_broken_repository_is_no_empty_one(repo: Repo, harm) -> None:
    harm(repo)
    assert str(repo.folder) in refused(repo, "work")
    if harm not in (bad_index, moved_work_tree):
        refused(repo, "HEAD")
    if harm is broken_ref:
        with pytest.raises(Invalid):
            repo.read.head()


@pytest.mark.parametrize("kept", [5, 500_000])
def test_a_broken_blob(repo: Repo, kept: int) -> None:
    """Broken at once, or after half of it has been given."""
    content = os.urandom(2**20)
    repo.write(AGENT, content)
    repo.commit()
    blob = repo.git("rev-parse", f"HEAD:{AGENT}")
    file = repo.folder / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:kept] + b"\0" * 1000)
    assert "cannot give a file it names" in refused(repo, "HEAD")
    assert repo.contents("work") == {AGENT: content}


def test_many_complaints_do_not_block(repo: Repo) -> None:
    """git complains of a broken pack once for each object; with nobody reading that, it would wait for ever."""
    repo.git("config", "gc.auto", "0")
    for number in range(2000):
        repo.write(f"desired-state/many/{number}", str(number))
    repo.commit()
    for end in ("idx", "pack"):
        (repo.folder / f".git/objects/pack/pack-{'0' * 40}.{end}").write_text("garbage")
    assert len(repo.contents("HEAD")) == 2001


def test_the_repository_around_is_not_taken_for_a_broken_one(repo: Repo) -> None:
    inner = Repo(repo.folder / "inner")
    (inner.folder / ".git/objects").rename(inner.folder / "gone")
    assert "`.git` stands here, but leads to no repository" in refused(inner)


@pytest.mark.parametrize("slow", ["rev-parse", "cat-file"])
def test_interruption_ends_git(repo: Repo, tmp_path: Path, fake_git, slow: str) -> None:
    pid = tmp_path / "pid"
    real = shutil.which("git")
    fake_git(f'case "$*" in *{slow}*) trap \'\' INT; echo $$ > {pid}; exec sleep 600; esac\nexec {real} "$@"')
    code = f"from reconciler.world.git import GitRepository; GitRepository({str(repo.folder)!r}).tree('HEAD')"
    root = Path(git_tree.__file__).parents[2]
    python = subprocess.Popen([sys.executable, "-c", code], cwd=root, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not (pid.exists() and pid.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    python.send_signal(signal.SIGINT)
    _, complaint = python.communicate(timeout=20)
    assert b"KeyboardInterrupt" in complaint
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


# What it costs


@pytest.mark.parametrize(("which", "most"), [("work", 8), ("index", 6), ("HEAD", 7)])
def test_the_number_of_processes_does_not_grow(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, which: str, most: int
) -> None:
    for number in range(300):
        repo.write(f"desired-state/many/{number}", str(number))
    repo.commit()
    started = []
    start = git_command.Command._start

    def counted(self: git_command.Command, args: tuple[str, ...], *rest: object) -> object:
        started.append(args)
        return start(self, args, *rest)

    monkeypatch.setattr(git_command.Command, "_start", counted)
    assert len(repo.contents(which)) == 301
    assert len(started) <= most, started


@pytest.mark.bench
def test_ten_thousand_files(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "big")
    for number in range(10_000):
        repo.write(f"desired-state/agents/{number % 100}/{number}.md", f"---\nname: {number}\n---\n" + "word " * 400)
    repo.commit()

    def best(which: str) -> float:
        took = []
        for _ in range(3):
            start = time.perf_counter()
            assert len(repo.read.tree(which).sources) == 10_000
            took.append(time.perf_counter() - start)
        print(which, *(f"{seconds:.3f}" for seconds in took))
        return min(took)

    best("HEAD")
    assert best("work") <= 0.6 and best("HEAD") <= 0.5 and best("index") <= 0.5
