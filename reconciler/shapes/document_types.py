"""The standards that documents obey, by the name of their type. Data, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Section(NamedTuple):
    """A heading of the second level, and what belongs below it."""

    name: str
    about: str


@dataclass(frozen=True)
class Standard:
    """`sections`: those that every document of the type has, in this order; others may stand between them. `front`: the
    keys that its front matter has, and what they say. `title`: whether it has one heading of the first level, before
    all others."""

    about: str
    sections: tuple[Section, ...] = ()
    front: Mapping[str, str] = field(default_factory=dict)
    title: bool = True

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(section.name for section in self.sections)


NAMES_IT = Section("Referred to by", "what names it, with links")
TYPES: Mapping[str, Standard] = {
    "page": Standard("any page: one title"),
    "readme": Standard(
        "what a project is, and how to use it",
        (Section("Use", "how it is installed and used"), Section("Develop", "how it is built, tested and changed")),
    ),
    "inventory": Standard(
        "a list of what there is, by kind",
        (Section("Agents", "each agent, with its page"), Section("Commands", "each command, with its page")),
    ),
    "agent-page": Standard("one agent", (Section("What it may do", "its permissions"), NAMES_IT)),
    "command-page": Standard("one command", (Section("What it runs", "its agent and its prompt"), NAMES_IT)),
    "server-page": Standard(
        "one server",
        (
            Section("How it runs", "port, folder and limits"),
            Section("When it does not answer", "where to look, and in which order"),
            NAMES_IT,
        ),
    ),
    "runbook": Standard(
        "what to do when something does not work",
        (
            Section("First look", "commands that show how things are and change nothing"),
            Section("Symptoms", "what is seen, what it means, and what mends it"),
            Section("Going back", "how a change is taken back"),
        ),
    ),
    "decision": Standard(
        "one decision, and why",
        (Section("Decision", "what is done from now on"), Section("Why", "what speaks for it, and what against it")),
        {"status": "proposed, accepted, or superseded by another one", "date": "when it was decided, as 2026-01-31"},
    ),
}
