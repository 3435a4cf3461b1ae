"""A plan → what people read before they say yes: grouped by cause, one entry a resource, a summary, a hint. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from reconciler.cli.grouping import SECTIONS, Item, grouped
from reconciler.cli.render_body import Page, learn
from reconciler.cli.render_change import item_lines
from reconciler.cli.render_disturbs import disturbs
from reconciler.cli.render_problems import problem_lines
from reconciler.cli.render_summary import in_step, revision, summary
from reconciler.cli.style import Style, columns
from reconciler.model.change import Plan

WIDEST = 56


def plan(plan: Plan, show: Callable[[str, str], str]) -> str:
    """The whole plan without colours or advice, as tests compare it."""
    return plan_text(plan, Page(Style(), show))


def plan_text(plan: Plan, page: Page) -> str:
    """The whole plan."""
    style = page.style
    problems = [*plan.problems, *(problem for said in plan.confirmed for problem in said.problems)]
    if not plan.due and not plan.held and not plan.title:
        return style.finish([*problem_lines(problems, style), style.safe(in_step(plan, page.only))])
    items = list(grouped(plan.changes))
    for section in SECTIONS:
        learn([change for key, item in items if key == section for change in item.changes], style)
    warnings = list(problem_lines(problems, style))
    page = replace(page, column=min(max((columns(item.title) for _, item in items), default=0), WIDEST))
    lines = [*_header(plan, page), ""]
    for section, title in SECTIONS.items():
        if found := [item for key, item in items if key == section]:
            lines += [style.paint(title, "title"), *_section(found, page), ""]
    lines += disturbs(plan, style)
    lines += [*warnings, *([""] if warnings else []), style.paint(style.safe(summary(plan, items)), "title")]
    return style.finish([*lines, *([style.paint(page.hint, "dim")] if page.hint else [])])


def _header(plan: Plan, page: Page) -> Iterator[str]:
    """What is compared with what, and where."""
    safe = page.style.safe
    if plan.title:
        yield page.style.paint(safe(plan.title), "title")
    only = f" · only {safe(' '.join(page.only))}" if page.only else ""
    machine = f"this is `{safe(plan.host)}`"
    if plan.here:
        machine = f"as if this were `{safe(plan.host)}` (it is `{safe(plan.here)}`)"
    of = f" of {safe(page.of)}" if page.of else ""
    yield f"desired-state{of} at {safe(revision(plan.revision))} · {machine}{only}"


def _section(items: Sequence[Item], page: Page) -> Iterator[str]:
    for item in items:
        yield from item_lines(item, page)
    yield from _hints([item for item in items if item.held], page)


def _hints(items: Sequence[Item], page: Page) -> Iterator[str]:
    """Each hint once: the same advice for many resources names them REF."""
    hints: dict[str, str] = {}
    for item in items:
        if hint := item.first.verdict.hint:
            general = hint.replace(str(item.name), "REF")
            hints[general] = general if general in hints else hint
    for hint in hints.values():
        yield f"  {page.style.paint(f'hint: {page.style.safe(hint)}', 'dim')}"
