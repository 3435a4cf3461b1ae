"""A command and the HOME it shall see → its exit status and words. Runs it in a folder of its own, and both are gone
when this returns or is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from reconciler.model.programs import Said

FOLDERS = ("home", "cwd", "tmp")
LONGEST = 64 << 10


def run(command: Sequence[str], files: Mapping[str, bytes], variables: Mapping[str, str], patience: float) -> Said:
    """`files` by their path in HOME; `{copy}` in a variable is the folder that holds `home`, `cwd` and `tmp`. What
    a success prints is told where it is one line."""
    try:
        with (
            _interruptions.caught(),
            tempfile.TemporaryDirectory(prefix="reconcile-", ignore_cleanup_errors=True) as made,
        ):
            top = os.path.realpath(made)
            _fill(top, files)
            placed = {name: value.replace("{copy}", top) for name, value in variables.items()}
            return _run(command, top, placed, patience)
    except OSError as error:
        return Said(None, f"cannot be run: {(error.strerror or str(error)).lower()}")


def _fill(top: str, files: Mapping[str, bytes]) -> None:
    for folder in FOLDERS:
        os.mkdir(f"{top}/{folder}", 0o700)
    made = set()
    for path, content in files.items():
        full = f"{top}/home/{path}"
        folder = os.path.dirname(full)
        if folder not in made:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            made.add(folder)
        with os.fdopen(os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)


def _run(command: Sequence[str], top: str, variables: Mapping[str, str], patience: float) -> Said:
    home = f"{top}/home"
    with open(f"{top}/out", "wb") as out, open(f"{top}/err", "wb") as err:  # noqa: PTH123
        # A session of its own: what it starts in its turn can be ended with it, and Ctrl-C comes to us alone.
        with _interruptions.held():
            child = subprocess.Popen(
                command, cwd=f"{top}/cwd", env={**variables, "HOME": home, "TMPDIR": f"{top}/tmp"},
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
            )  # fmt: skip
        try:
            _interruptions.raise_held()
            status = child.wait(patience)
        except subprocess.TimeoutExpired:
            return Said(None, f"no answer within {patience:g} s")
        finally:
            _end(child)
    if status < 0 or status > 125:
        return Said(None, f"ended by signal {-status}" if status < 0 else f"ended with status {status}")
    words = _words(f"{top}/{'err' if status else 'out'}").replace(home, "~")
    return Said(status == 0, words if status or "\n" not in words else "")


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _words(path: str) -> str:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read(LONGEST).decode("utf-8", "replace").strip()


class _Interruptions:
    """What would end this process at once ends it with an exception instead, so that nothing is left behind; `held`,
    not before a child that is being started can be ended too."""

    def __init__(self) -> None:
        self._holding = False
        self._came = 0

    @contextmanager
    def caught(self) -> Iterator[None]:
        ours: dict[int, Any] = {
            signal.SIGINT: signal.default_int_handler,
            signal.SIGTERM: signal.SIG_DFL,
            signal.SIGHUP: signal.SIG_DFL,
        }
        main = threading.current_thread() is threading.main_thread()
        taken = [number for number, usual in ours.items() if main and signal.getsignal(number) is usual]
        for number in taken:
            signal.signal(number, self._leave)
        try:
            yield
        finally:
            for number in taken:
                signal.signal(number, ours[number])

    @contextmanager
    def held(self) -> Iterator[None]:
        self._holding = True
        try:
            yield
        finally:
            self._holding = False

    def raise_held(self) -> None:
        came, self._came = self._came, 0
        if came:
            self._leave(came, None)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        if self._holding:
            self._came = number
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            raise SystemExit(128 + number)


_interruptions = _Interruptions()
