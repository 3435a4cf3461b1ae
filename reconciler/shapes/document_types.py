"""The standards that documents obey, by the name of their type: shipped ones, and a repository's own. Data."""

from __future__ import annotations

from reconciler.formats.meant import meant
from reconciler.model.problem import Origin, Problem
from reconciler.model.resource import Settings
from reconciler.model.standard import Section, Standard, Types

NAMES_IT = Section("Referred to by", "what names it, with links")
TYPES: Types = {
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


def known(settings: Settings) -> Types:
    """All that a repository has; its own one comes before a shipped one of that name."""
    return {**TYPES, **settings.standards}


def unknown(kind: str, types: Types, origin: Origin) -> Problem:
    """A type that there is none of."""
    near = meant(kind, list(types))
    listed = ", ".join(f"`{name}`" for name in types)
    hint = f"did you mean `{near}`?" if near else f"there are {listed}; `standards:` in reconcile.yaml adds others"
    return Problem(origin, f"there is no document type `{kind}`", hint)
