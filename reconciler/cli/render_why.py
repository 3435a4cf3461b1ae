"""Everything known about one resource → text and a JSON record. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reconciler.cli.style import Style
from reconciler.formats.masking import Masker
from reconciler.model.change import ABSENT, Cause, Change, Recorded, Standing
from reconciler.model.fingerprint import alike

if TYPE_CHECKING:
    from reconciler.app import Why, WhyPart

LONGEST = 100
STANDINGS = {
    Standing.CREATED: "made by us",
    Standing.ADOPTED: "taken over as it stood",
    Standing.REPLACED: "taken over, and what stood there before is kept",
}
CAUSES = {
    Cause.COMMIT: "git asks for it", Cause.DRIFT: "it was changed here since the last apply",
    Cause.ADOPT: "it stood here before it was ours", Cause.CONFLICT: "it was changed here, and in git too",
    Cause.ORPHAN: "git no longer names it", Cause.UNKNOWN: "the recorded state is lost", Cause.UNDO: "it is taken back",
}  # fmt: skip


def why_text(why: Why, style: Style) -> str:
    """The resource, then each place it stands in."""
    lines = [style.paint(style.safe(str(why.ref)), "title")]
    for part in why.parts:
        lines += [*([""] if len(why.parts) > 1 else []), *_part(part, style)]
    if why.rule:
        lines.append(_line("rule", f"{why.rule.mode} (`{why.rule.pattern}`, {why.rule.origin})", style))
    for writer in why.writers:
        lines.append(_line("also", f"{writer.who} may write {writer.what}", style))
    return style.finish(lines)


def _line(name: str, text: str, style: Style) -> str:
    return f"  {style.paint(f'{name:<9}', 'dim')}{style.safe(text)}"


def _part(part: WhyPart, style: Style) -> Iterator[str]:
    yield _line(
        "git", f"{part.desired} · {part.commit or 'not committed yet'}" if part.desired else "does not name it", style
    )
    yield _line("here", f"{part.path}: {_here(part)}", style)
    if part.diagnosis is not None:
        yield _line("", f"{part.diagnosis.name}: {part.diagnosis.symptom}: {part.diagnosis.means}", style)
        yield _line("remedy", part.diagnosis.remedy, style)
    yield _line("record", _record(part.recorded), style)
    yield _line("plan", _plan(part.change), style)
    if part.change is not None and part.change.verdict.hint:
        yield _line("", part.change.verdict.hint, style)
    present = [layer for layer in part.layers if layer.present]
    for layer in part.layers:
        wins = " · wins" if len(present) > 1 and layer is present[-1] else ""
        said = layer.value if len(layer.value) <= LONGEST else f"{layer.value[:LONGEST]}…"
        yield _line("layer", f"{layer.where}: {said if layer.present else 'not there'}{wins}", style)


def _here(part: WhyPart) -> str:
    if part.seen.problem is not None:
        return part.seen.problem.text
    if part.seen.fingerprint == ABSENT:
        return "nothing stands there"
    if part.recorded is None:
        return "as git says" if part.change is None or part.change.action.bookkeeping else "something else stands there"
    same = alike(part.seen.fingerprint, part.recorded.value)
    return "as it was last applied" if same else "changed since the last apply"


def _record(row: Recorded | None) -> str:
    if row is None:
        return "not ours yet"
    revision = f", at {row.revision[:7]}" if row.revision else ""
    return f"{STANDINGS[row.standing]}; last recorded in run {row.run}{revision}"


def _plan(change: Change[Any] | None) -> str:
    if change is None:
        return "in step: nothing to do"
    if not change.verdict.allowed:
        return f"held: {change.verdict.rule}"
    if change.action.bookkeeping:
        return "nothing to write; the next apply records it as it stands"
    return f"{change.action}, since {CAUSES[change.cause]}"


def why_record(why: Why) -> dict[str, Any]:
    """The same as data."""
    return {
        "ref": str(why.ref),
        "parts": [_part_record(part) for part in why.parts],
        "writers": [{"who": w.who, "what": w.what, "mode": w.mode} for w in why.writers],
        "rule": why.rule and {"pattern": why.rule.pattern, "mode": why.rule.mode, "origin": str(why.rule.origin)},
    }


def _part_record(part: WhyPart) -> dict[str, Any]:
    row, change = part.recorded, part.change
    return {
        "root": part.claim.root, "path": part.path, "item": list(part.claim.item),
        "desired": part.desired, "commit": part.commit, "here": _here(part),
        "recorded": row and {"standing": row.standing, "run": row.run, "revision": row.revision},
        "change": change and {
            "action": change.action, "cause": change.cause, "allowed": change.verdict.allowed,
            "held_by": change.verdict.rule, "hint": change.verdict.hint,
        },
        "diagnosis": part.diagnosis and part.diagnosis._asdict(),
        "layers": [layer._replace(value=Masker().mask(layer.value))._asdict() for layer in part.layers],
    }  # fmt: skip
