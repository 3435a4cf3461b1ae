"""Who else is known to write an object, and which of them runs, as a sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

OPENCODE = ("opencode",)
ZED = ("zed", "zed-editor", "zeditor", "zed-preview", "zed-nightly")
AGENTS = (*OPENCODE, *ZED, "claude", "codex", "gemini", "aider", "goose", "amp", "crush", "cursor-agent", "copilot")
ANYTHING = (
    "prettier",
    "prettierd",
    "biome",
    "dprint",
    "oxfmt",
    "mdformat",
    "treefmt",
    "pre-commit",
    "chezmoi",
    "rsync",
)
"""Formatters, and what copies files: they write whatever they are pointed at."""
BY_WORD: Mapping[str, Sequence[str]] = {
    "Zed": ZED,
    "`zed": ZED,
    "OpenCode": OPENCODE,
    "`opencode": OPENCODE,
    "TUI": OPENCODE,
    "PATCH": OPENCODE,
    "agents": AGENTS,
}


def programs(writers: Iterable[str]) -> frozenset[str]:
    """The names of the programs behind writers of a kind, and of those that write anything."""
    known = (names for who in writers for word, names in BY_WORD.items() if word in who)
    return frozenset(ANYTHING).union(*known)


def sentence(writers: Sequence[str], running: Mapping[str, Sequence[int]]) -> str:
    """`running`: the numbers of processes, by the name of their program."""
    if running:
        told = [f"`{name}` ({_processes(pids)})" for name, pids in sorted(running.items())]
        return f"of those known to write it, {', '.join(told)} {'runs' if _one(running) else 'run'}"
    known = ", ".join(dict.fromkeys(writers))
    return f"none of those known to write it runs ({known or 'formatters'})"


def _one(running: Mapping[str, Sequence[int]]) -> bool:
    return sum(map(len, running.values())) == 1


def _processes(pids: Sequence[int]) -> str:
    return f"process{'es' if len(pids) > 1 else ''} {', '.join(map(str, sorted(pids)[:5]))}"
