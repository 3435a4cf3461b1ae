"""Configuration that OpenCode reads beside the files we keep, and that hides or wins over them. Looks only."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.app.checks.finding import Finding, note
from reconciler.app.session import App
from reconciler.formats import jsonc
from reconciler.model.world import Unreadable

CONFIGS = ("config.json", "opencode.json", "opencode.jsonc")
MOST = 4


def check(app: App) -> Iterator[Finding]:
    yield from _beside_each_other(app)
    yield from _over(app)


def _beside_each_other(app: App) -> Iterator[Finding]:
    """A key in two of the three files: the later one counts, and an edit of the other does nothing."""
    keys = {name: _keys(app, name) for name in CONFIGS}
    for index, name in enumerate(CONFIGS):
        for later in CONFIGS[index + 1 :]:
            both = sorted(keys[name] & keys[later] - {"$schema"})
            if both:
                shown = ", ".join(f"`{key}`" for key in both[:MOST]) + (", …" if len(both) > MOST else "")
                where = app.world.show("opencode", name)
                text = f"{where}: {shown} is in {later} too, which wins wherever the two differ"
                yield Finding(False, text, f"move what counts to {later}, and remove {name}")


def _keys(app: App, name: str) -> set[str]:
    try:
        file = app.world.read("opencode", name)
        said = jsonc.loads(jsonc.decode(file.content)) if file else {}
    except (Unreadable, jsonc.JsoncError, ValueError):
        return set()
    return set(said) if isinstance(said, dict) else set()


def _over(app: App) -> Iterator[Finding]:
    """Other places that OpenCode merges over the global folder, here and now."""
    import os

    from reconciler.app.layers import beside

    for name, what in beside(app.env, os.getcwd()):
        yield note(f"OpenCode reads {name} too: {what}", "`reconcile why REF#/key` shows which value wins")
