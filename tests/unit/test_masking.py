"""What looks like a secret, what does not, and that a mask never lets one through."""

from __future__ import annotations

import re
import time
from base64 import b64encode
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.formats import masking

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

# Put together here, so that scanners of repositories find no key in this file.
BODY = "q7Jx2VbN9sKd4" + "TzLw8YpRf3Gm6HcB1Xv"
HEX = "9f86d081884c7d65" + "9a2feaa0c55ad015"
SHA1 = "3f2c1ab09d" + "e8475561fa" + "77b2c0d4e8" + "1290fedcab"
SHA256 = "a3bf4f1b2b0b822c" + "d15d6c15b0f00a08" + "9f86d081884c7d65" + "9a2feaa0c55ad015"
UUID = "6357e0b2-0e6a-4b86" + "-a0b4-70df934c2e31"
BASE64 = "U0lYdlJ5RG1CSlNn" + "YXRnVFFSR2JJbkJhQUsraFpPUTE4"
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkw" + "IiwibmFtZSI6IkpvaG4ifQ.SflKxwRJSMeKKF2QT4fwpMeJf36P"
BECH32 = "QPZRY9X8GF2TVDW0" + "S3JN54KHCE6MUA7L"
PEM = "-----BEGIN RSA PRIV" + f"ATE KEY-----\n{BASE64}\n{BODY}\n-----END RSA PRIV" + "ATE KEY-----"

