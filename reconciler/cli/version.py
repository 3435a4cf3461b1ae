"""What is installed → its version. Looks."""

from __future__ import annotations


def version() -> str:
    """The installed version; a bare source tree has none."""
    from importlib import metadata

    try:
        return metadata.version("reconciler")
    except metadata.PackageNotFoundError:
        return "from a source tree"
