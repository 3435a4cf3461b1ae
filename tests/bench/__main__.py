"""`python -m tests.bench [--sizes 100,1000,10000] [--rounds 5] [--write]`: measures, and shows or keeps
the table and the chart (docs/performance.md, docs/performance.svg)."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.measure import measure
from tests.bench.report import chart, markdown
from tests.bench.rows import ROWS

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--sizes", default="100,1000,10000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="into docs/")
    args = parser.parse_args()
    sizes = [int(size) for size in args.sizes.split(",")]
    table = measure(ROWS, sizes, args.rounds, lambda text: print(text, file=sys.stderr, flush=True))
    text = f"{_machine(args.rounds)}\n\n{markdown(table, sizes)}"
    left = [row.name for row in ROWS if row.name not in table]
    text += f"\nNot installed here: {', '.join(left)}.\n" if left else ""
    print(text)
    if args.write:
        page = (DOCS / "performance.md").read_text()
        before, rest = page.split(BEGIN)
        (DOCS / "performance.md").write_text(f"{before}{BEGIN}\n{text}{END}{rest.split(END)[1]}")
        (DOCS / "performance.svg").write_text(chart(table, sizes))


def _machine(rounds: int) -> str:
    git = subprocess.run(["git", "--version"], capture_output=True, text=True).stdout.split()[2]
    return (
        f"{time.strftime('%Y-%m-%d')}, medians of {rounds} rounds, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, git {git}. Every row has its turn in every round; `× pass` and "
        f"`× status` are ratios within a round, at the largest size."
    )


if __name__ == "__main__":
    main()
