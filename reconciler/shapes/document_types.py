"""The standards that documents obey, by the name of their type. Data, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Standard:
    """`headings`: the sections every document of the type has, in this order; others may stand between them. `front`:
    the keys that its front matter has. `title`: whether it has one heading of the first level,
    before all others."""

    about: str
    headings: tuple[str, ...] = ()
    front: tuple[str, ...] = ()
    title: bool = True


TYPES: Mapping[str, Standard] = {
    "page": Standard("any page: one title"),
    "readme": Standard("what a project is, and how to use it", ("Use", "Develop")),
    "inventory": Standard("a list of what there is, by kind", ("Agents", "Commands")),
    "agent-page": Standard("one agent", ("What it may do", "Referred to by")),
    "command-page": Standard("one command", ("What it runs", "Referred to by")),
    "server-page": Standard("one server", ("How it runs", "When it does not answer", "Referred to by")),
    "runbook": Standard("what to do when something does not work", ("First look", "Symptoms", "Going back")),
    "decision": Standard("one decision, and why", ("Decision", "Why")),
}
