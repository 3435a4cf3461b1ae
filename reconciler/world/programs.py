"""A question about a HOME that need not exist → a program's answer, kept until the program or the question is another
one. Runs programs; writes below its cache and, while one runs, into a temporary folder."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

from reconciler.model.programs import Copy, Program, Said
from reconciler.model.world import Env
from reconciler.world import reading
from reconciler.world.answers import Answers
from reconciler.world.running import run

PATIENCE = 60.0
VERSION = ("--version",)


class LocalPrograms:
    """This machine's programs, as `env` finds them; answers are kept in `cache`, a file."""

    def __init__(self, env: Env, cache: str, patience: float = PATIENCE) -> None:
        self.variables = env.variables
        self.answers = Answers(cache)
        self.patience = patience

    def find(self, name: str, variable: str, empty: Copy) -> Program | str:
        path = located(name, variable, self.variables)
        if path is None:
            told = self.variables.get(variable)
            return f"`{variable}` names no program" if told else f"no {name} found"
        try:
            found = os.stat(path)
        except OSError as error:
            return f"{name}: {(error.strerror or str(error)).lower()}"
        stamp = f"{os.path.realpath(path)} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
        said = self.ask(Program(path, "", stamp), VERSION, empty, lambda said: bool(said.ok))
        words = said.text.split()
        if not said.ok or not words:
            return f"`{name} --version` {said.text if said.ok is None else 'fails'}"
        return Program(path, words[-1].removeprefix("v"), stamp)

    def ask(self, program: Program, arguments: Sequence[str], copy: Copy, clear: Callable[[Said], bool]) -> Said:
        digest = _digest(program, arguments, copy)
        said = self.answers.get(digest)
        if said is None:
            variables = {"PATH": self.variables.get("PATH", os.defpath), **copy.variables}
            said = run([program.path, *arguments], copy.files, variables, self.patience)
            if said.ok is not None and clear(said):
                self.answers.keep(digest, said)
        return said

    def below(self, folder: str) -> Sequence[str]:
        from reconciler.world.scanning import scan

        return list(scan(folder, {"node_modules": "installed packages"}).files)

    def peek(self, path: str) -> bytes | None:
        found = reading.look(path)
        return found[0].content if found else None


def located(name: str, variable: str, variables: Mapping[str, str]) -> str | None:
    """The program that a variable names, else PATH; a variable that is set to nothing says to look for none."""
    told = variables.get(variable, name)
    found = shutil.which(told, path=variables.get("PATH")) if told else None
    return os.path.abspath(found) if found else None


def _digest(program: Program, arguments: Sequence[str], copy: Copy) -> str:
    """Of the program's file and of all it is shown."""
    digest = blake2b(json.dumps([program.stamp, *arguments, *sorted(copy.variables.items())]).encode(), digest_size=16)
    for path, content in sorted(copy.files.items()):
        name = path.encode("utf-8", "surrogateescape")
        digest.update(b"%d %d " % (len(name), len(content)) + name + content)
    return digest.hexdigest()
