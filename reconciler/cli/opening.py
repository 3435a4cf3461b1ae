"""Options → the app a command works with. Raises Invalid where none can be had."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.app import App


def with_repository(args: Namespace) -> App:
    """For commands that read desired state."""
    from reconciler.app import environment, open_app

    return open_app(environment(os.environ), args.directory).as_host(getattr(args, "host", None))


def with_kept(args: Namespace) -> App:
    """For commands about the loop, which goes on though desired state is gone from the work tree."""
    from reconciler.app import environment
    from reconciler.app.keeping import open_kept

    return open_kept(environment(os.environ), args.directory)


def with_home(args: Namespace) -> App:
    """For commands that can do without."""
    from reconciler.app import environment, open_home

    return open_home(environment(os.environ), args.directory)


def plainly(args: Namespace) -> bool:
    """Whether the command was given no option but `-C`, `--staged` and `--verify`: only that is answered from
    memory."""
    free = ("verb", "rest", "help", "directory", "staged", "verify")
    return all(said in (None, False, [], "auto", "work") for name, said in vars(args).items() if name not in free)
