"""Variables → where this user's things are; roots → a World over this machine's files. Writes through files.py."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from reconciler.model.dress import Dress
from reconciler.model.problem import Problem, invalid, shown
from reconciler.model.resource import PORT, File, Place
from reconciler.model.serving import ServerWorld
from reconciler.model.world import Bitless, Edit, Edited, Env, Unreadable
from reconciler.world import file_systems, files
from reconciler.world.problems import homed


def environment(variables: Mapping[str, str], platform: str | None = None) -> Env:
    """Where HOME and the XDG variables say a user's things are; Invalid where they cannot say it."""
    home = _absolute(variables.get("HOME", ""))
    if not home:
        wrong = "is not an absolute path" if variables.get("HOME") else "is not set"
        raise invalid("environment", f"`HOME` {wrong}", "set it to your home folder: `HOME=/home/you reconcile …`")
    return Env(
        home=home,
        config=_absolute(variables.get("XDG_CONFIG_HOME", "")) or f"{home}/.config",
        state=_absolute(variables.get("XDG_STATE_HOME", "")) or f"{home}/.local/state",
        data=_absolute(variables.get("XDG_DATA_HOME", "")) or f"{home}/.local/share",
        cache=_absolute(variables.get("XDG_CACHE_HOME", "")) or f"{home}/.cache",
        host=_host(variables.get("RECONCILE_HOST", "")),
        platform=platform or sys.platform,
        variables=dict(variables),
    )


def _absolute(folder: str) -> str:
    """Without a final slash; "" where it is not absolute, as the XDG specification has it."""
    return os.path.normpath(folder) if folder.startswith("/") else ""


def _host(told: str) -> str:
    if "/" in told or told in (".", ".."):
        hint = "give it the name of a folder in desired-state/hosts/"
        raise invalid("environment", f"`RECONCILE_HOST` is `{told}`, which is no host name", hint)
    return told or os.uname().nodename.partition(".")[0] or "localhost"


class LocalWorld:
    """This machine's files below some roots (name → absolute folder); problems name them from `home`, as `~/…`.
    `servers`: those that run here, made when they are first asked for."""

    def __init__(
        self, roots: Mapping[str, str], home: str = "", servers: Callable[[], ServerWorld] | None = None
    ) -> None:
        self.roots = roots
        self.home = home
        self._servers = servers
        self._scanned: dict[str, Place] = {}

    @cached_property
    def servers(self) -> ServerWorld:
        assert self._servers is not None, "this world has files alone"
        return self._servers()

    def scan(self, root: str, skip: Mapping[str, str]) -> Place:
        place = files.scan(self.roots[root], skip, root)
        problems = tuple(homed(found, self.home) for found in place.problems)
        self._scanned[root] = replace(place, shown=self.show(root, ""), problems=problems)
        return self._scanned[root]

    def scanned(self, root: str) -> Place | None:
        """What the last scan of a root found, None where there was none."""
        return self._scanned.get(root)

    def read(self, root: str, path: str) -> File | None:
        try:
            return files.read(self.roots[root], path)
        except Unreadable as unreadable:
            raise Unreadable(homed(unreadable.problem, self.home)) from None

    def real(self, root: str, path: str) -> str:
        return os.path.realpath(f"{self.roots[root]}/{path}").rstrip("/")

    def leftovers(self, root: str) -> Sequence[str]:
        return files.leftovers(self.roots[root])

    def mode(self, root: str, path: str) -> int | None:
        try:
            return stat.S_IMODE(os.stat(f"{self.roots[root]}/{path}").st_mode)
        except (OSError, ValueError):
            return None

    def empty(self, root: str, folder: str) -> bool:
        return files.empty(f"{self.roots[root]}/{folder}")

    def bitless(self, root: str, path: str) -> Bitless | None:
        return None if root == PORT else file_systems.bitless(f"{self.roots[root]}/{path}")

    def dress(self, root: str, path: str) -> Dress | None:
        return None if root == PORT else files.worn(f"{self.roots[root]}/{path}")

    def show(self, root: str, path: str) -> str:
        if root == PORT:
            return f"port {path}"
        return shown(f"{self.roots[root]}/{path}".rstrip("/"), self.home)

    def edit(self, edits: Sequence[Edit]) -> Sequence[Edited]:
        return [self._homed(edited) for edited in files.edit(edits, self.roots)]

    def prune(self, root: str, folder: str) -> bool:
        return files.prune(self.roots[root], folder)

    def lacking(self, root: str, path: str) -> tuple[str, ...]:
        return () if root == PORT else files.lacking(self.roots[root], path)

    def recover(self, root: str, path: str) -> Sequence[Problem]:
        found = () if root == PORT else files.recover(f"{self.roots[root]}/{path}")
        return [homed(problem, self.home) for problem in found]

    def _homed(self, edited: Edited) -> Edited:
        return edited._replace(problem=homed(edited.problem, self.home)) if edited.problem else edited
