"""What can it manage? Every kind and every root, one line each."""

from __future__ import annotations

from reconciler.kinds.agent import AGENT
from reconciler.kinds.command import COMMAND
from reconciler.kinds.document import DOCUMENT
from reconciler.kinds.file import FILE
from reconciler.kinds.mcp_server import MCP_SERVER
from reconciler.kinds.opencode_settings import OPENCODE_SETTINGS
from reconciler.kinds.orchestration import ORCHESTRATION
from reconciler.kinds.server import SERVER
from reconciler.kinds.skill import SKILL
from reconciler.kinds.tui_settings import TUI_SETTINGS
from reconciler.kinds.zed_keymap import ZED_KEYMAP
from reconciler.kinds.zed_settings import ZED_SETTINGS
from reconciler.kinds.zed_tasks import ZED_TASKS
from reconciler.model.kind import AnyKind, Root
from reconciler.model.world import Env
from reconciler.shapes import incomplete, opencode_copy

# The order is the order of import: servers before the settings they stand in, `file` takes what no other kind took.
KINDS: tuple[AnyKind, ...] = (
    AGENT,
    COMMAND,
    SKILL,
    MCP_SERVER,
    OPENCODE_SETTINGS,
    TUI_SETTINGS,
    ZED_SETTINGS,
    ZED_KEYMAP,
    ZED_TASKS,
    SERVER,
    ORCHESTRATION,
    FILE,
    DOCUMENT,
)

# Folders and keys of desired-state/ that the design names and this version does not manage yet.
PENDING: dict[str, str] = {}

SHARED = "shared with other programs: its keys are described in opencode/ and zed/"
LATER = "not managed by this version"
JUNK = {
    "node_modules": "installed packages",
    ".git": "a git repository's own folder",
    ".DS_Store": "written by the file manager",
    "*~": "an editor's backup",
    "*.bak": "a backup",
    "*.backup": "a backup",
    "*.orig": "a backup",
    "*.swp": "an editor's swap file",
    "*.tmp": "a temporary file",
    "*.log": "a log",
    "__pycache__": "compiled code",
    "package-lock.json": "a lock file, written by npm",
    "bun.lock": "a lock file, written by bun",
    "bun.lockb": "a lock file, written by bun",
    "yarn.lock": "a lock file, written by yarn",
    "pnpm-lock.yaml": "a lock file, written by pnpm",
}


def opencode(env: Env) -> str:
    """XDG everywhere, macOS included (`opencode debug paths`)."""
    return f"{env.config}/opencode"


def zed(env: Env) -> str:
    """Zed ignores XDG on macOS; a Flatpak has a folder of its own (crates/paths)."""
    if env.platform == "darwin":
        return f"{env.home}/.config/zed"
    return f"{env.variables.get('FLATPAK_XDG_CONFIG_HOME') or env.config}/zed"


ROOTS: tuple[Root, ...] = (
    Root(
        name="opencode",
        path=opencode,
        shared=("config.json", "opencode.json", "opencode.jsonc", "tui.json", "tui.jsonc"),
        flaws=incomplete.of_opencode,
        confirm=opencode_copy.CONFIRM,
        skip={
            **JUNK,
            "./opencode.json": SHARED,
            "./opencode.jsonc": SHARED,
            "./config.json": SHARED,
            "./tui.json": SHARED,
            "./tui.jsonc": SHARED,
            "./package.json": "written by OpenCode when it installs plugins",
            "./.gitignore": "written by OpenCode",
        },
    ),
    Root(
        name="zed",
        path=zed,
        shared=("settings.json", "keymap.json", "tasks.json"),
        flaws=incomplete.of_zed,
        skip={
            **JUNK,
            "./settings.json": SHARED,
            "./keymap.json": SHARED,
            "./tasks.json": SHARED,
            "./settings_backup.json": "a backup, written by Zed",
            "./keymap_backup.json": "a backup, written by Zed",
            "./global_settings.json": LATER,
            "./embeddings": "Zed's own database",
            "./prompts": "Zed's own database",
            "./prompt_overrides": "Zed's own database",
        },
    ),
)


# The folders of servers, by their full paths: documents may lie there.
PROJECTS = Root(name="projects", path=lambda env: "", listed=False, skip={".git": "a git repository's own folder"})


def repository(top: str) -> Root:
    """The repository that holds desired state, as a place for documents; its sources are never written."""
    return Root(
        name="repository",
        path=lambda env: top,
        listed=False,
        skip={
            ".git": "a git repository's own folder",
            "./desired-state": "the sources themselves",
            "./templates": "the sources themselves",
        },
    )


def roots(top: str | None) -> tuple[Root, ...]:
    """Every root there is with a repository at `top`."""
    return (*ROOTS, PROJECTS, *([repository(top)] if top else []))
