"""A plan that was confirmed → the same, less what would have a server load what OpenCode refuses. Pure."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.change import Plan, Verdict

RULE = "opencode refuses what stands on disk (see below): a server that loads it answers nothing any more"
LOADING = ("dispose", "restart")


def cautious(plan: Plan) -> Plan:
    """A server that runs on an older configuration is better than one that runs on none."""
    if not any(said.problems for said in plan.confirmed):
        return plan
    held = Verdict(False, RULE, "mend that, then apply again")
    changes = tuple(
        replace(c, verdict=held) if c.verdict.allowed and any(d.how.startswith(LOADING) for d in c.disturbs) else c
        for c in plan.changes
    )
    return replace(plan, changes=changes)
