"""A key of settings: where its value comes from in every layer its program merges, and how people stop caring."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.resource import Loaded
from reconciler.pipeline import cycle
from tests.support.histories import Home
from tests.support.sandbox import Sandbox


def test_every_layer_of_a_key_and_the_one_that_wins(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    asked = sandbox.repo / "desired-state/opencode/settings.yaml"
    asked.parent.mkdir(parents=True)
    asked.write_text("# ours\nmodel: a/b\nshare: auto\n")
    (sandbox.repo / "opencode.json").write_text('{\n  "model": "c/d"\n}\n')
    commit = sandbox.commit("ask for a model")[:7]
    assert sandbox.run("apply", "--yes").returncode == 0
    sandbox.variables["OPENCODE_CONFIG_CONTENT"] = '{"model": "e/f"}'
    lines = [" ".join(line.split()) for line in sandbox.run("why", "opencode_settings#/model").stdout.splitlines()]
    assert f"git desired-state/opencode/settings.yaml:2:1 · {commit} ask for a model" in lines
    assert [line for line in lines if line.startswith("layer ")] == [
        'layer ~/.config/opencode/opencode.jsonc:2: "a/b"',
        f'layer {sandbox.repo}/opencode.json:2: "c/d"',
        'layer OPENCODE_CONFIG_CONTENT:1: "e/f" · wins',
    ]
    assert any(line.startswith("also PATCH /global/config") for line in lines)


def test_ignoring_a_key_is_a_rule_in_git_and_its_edits_are_no_drift(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    asked = sandbox.repo / "desired-state/opencode/settings.yaml"
    asked.parent.mkdir(parents=True)
    asked.write_text("share: auto\n")
    assert sandbox.run("apply", "--yes").returncode == 0
    here = sandbox.home / ".config/opencode/opencode.jsonc"
    here.write_text(here.read_text().replace("auto", "manual"))
    assert sandbox.run("check").returncode == 3
    assert sandbox.run("ignore", "opencode_settings#/share").returncode == 0
    assert "opencode_settings#/share: ignore" in (sandbox.repo / "desired-state/reconcile.yaml").read_text()
    assert sandbox.run("check").returncode == 0
    assert sandbox.run("apply", "--yes").returncode == 0 and "manual" in here.read_text()


def test_it_looks_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, looks, look = Home(tmp_path), [0], cycle.snapshot
    (home.config / "agents" / "ada.md").write_text("mine\n")

    def counted(loaded: Loaded, eyes: cycle.Eyes) -> cycle.Looked:
        looks[0] += 1
        return look(loaded, eyes)

    monkeypatch.setattr(cycle, "snapshot", counted)
    said, status = home.slow("why", "agent/ada")
    assert status == 0 and "changed since the last apply" in said and looks == [1]
