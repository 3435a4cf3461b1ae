"""Files in a dict → a World that obeys the same suite as this machine's; touches nothing else."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.model.dress import Dress
from reconciler.model.problem import Problem, Severity, shown
from reconciler.model.resource import PORT, Entry, File, Place
from reconciler.model.serving import ServerWorld
from reconciler.model.world import Bitless, Edit, Edited, Unreadable
from reconciler.world.dressing import PLAIN
from reconciler.world.no_servers import NoServers
from reconciler.world.problems import ODD, homed, not_a_file, not_a_folder, odd_name, printable, stale
from reconciler.world.reading import below
from reconciler.world.scanning import OURS, OURS_NAMES, Skips
from reconciler.world.staging import runnable


class MemoryWorld:
    """`files` may be edited as by hand; `hook` runs before each edit; `frozen` makes any change an AssertionError."""

    def __init__(
        self, roots: Mapping[str, str], files: Mapping[tuple[str, str], File] | None = None, home: str = ""
    ) -> None:
        self.roots = roots
        self.files = dict(files or {})
        self.home = home
        self.modes: dict[tuple[str, str], int] = {}
        self.frozen = False
        self.without_bits: Bitless | None = None
        self.hook: Callable[[Edit], None] | None = None
        self._folders: set[tuple[str, str]] = set()

    def scan(self, root: str, skip: Mapping[str, str]) -> Place:
        skips = Skips(skip)
        taken: dict[str, Entry] = {}
        skipped: dict[str, str] = {}
        problems: set[Problem] = set()
        folders, inside = self._standing(root) - {""}, set()
        for path in (*sorted(folders), *sorted(self._names(root))):
            hindrance = self._hindrance(root, path, path in folders, skips)
            if isinstance(hindrance, Problem):
                problems.add(hindrance)
            elif hindrance:
                skipped[hindrance[0]] = hindrance[1]
            elif path in folders:
                inside.add(path)
            else:
                file = self.files[root, path]
                taken[path] = Entry(file.executable, len(file.content))
        ordered = dict(sorted(skipped.items()))
        shown_ = self.show(root, "")
        return Place(root, self.roots[root], taken, frozenset(inside), ordered, tuple(sorted(problems)), shown=shown_)

    def read(self, root: str, path: str) -> File | None:
        try:
            below(self.roots[root], path)
        except Unreadable as unreadable:
            raise Unreadable(homed(unreadable.problem, self.home)) from None
        found = self.files.get((root, path))
        if found is None and (hindrance := self._in_the_way(root, path)):
            raise Unreadable(homed(hindrance, self.home))
        return found

    def real(self, root: str, path: str) -> str:
        return self._full(root, path).rstrip("/")

    def leftovers(self, root: str) -> Sequence[str]:
        return ()

    def mode(self, root: str, path: str) -> int | None:
        found = self.files.get((root, path))
        if found is not None and self.without_bits is not None:
            return 0o700 if self.without_bits.private else 0o755
        return None if found is None else self.modes.get((root, path), 0o755 if found.executable else 0o644)

    def empty(self, root: str, folder: str) -> bool:
        inside = f"{folder}/".lstrip("/")
        standing = self._standing(root)
        return folder in standing and not any(at.startswith(inside) for at in (*standing, *self._names(root)) if at)

    def bitless(self, root: str, path: str) -> Bitless | None:
        return self.without_bits

    def dress(self, root: str, path: str) -> Dress | None:
        mode = self.modes.get((root, path))
        return None if mode in (None, *PLAIN) else Dress(mode or 0, (0, 0))

    @property
    def servers(self) -> ServerWorld:
        return NoServers()

    def show(self, root: str, path: str) -> str:
        if root == PORT:
            return f"port {path}"
        return shown(f"{self.roots[root]}/{path}".rstrip("/"), self.home)

    def edit(self, edits: Sequence[Edit]) -> Sequence[Edited]:
        assert not (self.frozen and edits), f"a frozen world was told to edit {edits[0].root}:{edits[0].path}"
        return [self._edit(one) for one in edits]

    def prune(self, root: str, folder: str) -> bool:
        assert not self.frozen, f"a frozen world was told to prune {root}:{folder}"
        try:
            if folder:
                below(self.roots[root], folder)
        except Unreadable:
            return False
        inside = f"{folder}/".lstrip("/")
        if (root, folder) in self.files or any(parent in self._names(root) for parent in _parents(folder)):
            return False
        if any(path.startswith(inside) and path for path in (*self._names(root), *self._standing(root))):
            return False
        self._folders.discard((root, folder))
        return True

    def lacking(self, root: str, path: str) -> tuple[str, ...]:
        standing = self._standing(root)
        if root == PORT:
            return ()
        return tuple(parent for parent in ("", *_parents(path)) if parent not in standing)

    def recover(self, root: str, path: str) -> Sequence[Problem]:
        return ()

    def _edit(self, one: Edit) -> Edited:
        if self.hook:
            self.hook(one)
        try:
            found = self.read(one.root, one.path)
        except Unreadable as unreadable:
            return Edited(problem=unreadable.problem)
        if found != one.before:
            refused = stale(self._full(one.root, one.path), one.before, found is not None)
            assert refused.problem
            return refused._replace(problem=homed(refused.problem, self.home))
        assert one.mode is None or self.without_bits is None, f"{one.path}: this file system refuses to set bits"
        made = one.dress if one.before is None else None
        mode = made.mode if made is not None and one.mode is None else one.mode
        if mode is not None and one.after is not None:
            self.modes[one.root, one.path] = runnable(mode, one.after.executable)
        if one.before == one.after:
            return Edited()
        return self._write(one)

    def _write(self, one: Edit) -> Edited:
        made = self.lacking(one.root, one.path)
        if one.after is None:
            del self.files[one.root, one.path]
            self.modes.pop((one.root, one.path), None)
            return Edited()
        self.files[one.root, one.path] = one.after
        self._folders.update((one.root, parent) for parent in made)
        return Edited(made)

    def _names(self, root: str) -> set[str]:
        return {path for at, path in self.files if at == root}

    def _standing(self, root: str) -> set[str]:
        """Every folder: one that held a file once stays when the file goes, as on a disk."""
        self._folders.update((at, parent) for at, path in self.files for parent in ("", *_parents(path)))
        return {path for at, path in self._folders if at == root}

    def _full(self, root: str, path: str) -> str:
        return f"{self.roots[root]}/{path}"

    def _in_the_way(self, root: str, path: str) -> Problem | None:
        if path in self._standing(root):
            return not_a_file(self._full(root, path), stat.S_IFDIR)
        for parent in _parents(path):
            if (root, parent) in self.files:
                return not_a_folder(self._full(root, path), self._full(root, parent))
        return None

    def _hindrance(self, root: str, path: str, folder: bool, skips: Skips) -> Problem | tuple[str, str] | None:
        """Why a path is not taken: itself or the outermost of its parents is skipped or oddly named."""
        for part in (*_parents(path), path):
            inside = folder or part != path
            above, _, name = part.rpartition("/")
            marker = f"{above}/desired-state/reconcile.yaml".lstrip("/")
            ours = name in OURS_NAMES and (root, marker) in self.files
            reason = OURS if ours else skips.reason(part, inside)
            if reason:
                return printable(part) + "/" * inside, reason
            if ODD.search(name):
                found = odd_name(self._full(root, part), name)
                return replace(homed(found, self.home), severity=Severity.WARNING)
        return None


def _parents(path: str) -> Iterator[str]:
    """The folders a path lies in, outermost first."""
    parts = path.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))
