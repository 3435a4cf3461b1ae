"""Versions of the programs that this one needs or serves. Asks `opencode --version` in an empty HOME."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from reconciler.app.checks.finding import Finding, note
from reconciler.app.session import App
from reconciler.model.programs import Program

GIT = (2, 32)


def check(app: App) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(sys.version_info >= (3, 11), f"Python {version}", "Python 3.11 or newer is needed")
    yield _git(app)
    yield from _opencode(app)


def _git(app: App) -> Finding:
    from reconciler.world.machine import said_by

    said = said_by("git", "--version", app.env.variables)
    if said is None:
        return Finding(False, "git: not found on PATH", "install git 2.32 or newer")
    numbers = tuple(map(int, re.findall(r"\d+", said)[:2]))
    return Finding(numbers >= GIT, said.replace(" version", "", 1), "git 2.32 or newer is needed: install a newer one")


def _opencode(app: App) -> Iterator[Finding]:
    from reconciler.shapes import opencode_rules
    from reconciler.shapes.opencode_copy import CONFIRM, stage

    known = opencode_rules.VERSION
    found = app.programs.find(CONFIRM.program, CONFIRM.variable, stage({}, lambda named: None))
    if not isinstance(found, Program):
        text = f"opencode: {found}; plans are not confirmed"
        yield note(text, "its files are managed all the same; RECONCILE_OPENCODE may name it")
    elif found.version.partition(".")[0] != CONFIRM.major:
        text = f"opencode {found.version} at {found.path}: this program knows version {CONFIRM.major}"
        yield Finding(False, text, "plans are not confirmed: look at what changed in that version before you apply")
    elif found.version != known and not app.judged_by:
        text = f"opencode {found.version} at {found.path}; desired state is judged by the schema of {known}"
        yield note(text, "`reconcile schema --refresh` reads that of yours")
    else:
        yield Finding(True, f"opencode {found.version} at {found.path}")
