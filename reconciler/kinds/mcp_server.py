"""MCP servers: one declaration, an entry in OpenCode's configuration and one in Zed's settings, under the same id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconciler.formats import jsonc, jsonc_edit, jsonc_to_yaml, masking
from reconciler.model.kind import Found, Kind, Layer, Left, Writer
from reconciler.model.problem import Invalid, Origin, Problem, Severity, invalid
from reconciler.model.resource import Claim, File, Layout, Loaded, Mode, Ref, Resource, Source, Target
from reconciler.model.world import Look
from reconciler.shapes import asked, describing, json_keys, mcp_entry, settings_file, shared_json
from reconciler.shapes.mcp_entry import KEYS, Entry, McpServer
from reconciler.shapes.settings_file import SettingsFile
from reconciler.shapes.shared_json import CODEC, Leaf, Steps

FOLDER = "mcp"
OPENCODE = ("config.json", "opencode.json", "opencode.jsonc")
FILES = {
    "opencode": SettingsFile("mcp_server", "opencode", FOLDER, OPENCODE, "opencode.jsonc", KEYS, {}),
    "zed": SettingsFile("mcp_server", "zed", FOLDER, ("settings.json",), "settings.json", KEYS, {}),
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
    return mcp_entry.server(name, said if said.value else asked.Asked({}, said.path, {}))


def targets(resource: Resource[McpServer], loaded: Loaded | None, layout: Layout) -> Sequence[Target[Leaf]]:
    """One target per leaf of each entry."""
    spec, name = resource.spec, resource.ref.name
    inside = resource.origin.path == spec.asked.path  # else it is one of several in a file, and stands where that says
    return [
        Target(resource.ref, jsonc.pointer(at), Claim(program, place(program, layout, at), at), leaf,
               spec.origin(program, at[2:]) if inside else resource.origin)
        for program, entry in spec.entries.items()
        for at, leaf in KEYS.leaves(entry, (TOPS[program], name))
    ]  # fmt: skip


def place(program: str, layout: Layout, steps: Steps) -> str:
    """Where a leaf stands, else where the entry does: part of an entry in a file of its own is refused by OpenCode."""
    file, entry = FILES[program], steps[:2]
    return file.winner(layout, steps) or file.winner(layout, (*entry, "type")) or file.place(layout, entry)


def check(resource: Resource[McpServer], layout: Layout) -> Iterable[Problem]:
    """Warnings: keys that another file sets in vain, that are unknown, or that make an entry mean something else."""
    ref, spec = resource.ref, resource.spec
    for steps, text, hint in mcp_entry.doubts(spec.asked.value):
        yield Problem(spec.asked.origin(steps), f"{ref}: {text}", hint, Severity.WARNING)
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
    fits = all(part not in ("", ".", "..") and len(part.encode("utf-8", "replace")) <= LONGEST for part in name.split("/"))
    return fits and name.isprintable() and not set(name) & set('\\:*?"<>|')


def _taken(name: str, layout: Layout) -> bool:
    """Whether somebody else has a key of one of its entries, or above: then all of it is theirs."""
    ways = {(program, (top, name)) for program, top in TOPS.items()}
    return any((c.root, c.item[:2]) in ways or (c.root, (*c.item, name)) in ways for c in layout.taken)


def _ours(program: str, name: str, entry: Entry, layout: Layout) -> bool:
    """Whether a declaration for this program alone can say an entry, and nothing in it looks like a secret."""
    for steps, leaf in KEYS.leaves(entry, (TOPS[program], name)):
        claim = Claim(program, place(program, layout, steps), steps)
        if describing.secret(steps, leaf.value) and describing.shown(layout, claim) not in layout.include:
            return False
    return _says({program: entry}, mcp_entry.declare, name)


def _found(name: str, entries: Mapping[str, Entry], layout: Layout) -> Found | None:
    """A declaration that makes these entries and no other key, or None."""
    ...
