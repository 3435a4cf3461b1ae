"""A text in, the literals in it that are given to a key that names a secret, out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from reconciler.formats.masking_scan import Scan, Span
from reconciler.formats.masking_words import machine_made, spoken, stands_in, wordy

SHORTEST = 8
LONGEST_KEY = 60

_NOUN = (
    "[a-z]*(?:token|secret)|[a-z]*passw(?:or)?d|passphrase|pwd|credentials?|authorization|[a-z]*apikey|bearer|pat|pass"
    "|cookies?"
)
_KEYS = "api|access|private|secret|signing|encryption|master|ssh|deploy|service|role|account|subscription|auth|admin"
_NAMES_SECRET = re.compile(rf"(?:^| )(?:{_NOUN}|(?:{_KEYS}) key)(?= |$)")
# The secrets that people choose themselves, and that may therefore be words.
_CHOSEN = re.compile(r"(?:^| )[a-z]*(?:secret|passw(?:or)?d|passphrase|pwd|pass)\b(?!.* (?:token|key)\b)")
# A key with one of these speaks about a secret: `token_count`, `password_file`, `secretName`.
_ABOUT = re.compile(
    r"(?:^| )(?:count|counts|limit|limits|budget|type|types|ur[li]|endpoint|envs?|vars?|variables?|names?|files?|path"
    r"|dir|refs?|references?|store|stdin|length|len|size|usage|price|cost|window|rate|expir\w*|ttl|lifetime|policy|required"
    r"|optional|enabled|fields?|header|prompt|format|location|manager|provider|helper|cmd|command|scan\w*|rules?|s|ids?"
    r"|max|min|num|total|public|from|use|has|is|no|reset|parser|encoding|placeholder|label|description|title|model|hint"
    r"|scopes?|sha|digest|fingerprint|algorithm|alg|changed|updated|created|at|date|time|age|version|status|state|pattern"
    r")(?= |$)"
)
_SENTENCE = re.compile(
    r"[.,:;!?()]|\b(?:the|an?|to|for|of|is|are|use[ds]?|your|my|and|or|in|with|from|this|that|not|no)\b"
)
_SAYING_NOTHING = frozenset(
    (
        *("secret", "secrets", "token", "tokens", "key", "keys", "password", "passwd", "pass", "pw", "pwd", "name"),
        *("names", "user", "username", "value", "string", "text", "number", "my", "your", "here", "some", "test"),
        *("dummy", "fake", "sample", "demo", "default", "required", "optional", "undefined", "boolean", "include"),
        *("inherit", "local", "credential", "credentials", "auth", "authorization", "none", "empty", "insert"),
        *("replace", "todo", "admin", "mandatory", "postgres", "guest"),
    )
)


@lru_cache(maxsize=4096)
def names_secret(key: str) -> bool:
    """Whether a key says that its value is a secret."""
    words = spoken(key)
    return words not in ("pat", "pass") and bool(_NAMES_SECRET.search(words)) and not _ABOUT.search(words)


def gives_away(key: str, value: str, *, whole: bool) -> bool:
    """Whether `value` is the secret that `key` promises. `whole`: it is known to be all of the value, not the first
    word of a sentence."""
    value = value.strip()
    if len(value) < SHORTEST or stands_in(value):
        return False
    return machine_made(value) or (whole and bool(_CHOSEN.search(spoken(key))) and _thought_of(key, value))


def _thought_of(key: str, value: str) -> bool:
    """A password somebody thought of, not the label, type or description of one."""
    if any(char.isspace() for char in value):
        return "pass" in key.lower() and value.islower() and not _SENTENCE.search(value)
    return (
        not value.istitle() and value.lower() not in _SAYING_NOTHING and not {*spoken(value).split()} & _SAYING_NOTHING
    )


# --- in a text -------------------------------------------------------------------------------------------------------

# The keywords are looked for first, the key's left end after that: a pattern that began with a key would be tried at
# every word of every text.
_GIVEN = re.compile(
    r"""(?!_pat[a-z]) [\w-]{1,60}+ (?:\\?["'`\]]){0,3}+ (?:[ ]?:[ ]?str(?:ing)?[ ]?(?==))?
    [ \t]*+ (?::=|=>|[:=])(?![=]) [ \t]*+ (?:\n\s*(?=["']))?""",
    re.X | re.I | re.A,
)
_FLAG = re.compile(r"""--([A-Za-z][\w-]+)(?:[ ]+(?=[^\s-])|["'],\s*(?=["']))""")
_LEFT = re.compile(r"[\w.$-]*(?:(?<=api)[ ])?\Z", re.I)
_NAME = re.compile(r"[\w.$ -]+")


def assigned(scan: Scan) -> Iterator[Span]:
    """Values behind `key:`, `key=`, `--key` and the like."""
    for word in scan.words:
        at = scan.lowered.find(word)
        while at >= 0:
            given = _GIVEN.match(scan.text, at)
            if given:
                key = _key(scan, at, given.end())
                yield from _value(scan.text, given.end(), key)
                yield from _listed(scan.text, given.end(), key)
            at = scan.lowered.find(word, at + len(word))
    if scan.words and b"--" in scan.raw:
        for flag in _FLAG.finditer(scan.text):
            yield from _value(scan.text, flag.end(), flag[1])


def _key(scan: Scan, at: int, end: int) -> str:
    """The whole key that one of the keywords belongs to."""
    line = scan.text.rfind("\n", 0, at) + 1
    left = _LEFT.search(scan.text, max(line, at - LONGEST_KEY), at)
    start = left.start() if left else at
    name = _NAME.match(scan.text, start + scan.escaped(start), end)
    return name[0].rstrip() if name else ""


_QUOTED = re.compile(r"""(\\?)(["'`])(.*?)(?:(?<!\\)\1\2)""")
_OPENED = re.compile(r"""\\?["'`]""")
_STARTS_LINE = re.compile(r"[ \t]*(?:- |export |set )?[\w.-]+(?::[ \t]+|[ \t]*=[ \t]*)")
_TO_SPACE = re.compile(r"""[^\s"'`\\]+(?<![,;])""")
_TO_PUNCTUATION = re.compile(r"""[^\s"'`\\,;&)\]}>]+""")
_SCHEME = re.compile(r"(?:bearer|basic|token|key|apikey)\s+", re.I)
_MEMBER = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def _value(text: str, at: int, key: str) -> Iterator[Span]:
    """The literal that begins at `at`, where it is the secret its key names."""
    if not names_secret(key):
        return
    quoted = _QUOTED.match(text, at)
    if quoted:
        start, end = quoted.span(3)
        whole = not text.startswith(":", quoted.end())  # else it is itself a key
    else:
        start, end = _bare(text, at)
        whole = text[at - 1] == "=" and key.isupper()
        if _is_code(text[start:end]) or (text[start:end].isdigit() and not _CHOSEN.search(spoken(key))):
            return
    scheme = _SCHEME.match(text, start, end)
    start = scheme.end() if scheme else start
    if gives_away(key, text[start:end], whole=whole):
        yield Span(start, end, f"the value of `{key}`")


_INLINE = re.compile(r"""\[([^\[\]{}]{8,4000})\]""")
_LINES = re.compile(r"""(?:\[\s*)?(?:\r?\n[ \t]*(?:-[ \t]+|(?=["']))[^\n]{8,}(?=\n|\Z))+""")
_ITEM = re.compile(r"""["']([^"'\n]{8,})["']|(?<![^\s\[,])([^\s"'`,\[\]{}#-][^\s"'`,\[\]{}]{7,})""")


def _listed(text: str, at: int, key: str) -> Iterator[Span]:
    """Values of a list that its key promises: `tokens: [a, b]`, or one below the other."""
    found = _INLINE.match(text, at) or _LINES.match(text, at)
    if found is None or not (names_secret(key) or names_secret(key.removesuffix("s"))):
        return
    for item in _ITEM.finditer(text, found.start(), found.end()):
        start, end = item.span(1) if item[1] is not None else item.span(2)
        if gives_away(key, text[start:end], whole=True):
            yield Span(start, end, f"the value of `{key}`")


def _bare(text: str, at: int) -> tuple[int, int]:
    """A value without quotes, or whose closing quote is missing."""
    opened = _OPENED.match(text, at)
    at = opened.end() if opened else at
    scheme = _SCHEME.match(text, at)
    start = scheme.end() if scheme else at
    line = text[text.rfind("\n", 0, at) + 1 : at]
    # In YAML and .env files a value ends with its line's word, in URLs and code with punctuation too.
    found = (_TO_SPACE if _STARTS_LINE.fullmatch(line) else _TO_PUNCTUATION).match(text, start)
    return start, found.end() if found else start


def _is_code(value: str) -> bool:
    return any(char in value for char in "[({") or (bool(_MEMBER.fullmatch(value)) and wordy(value))
