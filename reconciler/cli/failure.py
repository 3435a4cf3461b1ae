"""What was raised → the exit status; says on stderr what happened and what to do, keeps a bug's traceback in a file."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

from reconciler.cli.parser import UsageError
from reconciler.model.problem import Invalid, Origin, Problem

REPORTS = 20
"""So many reports are kept: a service that fails is started again and again."""
USAGE, BUG, INTERRUPTED, PIPE = 1, 70, 130, 141
# The machine's trouble, not ours: people can mend it.
MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE}
)


APOLOGY = "this is a bug in reconcile: please report it with what stands above, and with what you did before"


def explain(error: BaseException) -> int:
    """Whatever it was, one exit status."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    ways: dict[type[BaseException], Callable[[object], int]] = {
        UsageError: _usage, Invalid: _invalid, KeyboardInterrupt: _interrupted, BrokenPipeError: _nobody_reads,
    }  # fmt: skip
    for kind, way in ways.items():
        if isinstance(error, kind):
            return way(error)
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error):
        # what Python says where it can write into none of them, most often since the disk is full
        hint = "make room, or set TMPDIR to a folder that has some, then run this again"
        return _invalid(Invalid([Problem(Origin("this machine"), "no temporary file can be written", hint)]))
    if isinstance(error, OSError) and error.errno in MACHINE:
        where = Origin(str(error.filename or "this machine"))
        return _invalid(Invalid([Problem(where, os.strerror(error.errno or 0).lower(), _machine_hint(error.errno))]))
    return _bug(error)


def _usage(error: object) -> int:
    assert isinstance(error, UsageError)
    _say(f"{error.program}: {error.text}\n  hint: {error.hint}\n")
    return USAGE


def _invalid(error: object) -> int:
    from reconciler.cli.render_problems import invalid_text
    from reconciler.cli.terminal import style_of

    assert isinstance(error, Invalid)
    _say(invalid_text(error.problems, style_of(sys.stderr)))
    return 1


def _interrupted(error: object) -> int:
    _say("\ninterrupted; `reconcile status` says how things stand\n")
    return INTERRUPTED


def _nobody_reads(error: object) -> int:
    # Python flushes once more when it ends, and would complain aloud.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE


def _machine_hint(number: int | None) -> str:
    return (
        "make room, then run this again"
        if number in (errno.ENOSPC, errno.EDQUOT)
        else "`reconcile doctor` looks for trouble"
    )


def _bug(error: BaseException) -> int:
    text = bug_report(error)
    path = _keep(text)
    where = f"; it is kept in {path}" if path else ""
    _say(f"{text}\n{APOLOGY}{where}\n")
    return BUG


def bug_report(error: BaseException) -> str:
    """The traceback and what it ran on, with everything masked that looks like a secret."""
    import platform
    import shlex
    import traceback

    from reconciler.cli.version import version
    from reconciler.formats.masking import Masker

    lines = [
        "".join(traceback.format_exception(error)).rstrip(),
        "",
        f"reconcile {version()} · Python {platform.python_version()} · {platform.platform()}",
        f"command: {shlex.join(['reconcile', *sys.argv[1:]])}",
        "",
    ]
    return Masker().mask("\n".join(lines))


def _keep(text: str) -> str:
    """Writes the report where only its owner may read it; "" where that does not work either."""
    import time

    home = os.environ.get("HOME", "")
    folder = os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.join(home, ".local/state"), "reconciler")
    path = os.path.join(folder, f"bug-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log")
    if not os.path.isabs(path):
        return ""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", errors="backslashreplace"
        ) as file:
            file.write(text)
        reports = sorted(name for name in os.listdir(folder) if name.startswith("bug-") and name.endswith(".log"))
        for name in reports[:-REPORTS]:
            os.unlink(os.path.join(folder, name))
    except OSError:
        return ""
    return path


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
