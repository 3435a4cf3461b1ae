"""The terminal: what it can show, questions to the person at it, and progress. Talk goes to stderr, data to stdout."""

from __future__ import annotations

import io
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from reconciler.cli.style import Style

PATIENCE = 1.0


def style(args: Namespace) -> Style:
    """For data."""
    return style_of(sys.stdout, args)


def style_of(stream: TextIO | None, args: Namespace | None = None) -> Style:
    """What may be used on a stream, as its kind, the options and the environment say."""
    terminal = is_terminal(stream)
    wish = getattr(args, "color", "auto")
    color = wish == "always" or (wish == "auto" and terminal and _wants_color(os.environ))
    full = bool(getattr(args, "full", False))
    return Style(color, _shows(stream, "→·…•"), _width() if terminal and not full else 0, full)


def _wants_color(variables: Mapping[str, str]) -> bool:
    return not variables.get("NO_COLOR") and variables.get("TERM") != "dumb"


def _width() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _shows(stream: TextIO | None, signs: str) -> bool:
    try:
        signs.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def short(path: str) -> str:
    """A path as people type it."""
    home = os.environ.get("HOME", "")
    return f"~{path[len(home) :]}" if home and f"{path}/".startswith(f"{home}/") else path


def show(text: str) -> None:
    """Data, to stdout; what its encoding cannot say is spelled out."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stdout is not None:
        sys.stdout.write(text)


def flush() -> None:
    """What was shown is there for whoever reads along."""
    if sys.stdout is not None:
        sys.stdout.flush()


def clear() -> None:
    """An empty screen, where there is one."""
    if is_terminal(sys.stdout):
        show("\x1b[2J\x1b[H")


def show_json(document: Any) -> None:
    """Data of ours: names, texts and numbers, in which what has a secret's form is masked all the same. Digests and
    commits look random and are none, so that alone is no reason."""
    import json

    from reconciler.formats.masking import Masker

    show(json.dumps(_masked(document, Masker(random=False).mask), indent=1, ensure_ascii=False, default=str) + "\n")


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {mask(str(key)): _masked(item, mask) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, mask) for item in value]
    return mask(value) if isinstance(value, str) else value


def say(text: str) -> None:
    """Talk, to stderr."""
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")


def ask(question: str) -> bool | None:
    """The answer of the person at the terminal; None where there is nobody to ask."""
    screen = next((stream for stream in (sys.stderr, sys.stdout) if is_terminal(stream)), None)
    if screen is None or not is_terminal(sys.stdin):
        return None
    if sys.stdout is not None:
        sys.stdout.flush()
    screen.write(f"{question} [y/N] ")
    screen.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def waiting(holder: str) -> None:
    say(f"waiting for {holder} to finish …")


@contextmanager
def busy(what: str) -> Iterator[Callable[[], None]]:
    """Says on a terminal what takes longer than a second, until it is over or what is yielded is called."""
    if not is_terminal(sys.stderr):
        yield lambda: None
        return
    from threading import Timer

    shown: list[int] = []

    def tell() -> None:
        shown.append(sys.stderr.write(f"{what} …"))
        sys.stderr.flush()

    def clear() -> None:
        timer.cancel()
        timer.join()
        if shown:
            sys.stderr.write("\r" + " " * shown.pop() + "\r")

    timer = Timer(PATIENCE, tell)
    timer.daemon = True
    timer.start()
    try:
        yield clear
    finally:
        clear()


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Takes (done, all); draws a bar on a terminal when it takes longer than a second."""
    if not is_terminal(sys.stderr):
        yield lambda done, total: None
        return
    started = time.monotonic()
    bars: list[Any] = []
    with busy(what) as clear:

        def step(done: int, total: int) -> None:
            if not bars and done < total and time.monotonic() - started > PATIENCE:
                from tqdm import tqdm

                clear()
                bars.append(tqdm(total=total, desc=what, leave=False, file=sys.stderr))
            for bar in bars:
                bar.update(done - bar.n)

        try:
            yield step
        finally:
            for bar in bars:
                bar.close()
