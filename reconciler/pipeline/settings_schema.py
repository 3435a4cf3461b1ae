"""The shape of reconcile.yaml, for pydantic: imported only when the file is read anew."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class KnownProblemEntry(BaseModel):
    """An object that already had a problem when it was imported, and its digest then."""

    model_config = ConfigDict(extra="forbid")
    object: str = Field(description="its reference: `agent/x`")
    digest: str = Field(description="of its files as they were then")


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
    known_problems: list[KnownProblemEntry] = Field(
        default=[], description="written by `import`: objects whose mistakes are warnings until somebody edits them"
    )


def document() -> dict[str, Any]:
    """The JSON Schema of reconcile.yaml."""
    found = SettingsFile.model_json_schema()
    return {**found, "title": "Settings of a desired-state repository", "description": "reconcile.yaml"}
