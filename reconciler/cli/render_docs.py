"""What is wrong with documents, and how they hang together → text, JSON, or Graphviz. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.cli.phrase import count
from reconciler.cli.render_diff import diff_lines
from reconciler.cli.render_problems import problem_lines, problem_record
from reconciler.cli.style import Style
from reconciler.model.diff import text_diff
from reconciler.model.problem import Problem

if TYPE_CHECKING:
    from reconciler.app.completing import Completion

Edge = tuple[str, str, str]


def check_text(problems: Sequence[Problem], style: Style) -> str:
    last = count(len(problems), "problem") if problems else "documents, links and standards: nothing is amiss"
    return style.finish([*problem_lines(problems, style), last])


def completing_text(found: Sequence[Completion], style: Style) -> Iterator[str]:
    """Each page, what it lacks, and the lines that would be added."""
    for one in found:
        yield f"{style.paint(style.safe(one.path), 'title')}: {style.safe(', '.join(one.added))}"
        before, after = (file.content.decode() for file in (one.before, one.after))
        yield from diff_lines(text_diff(before, after), style, 2)
    if not found:
        yield "every page has what its type asks for"


def check_record(problems: Sequence[Problem]) -> dict[str, Any]:
    return {"ok": not problems, "problems": [problem_record(problem) for problem in problems]}


def graph_text(edges: Sequence[Edge]) -> str:
    """Each thing, and below it what it leads to."""
    lines: list[str] = []
    last = ""
    for start, how, end in edges:
        if start != last:
            lines.append(start)
            last = start
        lines.append(f"  {how} {end}")
    return "\n".join(lines) + "\n" if lines else "nothing names anything\n"


def graph_record(edges: Sequence[Edge]) -> dict[str, Any]:
    nodes = sorted({name for start, _, end in edges for name in (start, end)})
    return {"nodes": nodes, "edges": [{"from": start, "how": how, "to": end} for start, how, end in edges]}


def dot(edges: Sequence[Edge]) -> str:
    lines = [f"  {_quoted(start)} -> {_quoted(end)} [label={_quoted(how)}];" for start, how, end in edges]
    return "\n".join(["digraph documents {", "  rankdir=LR;", *lines, "}"]) + "\n"


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
