"""`reconcile orchestrate`: the options of the command of the same name, each by the verbs there are."""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from reconciler.model.problem import Severity

if TYPE_CHECKING:
    from argparse import _ActionsContainer

    from reconciler.app import App
    from reconciler.app.orchestrating import Said

EXITS = "Exit status: 0 if all is well; 1 if something is not, was declined, or is not built."
SOON = {
    "optimize": "tuning of servers by their load",
    "scale": "more servers for more work",
    "backup": "backups of sessions",
    "recovery": "recovery from backups",
    "security": "access control and audits",
    "workflow": "workflows over several servers",
}
ACTIONS = ("init", "setup", "configure", "docs", "servers", "integrate", "monitor", "config", "test", *SOON)
NO_INTEGRATION = "git names no MCP server and nothing of Zed: there is nothing to apply"
CONFIGURED = ("agent", "command", "skill", "mcp_server", "opencode_settings", "tui_settings", "zed_*", "file")


PARTS = {
    "documents (--docs)": {
        "docs": "what to do about documents: one of these",
        "standardize": "add what the type of a page asks for, then check",
        "cross-reference": "check every link, and what is stale",
        "update-all": "render what is stale; with --integrate: apply MCP and Zed",
    },
    "servers (--servers)": {
        "start": "those that do not run",
        "stop": "once they are idle",
        "restart": "once they are idle; never the one that this very session runs on",
        "health-check": "a table of how they are; with --monitor too",
        "daemon": "they always are",
    },
    "integration (--integrate)": {
        "integrate": "how MCP servers and Zed are wired, and whether that works",
        "mcp": "what every running server says of its MCP servers",
        "acp": "whether `opencode acp` introduces itself, and Zed is told of it",
        "zed": "the same",
        "sync-zed": "apply Zed's part and MCP servers",
    },
    "looking": {
        "monitor": "how servers are: --health-check or --performance",
        "performance": "what they use, and used over the last day",
        "analyze": "what to make of it",
        "config": "configuration: with --validate",
        "validate": "desired state, and what every running server loads",
        "test": "whether servers can be reached: with --connectivity",
        "connectivity": "each address, and how it fails",
    },
    "not built yet": SOON,
}


def options(parser: ArgumentParser) -> None:
    _flags(
        parser,
        {
            "init": "bring this machine to what git says: everything",
            "setup": "the same",
            "configure": "the same, but for running servers",
        },
    )
    for title, parts in PARTS.items():
        group = parser.add_argument_group(title)
        if "start" in parts:
            group.add_argument("--servers", nargs="?", const="", metavar="P,P", help="all servers, or of these ports")
            group.add_argument("--port", action="append", default=[], metavar="P", help="this one only")
            group.add_argument("--all", "--all-servers", dest="all", action="store_true", help="all, which is default")
        _flags(group, parts)
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def _flags(parser: _ActionsContainer, parts: Mapping[str, str]) -> None:
    for name, text in parts.items():
        parser.add_argument(f"--{name}", action="store_true", help=text)


def run(args: Namespace) -> int:
    from reconciler.cli.parser import UsageError

    asked = [name for name in ACTIONS if _said(args, name)]
    if len(asked) != 1:
        what = "say one thing to do" if not asked else f"`--{asked[0]}` and `--{asked[1]}` are two things to do"
        hint = "`reconcile orchestrate --monitor --health-check`"
        raise UsageError("reconcile orchestrate", what, f"one at a time: {hint}")
    if asked[0] in SOON:
        raise UsageError(
            "reconcile orchestrate", f"`--{asked[0]}` ({SOON[asked[0]]}) is not built yet", "nothing was done"
        )
    ways: dict[str, Callable[[Namespace], int]] = {
        "docs": _docs, "servers": _servers, "integrate": _integrate, "monitor": _monitor, "config": _config,
        "test": _test,
    }  # fmt: skip
    return ways.get(asked[0], _applied)(args)


def _said(args: Namespace, name: str) -> bool:
    value = getattr(args, name.replace("-", "_"))
    return value is not None and value is not False


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
    chosen = _one_of(args, "docs", "standardize", "cross-reference", "update-all")
    json, yes = (["--json"] if args.json else []), (["--yes"] if args.yes else [])
    if chosen == "update-all":
        return _acted(args, "docs", "render", *yes)
    added = 0 if chosen == "cross-reference" or args.json else _verb(args, "docs", "render", "--complete", *yes)
    return max(added, _verb(args, "docs", "check", *json))


