"""A machine on which no server runs: what is seen of it. Nothing can be done to it, as processes are only ever real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.model.serving import Figures, Launch, Note, Now, Orphan, Process, Serving, Sitting, Suspension


class NoServers:
    """The ServerWorld of a world in memory."""

    def note(self, port: int) -> Note | None:
        return None

    def notes(self) -> Sequence[Note]:
        return ()

    def now(self, ports: Sequence[int]) -> Mapping[int, Now]:
        return {}

    def sitting(self, now: Now) -> Sitting:
        return Sitting()

    def sessions(self, now: Now) -> int:
        return 0

    def integrations(self, now: Now) -> Mapping[str, str] | str:
        return {}

    def orphans(self) -> Sequence[Orphan]:
        return ()

    def figures(self, processes: Sequence[Process]) -> Mapping[Process, Figures]:
        return {}

    def hindrance(self, launch: Launch) -> str:
        return ""

    def first_start(self, launches: Sequence[Launch]) -> bool:
        return False

    def attach(self, now: Now) -> tuple[list[str], dict[str, str]] | str:
        return "no opencode found"

    def room(self) -> int:
        return 1 << 40

    def inside(self, now: Now) -> bool:
        return False

    def clock(self) -> float:
        return 0.0

    def weigh(self, heavy: Mapping[Process, str]) -> None:
        """There is none to be weighed."""

    def prepare(self, launch: Launch) -> str:
        return ""

    def start(self, serving: Serving) -> Now:
        raise NotImplementedError

    def wait(self, servings: Sequence[Serving]) -> Mapping[int, str]:
        return {}

    def dispose(self, now: Now) -> str:
        raise NotImplementedError

    def stop(self, now: Now) -> str:
        raise NotImplementedError

    def remove(self, orphans: Sequence[Orphan]) -> Sequence[Orphan]:
        raise NotImplementedError

    def suspend(self, launch: Launch, suspension: Suspension | None) -> None:
        raise NotImplementedError
