"""What stands in the copy that opencode is shown, and what does not."""

from __future__ import annotations

import json

import pytest

from reconciler.model.problem import Origin, Problem
from reconciler.model.world import Unreadable
from reconciler.shapes.opencode_copy import FOLDER, reads, refers, stage, without_prompt

SECRET = "sk-ant-api03-" + "aB3" * 20


def staged(files: dict[str, bytes], there: dict[str, bytes] | None = None) -> dict[str, str]:
    copy = stage(files, lambda named: (there or {}).get(named))
    return {path.removeprefix(f"{FOLDER}/"): content.decode() for path, content in copy.files.items()}


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("opencode.json", True), ("opencode.jsonc", True), ("config.json", True), ("agent/a.md", True),
        ("agents/team/b.md", True), ("command/x.md", True), ("commands/x.md", True), ("mode/x.md", True),
        ("tui.json", False), ("AGENTS.md", False), ("skills/x/SKILL.md", False), ("plugin/p.ts", False),
        ("agents/a.MD", False), ("agents/a.txt", False), ("sub/opencode.json", False),
    ],
)  # fmt: skip
def test_what_is_judged_is_copied(path: str, read: bool) -> None:
    assert reads(path) is read


def test_secrets_are_other_values_of_the_same_type_and_length() -> None:
    before = f'{{"provider":{{"x":{{"options":{{"apiKey":"{SECRET}","password":12345678901,"baseURL":"http://x"}}}}}}}}'
    after = staged({"opencode.json": before.encode()})["opencode.json"]
    assert SECRET not in after and len(after) == len(before)
    options = json.loads(after)["provider"]["x"]["options"]
    assert set(options["apiKey"]) == {"x"} and options["baseURL"] == "http://x"
    assert isinstance(options["password"], int)


def test_a_secret_with_escapes_leaves_valid_json() -> None:
    key = "-----BEGIN PRIVATE KEY-----\\n" + "MIIEvQ" * 20 + "\\n-----END PRIVATE KEY-----\\n"
    after = staged({"opencode.json": f'{{"a": {{"privateKey": "{key}"}}}}'.encode()})["opencode.json"]
    assert "MIIE" not in after
    json.loads(after)


def test_a_secret_in_front_matter_is_not_copied() -> None:
    after = staged({"agents/a.md": f"---\noptions:\n  apiKey: {SECRET}\nmode: all\n---\nHi\n".encode()})["agents/a.md"]
    assert SECRET not in after and "\nmode: all\n---" in after


@pytest.mark.parametrize("start", ["---\na: 1\n---\n", "\ufeff---\r\na: 1\r\n---\r\n", "---\na: 1\n----more "])
def test_prompts_are_not_copied(start: str) -> None:
    one, other = (without_prompt(f"{start}{prompt}".encode()) for prompt in ("One prompt", "Two\n---\nx: [\n"))
    assert one == other


@pytest.mark.parametrize("text", ["", "no front matter\n---\n", "---\nnever: closed\n", " ---\na: 1\n---\nx"])
def test_what_may_be_read_another_way_is_copied_whole(text: str) -> None:
    assert without_prompt(text.encode()) == text.encode()


def test_files_that_are_named_lie_in_the_copy() -> None:
    text = b'{"model": "{file:./m.txt}",\n "x": {"apiKey": "{file:~/key}"},\n "y": "{file:/gone}",\n // {file:no}\n}'
    assert refers({"opencode.json": text}) == {"./m.txt", "~/key", "/gone"}
    copy = stage({"opencode.json": text}, {"./m.txt": b"a/b", "~/key": b"whatever it is"}.get)
    after = copy.files[f"{FOLDER}/opencode.json"].decode()
    assert "{file:/gone}" in after and "// {file:no}" in after and "~/key" not in after
    assert {content for path, content in copy.files.items() if path.startswith(".files/")} == {b"a/b", b"placeholder"}


def test_a_named_file_that_cannot_be_read_or_holds_a_secret_is_a_placeholder() -> None:
    def unreadable(named: str) -> bytes | None:
        if named == "secret":
            return SECRET.encode()
        raise Unreadable(Problem(Origin(named), "no"))

    copy = stage({"opencode.json": b'{"a": "{file:secret}", "b": "{file:shut}"}'}, unreadable)
    assert {content for path, content in copy.files.items() if path.startswith(".files/")} == {b"placeholder"}


def test_npm_has_nothing_to_install() -> None:
    files = staged({})
    assert json.loads(files["package-lock.json"])["packages"][""]["dependencies"]["@opencode-ai/plugin"]
    assert "node_modules/.keep" in files
    assert stage({}, lambda named: None).variables["OPENCODE_PURE"] == "1"


def test_bytes_that_are_no_text_stay() -> None:
    assert (
        stage({"agents/a.md": b"---\nmode: \xff\n"}, lambda n: None).files[f"{FOLDER}/agents/a.md"]
        == b"---\nmode: \xff\n"
    )
