"""What git wants of a server, and what is so → what must be done, why, and what keeps it from being done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.formats.duration import shown
from reconciler.model.change import Cause
from reconciler.model.serving import Deed, Difference, Health, Launch, Note, Now, Serving, Sitting, Suspension
from reconciler.shapes import server_loading

IDLE = "idle"
MEBI = 1 << 20
NEEDED = 400 * MEBI
ILL = (Health.SLOW, Health.REFUSED, Health.STRANGE)


@dataclass(frozen=True)
class Case:
    """One port. `desired` None: git wants nothing to run there; `owned`: whether the state has it as ours; `coming`:
    what this plan changes in files; `named`: whether a person named this server as TARGET; `told`: or forced it;
    `listed`: whether git names the port at all, `moved`: or the server on another one; `hindrance`: why it could not be
    started; `generations`: the one a server holds, and that of the disk."""

    desired: Serving | None
    now: Now | None
    note: Note | None = None
    owned: bool = False
    coming: Sequence[Difference] = ()
    named: bool = False
    told: bool = False
    inside: bool = False
    hindrance: str = ""
    listed: bool = True
    moved: bool = False
    generations: tuple[int, int] = (0, 0)
    clock: float = 0.0

    @property
    def suspended(self) -> Suspension | None:
        return self.note.suspended if self.note else None


class Decision(NamedTuple):
    """`held` is the rule by which it is not done, `chosen` whether people chose that. `record`: nothing is touched, but
    it is noted as ours, or as ours no more."""

    deed: Deed
    cause: Cause = Cause.COMMIT
    why: str = ""
    held: str = ""
    hint: str = ""
    chosen: bool = False
    record: bool = False


NOTHING = Decision(Deed.NOTHING)


def decide(case: Case) -> Decision:
    """The one thing to do about a port."""
    if case.desired is None:
        return _unwanted(case)
    if case.now is None:
        return _missing(case, case.desired)
    if not case.now.serves:
        return _taken(case.desired, case.now)
    return _guarded(case, _running(case, case.desired, case.now))


def _unwanted(case: Case) -> Decision:
    """Only what we started is ever stopped; what we took over, or did not start, goes on."""
    now = case.now
    if now is None or not now.ours:
        return Decision(Deed.NOTHING, Cause.ORPHAN, record=case.owned)
    if not case.owned:  # started by hand, with `server start`
        return NOTHING
    if case.suspended and case.suspended.state == "running" and not case.told:
        return _suspended(Deed.STOP, Cause.COMMIT, case.suspended, now.launch.name)
    if case.moved:
        return _guarded(case, Decision(Deed.STOP, Cause.COMMIT, "git has it on another port"))
    if case.listed:
        return _guarded(case, Decision(Deed.STOP, Cause.COMMIT, "git wants it stopped"))
    return _guarded(case, Decision(Deed.STOP, Cause.ORPHAN, "git names it no more"))


def _missing(case: Case, desired: Serving) -> Decision:
    name = desired.launch.name
    if desired.care.lifecycle != "owned":
        return Decision(Deed.NOTHING, record=False)
    cause, why = _ended(case) if case.owned else (Cause.COMMIT, "")
    if case.suspended and case.suspended.state == "stopped" and not case.told:
        return _suspended(Deed.START, cause, case.suspended, name)
    if case.hindrance:
        return Decision(Deed.START, cause, why, case.hindrance, "mend that, then apply again")
    if cause is Cause.DRIFT and not case.told:
        if desired.care.restart == "never":
            rule = "it ended, and `restart: never` leaves it so"
            return Decision(Deed.START, cause, why, rule, f"`reconcile server start {name}` starts it", True)
        if tries := _too_often(case.note, desired, case.clock):
            rule = f"started {tries} times within {shown(desired.care.within)}, and it ended each time"
            return Decision(Deed.START, cause, why, rule, f"see `reconcile server logs {name}`")
    return Decision(Deed.START, cause, why)


def _ended(case: Case) -> tuple[Cause, str]:
    note = case.note
    if note is None or note.process is None:
        return Cause.DRIFT, "it does not run"
    return Cause.DRIFT, f"process {note.process.pid} has ended"


def _too_often(note: Note | None, desired: Serving, clock: float) -> int:
    recent = [start for start in (note.starts if note else ()) if start > clock - desired.care.within]
    return len(recent) if len(recent) >= desired.care.starts else 0


def pause(note: Note, clock: float) -> float:
    """How many seconds the loop waits before it starts a server again: doubled with each start that was counted."""
    recent = [start for start in note.starts if start > clock - note.care.within]
    if not recent:
        return 0.0
    return float(max(recent[-1] + note.care.backoff * 2 ** (len(recent) - 1) - clock, 0.0))


def _taken(desired: Serving, now: Now) -> Decision:
    pid = f"process {now.process.pid}" if now.process else "another user's process"
    command = f" (`{now.command}`)" if now.command else ""
    rule = f"port {desired.launch.port} is taken by {pid}{command}"
    return Decision(Deed.START, held=rule, hint="stop that, or give the server another port")


def _running(case: Case, desired: Serving, now: Now) -> Decision:
    if not now.ours:
        return _not_ours(case, desired, now)
    if now.launch != desired.launch:
        return Decision(
            Deed.RESTART, Cause.COMMIT if case.owned else Cause.ADOPT, otherwise(now.launch, desired.launch)
        )
    return _content(case, desired, now) or Decision(Deed.NOTHING, Cause.ADOPT, record=not case.owned)


def _content(case: Case, desired: Serving, now: Now) -> Decision | None:
    """What its health, or the configuration it holds, asks for; None where it is well and up to date."""
    if now.probe.health is Health.POISONED:
        why = f"its folder could not be loaded, and only a restart heals that ({now.probe.text})"
        return Decision(Deed.RESTART, Cause.DRIFT, why)
    if now.probe.health is Health.LOCKED:
        hint = f"`reconcile server restart {desired.launch.name} --now`"
        rule = "it answers 401: its password is not the one that is known here"
        return Decision(Deed.RESTART, Cause.DRIFT, held=rule, hint=hint)
    if now.probe.health in ILL:
        return Decision(Deed.RESTART, Cause.DRIFT, f"it does not answer ({now.probe.health})")
    before, before_why = server_loading.mildest(now.differs)
    after, after_why = server_loading.mildest((*now.differs, *case.coming))
    if after is Deed.NOTHING:
        return None
    if after is before and not any(server_loading.deed(one) is after for one in case.coming):
        return Decision(before, Cause.DRIFT, f"{_generations(case)}: {before_why}")
    return Decision(after, Cause.COMMIT, after_why)


def _generations(case: Case) -> str:
    held, disk = case.generations
    return f"holds generation {held}, disk is {disk}" if held != disk else "holds an older configuration"


def _not_ours(case: Case, desired: Serving, now: Now) -> Decision:
    """Somebody else's server on a declared port: offered for adoption, and never restarted unless it is named."""
    name = desired.launch.name
    pid = now.process.pid if now.process else 0
    if desired.care.lifecycle == "external":
        return NOTHING
    other = otherwise(now.launch, desired.launch, by_hand=True)
    wish = _content(case, desired, now)
    if not case.owned:
        if other:
            hint = f"`reconcile server restart {name}` starts it as git says, once it is idle"
            return Decision(Deed.RESTART, Cause.ADOPT, other, f"runs already (process {pid}), {other}", hint)
        return Decision(Deed.NOTHING, Cause.ADOPT, f"runs already (process {pid}): adopted as it is", record=True)
    deed, why = (Deed.RESTART, other) if other else (wish.deed, wish.why) if wish else (Deed.NOTHING, "")
    if deed is Deed.NOTHING:
        return NOTHING
    if case.named:
        return Decision(deed, Cause.DRIFT, why)
    hint = f"`reconcile apply server/{name}` or `reconcile server restart {name}`"
    return Decision(deed, Cause.DRIFT, why, f"adopted, so it is left as it is: {why}", hint, True)


