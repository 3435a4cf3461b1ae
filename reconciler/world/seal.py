"""A folder → the user's own key, bytes sealed and opened with it, and whether there was a state; makes files on need.

`key` (of fingerprints), `identity` (of sealed contents, age's X25519) and `marker` lie in the user's data folder, apart
from the state: who gets hold of the state alone reads no secret in it. A key that is not there is made up in memory, so
that looking writes nothing, and becomes a file with the first state (or `keep`). Once there is a state, both files
belong to it: where one is gone or damaged that is said, and no new one takes its place. With a new key every recorded
fingerprint would differ from what stands there, and everything would look as if it had been edited by hand.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from reconciler.model.problem import Invalid, Problem, invalid, shown
from reconciler.world.disk import place, sync, sync_folder
from reconciler.world.problems import failed

KEY, IDENTITY, MARKER = "key", "identity", "marker"
KEY_SIZE = 32
LARGEST = 4096
BACK = "put it back from a backup"
ANEW = f"{BACK}, or begin anew: move it and the state away, and the next plan says `unknown` where it cannot tell"


class Seal:
    """What only this user has. `folder` "" keeps it all in memory."""

    def __init__(self, folder: str, home: str = "") -> None:
        self._folder = folder
        self._home = home
        self._key: bytes | None = None
        self._identity: Any = None

    @classmethod
    def in_memory(cls, key: bytes) -> Seal:
        """A seal without files: this key, and an identity that ends with the process."""
        seal = cls("")
        seal._key = key
        seal._identity = _new_identity()
        return seal

    def key(self, *, of_state: bool = False) -> bytes:
        """The key of fingerprints. `of_state`: a state was made with it, so it must be there. Raises Invalid."""
        if not self._folder:
            return self._key or bytes(KEY_SIZE)
        # Read again while it is only made up: another process may have made the file meanwhile.
        found = self._read(KEY)
        if found is None:
            if of_state:
                raise self._gone(KEY, "the key of this user's fingerprints is gone")
            self._key = self._key or os.urandom(KEY_SIZE)
            return self._key
        if len(found) != KEY_SIZE:
            raise self._gone(KEY, f"the key of this user's fingerprints is damaged: {len(found)} bytes, not {KEY_SIZE}")
        return found

    def keep(self, *, anew: bool = False) -> None:
        """Makes files of key and identity, durably; those that are there stay. `anew`: no state needs older ones.

        Raises Invalid where one is missing that a state needs, or where somebody made another key since ours was used.
        """
        if not self._folder:
            return
        for name, what in ((IDENTITY, "what opens sealed contents"), (KEY, "the key of this user's fingerprints")):
            if self._read(name) is None and self.marked and not anew:
                raise self._gone(name, f"{what} is gone")
        if self._read(IDENTITY) is None:
            self._create(IDENTITY, f"{_new_identity()}\n".encode())
        if self._read(KEY) is None:
            self._create(KEY, self._key or os.urandom(KEY_SIZE))
        made_up, self._key = self._key, None
        if made_up not in (None, self.key()):
            raise invalid(self._show(KEY), "another run set this home up at the same time", "run it again")

    def forget(self) -> None:
        """Nothing that was fingerprinted so far counts: the keys are those that stand there by now."""
        if self._folder:
            self._key = self._identity = None

    @property
    def marked(self) -> bool:
        """Whether there has ever been a state: tells the first time from a loss."""
        return bool(self._folder) and os.path.exists(f"{self._folder}/{MARKER}")

    @property
    def forgotten(self) -> bool:
        """Whether there is neither a key nor a sign that there ever was one: a state beside it came from elsewhere."""
        return bool(self._folder) and not self.marked and not os.path.exists(f"{self._folder}/{KEY}")

    def mark(self, state: str) -> None:
        """Remember that there is a state now."""
        if self._folder and not self.marked:
            since = time.strftime("%Y-%m-%d", time.gmtime())
            self._create(MARKER, f"since {since} what reconcile knows is kept in {state}\n".encode())

    def troubles(self) -> Sequence[Problem]:
        """What is missing or damaged of the keys that a state needs."""
        found: list[Problem] = []
        for ask in (lambda: self.key(of_state=self.marked), self._opener) if self.marked else ():
            try:
                ask()
            except Invalid as error:
                found += error.problems
        return found

    def seal(self, clear: bytes) -> bytes:
        """Only `unseal` makes it readable again. Raises Invalid."""
        import pyrage

        if self._identity is None:
            self.keep()
        return bytes(pyrage.encrypt(clear, [self._opener().to_public()]))

    def unseal(self, sealed: bytes) -> bytes:
        """What was sealed. Raises Invalid where it was sealed for somebody else, or is damaged."""
        import pyrage

        try:
            return bytes(pyrage.decrypt(sealed, [self._opener()]))
        except pyrage.DecryptError:
            hint = "bring back the identity it was sealed with; on another machine or for another user it stays shut"
            raise invalid(self._show(IDENTITY), "does not open what was sealed", hint) from None

    def _opener(self) -> Any:
        import pyrage

        if self._identity is not None:
            return self._identity
        text = self._read(IDENTITY)
        if text is None:
            raise self._gone(IDENTITY, "what opens sealed contents is gone")
        try:
            self._identity = pyrage.x25519.Identity.from_str(text.decode(errors="replace").strip())
            return self._identity
        except pyrage.IdentityError:
            raise self._gone(IDENTITY, "what opens sealed contents is damaged") from None

    def _gone(self, name: str, text: str) -> Invalid:
        return invalid(self._show(name), text, ANEW)

    def _show(self, name: str) -> str:
        return shown(f"{self._folder}/{name}", self._home)

    def _read(self, name: str) -> bytes | None:
        try:
            fd = os.open(f"{self._folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                return os.read(fd, LARGEST)
            finally:
                os.close(fd)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Invalid([failed(self._show(name), "read", error)]) from None

    def _create(self, name: str, content: bytes) -> None:
        try:
            private_folder(self._folder)
            _create_whole(f"{self._folder}/{name}", content)
        except OSError as error:
            raise Invalid([failed(self._show(name), "written", error)]) from None


def private_folder(path: str) -> None:
    """A folder for its user alone, made with its parents where missing. Raises OSError."""
    missing = path
    while not os.path.isdir(missing):
        missing = os.path.dirname(missing)
    for part in path[len(missing) :].split("/"):
        if part:
            missing = f"{missing.rstrip('/')}/{part}"
            with suppress(FileExistsError):
                os.mkdir(missing, 0o700)
    found = os.stat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    if found.st_mode & 0o077:
        os.chmod(path, 0o700)
    # A repository around this home must never take keys or state along.
    with suppress(FileExistsError):
        fd = os.open(f"{path}/.gitignore", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.write(fd, b"*\n")
        os.close(fd)


def _create_whole(path: str, content: bytes) -> None:
    """A file with all its bytes, or none; one that is there already stays. Raises OSError."""
    temporary = f"{path}.{os.urandom(6).hex()}.new"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, content)
        sync(fd)
        place(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if not isinstance(error, FileExistsError):  # else another process was faster: its file counts
            raise
    finally:
        os.close(fd)
    unsynced = sync_folder(os.path.dirname(path))
    if unsynced:
        raise unsynced


def _new_identity() -> Any:
    import pyrage

    return pyrage.x25519.Identity.generate()
