"""The pages of docs/kinds/: each kind has one, as its code has it now, with an example that loads."""

from __future__ import annotations

import pytest

from reconciler import registry
from reconciler.model.kind import AnyKind
from tests.support import kind_pages
from tests.support.house import House

KINDS = [pytest.param(kind, id=kind.name) for kind in registry.KINDS]


@pytest.mark.parametrize("kind", KINDS)
def test_its_page_is_current(kind: AnyKind) -> None:
    path = kind_pages.FOLDER / f"{kind.name}.md"
    assert path.is_file() and path.read_text() == kind_pages.page(kind), "python -m tests.support.kind_pages --write"


def test_there_is_no_other_page() -> None:
    assert {path.stem for path in kind_pages.FOLDER.iterdir()} == {kind.name for kind in registry.KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_its_example_loads_and_is_all_its_own(kind: AnyKind) -> None:
    loaded = House({}).loaded(kind_pages.EXAMPLES[kind.name])
    assert {resource.ref.kind for resource in loaded.resources} == {kind.name}
    assert not loaded.problems


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_when_a_change_takes_effect(kind: AnyKind) -> None:
    assert kind.reload