# (text, the value that is masked)
SECRETS = {
    "openai": (f"use sk-{BODY} here", f"sk-{BODY}"),
    "openai project": (f'"x": "sk-proj-{BODY}"', f"sk-proj-{BODY}"),
    "anthropic": (f"sk-ant-api03-{BODY}-AA", f"sk-ant-api03-{BODY}-AA"),
    "openrouter": (f"sk-or-v1-{HEX}", f"sk-or-v1-{HEX}"),
    "github ghp": (f"ghp_{BODY}", f"ghp_{BODY}"),
    "github gho": (f"gho_{BODY}", f"gho_{BODY}"),
    "github ghs": (f"ghs_{BODY}", f"ghs_{BODY}"),
    "github ghu": (f"ghu_{BODY}", f"ghu_{BODY}"),
    "github fine": (f"github_pat_11{BODY}_{BODY}", f"github_pat_11{BODY}_{BODY}"),
    "gitlab": (f"glpat-{BODY[:20]}", f"glpat-{BODY[:20]}"),
    "slack": ("xoxb-" + f"1234567890-{BODY}", f"xoxb-1234567890-{BODY}"),
    "slack webhook": (
        f"https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3/{BODY[:24]}",
        f"T0AB12CD3/B0AB12CD3/{BODY[:24]}",
    ),
    "aws": ("id AKIA" + "3XQ7ZPLM2RTVW9KD.", "AKIA" + "3XQ7ZPLM2RTVW9KD"),
    "google": (f"AIza{BODY}abc", f"AIza{BODY}abc"),
    "npm": (f"//registry.npmjs.org/:_authToken=npm_{BODY}", f"npm_{BODY}"),
    "hugging face": (f"hf_{BODY}", f"hf_{BODY}"),
    "pypi": (f"pypi-AgEIcHlwaS5vcmc{BODY}", f"pypi-AgEIcHlwaS5vcmc{BODY}"),
    "tavily": (f"https://mcp.tavily.com/mcp/?tavilyApiKey=tvly-{BODY}", f"tvly-{BODY}"),
    "context7": (f'["--api-key", "ctx7sk-{UUID}"]', f"ctx7sk-{UUID}"),
    "groq": (f"gsk_{BODY}{BODY}", f"gsk_{BODY}{BODY}"),
    "firecrawl": (f"fc-{HEX}", f"fc-{HEX}"),
    "stripe": ("sk_" + f"live_{BODY}", f"sk_live_{BODY}"),
    "age": ("AGE-SECRET-" + f"KEY-1{BECH32}{BECH32}", f"AGE-SECRET-KEY-1{BECH32}{BECH32}"),
    "jwt": (f"curl --header jwt:{JWT}", JWT),
    "private key": (f"key: |\n{PEM}\nmore", PEM),
    "private key in JSON": ('{"k": "' + PEM.replace("\n", "\\n") + '"}', PEM.replace("\n", "\\n")),
    "private key cut off": (PEM[: PEM.index("\n-----END")], BASE64),
    "bearer": (f'"Authorization": "Bearer {BODY}"', BODY),
    "bearer in curl": (f"curl -H 'authorization: bearer {BODY}' x", BODY),
    "basic": ("Authorization: Basic " + b64encode(b"jane:hunter22x").decode(), b64encode(b"jane:hunter22x").decode()),
    "address": ("postgres://jane:hunter22@db/prod", "jane:hunter22"),
    "address, password only": ("redis://:p4ssw0rd@cache:6379", ":p4ssw0rd"),
    "after a JSON line break": (f'"prompt": "the key\\nghp_{BODY}\\nis it"', f"ghp_{BODY}"),
    "JSON apiKey": (f'{{"apiKey": "{BODY[:12]}"}}', BODY[:12]),
    "JSON, next line": (f'"apiKey":\n    "{BODY[:12]}"', BODY[:12]),
    "JSON in JSON": (f'"x": "{{\\"apiKey\\": \\"{BODY[:12]}\\"}}"', BODY[:12]),
    "JSON cut off": (f'{{"apiKey": "{BODY[:12]}', BODY[:12]),
    "commented JSONC": (f'// "apiKey": "{BODY[:12]}",', BODY[:12]),
    "uuid as key": (f'"EXA_API_KEY": "{UUID}"', UUID),
    "assigned in a prompt": (f'"prompt": "put\\napi_key: {BODY[:12]}\\nthere"', BODY[:12]),
    "dotted": (
        "DISCORD_TOKEN=MTk4NjIyNDgzNDcxOTI1MjQ4" + ".Cl2FMQ.ZnCjm1XVW7",
        "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7",
    ),
    "YAML api_key": (f"  api_key: {BODY[:10]}\n", BODY[:10]),
    "YAML password": ("password: hunter2hunter2", "hunter2hunter2"),
    "YAML password with marks": ("db_password: 'x,y;(z)=1&2'", "x,y;(z)=1&2"),
    "YAML bare with marks": ("db_password: ab12,cd;ef&gh", "ab12,cd;ef&gh"),
    "a word chosen": ('"password": "swordfish"', "swordfish"),
    "a phrase chosen": ('passphrase = "correct horse battery staple"', "correct horse battery staple"),
    "hyphened phrase": ('"password": "correct-horse-battery-staple"', "correct-horse-battery-staple"),
    "env": ("export DB_PASSWORD=swordfish", "swordfish"),
    "env api-key": (f"OPENAI_API_KEY={BODY}", BODY),
    "env PAT": (f"GITHUB_PAT={BODY[:12]}", BODY[:12]),
    "header": (f"X-Api-Key: {BODY[:16]}", BODY[:16]),
    "header in a string": (f'-H "x-api-key: {BODY[:16]}"', BODY[:16]),
    "flag": (f"server --token {BODY[:16]}", BODY[:16]),
    "flag with =": (f"server --client-secret={BODY[:16]}", BODY[:16]),
    "flag in a list": (f'"args": ["--api-key", "{BODY[:16]}"]', BODY[:16]),
    "query": (f"https://host/mcp?access_token={BODY[:16]}&x=1", BODY[:16]),
    "camel": (f"clientSecret: '{BODY[:12]}',", BODY[:12]),
    "python": (f'auth_token: str = "{BODY[:12]}"', BODY[:12]),
    "go": (f'token := "{BODY[:12]}"', BODY[:12]),
    "private_key": (f"private_key = {BODY}", BODY),
    "secretAccessKey": (f'"secretAccessKey": "{BASE64[:40]}"', BASE64[:40]),
    "numbered": (f"TOKEN_2={BODY[:12]}", BODY[:12]),
    "random": (f"send {BODY} along", BODY),
    "random base64": (f"send {BASE64}== along", f"{BASE64}=="),
    "random hex": (f"the value is {HEX}, keep it", HEX),
    "random in an address's query": (f"https://host/x y={BODY}", BODY),
    "beside other letters": (f"ключ: sk-{BODY}…", f"sk-{BODY}"),
}

