"""Pages that people write, and what is to stand there → a plan, done and taken back as every other. Looks only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from reconciler.app.session import App
from reconciler.model.change import Action, Cause, Change, Plan, Seen
from reconciler.model.fingerprint import fingerprint
from reconciler.model.problem import Origin
from reconciler.model.resource import Claim, File, Ref, Target
from reconciler.shapes import document_state

ROOT = "repository"


class Page(NamedTuple):
    """One page of this repository as it is (None: there is none yet) and as it would be; `added`: what people call
    what was added."""

    path: str
    before: File | None
    after: File
    added: tuple[str, ...] = ()


def plan(app: App, pages: Sequence[Page], title: str) -> Plan:
    """What writes them. A page stays its writer's: nothing of it is owned afterwards."""
    changes = tuple(_change(page, app.journal.key()) for page in pages)
    return Plan(app.repo, app.host, app.env.home, app.here.tree("work").revision, changes, title=title)


def _change(page: Page, key: bytes) -> Change[File]:
    claim = Claim(ROOT, page.path)
    before, after = (fingerprint(file, document_state.CODEC, key) for file in (page.before, page.after))
    target = Target(Ref("document", page.path), page.path, claim, page.after, Origin(page.path))
    diff = replace(document_state.diff(page.before, page.after), note=", ".join(page.added))
    action = Action.CREATE if page.before is None else Action.UPDATE
    return Change(target, action, Cause.COMMIT, Seen(claim, page.before, before), page.after, after, None, diff=diff)
