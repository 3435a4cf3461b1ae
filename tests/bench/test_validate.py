"""`validate` beside ruamel.yaml reading the same front matter: prints the figures, and asserts nothing about time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.measure import Cost, median, ratio, run
from tests.bench.rows import ROWS
from tests.bench.work import make

SIZE, ROUNDS = 10_000, 5


@pytest.mark.bench
def test_validate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = make(tmp_path / "work", SIZE)
    rows = [row for row in ROWS if "ruamel" in row.name or row.name == "`validate`"]
    costs: dict[str, list[Cost]] = {row.name: [] for row in rows}
    for _ in range(ROUNDS):
        for row in rows:
            costs[row.name].append(run(row, work))
    ours, alone = costs.values()
    with capsys.disabled():
        print(f"\n{SIZE:,} agents: validate {median(ours).wall:.2f} s, {median(ours).peak / 1024:.0f} MiB; ruamel.yaml")
        print(f"alone {median(alone).wall:.2f} s; in pairs {ratio(ours, alone):.3f} ×")
