"""Files → a commit on a branch that is not checked out. Writes objects and one ref; never the work tree or the index.

GitPython's own object database and trees are used, in this process: git itself would run hooks, filters and signing
programs of the repository.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import Any

from reconciler.model.problem import Invalid, invalid
from reconciler.model.resource import File
from reconciler.world.git_command import Command

NAME, EMAIL = "reconcile", "reconcile@localhost"


def commit(top: str, branch: str, files: Mapping[str, File], message: str) -> str:
    """The commit that `branch` stands at then: its own last one, else HEAD's, with these files as they are given.
    Raises Invalid for a branch that is checked out anywhere, or cannot be written."""
    git = Command(top)
    _named(git, top, branch)
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from git import GitDB, Repo
    from git.exc import GitError
    from gitdb.exc import ODBError

    repo = Repo(top, odbt=GitDB)
    try:
        return _committed(repo, branch, files, message)
    except (GitError, ODBError, ValueError, OSError) as error:
        raise invalid(
            top, f"no commit could be made on `{branch}`: {error}", "render into the work tree instead"
        ) from None
    finally:
        repo.close()


def _named(git: Command, top: str, branch: str) -> None:
    try:
        git.run("check-ref-format", f"refs/heads/{branch}")
    except Invalid:
        raise invalid(
            top, f"`{branch}` is no name for a branch", "letters, digits, `-` and `/`, as `docs/update`"
        ) from None
    checked_out = git.run("worktree", "list", "--porcelain").decode("utf-8", "replace").split("\n")
    if f"branch refs/heads/{branch}" in checked_out:
        hint = "name another one, or `reconcile docs render` writes into the work tree"
        raise invalid(top, f"`{branch}` is checked out: a commit on it would leave its files behind", hint)
    if os.path.exists(f"{git.facts.git_dir}/reftable"):
        raise invalid(
            top, "this repository keeps its refs in a reftable", "render into the work tree, and commit there"
        )


def _committed(repo: Any, branch: str, files: Mapping[str, File], message: str) -> str:
    from git import Actor, Commit, Head

    head = Head(repo, f"refs/heads/{branch}")
    parent = head.commit if head.is_valid() else repo.head.commit
    tree = _tree(repo, parent.tree, files)
    if tree.binsha == parent.tree.binsha:
        if not head.is_valid():
            head.set_object(parent)
        return str(parent.hexsha)
    said = repo.config_reader()
    who = Actor(said.get_value("user", "name", NAME), said.get_value("user", "email", EMAIL))
    made = Commit.create_from_tree(repo, tree, message, [parent], head=False, author=who, committer=who)
    head.set_object(made, f"reconcile docs render --branch {branch}")
    return str(made.hexsha)


def _replaces(ground: Any, name: str, *, folder: bool) -> None:
    """Raises ValueError where something of another sort stands there: a link, a submodule, a file for a folder."""
    for item in ground or ():
        plain = item.type == "tree" if folder else item.type == "blob" and not stat.S_ISLNK(item.mode)
        if item.name == name and not plain:
            raise ValueError(f"`{item.path or name}` is no {'folder' if folder else 'plain file'} there")


def _tree(repo: Any, ground: Any, files: Mapping[str, File]) -> Any:
    """A tree with some files changed; what is not on the way to one of them is taken as it is."""
    from io import BytesIO

    from git import Tree
    from git.objects.fun import tree_to_stream
    from gitdb import IStream

    entries = {item.name: (item.binsha, item.mode, item.name) for item in ground} if ground is not None else {}
    inside: dict[str, dict[str, File]] = {}
    for path, file in files.items():
        name, _, rest = path.partition("/")
        _replaces(ground, name, folder=bool(rest))
        if rest:
            inside.setdefault(name, {})[rest] = file
        else:
            stream = repo.odb.store(IStream("blob", len(file.content), BytesIO(file.content)))
            entries[name] = (stream.binsha, 0o100755 if file.executable else 0o100644, name)
    for name, below in inside.items():
        old = next((item for item in ground if item.name == name and item.type == "tree"), None) if ground else None
        entries[name] = (_tree(repo, old, below).binsha, stat.S_IFDIR, name)
    # git sorts a folder as if its name ended in a slash
    ordered = sorted(entries.values(), key=lambda e: e[2].encode() + (b"/" if stat.S_ISDIR(e[1]) else b""))
    body = BytesIO()
    tree_to_stream(ordered, body.write)
    stored = repo.odb.store(IStream("tree", body.tell(), BytesIO(body.getvalue())))
    return Tree(repo, stored.binsha, stat.S_IFDIR, "")
