"""Whatever is done, a secret is written nowhere but into the files that need it, and never shown."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support import leaks


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> leaks.Watched:
    return leaks.lived(tmp_path_factory.mktemp("leaks"))


SECRETS = {**leaks.SOURCES, **leaks.STANDING, **leaks.NAMED}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_no_secret_is_left_anywhere(life: leaks.Watched, secret: str) -> None:
    shapes = list(leaks.forms(secret))
    found = [name for name, content in life.everything() if any(shape in content for shape in shapes)]
    assert not found


@pytest.mark.parametrize("name", ["plain", leaks.STANDING["name"]])
def test_what_is_kept_for_the_next_look_names_no_secret(tmp_path: Path, name: str) -> None:
    """A file that git does not name stands here, and all is in step: names are what such a cache is made of."""
    one = leaks.Watched(tmp_path)
    for path in (f"opencode/agents/{name}.md", f"opencode/skills/{name}-s/SKILL.md"):
        one.live(path).parent.mkdir(parents=True, exist_ok=True)
        one.live(path).write_text("---\nname: x\ndescription: x\n---\n")
    (one.repo / "desired-state/agents").mkdir(parents=True)
    (one.repo / "desired-state/agents/a.md").write_text("A.\n")
    one.commit()
    one.do("apply", "--yes")
    kept = one.home / ".cache/reconciler"
    for _ in range(5):
        time.sleep(1.1)  # what was written within the last second may be written again unseen
        one.look(("plan",), ("check",), ("plan", "--verify"))
    assert kept.exists() == (name == "plain") or not any(path.suffix for path in kept.iterdir())
    found = [where for where, content in one.everything() if name.encode() in content and "/.git/" not in where]
    assert bool(found) == (name == "plain"), found


def test_the_search_would_find_them(life: leaks.Watched, tmp_path: Path) -> None:
    for form in leaks.forms(leaks.SOURCES["file"]):
        assert any(form in shape for shape in leaks.forms(leaks.SOURCES["file"]))
    names = [name for name, _ in life.everything()]
    assert any("/.git/objects/" in name and name.endswith("unpacked") for name in names)
    assert any(name.startswith("content ") for name in names) and any("plan.json" in name for name in names)
