"""Texts with references to secrets in them, and generated passwords → the secrets. Writes what it generates, sealed for
this user alone, where `age:` finds it."""

from __future__ import annotations

import secrets as randomness
from contextlib import suppress

from reconciler.model.problem import Invalid
from reconciler.model.secret import Secrets, filled, references
from reconciler.model.world import Cipher, Env, Unreadable
from reconciler.world.secret_store import keep

GENERATE = "generate"


class ServerSecrets:
    """Of one user; `secrets`: where references lead."""

    def __init__(self, env: Env, cipher: Cipher, secrets: Secrets) -> None:
        self._env, self._cipher, self._secrets = env, cipher, secrets

    def value(self, text: str, name: str) -> str:
        """A text of the server `name`, with each secret in its place; what was to be generated is, once. Raises
        Invalid."""
        with suppress(Unreadable):
            return self._value(text, name)
        if text == GENERATE:
            keep(self._env, self._cipher, f"server-{name}", randomness.token_urlsafe(32), "age")
            self._secrets = self._secrets.asking()  # it remembers that there was none
        try:
            return self._value(text, name)
        except Unreadable as error:
            raise Invalid([error.problem]) from None

    def known(self, text: str, name: str) -> str:
        """The same, where it can be had now; else ""."""
        with suppress(Unreadable):
            return self._value(text, name)
        return ""

    def changed(self, text: str, was: str) -> bool:
        """Whether a text is known, without asking anybody, to be another one now."""
        found = {reference: self._secrets.glance(reference) for reference in references(text)}
        if not found or any(value is None for value in found.values()):
            return False
        return bool(filled(text, lambda reference: found[reference] or "") != was)

    def _value(self, text: str, name: str) -> str:
        if text == GENERATE:
            return self._secrets.value(f"age:server-{name}")
        return str(filled(text, self._secrets.value))
