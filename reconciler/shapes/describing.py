"""Shared settings files as they stand → the desired state that names their keys. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from reconciler.formats import jsonc, jsonc_edit, jsonc_to_yaml, masking
from reconciler.model.kind import Found, Left
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Claim, File, Layout, Source
from reconciler.shapes import shared_json
from reconciler.shapes.shared_json import Leaf, Steps

if TYPE_CHECKING:
    from reconciler.shapes.settings_file import SettingsFile

DESIRED = "desired-state"


def describe(file: SettingsFile, layout: Layout) -> Iterable[Found | Left]:
    """One resource with every key that can be named in git; what can't is left, with the reason."""
    texts: list[tuple[str, str]] = []
    for path in file.paths:
        text = layout.texts.get((file.root, path))
        if text is None:
            continue
        broken = _broken(Claim(file.root, path), text, layout)
        if broken is not None:
            yield broken
        elif shared_json.tree(text).kind == "object":
            texts.append((path, text))
    kept: list[Claim] = []
    for path, text in texts:
        for steps, leaf in file.keys.leaves(jsonc.value(shared_json.tree(text))):
            claim = Claim(file.root, path, steps)
            if why := _left_out(file, claim, leaf, layout):
                yield Left(claim, why)
            elif claim not in layout.taken and file.place(layout, steps) == path:
                kept.append(claim)
    if kept:
        wanted = {claim.item for claim in kept}
        source = _source(file, texts, lambda steps: steps in wanted, _elsewhere(file, layout), native=layout.native)
        yield Found(file.ref, (source,), tuple(kept))


def _elsewhere(file: SettingsFile, layout: Layout) -> Callable[[Steps], bool]:
    """Whether another kind says an entry, and so its comments: its leaves are all taken."""
    ours = (claim.item for claim in layout.taken if claim.root == file.root and claim.path in file.paths)
    entries = {item[:depth] for item in ours for depth in range(2, len(item))}
    return lambda steps: steps in entries


def _broken(claim: Claim, text: str, layout: Layout) -> Left | None:
    try:
        shared_json.tree(text)
    except jsonc.JsoncError as error:
        origin = Origin(layout.show(claim), error.line, error.column)
        problem = Problem(origin, f"not valid JSON: {error.message}", "mend it by hand, then import again")
        return Left(claim, problem.text, None if error.empty else problem)
    return None


def _left_out(file: SettingsFile, claim: Claim, leaf: Leaf, layout: Layout) -> str:
    """Why a key is not named in git, or ""."""
    if claim in layout.taken or f"{layout.show(claim)}#{jsonc.pointer(claim.item)}" in layout.include:
        return ""
    winner = file.place(layout, claim.item)
    if others := file.merged(layout, claim.item):
        files = " and ".join(f"`{path}`" for path in sorted({winner, *others}))
        return f"{files} have it, whose rules OpenCode merges: keep it in one of them, then import again"
    if winner != claim.path:
        moved = winner not in file.paths and "OpenCode's interface looks for it in `{}` alone"
        return (moved or "`{}` sets it too, and wins").format(winner)
    if secret(claim.item, leaf.value):
        return "looks like a secret: it stays here, unowned; `{env:NAME}` or `{file:PATH}` keeps it out of the file"
    return ""


def secret(steps: Steps, value: jsonc.Json) -> bool:
    """Whether a value, or anything in it, looks like a secret."""
    if any(masking.find(step) for step in steps):
        return True
    if isinstance(value, str):
        return masking.value_looks_secret(steps[-1], value) or masking.looks_secret(value.encode("utf-8", "replace"))
    if isinstance(value, list):
        # `--token`, and the token beside it: only the whole list tells.
        return bool(masking.find(json.dumps(value, ensure_ascii=False))) or any(secret(steps, item) for item in value)
    return isinstance(value, dict) and any(secret((*steps, key), item) for key, item in value.items())


def _source(
    file: SettingsFile,
    texts: list[tuple[str, str]],
    keep: Callable[[Steps], bool],
    elsewhere: Callable[[Steps], bool],
    *,
    native: bool,
) -> Source:
    if native and len(texts) == 1:
        only = _only(file, texts[0][1], keep)
        if not masking.find(only):
            return Source(f"{DESIRED}/{file.stem}.jsonc", File(jsonc.encode(only)))
    text = without_secrets(jsonc_to_yaml.convert([text for _, text in texts], keep, file.keys.unit, elsewhere))
    return Source(f"{DESIRED}/{file.stem}.yaml", File(text.encode("utf-8", "surrogatepass")))


def without_secrets(text: str) -> str:
    """YAML less the comments that hold what looks like a secret: a key that was switched off is still a key."""
    lines = text.split("\n")
    for span in reversed(masking.find(text)):
        index = text.count("\n", 0, span.start)
        lines[index] = lines[index].partition("#")[0].rstrip() if "#" in lines[index] else lines[index]
    return "\n".join(lines)


def _only(file: SettingsFile, text: str, keep: Callable[[Steps], bool]) -> str:
    """The same JSONC less the keys that are not taken."""
    gone = [s for s, _ in file.keys.leaves(jsonc.value(shared_json.tree(text))) if not keep(s)]
    return jsonc_edit.edit(text, [jsonc_edit.Delete(steps, len(steps) - 1) for steps in gone])
