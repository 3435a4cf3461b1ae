"""Where the lines of a text really stand that was put together from other files. Frozen data."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from reconciler.model.problem import Origin, Problem


class Point(NamedTuple):
    """From this line and column on the text comes from `origin`; `runs`: line by line from there on."""

    line: int
    column: int
    origin: Origin
    runs: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """`whole`: what a person opens for all of the text; `points` in order; `file`: the one file whose bytes these
    are, "" where they were made from several or are an entry of another."""

    whole: Origin
    points: tuple[Point, ...] = ()
    file: str = ""

    def origin(self, line: int, column: int = 1) -> Origin:
        """Where a place of the text really stands."""
        index = bisect_right([point[:2] for point in self.points], (line, max(column, 1))) - 1
        if not line or index < 0:
            return self.whole
        point = self.points[index]
        if point.runs:
            return Origin(point.origin.path, point.origin.line + line - point.line, column)
        return point.origin


Traces = Mapping[str, Trace]


def whole_file(path: str) -> Trace:
    """The trace of a text that is another file, byte for byte."""
    return Trace(Origin(path), (Point(1, 1, Origin(path, 1, 1), runs=True),), path)


def traced(origin: Origin, traces: Traces) -> Origin:
    """The place that a person can open."""
    trace = traces.get(origin.path)
    return origin if trace is None else trace.origin(origin.line, origin.column)


def moved(problem: Problem, traces: Traces) -> Problem:
    """The problem where a person finds it."""
    return replace(problem, origin=traced(problem.origin, traces)) if problem.origin.path in traces else problem
