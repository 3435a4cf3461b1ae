"""Plans built by hand, for tests of what people read."""

from __future__ import annotations

from typing import Any

from reconciler.cli.render_body import Page
from reconciler.cli.style import Style
from reconciler.model.change import Action, Cause, Change, Plan, Recorded, Seen, Standing
from reconciler.model.resource import Claim, File, Origin, Ref, Revision, Target
from reconciler.shapes.owned_file import diff

AT = Revision("work", "3f2c1ab5d0e1", "main")


def state(content: str | bytes | None) -> File | None:
    if content is None:
        return None
    return File(content.encode() if isinstance(content, str) else content)


def change(
    ref: str,
    action: Action,
    cause: Cause,
    before: str | bytes | None = None,
    after: str | bytes | None = None,
    *,
    path: str = "",
    part: str = "",
    **more: Any,
) -> Change[Any]:
    """One change of a whole file; `agent/x` stands in `agents/x.md` unless a path is given."""
    parsed = Ref.parse(ref)
    claim = Claim("opencode", path or f"{parsed.kind}s/{parsed.name}.md")
    old, new = state(before), state(after)
    more.setdefault("diff", diff(old, new))
    target: Target[Any] = Target(parsed, part, claim, new, Origin(f"desired-state/{ref}.md", 1, 1))
    return Change(target, action, cause, Seen(claim, old, "before"), new, "after", None, **more)


def row(ref: str, standing: Standing = Standing.CREATED, run: int = 12) -> Recorded:
    parsed = Ref.parse(ref)
    return Recorded(Claim("opencode", "x"), parsed, "", "repo", "value", standing, run=run)


def plan(*changes: Change[Any], revision: Revision = AT, **more: Any) -> Plan:
    return Plan("repo", "laptop", "/home/u", revision, changes, **more)


def page(**style: Any) -> Page:
    return Page(Style(**style), lambda root, path: f"~/.config/{root}/{path}")
