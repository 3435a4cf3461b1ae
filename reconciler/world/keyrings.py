"""The keyring of this desktop, through the `keyring` library where it is installed. Reads and writes there.

Raises RuntimeError, which never says a secret."""

from __future__ import annotations

from typing import Any

MISSING = "the `keyring` library is not installed: `pip install 'reconciler[keyring]'`"


def _library() -> Any:
    try:
        import keyring
    except ImportError:
        raise RuntimeError(MISSING) from None
    return keyring


def working() -> bool:
    """Whether there is a keyring that keeps what it is given."""
    try:
        backend = _library().get_keyring()
        return float(backend.priority) >= 1
    except Exception:
        return False


def fetched(service: str, name: str) -> str | None:
    """A kept password; None where there is none."""
    found = _asked("get_password", service, name)
    return None if found is None else str(found)


def put(service: str, name: str, secret: str) -> None:
    """Keeps a password, in place of an earlier one."""
    _asked("set_password", service, name, secret)


def removed(service: str, name: str) -> bool:
    """Takes a password out; whether it was there."""
    if fetched(service, name) is None:
        return False
    _asked("delete_password", service, name)
    return True


def _asked(what: str, *given: str) -> Any:
    library = _library()
    try:
        return getattr(library, what)(*given)
    except Exception as error:  # backends raise what they like; its words may hold anything
        raise RuntimeError(f"no keyring answers ({type(error).__name__})") from None
