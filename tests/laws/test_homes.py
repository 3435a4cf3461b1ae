"""Whole homes, real ones and made ones: import, an empty plan, one edit at a time, rollback, release; byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler import app as application
from reconciler.app import App
from reconciler.model.outcome import Status
from tests.support import homes
from tests.support.sandbox import Sandbox

Contents = dict[str, tuple[bytes, int, str]]
HOMES = [pytest.param(path, id=path.name) for path in homes.real()]
HOMES += [pytest.param(seed, id=f"made-{seed}") for seed in range(8)]


@pytest.fixture(params=HOMES)
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Sandbox:
    made = Sandbox(tmp_path)
    if isinstance(request.param, Path):
        homes.copy(request.param, made.home)
    else:
        homes.make(request.param, made.home)
    return made


@pytest.mark.skipif(not homes.real(), reason=homes.REASON)
def test_the_corpus_is_here() -> None:
    assert len(homes.real()) == 24


def taken(sandbox: Sandbox) -> App:
    env = application.environment(sandbox.variables)
    application.import_home(env, str(sandbox.repo))
    return application.open_app(env, str(sandbox.repo))


def programs(sandbox: Sandbox) -> Contents:
    """What belongs to the two programs, and what their links lead to: not our own state."""
    return {p: c for p, c in homes.contents(sandbox.home).items() if not p.startswith(".local")}


def test_import_takes_a_home_without_touching_it(sandbox: Sandbox) -> None:
    before = programs(sandbox)
    app = taken(sandbox)
    plan = app.plan()
    assert not plan.changes
    assert programs(sandbox) == before
    files = {p.removeprefix(".config/") for p, (_, _, leads) in before.items() if (sandbox.home / p).is_file()}
    owned = {f"{row.claim.root}/{row.claim.path}" for row in app.journal.recorded()}
    assert owned <= files | {p for p in owned if (sandbox.home / ".config" / p).is_file()}
    sandbox.commit()
    assert not application.open_app(app.env, str(sandbox.repo)).plan("HEAD").changes


def test_every_edit_is_planned_alone_applied_alone_and_taken_back(sandbox: Sandbox) -> None:
    app = taken(sandbox)
    start = programs(sandbox)
    for source in sorted((sandbox.repo / "desired-state").rglob("*.md")):
        old = source.read_bytes()
        source.write_bytes(with_one_line_edited(old))
        plan = app.plan()
        assert [c.action for c in plan.due] == ["update"], source
        result = app.apply(plan)
        assert [o.status for _, o in result.outcomes] == [Status.DONE]
        differing = {p for p, c in programs(sandbox).items() if c != start[p]}
        claim = plan.due[0].claim
        assert {(sandbox.home / p).resolve() for p in differing} == {
            (sandbox.home / ".config" / claim.root / claim.path).resolve()
        }
        assert result.run is not None
        app.apply(app.undo(result.run.id), verb="rollback")
        assert programs(sandbox) == start
        source.write_bytes(old)


def with_one_line_edited(content: bytes) -> bytes:
    """The last line with a word more; line ends as they were."""
    stripped = content.rstrip(b"\r\n")
    return stripped + b" edited" + content[len(stripped) :]


def test_releasing_everything_gives_the_first_bytes_back(sandbox: Sandbox) -> None:
    start = programs(sandbox)
    app = taken(sandbox)
    for source in sorted((sandbox.repo / "desired-state").rglob("*.md")):
        source.write_bytes(with_one_line_edited(source.read_bytes()))
    new = sandbox.repo / "desired-state" / "agents" / "entirely" / "new.md"
    new.parent.mkdir(parents=True, exist_ok=True)
    new.write_text("New.\n")
    app.apply(app.plan())
    assert programs(sandbox) != start
    app.apply(app.release(()), verb="release")
    assert programs(sandbox) == start
    assert not app.journal.recorded()
