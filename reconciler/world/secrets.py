"""References to secrets → the secrets, of this machine: variables, files, keyrings, age, programs. Looks, and runs only
what a reference names. Nothing is kept longer than the process lives.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from reconciler.formats.secret_refs import Mistaken, checked
from reconciler.model.problem import Problem, shown
from reconciler.model.world import Cipher, Env, Unreadable
from reconciler.world.problems import of_secret

LARGEST = 64 << 10
PATIENCE = 60
LOOKED_AT = ("env", "file")
SUFFIX = ".age"


class LocalSecrets:
    """`folder`: the repository's, from which relative paths of `age:` count. `ask`: a glance may ask too."""

    def __init__(self, env: Env, cipher: Cipher, folder: str = "", *, ask: bool = False) -> None:
        self._env, self._cipher, self._folder, self._ask = env, cipher, folder, ask
        self._found: dict[str, str | Problem] = {}

    def asking(self) -> LocalSecrets:
        """The same, which a glance makes ask keyrings, age and programs too."""
        return LocalSecrets(self._env, self._cipher, self._folder, ask=True)

    def glance(self, reference: str) -> str | None:
        if not self._ask and reference.partition(":")[0] not in LOOKED_AT:
            return None
        with suppress(Unreadable):
            return self.value(reference)
        return None

    def value(self, reference: str) -> str:
        if reference not in self._found:
            try:
                self._found[reference] = self._looked_up(reference)
            except Unreadable as error:
                self._found[reference] = error.problem
        found = self._found[reference]
        if isinstance(found, Problem):
            raise Unreadable(found)
        return found

    def _looked_up(self, reference: str) -> str:
        try:
            scheme, _, rest = checked(reference).partition(":")
        except Mistaken as error:
            raise of_secret(reference, str(error), error.hint) from None
        readers: dict[str, Callable[[str, str], str | bytes]] = {
            "env": self._variable, "file": self._file, "age": self._age, "keyring": _keyring, "command": self._command,
        }  # fmt: skip
        return _text(reference, readers[scheme](reference, rest))

    def _variable(self, reference: str, name: str) -> str:
        if name not in self._env.variables:
            raise of_secret(reference, "is not set here", f"`export {name}=…` where reconcile is started")
        return self._env.variables[name]

    def _file(self, reference: str, path: str) -> bytes:
        return _content(reference, self._absolute(path), self._env.home)

    def _absolute(self, path: str) -> str:
        return f"{self._env.home}/{path[2:]}" if path.startswith("~/") else path

    def _age(self, reference: str, name: str) -> bytes:
        from reconciler.world.age import opened

        path = kept_at(self._env, name) if "/" not in name else self._absolute(name)
        if not path.startswith("/"):
            path = f"{self._folder}/{path}"
        return opened(reference, _content(reference, path, self._env.home), self._cipher, self._env)

    def _command(self, reference: str, line: str) -> bytes:
        return _output(reference, line, self._env)


def kept_at(env: Env, name: str) -> str:
    """Where `secret set` keeps a secret without a keyring."""
    return f"{env.data}/reconciler/secrets/{name}{SUFFIX}"


def _text(reference: str, found: str | bytes) -> str:
    """One text, without the line end that files and programs put behind it."""
    if len(found) > LARGEST:
        raise of_secret(reference, f"is longer than {LARGEST >> 10} KiB", "this is no secret for a configuration")
    try:
        text = found.decode() if isinstance(found, bytes) else found
        text.encode()
    except UnicodeError:
        raise of_secret(reference, "is not valid UTF-8", "encode it, as base64 say") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or any(char in text for char in "\0\ufdd0\ufdd1"):
        raise of_secret(reference, "is empty" if not text else "holds a NUL character", "set it anew")
    return text


def _content(reference: str, path: str, home: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            return os.read(fd, LARGEST + 1)
        finally:
            os.close(fd)
    except FileNotFoundError:
        raise of_secret(reference, "leads nowhere", f"there is no `{shown(path, home)}`: make it, mode 0600") from None
    except OSError as error:
        said = os.strerror(error.errno or 0).lower()
        raise of_secret(reference, f"cannot be read: {said}", f"see `ls -l {shown(path, home)}`") from None


def _keyring(reference: str, rest: str) -> str:
    from reconciler.world.keyrings import fetched

    service, _, name = rest.partition("/")
    try:
        found = fetched(service, name)
    except RuntimeError as error:
        raise of_secret(reference, f"cannot be asked for: {error}", "unlock it, or use `age:` in its stead") from None
    if found is None:
        raise of_secret(reference, "is not in the keyring", f"`keyring set {service} {name}` puts it there")
    return found


def _output(reference: str, line: str, env: Env) -> bytes:
    """What a program prints. Its own words are not shown: they may hold the secret."""
    import shlex
    import subprocess

    hint = f"try it yourself: `{line}`"
    try:
        words = [env.home + word[1:] if word.startswith("~/") else word for word in shlex.split(line)]
        ran = subprocess.run(
            words, cwd=env.home, env=dict(env.variables), stdin=subprocess.DEVNULL, capture_output=True,
            timeout=PATIENCE,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        said = os.strerror(error.errno or 0).lower() if isinstance(error, OSError) else "its quotes are not closed"
        raise of_secret(reference, f"cannot be run: {said}", hint) from None
    except subprocess.TimeoutExpired:
        raise of_secret(reference, f"gave no answer within {PATIENCE} seconds", hint) from None
    if ran.returncode:
        raise of_secret(reference, f"ended with {ran.returncode}", hint)
    return ran.stdout
