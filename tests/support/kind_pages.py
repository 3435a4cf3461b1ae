"""The registry → a page for each kind in docs/kinds/. `python -m tests.support.kind_pages --write` writes them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from reconciler import registry
from reconciler.cli import render
from reconciler.model.kind import AnyKind
from reconciler.model.resource import PORT, Claim
from reconciler.shapes import opencode_rules
from tests.support.house import House, from_top

FOLDER = Path(__file__).parents[2] / "docs" / "kinds"
NOTE = "<!-- Generated: `python -m tests.support.kind_pages --write`. Edit the code instead. -->"

AGENT = """\
---
description: Reviews a change for mistakes
mode: subagent
model: anthropic/claude-sonnet-4-5
permission:
  edit: deny
  bash:
    "*": ask
    "git diff *": allow
---
Look for mistakes in what `git diff` shows. Name the file and the line.
"""
COMMAND = """\
description: Commit what is staged
agent: build
prompt: |
  Write a commit message for this, and commit it: !`git diff --staged`
"""
SKILL = """\
---
name: release
description: How this team makes a release; for when somebody asks for one
---
Run `./check.sh`, then tag.
"""
MCP = """\
command: [npx, -y, "@modelcontextprotocol/server-filesystem", /srv/notes]
environment: {LOG_LEVEL: warn}
timeout: 30000
zed: {enabled: false}      # there, but off in Zed
"""
SETTINGS = """\
model: anthropic/claude-sonnet-4-5
share: disabled
permission:
  bash: ask
provider:
  local:
    npm: "@ai-sdk/openai-compatible"
    options: {baseURL: "http://127.0.0.1:8080/v1", apiKey: "{env:LOCAL_KEY}"}
"""
KEYMAP = """\
- context: Editor
  bindings:
    ctrl-shift-d: editor::DuplicateLineDown
    ctrl-k: null               # Zed's own binding is off
"""
TASKS = """\
- label: test
  command: make
  args: [test]
  env: {CI: "1"}
"""
SERVER = """\
port: 55720
path: ~/notes
priority: high
limits: {memory: 2GB}
on_config_change: {when: when-idle, deadline: 30m}
"""
LIMITS = """\
max_cpu_per_server: 50%
max_memory_per_server: 2GB
max_sessions_total: 500
"""
DOCUMENT = """\
template: inventory.md.j2
type: page
outputs:
  - docs/inventory.md                   # a whole file of this repository
  - {path: README.md, region: agents}   # between two marks in a file that people write
