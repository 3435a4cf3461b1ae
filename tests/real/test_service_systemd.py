"""The loop as a service of a real `systemd --user`, over a real server at which somebody is at work."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import systemd
from tests.support.looping import until
from tests.support.opencode import Sandbox
from tests.support.serving import Servers, runs, status
from tests.support.stub_llm import StubModel, stub_config
from tests.support.systemd import Manager


@pytest.fixture
def servers(sandbox: Sandbox, stub: StubModel, tmp_path: Path) -> Servers:
    made = Servers(sandbox, tmp_path / "box")
    sandbox.configure(stub_config(stub.port))
    return made


@pytest.fixture
def user(servers: Servers) -> Iterator[Manager]:
    try:
        with systemd.manager(servers.variables) as made:
            yield made
    except systemd.Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("scopes", [True, False], ids=["a scope for each server", "KillMode=process alone"])
def test_whatever_happens_to_the_service_ends_no_server(
    servers: Servers, user: Manager, stub: StubModel, tmp_path: Path, scopes: bool
) -> None:
    port = servers.declare("notes")
    servers.commit()
    if not scopes:
        (tmp_path / "none").mkdir()
        (tmp_path / "none/systemd-run").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "none/systemd-run").chmod(0o755)
        user = Manager(user.prefix, {**user.variables, "PATH": f"{tmp_path}/none:{user.variables['PATH']}"})

    def reconcile(*args: str) -> str:
        return user.done(sys.executable, "-m", "reconciler", *args, folder=servers.repo)

    def tell(*words: str) -> str:
        return user.done("systemctl", "--user", *words)

    reconcile("service", "install")
    unit = next((servers.home / ".config/systemd/user").glob("reconcile-*.service")).name
    assert "ActiveState=active" in tell("show", unit, "--property=ActiveState"), "it told that it is ready"
    until(lambda: status(port) == 200)
    pid = servers.pid(port)
    group = Path(f"/proc/{pid}/cgroup").read_text()
    assert ("/reconcile-server-notes-" in group) == scopes and (unit in group) != scopes
    answer: list[str] = []
    asking = threading.Thread(
        target=lambda: answer.append(
            servers.server(port).ask("SLEEP 300", directory=servers.home / "projects/notes", timeout=600)
        )
    )
    asking.start()
    until(lambda: stub.requests)

    def loop() -> str:
        return tell("show", unit, "--property=MainPID", "--value").strip()

    for words in (
        ("restart", unit),
        ("kill", "--kill-who=main", "--signal=KILL", unit),
        *([("kill", "--kill-who=all", "--signal=KILL", unit)] if scopes else []),
        ("stop", unit),
    ):
        before = loop()
        tell(*words)
        if words[0] != "stop":
            until(lambda before=before: loop() not in (before, "0"), f"never came back after {words}")  # type: ignore[misc]
        assert runs(pid) and not answer, words
    assert loop() == "0"
    stub.wake()
    asking.join()
    assert "STUB" in answer[0] and runs(pid) and servers.pid(port) == pid
    assert "is gone" in reconcile("service", "uninstall")
    assert runs(pid)