HARMLESS = {
    "env reference": '"apiKey": "{env:NANO_GPT_API_KEY}"',
    "file reference": '"apiKey": "{file:~/.secrets/openai-key-2024}"',
    "bearer reference": '"Authorization": "Bearer {env:TAVILY_API_KEY}"',
    "query reference": "https://mcp.tavily.com/mcp/?tavilyApiKey={env:TAVILY_API_KEY}",
    "our reference": '"token": {"$secret": "env:GITHUB_TOKEN_2024"}',
    "our YAML reference": "token: !secret keyring:github/token1234",
    "shell": 'curl -H "Authorization: token $CODEBERG_ACCESS_TOKEN" https://x',
    "shell braces": "API_KEY=${API_KEY_2024:-}",
    "shell command": "TOKEN=$(cat ~/.token-1234)",
    "node": "apiKey: process.env.OPENAI_API_KEY_12,",
    "python": 'api_key = os.environ["KEY_1234"]',
    "actions": "token: ${{ secrets.GITHUB_TOKEN_12 }}",
    "template": "password: {{ vault.password1234 }}",
    "angle": "Authorization: token <token>",
    "your key": '"apiKey": "<your key 1234>"',
    "YOUR_API_KEY": "OPENAI_API_KEY=YOUR_API_KEY_1234",
    "sk-your": "sk-your-openai-key-goes-here-1234",
    "xxxx": "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "dots": '"apiKey": "sk-abc123..."',
    "stars": "password: ************",
    "changeme": "password: changeme123",
    "example": '"secret": "example-secret-12"',
    "aws example": "AKIA" + "IOSFODNN7EXAMPLE",
    "null": '"apiKey": null, "token": true',
    "empty": '"apiKey": "",',
    "short": '"apiKey": "local"',
    "said in words": '"apiKey": "dont-worry-it-will-be-injected"',
    "no key": '"apiKey": "sk-no-key-required"',
    "a type": "function f(token: string, password: undefined)",
    "a call": "const token = getToken(12345678)",
    "a member": "const apiKey = config.provider2.apiKey22",
    "an index": "secret: keypair[:32]",
    "max_tokens": '"max_tokens": 1000000000,',
    "max_output_tokens": "max_output_tokens: 131072000",
    "preserve_recent_tokens": '"preserve_recent_tokens": 200000000',
    "token_count": "token_count=123456789",
    "tokenizer": '"tokenizer": "cl100k_base_v2"',
    "tokens": '"tokens": "abc12345678"',
    "token limit": '"tokenLimit": "12345678k"',
    "secret's name": "secretName: my-app-credentials-2",
    "from_secret": "  api_key:\n    from_secret: my_secret_name1",
    "password file": "password_file: /run/secrets/db1234",
    "path": "API_TOKEN=/run/secrets/db1234",
    "env var's name": '"api_key_env": "OPENAI_API_KEY_2"',
    "prose": "The password: something the user remembers, with 12345678 at the end",
    "prose label": "**Password**: Required. Must have 8 characters",
    "prose tokens": "Keep tokens: under 150k tokens of context per session",
    "prose api key": "Get an API key: open https://platform.openai.com/api-keys and press Create",
    "prose bearer": "Bearer authentication-required responses, Basic authentication",
    "permission": '"*token*": "allow", "pass show *": "ask-first"',
    "comparison": 'if (token == "abc12345678")',
    "colour": '"token": "#ff00aa80"',
    "label": '"password": "Passwort"',
    "public key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE" + "q7Jx2VbN9sKd4TzLw8YpRf3Gm6HcB1Xv",
    "age recipient": "age1u628wr9f3002kznk8yhpxz5hrlvdx7thtsjktg2spl73yh6wgczsghpr8x",
    "certificate": "-----BEGIN CERTIFICATE-----\n" + f"{BASE64}\n{BODY}\n-----END CERTIFICATE-----",
    "private key, named": "-----BEGIN RSA PRIV" + "ATE KEY-----\n...\n-----END RSA PRIV" + "ATE KEY-----",
    "address with a port": "http://localhost:8080/@scope/x",
    "address in docs": "postgres://user:password@localhost/db https://user:pass@host",
    "address, default": "postgres://postgres:postgres@localhost/db",
    "address of an image": "docker://app:1.2.3@sha256:" + SHA256,
    "commit": f"commit {SHA1}",
    "sha": f'"sha": "{SHA1}"',
    "pinned action": f"uses: actions/checkout@{SHA1}",
    "digest": f"image@sha256:{SHA256}",
    "integrity": f'"integrity": "sha512-{BASE64}{BASE64}=="',
    "nix hash": f'narHash = "sha256-{BASE64}="',
    "sums": f"{SHA256}  opencode.tar.gz",
    "uuid": f"session {UUID}",
    "uuid in a path": f"replays/{UUID}/results/1000",
    "address's path": f"https://github.com/x/y/blob/{SHA1}/README.md",
    "file path": "/usr/lib/x86_64-linux-gnu/polkit-kde-authentication-agent-1",
    "relative path": "crates/opencode2/src/session3/really_long_file_name_v2.rs",
    "model": "anthropic/claude-sonnet-4-5-20250929-thinking-v1",
    "kebab": "01-retrieval-skill-building-explainer-readme-with-2-parts",
    "snake": "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc",
    "camel": "getServerSidePropsWithAuthenticationMiddlewareV2ForReact18",
    "alphabet": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "rule": "-" * 60 + "=" * 60,
    "digits": "12345678901234567890123456789012345678901234567890",
    "image": f"data:image/png;base64,{BASE64}{BASE64}",
    "task": "task-0123456789-risk-assessment-sk-learn",
    "a mask": 'token: •••#1 and apiKey: "•••#22222222"',
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_found_whole_and_alone(name: str) -> None:
    text, value = SECRETS[name]
    found = [text[span.start : span.end] for span in masking.find(text)]
    assert len(found) == 1
    assert found == [value] or (name == "private key cut off" and value in found[0])
    assert masking.looks_secret(text.encode())


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_secret_is_left_alone(name: str) -> None:
    text = HARMLESS[name]
    assert [text[span.start : span.end] for span in masking.find(text)] == []
    assert not masking.looks_secret(text.encode())


@pytest.mark.parametrize(
    "key",
    [
        "apiKey",
        "api_key",
        "api-key",
        "x-api-key",
        "token",
        "GITHUB_TOKEN",
        "authToken",
        "secret",
        "clientSecret",
        "client_secret",
        "password",
        "DB_PASSWORD",
        "passwd",
        "Authorization",
        "Proxy-Authorization",
        "private_key",
        "access_key",
        "secretAccessKey",
        "refresh_token",
        "$secret",
        "GITHUB_PAT",
    ],
)
def test_a_key_that_names_a_secret(key: str) -> None:
    assert masking.key_names_secret(key)


@pytest.mark.parametrize(
    "key",
    [
        "max_tokens",
        "tokens",
        "tokenizer",
        "token_count",
        "tokenCount",
        "preserve_recent_tokens",
        "token_limit",
        "key",
        "keybinds",
        "public_key",
        "keymap",
        "secretName",
        "from_secret",
        "password_file",
        "api_key_env",
        "token_url",
        "authorized",
        "pass",
        "bypass",
        "compass",
        "authorizationUrl",
    ],
)
def test_a_key_that_only_sounds_like_one(key: str) -> None:
    assert not masking.key_names_secret(key)


def test_one_setting_is_judged_by_key_and_value() -> None:
    assert masking.value_looks_secret("apiKey", BODY[:12])
    assert masking.value_looks_secret("anything", f"ghp_{BODY}")
    assert masking.value_looks_secret("password", "correct horse battery staple")
    assert not masking.value_looks_secret("apiKey", "{env:X_12345678}")
    assert not masking.value_looks_secret("theme", BODY[:12])
    assert not masking.value_looks_secret("description", "the token to send with 12345678 requests")


def test_why_never_holds_the_value() -> None:
    for text, value in SECRETS.values():
        for span in masking.find(text):
            assert span.why
            assert value not in span.why


def test_whole_files_of_any_encoding() -> None:
    text = f"api_key: {BODY}"
    assert masking.looks_secret(b"\xef\xbb\xbf" + text.encode())
    assert masking.looks_secret(text.encode("utf-16"))
    assert masking.looks_secret(b"\xff\xfe\x00broken \xff " + f"ghp_{BODY}".encode("utf-16-le"))
    assert masking.looks_secret(b"caf\xe9 " + text.encode())
    assert masking.looks_secret(b"\x7fELF\x00\x01" + f" ghp_{BODY} ".encode())
    assert not masking.looks_secret(b"\x89PNG\x00" + bytes(range(256)) * 8)
    assert not masking.looks_secret(b"")


def test_masks_are_numbered_by_first_appearance_and_stay() -> None:
    masker = masking.Masker()
    one, two = f"ghp_{BODY}", f"sk-{BODY}"
    assert masker.mask(f"{one} {two} {one}") == "•••#1 •••#2 •••#1"
    assert masker.mask(f"TOKEN={two}") == "TOKEN=•••#2"
    assert masker.mask(f"glpat-{BODY[:20]} {one}") == "•••#3 •••#1"


def test_what_was_learned_is_masked_where_nothing_else_would_tell() -> None:
    masker = masking.Masker()
    masker.learn('"password": "swordfish"')
    assert masker.mask("the server refused swordfish") == "the server refused •••#1"


def test_what_is_known_to_be_a_secret_is_hidden_whatever_it_looks_like() -> None:
    masker = masking.Masker()
    for value in ("plainwords", "short", "{env:SOMETHING}"):
        masker.hide(value)
    assert masker.mask("plainwords, short, {env:SOMETHING}") == "•••#1, short, {env:SOMETHING}"


def test_a_longer_value_is_masked_whole() -> None:
    masker = masking.Masker()
    masker.learn(f"password: {BODY[:12]}")
    assert masker.mask(f"token: {BODY} and {BODY[:12]}!") == "token: •••#2 and •••#1!"


def test_what_looks_like_a_secret_beside_a_mask_only_is_masked_too() -> None:
    masker = masking.Masker()
    masker.learn("redis://:p4ssw0rd@cache:6379")
    assert masker.mask('"password": "swordfish":p4ssw0rd') == '"password": "•••#2"•••#1'


def test_a_private_key_is_masked_in_a_diff_too() -> None:
    masker = masking.Masker()
    masker.learn(PEM)
    lines = [masker.mask(f"+   {line}") for line in PEM.split("\n")]
    assert lines == ["+   •••#1"] * 4
    assert masker.mask(PEM) == "•••#1"


PIECES = st.one_of(
    st.sampled_from([text for text, _ in SECRETS.values()]),
    st.sampled_from([value for _, value in SECRETS.values()]),
    st.sampled_from(list(HARMLESS.values())),
    st.sampled_from(
        [
            "password: ",
            "token=",
            '"apiKey": "',
            '"',
            "'",
            "`",
            "\n",
            " ",
            "•••#1",
            "--token ",
            "Bearer ",
            "://",
            "@",
            ":",
        ]
    ),
    st.text(max_size=12),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=8).map("".join), st.lists(PIECES, max_size=3).map("".join))
