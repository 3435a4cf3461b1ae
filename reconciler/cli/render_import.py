"""What an import took and left → text and a JSON record: nothing is left out silently. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reconciler.cli import phrase
from reconciler.cli.render_problems import problem_lines, problem_record
from reconciler.cli.style import Style

if TYPE_CHECKING:
    from reconciler.app import Imported

MANY = 20


def import_text(imported: Imported, folder: str, left: Sequence[tuple[str, str]], style: Style) -> str:
    """Counts of what was taken, all that was not, and what to do next. `left`: path and reason."""
    taken = Counter(found.ref.kind for found in imported.found)
    kept = f"; {imported.kept} in git already" if imported.kept else ""
    where = style.safe(f"{folder}/desired-state")
    lines = [style.paint(f"imported {phrase.count(len(imported.found), 'object')} into {where}{kept}", "title")]
    width = max(map(len, taken), default=0)
    lines += [f"  {kind:<{width}}  {number}" for kind, number in sorted(taken.items())]
    lines += _left(left, style)
    if imported.problems:
        lines += ["", *problem_lines(imported.problems, style)]
    if imported.found:
        lines += [
            "",
            style.paint("no byte of this home was changed; keep it: `git add desired-state && git commit`", "dim"),
        ]
    return style.finish(lines)


def _left(left: Sequence[tuple[str, str]], style: Style) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for path, reason in left:
        reasons.setdefault(reason, []).append(path)
    lines = ["", style.paint("left out", "title")] if reasons else []
    for reason, paths in sorted(reasons.items(), key=lambda entry: (len(entry[1]), entry[0])):
        lines.append(f"  {style.safe(reason)}")
        lines += [f"    {style.paint(style.safe(path), 'dim')}" for path in sorted(paths)[:MANY]]
        if len(paths) > MANY:
            lines.append(f"    … {len(paths) - MANY} more (`reconcile import --json` lists all)")
    return lines


def import_record(imported: Imported, left: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The same as data."""
    return {
        "folder": imported.folder,
        "imported": [str(found.ref) for found in imported.found],
        "written": list(imported.written),
        "left": [{"path": path, "reason": reason} for path, reason in left],
        "problems": [problem_record(problem) for problem in imported.problems],
        "run": imported.run.id if imported.run else None,
    }
