"""Files that are ours to write anew, as schemas for editors are → written where they are not so already. Acts."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.resource import File
from reconciler.model.world import Edit, Env

PLACE = "own"


def put(files: Mapping[str, File], folder: str, env: Env) -> tuple[str, ...]:
    """Writes them; the paths of those that are not so already. Raises Invalid."""
    from reconciler.model.problem import Invalid
    from reconciler.world.local import LocalWorld

    world = LocalWorld({PLACE: folder}, env.home)
    before = {path: world.read(PLACE, path) for path in files}
    edits = [Edit(PLACE, path, before[path], files[path]) for path in sorted(files) if before[path] != files[path]]
    problems = [edited.problem for edited in world.edit(edits) if edited.problem is not None]
    if problems:
        raise Invalid(problems)
    return tuple(edit.path for edit in edits)
