"""What is wrong with documents, and how they hang together → text, JSON, or Graphviz. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reconciler.cli.phrase import count
from reconciler.cli.render_problems import problem_lines, problem_record
from reconciler.cli.style import Style
from reconciler.model.problem import Problem

Edge = tuple[str, str, str]


def check_text(problems: Sequence[Problem], style: Style) -> str:
    """Each problem; advice that several of them in a row share stands once, below the last."""
    last = count(len(problems), "problem") if problems else "documents, links and standards: nothing is amiss"
    following = [*(problem.hint for problem in problems), ""][1:]
    told = [replace(p, hint="") if p.hint == hint else p for p, hint in zip(problems, following, strict=False)]
    return style.finish([*problem_lines(told, style), last])


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
