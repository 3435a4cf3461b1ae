"""The whole measurement, small: every row runs, and ends as it should. `python -m tests.bench` does it at full size."""

from __future__ import annotations

import pytest

from tests.bench import documents
from tests.bench.measure import measure
from tests.bench.report import chart, markdown
from tests.bench.rows import ROWS


@pytest.mark.bench
def test_every_row_can_be_measured() -> None:
    table = measure(ROWS, [10, 20], 1, lambda text: None)
    assert all(row.name in table for row in ROWS if not row.program)
    assert markdown(table, [10, 20]).count("\n") == len(table) + 2
    assert chart(table, [10, 20]).count("<polyline") == len(table)


@pytest.mark.bench
def test_documents_can_be_measured() -> None:
    assert all(seconds > 0 for seconds in documents.measure(20, 1))
