"""Renderings of earlier runs, for the time of a plan; what was rendered anew is kept for later ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reconciler.model.resource import Loaded
from reconciler.model.world import Env
from reconciler.pipeline import secret_names

if TYPE_CHECKING:
    from reconciler.shapes.document_rendering import Kept

MOST = 20_000


def documented(loaded: Loaded) -> bool:
    """Whether documents are declared."""
    return any(resource.ref.kind == "document" for resource in loaded.resources)


@contextmanager
def remembered(env: Env, loaded: Loaded) -> Iterator[None]:
    """Nothing is read or written where no document is declared."""
    if not documented(loaded):
        yield
        return
    from reconciler.shapes import document_rendering
    from reconciler.shapes.document_rendering import Kept
    from reconciler.world import renderings

    memory, path = document_rendering.MEMORY, f"{env.cache}/reconciler/rendered.json"
    for name, said in renderings.read(path).items() if not memory else ():
        with suppress(TypeError, ValueError):
            own, asked, inputs, text = said
            memory[name] = Kept(str(own), tuple(tuple(map(str, key)) for key in asked), str(inputs), str(text))
    before = dict(memory)
    try:
        yield
    finally:
        if memory != before:
            for name in list(memory)[:-MOST]:
                del memory[name]
            kept = {n: said for n, said in memory.items() if before.get(n) == said or not _secret(n, said)}
            renderings.write(path, kept)


def _secret(name: str, said: Kept) -> bool:
    """Whether it holds what looks like a secret: that is rendered each time anew."""
    from reconciler.formats import masking

    return secret_names.look_secret((name, *map(repr, said.asked))) or masking.looks_secret(said.text.encode())
