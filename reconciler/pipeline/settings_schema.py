"""The shape of reconcile.yaml, for pydantic: imported only when the file is read anew."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from reconciler.formats import duration

Span = Annotated[
    float, BeforeValidator(duration.seconds), WithJsonSchema({"type": ["string", "number"], "examples": ["30s", "5m"]})
]


class KnownProblemEntry(BaseModel):
    """An object that already had a problem when it was imported, and its digest then."""

    model_config = ConfigDict(extra="forbid")
    object: str = Field(description="its reference: `agent/x`")
    digest: str = Field(description="of its files as they were then")


class GuardEntry(BaseModel):
    """When the loop stops fighting somebody over an object."""

    model_config = ConfigDict(extra="forbid")
    corrections: int = Field(default=5, ge=1, description="an object corrected more often than this …")
    within: Span = Field(default=600.0, description="… in this time …")
    pause: Span = Field(default=3600.0, description="… is left alone for this long")


class WebhookEntry(BaseModel):
    """News as JSON, posted to a URL."""

    model_config = ConfigDict(extra="forbid")
    webhook: str = Field(pattern=r"^(https?://.+|env:[A-Za-z_][A-Za-z0-9_]*)$", description="a URL, or `env:NAME`")


class CommandEntry(BaseModel):
    """News as JSON on a program's standard input, their text as its last argument."""

    model_config = ConfigDict(extra="forbid")
    command: list[str] = Field(min_length=1, description="the program and its arguments; no shell reads them")


class LoopEntry(BaseModel):
    """How `reconcile run` keeps this repository's state true."""

    model_config = ConfigDict(extra="forbid")
    branch: str = Field(default="", description="whose commits are applied; `origin/main` follows a remote's")
    every: Span = Field(default=300.0, ge=1, description="how often everything is looked at, whatever happened")
    debounce: Span = Field(default=0.05, description="how long a burst of changes is waited for")
    fetch: str = Field(default="", description="the remote to fetch from; branches and files are never moved")
    fetch_every: Span = Field(default=300.0, ge=1, description="how often")
    sample: Span = Field(default=30.0, ge=0.1, description="how often what servers use is looked at")
    require_signed: bool = Field(default=False, description="apply only commits with a good signature")
    guard: GuardEntry = Field(default=GuardEntry(), description="against a war with another program")
    notify: list[Literal["desktop"] | WebhookEntry | CommandEntry] = Field(default=[], description="who is told")
    notify_every: Span = Field(default=60.0, description="news that come faster than this are told together")


class HistoryEntry(BaseModel):
    """What of the past is kept. What `release` needs stays in any case."""

    model_config = ConfigDict(extra="forbid")
    runs: int = Field(default=100, ge=1, description="so many of the newest runs stay …")
    days: int = Field(default=90, ge=0, description="… and all that are younger than this")


class StandardEntry(BaseModel):
    """What every document of a type has."""

    model_config = ConfigDict(extra="forbid")
    about: str = Field(default="", description="what the type is for")
    sections: dict[str, str] = Field(default={}, description="its sections in their order → what belongs there")
    front: dict[str, str] = Field(default={}, description="the keys of its front matter → what they say")
    title: bool = Field(default=True, description="whether it has one heading of the first level")


class SettingsFile(BaseModel):
    """`id` names the repository in the state; `modes` maps references or globs to a mode, later ones win."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]*$",
        max_length=100,
        description="names this repository as the owner in the state of every home that applies it",
    )
    modes: dict[str, Literal["enforce", "report", "ignore"]] = Field(
        default={}, description="a reference, a key in it or a glob → what is done about hand edits; later lines win"
    )
    on_conflict: Literal["hold", "desired"] = Field(
        default="hold", description="edited here and changed in git: hold it until told, or take git's"
    )
    loop: LoopEntry = Field(default=LoopEntry(), description="for `reconcile run`")
    history: HistoryEntry = Field(default=HistoryEntry(), description="how long runs can be rolled back")
    standards: dict[Annotated[str, Field(pattern=r"^[\w-]+$")], StandardEntry] = Field(
        default={}, description="types of documents, beside those that are shipped"
    )
    known_problems: list[KnownProblemEntry] = Field(
        default=[], description="written by `import`: objects whose mistakes are warnings until somebody edits them"
    )


def document() -> dict[str, Any]:
    """The JSON Schema of reconcile.yaml."""
    found = SettingsFile.model_json_schema()
    return {**found, "title": "Settings of a desired-state repository", "description": "reconcile.yaml"}
