"""`reconcile orchestrate`: the options of the command of the same name, each by the verbs there are."""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from reconciler.cli import orchestrate_options
from reconciler.cli.phrase import count

if TYPE_CHECKING:
    from reconciler.app import App
    from reconciler.app.orchestrating import Said

EXITS = "Exit status: 0 if all is well; 1 if something is not, was declined, or is not built."
NO_INTEGRATION = "git names no MCP server and nothing of Zed: there is nothing to apply"
CONFIGURED = ("agent", "command", "skill", "mcp_server", "opencode_settings", "tui_settings", "zed_*", "file")


def options(parser: ArgumentParser) -> None:
    orchestrate_options.options(parser)


def run(args: Namespace) -> int:
    ways: dict[str, Callable[[Namespace], int]] = {
        "docs": _docs, "servers": _servers, "integrate": _integrate, "monitor": _monitor, "config": _config,
        "test": _test,
    }  # fmt: skip
    return ways.get(orchestrate_options.chosen(args), _applied)(args)


def _verb(args: Namespace, *words: str) -> int:
    """Another verb, as if it had been typed."""
    from reconciler.cli.parser import parse

    place = ("-C", args.directory) if args.directory else ()
    command, options = parse([*place, *words])
    status: int = command.run(options)
    return status


def _applied(args: Namespace, *targets: str) -> int:
    wanted = targets or (_present(args) if args.configure else ())
    return _acted(args, "apply", *wanted, *(["--yes"] if args.yes else []))


def _acted(args: Namespace, *words: str) -> int:
    """A verb that changes something; as JSON: whether all went well, and the runs that came of it."""
    if not args.json:
        return _verb(args, *words)
    from reconciler.cli import opening, terminal
    from reconciler.cli.render_run import run_record, step_record

    before = {run.id for run in opening.with_home(args).journal.runs()}
    with contextlib.redirect_stdout(sys.stderr):
        status = _verb(args, *words)
    journal = opening.with_home(args).journal
    runs = [run for run in journal.runs() if run.id not in before]
    done = [{**run_record(run), "steps": [step_record(step) for step in journal.steps(run.id)]} for run in runs]
    terminal.show_json({"ok": status == 0, "runs": done})
    return status


def _present(args: Namespace) -> tuple[str, ...]:
    """The kinds that git or the state names: a TARGET that names nothing is a mistake."""
    from fnmatch import fnmatchcase

    from reconciler.app import planning
    from reconciler.cli import opening

    app = opening.with_repository(args)
    kinds = {r.ref.kind for r in planning.read(app).resources} | {row.ref.kind for row in app.journal.recorded()}
    return tuple(sorted(kind for kind in kinds if any(fnmatchcase(kind, glob) for glob in CONFIGURED)))


def _docs(args: Namespace) -> int:
    chosen = orchestrate_options.one_of(args, "docs", "standardize", "cross-reference", "update-all")
    json, yes = (["--json"] if args.json else []), (["--yes"] if args.yes else [])
    if chosen == "update-all":
        return _acted(args, "docs", "render", *yes)
    added = 0 if chosen == "cross-reference" or args.json else _verb(args, "docs", "render", "--complete", *yes)
    return max(added, _verb(args, "docs", "check", *json))


def _opened(args: Namespace) -> tuple[App, list[str]]:
    from reconciler.app import orchestrating
    from reconciler.cli import opening

    words = orchestrate_options.reach(args)
    app = opening.with_repository(args)
    return app, list(orchestrating.chosen(app, words))


