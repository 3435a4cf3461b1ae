"""What is seen of servers: slow answers, what they loaded, who is busy; and what a new one gets to see."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.model.serving import Care, Difference, Health, Launch, Note, Now, Serving, Sitting
from reconciler.model.world import Env
from reconciler.world import processes, server_notes, server_sessions, server_start
from reconciler.world.local import environment
from reconciler.world.seal import Seal
from reconciler.world.secrets import LocalSecrets
from reconciler.world.server_notes import Notes
from reconciler.world.server_secrets import ServerSecrets
from reconciler.world.servers import LocalServers
from tests.support.fake_serve import FakeServe, end_all
from tests.support.opencode import free_port

DAY = 1_700_000_000


class Fake:
    """Answers as a server would, each path as it is told; `asked`: the folders that were."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {
            "/global/health": {"healthy": True, "version": "1"}, "/config": {}, "/experimental/session": [],
            "/session/status": {}, "/permission": [], "/question": [],
        }  # fmt: skip
        self.naps: list[float] = []
        self.status = 200
        self.asked: list[tuple[str, str]] = []


@contextmanager
def serving(fake: Fake) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            fake.asked.append((url.path, parse_qs(url.query).get("directory", [""])[0]))
            if url.path == "/global/health" and fake.naps:
                time.sleep(fake.naps.pop(0))
            self.send_response(fake.status if url.path == "/session/status" else 200)
            self.end_headers()
            with suppress(ConnectionError):  # who asked has not waited
                self.wfile.write(json.dumps(fake.answers[url.path]).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def env(tmp_path: Path) -> Env:
    return environment({"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OPENCODE_PID": "1", "AGENT": "1"})


def servers(env: Env) -> LocalServers:
    seal = Seal(f"{env.data}/reconciler", env.home)
    return LocalServers(env, "/repo", lambda: "no opencode", ServerSecrets(env, seal, LocalSecrets(env, seal)))


def noted(env: Env, port: int, log: str = "") -> LocalServers:
    """Servers of which one, in `/own`, is this very process."""
    made = servers(env)
    launch = Launch("a", port, "127.0.0.1", "/own")
    patient = Care(timeout=0.2, failures=3)
    made.kept.keep(Note(launch, processes.identity(os.getpid()), "tag", 5.0, log=log, care=patient))
    made.kept.keep_loaded(port, {})
    return made


def test_one_slow_answer_is_no_illness(env: Env) -> None:
    fake = Fake()
    with serving(fake) as port:
        made = noted(env, port)
        fake.naps = [1.0]
        assert made.now([port])[port].probe.health is Health.WELL
        fake.naps = [1.0, 1.0, 1.0]
        assert made.now([port])[port].probe.health is Health.SLOW


def test_what_starts_is_soon_asked_again(env: Env) -> None:
    """The first question to a real one is often lost."""
    fake = Fake()
    with serving(fake) as port:
        made = noted(env, port)
        fake.naps = [3.0]
        assert made.wait([Serving(Launch("a", port, "127.0.0.1", "/own"))]) == {port: ""}
    assert [path for path, _ in fake.asked].count("/global/health") > 1


def test_one_that_finds_its_database_locked_is_started_again(env: Env, tmp_path: Path) -> None:
    seal, fake, port = Seal(f"{env.data}/reconciler", env.home), FakeServe(tmp_path / "program"), free_port()
    secrets = ServerSecrets(env, seal, LocalSecrets(env, seal))
    made = LocalServers(env, "/repo", lambda: (str(fake.path), "1.18.33"), secrets)
    serving = Serving(Launch("a", port, "127.0.0.1", str(tmp_path)))
    try:
        (tmp_path / "crowded").touch()
        first = made.start(serving).process
        assert made.wait([serving]) == {port: ""}
        assert made.now([port])[port].process not in (None, first)
    finally:
        end_all(tmp_path)


def test_only_its_own_folder_is_asked_and_those_its_log_names(env: Env, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    created = 'timestamp={} level=INFO run=1 message="creating instance" directory={}\n'
    before = "".join([
        "--- other started\n", created.format("2026-01-01T00:00:00.000Z", "/before-the-start"),
        "--- tag started\n", created.format("2026-01-01T00:00:01.000Z", "/before-the-dispose"),
    ])  # fmt: skip
    # since the dispose, the clock was set back
    since = created.format("1970-01-01T00:00:00.000Z", "/other") + created.format("1970-01-01T00:00:00.000Z", '"/a b"')
    log.write_text(before + since)
    fake = Fake()
    fake.answers["/experimental/session"] = [{"directory": "/elsewhere", "time": {"updated": DAY * 1000}}]
    fake.answers["/session/status"] = {"ses_1": {"type": "busy"}, "ses_2": {"type": "idle"}}
    with serving(fake) as port:
        made = noted(env, port, str(log))
        note = made.note(port)
        assert note is not None
        made.kept.keep(replace(note, log_from=len(before)))
        sitting = made.sitting(made.now([port])[port])
    assert {folder for path, folder in fake.asked if path == "/session/status"} == {"/own", "/other", "/a b"}
    assert sitting == Sitting(busy=("ses_1",) * 3, sessions=1)
    assert {folder for _, folder in fake.asked} == {"", "/own", "/other", "/a b"}


def test_a_log_that_lacks_what_it_had_says_nothing_of_who_is_busy(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("--- tag started\n" + 'message="creating instance" directory=/x\n')
    assert server_sessions.logged(str(log), 0) == {"/x"}
    assert server_sessions.logged(str(log), server_sessions.length(str(log))) == frozenset()
    assert server_sessions.logged(str(log), 1000) is None, "somebody cut it"
    log.write_text("a line of the middle\n")
    assert server_sessions.logged(str(log), 0) is None, "its beginning is not there"


def test_of_a_server_started_by_hand_sessions_since_then_are_the_evidence(env: Env) -> None:
    fake = Fake()
    began = time.time() - 60
    fake.answers["/experimental/session"] = [
        {"directory": "/since", "time": {"updated": time.time() * 1000}},
        {"directory": "/before", "time": {"updated": (began - 86400 * 365) * 1000}},
    ]
    fake.answers["/permission"] = [{}]
    with serving(fake) as port:
        now = Now(Launch("", port, "127.0.0.1", "/own"), processes.identity(os.getpid()), "opencode serve")
        sitting = servers(env).sitting(now)
    assert {folder for path, folder in fake.asked if path == "/session/status"} == {"/own", "/since"}
    assert sitting == Sitting(permissions=2, sessions=2)


def test_what_is_not_answered_is_unknown(env: Env) -> None:
    fake = Fake()
    fake.status = 500
    with serving(fake) as port:
        made = noted(env, port, "/no/such/log")
        now = made.now([port])[port]
        assert made.sitting(now).unknown == "its log cannot be read"
        assert not Sitting(unknown="x").idle
        by_hand = Now(Launch("", port, "127.0.0.1", "/own"), None, "opencode serve")
        assert servers(env).sitting(by_hand).unknown == "it answers 500"
        fake.status = 400  # a folder that cannot be loaded runs nothing
        assert servers(env).sitting(by_hand).idle
    assert servers(env).sitting(by_hand).unknown == "refused"


def test_what_is_otherwise_than_it_was_loaded(tmp_path: Path) -> None:
    config, project = tmp_path / "config", tmp_path / "project"
    for path in ("opencode.json", "agents/a.md", "agents/b.md", "tool/t.ts", "AGENTS.md", "node_modules/x/agents/c.md"):
        (config / path).parent.mkdir(parents=True, exist_ok=True)
        (config / path).write_text("one\n")
    before = server_notes.on_disk(str(config), str(project), {})
    assert sorted(before) == ["agents/a.md", "agents/b.md", "opencode.json", "tool/t.ts"]
    (config / "agents/a.md").write_text("two\n")
    (config / "agents/b.md").unlink()
    (config / "tool/t.ts").write_text("three\n")
    (config / "AGENTS.md").write_text("two\n")
    os.utime(config / "opencode.json")  # touched, and the same
    (project / ".opencode/agents").mkdir(parents=True)
    (project / ".opencode/agents/c.md").write_text("new\n")
    after = server_notes.on_disk(str(config), str(project), before)
    found = server_notes.differences(before, after)
    assert found == (
        Difference("./.opencode/agents/c.md", "new"), Difference("agents/a.md", "edited"),
        Difference("agents/b.md", "gone"), Difference("tool/t.ts", "edited"),
    )  # fmt: skip
    held = server_start.reloaded(before, after)
    assert server_notes.differences(held, after) == (Difference("tool/t.ts", "edited"),)  # that needs a restart
    assert server_notes.later(after, time.time() + 60) == ()
    assert len(server_notes.later(after, 0.0)) == len(after)


def test_what_opencode_writes_into_its_own_configuration_is_no_difference(tmp_path: Path) -> None:
    file = tmp_path / "opencode.jsonc"
    schema = '"$schema": "https://opencode.ai/config.json"'
    alike = (
        ("", f"{{\n  {schema}\n}}\n"), ("{}", f"{{\n  {schema},}}"),
        ('{\n  "share": "manual"\n}\n', f'{{\n  {schema},\n  "share": "manual"\n}}\n'),
    )  # fmt: skip
    for before, after in alike:
        seen = []
        for text in (before, after):
            file.unlink(missing_ok=True)
            if text:
                file.write_text(text)
            seen.append(server_notes.on_disk(str(tmp_path), "/nowhere", {}))
        assert server_notes.differences(*seen) == ()
    file.write_text('{"share": "disabled"}')
    other = server_notes.on_disk(str(tmp_path), "/nowhere", {})
    assert server_notes.differences(seen[1], other) == (Difference("opencode.jsonc", "edited"),)


def test_notes_are_private_and_damage_is_no_note(tmp_path: Path) -> None:
    notes = Notes(str(tmp_path / "servers"))
    note = Note(Launch("a", 7000, "::1", "/x", env=(("K", "v"),)), None, "t", 1.5, (1.0,), 3)
    notes.keep(note)
    assert notes.get(7000) == note and notes.all() == [note]
    assert (tmp_path / "servers/7000.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "servers").stat().st_mode & 0o777 == 0o700
    for damaged in ("", "[]", "{}", "nonsense"):
        (tmp_path / "servers/7000.json").write_text(damaged)
        assert notes.get(7000) is None and notes.all() == []


def test_what_a_new_server_gets_to_see(env: Env) -> None:
    launch = Launch("a", 7000, "127.0.0.1", "/x", env=(("K", "v"),))
    seen = server_start.environment(launch, env, {"RECONCILE_REPO": "/repo"}, {"K": "v"})
    assert (seen["K"], seen["RECONCILE_SERVER"], seen["RECONCILE_REPO"]) == ("v", "a", "/repo")
    assert not {"OPENCODE_PID", "AGENT"} & seen.keys()
    own = server_start.environment(Launch("a", 1, "", "/x", "own-db"), env, {}, {})
    assert own["OPENCODE_DB"] == f"{env.data}/opencode/a.db" and "XDG_DATA_HOME" not in own
    isolated = server_start.environment(Launch("a", 1, "", "/x", "isolated"), env, {}, {})
    assert isolated["XDG_DATA_HOME"] == f"{env.data}/reconciler/servers/a" and "OPENCODE_DB" not in isolated


def test_why_a_server_cannot_be_started(tmp_path: Path) -> None:
    launch = Launch("a", 7000, "127.0.0.1", str(tmp_path))
    assert server_start.hindrance(launch, ("/opencode", "1.18.33")) == ""
    assert server_start.hindrance(launch, "no opencode found") == "no opencode found"
    assert "another major converts the database" in server_start.hindrance(launch, ("/opencode", "2.0.0"))
    missing = Launch("a", 7000, "127.0.0.1", f"{tmp_path}/no")
    assert server_start.hindrance(missing, ("/opencode", "1.18.33")) == f"there is no folder `{tmp_path}/no`"


def test_a_generated_password_is_made_once(env: Env) -> None:
    seal = Seal(f"{env.data}/reconciler", env.home)
    made = ServerSecrets(env, seal, LocalSecrets(env, seal))
    assert made.known("generate", "a") == ""
    first = made.value("generate", "a")
    assert len(first) > 30 and made.value("generate", "a") == first == made.known("generate", "a")
    assert ServerSecrets(env, seal, LocalSecrets(env, seal)).known("generate", "a") == first
    assert made.value("generate", "b") != first
    kept = Path(env.data) / "reconciler/secrets/server-a.age"
    assert kept.stat().st_mode & 0o777 == 0o600 and first.encode() not in kept.read_bytes()


def test_the_last_words_of_a_server(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("--- t started\nold words\n--- u started\ntimestamp=1 level=INFO x\nError: nope\n\n  at line 3\n")
    assert server_start.last_words(str(log)) == "Error: nope at line 3"
    assert server_start.last_words(str(tmp_path / "none")) == ""
