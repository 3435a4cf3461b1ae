"""Files of `~/.config/opencode` → a copy to show to `opencode debug config`, which installs nothing there. Pure.

Only what that command judges is copied: prompts, skills, plugins and themes are not (tests/real/test_preflight.py).
What looks like a secret is another value of the same type and length, so that lines and columns stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b

from reconciler.formats import masking
from reconciler.formats.opencode_refusal import refusal
from reconciler.model.programs import Beside, Confirm, Copy, Files, Reference, Refusal
from reconciler.model.world import Unreadable
from reconciler.shapes import opencode_elsewhere

FOLDER = ".config/opencode"
CONFIGS = ("config.json", "opencode.json", "opencode.jsonc")
PLACEHOLDER = b"placeholder"
LARGEST = 64 << 10

# What keeps it from downloading anything, from reading anything but the copy, and from running what it reads.
VARIABLES = {
    "TERM": "dumb",
    "LANG": "C.UTF-8",
    "OPENCODE_PURE": "1",
    "OPENCODE_DB": ":memory:",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
    "OPENCODE_DISABLE_SHARE": "1",
    "OPENCODE_TEST_MANAGED_CONFIG_DIR": "{copy}/cwd",
}
# It installs a package into every config folder that does not look as if it had it; versions are not compared.
_NEEDS = b'{"dependencies":{"@opencode-ai/plugin":"1.18.33"}}'
HELD = {
    "package.json": _NEEDS,
    "package-lock.json": b'{"lockfileVersion":3,"packages":{"":%b}}' % _NEEDS,
    "node_modules/.keep": b"",
}
HELD_NPM = {f"{FOLDER}/{name}": content for name, content in HELD.items()}
INLINE = {opencode_elsewhere.CONTENT: "OPENCODE_CONFIG_CONTENT", opencode_elsewhere.PERMISSION: "OPENCODE_PERMISSION"}

_MARKDOWN = re.compile(r"(?:agents?|commands?|modes?)/.+\.md", re.S)
_REFERENCE = re.compile(r"\{file:([^}]+)\}")
_KEY = re.compile(r"""["']([^"'\n]+)["']\s*:\s*["'][^"'\n]*\Z""")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def reads(path: str) -> bool:
    """Whether a file below the root is judged."""
    return path in CONFIGS or bool(_MARKDOWN.fullmatch(path))


def refers(files: Files) -> frozenset[str]:
    """What `{file:…}` names, as it is written."""
    texts = (_decoded(files[path]) for path in CONFIGS if path in files)
    return frozenset(found[1] for text in texts for found in _references(text))


def stage(files: Files, reference: Reference) -> Copy:
    """The copy of some files below the root."""
    copied: dict[str, bytes] = {}
    said: dict[str, str] = {}
    for path, content in files.items():
        config = path in CONFIGS or (path.startswith("~/") and opencode_elsewhere.is_config(path))
        text = _without_secrets(_decoded(content if config else without_prompt(content)))
        text = _with_references(text, reference, copied) if config else text
        if path in INLINE:
            said[INLINE[path]] = text
        else:
            place = path.removeprefix("~/") if path.startswith("~/") else f"{FOLDER}/{path}"
            copied[place] = text.encode("utf-8", "surrogateescape")
    keys = frozenset(files)
    folders = [at for at in (opencode_elsewhere.HOME, opencode_elsewhere.FOLDER) if any(k.startswith(at) for k in keys)]
    held = {f"{at.removeprefix('~/')}{name}": content for at in folders for name, content in HELD.items()}
    return Copy({**copied, **held, **HELD_NPM}, {**VARIABLES, **opencode_elsewhere.variables(keys), **said})


def without_prompt(content: bytes) -> bytes:
    """Front matter alone: a prompt may be any text, so that it need not be asked about. All of it, where OpenCode may
    see it another way."""
    start = 3 if content.startswith(b"\xef\xbb\xbf") else 0
    end = content.find(b"\n---", start + 3)
    if not content.startswith(b"---", start) or end < 0:
        return content
    return content[: end + 4] + b"\nA prompt.\n"


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _without_secrets(text: str) -> str:
    parts, at = [], 0
    for span in masking.find(text):
        parts += [text[at : span.start], _placeholder(text[span.start : span.end])]
        at = span.end
    return "".join([*parts, text[at:]])


def _placeholder(secret: str) -> str:
    if _NUMBER.fullmatch(secret):
        return re.sub(r"\d", "1", secret)
    return re.sub(r"[^\r\n]", "x", secret)


def _references(text: str) -> Iterator[re.Match[str]]:
    """Where OpenCode would put a file's text: not in lines that are comments."""
    for found in _REFERENCE.finditer(text):
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        if not line.lstrip().startswith("//"):
            yield found


def _with_references(text: str, reference: Reference, copied: dict[str, bytes]) -> str:
    """What is named and there lies in the copy too; what is missing is missing there."""
    parts, at = [], 0
    for found in _references(text):
        content = _referred(found, text, reference)
        if content is not None:
            place = f".files/{blake2b(found[1].encode('utf-8', 'surrogateescape'), digest_size=8).hexdigest()}"
            copied[place] = content
            parts += [text[at : found.start()], "{file:~/", place, "}"]
            at = found.end()
    return "".join([*parts, text[at:]])


def _referred(found: re.Match[str], text: str, reference: Reference) -> bytes | None:
    try:
        content = reference(found[1])
    except Unreadable:
        return PLACEHOLDER
    key = _KEY.search(text, text.rfind("\n", 0, found.start()) + 1, found.start())
    if content is None or (len(content) <= LARGEST and not (key and masking.key_names_secret(key[1]))):
        return PLACEHOLDER if content and masking.looks_secret(content) else content
    return PLACEHOLDER


def _refusal(text: str) -> Refusal:
    return refusal(text, f"~/{FOLDER}")


CONFIRM = Confirm(
    program="opencode",
    variable="RECONCILE_OPENCODE",
    major="1",
    arguments=("debug", "config"),
    reads=reads,
    refers=refers,
    stage=stage,
    refusal=_refusal,
    beside=Beside(
        opencode_elsewhere.elsewhere,
        opencode_elsewhere.inline,
        opencode_elsewhere.judged,
        opencode_elsewhere.rebased,
    ),
)