def otherwise(now: Launch, desired: Launch, by_hand: bool = False) -> str:
    """How two launches differ, in words; of one by hand its variables and password are not known."""
    keys = ("port", "hostname", "path", "data") if by_hand else Launch.__slots__
    names = [key for key in keys if getattr(now, key) != getattr(desired, key)]
    return f"with another {', '.join(names)}" if names else ""


def _guarded(case: Case, decision: Decision) -> Decision:
    """What people or this very session hold up."""
    if decision.deed is Deed.NOTHING or decision.held:
        return decision
    served = case.desired or (Serving(case.now.launch) if case.now else None)
    name = served.launch.name if served else ""
    if case.inside:
        rule = "this very session runs on it: left for later"
        return decision._replace(held=rule, hint="apply again from outside of it")
    if decision.deed is Deed.RESTART and case.hindrance:
        return decision._replace(held=case.hindrance, hint="mend that, then apply again")
    if case.suspended and case.suspended.state == "stopped" and not case.told:
        return _suspended(decision.deed, decision.cause, case.suspended, name)
    if served and served.care.when == "never" and not case.named and decision.deed is not Deed.STOP:
        hint = f"`reconcile server restart {name}`"
        return decision._replace(held=f"`on_config_change: never`: {decision.why}", hint=hint, chosen=True)
    return decision


def _suspended(deed: Deed, cause: Cause, suspension: Suspension, name: str) -> Decision:
    verb = "start" if suspension.state == "stopped" else "stop"
    rule = f"{suspension.state} by hand: {suspension.reason}"
    return Decision(deed, cause, "", rule, f"`reconcile server {verb} {name}` ends that", True)


def too_many(starting: Iterable[Serving], room: int) -> set[int]:
    """The ports for which the host has no memory left; who matters most starts first."""
    ordered = sorted(starting, key=lambda serving: (serving.care.priority, serving.launch.port))
    return {serving.launch.port for serving in ordered[room // NEEDED :]}


def over_limits(serving: Serving, cpu: float, memory: int) -> list[str]:
    """Which of its limits a server exceeds, in words."""
    care = serving.care
    found = [f"CPU {cpu:.0f}% of at most {care.cpu:g}%"] if care.cpu and cpu > care.cpu else []
    if care.memory and memory > care.memory:
        found.append(f"memory {memory // 1_000_000} MB of at most {care.memory // 1_000_000} MB")
    return found


def manner(serving: Serving, decision: Decision) -> str:
    """`restart, when idle`."""
    if decision.deed is Deed.START:
        return "start"
    return f"{decision.deed}, now" if serving.care.when == "now" else f"{decision.deed}, when idle"


def told(sitting: Sitting) -> str:
    """`2 busy sessions, 1 open permission`."""
    if sitting.unknown:
        return f"nobody can say who is busy ({sitting.unknown})"
    parts = [
        f"{number} {word}{'s' if number != 1 else ''}"
        for number, word in (
            (len(sitting.busy), "busy session"),
            (sitting.permissions, "open permission"),
            (sitting.questions, "open question"),
        )
        if number
    ]
    return ", ".join(parts) or IDLE
