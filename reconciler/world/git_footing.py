"""A repository → all that its answers rest on: its own files, its settings, its desired state. Looks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reconciler.world.git import GitRepository
from reconciler.world.git_tree import FOLDERS

RULES = (".gitignore", ".gitattributes")
PLAIN = ("config", "config.worktree", "info/exclude", "info/attributes", "reftable")
BRANCH = ("HEAD", "packed-refs")
SETTINGS = (".gitconfig", ".config/git/config", ".config/git/ignore")


class Footing(NamedTuple):
    """`watched`: settings and rules; `branch`: what moves with a commit; `folders`: those of desired state; `files`:
    all in them. `committed`: the index says of them what the commit says."""

    git_dir: str
    staged: str
    watched: tuple[str, ...]
    branch: tuple[str, ...]
    folders: tuple[str, ...]
    files: tuple[str, ...]
    committed: bool


def footing(
    repository: GitRepository, which: str, variables: Mapping[str, str], more: Sequence[str] = ()
) -> Footing | None:
    """`more`: files that the answer rests on, too, as the index has them. None where something of it is kept in a way
    that is not watched."""
    top, git_dir = repository.folder, repository.git_dir
    reference = _reference(git_dir)
    # Values that variables give are not kept.
    settings = None if variables.get("GIT_CONFIG_COUNT") else repository.settings()
    if git_dir != f"{top}/.git" or reference is None or settings is None or os.path.exists(f"{git_dir}/reftable"):
        return None
    folders, files = _below(top) if which == "work" else ([], [])
    watched = (
        *(f"{git_dir}/{name}" for name in PLAIN),
        *(f"{top}/{name}" for name in RULES),
        *(f"{variables.get('HOME', '')}/{name}" for name in SETTINGS),
        *(f"{variables.get('XDG_CONFIG_HOME', '')}/git/{name}" for name in ("config", "ignore")),
        "/etc/gitconfig",
        *sorted(settings),
    )
    branch = tuple(f"{git_dir}/{name}" for name in (*BRANCH, *reference))
    index = repository.index(which)
    return Footing(git_dir, index, watched, branch, tuple(folders), tuple(files), repository.is_committed(index, more))


def _reference(git_dir: str) -> tuple[str, ...] | None:
    """The file of the branch that is checked out; none where HEAD is detached."""
    with open(f"{git_dir}/HEAD", encoding="utf-8") as file:  # noqa: PTH123
        said = file.read().strip()
    if not said.startswith("ref: "):
        return ()
    name = said.removeprefix("ref: ")
    try:
        with open(f"{git_dir}/{name}", encoding="utf-8") as file:  # noqa: PTH123
            symbolic = file.read(5) == "ref: "
    except FileNotFoundError:
        symbolic = False
    return None if symbolic else (name,)


def _below(top: str) -> tuple[list[str], list[str]]:
    folders, files = [f"{top}/{name}" for name in FOLDERS], []
    for start in FOLDERS:
        for folder, inside, names in os.walk(f"{top}/{start}"):
            folders += [f"{folder}/{name}" for name in inside]
            files += [f"{folder}/{name}" for name in names]
    return folders, files
