"""What was measured → a table in Markdown and a chart in SVG. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from tests.bench.measure import Table, median, ratio

PASS, STATUS = "`python3 -c pass`", "`git status`"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 900, 560, 70, 30, 330, 50
COLOURS = re.findall(
    r"\S+",
    (
        "#4e79a7 #f28e2b #e15759 #76b7b2 #59a14f #edc948 #b07aa1 #ff9da7 #9c755f #bab0ac #1f77b4 #d62728 #2ca02c "
        "#9467bd #8c564b #17becf #7f7f7f #bcbd22"
    ),
)


def markdown(table: Table, sizes: Sequence[int]) -> str:
    """Seconds and peak memory of each row and size, the growth between the last two, and two ratios."""
    head = [*(f"{size:,}" for size in sizes), *(f"MiB at {size:,}" for size in sizes), "growth", "× pass", "× status"]
    lines = [f"| seconds, whole process | {' | '.join(head)} |", f"|---|{'---:|' * len(head)}"]
    for name, by_size in table.items():
        costs = {size: median(by_size[size]) for size in sizes}
        seconds = [f"{costs[size].wall:.3f}" for size in sizes]
        peaks = [f"{costs[size].peak / 1024:.0f}" for size in sizes]
        growth = f"{costs[sizes[-1]].wall / costs[sizes[-2]].wall:.1f}" if len(sizes) > 1 else ""
        floors = [
            f"{ratio(by_size[sizes[-1]], table[floor][sizes[-1]]):.1f}" if floor in table else ""
            for floor in (PASS, STATUS)
        ]
        lines.append(f"| {name} | {' | '.join([*seconds, *peaks, growth, *floors])} |")
    return "\n".join(lines) + "\n"


def chart(table: Table, sizes: Sequence[int]) -> str:
    """Seconds over size, both logarithmic, a line for each row."""
    seconds = {name: [median(costs[size]).wall for size in sizes] for name, costs in table.items()}
    low = math.floor(math.log10(min(map(min, seconds.values()))))
    high = math.ceil(math.log10(max(map(max, seconds.values()))))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="11"><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *_grid(sizes, low, high),
    ]
    ends = _spread({name: _y(values[-1], low, high) for name, values in seconds.items()})
    for colour, (name, values) in zip(COLOURS * 2, seconds.items(), strict=False):
        points = " ".join(f"{_x(n, sizes):.1f},{_y(v, low, high):.1f}" for n, v in zip(sizes, values, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{ends[name]:.1f}" fill="{colour}">{_label(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _grid(sizes: Sequence[int], low: int, high: int) -> Iterator[str]:
    for power in range(low, high + 1):
        y = _y(10**power, low, high)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>'
    for size in sizes:
        x = _x(size, sizes)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{size:,} agents</text>'


def _x(size: int, sizes: Sequence[int]) -> float:
    low, high = math.log10(sizes[0]), math.log10(sizes[-1])
    return LEFT + (WIDTH - RIGHT - LEFT) * ((math.log10(size) - low) / (high - low) if high > low else 0.5)


def _y(seconds: float, low: int, high: int) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (math.log10(seconds) - low) / (high - low)


def _spread(ends: dict[str, float]) -> dict[str, float]:
    """Labels moved apart where lines end at one height."""
    placed: dict[str, float] = {}
    last = -math.inf
    for name, y in sorted(ends.items(), key=lambda end: end[1]):
        last = max(y + 4, last + 14)
        placed[name] = last
    return placed


def _label(name: str) -> str:
    return escape(name.replace("`", ""))
