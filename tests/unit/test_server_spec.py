"""What people write about servers: what is taken, and what is wrong in it, all at once."""

from __future__ import annotations

import pytest

from reconciler.model.problem import Invalid
from reconciler.model.resource import File, Source
from reconciler.model.serving import Care
from reconciler.shapes import server_spec
from tests.support.house import House

SEED = """\
servers:
  mcp-ecosystem: {port: 55717, path: "~/.local/share/mcp", priority: high}
  zed-config: {port: 55748, path: "~/.config/zed", priority: medium, limits: {cpu: 80%}}
orchestration:
  resource_limits:
    max_cpu_per_server: 50%
    max_memory_per_server: 2GB
    max_sessions_total: 500
  backup:
    schedule: "0 2 * * *"
    retention_days: 30
    verification: true
  security:
    encryption_enabled: true
    audit_logging: true
    mfa_required: true
"""
EVERYTHING = """\
port: 55717
hostname: 0.0.0.0
path: /srv/mcp
priority: low
state: stopped
env: {LOG: debug}
version: 2
password: generate
data: own-db
restart: {policy: always, backoff: 500ms, limit: 3, within: 1h}
health: {interval: 30s, timeout: 2s, failures: 5}
limits: {cpu: 150%, memory: 1.5GiB}
on_config_change: {when: when-idle, deadline: 5m, then: force}
lifecycle: adopted
orphans: remove
"""


def spec(text: str, name: str = "x") -> server_spec.ServerSpec:
    return server_spec.read(name, [Source(f"desired-state/servers/{name}.yaml", File(text.encode()))])


def wrong(text: str) -> list[str]:
    with pytest.raises(Invalid) as caught:
        spec(text)
    return [f"{p.origin.line}: {p.text} ({p.hint})" for p in caught.value.problems]


def test_every_key_is_understood() -> None:
    read = spec(EVERYTHING)
    assert not read.running
    launch = read.serving.launch
    assert (launch.port, launch.hostname, launch.path, launch.data) == (55717, "0.0.0.0", "/srv/mcp", "own-db")
    assert (launch.version, launch.env, launch.password) == (2, (("LOG", "debug"),), "generate")
    assert read.serving.care == Care(
        lifecycle="adopted", priority=2, when="idle", deadline=300, then="force", restart="always", backoff=0.5,
        starts=3, within=3600, interval=30, timeout=2, failures=5, cpu=150, memory=1610612736, orphans="remove",
    )  # fmt: skip


def test_little_is_enough() -> None:
    read = spec("port: 55717\npath: ~/x\n")
    assert read.running and read.serving.care == Care() and read.serving.launch.hostname == "127.0.0.1"
    assert spec("port: 1\npath: /x\non_config_change: never\n").serving.care.when == "never"


def test_mistakes_are_named_together() -> None:
    text = "port: seven\npath: x\nstat: running\nlimits: {memory: much}\nrestart: {backoff: 10}\n"
    assert wrong(text) == [
        "1: server/x: `port` must be a whole number, and is the text `seven` (write a whole number, without quotes)",
        "3: server/x: unknown key `stat` (did you mean `state`?)",
        "4: server/x: `limits/memory` can't be `much` (write a number and a unit: `500MB`, `2GB`)",
        "5: server/x: `restart/backoff` must be text, and is the number 10 (put it in quotes)",
    ]
    assert wrong("path: ~/x\n")[0].startswith("1: server/x: this file has no `port`")


def test_what_would_be_dangerous_is_refused() -> None:
    assert wrong("port: 4096\npath: x\nhostname: 0.0.0.0\nenv: {OPENCODE_DB: /x}\n") == [
        "1: server/x: `port: 4096` is the one that `opencode acp` takes first (choose another, above 10000)",
        "2: server/x: `path` is not absolute: `x` (begin it with `/` or `~/`)",
        "3: server/x: bound beyond this machine (`0.0.0.0`) without a password: everybody could run commands here"
        " (add `password: generate`, or bind it to 127.0.0.1)",
        "4: server/x: `env/OPENCODE_DB` can't be set here (`data: own-db` sets it)",
    ]
    assert spec("port: 7000\npath: /x\nhostname: '::1'\n").serving.launch.hostname == "::1"


def test_the_seed_is_taken_as_it_stands() -> None:
    loaded = House({}).loaded({"anything.yaml": SEED})
    refs = [str(resource.ref) for resource in loaded.resources]
    assert refs == [
        "orchestration/backup", "orchestration/resource_limits", "orchestration/security",
        "server/mcp-ecosystem", "server/zed-config",
    ]  # fmt: skip
    assert [(p.origin.line, p.text.split(" is ")[0]) for p in loaded.problems] == [
        (9, "orchestration/backup"),
        (13, "orchestration/security"),
    ]


def test_limits_for_all_are_defaults() -> None:
    plan = House({}).plan({"anything.yaml": SEED})
    found = {change.ref.name: change.after.care for change in plan.changes}
    assert (found["mcp-ecosystem"].cpu, found["mcp-ecosystem"].memory) == (50, 2_000_000_000)
    assert (found["zed-config"].cpu, found["zed-config"].memory) == (80, 2_000_000_000)
    assert [change.ref.name for change in plan.changes] == ["mcp-ecosystem", "zed-config"]
    assert plan.changes[0].after.launch.path == "/home/me/.local/share/mcp"


def test_a_part_of_orchestration_that_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(Invalid, match=r"unknown part of orchestration: `backups`\n  hint: did you mean `backup`"):
        House({}).loaded({"anything.yaml": "orchestration:\n  backups: {}\n"})


def test_two_servers_on_one_port_are_refused() -> None:
    git = {"servers/a.yaml": "port: 7000\npath: /a\n", "servers/b.yaml": "port: 7000\npath: /b\n"}
    with pytest.raises(Invalid, match=r"server/b and server/a .* both ask for `port 7000`"):
        House({}).plan(git)


def test_what_shall_be_stopped_and_never_ran_is_in_step() -> None:
    assert not House({}).plan({"servers/a.yaml": "port: 7000\npath: /a\nstate: stopped\n"}).changes


def test_a_password_never_stands_in_clear() -> None:
    [said] = wrong("port: 7000\npath: /x\npassword: hunter2\n")
    assert said == "3: server/x: `password` stands in clear (write `generate`, or `!secret env:NAME`)"
    assert "env:P" in spec("port: 7000\npath: /x\npassword: !secret env:P\n").serving.launch.password
