"""One change → what stands below its line: where, which values, which text, both sides of a conflict. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.cli import phrase
from reconciler.cli.render_diff import LIMIT, diff_lines
from reconciler.cli.style import Style
from reconciler.model.change import Action, Cause, Change, Diff, Standing
from reconciler.model.diff import text_diff
from reconciler.model.resource import PORT, Claim, File


class Sides(NamedTuple):
    """The two halves of a conflict: what was edited here since the last apply, and what git changed since."""

    here: Diff
    git: Diff


@dataclass(frozen=True, slots=True)
class Page:
    """What a plan is drawn with. `show`: root and path as people type it; `column`: how wide the names are;
    `more`: the command that shows diffs whole; `only`: the TARGETs it was limited to; `of`: the repository, where
    nobody named it; `hint`: its last line."""

    style: Style
    show: Callable[[str, str], str]
    column: int = 0
    more: str = "`reconcile plan TARGET --full`"
    only: Sequence[str] = ()
    of: str = ""
    hint: str = ""
    sides: Mapping[Claim, Sides] = field(default_factory=dict)


def learn(changes: Iterable[Change[Any]], style: Style) -> None:
    """Shows the masker whole files and whole values, before those after: a part of one may not look like the secret it
    holds, and one that is known by its key may stand in the text of another."""
    for change in changes:
        for state in (change.before.state, change.after):
            if isinstance(state, File) and (change.diff.text or style.full):
                style.masker.learn(state.content.decode(errors="replace"))
        for said in change.diff.fields:
            key = phrase.key_path(said.pointer)
            for value in (said.before, said.after):
                if value is not None:
                    style.masker.learn(f"{key}: {phrase.literal(value)}")


def place(change: Change[Any], page: Page) -> str:
    return page.style.safe(page.show(change.claim.root, change.claim.path))


def size(change: Change[Any]) -> str:
    """How much comes or goes, where no diff says it."""
    state = change.after if change.action is Action.CREATE else change.before.state
    if change.action not in (Action.CREATE, Action.DELETE) or not isinstance(state, File):
        return ""
    text = _text(state)
    if text is None:
        return f"{phrase.count(len(state.content), 'byte')}, not text"
    return phrase.count(len(text.splitlines()), "line") if text else "empty"


def note(change: Change[Any]) -> str:
    """What neither the sign nor the heading says."""
    if change.action is Action.RESTORE and change.cause is not Cause.UNDO:
        return "what stood there before comes back"
    if change.claim.root == PORT:
        return ""
    if change.action is Action.CREATE and change.cause in (Cause.DRIFT, Cause.CONFLICT):
        return "removed here"
    if change.action is Action.DELETE and change.recorded is not None:
        return "made by us" if change.recorded.standing is Standing.CREATED else "stood here before it was ours"
    return ""


def body(change: Change[Any], page: Page, indent: int) -> Iterator[str]:
    """Where a held change would go, what differs, and that it cannot be taken back."""
    style, margin = page.style, " " * indent
    if not change.verdict.allowed and not (change.target.part or change.claim.item):
        yield margin + style.paint(place(change, page), "dim")
    if sides := page.sides.get(change.claim):
        if change.before.state is None:
            yield margin + style.paint("removed here since the last apply", "dim")
        else:
            yield margin + style.paint("edited here since the last apply:", "dim")
            yield from difference(sides.here, change, page, indent + 2)
        if change.target.desired is None:
            yield margin + style.paint("removed from git since then", "dim")
        else:
            yield margin + style.paint("changed in git since then:", "dim")
            yield from difference(sides.git, change, page, indent + 2)
    else:
        yield from difference(change.diff, change, page, indent)
    if not change.reversible:
        yield margin + style.paint(f"cannot be taken back: {style.safe(change.why_not)}", "warning")


def difference(diff: Diff, change: Change[Any], page: Page, indent: int) -> Iterator[str]:
    style, margin = page.style, " " * indent
    more = page.more.replace("TARGET", str(change.ref))
    fields = diff.fields if style.full or len(diff.fields) <= LIMIT + 1 else diff.fields[:LIMIT]
    for value in fields:
        yield margin + phrase.field(value, style, change.target.part)
    if rest := len(diff.fields) - len(fields):
        yield margin + style.paint(f"… {phrase.count(rest, 'more value')} ({more})", "dim")
    if diff.note:
        yield margin + style.safe(diff.note)
    yield from diff_lines(diff.text or _whole(change, style), style, indent, more)


def _whole(change: Change[Any], style: Style) -> str:
    """With --full, what comes or goes is shown too."""
    if not style.full or change.action not in (Action.CREATE, Action.DELETE) or (change.secret and not change.veiled):
        return ""
    texts = [_text(state) for state in (change.before.state, change.after) if isinstance(state, File)]
    if len(texts) != 1 or texts[0] is None:
        return ""
    return text_diff("", texts[0]) if change.action is Action.CREATE else text_diff(texts[0], "")


def _text(file: File) -> str | None:
    return None if b"\0" in file.content else file.content.decode(errors="replace")
