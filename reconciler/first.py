"""Arguments → what to print where nothing has moved since the last look, else None. Looks, and starts git on an index
of ours; imports builtins only, and nothing of ours but first_servers.py, where there are servers.

world/witness.py wrote what an answer rests on: variables, the state of files and folders, an index of ours over all
that is managed. Whatever differs, is missing, damaged or not understood hands over to the program itself.
"""

import marshal
import os
import sys
import time
from _imp import source_hash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Said = dict[str, Any]

FORMAT = b"reconcile witness 1\n"
KEY = 0x7265636F6E63696C
VERBS = {("plan",): "plan", ("plan", "--verify"): "verified", ("check",): "check", ("check", "--staged"): "staged"}
# Those that change what git or we look at. Their values are no secrets; no other variable's is kept.
VARIABLES = (
    "HOME", "PATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "FLATPAK_XDG_CONFIG_HOME",
    "RECONCILE_REPO", "RECONCILE_HOST", "RECONCILE_OPENCODE", "GIT_DIR", "GIT_INDEX_FILE", "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG",
    "NO_COLOR", "TERM",
)  # fmt: skip
# Nothing of a repository's or of anybody's settings can make this git run something.
SHUT = ("--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null")
SHUT_VARIABLES = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_ATTR_NOSYSTEM": "1", "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_ALLOW_PROTOCOL": "none", "LC_ALL": "C",
}  # fmt: skip


def answer(argv: "Sequence[str]") -> "str | None":
    """What to print, with exit status 0; None where the program itself must look."""
    try:
        verb, directory = _asked(list(argv))
        return _stands(read(verb), directory) if verb else None
    except Exception:
        return None


def _asked(argv: "list[str]") -> "tuple[str, str]":
    """The file to look into, "" for what is not answered here; the folder that `-C` names."""
    directory = ""
    for at in (0, -2):
        if len(argv) > 2 and argv[at] == "-C":
            directory = argv[at + 1]
            del argv[at : at + 2 or None]
    return VERBS.get(tuple(argv), ""), directory


def folder() -> str:
    """Where witnesses are kept."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return f"{cache if cache.startswith('/') else os.environ['HOME'] + '/.cache'}/reconciler/first"


def read(verb: str) -> "Said":
    """A whole witness, written by us for us alone. Raises OSError, ValueError."""
    fd = os.open(f"{folder()}/{verb}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        found = os.fstat(fd)
        content = os.read(fd, found.st_size)
    finally:
        os.close(fd)
    body = content[len(FORMAT) + 8 :]
    whole = content[: len(FORMAT)] == FORMAT and content[len(FORMAT) : len(FORMAT) + 8] == source_hash(KEY, body)
    if not whole or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise ValueError
    said: Said = marshal.loads(body)
    return said


def _stands(said: "Said", directory: str) -> "str | None":
    """The text of a witness of which all is still so."""
    if said["asked"] != asked(directory) or time.time() < said["when"]:
        return None
    if said["written"] != state(said["index"]):
        return None
    well = _asked_servers(said["servers"])
    read = said["contents"]
    sweep = None if read else _git(said["sweep"], said["index"], "diff-files", "--quiet")
    same = all(state(path) == was for path, was in said["watched"]) and _around(said)
    staged = _staged(said) if same else None
    swept = _ended(sweep) if sweep else same and all(content(path) == was for path, was in read or ())
    text: str = said["text"]
    return text if same and swept and (staged == 0 or (staged and _ended(staged))) and well() else None


def _asked_servers(said: "Said") -> "Callable[[], bool]":
    """Questions to servers, sent before anything else is looked at, and who reads the answers."""
    if not said:
        return lambda: True
    from reconciler import first_servers

    links = first_servers.ask(said)
    return lambda: first_servers.well(said, links)


def asked(directory: str) -> "list[object]":
    """Who asks, where, with which settings, and what the answer is printed on."""
    values = [os.environ.get(name) for name in VARIABLES]
    screen = [sys.stdout.isatty(), getattr(sys.stdout, "encoding", None)]
    return [directory, os.getcwd(), os.geteuid(), os.uname().nodename, sys.version, values, screen]


def _around(said: "Said") -> bool:
    """Whether variables are set and files are there that are only named."""
    kept = said["listed"]
    return (
        all(os.environ.get(name) for name in said["set"])
        and all(os.path.exists(path) for path in said["exists"])
        and all(os.path.realpath(path) == was for path, was in said["real"])
        and sorted(name for name in os.listdir(kept[0]) if name.startswith(kept[1])) == kept[2]
    )


def state(path: str) -> "tuple[int, ...] | None":
    """What changes whenever a file or a folder does; None where nothing stands."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if path.endswith("-wal") and not found.st_size:
        return None  # SQLite's log comes empty with whoever reads
    return (found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def content(path: str) -> "tuple[int, bytes] | None":
    """The sort and permission bits of what stands there, and a digest of all its bytes; None where no file does."""
    from _blake2 import blake2b

    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        mode = os.fstat(fd).st_mode
        digest = blake2b(digest_size=16)
        while read := os.read(fd, 1 << 20):
            digest.update(read)
    finally:
        os.close(fd)
    return mode, digest.digest()


def _staged(said: "Said") -> "int | None":
    """0 where the repository's index was not written; else the git that tells whether it still says what HEAD says."""
    path, was = said["staged"]
    if state(path) == was:
        return 0
    if not said["committed"]:
        return None
    return _git(
        said["top"], path, "diff-index", "--cached", "--quiet", "HEAD", "--",
        ".gitattributes", "desired-state", "templates", *said["outputs"], place=said["git"],
    )  # fmt: skip


def _git(work: str, index: str, *args: str, place: str = "") -> int:
    """git started over a work tree: the process."""
    null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
    return os.posix_spawnp("git", command(work, *args), around(work, index, place), file_actions=null)


def command(work: str, *args: str) -> "list[str]":
    """git over a work tree, where nothing can make it run something."""
    return ["git", "-C", work, *SHUT, *args]


def around(work: str, index: str, place: str = "") -> "dict[str, str]":
    """The variables of that git: its own alone. `place`: its folder, "" for ours."""
    return SHUT_VARIABLES | {
        "GIT_DIR": place or f"{folder()}/git",
        "GIT_WORK_TREE": work,
        "GIT_INDEX_FILE": index,
        "PATH": os.environ.get("PATH", os.defpath),
    }


def _ended(process: int) -> bool:
    return os.waitpid(process, 0)[1] == 0
