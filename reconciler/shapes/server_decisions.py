"""What git wants of a server, and what is so → what must be done, why, and what keeps it from being done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.formats.duration import shown
from reconciler.model.change import Cause
from reconciler.model.serving import Care, Deed, Difference, Health, Launch, Note, Now, Serving, Sitting, Suspension
from reconciler.shapes import server_diagnoses, server_loading
from reconciler.shapes.server_diagnoses import Refusal

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
        return Decision(Deed.START, cause, why, *_refused(server_diagnoses.HINDERED, name, why=case.hindrance))
    if cause is Cause.DRIFT and not case.told:
        if desired.care.restart == "never":
            return Decision(Deed.START, cause, why, *_refused(server_diagnoses.NEVER, name), True)
        if tries := _too_often(case.note, desired, case.clock):
            words = {"tries": tries, "within": shown(desired.care.within)}
            return Decision(Deed.START, cause, why, *_refused(server_diagnoses.WORN, name, **words))
    return Decision(Deed.START, cause, why)


def _ended(case: Case) -> tuple[Cause, str]:
    note = case.note
    if note is None or note.process is None:
        return Cause.DRIFT, "it does not run"
    return Cause.DRIFT, f"process {note.process.pid} has ended"


def _too_often(note: Note | None, desired: Serving, clock: float) -> int:
    recent = _counted(note, desired.care, clock)
    return len(recent) if len(recent) >= desired.care.starts else 0


def _counted(note: Note | None, care: Care, clock: float) -> list[float]:
    """The starts that count now. Those that lie ahead were before the clock was set back, nobody knows how long."""
    return [start for start in (note.starts if note else ()) if clock - care.within < start <= clock]


def pause(note: Note, clock: float) -> float:
    """How many seconds the loop waits before it starts a server again: doubled with each start that was counted."""
    recent = _counted(note, note.care, clock)
    if not recent:
        return 0.0
    return float(max(recent[-1] + note.care.backoff * 2 ** (len(recent) - 1) - clock, 0.0))


def _taken(desired: Serving, now: Now) -> Decision:
    pid = f"process {now.process.pid}" if now.process else "another user's process"
    command = f" (`{now.command}`)" if now.command else ""
    words = {"port": desired.launch.port, "who": f"{pid}{command}"}
    held, hint = _refused(server_diagnoses.OCCUPIED, desired.launch.name, **words)
    return Decision(Deed.START, held=held, hint=hint)


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
        held, hint = _refused(server_diagnoses.UNKNOWN_PASSWORD, desired.launch.name)
        return Decision(Deed.RESTART, Cause.DRIFT, held=held, hint=hint)
    if now.probe.health in ILL:
        return Decision(Deed.RESTART, Cause.DRIFT, f"it does not answer ({now.probe.health})")
    if now.heavy and desired.care.exceeded == "restart":
        return Decision(Deed.RESTART, Cause.DRIFT, now.heavy)
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
            refused = _refused(server_diagnoses.BY_HAND, name, pid=pid, other=other)
            return Decision(Deed.RESTART, Cause.ADOPT, other, *refused)
        return Decision(Deed.NOTHING, Cause.ADOPT, f"runs already (process {pid}): adopted as it is", record=True)
    deed, why = (Deed.RESTART, other) if other else (wish.deed, wish.why) if wish else (Deed.NOTHING, "")
    if deed is Deed.NOTHING:
        return NOTHING
    if case.named:
        return Decision(deed, Cause.DRIFT, why)
    return Decision(deed, Cause.DRIFT, why, *_refused(server_diagnoses.ADOPTED, name, why=why), True)


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
        return held(decision, server_diagnoses.INSIDE)
    if decision.deed is Deed.RESTART and case.hindrance:
        return held(decision, server_diagnoses.HINDERED, why=case.hindrance)
    if case.suspended and case.suspended.state == "stopped" and not case.told:
        return _suspended(decision.deed, decision.cause, case.suspended, name)
    if served and served.care.when == "never" and not case.named and decision.deed is not Deed.STOP:
        return held(decision, server_diagnoses.UNWANTED, name, why=decision.why)._replace(chosen=True)
    return decision


def _refused(refusal: Refusal, name: str, **words: object) -> tuple[str, str]:
    """The rule by which nothing is done, and the way around it."""
    return refusal.told(**words), refusal.hint.format(name=name)


def held(decision: Decision, refusal: Refusal, name: str = "", **words: object) -> Decision:
    """The same, left undone."""
    rule, hint = _refused(refusal, name, **words)
    return decision._replace(held=rule, hint=hint)


def _suspended(deed: Deed, cause: Cause, suspension: Suspension, name: str) -> Decision:
    refusal = server_diagnoses.STOPPED if suspension.state == "stopped" else server_diagnoses.RUNNING
    return Decision(deed, cause, "", *_refused(refusal, name, reason=suspension.reason), True)


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