def _one_of(args: Namespace, action: str, *parts: str) -> str:
    from reconciler.cli.parser import UsageError

    said = [part for part in parts if _said(args, part)]
    if len(said) != 1:
        listed = ", ".join(f"`--{part}`" for part in parts)
        text = f"`--{action}` needs one of {listed}" if not said else f"one of `--{said[0]}` and `--{said[1]}`"
        raise UsageError("reconcile orchestrate", text, f"`reconcile orchestrate --{action} --{parts[0]}`")
    return said[0]


def _opened(args: Namespace) -> tuple[App, list[str]]:
    from reconciler.app import orchestrating
    from reconciler.cli import opening
    from reconciler.cli.parser import UsageError

    app = opening.with_repository(args)
    words = [word for said in (args.servers or "", *args.port) for word in said.split(",") if word]
    if wrong := [word for word in words if not (word.isascii() and word.isdigit())]:
        raise UsageError("reconcile orchestrate", f"`{wrong[0]}` is no port", "`--servers=55717,55467`")
    return app, list(orchestrating.chosen(app, [int(word) for word in words]))


def _servers(args: Namespace) -> int:
    chosen = _one_of(args, "servers", "start", "stop", "restart", "health-check")
    if chosen == "health-check":
        return _health(args)
    from reconciler.cli import terminal
    from reconciler.cli.parser import UsageError
    from reconciler.cli.render_problems import invalid_text
    from reconciler.model.problem import Invalid

    _, names = _opened(args)
    if not names:
        raise UsageError("reconcile orchestrate", "git names no server", "declare one below `desired-state/servers/`")
    if not args.json:
        _health(args)
    terminal.say("\n".join(f"{chosen} server/{name}" for name in names))
    if not args.yes and not terminal.ask("Do this?"):
        terminal.say("nothing was changed")
        return 1
    status = 0
    for name in names:
        try:
            with contextlib.redirect_stdout(sys.stderr if args.json else sys.stdout):
                status = max(status, _verb(args, "server", chosen, name))
        except Invalid as error:
            # The others are not kept waiting for the one that this very session runs on.
            terminal.say(invalid_text(error.problems, terminal.style(args)).rstrip())
            status = 1
    return max(status, _health(args)) if args.json else status


def _health(args: Namespace) -> int:
    from reconciler.app import serving
    from reconciler.cli import terminal
    from reconciler.cli.render_servers import servers_record, servers_text

    app, names = _opened(args)
    table = serving.table(app, names)
    ill = [row for row in table.rows if serving.state(row) not in ("ready", "stopped")]
    if args.json:
        terminal.show_json(servers_record(table))
    else:
        terminal.show(servers_text(table, terminal.style(args)))
    return 1 if ill else 0


def _monitor(args: Namespace) -> int:
    if _one_of(args, "monitor", "health-check", "performance") == "health-check":
        return _health(args)
    from reconciler.app import orchestrating, serving

    app, names = _opened(args)
    return _told(args, orchestrating.performance(app, serving.table(app, names).rows, analyze=args.analyze))


def _test(args: Namespace) -> int:
    from reconciler.app import orchestrating, serving

    _one_of(args, "test", "connectivity")
    app, names = _opened(args)
    return _told(args, orchestrating.connectivity(serving.table(app, names).rows))


def _config(args: Namespace) -> int:
    """Desired state, then whether every running server could load what stands on disk."""
    from reconciler.app import orchestrating, planning, serving

    _one_of(args, "config", "validate")
    if not args.json:
        status = _verb(args, "validate")
        return max(status, _health(args))
    app, names = _opened(args)
    problems = [orchestrating.Said(p.severity is not Severity.ERROR, str(p)) for p in planning.read_all(app).problems]
    return _told(args, [*problems, *orchestrating.connectivity(serving.table(app, names).rows)])


def _integrate(args: Namespace) -> int:
    from reconciler.app import orchestrating, serving

    if args.sync_zed or args.update_all:
        wanted = [kind for kind in _present(args) if kind.startswith("zed") or kind == "mcp_server"]
        return _applied(args, *wanted) if wanted else _told(args, [orchestrating.Said(None, NO_INTEGRATION)])
    app, names = _opened(args)
    rows = serving.table(app, names).rows
    found = list(orchestrating.mcp(app, rows)) if args.mcp or not args.acp else []
    return _told(args, [*found, *(orchestrating.acp(app) if args.acp or not args.mcp else ())])


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
