"""`reconcile docs`: documents: rendered into this repository, checked with all links, shown as a graph."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from reconciler.cli.phrase import count

if TYPE_CHECKING:
    from reconciler.app import App
    from reconciler.model.resource import Loaded
    from reconciler.model.standard import Types

EXITS = "Exit status: 0; `check`: 1 if anything is stale, broken or departs from its standard; `render`: 1 if not all was written."  # noqa: E501
ACTIONS = ("render", "check", "graph")
COMPLETE = "every page has what its type asks for"


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=ACTIONS, help="write what is stale, look for mistakes, or show what hangs together"
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="render: documents (document/NAME), or pages; check: folders, instead of this repository",
    )
    parser.add_argument("--yes", "-y", action="store_true", help="render: do not ask")
    parser.add_argument(
        "--branch", metavar="NAME", help="render: commit it on this branch for review; nothing else is touched"
    )
    parser.add_argument(
        "--draft", metavar="TYPE", help="render: begin a page of a type at PATH, where nothing stands yet"
    )
    parser.add_argument(
        "--complete",
        action="store_true",
        help="render: add the sections and keys that the type of a page (PATH, or all) asks for and that it lacks",
    )
    parser.add_argument("--json", action="store_true", help="check, graph: as JSON")
    parser.add_argument("--dot", action="store_true", help="graph: in the language of Graphviz")
    parser.add_argument("--full", action="store_true", help="render: show every diff whole")
    parser.set_defaults(no_wait=False, no_preflight=True)


ONLY = {
    "render": ("yes", "branch", "draft", "complete", "full"),
    "check": ("json",),
    "graph": ("json", "dot"),
}
"""Which options an action takes."""
WAYS = ("branch", "draft", "complete")
"""Of these a render takes one."""


def run(args: Namespace) -> int:
    _fitting(args)
    return {"render": _render, "check": _check, "graph": _graph}[args.action](args)


def _fitting(args: Namespace) -> None:
    """Raises UsageError for options that mean nothing here."""
    from reconciler.cli.parser import UsageError

    said = [name for names in ONLY.values() for name in names if getattr(args, name) not in (None, False)]
    ways = [name for name in WAYS if name in said]
    program = f"reconcile docs {args.action}"
    if foreign := [name for name in said if name not in ONLY[args.action]]:
        raise UsageError(program, f"`--{foreign[0]}` means nothing here", f"`{program} --help` shows what it takes")
    if len(ways) > 1:
        raise UsageError(program, f"one of `--{ways[0]}` and `--{ways[1]}`", "run them one after the other")
    if args.paths and (args.action == "graph" or "branch" in said):
        raise UsageError(program, f"`{args.paths[0]}` means nothing here", "leave it out: it is of all documents")
    if args.branch == "":
        raise UsageError(program, "`--branch` needs a name", f"`{program} --branch docs/update`")
    if "draft" in said and not args.paths:
        raise UsageError(program, "`--draft` needs a path", f"`{program} --draft {args.draft} docs/NAME.md`")


def _render(args: Namespace) -> int:
    from dataclasses import replace

    from reconciler.app import documents, planning
    from reconciler.app.sighted import sights
    from reconciler.cli import acting, opening, terminal

    app = opening.with_repository(args)
    acting.settle(app, args)
    if args.draft is not None:
        return _draft(app, args)
    if args.complete:
        return _complete(app, args)
    if args.branch is not None:
        return _branch(app, args)
    loaded = planning.read(app, "work")
    if not documents.concern(app, loaded):
        terminal.show("no document is declared: `desired-state/documents/` holds them\n")
        return 0
    sights(app, loaded, _named(args.paths, loaded))
    plan = planning.plan(app, "work", args.paths or [documents.KIND], loaded=loaded)
    ours = [change for change in plan.changes if change.ref.kind == documents.KIND]
    here = tuple(change for change in ours if change.claim.root == documents.HERE)
    elsewhere = sorted({str(c.ref) for c in ours if c.claim.root != documents.HERE and not c.action.bookkeeping})
    status = 0
    if here or not elsewhere:
        status = acting.act(replace(plan, changes=here), app, args, acting.RENDER, ask=not args.yes, only=args.paths)
    if elsewhere:
        terminal.say(f"due outside of this repository: {', '.join(elsewhere)}: `reconcile apply` writes there")
    return status


def _named(paths: list[str], loaded: Loaded) -> list[str]:
    """The documents that are rendered, by name: what they show is looked at anew. Raises UsageError for others."""
    from reconciler.app import documents
    from reconciler.cli.parser import UsageError
    from reconciler.pipeline.judge import matches

    if other := [path for path in paths if path.partition("/")[0] != documents.KIND and path != "*"]:
        hint = f"documents are called `document/NAME`; `reconcile apply {other[0]}` is for all else"
        raise UsageError("reconcile docs render", f"`{other[0]}` is no document", hint)
    refs = [resource.ref for resource in loaded.resources if resource.ref.kind == documents.KIND]
    return [ref.name for ref in refs if not paths or any(matches(path, ref) for path in paths)]


def _draft(app: App, args: Namespace) -> int:
    from reconciler.app import completing, pages, planning
    from reconciler.cli import acting, terminal

    paths = _from_top(app, args)
    found = completing.drafts(app, planning.read(app, "work"), args.draft, paths)
    status = acting.act(pages.plan(app, found, "Begins pages that you fill in"), app, args, acting.PAGES, ask=False)
    if status == 0:
        terminal.show("".join(f"{page.path}: a {args.draft} to fill in\n" for page in found))
    return status


def _complete(app: App, args: Namespace) -> int:
    from reconciler.app import completing, pages, planning
    from reconciler.cli import acting, terminal
    from reconciler.cli.render_problems import problem_lines

    found, problems = completing.completions(app, planning.read(app, "work"), _from_top(app, args))
    style = terminal.style(args)
    terminal.show(style.finish([*problem_lines(problems, style), *([] if found else [COMPLETE])]))
    if not found:
        return 1 if problems else 0
    plan = pages.plan(app, found, "Adds what the type of each page asks for, for you to fill in")
    return max(acting.act(plan, app, args, acting.PAGES, ask=not args.yes), 1 if problems else 0)


def _from_top(app: App, args: Namespace) -> list[str]:
    """Paths as they were typed in this folder, from the repository's top; with `-C` they are typed from there."""
    import os

    top, here = os.path.realpath(app.here.folder), os.path.realpath(".")
    if args.directory or not f"{here}/".startswith(f"{top}/"):
        return list(args.paths)
    return [os.path.relpath(os.path.join(here, path), top) for path in args.paths]


