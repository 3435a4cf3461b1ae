"""The options of `reconcile orchestrate`, and which of them go together. Pure."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _ActionsContainer

PROGRAM = "reconcile orchestrate"
SOON = {
    "optimize": "tuning of servers by their load",
    "scale": "more servers for more work",
    "backup": "backups of sessions",
    "recovery": "recovery from backups",
    "security": "access control and audits",
    "workflow": "workflows over several servers",
}
GOES: Mapping[str, tuple[str, ...]] = {
    "init": (),
    "setup": (),
    "configure": (),
    "docs": ("standardize", "cross-reference", "update-all"),
    "monitor": ("health-check", "performance", "analyze"),
    "servers": ("start", "stop", "restart", "health-check", "daemon"),
    "integrate": ("mcp", "acp", "zed", "sync-zed", "update-all"),
    "config": ("validate",),
    "test": ("connectivity",),
}
"""What there is to do, and the options that say how."""
REACHING = ("monitor", "servers", "integrate", "config", "test")
"""What may be about some servers only."""
EVERY = "all"


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
        "zed": "the same as --acp",
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
            group.add_argument("--servers", nargs="?", const=EVERY, metavar="P,P", help="all servers, or these ports")
            group.add_argument("--port", action="append", default=[], metavar="P", help="this one only")
            group.add_argument("--all", "--all-servers", dest="all", action="store_true", help="all, which is default")
        _flags(group, parts)
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def _flags(parser: _ActionsContainer, parts: Mapping[str, str]) -> None:
    for name, text in parts.items():
        parser.add_argument(f"--{name}", action="store_true", help=text)


def chosen(args: Namespace) -> str:
    """The one thing to do. Raises UsageError for none, several, what is not built, and options that mean nothing with
    it."""
    if soon := [name for name in SOON if said(args, name)]:
        raise _wrong(f"`--{soon[0]}` ({SOON[soon[0]]}) is not built yet", "nothing was done")
    asked = [name for name in GOES if said(args, name)]
    every = dict.fromkeys(part for parts in GOES.values() for part in parts)
    parts = [part for part in every if said(args, part)]
    if not asked:
        home = next((f"--{name} --{parts[0]}" for name, own in GOES.items() if parts and parts[0] in own), "")
        listed = ", ".join(f"`--{name}`" for name in GOES)
        raise _wrong("say one thing to do", f"`{PROGRAM} {home}`" if home else f"one of {listed}; `--help` says more")
    if len(asked) > 1:
        raise _wrong(f"`--{asked[0]}` and `--{asked[1]}` are two things to do", "run them one after the other")
    if foreign := [part for part in parts if part not in GOES[asked[0]]]:
        homes = " or ".join(f"`--{name}`" for name, own in GOES.items() if foreign[0] in own)
        raise _wrong(f"`--{foreign[0]}` means nothing with `--{asked[0]}`", f"it goes with {homes}")
    if args.analyze and not args.performance:
        raise _wrong("`--analyze` is about what servers use", f"`{PROGRAM} --monitor --performance --analyze`")
    if args.port and asked[0] not in REACHING:
        raise _wrong(f"`--port` means nothing with `--{asked[0]}`", "it is about everything that git says")
    return asked[0]


def one_of(args: Namespace, action: str, *parts: str) -> str:
    """Which of some options was given. Raises UsageError for none and for several."""
    given = [part for part in parts if said(args, part)]
    if len(given) == 1:
        return given[0]
    listed = ", ".join(f"`--{part}`" for part in parts)
    needed = f"one of {listed}" if len(parts) > 1 else listed
    text = f"`--{action}` needs {needed}" if not given else f"`--{given[0]}` and `--{given[1]}` are two things to do"
    raise _wrong(text, f"`{PROGRAM} --{action} --{parts[0]}`")


def reach(args: Namespace) -> list[str]:
    """The ports, or names of servers, that were given; none for all. Raises UsageError for none where some were to be,
    and for some where all were to be."""
    lists = [*([args.servers] if args.servers not in (None, EVERY) else []), *args.port]
    words = [word.strip() for one in lists for word in one.split(",")]
    if "" in words:
        raise _wrong("a port is missing: `--servers=` or `--port` names none", "leave it out for all servers")
    if words and args.all:
        raise _wrong(f"`--all`, or only `{words[0]}`", "leave one of them out")
    return words


def said(args: Namespace, name: str) -> bool:
    value = getattr(args, name.replace("-", "_"))
    return value is not None and value is not False


def _wrong(text: str, hint: str) -> Exception:
    from reconciler.cli.parser import UsageError

    return UsageError(PROGRAM, text, hint)
