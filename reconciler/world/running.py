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
from typing import NoReturn

from reconciler.model.programs import Said

FOLDERS = ("home", "cwd", "tmp")
LONGEST = 64 << 10


def run(command: Sequence[str], files: Mapping[str, bytes], variables: Mapping[str, str], patience: float) -> Said:
    """`files` by their path in HOME; `{copy}` in a variable is the folder that holds `home`, `cwd` and `tmp`. What
    a success prints is told where it is one line."""
    try:
        with _cleaning_up(), tempfile.TemporaryDirectory(prefix="reconcile-", ignore_cleanup_errors=True) as made:
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
        child = subprocess.Popen(
            command, cwd=f"{top}/cwd", env={**variables, "HOME": home, "TMPDIR": f"{top}/tmp"},
            stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
        )  # fmt: skip
        try:
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


@contextmanager
def _cleaning_up() -> Iterator[None]:
    """What would end this process at once ends it with an exception instead, so that nothing is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [s for s in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
