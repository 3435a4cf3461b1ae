"""Documents of the last commit → a commit on a branch, for review. The work tree stays as it is."""

from __future__ import annotations

from typing import Any, NamedTuple

from reconciler.app import documents, planning
from reconciler.app.session import App
from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.model.resource import File
from reconciler.shapes import owned_region


class Published(NamedTuple):
    """A commit, and the files in which it differs from what is committed."""

    commit: str
    paths: tuple[str, ...]


def publish(app: App, branch: str) -> Published:
    """Raises Invalid."""
    from reconciler.world import git_branch

    files = stale_files(app, _ground(app, branch))
    if not files:
        return Published("", ())
    message = "docs: render documents\n\n" + "".join(f"- {path}\n" for path in sorted(files))
    return Published(git_branch.commit(app.here.folder, branch, files, message), tuple(sorted(files)))


def _ground(app: App, branch: str) -> str:
    """What the commit will stand on: the branch as it is, or HEAD where there is none of that name."""
    name = f"refs/heads/{branch}"
    try:
        app.here.contents(name, [])
    except Invalid:
        return "HEAD"
    return name


def stale_files(app: App, ground: str) -> dict[str, File]:
    """The files of this repository as the documents of HEAD make them, where `ground` has others: what stands around a
    region there stays. Raises Invalid."""
    targets = [t for t in documents.targets(app, planning.read(app, "HEAD")) if t.claim.root == documents.HERE]
    stands = app.here.contents(ground, [target.claim.path for target in targets])
    apart = app.here.left_out([t.claim.path for t in targets if t.claim.path not in stands])
    targets = [target for target in targets if target.claim.path not in apart]
    files: dict[str, File] = {}
    problems: list[Problem] = []
    for target in targets:
        path = target.claim.path
        desired: Any = target.desired
        before = files.get(path, stands.get(path))
        if not target.claim.item:
            files[path] = File(desired.content, desired.executable or bool(before and before.executable))
            continue
        name = target.claim.item[1]
        text = before.content if before else owned_region.fresh([name])
        try:
            if name not in owned_region.find(text):
                problems.append(owned_region.lacking(name, text, path))
            else:
                files[path] = File(owned_region.put(text, name, desired), before.executable if before else False)
        except owned_region.Broken as broken:
            problems.append(Problem(Origin(path, broken.line, 1), broken.text, broken.hint))
    if problems:
        raise Invalid(problems)
    return {path: file for path, file in files.items() if file != stands.get(path)}
