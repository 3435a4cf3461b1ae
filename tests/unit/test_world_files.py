"""Scan, read, edit and prune together: prune and show in every World; links, rights and depth on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from reconciler.model.resource import Entry
from reconciler.model.world import Edit, Edited, World
from reconciler.world import files
from reconciler.world.local import LocalWorld
from tests.support.worlds import HERE, A, B, Hands, change, names, why


def test_prune(both: tuple[World, Hands]) -> None:
    world, hands = both
    world.edit([change("x/y/a", None, A)])
    assert not world.prune("zed", "x/y")
    assert not world.prune("zed", "x/y/a")
    assert not world.prune("zed", "x/y/a/b")
    world.edit([change("x/y/a", A, None)])
    assert not world.prune("zed", "x")
    assert world.prune("zed", "x/y")
    assert world.prune("zed", "x")
    assert world.prune("zed", "x"), "it is gone already"
    assert world.prune("zed", ""), "the root itself, once it is empty"
    hands.write("k/a")
    hands.remove("k/a")
    assert world.prune("zed", "k")


def test_show(both: tuple[World, Hands]) -> None:
    world, _ = both
    assert world.show("zed", "a/b.md") == "~/zed/a/b.md"
    assert world.show("zed", "") == "~/zed"


def test_a_linked_file_stays_a_link(local: LocalWorld, zed: Path, tmp_path: Path) -> None:
    (tmp_path / "dots").mkdir()
    (tmp_path / "dots/real.json").write_bytes(b"a\n")
    (tmp_path / "hop").symlink_to("dots/real.json")
    (zed / "settings.json").symlink_to("../hop")
    (zed / "plain").write_bytes(b"a\n")
    place = local.scan("zed", {})
    assert place.files["settings.json"] == Entry(False, 2, f"{tmp_path}/dots/real.json")
    assert place.files["plain"].target == ""
    assert local.read("zed", "settings.json") == A
    assert local.edit([change("settings.json", A, B)]) == [Edited()]
    assert (zed / "settings.json").readlink() == Path("../hop")
    assert (tmp_path / "hop").is_symlink()
    assert (tmp_path / "dots/real.json").read_bytes() == b"b\n"
    assert names(tmp_path / "dots") == ["real.json"]


@pytest.mark.parametrize("inside", [False, True])
def test_a_linked_file_is_not_deleted(local: LocalWorld, zed: Path, tmp_path: Path, inside: bool) -> None:
    target = (zed if inside else tmp_path) / "target"
    target.write_bytes(b"a\n")
    (zed / "link").symlink_to(target)
    (edited,) = local.edit([change("link", A, None)])
    assert (
        edited.problem
        and f"is a link to `~/{target.relative_to(tmp_path)}`" in edited.problem.text
        and not edited.stale
    )
    assert (zed / "link").is_symlink() and target.exists()


def test_a_linked_folder_is_entered_and_written_through(local: LocalWorld, zed: Path, tmp_path: Path) -> None:
    (tmp_path / "dots/sub").mkdir(parents=True)
    (tmp_path / "dots/sub/a").write_bytes(b"a\n")
    (zed / "themes").symlink_to(tmp_path / "dots")
    place = local.scan("zed", {})
    assert place.folders == {"themes", "themes/sub"}
    assert place.files == {"themes/sub/a": Entry(False, 2, f"{tmp_path}/dots/sub/a")}
    done = local.edit([change("themes/sub/a", A, B), change("themes/new/c", None, A)])
    assert done == [Edited(), Edited(("themes/new",))]
    assert names(tmp_path / "dots") == ["new", "new/c", "sub", "sub/a"]
    assert local.edit([change("themes/sub/a", B, None)]) == [Edited()]
    assert local.prune("zed", "themes/sub") and not local.prune("zed", "themes")
    assert (zed / "themes").is_symlink()


def test_a_linked_root(tmp_path: Path) -> None:
    (tmp_path / "dots").mkdir()
    (tmp_path / "dots/a").write_bytes(b"a\n")
    (tmp_path / "zed").symlink_to("dots")
    world = LocalWorld({"zed": f"{tmp_path}/zed"})
    assert world.scan("zed", {}).files == {"a": Entry(False, 2, f"{tmp_path}/dots/a")}
    assert world.edit([change("a", A, B)]) == [Edited()]
    assert (tmp_path / "zed").is_symlink()


def test_dangling_links(local: LocalWorld, zed: Path) -> None:
    (zed / "gone").symlink_to("nowhere")
    (zed / "folder").symlink_to("/nowhere/at/all")
    place = local.scan("zed", {})
    assert not place.files and not place.folders
    assert [one.text for one in place.problems] == [
        "`~/zed/folder` is a link to `/nowhere/at/all`, which is not there",
        "`~/zed/gone` is a link to `nowhere`, which is not there",
    ]
    assert why(local, "gone") == place.problems[1].text
    assert why(local, "folder/deep/a") == place.problems[0].text
    for path in ("gone", "folder/deep/a"):
        (edited,) = local.edit([change(path, None, A)])
        assert edited.problem and not edited.stale
    assert names(zed) == ["folder", "gone"]
    assert local.scan("zed", {"gone": "because"}).skipped == {"gone": "because"}


def test_another_users_files(zed: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can be somebody else")
    zed.mkdir()
    (zed / "a").write_bytes(b"a\n")
    zed.chmod(0o700)
    code = """
        import os
        from reconciler.model.world import Edit, Unreadable
        from reconciler.world import files
        from reconciler.model.resource import File
        os.setuid(65534)
        print(files.scan(FOLDER, {}).problems)
        try: files.read(FOLDER, "a")
        except Unreadable as found: print(found.problem)
        print(files.edit([Edit("r", "b", None, File(b""))], {"r": FOLDER}))
        print(files.prune(FOLDER, "d"))
    """
    code = textwrap.dedent(code).replace("FOLDER", repr(str(zed)))
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("permission is denied") == 3 and done.stdout.endswith("False\n")


def test_a_very_deep_folder(tmp_path: Path) -> None:
    path = "d/" * 1500 + "a"
    assert files.edit([Edit("r", path, None, A)], {"r": str(tmp_path)})[0].problem is None
    place = files.scan(str(tmp_path), {})
    read = files.read(str(tmp_path), path)
    files.edit([Edit("r", path, A, None)], {"r": str(tmp_path)})
    pruned = [files.prune(str(tmp_path), ("d/" * depth)[:-1]) for depth in range(1500, 0, -1)]
    assert read == A and list(place.files) == [path] and len(place.folders) == 1500
    assert all(pruned), "what pytest could not remove either"
