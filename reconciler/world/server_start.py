"""A launch → a process that outlives this one, in a session of its own, with a log and a tag. Starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress

from reconciler.model.problem import invalid
from reconciler.model.serving import Deed, Difference, Launch, Serving
from reconciler.model.world import Env
from reconciler.shapes import server_loading
from reconciler.world.scopes import scoped
from reconciler.world.server_family import NAME
from reconciler.world.server_notes import Loaded

PASSWORD = "OPENCODE_SERVER_PASSWORD"
# What a session of another server, or the one that runs us, would leave to it.
DROPPED = (
    "OPENCODE", "OPENCODE_PID", "OPENCODE_RUN_ID", "OPENCODE_PROCESS_ROLE", "OPENCODE_SERVER_USERNAME", "AGENT",
    PASSWORD, "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID",
)  # fmt: skip
LOGGED = "timestamp="
ROTATE = 16 << 20
TAIL = 16 << 10


class Child:
    """A process that we started, as long as we are there to ask how it ended."""

    def __init__(self, started: subprocess.Popen[bytes]) -> None:
        self._started = started
        self.pid = started.pid

    def status(self) -> int | None:
        return self._started.poll()


def hindrance(launch: Launch, program: tuple[str, str] | str) -> str:
    """Why it cannot be started here; "" where nothing is known."""
    if isinstance(program, str):
        return program
    major = program[1].partition(".")[0]
    if major != str(launch.version):
        may = f"`version: {launch.version}` may be started"
        return f"opencode {program[1]} is installed, and {may}: another major converts the database for good"
    if not os.path.isdir(launch.path):
        return f"there is no folder `{launch.path}`"
    return ""


def spawn(
    serving: Serving,
    program: tuple[str, str] | str,
    env: Env,
    tags: Mapping[str, str],
    own: Mapping[str, str],
    log: str,
) -> Child:
    """`own`: the launch's variables with each secret in its place. Raises Invalid."""
    launch = serving.launch
    if why := hindrance(launch, program):
        raise invalid(f"server/{launch.name}", f"cannot be started: {why}")
    command = [program[0], "serve", "--hostname", launch.hostname, "--port", str(launch.port), "--print-logs"]
    unit = f"reconcile-server-{launch.name}-{tags.get('RECONCILE_SERVER_TAG', '')}"
    command = scoped(command, unit, serving.care.cpu, env.variables)
    variables = environment(launch, env, tags, own)
    os.makedirs(os.path.dirname(log), mode=0o700, exist_ok=True)
    with suppress(FileNotFoundError):
        if os.stat(log).st_size > ROTATE:
            os.replace(log, f"{log}.1")
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(fd, f"--- {tags.get('RECONCILE_SERVER_TAG', '')} started\n".encode())
        return Child(
            subprocess.Popen(
                command, cwd=launch.path, env=variables, stdin=subprocess.DEVNULL, stdout=fd, stderr=fd,
                start_new_session=True,
            )
        )  # fmt: skip
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise invalid(f"server/{launch.name}", f"cannot be started: {why}") from None
    finally:
        os.close(fd)


def environment(launch: Launch, env: Env, tags: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """What `reconcile` runs with, less what belongs to another server, and what the launch says."""
    kept = {k: v for k, v in env.variables.items() if k not in DROPPED and not k.startswith("RECONCILE_")}
    kept |= {k: v for k, v in env.variables.items() if k in ("RECONCILE_HOST", "RECONCILE_OPENCODE")}
    scripts = os.path.dirname(os.path.abspath(sys.argv[0] if sys.argv[0].endswith("reconcile") else sys.executable))
    paths = kept.get("PATH", os.defpath).split(os.pathsep)
    kept["PATH"] = os.pathsep.join(paths if scripts in paths else [*paths, scripts])
    if launch.data == "own-db":
        kept["OPENCODE_DB"] = f"{env.data}/opencode/{launch.name}.db"
        os.makedirs(f"{env.data}/opencode", mode=0o700, exist_ok=True)
    elif launch.data == "isolated":
        kept["XDG_DATA_HOME"] = f"{env.data}/reconciler/servers/{launch.name}"
        os.makedirs(kept["XDG_DATA_HOME"], mode=0o700, exist_ok=True)
    return {**kept, **own, **{k: v for k, v in tags.items() if v}, NAME: launch.name}


def configured(launch: Launch, env: Env) -> str:
    """The folder of the configuration that it reads."""
    return f"{dict(launch.env).get('XDG_CONFIG_HOME') or env.config}/opencode"


def last_words(log: str) -> str:
    """What it said when it ended, without its log lines."""
    try:
        with open(log, "rb") as file:  # noqa: PTH123
            file.seek(max(os.fstat(file.fileno()).st_size - TAIL, 0))
            lines = file.read().decode(errors="replace").rpartition("--- ")[2].splitlines()[1:]
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip() and not line.startswith(LOGGED)]
    return " ".join(said[:6])


def reloaded(before: Loaded, after: Loaded) -> Loaded:
    """What a server holds after a dispose: all as on disk, but for what it only reads at start."""
    kept = dict(after)
    for path in before.keys() | after.keys():
        sort = "new" if path not in before else "gone" if path not in after else "edited"
        if before.get(path, [0, 0, ""])[2:] == after.get(path, [0, 0, ""])[2:]:
            continue
        if server_loading.deed(Difference(path, sort)) is Deed.RESTART:
            kept.pop(path, None)
            kept |= {path: before[path]} if path in before else {}
    return kept
