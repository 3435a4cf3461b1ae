"""What stands here → git's own files: `adopt` writes it there, `ignore` writes the rule. Writes the repository only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.app import adopting_merged, adopting_secrets, applying, planning
from reconciler.app.importing import repository_world
from reconciler.app.session import App
from reconciler.formats import yaml_edit
from reconciler.formats.frontmatter import decode
from reconciler.formats.masking import find, looks_secret
from reconciler.model.change import Action, Change, Verdict
from reconciler.model.kind import AnyKind
from reconciler.model.problem import Invalid, Origin, Problem, invalid
from reconciler.model.resource import File, Loaded, Ref, Resource, Source
from reconciler.model.world import Edit
from reconciler.pipeline.settings import PATH

REPOSITORY = "repository"


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was written: the resources, the files of the repository, and a message for the commit."""

    refs: tuple[Ref, ...]
    paths: tuple[str, ...]
    message: str


def adopt(app: App, patterns: Sequence[str]) -> Adopted:
    """Writes what stands here, where it differs, into git's YAML or Markdown. Raises Invalid."""
    loaded = planning.read(app)
    plan = planning.plan(app, targets=patterns)
    differing = [c for c in plan.changes if not c.action.bookkeeping and c.target.desired is not None]
    gone = [c for c in plan.changes if not c.action.bookkeeping and c.target.desired is None]
    if gone:
        text = "git does not name it any more, so there is nothing to write it into"
        raise Invalid(Problem(Origin(str(c.ref)), text, "`reconcile import` describes it anew") for c in gone)
    written: dict[str, tuple[File | None, File | None]] = {}
    for ref in sorted({c.ref for c in differing}):
        kind = next(kind for kind in app.kinds if kind.name == ref.kind)
        ours = [adopting_secrets.veiled(c, kind, app) for c in differing if c.ref == ref]
        for own, changes in _resources(ref, ours, loaded, kind, app):
            own = replace(own, sources=tuple(_latest(source, written) for source in own.sources))
            for path, after in kind.adopt(own, {c.target.part: c.before.state for c in changes}).items():
                before = next(s.file for s in own.sources if s.path == path)
                written[path] = before, after
    _no_secret(written)
    adopting_merged.check({path: after for path, (_, after) in written.items()}, differing, loaded, app)
    _write(app, written)
    _record(app, differing)
    refs = tuple(sorted({c.ref for c in differing}))
    return Adopted(refs, tuple(sorted(written)), f"adopt {', '.join(patterns)}")


def _resources(
    ref: Ref, changes: Sequence[Change[Any]], loaded: Loaded, kind: AnyKind, app: App
) -> Sequence[tuple[Resource[Any], Sequence[Change[Any]]]]:
    """The resource as the files say it that are to be written, with the changes that go into each. Raises Invalid."""
    resource = loaded.of(ref)
    if adopting_merged.files(resource, loaded.traces):
        return adopting_merged.said_by(resource, changes, loaded.traces, kind, app)
    traces = loaded.traces
    own = {source.path: traces[source.path].file for source in resource.sources if source.path in traces}
    sources = tuple(source._replace(path=own.get(source.path) or source.path) for source in resource.sources)
    if len(sources) == 1 and sources[0].path != resource.origin.path:
        hint = f"move it to a file of its own: `{sources[0].path}`"
        raise invalid(str(resource.origin), f"{ref} stands among others in one file, and can't be adopted there", hint)
    return [(replace(resource, sources=sources), changes)]


def _latest(source: Source, written: Mapping[str, tuple[File | None, File | None]]) -> Source:
    after = written.get(source.path, (None, None))[1]
    return source if after is None else Source(source.path, after)


def _no_secret(written: Mapping[str, tuple[File | None, File | None]]) -> None:
    problems = [
        Problem(
            Origin(path), "what stands here looks like a secret, and is not written into git", "see `reconcile why`"
        )
        for path, (before, after) in written.items()
        if after is not None and _secrets(after) - _secrets(before)
    ]
    if problems:
        raise Invalid(problems)


def _secrets(file: File | None) -> set[str]:
    """What looks like a secret in a file."""
    if file is None or not looks_secret(file.content):
        return set()
    text = file.content.decode(errors="replace")
    return {text[span.start : span.end] for span in find(text)}


def _write(app: App, written: Mapping[str, tuple[File | None, File | None]]) -> None:
    world = repository_world(app.here.folder, app.env)
    edits = [Edit(REPOSITORY, path, before, after) for path, (before, after) in sorted(written.items())]
    problems = [edited.problem for edited in world.edit(edits) if edited.problem is not None]
    if problems:
        raise Invalid(problems)


def _record(app: App, differing: Sequence[Change[Any]]) -> None:
    """Git says now what stands here: ownership moves along."""
    claims = {change.claim for change in differing}
    plan = planning.plan(app)
    # Of what holds secrets nothing is kept as it stands.
    due = [c for c in plan.changes if c.claim in claims and (c.action.bookkeeping or not c.secret)]
    ours = (c if c.action.bookkeeping else _as_it_stands(c) for c in due)
    applying.do(app, replace(plan, changes=tuple(ours)), verb="adopt")


def _as_it_stands(change: Change[Any]) -> Change[Any]:
    """What git says in other words (a YAML agent is rendered anew): the hand edit is git's now, and no conflict."""
    seen = change.before
    row = replace(change.recorded, value=seen.fingerprint) if change.recorded else None
    action = Action.RECORD if row else Action.FORGET
    return replace(
        change, action=action, after=seen.state, fingerprint=seen.fingerprint, becomes=row, verdict=Verdict()
    )


def ignore(app: App, pattern: str, mode: str) -> Adopted:
    """Writes a line of `modes:` into reconcile.yaml. Raises Invalid where the pattern names nothing."""
    planning.plan(app, targets=[pattern])
    source = next((s for s in app.here.tree("work").sources if s.path == PATH), None)
    before = source.file if source else None
    text = decode(before.content, PATH) if before else ""
    after = File(yaml_edit.edit(text, [yaml_edit.Set(("modes", pattern), mode)]).encode())
    _write(app, {PATH: (before, after)})
    return Adopted((Ref.parse(pattern),), (PATH,), f"{mode} {pattern}")
