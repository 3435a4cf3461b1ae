"""Whom a plan disturbs → the section that says so: which server, how, why, and who is at work there. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.cli import phrase
from reconciler.cli.style import Style, columns, pad
from reconciler.model.change import Change, Disruption, Plan


def disruptions(plan: Plan) -> list[tuple[Change[object], Disruption]]:
    """Those that would happen."""
    return [(change, disruption) for change in plan.due for disruption in change.disturbs]


def disturbs(plan: Plan, style: Style) -> Iterator[str]:
    """The section's lines; none where nobody is disturbed."""
    found = disruptions(plan)
    if not found:
        return
    yield style.paint("Disturbs", "title")
    name = max(columns(str(one.ref)) for _, one in found)
    how = max(columns(one.how) for _, one in found)
    for _, one in found:
        said = style.safe(phrase.joined([one.reason, one.busy]))
        yield f"  {pad(style.safe(str(one.ref)), name)}  {style.paint(pad(one.how, how), 'warning')}  {said}"
    yield ""


def disturbed(plan: Plan) -> str:
    """`2 servers disturbed`."""
    refs = {one.ref for _, one in disruptions(plan)}
    return f"{phrase.count(len(refs), 'server')} disturbed" if refs else ""
