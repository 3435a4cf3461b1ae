"""Commands: Markdown files with front matter that OpenCode loads from `command/` and `commands/`."""

from __future__ import annotations

from reconciler.formats import frontmatter
from reconciler.model.kind import Kind, Writer
from reconciler.model.resource import File
from reconciler.shapes import adopting, editor_schema, opencode_rules, owned_file, prompt_diff
from reconciler.shapes.markdown import MarkdownFolder, Prompt

FOLDER = MarkdownFolder("command", "opencode", ("command", "commands"), frontmatter.COMMAND)

COMMAND: Kind[Prompt, File] = Kind(
    name="command",
    folder="commands",
    files=FOLDER.files,
    read=FOLDER.read,
    targets=FOLDER.targets,
    observe=owned_file.observe,
    act=owned_file.act,
    describe=FOLDER.describe,
    codec=owned_file.MARKDOWN,
    diff=prompt_diff.diff,
    adopt=adopting.prompt,
    lint=lambda resource: FOLDER.lint(resource, opencode_rules.command),
    check=FOLDER.check,
    writers=(Writer("AI agents", "any command file, when asked to"),),
    schema=editor_schema.command,
    reload=(
        "after `POST /instance/dispose` (or `/global/dispose`, or a restart) of each running server, which "
        "aborts a turn at work there; OpenCode watches no files"
    ),
    alone=True,
)
