"""The shape of reconcile.yaml, for pydantic: imported only when the file is read anew."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class KnownProblemEntry(BaseModel):
    """An object that already had a problem when it was imported, and its digest then."""

    model_config = ConfigDict(extra="forbid")
    object: str
    digest: str


class SettingsFile(BaseModel):
    """`id` names the repository in the state; `modes` maps references or globs to a mode, later ones win."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$", max_length=100)
    modes: dict[str, Literal["enforce", "report", "ignore"]] = {}
    on_conflict: Literal["hold", "desired"] = "hold"
    known_problems: list[KnownProblemEntry] = []
