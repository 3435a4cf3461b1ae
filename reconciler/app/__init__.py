"""Joins pipeline, kinds and a world: the only importer of world/."""

from __future__ import annotations

from reconciler.app import schemas, secret_keeping
from reconciler.app.adopting import Adopted, adopt, ignore
from reconciler.app.checks.finding import Finding
from reconciler.app.checkup import check_up
from reconciler.app.explaining import Why, WhyPart, why
from reconciler.app.importing import Imported, import_home, init
from reconciler.app.opening import environment, open_app, open_home
from reconciler.app.session import App
from reconciler.pipeline.apply import Result

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
    "schemas",
    "secret_keeping",
    "why",
]
