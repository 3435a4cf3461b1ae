"""Pages of this repository: those that say their type, with what they lack, and new ones, to be filled in. Looks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from reconciler.app import documents
from reconciler.app.doc_links import SOURCES
from reconciler.app.pages import Page
from reconciler.app.session import App
from reconciler.formats import markdown_page
from reconciler.model.problem import Invalid, Origin, Problem, invalid
from reconciler.model.resource import File, Loaded
from reconciler.model.standard import Types
from reconciler.model.world import Unreadable
from reconciler.shapes import document_completing, document_standards, document_types
from reconciler.world.markdown_files import MarkdownFiles


def completions(app: App, loaded: Loaded, paths: Sequence[str]) -> tuple[list[Page], list[Problem]]:
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
    found: list[Page] = []
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


def _completion(app: App, path: str, types: Types) -> list[Page]:
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
    return [Page(path, file, File(made.encode(), file.executable), added)] if added else []


def drafts(app: App, loaded: Loaded, kind: str, paths: Sequence[str]) -> list[Page]:
    """A page of a type at each path, where nothing stands yet. Raises Invalid with every mistake."""
    types = document_types.known(loaded.settings)
    if kind not in types:
        raise Invalid([document_types.unknown(kind, types, Origin("--draft"))])
    if problems := [problem for path in paths for problem in _astray(app, path)]:
        raise Invalid(problems)
    titles = ((path, os.path.basename(path).partition(".")[0]) for path in dict.fromkeys(paths))
    texts = ((path, document_standards.draft(kind, title, types[kind])) for path, title in titles)
    return [Page(path, None, File(text.encode())) for path, text in texts]


def _astray(app: App, path: str) -> Iterator[Problem]:
    """Why no page can be begun at a path."""
    if app.world.real(documents.HERE, path) != f"{app.world.real(documents.HERE, '')}/{path}":
        text = "this is no plain path below the repository"
        yield Problem(Origin(path), text, "write it from the repository's top, without links on the way")
    elif app.world.read(documents.HERE, path) is not None:
        yield Problem(Origin(path), "something stands here already", "`--complete` adds what a page lacks")
