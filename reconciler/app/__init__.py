"""Joins pipeline, kinds and a world: the only importer of world/."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.app.adopting import Adopted, adopt, ignore
    from reconciler.app.checks.finding import Finding
    from reconciler.app.checkup import check_up
    from reconciler.app.explaining import Why, WhyPart, why
    from reconciler.app.importing import Imported, import_home, init
    from reconciler.app.opening import environment, open_app, open_home
    from reconciler.app.session import App
    from reconciler.pipeline.apply import Result

# Whoever asks for a name imports its module, and no other command's.
HOMES = {
    "Adopted": "app.adopting",
    "adopt": "app.adopting",
    "ignore": "app.adopting",
    "Finding": "app.checks.finding",
    "check_up": "app.checkup",
    "Why": "app.explaining",
    "WhyPart": "app.explaining",
    "why": "app.explaining",
    "Imported": "app.importing",
    "import_home": "app.importing",
    "init": "app.importing",
    "environment": "app.opening",
    "open_app": "app.opening",
    "open_home": "app.opening",
    "App": "app.session",
    "Result": "pipeline.apply",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"reconciler.{HOMES[name]}"), name)


__all__ = [
    "Adopted",
    "App",
    "Finding",
    "Imported",
    "Result",
    "Why",
    "WhyPart",
    "adopt",
    "check_up",
    "environment",
    "ignore",
    "import_home",
    "init",
    "open_app",
    "open_home",
    "why",
]
