"""Whole homes, real ones and made ones: import, an empty plan, one edit at a time, rollback, release; byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler import app as application
from reconciler.app import App, applying, planning, undoing
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
    assert not planning.plan(app).changes
    assert programs(sandbox) == before
    sandbox.commit()
    assert not planning.plan(application.open_app(app.env, str(sandbox.repo)), "HEAD").changes


def test_import_names_everything_that_it_leaves(sandbox: Sandbox) -> None:
    env = application.environment(sandbox.variables)
    imported = application.import_home(env, str(sandbox.repo))
    named = {f"{c.root}/{c.path}" for found in imported.found for c in found.claims}
    named |= {f"{left.claim.root}/{left.claim.path}" for left in imported.left}
    for folder in ("opencode", "zed"):
        top = sandbox.home / ".config" / folder
        for at in top.rglob("*") if top.is_dir() else ():
            path = f"{folder}/{at.relative_to(top)}"
            if at.is_file():
                assert any(path == name or (name.endswith("/") and path.startswith(name)) for name in named), path


FEW = 4


def edited_alone(sandbox: Sandbox, app: App, sources: list[Path]) -> None:
    """These edits, and no other, are planned, applied and taken back."""
    start, old = programs(sandbox), {source: source.read_bytes() for source in sources}
    for source, content in old.items():
        source.write_bytes(with_one_line_edited(content))
    plan = planning.plan(app)
    assert [c.action for c in plan.due] == ["update"] * len(sources)
    assert {c.target.origin.path for c in plan.due} <= {s.relative_to(sandbox.repo).as_posix() for s in sources} | {
        r.origin.path for r in planning.read(app).resources
    }
    result = applying.do(app, plan)
    assert {o.status for _, o in result.outcomes} == {Status.DONE}
    real = {(sandbox.home / p).resolve() for p, c in programs(sandbox).items() if c != start[p]}
    assert real == {(sandbox.home / ".config" / c.claim.root / c.claim.path).resolve() for c in plan.due}
    assert result.run is not None
    applying.do(app, undoing.take_back(app, result.run.id), verb="rollback")
    assert programs(sandbox) == start
    for source, content in old.items():
        source.write_bytes(content)


def test_every_edit_is_planned_applied_and_taken_back(sandbox: Sandbox) -> None:
    app = taken(sandbox)
    sources = sorted((sandbox.repo / "desired-state").rglob("*.md"))
    if sources:
        edited_alone(sandbox, app, sources)
    for source in sources[:: max(1, len(sources) // FEW)]:
        edited_alone(sandbox, app, [source])


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
    applying.do(app, planning.plan(app))
    assert programs(sandbox) != start
    applying.do(app, undoing.hand_back(app, ()), verb="release")
    assert programs(sandbox) == start
    assert not app.journal.recorded()
