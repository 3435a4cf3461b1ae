"""Worlds over files, somebody else who edits the same files, and system calls that fail: for the tests of `world/`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import pytest

from reconciler.model.resource import File
from reconciler.model.world import Edit, Unreadable, World
from reconciler.world.memory import MemoryWorld

A = File(b"a\n")
B = File(b"b\n")
RUN = File(b"#!/bin/sh\n", True)
HERE = Path(__file__).parents[2]


class Hands(Protocol):
    """Somebody else who edits the same files."""

    def write(self, path: str, file: File = A) -> None: ...

    def remove(self, path: str) -> None: ...

    def everything(self) -> dict[str, File]: ...


class LocalHands:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: str, file: File = A) -> None:
        full = self.folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(file.content)
        full.chmod(0o755 if file.executable else 0o644)

    def remove(self, path: str) -> None:
        (self.folder / path).unlink()

    def everything(self) -> dict[str, File]:
        return {
            str(path.relative_to(self.folder)): File(path.read_bytes(), os.access(path, os.X_OK))
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }


class MemoryHands:
    def __init__(self, world: MemoryWorld) -> None:
        self.world = world

    def write(self, path: str, file: File = A) -> None:
        self.world.files["zed", path] = file

    def remove(self, path: str) -> None:
        self.world.scan("zed", {})
        del self.world.files["zed", path]

    def everything(self) -> dict[str, File]:
        return {path: file for (root, path), file in sorted(self.world.files.items()) if root == "zed"}


def change(path: str, before: File | None, after: File | None) -> Edit:
    return Edit("zed", path, before, after)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def why(world: World, path: str) -> str:
    with pytest.raises(Unreadable) as caught:
        world.read("zed", path)
    found = caught.value.problem
    assert found.origin.path.startswith("~/zed")
    assert found.hint
    return found.text


class Fault:
    """A function whose nth call fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def __call__(self, name: str, code: int, nth: int = 1, target: Any = os) -> None:
        real = getattr(target, name)
        calls = iter(range(1, 1_000_000))

        def failing(*given: Any, **more: Any) -> Any:
            if next(calls) == nth:
                raise OSError(code, os.strerror(code))
            return real(*given, **more)

        self.monkeypatch.setattr(target, name, failing)