"""
TEMPLATE = """\
{% for agent in resources("agent") %}
- [{{ agent.name }}]({{ agent.link }}): {{ agent.description }}
{% endfor %}
"""
EXAMPLES: dict[str, dict[str, str]] = {
    "agent": {"agents/reviewer.md": AGENT},
    "command": {"commands/commit.yaml": COMMAND},
    "skill": {"skills/release/SKILL.md": SKILL, "skills/release/check.sh": "#!/bin/sh\nmake check\n"},
    "mcp_server": {"mcp/notes.yaml": MCP},
    "opencode_settings": {"opencode/settings.yaml": SETTINGS},
    "tui_settings": {"opencode/tui.yaml": "theme: tokyonight\nscroll_speed: 3\n"},
    "zed_settings": {"zed/settings.yaml": "vim_mode: true\nterminal:\n  env: {EDITOR: zed --wait}\n"},
    "zed_keymap": {"zed/keymap.yaml": KEYMAP},
    "zed_tasks": {"zed/tasks.yaml": TASKS},
    "server": {"servers/notes.yaml": SERVER},
    "orchestration": {"orchestration/resource_limits.yaml": LIMITS},
    "document": {"documents/inventory.yaml": DOCUMENT, "../templates/inventory.md.j2": TEMPLATE},
    "file": {"files/opencode/AGENTS.md": "Answer briefly.\n", "files/zed/snippets/python.json": "{}\n"},
}
SKILL_FIELDS = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "what it is called; without it OpenCode skips the skill"},
        "description": {"type": "string", "description": "when to use it: all that a model sees before it loads it"},
    },
    "required": ["name", "description"],
}


def page(kind: AnyKind) -> str:
    """One kind, as its code has it."""
    example = EXAMPLES[kind.name]
    parts = [
        NOTE, "", f"# {kind.name}", "", _about(kind), "",
        *_facts(kind, example), "",
        *_fields(kind),
        "## Example", "", *_example(example), *_plan(example),
        "## Who else writes it", "", *_writers(kind),
    ]  # fmt: skip
    return "\n".join(parts).rstrip() + "\n"


def _about(kind: AnyKind) -> str:
    module = import_module(f"reconciler.kinds.{kind.name}")
    return " ".join((inspect.getdoc(module) or "").split())


def _facts(kind: AnyKind, example: Mapping[str, str]) -> Iterator[str]:
    plan = House({}).plan(example)
    yield f"- **written in** {', '.join(f'`{from_top(path)}`' for path in example)}, for instance"
    if plan.changes and plan.changes[0].claim.root != PORT:
        places = sorted({f"`{_place(c.claim)}`" for c in plan.changes})
        parts = {bool(c.claim.item) for c in plan.changes}
        unit = "the whole file, or a region of it" if len(parts) > 1 else "keys" if True in parts else "the whole file"
        yield f"- **goes to** {', '.join(places)} ({unit}; where it stands already, it is changed there)"
    yield f"- **takes effect** {kind.reload}"
    yield f"- **in `hosts/NAME/`** {_overlaid(kind, example)}"


def _place(claim: Claim) -> str:
    return claim.path if claim.root == "repository" else f"~/.config/{claim.root}/{claim.path}"


def _overlaid(kind: AnyKind, example: Mapping[str, str]) -> str:
    merged = [path for path in example if kind.overlay.merges(path)]
    if not merged:
        return "a file of the same path replaces this one"
    if len(merged) < len(example):
        return f"`{merged[0].rpartition('/')[2]}` is merged, any other file replaces the one of its path"
    return "items are merged by what they are known by" if kind.overlay.items else "keys are merged over these"


def _fields(kind: AnyKind) -> Iterator[str]:
    schema = SKILL_FIELDS if kind.name == "skill" else None
    if kind.schema is not None:
        schema = dict(kind.schema(opencode_rules.packaged(f"opencode-config-{opencode_rules.VERSION}").root))
    if schema is None:
        return
    yield from ("## Fields", "")
    if schema["type"] == "array":
        yield from ("A list; each item has", "")
    item = schema.get("items", schema)
    rows = {key: node for key, node in item["properties"].items() if node}
    yield from ("| key | type | meaning |", "|---|---|---|")
    for key, node in rows.items():
        needed = " (needed)" if key in item.get("required", ()) else ""
        yield f"| `{key}` | {_cell(_type(node, schema))} | {_cell(node.get('description', ''))}{needed} |"
    yield ""
    if bare := [key for key in item["properties"] if key not in rows]:
        listed = ", ".join(f"`{key}`" for key in bare)
        yield from (f"and, as the program has them: {listed}", "")
    if item.get("additionalProperties") not in (False, None):
        yield from ("Other keys are passed on as they are, with a warning.", "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _type(node: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A type in words."""
    if "$ref" in node:
        return _type(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    for group in ("anyOf", "oneOf", "allOf"):
        if group in node:
            return " or ".join(dict.fromkeys(_type(part, schema) for part in node[group]))
    if "const" in node:
        return f"`{str(node['const']).lower()}`"
    if "enum" in node:
        return " or ".join(f"`{choice}`" for choice in node["enum"])
    return _plainly(node, schema)


def _plainly(node: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    words = {"string": "text", "boolean": "true or false", "integer": "whole number", "null": "null"}
    sort = node.get("type", "")
    inner = node.get("items") if sort == "array" else node.get("additionalProperties") if sort == "object" else None
    if sort == "object":
        simple = isinstance(inner, dict) and set(inner) <= {"type", "enum"} and inner and "properties" not in node
        return f"map of {_type(inner, schema)}" if simple and inner else "map"
    if sort == "array":
        simple = isinstance(inner, dict) and set(inner) <= {"type", "enum"} and inner
        return f"list of {_type(inner, schema)}" if simple and inner else "list"
    return words.get(sort, sort or "anything")


def _example(example: Mapping[str, str]) -> Iterator[str]:
    for path, text in example.items():
        language = {"md": "markdown", "yaml": "yaml", "json": "json", "sh": "sh", "j2": "jinja"}[
            path.rpartition(".")[2]
        ]
        yield from (f"`{from_top(path)}`", "", f"```{language}", text.rstrip("\n"), "```", "")


def _plan(example: Mapping[str, str]) -> Iterator[str]:
    house = House({})
    text = render.plan(house.plan(example), house.world.show)
    yield from ("In an empty home the plan is then", "", "```", text.rstrip("\n"), "```", "")


def _writers(kind: AnyKind) -> Iterator[str]:
    if not kind.writers:
        yield "Nobody that we know of."
        return
    yield from ("| who | what | keys | their edits are |", "|---|---|---|---|")
    for writer in kind.writers:
        keys = ", ".join(f"`{pointer}`" for pointer in writer.pointers) or "any"
        mode = "left, and reported" if writer.mode == "report" else "drift, and repaired"
        yield f"| {_cell(writer.who)} | {_cell(writer.what)} | {keys} | {mode} |"
    yield ""
    yield "A line of `modes:` in reconcile.yaml says otherwise; `reconcile adopt` takes such an edit into git."


def pages() -> dict[Path, str]:
    """Every page there should be."""
    return {FOLDER / f"{kind.name}.md": page(kind) for kind in registry.KINDS}


def main(arguments: list[str]) -> int:
    """Writes the pages, or names those that are out of date."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(path)
        if arguments == ["--write"]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages()[path])
    return 0 if arguments == ["--write"] else int(bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
