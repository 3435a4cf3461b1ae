"""What `reconcile secret` does: keeps one, removes one, lists those that git refers to and those that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.app import planning
from reconciler.app.session import App
from reconciler.model.resource import Ref
from reconciler.model.world import Unreadable
from reconciler.pipeline import cycle


@dataclass(frozen=True, slots=True)
class Named:
    """A reference: the resources that have it, and whether it leads somewhere here (None: that is only asked by an
    apply), with the reason where it does not."""

    reference: str
    used_by: tuple[Ref, ...]
    there: bool | None
    text: str = ""


def keep(app: App, name: str, secret: str, where: str) -> str:
    """The reference to paste. Raises Invalid."""
    from reconciler.world import secret_store

    return secret_store.keep(app.env, app.cipher, name, secret, where)


def check_name(name: str) -> None:
    """Raises Invalid for what can't be the name of a secret."""
    from reconciler.world import secret_store

    secret_store.checked(name)


def remove(app: App, name: str) -> list[str]:
    """The references that led to what was removed. Raises Invalid."""
    from reconciler.world import secret_store

    return secret_store.remove(app.env, name)


def listed(app: App) -> tuple[Named, ...]:
    """By reference. Raises Invalid."""
    from reconciler.world import secret_store

    used = _used(app) if app.repository else {}
    kept = {f"age:{name}" for name in secret_store.names(app.env)}
    return tuple(_named(app, one, tuple(sorted(used.get(one, ()))), kept) for one in sorted({*used, *kept}))


def _named(app: App, reference: str, used_by: tuple[Ref, ...], kept: set[str]) -> Named:
    scheme = reference.partition(":")[0]
    if reference in kept:
        return Named(reference, used_by, True)
    if scheme in ("keyring", "command") or (scheme == "age" and "/" in reference):
        return Named(reference, used_by, None)
    try:
        app.secrets.value(reference)
    except Unreadable as error:
        return Named(reference, used_by, False, error.problem.hint)
    return Named(reference, used_by, True)


def _used(app: App) -> dict[str, set[Ref]]:
    loaded = planning.read(app)
    targets, _ = cycle.snapshot(loaded, app.eyes(loaded.settings.id or app.here.folder))
    found: dict[str, set[Ref]] = {}
    for target in targets:
        for reference in _references(app, target.ref.kind, target.desired):
            found.setdefault(reference, set()).add(target.ref)
    return found


def _references(app: App, kind: str, state: object) -> Iterator[str]:
    carrier = app.codecs[kind].secrets
    if carrier is not None and state is not None:
        yield from carrier.references(state)