def _servers(args: Namespace) -> int:
    chosen = orchestrate_options.one_of(args, "servers", "start", "stop", "restart", "health-check")
    if chosen == "health-check":
        return _health(args)
    from reconciler.cli import acting, terminal
    from reconciler.cli.parser import UsageError
    from reconciler.cli.render_problems import problem_lines
    from reconciler.model.problem import Invalid

    _, names = _opened(args)
    if not names:
        raise UsageError("reconcile orchestrate", "git names no server", "declare one below `desired-state/servers/`")
    if not args.json:
        _health(args)
    terminal.say("\n".join(f"{chosen} server/{name}" for name in names))
    if not args.yes and not (answer := terminal.ask("Do this?")):
        terminal.say(acting.NOBODY if answer is None else "nothing was changed")
        return 1
    status = 0
    for name in names:
        try:
            with contextlib.redirect_stdout(sys.stderr if args.json else sys.stdout):
                status = max(status, _verb(args, "server", chosen, name))
        except Invalid as error:
            # The others are not kept waiting for the one that this very session runs on.
            terminal.say("\n".join(problem_lines(error.problems, terminal.style_of(sys.stderr, args))))
            status = 1
    return max(status, _health(args)) if args.json else status


def _health(args: Namespace) -> int:
    from reconciler.app import server_rows, serving
    from reconciler.cli import terminal
    from reconciler.cli.render_servers import servers_record, servers_text

    app, names = _opened(args)
    table = serving.table(app, names)
    ill = [row for row in table.rows if server_rows.state(row) not in ("ready", "stopped") or server_rows.lacking(row)]
    if args.json:
        terminal.show_json(servers_record(table))
    else:
        terminal.show(servers_text(table, terminal.style(args)))
    return 1 if ill else 0


def _monitor(args: Namespace) -> int:
    if orchestrate_options.one_of(args, "monitor", "health-check", "performance") == "health-check":
        return _health(args)
    from reconciler.app import orchestrating, serving

    app, names = _opened(args)
    return _told(args, orchestrating.performance(app, serving.table(app, names).rows, analyze=args.analyze))


def _test(args: Namespace) -> int:
    from reconciler.app import orchestrating, serving

    orchestrate_options.one_of(args, "test", "connectivity")
    app, names = _opened(args)
    return _told(args, orchestrating.connectivity(serving.table(app, names).rows))


def _config(args: Namespace) -> int:
    """Desired state, then whether every running server could load what stands on disk."""
    from reconciler.app import orchestrating, planning, serving
    from reconciler.cli import opening
    from reconciler.model.problem import Invalid

    orchestrate_options.one_of(args, "config", "validate")
    if not args.json:
        status = _verb(args, "validate")
        return max(status, _health(args))
    app = opening.with_repository(args)
    try:
        loaded = planning.read_all(app)
    except Invalid as error:
        return _told(args, [orchestrating.problem(problem) for problem in error.problems])
    _, names = _opened(args)
    said = [orchestrating.problem(problem) for problem in loaded.problems]
    said.append(orchestrating.Said(True, f"{count(len(loaded.resources), 'object')} valid"))
    return _told(args, [*said, *orchestrating.connectivity(serving.table(app, names).rows)])


def _integrate(args: Namespace) -> int:
    from reconciler.app import orchestrating, serving

    if args.sync_zed or args.update_all:
        wanted = [kind for kind in _present(args) if kind.startswith("zed") or kind == "mcp_server"]
        return _applied(args, *wanted) if wanted else _told(args, [orchestrating.Said(None, NO_INTEGRATION)])
    app, names = _opened(args)
    rows = serving.table(app, names).rows
    acp = args.acp or args.zed
    found = list(orchestrating.mcp(app, rows)) if args.mcp or not acp else []
    return _told(args, [*found, *(orchestrating.acp(app) if acp or not args.mcp else ())])


def _told(args: Namespace, found: Iterable[Said]) -> int:
    from reconciler.cli import terminal

    said = list(found)
    if args.json:
        terminal.show_json([{"well": one.well, "text": one.text, "data": one.record} for one in said])
    else:
        style = terminal.style(args)
        signs = {True: style.paint("✓", "ok"), False: style.paint("✗", "error"), None: "·"}
        terminal.show(style.finish([f"{signs[one.well]} {style.safe(one.text)}" for one in said]))
    return 1 if any(one.well is False for one in said) else 0
