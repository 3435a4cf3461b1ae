"""Events and suspensions → lines or JSON records. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from reconciler.cli.style import Style
from reconciler.model.event import Event, Level, Suspension

TONES = {Level.NOTE: "", Level.WARNING: "warning", Level.ERROR: "error", Level.RESOLVED: "ok"}


def event_line(event: Event, style: Style) -> str:
    """`2026-11-22 12:03:44  corrected  update agent/x (run 12)`."""
    what = f"{event.what:<10}"
    tone = TONES[event.level]
    run = f" (run {event.run})" if event.run else ""
    text = ("\n" + " " * 33).join(style.safe(part) for part in event.text.split("\n"))
    return f"{event.at[:19].replace('T', ' ')}  {style.paint(what, tone) if tone else what} {text}{run}"


def suspension_line(pause: Suspension) -> str:
    until = f"until {pause.until[:16].replace('T', ' ')} UTC" if pause.until else "until `reconcile unsuspend`"
    return f"{pause.scope}: left alone {until}: {pause.reason}"


def suspension_record(pause: Suspension) -> dict[str, Any]:
    return asdict(pause)
