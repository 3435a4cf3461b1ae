"""Servers behind a password: generated or referred to, used by each probe, handed to `attach`, never kept in clear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.opencode import Sandbox
from tests.support.serving import Servers, status
from tests.support.stub_llm import StubModel, stub_config

ATTACH = '#!/bin/sh\n[ "$1" = --version ] && { echo 1.18.33; exit; }\necho "$@" "password=$OPENCODE_SERVER_PASSWORD"\n'


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path, stub: StubModel) -> Iterator[Servers]:
    sandbox.configure(stub_config(stub.port))
    yield Servers(sandbox, tmp_path / "git")


def password(house: Servers, port: int) -> str:
    entries = Path(f"/proc/{house.pid(port)}/environ").read_bytes().decode().split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)["OPENCODE_SERVER_PASSWORD"]


def test_a_generated_password_is_used_handed_on_and_sealed(house: Servers, tmp_path: Path) -> None:
    port = house.declare("a", "password: generate\n")
    house.done("apply", "--yes")
    secret = password(house, port)
    assert len(secret) > 30
    assert (status(port), status(port, "wrong"), status(port, secret)) == (401, 401, 200)
    assert house.plan().nothing
    assert "ready" in house.done("server", "status", "a")
    house.say("---\ndescription: x\n---\nx\n", "agents/x.md")
    house.done("apply", "--yes")  # disposed with it
    assert house.plan().nothing
    house.done("server", "restart", "a")
    assert password(house, port) == secret

    fake = tmp_path / "fake"
    fake.write_text(ATTACH)
    fake.chmod(0o755)
    house.variables["RECONCILE_OPENCODE"] = str(fake)
    said = house.done("server", "attach", "a")
    assert said == f"attach http://127.0.0.1:{port} --dir {house.home}/projects/a password={secret}\n"
    kept = [path for folder in (".local", ".cache") for path in (house.home / folder).rglob("*") if path.is_file()]
    assert not [path for path in kept if secret.encode() in path.read_bytes()]


def test_a_password_that_is_another_one_now_is_drift(house: Servers) -> None:
    house.variables["SERVER_PASSWORD"] = "first-of-all"
    port = house.declare("a", "password: !secret env:SERVER_PASSWORD\nhostname: 0.0.0.0\n")
    house.done("apply", "--yes")
    assert (status(port), status(port, "first-of-all")) == (401, 200)
    assert house.plan().nothing
    house.variables["SERVER_PASSWORD"] = "second-to-none"
    assert house.plan().due == {f"{port}#/": "update drift"}
    shown = house.done("plan")
    assert "a secret: only read at start" in shown and "second" not in shown and "first" not in shown
    house.done("apply", "--yes")
    assert (status(port, "first-of-all"), status(port, "second-to-none")) == (401, 200)
    del house.variables["SERVER_PASSWORD"]
    assert house.plan().nothing  # what cannot be looked at is no reason to restart
    house.done("server", "stop", "a")
    ran = house.run("server", "start", "a")
    assert ran.returncode == 1 and "`env:SERVER_PASSWORD` is not set here" in ran.stderr
