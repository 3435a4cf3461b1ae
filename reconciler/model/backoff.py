"""How long to wait after the n-th failure in a row, and when failures are forgotten. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits grow from `first` by `factor` to `most`, in seconds."""

    first: float = 1.0
    factor: float = 2.0
    most: float = 300.0

    def after(self, failures: int) -> float:
        """Seconds to wait after that many failures in a row; 0.0 after none."""
        # The exponent is capped: a thing that failed for weeks must not overflow.
        return min(self.most, self.first * self.factor ** min(failures - 1, 64)) if failures > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What failed: how often in a row, why, and the second from when on it may be tried again."""

    failures: int
    reason: str
    again: float


Faults = Mapping[str, Fault]


def failed(faults: Faults, key: str, reason: str, now: float, backoff: Backoff) -> dict[str, Fault]:
    """The faults once `key` failed again."""
    before = faults.get(key, Fault(0, "", now))
    return {
        **faults,
        key: replace(before, failures=(n := before.failures + 1), reason=reason, again=now + backoff.after(n)),
    }


def worked(faults: Faults, key: str) -> dict[str, Fault]:
    """The faults once `key` worked: success forgets."""
    return {name: fault for name, fault in faults.items() if name != key}


def resting(faults: Faults, key: str, now: float) -> Fault | None:
    """The fault that `key` rests after, if it may not be tried yet."""
    fault = faults.get(key)
    return fault if fault is not None and now < fault.again else None


def soonest(faults: Faults, now: float) -> float | None:
    """Seconds until one of those that rest may be tried again."""
    return min((fault.again - now for fault in faults.values() if fault.again > now), default=None)


def among(faults: Faults, keys: Collection[str]) -> dict[str, Fault]:
    """Those of `keys`: what is no longer to be done fails no longer."""
    return {name: fault for name, fault in faults.items() if name in keys}
