"""A git command → its bytes, or what people can do about it. Starts git, and lets git start nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from shlex import quote
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from reconciler.model.problem import Invalid, invalid

if TYPE_CHECKING:
    from subprocess import Popen

# An empty fsmonitor is off for every git; to those before 2.36 `false` is the name of a program. A split or a sparse
# index is written into the repository in part, even where the index itself stands elsewhere.
_SHUT = (
    "--no-pager",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor="),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.splitIndex=false"),
    *("-c", "index.sparse=false"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "protocol.allow=never"),
    *("-c", "log.showSignature=false"),
)
# `protocol.allow` gives way to a repository's own `protocol.<name>.allow`; GIT_ALLOW_PROTOCOL does not.
_PERSONAL = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C",
}
_IMPERSONAL = _PERSONAL | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
PROTOCOLS = "file:git:http:https:ssh"
_FACTS = ("rev-parse", "--is-bare-repository", "--show-object-format", "--absolute-git-dir", "--show-toplevel")
_CHUNK = 1 << 20
_DUBIOUS = ("dubious ownership", "unsafe repository")
_TRUST = "if you trust it: `git config --global --add safe.directory {}`"
_NEWER = "install a newer git"
_CAUSES = (
    *((sign, "the repository belongs to another user", _TRUST) for sign in _DUBIOUS),
    ("not a git repository", "`.git` stands here, but leads to no repository", "`git -C {} status` says what is amiss"),
    ("repository extension", "the repository is too new for this git", _NEWER),
    ("Expected git repo version", "the repository is too new for this git", _NEWER),
    ("Permission denied", "you may not read the repository", "`ls -ld {}/.git` shows whose it is"),
)


class _Reply(NamedTuple):
    status: int
    out: bytes
    err: str


class Facts(NamedTuple):
    """What git says of a repository before anything else."""

    git_dir: str
    object_format: str


class Command:
    """git in one repository. Nothing of that repository's settings can make it run something. `kept`: the blobs last
    read, by id, where they are to be remembered."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.kept: dict[str, bytes | None] | None = None

    def run(self, *args: str, stdin: bytes = b"", index: str = "", protocols: str = "") -> bytes:
        """What it prints; `protocols`: those it may fetch by, by name. Raises Invalid."""
        reply = self._in_place(args, stdin, index, protocols)
        if reply.status:
            raise explained(self.folder, reply.err)
        return reply.out

    def word(self, *args: str, no: tuple[int, ...] = (1,)) -> str:
        """What it prints as text, "" where its status says no. Raises Invalid."""
        reply = self._in_place(args)
        if reply.status and reply.status not in no:
            raise explained(self.folder, reply.err)
        return "" if reply.status else reply.out.decode("utf-8", "replace").rstrip("\n")

    def named(self, *names: str) -> list[str]:
        """The ids of objects by any of their names, "" for what is not there. One process for all. Raises Invalid."""
        asked = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
        lines = self.run("cat-file", "--batch-check=%(objectname)", stdin=asked).decode("utf-8", "replace").splitlines()
        return ["" if " " in line else line for line in lines]

    def holds(self, *args: str, index: str) -> bool:
        """Whether it ends with 0."""
        return self._in_place(args, index=index).status == 0

    def aside(self, folder: str, *args: str, protocols: str = PROTOCOLS) -> bytes:
        """What git prints in a folder of ours, where nothing but the user's own settings counts. Raises Invalid."""
        os.makedirs(folder, mode=0o700, exist_ok=True)
        reply = self._call(args, {**_PERSONAL, "GIT_ALLOW_PROTOCOL": protocols}, folder=folder)
        if reply.status:
            raise explained(self.folder, reply.err)
        return reply.out

    def personal(self, name: str) -> str:
        """A setting as the user has it, whatever the repository says; "" where there is none."""
        for scope in ("--global", "--system"):
            reply = self._call(("config", scope, "--get", name), _PERSONAL)
            if not reply.status:
                return reply.out.decode("utf-8", "replace").rstrip("\n")
        return ""

    @cached_property
    def facts(self) -> Facts:
        """Asked once, and without naming the git folder: only then does git judge whether its owner may be trusted."""
        ceiling = {"GIT_CEILING_DIRECTORIES": os.path.dirname(self.folder)}
        reply = self._call(_FACTS, _IMPERSONAL | ceiling)
        if any(sign in reply.err for sign in _DUBIOUS):
            # Whom a user trusts stands in the user's own settings.
            reply = self._call(_FACTS, _PERSONAL | ceiling)
        kept_bare, *rest = os.fsdecode(reply.out).split("\n")
        if kept_bare == "true":
            raise bare(self.folder)
        if reply.status or len(rest) < 3:
            raise explained(self.folder, reply.err)
        if os.path.realpath(rest[2]) != self.folder:
            hint = f"`git -C {quote(self.folder)} config --unset core.worktree`, if its files are here"
            raise invalid(self.folder, f"git takes `{rest[2]}` for the top of this work tree", hint)
        return Facts(os.path.realpath(rest[1]), rest[0])

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """How work trees are kept, by the user's own settings and the repository's."""
        wanted = r"^core\.(filemode|symlinks|autocrlf|excludesfile)$"
        reply = self._call((*self._place, "config", "-z", "--get-regexp", wanted), _PERSONAL)
        lines = (os.fsdecode(line).partition("\n") for line in reply.out.split(b"\0") if line)
        return {key: value if separator else "true" for key, separator, value in lines}

    def origins(self) -> frozenset[str] | None:
        """The files that hold the user's and the repository's settings; None where those may include others."""
        reply = self._call((*self._place, "config", "--list", "--show-origin", "--name-only", "-z"), _PERSONAL)
        said = os.fsdecode(reply.out).split("\0")
        if reply.status or any(name.startswith(("include.", "includeif.")) for name in said[1::2]):
            return None
        return frozenset(origin.removeprefix("file:") for origin in said[:-1:2] if origin.startswith("file:/"))

    def blobs(self, oids: Iterable[str], limit: int) -> dict[str, bytes | None]:
        """Contents by id, None for what is over the limit and never kept in memory. One process for all."""
        import tempfile
        from threading import Thread

        wanted = dict.fromkeys(oids)
        with tempfile.TemporaryFile() as questions:
            questions.write("".join(f"{oid}\n" for oid in wanted).encode())
            questions.seek(0)
            process = self._start((*self._place, "cat-file", "--batch", "--buffer"), _IMPERSONAL, questions)
        # Complaints are drained aside: those of a broken repository would fill their pipe, and git would wait for ever.
        assert process.stdout is not None and process.stderr is not None
        drain = Thread(target=process.stderr.read, daemon=True)
        drain.start()
        try:
            return {oid: self._blob(oid, process.stdout, limit) for oid in wanted}
        finally:
            _end(process)
            drain.join()

    def recalled(self, oids: Iterable[str], limit: int) -> Mapping[str, bytes | None]:
        """The same; where contents are kept, only those are read that were not among the last."""
        if self.kept is None:
            return self.blobs(oids, limit)
        wanted, last = list(oids), self.kept
        fresh = self.blobs((oid for oid in wanted if oid not in last), limit)
        self.kept = {oid: fresh[oid] if oid in fresh else last[oid] for oid in wanted}
        return self.kept

    def _blob(self, oid: str, answers: IO[bytes], limit: int) -> bytes | None:
        header = answers.readline().split()
        size = int(header[2]) if header[1:2] == [b"blob"] else -1
        if size > limit:
            while size > 0:
                size -= len(answers.read(min(size, _CHUNK))) or size
            answers.readline()
            return None
        content = answers.read(size + 1)
        if len(content) != size + 1 or size < 0:
            hint = f"in a partial clone `git fetch --refetch` gets it; else see `git -C {quote(self.folder)} fsck`"
            raise invalid(self.folder, f"the repository cannot give a file it names: blob {oid}", hint)
        return content[:-1]

    @cached_property
    def _place(self) -> tuple[str, ...]:
        return ("--git-dir", self.facts.git_dir, "--work-tree", self.folder)

    def _in_place(self, args: tuple[str, ...], stdin: bytes = b"", index: str = "", protocols: str = "") -> _Reply:
        more = {"GIT_INDEX_FILE": index, "GIT_ALLOW_PROTOCOL": protocols}
        return self._call(self._place + args, _IMPERSONAL | {name: said for name, said in more.items() if said}, stdin)

    def _call(
        self, args: tuple[str, ...], environment: Mapping[str, str], stdin: bytes = b"", folder: str = ""
    ) -> _Reply:
        process = self._start(args, environment, -1, folder)
        try:
            out, err = process.communicate(stdin)
        except BaseException:
            _end(process)
            raise
        return _Reply(process.returncode, out, err.decode("utf-8", "replace"))

    def _start(
        self, args: tuple[str, ...], environment: Mapping[str, str], stdin: Any, folder: str = ""
    ) -> Popen[bytes]:
        from subprocess import PIPE, Popen

        inherited = _inherited(environment)
        variables = {name: value for name, value in os.environ.items() if name not in inherited}
        command = ["git", "-C", folder or self.folder, *_SHUT, *args]
        try:
            return Popen(command, stdin=stdin, stdout=PIPE, stderr=PIPE, env={**variables, **environment})
        except OSError:
            raise invalid(self.folder, "git is not installed, or not on PATH", "install git 2.32 or newer") from None


def _inherited(environment: Mapping[str, str]) -> set[str]:
    """The variables for git that are not ours. Where the user's settings count, so does where they stand."""
    spared = () if "GIT_CONFIG_GLOBAL" in environment else ("GIT_CONFIG_",)
    return {name for name in os.environ if name.startswith("GIT_") and not name.startswith(spared)}


def _end(process: Popen[bytes]) -> None:
    process.kill()
    process.wait()


def bare(folder: str) -> Invalid:
    """The answer where there is a repository without files."""
    return invalid(folder, "a bare repository has no files to read", "clone it, or `git worktree add` a folder to it")


def explained(folder: str, complaint: str) -> Invalid:
    """What git said, in words that help."""
    place = quote(folder)
    for sign, text, hint in _CAUSES:
        if sign in complaint:
            return invalid(folder, text, hint.format(place))
    said = next((line for line in complaint.splitlines() if line.startswith("fatal: ")), complaint.partition("\n")[0])
    text = f"git cannot read the repository: {said.removeprefix('fatal: ')}"
    return invalid(folder, text, f"`git -C {place} fsck` says what is broken")
