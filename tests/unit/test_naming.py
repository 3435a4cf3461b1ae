"""What people name: globs of resources and keys, and what is said where one names nothing."""

from __future__ import annotations

import pytest

from reconciler.model.problem import Invalid
from reconciler.model.resource import Ref
from reconciler.pipeline import cycle, naming
from reconciler.pipeline.judge import matches
from tests.support.house import House

ZED = Ref("zed_settings", "")


@pytest.mark.parametrize(
    ("pattern", "part", "of_it"),
    [
        ("zed_settings#/theme", "/theme", True),
        ("zed_settings#/theme", "/theme/mode", True),
        ("zed_settings#/theme", "/themes", False),
        ("zed_settings#/languages/*/tab_size", "/languages/Python/tab_size", True),
        ("zed_settings#/languages/*/tab_size", "/languages/Python/inner/tab_size", False),
        ("zed_settings#/languages/**/tab_size", "/languages/Python/inner/tab_size", True),
        ("zed_settings#/languages/**/tab_size", "/languages/tab_size", True),
        ("zed_settings#/**/tab_size", "/tab_size", True),
        ("zed_settings#/*/tab_size", "/tab_size", False),
        ("zed_settings#/agent/*", "/agent/model/name", True),
        ("zed_settings#/agent/*", "/agent", False),
        ("zed_settings#/a[1]", "/a[1]", True),
        ("zed_settings#", "/anything", True),
    ],
)
def test_a_star_is_one_step_of_a_key(pattern: str, part: str, of_it: bool) -> None:
    assert matches(pattern, ZED, part) is of_it


@pytest.mark.parametrize(
    ("pattern", "text", "hint"),
    [
        ("zed_setings", "names nothing in git and nothing we own", "did you mean `zed_settings`?"),
        ("zed_settings#/them", "no such key is named in git, and we own none", "did you mean `zed_settings#/theme`?"),
        ("zed_settings#/*/x", "no such key is named in git, and we own none", "did you mean"),
        ("agent/a#/permission", "no such key is named in git, and we own none", "name it `agent/a`"),
    ],
)
def test_what_names_nothing_is_said(pattern: str, text: str, hint: str) -> None:
    house = House({})
    loaded = house.loaded({"zed/settings.yaml": "theme: One\n", "agents/a.md": "---\ndescription: a\n---\nhi\n"})
    with pytest.raises(Invalid) as error:
        cycle.propose(loaded, house.eyes, only=[pattern])
    [problem] = error.value.problems
    assert problem.text == text and problem.hint.startswith(hint)


def test_what_is_owned_or_asked_for_may_be_named() -> None:
    parts = [(ZED, "/theme"), (ZED, "/agent/model")]
    naming.check(["zed_settings", "zed_settings#/agent", "zed_settings#/*", "*"], [ZED], parts)
