"""What stands in the way, or an error of the system → a problem in the user's words; looks, writes nothing."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import replace

from reconciler.model.problem import Origin, Problem, Severity, shown
from reconciler.model.resource import File
from reconciler.model.world import Edited, Unreadable

ODD = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
MEANINGS: Mapping[int, tuple[str, str]] = {
    errno.EACCES: ("permission is denied", "let yourself with `chmod`; see with `ls -ld` who may, above it too"),
    errno.EPERM: ("the system does not permit it", "it may be marked immutable: see `lsattr`, or `ls -lO` on macOS"),
    errno.ENOSPC: ("the disk is full", "free some space, then run it again"),
    errno.EDQUOT: ("your disk quota is used up", "free some space, then run it again"),
    errno.EFBIG: ("the file is larger than the system allows", "see `ulimit -f`"),
    errno.EROFS: ("the file system is read-only", "another tool may manage it, as home-manager does: change it there"),
    errno.EIO: ("the disk reports an error", "see the system's log: the disk or the network behind it may be failing"),
    errno.ENAMETOOLONG: ("the name is too long for this file system", "shorten it"),
    errno.ELOOP: ("its links lead in a circle", "follow them with `readlink` and remove one"),
    errno.EMFILE: ("too many files are open", "raise the limit with `ulimit -n`"),
    errno.ENFILE: ("too many files are open on this machine", "end a program that holds many, then run it again"),
    errno.EBUSY: ("it is in use by the system", "it may be a mount point: see `mount`"),
    errno.ETXTBSY: ("it is a program that is running", "end it, then run it again"),
    errno.ENOENT: ("its folder went away meanwhile", "run it again"),
    errno.ESTALE: ("the network file system lost it", "run it again"),
}


def problem(where: str, text: str, hint: str, severity: Severity = Severity.ERROR) -> Problem:
    return Problem(Origin(printable(where)), text, hint, severity)


def failed(where: str, what: str, error: OSError) -> Problem:
    """`what` could not be done: the error in plain words."""
    unknown = ("the system says: " + os.strerror(error.errno or 0).lower(), "")
    meaning, hint = MEANINGS.get(error.errno or 0, unknown)
    return problem(where, f"cannot be {what}: {meaning}", hint)


def stale(where: str, before: File | None, stands: bool) -> Edited:
    verb = "was changed" if before and stands else "was removed" if before else "appeared"
    hint = "nothing was written; `reconcile plan` shows what stands there now"
    return Edited(problem=problem(where, f"{verb} since it was looked at", hint), stale=True)


def not_a_folder(where: str, obstacle: str) -> Problem:
    return problem(where, f"`{printable(obstacle)}` is a file where a folder is needed", "move that file away")


def not_a_file(where: str, mode: int) -> Problem:
    return problem(where, f"{sort_of(mode)} stands where a file is expected", "move it away")


def sort_of(mode: int) -> str:
    known = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return known.get(stat.S_IFMT(mode), "a device")


def dangling(where: str, link: str) -> Problem:
    text = f"`{printable(link)}` is a link to `{printable(os.readlink(link))}`, which is not there"
    return problem(where, text, "remove the link, or bring back what it leads to")


def odd_name(where: str, name: str) -> Problem:
    wrong = "is not valid UTF-8" if re.search("[\ud800-\udfff]", name) else "holds a control character"
    return problem(where, f"the name {wrong}", "rename it", Severity.WARNING)


def nearest(full: str) -> str:
    """The path itself, or the closest of its parents that stands."""
    while full not in ("/", ""):
        try:
            os.lstat(full)
        except (OSError, ValueError):
            full = full.rpartition("/")[0] or "/"
        else:
            break
    return full


def of_secret(reference: str, text: str, hint: str) -> Unreadable:
    return Unreadable(Problem(Origin(f"secret {reference}"), f"`{reference}` {text}", hint))


def printable(path: str) -> str:
    """A path that any terminal and any encoding can take."""
    return path if path.isprintable() else ODD.sub(_escaped, path)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:x}"  # a byte that Python smuggles through a str
    return found[0].encode("unicode_escape").decode()


def homed(found: Problem, home: str) -> Problem:
    """The same problem with `~/…` for what lies below the home folder, in its words too."""
    if not home:
        return found
    text, hint = (words.replace(f"`{home}/", "`~/") for words in (found.text, found.hint))
    return Problem(replace(found.origin, path=shown(found.origin.path, home)), text, hint, found.severity)