def _branch(app: App, args: Namespace) -> int:
    from reconciler.app import publishing
    from reconciler.cli import terminal

    done = publishing.publish(app, args.branch)
    made = f"{done.commit[:7]} on {args.branch}: {count(len(done.paths), 'file')}\n"
    terminal.show(made if done.paths else f"nothing that {args.branch} does not have already\n")
    return 0


def _check(args: Namespace) -> int:
    from reconciler.app import documents, planning
    from reconciler.cli import opening, terminal
    from reconciler.cli.render_docs import check_record, check_text

    if args.paths:
        problems = documents.check_paths(args.paths, _types(args))
    else:
        app = opening.with_repository(args)
        problems = documents.check(app, planning.read(app, "work"))
    if args.json:
        terminal.show_json(check_record(problems))
    else:
        terminal.show(check_text(problems, terminal.style(args)))
    return 1 if problems else 0


def _types(args: Namespace) -> Types:
    """The standards of the repository, where there is one."""
    from reconciler.app import planning
    from reconciler.cli import opening
    from reconciler.model.problem import Invalid
    from reconciler.shapes import document_types

    try:
        return document_types.known(planning.read(opening.with_repository(args), "work").settings)
    except Invalid:
        return document_types.TYPES


def _graph(args: Namespace) -> int:
    from reconciler.app import documents, planning
    from reconciler.cli import opening, terminal
    from reconciler.cli.render_docs import dot, graph_record, graph_text

    edges = documents.graph(planning.read(opening.with_repository(args), "work"))
    if args.json:
        terminal.show_json(graph_record(edges))
    else:
        terminal.show(dot(edges) if args.dot else graph_text(edges))
    return 0
