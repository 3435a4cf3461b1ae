"""reconcile.yaml → Settings, or every problem in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reconciler.formats import yaml
from reconciler.formats.frontmatter import decode
from reconciler.model.loop import Channel, LoopSettings
from reconciler.model.problem import Invalid, Origin, Problem
from reconciler.model.resource import History, KnownProblem, Mode, Rule, Settings, Source
from reconciler.model.standard import Section, Standard

if TYPE_CHECKING:
    from reconciler.pipeline.settings_schema import LoopEntry, StandardEntry

PATH = "desired-state/reconcile.yaml"
LONGEST_ID = 100
_ID = re.compile(rf"[A-Za-z0-9._-]{{0,{LONGEST_ID}}}")


def settings(source: Source | None) -> Settings:
    """The settings a repository has; those of an empty file where it has none. Raises Invalid."""
    if source is None:
        return Settings()
    text = decode(source.file.content, source.path)
    said = yaml.load(text, source.path)
    if said is None:
        return Settings()
    if not isinstance(said, dict):
        raise Invalid([Problem(Origin(source.path, 1, 1), "not a map of keys", "see `reconcile init`")])
    if said.keys() == {"id"} and isinstance(said["id"], str) and _ID.fullmatch(said["id"]):
        return Settings(said["id"])  # as most are: not worth the library
    return _validated(said, text, source.path)


def _validated(said: dict[str, Any], text: str, path: str) -> Settings:
    from pydantic import ValidationError

    from reconciler.pipeline.settings_schema import SettingsFile

    try:
        read = SettingsFile.model_validate(said)
    except ValidationError as error:
        raise Invalid(_problem(dict(e), text, path) for e in error.errors()) from None
    rules = tuple(
        Rule(pattern, Mode(mode), Origin(path, *yaml.position(text, ["modes", pattern])))
        for pattern, mode in read.modes.items()
    )
    known = tuple(KnownProblem(k.object, k.digest) for k in read.known_problems)
    history = History(read.history.runs, read.history.days)
    standards = {name: _standard(entry) for name, entry in read.standards.items()}
    return Settings(read.id, rules, read.on_conflict, known, _loop(read.loop), history, standards)


def _standard(said: StandardEntry) -> Standard:
    sections = tuple(Section(name, about.rstrip(".")) for name, about in said.sections.items())
    return Standard(said.about, sections, dict(said.front), said.title)


def _loop(said: LoopEntry) -> LoopSettings:
    return LoopSettings(
        branch=said.branch,
        every=said.every,
        debounce=said.debounce,
        fetch=said.fetch,
        fetch_every=said.fetch_every,
        sample=said.sample,
        require_signed=said.require_signed,
        corrections=said.guard.corrections,
        within=said.guard.within,
        pause=said.guard.pause,
        notify=tuple(_channel(entry) for entry in said.notify),
        notify_every=said.notify_every,
    )


def _channel(said: Any) -> Channel:
    if said == "desktop":
        return Channel("desktop")
    sort = "webhook" if hasattr(said, "webhook") else "command"
    return Channel(sort, (said.webhook,) if sort == "webhook" else tuple(said.command))


def _problem(error: dict[str, Any], text: str, path: str) -> Problem:
    steps = [str(step) for step in error["loc"]]
    key = "/".join(steps)
    origin = Origin(path, *yaml.position(text, steps))
    if error["type"] == "extra_forbidden":
        return Problem(origin, f"unknown key `{key}`", _meant(steps[-1]))
    return Problem(origin, f"`{key}`: {error['msg'][:1].lower()}{error['msg'][1:]}")


def _meant(key: str) -> str:
    import difflib

    from reconciler.pipeline.settings_schema import SettingsFile

    near: Sequence[str] = difflib.get_close_matches(key, list(SettingsFile.model_fields), 1)
    return f"did you mean `{near[0]}`?" if near else f"it may hold: {', '.join(SettingsFile.model_fields)}"
