"""Pages of this repository that say their type → the same with what they lack, to be filled in. Looks; `write` acts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from reconciler.app import documents
from reconciler.app.doc_links import SOURCES
from reconciler.app.session import App
from reconciler.formats import markdown_page
from reconciler.model.problem import Origin, Problem, invalid
from reconciler.model.resource import File, Loaded
from reconciler.model.standard import Types
from reconciler.model.world import Edit, Unreadable
from reconciler.shapes import document_completing, document_types
from reconciler.world.markdown_files import MarkdownFiles


class Completion(NamedTuple):
    """One page as it is and as it would be; `added`: what people call what was added."""

    path: str
    before: File
    after: File
    added: tuple[str, ...]


def completions(app: App, loaded: Loaded, paths: Sequence[str]) -> tuple[list[Completion], list[Problem]]:
    """Pages that people write and that lack something, of these files and folders or of all; and those to which nothing
    can be added. What a document renders is the template's to mend. Raises Invalid."""
    types = document_types.known(loaded.settings)
    rendered = {
        t.claim.path for t in documents.targets(app, loaded) if t.claim.root == documents.HERE and not t.claim.item
    }
    files = MarkdownFiles(app.here.folder, tracked=True)
    chosen = [path for path in files.paths if not path.startswith(SOURCES) and path not in rendered]
    if lost := [path for path in paths if not any(_below(one, path) for one in chosen)]:
        raise invalid(lost[0], "there is no page there that people write", "name Markdown from the repository's top")
    found: list[Completion] = []
    problems: list[Problem] = []
    for path in chosen:
        if not paths or any(_below(path, wanted) for wanted in paths):
            try:
                found += _completion(app, path, types)
            except (document_completing.Unfit, UnicodeDecodeError) as error:
                text = "not valid UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
                problems.append(Problem(Origin(path), f"nothing is added: {text}", "mend that by hand"))
            except Unreadable as error:
                problems.append(error.problem)
    return found, problems


def _below(path: str, wanted: str) -> bool:
    top = os.path.normpath(wanted)
    return top == "." or path == top or path.startswith(f"{top}/")


def _completion(app: App, path: str, types: Types) -> list[Completion]:
    """Raises Unfit, Unreadable, UnicodeDecodeError."""
    if app.world.real(documents.HERE, path) != f"{app.world.real(documents.HERE, '')}/{path}":
        return []  # a link: the page is another one
    file = app.world.read(documents.HERE, path)
    if file is None or b"reconcile:type" not in file.content:
        return []
    text = file.content.decode()
    kind = markdown_page.parse(text).type
    if kind not in types:
        return []
    made, added = document_completing.completed(text, types[kind], os.path.basename(path).partition(".")[0])
    return [Completion(path, file, File(made.encode(), file.executable), added)] if added else []


def write(app: App, found: Sequence[Completion]) -> list[Problem]:
    """Each where it still is as it was; why others were left."""
    edited = app.world.edit([Edit(documents.HERE, one.path, one.before, one.after) for one in found])
    return [one.problem for one in edited if one.problem is not None]
