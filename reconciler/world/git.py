"""A folder → the git repository around it: its trees, its commits, where it stands. Reads only."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from shlex import quote

from reconciler.model.problem import Invalid, invalid
from reconciler.model.resource import File, Revision
from reconciler.model.world import Tree
from reconciler.world import git_follow, git_tree, git_work, reading
from reconciler.world.git_command import Command, bare
from reconciler.world.git_tree import Reading
from reconciler.world.reading import look

# Asked in this order: a rebase leaves the marks of a merge and of a cherry-pick too.
_MARKS = (
    ("rebase-merge", "rebase"),
    ("rebase-apply/applying", "am"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("BISECT_LOG", "bisect"),
)
_SHORT_ID = re.compile(r"[0-9a-f]{4,}")
_PICKS = {"CHERRY_PICK_HEAD": "cherry-pick", "REVERT_HEAD": "revert"}


def find(start: str) -> str | None:
    """The top folder of the work tree around a folder, or None. Raises Invalid inside a bare repository."""
    folder = os.path.realpath(start)
    while True:
        mark = os.path.join(folder, ".git")
        if _stands(mark) and (not os.path.isdir(mark) or _stands(os.path.join(mark, "HEAD"))):
            return folder
        parts = (os.path.join(folder, name) for name in ("HEAD", "objects", "refs"))
        if os.path.basename(folder) != ".git" and all(map(_stands, parts)):
            raise bare(folder)
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _stands(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # Rather fail on a repository that may not be read than take the one around it.
        return True
    return True


class GitRepository:
    """A repository with a work tree, by its top folder."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(folder)
        self._git = Command(self.folder)

    def tree(self, which: str) -> Tree:
        """The files below desired-state/ and templates/ of "work", "index", or a commit by any of its names."""
        if which not in ("work", "index"):
            commit = self._commit(which)
            return _tree(Revision("commit", commit, self._branch_called(which)), git_tree.of_commit(self._git, commit))
        revision = Revision(which, self.head(), self.branch())
        if which == "index":
            return _tree(revision, git_tree.of_index(self._git, self._index_of_hook()))
        return _tree(revision, git_work.of_work(self._git, revision.commit))

    def some(self, paths: Sequence[str]) -> Tree:
        """Some files of the work tree."""
        revision = Revision("work", self.head(), self.branch())
        return _tree(revision, git_work.of_work(self._git, revision.commit, paths))

    def edited(self, since: str) -> frozenset[str] | None:
        """The files that the commit checked out or its index has otherwise than an earlier one; None where files came
        or went, or stand in the work tree that it did not have."""
        return git_work.edited(self._git, since)

    def tracked(self) -> frozenset[str]:
        """Every file of desired state that the index names."""
        return git_work.tracked(self._git)

    def read(self, path: str) -> File | None:
        """One file of the work tree, as it stands there. Raises Unreadable."""
        found = look(f"{self.folder}/{path}", follow=False)
        return found[0] if found else None

    def contents(self, which: str, paths: Sequence[str]) -> Mapping[str, File]:
        """Files anywhere in "work", "index" or a commit, by their paths from the top; those that are there."""
        if which == "work":
            stands = ((path, reading.read(self.folder, path)) for path in paths)
            return {path: file for path, file in stands if file is not None}
        if which == "index":
            return git_tree.some_of_index(self._git, self._index_of_hook(), paths)
        return git_tree.some_of_commit(self._git, self._commit(which), paths)

    def left_out(self, paths: Sequence[str]) -> Sequence[str]:
        """Those files of the work tree that no commit takes: ignored ones, and those in a repository of their own."""
        there = [path for path in paths if os.path.lexists(f"{self.folder}/{path}")]
        if not there:
            return ()
        said = self._git.run("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *there)
        taken = {git_tree.decoded(name) for name in said.split(b"\0")}
        return [path for path in there if path not in taken]

    def head(self) -> str:
        """The commit checked out, "" where there is none yet."""
        # A branch that leads nowhere looks unborn here; only asking for its name tells, by raising.
        return self._git.word("rev-parse", "--verify", "--quiet", "HEAD") or self.branch()[:0]

    def branch(self) -> str:
        """The branch checked out, born or not; "" where HEAD is detached."""
        return self._git.word("symbolic-ref", "--quiet", "HEAD").removeprefix("refs/heads/")

    def in_progress(self) -> str:
        """What git is in the middle of: "rebase", "merge", "bisect", "cherry-pick", "revert", "am", or ""."""
        folder = self._git.facts.git_dir
        for mark, name in _MARKS:
            if os.path.lexists(os.path.join(folder, mark)):
                return name
        # These two are refs, and refs need not be files.
        return next((name for name, at in zip(_PICKS.values(), self._git.named(*_PICKS), strict=True) if at), "")

    def partial(self) -> bool:
        """Whether it is a clone that fetches contents only when they are asked for."""
        return bool(self._git.word("config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$"))

    def commit_of(self, branch: str) -> str:
        """The commit a local branch (`main`) or a remote's (`origin/main`) stands at; "" where there is none."""
        return git_follow.commit_of(self._git, branch)

    def keep(self) -> None:
        self._git.kept = self._git.kept or {}

    def hooks(self) -> str:
        """The folder of its hooks, wherever its settings put that."""
        return git_follow.hooks(self._git)

    def watched(self, branch: str) -> tuple[str, ...]:
        """The folders in which something changes when the branch moves, or a rebase begins or ends."""
        return git_follow.watched(self._git, branch)

    def distrusted(self, commit: str) -> str:
        """Why a commit's signature is not good enough, or ""."""
        return git_follow.distrusted(self._git, commit)

    def fetch(self, remote: str, branch: str, cache: str) -> None:
        """Brings a remote's branch up to date, and moves nothing else. Raises Invalid."""
        git_follow.fetch(self._git, remote, branch, cache)

    def last_commit(self, path: str) -> str:
        """The commit that last changed a path: "3f2c1ab subject", or "" where it is not committed."""
        if not self.head():
            return ""
        said = self._git.word("rev-list", "--max-count=1", "--encoding=UTF-8", "--format=%s", "HEAD", "--", path)
        commit, _, subject = said.removeprefix("commit ").partition("\n")
        return _titled(commit, subject)

    def line_commit(self, path: str, line: int) -> str:
        """The commit that last changed a line of the committed file, or "" where there is no such line."""
        # Without HEAD it would blame the work tree, through the repository's filters.
        how = ("--no-textconv", "--porcelain", "--encoding=UTF-8", "-L", f"{line},{line}")
        said = self._git.word("blame", *how, "HEAD", "--", path, no=(128,))
        subject = next((text for text in said.split("\n") if text.startswith("summary ")), "")
        return _titled(said.partition(" ")[0], subject.removeprefix("summary "))

    @property
    def git_dir(self) -> str:
        """The repository's own folder. Raises Invalid."""
        return self._git.facts.git_dir

    def settings(self) -> frozenset[str] | None:
        """The files by which settings and what is ignored are told; None where those may include others."""
        ignored = self._git.settings.get("core.excludesfile", "")
        origins = self._git.origins()
        return origins and origins | ({os.path.expanduser(ignored)} if ignored else set())

    def index(self, which: str) -> str:
        """The index that a tree is read with."""
        return (self._index_of_hook() if which == "index" else "") or f"{self.git_dir}/index"

    def is_committed(self, index: str, more: Sequence[str] = ()) -> bool:
        """Whether an index holds of desired state, and of `more` files, what the commit does."""
        asked = ("diff-index", "--cached", "--quiet", "HEAD", "--", ".gitattributes", *git_tree.FOLDERS, *more)
        return self._git.holds(*asked, index=index)

    def _commit(self, name: str) -> str:
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options")
        try:
            commit = self._git.word(*asked, f"{name}^{{commit}}", no=(1, 128))
        except ValueError:
            # No program can be given such a name.
            commit = ""
        if commit:
            return commit
        raise invalid(self.folder, f"no commit is called `{git_tree.shown(name)}`", self._meant(name))

    def _meant(self, name: str) -> str:
        several = self._git.word("rev-parse", f"--disambiguate={name}") if _SHORT_ID.fullmatch(name) else ""
        if several:
            return "more than one object's id begins so: write more digits"
        refs = self._git.word("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes")
        close = difflib.get_close_matches(name, refs.split("\n"), 1)
        return f"did you mean `{close[0]}`?" if close else f"see `git -C {quote(self.folder)} branch --all`"

    def _branch_called(self, name: str) -> str:
        asked = ("rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options", name)
        prefix, _, branch = self._git.word(*asked, no=(1, 128)).partition("refs/heads/")
        return "" if prefix else branch

    def _index_of_hook(self) -> str:
        """The index of the commit being made, where we run in its hook; "" for the repository's own.

        A hook of one repository may ask about another: the variables count for theirs alone. git takes a relative
        index from the top of the work tree.
        """
        index, folder = os.environ.get("GIT_INDEX_FILE", ""), os.environ.get("GIT_DIR")
        if not index:
            return ""
        if folder is not None:
            ours = os.path.realpath(folder) == self._git.facts.git_dir
        else:
            beside = os.path.isabs(index) and os.path.realpath(os.path.dirname(index)) == self._git.facts.git_dir
            ours = beside or _around_here() == self.folder
        return os.path.join(self.folder, index) if ours else ""


def _around_here() -> str | None:
    try:
        return find(os.getcwd())
    except (Invalid, OSError):
        return None


def _tree(revision: Revision, reading: Reading) -> Tree:
    return Tree(revision._replace(uncommitted=reading.uncommitted), reading.sources, reading.problems)


def _titled(commit: str, subject: str) -> str:
    return f"{commit[:7]} {git_tree.shown(subject)}".rstrip()
