"""What a killed edit leaves beside a file: cleared, or put back; a hand edit is never removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from reconciler.world import files
from tests.support.worlds import HERE, names


def killed(zed: Path, when: str, before: str = "A", after: str = "B", late: str = "") -> None:
    """An edit of `a` by a process that is killed at `when`; `late`: what somebody writes just before the swap."""
    (zed / "a").write_bytes(b"a\n")
    code = f"""
        import os, signal
        from pathlib import Path
        from reconciler.model.resource import File
        from reconciler.model.world import Edit
        from reconciler.world import disk, exchanging, files, staging
        from tests.support.worlds import A, B
        die = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
        real = disk.swap, os.rename
        def late():
            if {late!r}:
                Path({str(zed)!r}, "new").write_text({late!r})
                real[1]({str(zed)!r} + "/new", {str(zed)!r} + "/a")
        when = {when!r}
        if when == "writing":
            os.write = die
        elif when == "flushing":
            staging.sync = die
        elif when == "swapped":
            disk.swap = lambda one, other: (late(), real[0](one, other), die())
        elif when == "taken":
            os.rename = lambda one, other: (late(), real[1](one, other), die())
        elif when == "placed":
            place = disk.place
            disk.place = lambda one, other: (place(one, other), die())
        files.edit([Edit("z", "a", {before}, {after})], {{"z": {str(zed)!r}}})
    """
    if before == "None":
        (zed / "a").unlink()
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=HERE, check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.fixture
def zed(tmp_path: Path) -> Path:
    folder = tmp_path / "zed"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("when", ["writing", "flushing", "swapped"])
@pytest.mark.parametrize("late", ["", "by hand"])
def test_an_update_was_made_or_was_never_made(zed: Path, when: str, late: str) -> None:
    killed(zed, when, late=late)
    assert files.recover(str(zed / "a")) == []
    assert names(zed) == ["a"]
    assert (zed / "a").read_text() == ((late or "b\n") if when == "swapped" else "a\n")
    assert files.recover(str(zed / "a")) == []


def test_a_file_that_was_taken_away_is_gone(zed: Path) -> None:
    killed(zed, "taken", after="None")
    assert names(zed) != []
    assert files.recover(str(zed / "a")) == []
    assert names(zed) == []


def test_a_file_that_was_edited_and_then_taken_away_comes_back(zed: Path) -> None:
    killed(zed, "taken", after="None", late="by hand")
    assert names(zed) != ["a"]
    assert files.recover(str(zed / "a")) == []
    assert names(zed) == ["a"] and (zed / "a").read_text() == "by hand"


def test_an_earlier_version_left_names_that_say_less(zed: Path) -> None:
    killed(zed, "swapped")
    [left] = files.leftovers(str(zed))
    os.rename(zed / left, zed / f"{left.rpartition('-')[0]}.tmp")
    assert files.recover(str(zed / "a")) == []
    assert names(zed) == ["a"] and (zed / "a").read_text() == "a\n"


@pytest.mark.parametrize(("when", "stands"), [("writing", []), ("flushing", []), ("placed", ["a"])])
def test_a_new_file_stands_or_does_not(zed: Path, when: str, stands: list[str]) -> None:
    killed(zed, when, before="None")
    assert files.recover(str(zed / "a")) == []
    assert names(zed) == stands


@pytest.mark.parametrize("how", ["in place", "by another file"])
def test_what_was_edited_since_stays_and_so_does_what_it_displaced(zed: Path, how: str) -> None:
    killed(zed, "swapped", late="earlier")
    if how == "in place":
        (zed / "a").write_text("later, and longer")
    else:
        (zed / "new").write_text("later, and longer")
        os.rename(zed / "new", zed / "a")
    [problem] = files.recover(str(zed / "a"))
    [left] = files.leftovers(str(zed))
    assert left in problem.hint and (zed / left).read_text() == "earlier"
    assert (zed / "a").read_text() == "later, and longer"


def test_a_deleted_file_that_is_there_again_keeps_both(zed: Path) -> None:
    killed(zed, "taken", after="None", late="earlier")
    (zed / "a").write_text("later")
    [problem] = files.recover(str(zed / "a"))
    [left] = files.leftovers(str(zed))
    assert left in problem.hint and (zed / left).read_text() == "earlier" and (zed / "a").read_text() == "later"


def test_temporary_files_of_others_are_left_alone(zed: Path) -> None:
    killed(zed, "writing")
    (zed / "b").write_text("b")
    assert files.recover(str(zed / "b")) == []
    assert len(files.leftovers(str(zed))) == 1


def test_behind_a_link_it_is_found_too(zed: Path, tmp_path: Path) -> None:
    other = tmp_path / "dotfiles"
    other.mkdir()
    killed(other, "flushing")
    (zed / "a").symlink_to(other / "a")
    assert len(files.leftovers(str(other))) == 1
    assert files.recover(str(zed / "a")) == []
    assert names(other) == ["a"]
