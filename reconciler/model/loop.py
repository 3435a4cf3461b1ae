"""How a repository wants its loop: `loop:` and `notify:` of reconcile.yaml. Frozen data; spans are in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Channel(NamedTuple):
    """Where news go: `desktop`, `webhook` (`to` is one URL) or `command` (`to` is its words)."""

    sort: str
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """`branch`: "" for the one checked out when the loop starts; a remote's (`origin/main`) may be followed too.
    `fetch`: the remote that is asked every `fetch_every`, "" for none. An object corrected more than `corrections`
    times `within` is suspended for `pause`. What servers use is looked at each `sample`."""

    branch: str = ""
    every: float = 300.0
    debounce: float = 0.05
    fetch: str = ""
    fetch_every: float = 300.0
    sample: float = 30.0
    require_signed: bool = False
    corrections: int = 5
    within: float = 600.0
    pause: float = 3600.0
    notify: tuple[Channel, ...] = ()
    notify_every: float = 60.0
