"""Asking the real program: it, the copy it is shown, what it said, and how to understand that. No effects here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from reconciler.model.world import Env

Files = Mapping[str, bytes]
Reference = Callable[[str], bytes | None]


class Program(NamedTuple):
    """A program of this machine. `stamp` is another one as soon as the file behind it is."""

    path: str
    version: str
    stamp: str


class Copy(NamedTuple):
    """A HOME made for one question: files by their path in it, and the variables it is asked with, in which `{copy}`
    stands for the folder that has this `home` and an empty `cwd`."""

    files: Files
    variables: Mapping[str, str]


class Said(NamedTuple):
    """`ok` as its exit status says, and its words, in which `~` is the copy's HOME. None: no answer, and why."""

    ok: bool | None
    text: str = ""


class Refusal(NamedTuple):
    """What a program refused: the file, by its path below the root ("": it did not say), and every mistake in it."""

    path: str
    issues: tuple[str, ...]


class Elsewhere(NamedTuple):
    """Another place that a program reads beside a root: a folder, or the file `name`, at the absolute path `real`;
    `at` is how its files' keys begin, which tells them from the root's own."""

    name: str
    real: str
    at: str


class Beside(NamedTuple):
    """All of them: `places` by a user's variables, `inline` what variables say themselves, `judged` whether a file
    below a place is read, `rebased` its content with references that lead to the same file from anywhere."""

    places: Callable[[Env], Sequence[Elsewhere]]
    inline: Callable[[Env], Files]
    judged: Callable[[str, Elsewhere], bool]
    rebased: Callable[[bytes, str], bytes]


class Programs(Protocol):
    """Programs of this machine, shown copies and never the things themselves."""

    def find(self, name: str, variable: str, empty: Copy) -> Program | str:
        """The program that `variable` or PATH names, or why there is none."""

    def ask(self, program: Program, arguments: Sequence[str], copy: Copy, clear: Callable[[Said], bool]) -> Said:
        """What it says of a copy. The same question to the same program is answered from memory, where the answer was
        `clear`: one that is not may be of a full disk, and another the next time."""

    def below(self, folder: str) -> Sequence[str]:
        """The files below an absolute folder, by their paths there; none where there is no such folder."""

    def peek(self, path: str) -> bytes | None:
        """Any file that may be read, by its absolute path; None where there is none. Raises Unreadable."""


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """How a root can be confirmed. `variable` may name the program in PATH's stead; `reads`: the files below the root
    that it judges; `refers`: other files that those name, as they write it; `stage`: files below the root, and what
    the others hold → the copy; `refusal`: the program's words → what it refused."""

    program: str
    variable: str
    major: str
    arguments: tuple[str, ...]
    reads: Callable[[str], bool]
    refers: Callable[[Files], frozenset[str]]
    stage: Callable[[Files, Reference], Copy]
    refusal: Callable[[str], Refusal]
    beside: Beside | None = None
