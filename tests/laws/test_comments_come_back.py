"""The comment beside a key that was removed comes back with it, although others have edited the file since."""

from __future__ import annotations

import pytest

from tests.support.house import House

FILE = "opencode/opencode.json"
SAID = {"opencode/settings.yaml": "model: a/b\nshare: manual\n"}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "line", ['"model": "a/b", // fast', '"model": "a/b" /* fast */,', '"model": "a/b", /* a */ // b']
)
def test_a_rollback_after_somebody_elses_edit(line: str, newline: str) -> None:
    text = f'{{\n  // mine\n  {line}\n  "share": "manual",\n  "username": "me"\n}}\n'.replace("\n", newline)
    house = House({FILE: text})
    house.apply(house.plan(SAID))
    house.apply(house.plan({"opencode/settings.yaml": "share: manual\n"}))
    removed = house.home[FILE].decode()
    assert "fast" not in removed or "fast" not in line
    house.edit({FILE: removed.replace('"me"', '"you"')})
    house.take_back(2)
    after = house.home[FILE].decode()
    comment = line.replace('"model": "a/b"', "").replace(",", "").strip()
    assert comment in next(part for part in after.split(newline) if "model" in part)
    assert after.replace("\r\n", "\n").count("\n") == text.replace("\r\n", "\n").count("\n")
    assert '"you"' in after and "// mine" in after


def test_the_last_key_keeps_its_comment() -> None:
    house = House({FILE: '{\n  "share": "manual",\n  "model": "a/b" // fast\n}\n'})
    house.apply(house.plan(SAID))
    house.apply(house.plan({"opencode/settings.yaml": "share: manual\n"}))
    house.edit({FILE: '{\n  "share": "manual",\n  "username": "you"\n}\n'})
    house.take_back(2)
    assert house.home[FILE].decode() == '{\n  "share": "manual",\n  "username": "you",\n  "model": "a/b" // fast\n}\n'
