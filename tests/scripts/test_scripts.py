"""The command line as transcripts: what people type and what they read. `pytest --update` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scripts.transcript import Sandbox, play

SCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_transcript(script: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    written = script.read_text()
    played = play(written, Sandbox(tmp_path))
    if request.config.getoption("--update"):
        script.write_text(played)
        written = played
    assert played == written
