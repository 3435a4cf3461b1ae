"""Where references lead on a real machine; whatever goes wrong is a problem with a hint, and never says the secret."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pyrage
import pytest

from reconciler.model.world import Unreadable
from reconciler.world.local import environment
from reconciler.world.seal import Seal
from reconciler.world.secrets import LocalSecrets, kept_at
from tests.support import keyring_backend

SECRET = "correct horse"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "s").write_text(SECRET + "\n")
    (tmp_path / "repo").mkdir()
    return tmp_path


def secrets(home: Path, **variables: str) -> LocalSecrets:
    env = environment({"HOME": str(home), "PATH": os.environ["PATH"], "A": SECRET, **variables})
    return LocalSecrets(env, Seal(f"{env.data}/reconciler", env.home), str(home / "repo"))


def why(one: LocalSecrets, reference: str) -> str:
    with pytest.raises(Unreadable) as error:
        one.value(reference)
    problem = error.value.problem
    assert problem.hint and SECRET not in str(problem) and f"`{reference}`" in problem.text
    return problem.text


def test_variables_and_files(home: Path) -> None:
    one = secrets(home, EMPTY="")
    assert one.value("env:A") == one.value("file:~/s") == one.value(f"file:{home}/s") == SECRET
    assert one.glance("env:A") == one.glance("file:~/s") == SECRET and one.glance("env:NONE") is None
    assert "is not set" in why(one, "env:NONE") and "is empty" in why(one, "env:EMPTY")
    assert "leads nowhere" in why(one, "file:~/none") and "cannot be read" in why(one, f"file:{home}/repo")
    (home / "latin").write_bytes(SECRET.encode() + b"\xff")
    (home / "long").write_bytes(b"x" * 70_000)
    assert "UTF-8" in why(one, "file:~/latin") and "longer than 64 KiB" in why(one, "file:~/long")
    (home / "lines").write_text("one\ntwo\r\n")
    assert one.value("file:~/lines") == "one\ntwo"


def test_programs_are_asked_once_and_never_at_a_glance(home: Path) -> None:
    one = secrets(home)
    reference = "command:sh -c 'echo x >> ~/asked; cat ~/s'"
    assert one.glance(reference) is None and not (home / "asked").exists()
    assert one.value(reference) == one.value(reference) == SECRET
    assert (home / "asked").read_text() == "x\n"
    assert one.asking().glance(reference) == SECRET
    assert one.value("command:cat ~/s") == SECRET
    assert "ended with 3" in why(one, "command:sh -c 'cat ~/s; cat ~/s >&2; exit 3'")
    assert "cannot be run: no such file" in why(one, "command:no-such-program x")
    assert "quotes are not closed" in why(one, "command:sh 'x")


def test_files_sealed_with_age(home: Path) -> None:
    one = secrets(home)
    seal = Seal(f"{home}/.local/share/reconciler", str(home))
    seal.keep()
    kept = Path(kept_at(environment({"HOME": str(home)}), "github"))
    kept.parent.mkdir(parents=True)
    kept.write_bytes(seal.seal(SECRET.encode()))
    assert one.value("age:github") == SECRET and one.glance("age:github") is None
    assert "leads nowhere" in why(one, "age:none")
    other = pyrage.x25519.Identity.generate()
    sealed = pyrage.encrypt(SECRET.encode(), [other.to_public()])
    (home / "repo/in.age").write_bytes(sealed)
    assert "sealed for somebody else" in why(one, "age:./in.age")
    (home / "id").write_text(f"# public\n{other}\n")
    armour = (
        b"-----BEGIN AGE ENCRYPTED FILE-----\n" + base64.encodebytes(sealed) + b"-----END AGE ENCRYPTED FILE-----\n"
    )
    (home / "repo/armoured.age").write_bytes(armour)
    named = secrets(home, RECONCILE_AGE_IDENTITY="~/id")
    assert named.value("age:./in.age") == named.value("age:./armoured.age") == SECRET
    assert named.value(f"age:{home}/repo/in.age") == SECRET and named.value("age:github") == SECRET


def test_the_keyring_through_the_real_library(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    from reconciler.world import keyrings, secret_store

    monkeypatch.setenv("KEYRING_FILE", str(home / "ring.json"))
    before = keyring.get_keyring()
    keyring.set_keyring(keyring_backend.Files())
    try:
        one = secrets(home)
        env = environment({"HOME": str(home)})
        assert keyrings.working() and "is not in the keyring" in why(one, "keyring:work/a")
        seal = Seal(f"{env.data}/reconciler", env.home)
        assert secret_store.keep(env, seal, "a", SECRET) == "keyring:reconciler/a"
        assert one.value("keyring:reconciler/a") == SECRET and one.glance("keyring:reconciler/a") is None
        monkeypatch.setenv("KEYRING_BROKEN", "1")
        assert "no keyring answers (RuntimeError)" in why(one, "keyring:reconciler/b")
        monkeypatch.delenv("KEYRING_BROKEN")
        assert secret_store.remove(env, "a") == ["keyring:reconciler/a"] and secret_store.remove(env, "a") == []
    finally:
        keyring.set_keyring(before)