def test_no_found_value_is_left_and_masking_twice_changes_nothing(text: str, learned: str) -> None:
    masker = masking.Masker()
    masker.learn(learned)
    masked = masker.mask(text)
    for source in (text, learned):
        for span in masking.find(source):
            assert source[span.start : span.end] not in masked
    assert masking.find(masked) == ()
    assert masker.mask(masked) == masked
    assert masking.Masker().mask(masked) == masked


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_any_text_can_be_looked_at(text: str) -> None:
    spans = masking.find(text)
    assert list(spans) == sorted(spans)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


def test_no_false_alarm_in_real_homes() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"no real homes at {CORPUS}")
    texts = {path: path.read_bytes() for path in sorted(CORPUS.rglob("*")) if path.is_file()}
    assert len(texts) > 150
    assert [path.name for path, content in texts.items() if masking.looks_secret(content)] == []
    assert sum(len(masking.find(content.decode())) for content in texts.values()) == 0


def test_a_secret_put_into_a_real_home_is_found() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"no real homes at {CORPUS}")
    for path in sorted(CORPUS.rglob("*.json*")):
        text = path.read_text()
        planted, many = re.subn(r'("(?:apiKey|[A-Z_]+(?:TOKEN|KEY))"\s*:\s*)"[^"]*"', rf'\g<1>"{BODY[:20]}"', text)
        assert masking.looks_secret(planted.encode()) is bool(many)


