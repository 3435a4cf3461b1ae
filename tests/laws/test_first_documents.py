"""Where there are documents, first.py answers as the whole program does, or not at all, whatever happened to them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.histories import AGENT, VERBS, Home, hidden

LIST = "# Agents\n\n{% for one in resources('agent') %}\n- {{ one.name }}: {{ one.description }}\n{% endfor %}\n"
PAGE = "docs/agents.md"
REGION = "# Read me\n\n<!-- reconcile:begin agents -->\n<!-- reconcile:end agents -->\n"


class Documented(Home):
    """With a page in the repository, and a part of one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (self.repo / "templates").mkdir()
        (self.repo / "templates" / "list.md.j2").write_text(LIST)
        (self.repo / "README.md").write_text(REGION)
        self.say(
            "documents/agents.yaml",
            f"template: list.md.j2\noutputs:\n  - {PAGE}\n  - path: README.md\n    region: agents\n",
        )
        said, status = self.slow("apply", "--yes")
        assert status == 0, said
        self.commit()


def _edit(path: str) -> Callable[[Documented], object]:
    return lambda home: (home.repo / path).write_text((home.repo / path).read_text() + "more\n")


def _git(*args: str) -> Callable[[Documented], object]:
    return lambda home: home.git(*args)


def _all(*acts: Callable[[Documented], object]) -> Callable[[Documented], object]:
    return lambda home: [act(home) for act in acts]


def _within(home: Documented) -> None:
    """An edit of the part that is ours."""
    at = home.repo / "README.md"
    at.write_text(at.read_text().replace("ada", "eda"))


HAPPENS: dict[str, Callable[[Documented], object]] = {
    "a page is edited": _edit(PAGE),
    "a page is edited in secret": lambda home: hidden(home.repo / PAGE),
    "a page is edited, and staged": _all(_edit(PAGE), _git("add", "-A")),
    "a page is staged, and put back": _all(
        _edit(PAGE), _git("add", "-A"), lambda home: home.git("restore", "--source=HEAD", "--worktree", PAGE)
    ),
    "a page is edited, and committed": _all(_edit(PAGE), _git("commit", "-qam", "x")),
    "a page is gone": lambda home: (home.repo / PAGE).unlink(),
    "a page is tracked no more": _git("rm", "-q", "--cached", PAGE),
    "a page is ignored": _all(
        _git("rm", "-q", "--cached", PAGE), lambda home: (home.repo / "docs/.gitignore").write_text("*.md\n")
    ),
    "a page is elsewhere": lambda home: (home.repo / "docs").rename(home.repo / "pages"),
    "a folder is a link": _all(
        lambda home: (home.repo / "docs").rename(home.repo / "pages"),
        lambda home: (home.repo / "docs").symlink_to("pages"),
    ),
    "a part is edited": _within,
    "the rest is edited": _edit("README.md"),
    "the rest is edited, and staged": _all(_edit("README.md"), _git("add", "-A")),
    "a template is edited": _edit("templates/list.md.j2"),
    "a template is edited, and staged": _all(_edit("templates/list.md.j2"), _git("add", "-A")),
    "an agent has another name": _git("mv", "desired-state/agents/ada.md", "desired-state/agents/eda.md"),
    "an agent more": lambda home: home.say("agents/eve.md", AGENT.format("eve", "eve")),
    "another file": lambda home: (home.repo / "docs" / "other.txt").write_text("x\n"),
    "another document": lambda home: home.say("documents/more.yaml", "template: list.md.j2\noutputs: [docs/m.md]\n"),
    "it shows what stands here": lambda home: home.say(
        "documents/agents.yaml", f"template: list.md.j2\nobserved: true\noutputs:\n  - {PAGE}\n"
    ),
}  # fmt: skip
QUIET: dict[str, Callable[[Documented], object]] = {
    "nothing": lambda home: None,
    "the index is written anew": _git("update-index", "--force-write-index"),
}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Documented]:
    """Homes enough for everything, that waited together."""
    homes = {told: Documented(tmp_path_factory.mktemp("home")) for told in (*HAPPENS, *QUIET)}
    time.sleep(1.1)
    for home in homes.values():
        for verb in VERBS:
            home.slow(*verb)
    return homes


@pytest.mark.parametrize("told", [*HAPPENS, *QUIET])
def test_each_thing_that_may_happen_to_documents(told: str, ready: dict[str, Documented]) -> None:
    home = ready[told]
    {**HAPPENS, **QUIET}[told](home)
    given = 0
    for verb in VERBS:
        fast, slow = home.fast(*verb), home.slow(*verb)
        assert fast is None or (fast, 0) == slow, f"{' '.join(verb)} after {told}"
        given += fast is not None
    assert told not in QUIET or given == len(VERBS)
