"""MCP servers: one declaration, an entry in OpenCode's configuration and one in Zed's settings, under the same id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from reconciler.formats import jsonc, jsonc_to_yaml, masking, yaml_edit
from reconciler.formats.frontmatter import decode
from reconciler.model.kind import Found, Kind, Layer, Left, Writer
from reconciler.model.problem import Origin, Problem, Severity, invalid
from reconciler.model.resource import Claim, File, Layout, Loaded, Mode, Ref, Resource, Source, Target
from reconciler.model.world import Look
from reconciler.shapes import (
    asked,
    describing,
    editor_schema,
    json_keys,
    mcp_declared,
    mcp_described,
    mcp_entry,
    mcp_mistakes,
    settings_file,
    shared_json,
)
from reconciler.shapes.mcp_declared import McpServer
from reconciler.shapes.mcp_entry import KEYS, Entry
from reconciler.shapes.settings_file import SettingsFile
from reconciler.shapes.shared_json import CODEC, Leaf, Steps

FOLDER = "mcp"


def entry(steps: Steps) -> Steps:
    """The entry that a leaf is part of."""
    return steps[:2]


OPENCODE = ("config.json", "opencode.json", "opencode.jsonc")
FILES = {
    "opencode": SettingsFile("mcp_server", "opencode", FOLDER, OPENCODE, "opencode.jsonc", KEYS, {}, entry),
    "zed": SettingsFile("mcp_server", "zed", FOLDER, ("settings.json",), "settings.json", KEYS, {}, entry),
}
TOPS = {"opencode": "mcp", "zed": "context_servers"}
LONGEST = 240


def files(paths: Sequence[str]) -> Mapping[str, str]:
    """`mcp/team/x.yaml` describes `team/x`."""
    ours = (path for path in paths if path.startswith(f"{FOLDER}/") and path.endswith((".yaml", ".yml")))
    return {path: path[len(FOLDER) + 1 :].rpartition(".")[0] for path in ours}


def read(name: str, sources: Sequence[Source]) -> McpServer:
    """A declaration, checked and rendered. Raises Invalid."""
    said = asked.read(sources)
    if said.value is not None and not isinstance(said.value, dict):
        raise invalid(said.path, f"mcp_server/{name} is not a map of keys", "write `key: value` lines", line=1)
    return mcp_declared.server(name, said if said.value else asked.Asked({}, said.path, {}))


def targets(resource: Resource[McpServer], loaded: Loaded | None, layout: Layout) -> Sequence[Target[Leaf]]:
    """One target per leaf of each entry."""
    spec = resource.spec
    return [
        Target(resource.ref, jsonc.pointer(at), Claim(program, place(program, layout, at), at), leaf,
               spec.origin(program, at[2:]))
        for program, entry in spec.entries.items()
        for at, leaf in KEYS.leaves(entry, (TOPS[program], resource.ref.name))
    ]  # fmt: skip


def place(program: str, layout: Layout, steps: Steps) -> str:
    """Where a leaf stands, else where its entry does: part of one in a file of its own is refused by OpenCode."""
    return FILES[program].place(layout, steps)


def adopt(resource: Resource[McpServer], observed: Mapping[str, Leaf | None]) -> Mapping[str, File | None]:
    """The declaration with entries as they stand, comments kept; without it where none stands any more."""
    spec, [source] = resource.spec, resource.sources
    if blocked := next((leaf for leaf in observed.values() if leaf is not None and leaf.behind), None):
        text = f"{resource.ref}: `{jsonc.pointer(blocked.behind)}` holds no keys here"
        raise invalid(source.path, text, "edit it by hand")
    entries: dict[str, Entry] = {}
    for program, top in TOPS.items():
        here = {part: leaf for part, leaf in observed.items() if jsonc.steps(part)[0] == top}
        if entry := mcp_described.observed(
            spec.entries.get(program, {}), {jsonc.steps(p)[2:]: e for p, e in here.items()}
        ):
            entries[program] = entry
    if not entries:
        return {source.path: None}
    said = mcp_described.restated(resource.ref.name, spec, entries)
    if said is None:
        raise invalid(source.path, f"{resource.ref}: no declaration makes what stands there", "edit it by hand")
    text = yaml_edit.edit(decode(source.file.content, source.path), mcp_described.edits(spec.asked.value, said))
    return {source.path: File(text.encode())}


def lint(resource: Resource[McpServer]) -> Iterable[Problem]:
    """Warnings: keys that are unknown to a program, and what it would take otherwise than it reads."""
    spec = resource.spec
    for steps, text, hint in mcp_mistakes.doubts(spec.asked.value):
        yield Problem(spec.asked.origin(steps), f"{resource.ref}: {text}", hint, Severity.WARNING)


def check(resource: Resource[McpServer], layout: Layout) -> Iterable[Problem]:
    """Warnings: keys that another file sets in vain, or that make an entry mean something else."""
    ref, spec = resource.ref, resource.spec
    for target in targets(resource, None, layout):
        yield from FILES[target.claim.root].in_vain(ref, layout, target.claim.item)
    other = (TOPS["zed"], ref.name, "command")
    held = jsonc.pointer(other) in layout.held.get(ref, {})
    if "url" in spec.entries.get("zed", {}) and not held and (path := FILES["zed"].winner(layout, other)):
        text = f"{ref}: `command` stands in this entry of Zed's too, and Zed starts that instead of asking the `url`"
        yield Problem(Origin(layout.show(Claim("zed", path))), text, f"remove it from `{path}`", Severity.WARNING)


def layers(claim: Claim, layout: Layout) -> Sequence[Layer]:
    return settings_file.layers(FILES[claim.root])(claim, layout)


def describe(layout: Layout, look: Look) -> Iterable[Found | Left]:
    """Every entry that a declaration can say; the others stay keys of settings."""
    for claim in _empty(layout):
        yield Left(claim, "no MCP server in it; those that mcp/ declares will come here")
    standing = {program: _standing(program, layout) for program in FILES}
    names = sorted({name for entries in standing.values() for name in entries})
    spelled = Counter(name.casefold() for name in names)
    for name in names:
        entries = {program: all_[name] for program, all_ in standing.items() if name in all_}
        if spelled[name.casefold()] == 1 and _can_be_a_file(name) and not _taken(name, layout):
            ours = {program: e for program, e in entries.items() if _ours(program, name, e, layout)}
            found = _found(name, ours, layout) if ours else None
            yield from [found] if found else []


def _tops(program: str, layout: Layout) -> Iterable[tuple[str, str, jsonc.Node]]:
    """Each file that holds servers: its path, its text, and the object they stand in."""
    for path in FILES[program].paths:
        text = layout.texts.get((program, path))
        root = shared_json.parsed(text)
        node = jsonc.find(root, (TOPS[program],)) if root is not None and root.kind == "object" else None
        if text is not None and node is not None and node.kind == "object":
            yield path, text, node


def _empty(layout: Layout) -> Iterable[Claim]:
    claims = (Claim(p, path, (TOPS[p],)) for p in FILES for path, _, node in _tops(p, layout) if not node.entries)
    return (claim for claim in claims if claim not in layout.taken)


def _standing(program: str, layout: Layout) -> Mapping[str, Entry]:
    """The entries as the program merges them; what is no object is none."""
    merged: Entry = {}
    for _, _, node in _tops(program, layout):
        value = jsonc.value(node)
        merged = mcp_entry.over(merged, value) if isinstance(value, dict) else merged
    return {name: entry for name, entry in merged.items() if isinstance(entry, dict)}


def _can_be_a_file(name: str) -> bool:
    parts = name.split("/")
    fits = all(part not in ("", ".", "..") and len(part.encode("utf-8", "replace")) <= LONGEST for part in parts)
    return fits and name.isprintable() and "\\" not in name


def _taken(name: str, layout: Layout) -> bool:
    """Whether somebody else has a key of one of its entries, or above them: then all of it is theirs."""
    ways = {(program, (top, name)) for program, top in TOPS.items()}
    return any((c.root, c.item[:2]) in ways or (c.root, (*c.item, name)) in ways for c in layout.taken)


def _ours(program: str, name: str, entry: Entry, layout: Layout) -> bool:
    """Whether a declaration for one program could say its entry, and nothing in it looks like a secret."""
    for steps, leaf in KEYS.leaves(entry, (TOPS[program], name)):
        shown = layout.show(Claim(program, place(program, layout, steps)))
        if describing.secret(steps, leaf.value) and f"{shown}#{jsonc.pointer(steps)}" not in layout.include:
            return False
    return mcp_described.declare(name, {program: entry}) is not None


def _found(name: str, entries: Mapping[str, Entry], layout: Layout) -> Found | None:
    """The declaration that makes these entries, every leaf of them and no other."""
    said = mcp_described.declare(name, entries)
    for text in _texts(name, next(iter(entries)), said, layout) if said is not None else ():
        source = Source(f"{describing.DESIRED}/{FOLDER}/{name}.yaml", File(text.encode()))
        ref = Ref("mcp_server", name)
        resource = Resource(ref, read(name, [source]), Origin(source.path), (source,))
        aims = targets(resource, None, layout)
        if mcp_described.alike(resource.spec.entries, entries) and all(_stands(target, layout) for target in aims):
            return Found(ref, (source,), tuple(target.claim for target in aims))
    return None


def _stands(target: Target[Leaf], layout: Layout) -> bool:
    root, path, item = target.claim
    leaf = KEYS.at(layout.texts.get((root, path), ""), item)
    return (
        leaf is not None
        and target.desired is not None
        and shared_json.meaning(leaf) == shared_json.meaning(target.desired)
    )


def _texts(name: str, program: str, said: Entry, layout: Layout) -> Iterable[str]:
    """The declaration as YAML: with the comments of the entry where it stands in one file, and without."""
    held = [
        (text, node, at) for _, text, node in _tops(program, layout) if (at := jsonc.find_entry(node, name)) is not None
    ]
    if len(held) == 1:
        with suppress(ValueError):  # what cannot be edited, or written as YAML
            text = jsonc_to_yaml.convert([mcp_described.commented(*held[0], said)], lambda steps: True)
            if not masking.looks_secret(text.encode()):
                yield text
    with suppress(ValueError):
        yield jsonc_to_yaml.convert([shared_json.rendered(said)], lambda steps: True)


MCP_SERVER: Kind[McpServer, Leaf] = Kind(
    name="mcp_server",
    folder=FOLDER,
    files=files,
    read=read,
    targets=targets,
    observe=KEYS.observe,
    act=KEYS.act,
    describe=describe,
    codec=CODEC,
    diff=json_keys.diff,
    adopt=adopt,
    lint=lint,
    check=check,
    layers=layers,
    writers=(
        Writer("Zed's MCP toggle", "whether a server is on", Mode.REPORT, ("/context_servers/*/enabled",)),
        Writer("Zed's MCP page", "servers added, changed or removed there", pointers=("/context_servers",)),
        Writer("`opencode mcp add`", "servers added there", pointers=("/mcp",)),
        Writer("PATCH /global/config", "any key; in opencode.json it drops all comments", pointers=("/mcp",)),
        Writer("AI agents", "any key, and often wrong ones"),
    ),
    schema=editor_schema.mcp_server,
    reload=(
        "in OpenCode after a restart of each running server, which reads its global configuration once; in Zed at once"
    ),
)
