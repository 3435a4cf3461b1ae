"""Files below a configuration folder → what makes a running server see them (docs/opencode-facts.md). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.model.serving import Deed, Difference

# The global file is cached for the life of the process; what an instance loads is loaded again after a dispose. The
# text of a script is cached by its path, so that only one that is new or gone is seen without a restart.
SECRET = "a secret"
ONCE = re.compile(r"(config\.json|opencode\.jsonc?)")
INSTANCE = re.compile(r"((agents?|commands?|modes?)/.+\.md|skills?/(.+/)?SKILL\.md)")
SCRIPT = re.compile(r"(tools?|plugins?)/[^/]+\.[jt]s")
SORTS = {"agent": "agents", "command": "commands", "mode": "modes", "skill": "skills", "tool": "tools"}


def relevant(path: str) -> bool:
    """Whether a server reads a file once and keeps what it read."""
    return any(pattern.fullmatch(path) for pattern in (ONCE, INSTANCE, SCRIPT))


def deed(difference: Difference) -> Deed:
    """The mildest thing that makes a server see one difference; what begins with `./` is a folder's own file."""
    path = difference.path.removeprefix("./").removeprefix(".opencode/")
    if path == SECRET:
        return Deed.RESTART
    if ONCE.fullmatch(path):
        return Deed.DISPOSE if path != difference.path else Deed.RESTART
    if SCRIPT.fullmatch(path):
        return Deed.RESTART if difference.sort == "edited" else Deed.DISPOSE
    return Deed.DISPOSE if INSTANCE.fullmatch(path) else Deed.NOTHING


def mildest(differences: Iterable[Difference]) -> tuple[Deed, str]:
    """The mildest thing that makes a server see all of them, and why it must be that."""
    found: dict[Deed, set[str]] = {}
    for one in differences:
        found.setdefault(deed(one), set()).add(_told(one.path))
    if Deed.RESTART in found:
        names = " and ".join(sorted(found[Deed.RESTART]))
        return Deed.RESTART, f"{names}: only read at start"
    if Deed.DISPOSE in found:
        return Deed.DISPOSE, f"{' and '.join(sorted(found[Deed.DISPOSE]))} changed"
    return Deed.NOTHING, ""


def _told(path: str) -> str:
    """`agents` for an agent, the file's name for the rest."""
    top = path.partition("/")[0].rstrip("s")
    return SORTS.get(top, path) if top != "tool" else path
