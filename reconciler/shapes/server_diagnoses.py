"""How a server can be when it is not well, and why a plan leaves one as it is: in words, with the remedy. Data.

What `server status`, `why`, plans and the runbook say of it is said here, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from reconciler.model.kind import Diagnosis
from reconciler.model.serving import Health, Now

TAKEN, ENDED = "taken", "ended"
PLACE = re.compile(r"\{\w+\}")
REFUSES = "refusal"


class Refusal(NamedTuple):
    """A rule by which a server is left as it is, and what to do about it; `{name}` and others are filled in."""

    name: str
    rule: str
    hint: str
    means: str

    def told(self, **words: object) -> str:
        return self.rule.format(**words)


PROBES = (
    Diagnosis(
        Health.REFUSED,
        "its process lives, and nobody answers on its port",
        "it is still starting, or it hangs before it listens",
        "`reconcile server logs {name}` shows how far it came; `reconcile apply server/{name}` restarts it",
    ),
    Diagnosis(
        Health.SLOW,
        "`GET /global/health` is not answered in time",
        "it is overloaded, or it hangs; the plan restarts it once that lasts",
        "`reconcile orchestrate --monitor --performance --analyze` shows what it uses; "
        "`reconcile server restart {name} --now` ends it whoever is at work there",
    ),
    Diagnosis(
        Health.LOCKED,
        "it answers 401",
        "its password is not the one that is known here: it was started with another one, or the secret changed since",
        "`reconcile server restart {name} --now` starts it with the one that git names",
    ),
    Diagnosis(
        Health.STRANGE,
        "its answer is none of an OpenCode server",
        "another version, or something between it and here, answers in its place",
        "`curl` the address in its page and read the answer; `reconcile doctor` names the version that is installed",
    ),
    Diagnosis(
        Health.POISONED,
        "`GET /config` of its folder answers 400",
        "its folder was loaded while a file in it could not be, and OpenCode keeps that until it ends",
        "mend the file that it names, then `reconcile apply server/{name}` restarts it",
    ),
    Diagnosis(
        TAKEN,
        "another program listens on its port",
        "it cannot start; nothing of the other program is touched",
        "stop that program, or give the server another `port`",
    ),
    Diagnosis(
        ENDED,
        "it ran, and its process is gone",
        "it crashed, or somebody ended it; the plan starts it again, but for `restart: never`",
        "`reconcile server logs {name}` shows its last words; `reconcile apply server/{name}` starts it",
    ),
)

OCCUPIED = Refusal(
    TAKEN,
    "port {port} is taken by {who}",
    "stop that, or give the server another port",
    "only an `opencode serve` of this user is ever taken over or ended",
)
NEVER = Refusal(
    "never-restarted",
    "it ended, and `restart: never` leaves it so",
    "`reconcile server start {name}` starts it",
    "its declaration says so",
)
WORN = Refusal(
    "worn",
    "started {tries} times within {within}, and it ended each time",
    "see `reconcile server logs {name}`",
    "another start would end like the last ones; `limit` and `within` below `restart` say how many are too many",
)
UNKNOWN_PASSWORD = Refusal(
    Health.LOCKED,
    "it answers 401: its password is not the one that is known here",
    "`reconcile server restart {name} --now`",
    "who is at work there cannot be asked, so nobody is disturbed unasked",
)
BY_HAND = Refusal(
    "by-hand",
    "runs already (process {pid}), {other}",
    "`reconcile server restart {name}` starts it as git says, once it is idle",
    "somebody started it by hand, otherwise than git says",
)
ADOPTED = Refusal(
    "adopted",
    "adopted, so it is left as it is: {why}",
    "`reconcile apply server/{name}` or `reconcile server restart {name}`",
    "it was taken over as it ran, and is changed only when it is named",
)
INSIDE = Refusal(
    "inside",
    "this very session runs on it: left for later",
    "apply again from outside of it",
    "a restart would end the session that asks for it",
)
UNWANTED = Refusal(
    "not-now",
    "`on_config_change: never`: {why}",
    "`reconcile server restart {name}`",
    "its declaration says that a change of configuration waits for a person",
)
STOPPED = Refusal(
    "by-hand-stopped",
    "stopped by hand: {reason}",
    "`reconcile server start {name}` ends that",
    "`reconcile server stop` holds until a start is said",
)
RUNNING = Refusal(
    "by-hand-running",
    "running by hand: {reason}",
    "`reconcile server stop {name}` ends that",
    "`reconcile server start` holds until a stop is said",
)
FULL = Refusal(
    "no-memory",
    "the host has no memory left for it (a server takes about 400 MB)",
    "stop something else first",
    "another server would have the system end one of them",
)
STUCK = Refusal(
    "stuck",
    "it cannot move: {why}",
    "mend that, then apply again",
    "git has it on another port, which it cannot have yet; until then it stays where it is",
)
HINDERED = Refusal(
    "hindered",
    "{why}",
    "mend that, then apply again",
    "it could not be started: no OpenCode, another major version, a folder that is not there, a secret that cannot be "
    "looked up",
)
REFUSALS = (
    OCCUPIED, NEVER, WORN, UNKNOWN_PASSWORD, BY_HAND, ADOPTED, INSIDE, UNWANTED, STOPPED, RUNNING, FULL, STUCK,
    HINDERED,
)  # fmt: skip


def state(now: Now) -> str:
    """One word for how what listens on a port is, "" where it is well."""
    if not now.serves:
        return TAKEN
    return "" if now.probe.health is Health.WELL else str(now.probe.health)


def of(word: str, name: str) -> Diagnosis | None:
    """What a state means for one server; None where it is no trouble."""
    found = next((one for one in PROBES if one.name == word), None)
    return found and found._replace(remedy=found.remedy.replace("{name}", name))


def told() -> list[Mapping[str, str]]:
    """All of it as plain data, for templates: first what probes find, then by which rules a plan leaves a server."""
    found = [{"sort": "probe", **one._asdict(), "name": str(one.name)} for one in PROBES]
    for one in REFUSALS:
        seen = PLACE.sub("…", one.rule)
        words = {"symptom": seen, "means": one.means, "remedy": one.hint}
        found.append({"sort": REFUSES, "name": str(one.name), **words})
    return [{key: said.replace("{name}", "NAME") for key, said in one.items()} for one in found]
