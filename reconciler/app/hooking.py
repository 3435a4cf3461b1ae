"""A plain git hook that checks before every commit. Writes one file of the repository's git folder."""

from __future__ import annotations

import os
import shlex
import sys

from reconciler.app.session import App
from reconciler.model.problem import Invalid, invalid
from reconciler.world.problems import failed

MARK = "# written by `reconcile hook install`"
HOOKS = {"pre-commit": "check --staged", "pre-push": "check"}


# A folder of hooks may serve all repositories of a user, and a branch may hold other things.
ELSEWHERE = "[ -d desired-state ] || git rev-parse -q --verify HEAD:desired-state >/dev/null 2>&1 || exit 0"


def text(name: str) -> str:
    """The hook, which fails where the check cannot run, and has nothing to say where nothing is managed."""
    return f'#!/bin/sh\n{MARK}\n{ELSEWHERE}\nexec {shlex.quote(sys.executable)} -m reconciler {HOOKS[name]} "$@"\n'


def install(app: App, names: tuple[str, ...] = ("pre-commit",)) -> list[str]:
    """The paths written. Raises Invalid, nothing written, where another hook stands."""
    paths = {name: os.path.join(app.here.hooks(), name) for name in names}
    foreign = [path for path in paths.values() if os.path.lexists(path) and MARK not in _read(path)]
    if foreign:
        line = f"{shlex.quote(sys.executable)} -m reconciler check --staged || exit 1"
        raise Invalid(
            problem
            for path in foreign
            for problem in invalid(path, "another hook stands here", f"add to it: `{line}`").problems
        )
    for name, path in paths.items():
        _write(path, text(name))
    return list(paths.values())


def uninstall(app: App) -> list[str]:
    """The paths removed: hooks of ours only."""
    paths = [os.path.join(app.here.hooks(), name) for name in HOOKS]
    ours = [path for path in paths if os.path.isfile(path) and MARK in _read(path)]
    for path in ours:
        os.unlink(path)
    return ours


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""


def _write(path: str, content: str) -> None:
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = f"{path}.{os.getpid()}.tmp"
        with open(temporary, "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(content)
        os.chmod(temporary, 0o755)
        os.replace(temporary, path)
    except OSError as error:
        raise Invalid([failed(path, "written", error)]) from None
