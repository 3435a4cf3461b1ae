"""The shape of what people write about a server, as JSON Schema. Data."""

from __future__ import annotations

from typing import Any

DURATION = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$"
SIZE = r"^[0-9]+(\.[0-9]+)?([KMGT]i?B?)?$"
PERCENT = r"^[0-9]+(\.[0-9]+)?%$"
PRIORITIES = ("high", "medium", "low")


def _one_of(choices: tuple[str, ...], description: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(choices), "description": description}


def _text(pattern: str, description: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "description": description}


def _map(properties: dict[str, Any], description: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False, "description": description}


CPU = _text(PERCENT, "percent of one core, children included: `50%`")
MEMORY = _text(SIZE, "resident memory, children included: `2GB`")
WHEN = ("when-idle", "now", "never")
ON_CHANGE = {
    "anyOf": [
        _one_of(WHEN, ""),
        _map(
            {
                "when": _one_of(WHEN, "when-idle (default), now, never"),
                "deadline": _text(DURATION, "how long an apply waits for it to be idle (`10m`)"),
                "then": _one_of(("leave", "force"), "after the deadline: leave it for later (default), or do it"),
            },
            "",
        ),
    ],
    "description": "when it may be disturbed to load a new configuration: when-idle, now, never; or a map of `when`, "
    "`deadline`, `then`",
}
SERVER: dict[str, Any] = {
    **_map(
        {
            "port": {
                "type": "integer",
                "minimum": 1,
                "maximum": 65535,
                "description": "where it listens; not 4096, which `opencode acp` takes",
            },
            "hostname": {"type": "string", "description": "the address it is bound to (127.0.0.1)"},
            "path": {"type": "string", "description": "the folder it works in; `~/` is the home folder"},
            "priority": _one_of(PRIORITIES, "who starts first: high, medium (default), low"),
            "state": _one_of(("running", "stopped"), "running (default) or stopped"),
            "env": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "variables it gets on top of those that `reconcile` runs with",
            },
            "version": {
                "type": "integer",
                "minimum": 1,
                "description": "the major version that may be started (1): another one converts the database for good",
            },
            "password": {"type": "string", "description": "a reference to a secret, or `generate`"},
            "data": _one_of(
                ("shared", "own-db", "isolated"),
                "shared (default): sessions and logins of this home; own-db: sessions of its own; isolated: logins too",
            ),
            "restart": _map(
                {
                    "policy": _one_of(
                        ("on-failure", "always", "never"), "whether one that ended is started again (on-failure)"
                    ),
                    "backoff": _text(DURATION, "the first pause between two starts, doubled each time (`1s`)"),
                    "limit": {"type": "integer", "minimum": 1, "description": "starts before we give up (5)"},
                    "within": _text(DURATION, "the time in which those are counted (`10m`)"),
                },
                "what is done when it ended by itself",
            ),
            "health": _map(
                {
                    "interval": _text(DURATION, "between two probes of the loop (`10s`)"),
                    "timeout": _text(DURATION, "how long one answer may take (`5s`)"),
                    "failures": {
                        "type": "integer",
                        "minimum": 1,
                        "description": "in a row before it counts as ill (3)",
                    },
                },
                "how it is probed",
            ),
            "limits": _map(
                {
                    "cpu": CPU,
                    "memory": MEMORY,
                    "exceeded": _one_of(
                        ("report", "restart"),
                        "what the loop does when memory stays over its limit: report (default), or restart as "
                        "on_config_change says",
                    ),
                },
                "what it may use before that is reported",
            ),
            "on_config_change": ON_CHANGE,
            "lifecycle": _one_of(
                ("owned", "adopted", "external"),
                "owned (default): started and stopped by us; adopted: started by somebody else, restarted only when "
                "named; external: only looked at",
            ),
            "orphans": _one_of(
                ("keep", "remove"), "what a dead server's children become: kept and shown (default), or removed"
            ),
        },
        "a running `opencode serve`",
    ),
    "required": ["port", "path"],
}
LIMITS: dict[str, Any] = _map(
    {
        "max_cpu_per_server": CPU,
        "max_memory_per_server": MEMORY,
        "max_sessions_total": {"type": "integer", "minimum": 1, "description": "reported on by plan and status"},
    },
    "defaults for every server",
)
