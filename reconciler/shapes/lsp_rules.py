"""Language servers in opencode.json that OpenCode drops without a word. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.formats.meant import meant
from reconciler.formats.schema import Mistake

# Those that `opencode debug config` of 1.18.33 keeps without `extensions`.
BUILT_IN = frozenset((
    "astro", "bash", "biome", "clangd", "clojure-lsp", "csharp", "dart", "deno", "dockerfile", "elixir-ls", "eslint",
    "fsharp", "gleam", "gopls", "haskell-language-server", "jdtls", "julials", "kotlin-ls", "lua-ls", "nixd",
    "ocaml-lsp", "oxlint", "prisma", "pyright", "razor", "ruby-lsp", "rust", "sourcekit-lsp", "svelte", "terraform",
    "texlab", "tinymist", "ty", "typescript", "vue", "yaml-ls", "zls",
))  # fmt: skip


def mistakes(lsp: Any) -> Iterable[Mistake]:
    """A server that is not built in, and does not say which files it is for."""
    for name, server in lsp.items() if isinstance(lsp, dict) else ():
        if name in BUILT_IN or not isinstance(server, dict) or not isinstance(server.get("command"), list):
            continue
        if "extensions" not in server and server.get("disabled") is not True:
            near = meant(str(name), BUILT_IN)
            also = f", or did you mean the built-in `{near}`?" if near else ""
            text = f"`lsp/{name}` has no `extensions`: OpenCode drops it"
            hint = f'add `extensions: [".ext"]`, the files it is for{also}'
            yield Mistake(("lsp", str(name)), text, hint, "missing", ("extensions",), refused=False)
