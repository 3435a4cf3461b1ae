"""Everything below this folder runs against the real `opencode`, or is skipped with the reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.opencode import Sandbox, Unavailable, binary
from tests.support.stub_llm import StubModel

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def opencode() -> Path:
    """The binary."""
    try:
        return binary()
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def sandbox(opencode: Path, tmp_path: Path) -> Iterator[Sandbox]:
    """A HOME of its own for one test; every server started in it is gone afterwards."""
    with Sandbox(tmp_path / "home", opencode) as made:
        yield made


@pytest.fixture(scope="module")
def shared_sandbox(opencode: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One HOME for the tests of a file (for those that a worker runs, under `pytest -n`)."""
    with Sandbox(tmp_path_factory.mktemp("opencode") / "home", opencode) as made:
        yield made


@pytest.fixture
def stub() -> Iterator[StubModel]:
    with StubModel() as listening:
        yield listening
