"""The repository of desired state: whether it is valid, and whether git is in the middle of something. Looks only."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.app import planning
from reconciler.app.checks.finding import Finding, note, of_problems
from reconciler.app.session import App
from reconciler.model.problem import Invalid
from reconciler.model.world import Repository

PROGRESS = {
    "rebase": "`git rebase --continue` or `--abort`",
    "am": "`git am --continue` or `--abort`",
    "merge": "`git commit`, or `git merge --abort`",
    "cherry-pick": "`git cherry-pick --continue` or `--abort`",
    "revert": "`git revert --continue` or `--abort`",
    "bisect": "`git bisect reset`",
}


def check(app: App) -> Iterator[Finding]:
    if app.repository is None:
        hint = "`cd` into it or use `-C DIR`; `reconcile init` starts one"
        yield Finding(False, "no desired-state repository here", hint)
        return
    try:
        yield from _git(app.repository)
        loaded = planning.read_all(app)
    except Invalid as error:
        yield from of_problems(error.problems)
        return
    revision = loaded.revision
    yield Finding(True, f"repository: {app.repository.folder} at {revision.short}, {len(loaded.resources)} resources")
    if revision.uncommitted:
        files = "1 file" if revision.uncommitted == 1 else f"{revision.uncommitted} files"
        yield note(f"{files} of desired state not committed: `plan` and `apply` read them, other machines do not")
    warned = len(loaded.problems)
    if warned:
        yield note(f"{warned} warning{'s' * (warned != 1)} in desired state", "`reconcile validate` shows them")


def _git(repository: Repository) -> Iterator[Finding]:
    doing = repository.in_progress()
    if doing:
        text = f"git is in the middle of a {doing}: what stands in the work tree is no commit's"
        yield Finding(False, text, f"end it: {PROGRESS[doing]}")
    elif not repository.branch():
        text = f"no branch is checked out (HEAD is at {repository.head()[:7]}): commits made here are easily lost"
        yield Finding(False, text, "`git switch main`, or whatever your branch is called")
    if repository.partial():
        text = "this is a partial clone: contents that were not fetched yet can't be read, and nothing fetches them"
        yield note(text, "`git fetch --refetch` gets them all")
