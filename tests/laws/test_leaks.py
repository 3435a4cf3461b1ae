"""Whatever is done, a secret is written nowhere but into the files that need it, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import leaks


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> leaks.Watched:
    return leaks.lived(tmp_path_factory.mktemp("leaks"))


@pytest.mark.parametrize("secret", {**leaks.SOURCES, **leaks.STANDING}.values(), ids=[*leaks.SOURCES, *leaks.STANDING])
def test_no_secret_is_left_anywhere(life: leaks.Watched, secret: str) -> None:
    shapes = list(leaks.forms(secret))
    found = [name for name, content in life.everything() if any(shape in content for shape in shapes)]
    assert not found


def test_the_search_would_find_them(life: leaks.Watched, tmp_path: Path) -> None:
    for form in leaks.forms(leaks.SOURCES["file"]):
        assert any(form in shape for shape in leaks.forms(leaks.SOURCES["file"]))
    names = [name for name, _ in life.everything()]
    assert any("/.git/objects/" in name and name.endswith("unpacked") for name in names)
    assert any(name.startswith("content ") for name in names) and any("plan.json" in name for name in names)
