"""Secrets that `reconcile secret` keeps: in the desktop's keyring where there is one, else each in a file sealed for
this user alone. Writes."""

from __future__ import annotations

import os
import re
from contextlib import suppress

from reconciler.model.problem import Invalid, invalid, shown
from reconciler.model.world import Cipher, Env
from reconciler.world import keyrings
from reconciler.world.disk import sync, sync_folder
from reconciler.world.problems import failed
from reconciler.world.seal import private_folder
from reconciler.world.secrets import SUFFIX, kept_at

SERVICE = "reconciler"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def keep(env: Env, cipher: Cipher, name: str, secret: str, where: str = "") -> str:
    """The reference that leads to what was kept. `where`: "keyring", "age", or "" for the first of them that works.
    Raises Invalid."""
    checked(name)
    if where == "keyring" or (not where and keyrings.working()):
        try:
            keyrings.put(SERVICE, name, secret)
        except RuntimeError as error:
            raise invalid(f"secret {name}", f"the keyring did not take it: {error}", "keep it with `--age`") from None
        return f"keyring:{SERVICE}/{name}"
    cipher.keep()
    _write(kept_at(env, name), cipher.seal(secret.encode()), env)
    return f"age:{name}"


def checked(name: str) -> None:
    """Raises Invalid for what can't be a name."""
    if not NAME.fullmatch(name):
        hint = "letters, digits, `.`, `_` and `-`: `github-token`"
        raise invalid("secret", f"`{name}` can't be the name of a secret", hint)


def names(env: Env) -> list[str]:
    """Those that are kept in files."""
    with suppress(FileNotFoundError):
        found = os.listdir(os.path.dirname(kept_at(env, "")))
        return sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))
    return []


def remove(env: Env, name: str) -> list[str]:
    """The references that led to what was removed, from file and keyring. Raises Invalid."""
    checked(name)
    gone = []
    with suppress(FileNotFoundError):
        os.unlink(kept_at(env, name))
        gone.append(f"age:{name}")
    with suppress(RuntimeError):
        if keyrings.removed(SERVICE, name):
            gone.append(f"keyring:{SERVICE}/{name}")
    return gone


def _write(path: str, content: bytes, env: Env) -> None:
    """Whole or not at all, in place of an earlier one, for its owner alone."""
    temporary = f"{path}.{os.urandom(6).hex()}.new"
    try:
        private_folder(os.path.dirname(path))
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, content)
            sync(fd)
        finally:
            os.close(fd)
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise Invalid([failed(shown(path, env.home), "written", error)]) from None
    sync_folder(os.path.dirname(path))
