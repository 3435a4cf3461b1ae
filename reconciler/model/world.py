"""All we can see and all we can touch, as protocols; and where a user's things are. No effects here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from reconciler.model.dress import Dress
from reconciler.model.problem import Problem
from reconciler.model.resource import File, Place, Revision, Source
from reconciler.model.serving import ServerLook, ServerWorld


@dataclass(frozen=True, slots=True)
class Env:
    """Where a user's things are, as HOME and the XDG variables say; absolute paths without a final slash."""

    home: str
    config: str
    state: str
    data: str
    cache: str
    host: str
    platform: str
    variables: Mapping[str, str]


class Edit(NamedTuple):
    """One file brought from `before` to `after` (None: no file); refused as stale where something else stands. `mode`:
    the permission bits it shall have, the executable ones apart (None: they stay as they are). `dress`: what a file
    that is made gets (None: what any new one has)."""

    root: str
    path: str
    before: File | None
    after: File | None
    mode: int | None = None
    dress: Dress | None = None


class Edited(NamedTuple):
    """What became of an edit: folders made on the way, or why not. `stale`: something else stood there."""

    made: tuple[str, ...] = ()
    problem: Problem | None = None
    stale: bool = False


class Bitless(NamedTuple):
    """A file system that keeps no permission bits for each file (`vfat`); `private`: those that it gives to all of them
    let nobody in but their owner."""

    sort: str
    private: bool


class Unreadable(Exception):
    """A thing that is there and cannot be looked at."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class Look(Protocol):
    """Eyes: nothing here changes anything."""

    @property
    def servers(self) -> ServerLook:
        """Running servers."""

    def scan(self, root: str, skip: Mapping[str, str]) -> Place:
        """Every file below a root, links followed; `skip` names what is not entered (glob → reason)."""

    def read(self, root: str, path: str) -> File | None:
        """A file's bytes and executable bit, links followed; None where nothing stands. Raises Unreadable."""

    def mode(self, root: str, path: str) -> int | None:
        """A file's permission bits, links followed; None where nothing stands or it can't be looked at."""

    def empty(self, root: str, folder: str) -> bool:
        """Whether a folder is there and nothing is in it."""

    def bitless(self, root: str, path: str) -> Bitless | None:
        """The file system of a file that is or will be there, where that keeps no permission bits."""

    def dress(self, root: str, path: str) -> Dress | None:
        """What a file has beside its bytes, links followed; None where that is what any new file of ours has."""

    def show(self, root: str, path: str) -> str:
        """The path as people type it: `~/.config/…`."""

    def real(self, root: str, path: str) -> str:
        """The absolute path of a place, every link on the way to it followed; "" is the root's own folder."""

    def leftovers(self, root: str) -> Sequence[str]:
        """Temporary files that a killed run left below a root."""

    def lacking(self, root: str, path: str) -> tuple[str, ...]:
        """The folders that a file at `path` would need made first, outermost first; "" is the root's own."""


class World(Look, Protocol):
    """Hands."""

    @property
    def servers(self) -> ServerWorld:
        """Running servers."""

    def edit(self, edits: Sequence[Edit]) -> Sequence[Edited]:
        """Durable when it returns; each edit on its own stands or fails; never a half-written file."""

    def prune(self, root: str, folder: str) -> bool:
        """Remove a folder if it is empty ("" is the root's own); whether it is gone."""

    def recover(self, root: str, path: str) -> Sequence[Problem]:
        """Clear up what an edit of a file left beside it when it was stopped; what had to stay is a problem."""


class Cipher(Protocol):
    """Contents that only this user can read."""

    def keep(self) -> None:
        """Make the keys durable: what is sealed or fingerprinted now must be understood later."""

    def forget(self) -> None:
        """Nothing that was fingerprinted so far counts: the keys are those that stand there by now."""

    def troubles(self) -> Sequence[Problem]:
        """What is missing or damaged of the keys that a state needs."""

    def seal(self, clear: bytes) -> bytes:
        """Only `unseal` makes it readable again."""

    def unseal(self, sealed: bytes) -> bytes:
        """What was sealed. Raises Invalid."""


class Tree(NamedTuple):
    """One revision of the repository's own files, unread problems included."""

    revision: Revision
    sources: tuple[Source, ...]
    problems: tuple[Problem, ...] = ()


class Repository(Protocol):
    """The git repository that holds desired state. Nothing of it is ever run: no hook, no filter, no monitor."""

    folder: str

    def tree(self, which: str) -> Tree:
        """The files below desired-state/ and templates/ of "work", "index", or a commit by any of its names."""

    def contents(self, which: str, paths: Sequence[str]) -> Mapping[str, File]:
        """Files anywhere in "work", "index" or a commit, by their paths from the top; those that are there. Raises
        Invalid, or Unreadable."""

    def left_out(self, paths: Sequence[str]) -> Sequence[str]:
        """Those files of the work tree that no commit takes: ignored ones, and those in a repository of their own."""

    def head(self) -> str:
        """The commit checked out, "" where there is none yet."""

    def branch(self) -> str:
        """The branch checked out, born or not; "" where HEAD is detached."""

    def in_progress(self) -> str:
        """What git is in the middle of: "rebase", "merge", "bisect", "cherry-pick", "revert", "am", or ""."""

    def partial(self) -> bool:
        """Whether it is a clone that fetches contents only when they are asked for."""

    def commit_of(self, branch: str) -> str:
        """The commit a local branch (`main`) or a remote's (`origin/main`) stands at; "" where there is none."""

    def keep(self) -> None:
        """From now on the contents last read stay in memory, and only others are asked for."""

    def hooks(self) -> str:
        """The folder of its hooks, wherever its settings put that."""

    def watched(self, branch: str) -> tuple[str, ...]:
        """The folders in which something changes when the branch moves, or a rebase begins or ends."""

    def distrusted(self, commit: str) -> str:
        """Why a commit's signature is not good enough, or ""."""

    def fetch(self, remote: str, branch: str, cache: str) -> None:
        """Brings a remote's branch up to date, and moves nothing else. Raises Invalid."""

    def read(self, path: str) -> File | None:
        """One file of the work tree, as it stands there. Raises Unreadable."""

    def last_commit(self, path: str) -> str:
        """The commit that last changed a path: "3f2c1ab subject", or "" where it is not committed."""

    def line_commit(self, path: str, line: int) -> str:
        """The commit that last changed a line of the committed file, or ""."""
