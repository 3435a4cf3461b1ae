"""Problems → text: where, what, and the hint that mends it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.cli.phrase import count
from reconciler.cli.style import Style
from reconciler.model.problem import Problem, Severity


def problem_lines(problems: Sequence[Problem], style: Style) -> Iterator[str]:
    """Each problem on a line, its hint below."""
    for problem in problems:
        severe = problem.severity is Severity.ERROR
        where = style.paint(style.safe(str(problem.origin)), "title")
        label = "" if severe else style.paint("warning: ", "warning")
        yield f"{where}: {label}{style.safe(problem.text)}"
        if problem.hint:
            yield style.paint(f"  hint: {style.safe(problem.hint)}", "dim")


def invalid_text(problems: Sequence[Problem], style: Style) -> str:
    """Every problem, and that nothing happened."""
    errors = [p for p in problems if p.severity is Severity.ERROR]
    last = style.paint(f"{count(len(errors), 'problem')}; nothing was changed", "error")
    return style.finish([*problem_lines(problems, style), last])


def problem_record(problem: Problem) -> dict[str, str | int]:
    """The same as data."""
    origin = problem.origin
    return {
        "path": origin.path, "line": origin.line, "column": origin.column,
        "severity": problem.severity, "text": problem.text, "hint": problem.hint,
    }  # fmt: skip
