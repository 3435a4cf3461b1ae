"""A resource and what stands there → the files of desired state that would say so. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from reconciler.formats import frontmatter, jsonc, jsonc_edit, secret_refs, yaml, yaml_edit
from reconciler.formats.frontmatter import decode
from reconciler.model.problem import invalid
from reconciler.model.resource import File, Resource, Source
from reconciler.model.secret import START
from reconciler.shapes.asked import Asked
from reconciler.shapes.shared_json import Leaf

Written = Mapping[str, File | None]


def whole(resource: Resource[Any], observed: Mapping[str, File | None]) -> Written:
    """Files as they stand; a file that is gone goes from git too. A part is the path inside the resource's folder."""
    found: dict[str, File | None] = {}
    for part, file in observed.items():
        source = next((s for s in resource.sources if not part or s.path.endswith(f"/{part}")), None)
        if source is None:
            raise invalid(resource.origin.path, f"{resource.ref}: `{part}` is not in git", "add it by hand")
        found[source.path] = file and file._replace(content=_tagged(file.content))
    return found


def prompt(resource: Resource[Any], observed: Mapping[str, File | None]) -> Written:
    """Markdown as it stands, or the YAML it was written in, with its comments."""
    [file] = observed.values()
    [source] = resource.sources
    file = file and file._replace(content=_tagged(file.content))
    if source.path.endswith(".md") or file is None:
        return {source.path: file}
    return {source.path: File(_yaml(source, file).encode())}


def _tagged(content: bytes) -> bytes:
    """Front matter with `!secret` again in place of each reference."""
    text = content.decode("utf-8", "surrogateescape")
    if START not in text:
        return content
    quoted = re.compile(rf'"[^"\n]*{START}[^"\n]*"')
    text = quoted.sub(lambda found: secret_refs.in_yaml(json.loads(found[0])) or found[0], text)
    return text.encode("utf-8", "surrogateescape")


def _yaml(source: Source, file: File) -> str:
    text = decode(source.file.content, source.path)
    here = frontmatter.parse(file.content, source.path)
    said = yaml.load(text, source.path)
    now = {**here.front, "prompt": here.body}
    gone = [yaml_edit.Set((key,), yaml_edit.MISSING) for key in said if key not in now]
    changed = [yaml_edit.Set((key,), value) for key, value in now.items() if key not in said or said[key] != value]
    return yaml_edit.edit(text, [*gone, *changed])


def keys(resource: Resource[Asked], observed: Mapping[str, Leaf | None]) -> Written:
    """Settings with the keys as they stand: YAML or JSONC, comments kept."""
    [source] = resource.sources
    text = decode(source.file.content, source.path)
    here = {leaf.behind if leaf and leaf.behind else jsonc.steps(part): leaf for part, leaf in observed.items()}
    if source.path.endswith(("yaml", "yml")):
        sets = [yaml_edit.Set(steps, yaml_edit.MISSING if leaf is None else leaf.value) for steps, leaf in here.items()]
        return {source.path: File(yaml_edit.edit(text, sets).encode())}
    edits = [_jsonc(steps, leaf) for steps, leaf in here.items()]
    return {source.path: File(jsonc.encode(jsonc_edit.edit(text, edits)))}


def _jsonc(steps: tuple[str, ...], leaf: Leaf | None) -> jsonc_edit.Edit:
    if leaf is None:
        return jsonc_edit.Delete(steps)
    return jsonc_edit.Set(steps, secret_refs.to_json(leaf.value), leaf.ordered)