def test_looking_at_many_files_is_not_felt() -> None:
    page = ("# A skill about tokens\n\nKeep the token budget: 2000. Ask before you pass a key.\n\n" * 26).encode()
    masking.looks_secret(page)
    started = time.process_time()
    for _ in range(2000):
        masking.looks_secret(page)
    assert len(page) > 2000
    assert time.process_time() - started < 0.6


@pytest.mark.parametrize(
    "text", ["a" * 200_000, "-" * 200_000, "token " * 40_000, 'key="' * 40_000, "-----BEGIN PRIVATE KEY-----" * 4_000]
)
def test_no_text_takes_for_ever(text: str) -> None:
    started = time.process_time()
    masking.find(text)
    assert time.process_time() - started < 3


WEAKER = {
    "a list in front matter": "tokens:\n  - A1b2C3d4E5\n  - correct\n",
    "a chosen one in a list": "secret:\n  - horse-battery-staple\n",
    "a list on one line": 'secrets: ["A1b2C3d4E5", other]',
    "a list in JSON": '"passwords": [\n  "A1b2C3d4E5",\n  "b"\n]',
    "a cookie": "Cookie: session=A1b2C3d4E5; theme=dark",
    "a key in an address": "https://api.example.com/mcp?key=0a1b2c3d4e5f60718293a4b5",
    "another in an address": "https://example.com/mcp?x=1&access_token=A1b2C3d4E5f6",
}
NOT_WEAKER = {
    "numbers": "tokens:\n  - 1000000000\n",
    "words": "tokens:\n  - background\n  - foreground\n",
    "references": "secrets: [env:GITHUB_TOKEN, '{env:GITHUB_TOKEN}']",
    "an address": "https://example.com/search?key=settings-and-more&code=markdown_syntax",
    "an agent's tools": "tools: [read, write]\nsecret: false\n",
}


@pytest.mark.parametrize("text", WEAKER.values(), ids=WEAKER)
def test_weaker_forms_are_found(text: str) -> None:
    masked = masking.Masker().mask(text)
    assert "•••#1" in masked
    assert not [part for part in ("A1b2C3d4E5", "staple", "0a1b2c") if part in masked]


@pytest.mark.parametrize("text", NOT_WEAKER.values(), ids=NOT_WEAKER)
def test_what_only_looks_like_a_weaker_form_is_left(text: str) -> None:
    assert masking.Masker().mask(text) == text
