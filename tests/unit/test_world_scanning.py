"""What a scan lists, skips and warns of: the same in every World, and what only this machine has (links, rights)."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.problem import Severity
from reconciler.model.resource import Entry
from reconciler.model.world import World
from reconciler.world import files, scanning
from reconciler.world.local import LocalWorld
from tests.support.worlds import RUN, A, Hands, why


def test_a_root_that_is_not_there_is_empty(both: tuple[World, Hands]) -> None:
    world, _ = both
    place = world.scan("zed", {})
    assert (dict(place.files), place.folders, dict(place.skipped), place.problems) == ({}, frozenset(), {}, ())
    assert place.root == "zed" and place.folder.endswith("/zed")


def test_a_scan_lists_every_file_in_order(both: tuple[World, Hands]) -> None:
    world, hands = both
    for path in ("b", "a/z.md", "a/b/c.md", "run.sh"):
        hands.write(path, RUN if path.endswith("sh") else A)
    place = world.scan("zed", {})
    assert list(place.files) == ["a/b/c.md", "a/z.md", "b", "run.sh"]
    assert place.files["run.sh"] == Entry(True, 10)
    assert place.files["b"] == Entry(False, 2)
    assert place.folders == {"a", "a/b"}


@pytest.mark.parametrize(
    ("glob", "skipped"),
    [
        ("node_modules", ["node_modules/", "x/node_modules/", "x/y/node_modules"]),
        ("node_modules/", ["node_modules/", "x/node_modules/"]),
        ("x/*", ["x/keep.md", "x/node_modules/", "x/y/"]),
        ("x", ["x/"]),
        ("*.md", ["x/keep.md"]),
        ("keep.md/", []),
        ("x/keep.md", ["x/keep.md"]),
        ("keep.m[!d]", []),
        ("y", ["x/y/"]),
        ("X", []),
    ],
)
def test_skips(both: tuple[World, Hands], glob: str, skipped: list[str]) -> None:
    world, hands = both
    for path in ("node_modules/p/i.js", "x/node_modules/i.js", "x/y/node_modules", "x/keep.md"):
        hands.write(path)
    place = world.scan("zed", {glob: "because"})
    assert dict(place.skipped) == dict.fromkeys(skipped, "because")
    for path in skipped:
        assert not [one for one in (*place.files, *place.folders) if one == path or f"{one}/".startswith(path + "/")]
        if path.endswith("/"):
            assert path.rstrip("/") not in place.folders
    count = 4 - len([one for one in hands.everything() if any(f"{one}/".startswith(s) for s in skipped)])
    assert len(place.files) == count


def test_this_repositorys_own_files_are_not_scanned(both: tuple[World, Hands]) -> None:
    world, hands = both
    for path in ("reconcile.yaml", "agents/a.md"):
        hands.write(f"dots/desired-state/{path}")
    for path in ("dots/templates/t", "dots/.git/HEAD", "dots/README.md", "other/templates/t", "other/desired-state/x"):
        hands.write(path)
    place = world.scan("zed", {})
    assert list(place.files) == ["dots/README.md", "other/desired-state/x", "other/templates/t"]
    assert set(place.skipped) == {"dots/desired-state/", "dots/templates/", "dots/.git/"}
    assert set(place.skipped.values()) == {scanning.OURS}


def test_this_repository_may_be_a_whole_root(both: tuple[World, Hands]) -> None:
    world, hands = both
    for path in ("desired-state/reconcile.yaml", "settings.json"):
        hands.write(path)
    assert list(world.scan("zed", {}).files) == ["settings.json"]


def test_odd_names_are_problems_and_no_files(both: tuple[World, Hands]) -> None:
    world, hands = both
    for path in ("new\nline", "tab\tbed/inside.md", "caf\udce9", "café ✓ \u00a0‍.md", "skipped\n"):
        hands.write(path)
    place = world.scan("zed", {"skipped*": "because"})
    assert list(place.files) == ["café ✓ \u00a0‍.md"]
    assert place.folders == frozenset()
    assert dict(place.skipped) == {"skipped\\n": "because"}
    found = [(str(one.origin), one.text) for one in place.problems]
    assert found == [
        ("~/zed/caf\\xe9", "the name is not valid UTF-8"),
        ("~/zed/new\\nline", "the name holds a control character"),
        ("~/zed/tab\\tbed", "the name holds a control character"),
    ]
    assert all(one.severity is Severity.WARNING for one in place.problems)


def test_a_dangling_root(tmp_path: Path) -> None:
    (tmp_path / "zed").symlink_to("nowhere")
    world = LocalWorld({"zed": f"{tmp_path}/zed"}, str(tmp_path))
    (found,) = world.scan("zed", {}).problems
    assert "is a link to `nowhere`" in found.text and found.severity is Severity.ERROR
    assert "is a link to `nowhere`" in why(world, "a")


def test_loops(local: LocalWorld, zed: Path) -> None:
    (zed / "a/b").mkdir(parents=True)
    (zed / "a/b/up").symlink_to("../..")
    (zed / "self").symlink_to("self")
    (zed / "twice").symlink_to("a")
    (zed / "a/x").write_bytes(b"a\n")
    place = local.scan("zed", {})
    assert place.folders == {"a", "a/b", "twice", "twice/b"}
    assert place.files == {"a/x": Entry(False, 2), "twice/x": Entry(False, 2, f"{zed}/a/x")}
    assert [(one.origin.path, one.text) for one in place.problems] == [
        ("~/zed/a/b/up", "leads back to `~/zed`, in which it lies"),
        ("~/zed/self", "cannot be looked at: its links lead in a circle"),
        ("~/zed/twice/b/up", "leads back to `~/zed`, in which it lies"),
    ]
    assert why(local, "self") == "cannot be read: its links lead in a circle"
    assert why(local, "self/a") == "cannot be read: its links lead in a circle"


def test_a_link_far_above_comes_back_to_the_root_once(tmp_path: Path) -> None:
    (tmp_path / "h/zed").mkdir(parents=True)
    (tmp_path / "h/zed/home").symlink_to(tmp_path)
    place = files.scan(f"{tmp_path}/h/zed", {})
    assert place.folders == {"home", "home/h"}
    assert [one.origin.path for one in place.problems] == [f"{tmp_path}/h/zed/home/h/zed"]


def test_links_that_multiply_end(zed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in range(8):
        (zed / f"d{one}").mkdir(parents=True)
        for other in range(8):
            (zed / f"d{one}/to{other}").symlink_to(f"../d{other}")
    monkeypatch.setattr(scanning, "MOST_ENTRIES", 500)
    place = files.scan(str(zed), {})
    assert any("more than 500 files" in one.text and one.severity is Severity.ERROR for one in place.problems)


def test_skipped_names_may_be_links(local: LocalWorld, zed: Path) -> None:
    (zed / "real").mkdir()
    (zed / "cache").symlink_to("real")
    assert local.scan("zed", {"cache": "because"}).skipped == {"cache/": "because"}


def test_a_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "zed").write_bytes(b"")
    world = LocalWorld({"zed": f"{tmp_path}/zed", "below": f"{tmp_path}/zed/x"}, str(tmp_path))
    for root in ("zed", "below"):
        (found,) = world.scan(root, {}).problems
        assert found.text == "`~/zed` is a file where a folder is needed"
    assert "is a file where a folder is needed" in why(world, "a")


def test_a_folder_that_may_not_be_listed(local: LocalWorld, zed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (zed / "closed").mkdir()
    (zed / "open").write_bytes(b"a\n")
    real = os.scandir

    def refusing(path: str) -> Any:
        if path.endswith("closed"):
            raise PermissionError(errno.EACCES, "")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    place = local.scan("zed", {})
    assert list(place.files) == ["open"] and place.folders == {"closed"}
    (found,) = place.problems
    assert str(found.origin) == "~/zed/closed" and found.text == "cannot be looked at: permission is denied"
    assert found.severity is Severity.WARNING


def test_case_folding(tmp_path: Path) -> None:
    folder = str(tmp_path)
    assert scanning.folds_case(folder, [], "darwin") and not scanning.folds_case(folder, [], "linux")
    (tmp_path / "1").mkdir()
    assert scanning.folds_case(folder, ["1"], "darwin")
    (tmp_path / "Agents").mkdir()
    sensitive = not (tmp_path / "aGENTS").exists()
    assert scanning.folds_case(folder, ["1", "Agents"], "linux") != sensitive
    if sensitive:
        assert not scanning.folds_case(folder, ["Agents"], "darwin")
        (tmp_path / "x").write_bytes(b"")
        os.link(tmp_path / "x", tmp_path / "X")
        assert scanning.folds_case(folder, ["x"], "linux"), "one file under both names"
        assert not scanning.folds_case(folder, ["x", "X"], "linux"), "two names that are both listed are two"


def test_a_scan_of_ten_thousand_files_is_complete(tmp_path: Path) -> None:
    for folder in range(100):
        (tmp_path / f"d{folder}").mkdir()
        for name in range(100):
            os.close(os.open(tmp_path / f"d{folder}/f{name}.md", os.O_CREAT))
    place = files.scan(str(tmp_path), {"node_modules": "", "*.log": "", "x/y": ""})
    assert len(place.files) == 10_000 and len(place.folders) == 100
