"""A reconcile.yaml that only names its repository is read without pydantic, to the same settings."""

from __future__ import annotations

import pytest

from reconciler.model.problem import Invalid
from reconciler.model.resource import File, Source
from reconciler.pipeline import settings as module
from reconciler.pipeline.settings import PATH, settings


def outcome(text: str) -> object:
    try:
        return settings(Source(PATH, File(text.encode())))
    except Invalid as error:
        return str(error)


@pytest.mark.parametrize(
    "text", ["id: mine", "id: ''", "id: a.b_c-1", "id: 7", "id: 'a b'", f"id: {'a' * 101}", 'id: "a\\n"', "id:"]
)
def test_it_is_what_the_library_says(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short = outcome(text)
    monkeypatch.setattr(module, "_ID", module.re.compile("(?!)"))
    assert short == outcome(text)
