"""What a server used over time: samples, rolled up as they age, and dropped in the end. Frozen data; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Tier(NamedTuple):
    """Samples of one coarseness, both in seconds: how much time one stands for, and how long it is kept."""

    width: float
    kept: float


HOUR, DAY = 3600.0, 86400.0
TIERS = (Tier(0.0, 6 * HOUR), Tier(600.0, 14 * DAY), Tier(HOUR, 400 * DAY))


@dataclass(frozen=True, slots=True)
class Sample:
    """`at`: seconds since the epoch, the begin of what it stands for; `cpu` in percent of a core, `memory` in bytes,
    `latency` of a probe in seconds. `number` of samples that were rolled up in it."""

    at: float
    cpu: float
    memory: int
    most_memory: int
    sessions: int = 0
    busy: int = 0
    latency: float = 0.0
    number: int = 1


def rolled(samples: Iterable[Sample], width: float) -> list[Sample]:
    """One for each stretch of `width` seconds: means, but the most of memory, sessions and who was busy."""
    buckets: dict[float, list[Sample]] = {}
    for sample in samples:
        buckets.setdefault(sample.at - sample.at % width, []).append(sample)
    return [_merged(at, found) for at, found in sorted(buckets.items())]


def _merged(at: float, found: list[Sample]) -> Sample:
    number = sum(one.number for one in found)

    def mean(values: Iterable[float]) -> float:
        return sum(value * one.number for value, one in zip(values, found, strict=True)) / number

    return Sample(
        at=at,
        cpu=mean(one.cpu for one in found),
        memory=round(mean(one.memory for one in found)),
        most_memory=max(one.most_memory for one in found),
        sessions=max(one.sessions for one in found),
        busy=max(one.busy for one in found),
        latency=mean(one.latency for one in found),
        number=number,
    )
