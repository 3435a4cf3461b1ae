"""Variables → where this user's things are."""

from __future__ import annotations

import os

import pytest

from reconciler.model.problem import Invalid
from reconciler.world.local import environment


def test_environment() -> None:
    given = {"HOME": "/home/u/", "XDG_STATE_HOME": "relative", "XDG_CACHE_HOME": "/c//ache/", "RECONCILE_HOST": "desk"}
    env = environment(given, "darwin")
    assert (env.home, env.config, env.state) == ("/home/u", "/home/u/.config", "/home/u/.local/state")
    assert (env.data, env.cache, env.host) == ("/home/u/.local/share", "/c/ache", "desk")
    assert env.platform == "darwin" and env.variables == given
    assert environment({"HOME": "/h"}).host == os.uname().nodename.partition(".")[0]


@pytest.mark.parametrize(
    "given",
    [{}, {"HOME": ""}, {"HOME": "u"}, {"HOME": "/h", "RECONCILE_HOST": "a/b"}, {"HOME": "/h", "RECONCILE_HOST": ".."}],
)
def test_an_environment_that_cannot_say(given: dict[str, str]) -> None:
    with pytest.raises(Invalid) as caught:
        environment(given)
    assert caught.value.problems[0].hint
