"""What a server can have, and why a plan leaves it: said once, for the table of servers, `why`, plans and the docs."""

from __future__ import annotations

from pathlib import Path

from reconciler.app.server_rows import Declared, Row, state
from reconciler.cli.render_servers import remarks
from reconciler.kinds.server import SERVER
from reconciler.model.change import Seen
from reconciler.model.resource import Claim
from reconciler.model.serving import Health, Launch, Note, Now, Probe, Process, Serving
from reconciler.shapes import server_diagnoses
from reconciler.shapes.server_diagnoses import PROBES, REFUSALS, Refusal

LAUNCH = Launch("notes", 7000, "127.0.0.1", "/a")
TOP = Path(__file__).parents[2]


def row(now: Now | None, note: Note | None = None) -> Row:
    return Row("notes", Declared(Serving(LAUNCH), True), now, note, None, None, (0, 0))


def test_every_state_that_a_probe_finds_has_its_meaning_and_a_remedy() -> None:
    answers = {str(health) for health in Health if health is not Health.WELL}
    assert {str(one.name) for one in PROBES} == answers | {"taken", "ended"}
    for health in Health:
        now = Now(LAUNCH, Process("b", 1, 1.0), "opencode serve", probe=Probe(health))
        found = SERVER.diagnose(Seen(Claim("port", "7000"), Serving(LAUNCH, now=now), "x"))
        assert (found is None) == (health is Health.WELL) == (state(row(now)) == "ready")
        if found:
            assert f"remedy: {found.remedy}" in list(remarks(row(now))) and "{" not in found.remedy
    died = row(None, Note(LAUNCH, Process("b", 1, 1.0), "t"))
    assert state(died) == "ended" and "remedy: `reconcile server logs notes`" in "\n".join(remarks(died))
    assert state(row(Now(LAUNCH, None, "nginx", serves=False))) == "taken"


def test_every_refusal_and_every_probe_is_in_the_runbook() -> None:
    """The shipped one, which is rendered from the same data."""
    assert set(REFUSALS) == {one for one in vars(server_diagnoses).values() if isinstance(one, Refusal)}
    runbook = (TOP / "docs" / "environment" / "runbook.md").read_text()
    for said in server_diagnoses.told():
        for key in ("symptom", "means", "remedy"):
            assert said[key].replace("|", "\\|") in runbook
