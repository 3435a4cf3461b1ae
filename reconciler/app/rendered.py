"""Renderings of earlier runs, for the time of a plan; what was rendered anew is kept for later ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from reconciler.model.resource import Loaded
from reconciler.model.world import Env

MOST = 20_000


@contextmanager
def remembered(env: Env, loaded: Loaded) -> Iterator[None]:
    """Nothing is read or written where no document is declared."""
    if not any(resource.ref.kind == "document" for resource in loaded.resources):
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
            renderings.write(path, memory)
