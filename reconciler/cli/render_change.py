"""The changes of one resource → the lines a plan shows for them: its own line, its files, what differs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.cli import phrase
from reconciler.cli.grouping import Item, sign
from reconciler.cli.render_body import Page, body, note, place, size
from reconciler.cli.render_keys import below, beside
from reconciler.cli.style import pad
from reconciler.model.change import Change

TONES = {"+": "create", "-": "delete", "~": "update", "!": "held", "=": "dim"}
FEW = 8
INDENT = 6


def item_lines(item: Item, page: Page) -> list[str]:
    """The entry's own line, and what differs below it."""
    single = len(item.changes) == 1
    if item.keyed:
        return [_head(item, beside(item, page), page), *below(item, page, INDENT)]
    inline = single and _fits_inline(item.first)
    detail = _value(item.first, page) if inline else _detail(item, page)
    if single:
        return [_head(item, detail, page), *([] if inline else body(item.first, page, INDENT))]
    return [_head(item, detail, page), *_parts(item, page)]


def _head(item: Item, detail: str, page: Page) -> str:
    name = page.style.paint(pad(page.style.safe(item.title), page.column), "title")
    return f"  {page.style.paint(item.sign, TONES[item.sign])} {name}  {detail}"


def _fits_inline(change: Change[Any]) -> bool:
    diff = change.diff
    alone = len(diff.fields) == 1 and not diff.text and not diff.note
    return alone and change.verdict.allowed and (bool(change.claim.item) or not note(change))


def _value(change: Change[Any], page: Page) -> str:
    part = "" if change.claim.item else page.style.safe(change.target.part)
    value = phrase.field(change.diff.fields[0], page.style, change.target.part)
    return phrase.joined([part, value, note(change)])


def _detail(item: Item, page: Page) -> str:
    first, style = item.first, page.style
    if item.held:
        return style.safe(first.verdict.rule)
    if len(item.changes) == 1:
        return phrase.joined([_below(first, "", page), note(first), size(first)])
    notes = {note(change) for change in item.changes}
    common = notes.pop() if len(notes) == 1 else ""
    files, folder = phrase.count(len(item.changes), "file"), _folder(item.changes, page)
    return phrase.joined([f"{files} in {folder}" if folder else files, common])


def _folder(changes: Sequence[Change[Any]], page: Page) -> str:
    """The folder they all stand in."""
    paths = [place(change, page) for change in changes]
    start = paths[0][: phrase.alike(min(paths), max(paths)).head]
    return start[: start.rfind("/") + 1]


def _parts(item: Item, page: Page) -> Iterator[str]:
    """The files of a resource: names alone where that says all, else each with what differs."""
    shown = item.changes if page.style.full else item.changes[:FEW]
    folder = _folder(item.changes, page)
    names = [_below(change, folder, page) for change in shown]
    more = [f"… {len(item.changes) - len(shown)} more"] if len(shown) < len(item.changes) else []
    if not page.style.full and item.sign in "+-=":
        for line in _wrapped(", ".join([*names, *more]), page.style.width - INDENT):
            yield " " * INDENT + page.style.paint(line, "dim")
        return
    for name, change in zip(names, shown, strict=True):
        mark = page.style.paint(sign(change), TONES[sign(change)])
        yield f"{' ' * INDENT}{mark} {phrase.joined([name, note(change), size(change)])}"
        yield from body(change, page, INDENT + 2)
    yield from (" " * INDENT + page.style.paint(line, "dim") for line in more)


def _below(change: Change[Any], folder: str, page: Page) -> str:
    """A file as it is called in the folder that was named above it, if any, and which region of it."""
    sort, *region = change.claim.item or ("",)
    if folder and sort not in ("", "region"):
        return page.style.safe(change.target.part)
    name = place(change, page).removeprefix(folder)
    return f"{name} ({page.style.safe(region[0])})" if sort == "region" and region else name


def _wrapped(text: str, room: int) -> list[str]:
    """Lines of a terminal; one where there is none."""
    from textwrap import wrap

    return wrap(text, room, break_long_words=False, break_on_hyphens=False) if room > 0 else [text]
