"""A text in, the secrets in it that show by their form alone, out: known beginnings, addresses, randomness. Pure."""

from __future__ import annotations

import re
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Callable, Iterator
from typing import NamedTuple

from reconciler.formats.masking_scan import RANDOM_RUN, SHORTEST_RUN, Scan, Span
from reconciler.formats.masking_words import entropy, machine_made, stands_in, wordy

# What follows, and the beginnings; matched at the beginning of long words only.
_WORD_FORMS = (
    (r"[\w-]{16,}", "sk- pk-lf- csk- xai- gsk_ nvapi- pplx- jina_ fw_"),
    (r"\w{16,}", "sk_live_ rk_live_ sk_test_ whsec_ hf_ r8_ npm_ tgp_v1_"),
    (r"[A-Za-z0-9]{30,}", "ghp_ gho_ ghs_ ghu_ ghr_"),
    (r"[\w-]{20,}", "github_pat_ glpat- glrt- tvly- ctx7sk pypi- figd_ AIza lin_api_ ntn_ glsa_ sntrys_ sbp_ dop_v1_"),
    (r"[\w-]{20,}", "GOCSPX-"),
    (r"[A-Za-z0-9-]{14,}", "xoxa- xoxb- xoxp- xoxr- xoxs- xapp-"),
    (r"[A-Z0-9]{16}(?![A-Za-z0-9])", "AKIA ASIA"),
    (r"[0-9a-f]{32}(?![A-Za-z0-9])", "fc- shpat_"),
    (r"[A-Z0-9]{50,}", "AGE-SECRET-KEY-1"),
    (r"[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*", "eyJ"),
)
_WORD_FORM = re.compile(
    "[_-]*({})".format(
        "|".join(f"(?:{'|'.join(map(re.escape, starts.split()))}){rest}" for rest, starts in _WORD_FORMS)
    ),
    re.A,
)
_PEM = (
    r"(-----BEGIN ([A-Z0-9 ]*PRIVATE KEY[A-Z ]*)-----"
    r"(?:(?=[^.]{0,400}?[A-Za-z0-9+/]{24})[^\"'`<]{40,20000}?-----END \2-----"
    r"|(?:\\[nr]|\s)*(?:[A-Za-z0-9+/=]{16,}(?:\\[nr]|\s)*)+))"
)
_PASSWORDS = frozenset(("password", "passwd", "pass", "secret", "token", "postgres", "admin", "guest"))


def known(scan: Scan) -> Iterator[Span]:
    """Values that begin or stand as only secrets do."""
    forms = _SHORT_FORMS if b"bearer" in scan.words else _SHORTER_FORMS
    for start, end in scan.runs(SHORTEST_RUN):
        forms = _FORMS
        found = _WORD_FORM.match(scan.text, start, end + 2000)
        if found and _is_form(found[1]):
            yield Span(*found.span(1), f"begins like a key: `{found[1][:4]}…`")
    for form in forms:
        if form.literal in scan.raw:
            for found in re.finditer(form.pattern, scan.text):
                if form.tells(found[1]):
                    yield Span(*found.span(1), form.why)


def _is_form(value: str) -> bool:
    body = re.sub(r"\A[A-Za-z0-9]{2,}?[-_.]", "", value)
    one_word = body.isalpha() and len(body) >= 24 and entropy(body) > 3.5
    return not stands_in(value) and (one_word or not wordy(body))


_QUERY = (
    r"[?&](?:[\w.-]*[_.-])?(?:key|api_?key|access|token|secret|sig|signature|auth|password|passwd|pwd|session|sid|code)"
    r"=([^&\s\"'`<>#)\]]{12,})"
)


def _is_machine_made(value: str) -> bool:
    return machine_made(value) and not stands_in(value)


def _is_basic(value: str) -> bool:
    try:
        decoded = a2b_base64(value, strict_mode=True)
    except NotBase64:
        return False
    return decoded.isascii() and b":" in decoded and _is_userinfo(decoded.decode())


def _is_userinfo(value: str) -> bool:
    user, _, password = value.partition(":")
    return len(password) > 3 and password not in (user, *_PASSWORDS) and not stands_in(password)


class _Form(NamedTuple):
    """A form of several words: a literal without which it need not be tried, and the pattern; group 1 is the value."""

    literal: bytes
    pattern: str
    tells: Callable[[str], bool]
    why: str


# Those that may do without "bearer" and without one long word, those that need the first, those that need both.
_SHORTER_FORMS: tuple[_Form, ...] = (
    _Form(b"asic ", r"asic[ \t]+([A-Za-z0-9+/]{8,}={0,2})", _is_basic, "user and password in base64"),
    _Form(b"://", _QUERY, _is_machine_made, "a key in an address"),
    _Form(b"://", r"://([^\s/:@\"'`<>\[\]]*:[^\s/@\"'`<>]+)@(?!sha\d)", _is_userinfo, "a password in an address"),
)
_SHORT_FORMS = (
    *_SHORTER_FORMS,
    _Form(b"earer ", r"earer[ \t]+([A-Za-z0-9._~+/=|-]{12,})", _is_machine_made, "a bearer token"),
)
_FORMS = (
    *_SHORT_FORMS,
    _Form(b"PRIVATE KEY", _PEM, bool, "a private key"),
    _Form(b"SG.", r"(SG\.(?<![\w-]SG\.)[\w-]{16,}\.[\w-]{19,})", _is_form, "begins like a key: `SG.…`"),
    _Form(b"ya29.", r"(ya29\.(?<![\w-]ya29\.)[\w-]{20,})", _is_form, "begins like a key: `ya29.…`"),
    _Form(b"hooks.slack.com", r"hooks\.slack\.com/services/(T\w+/B\w+/\w{19,})", _is_form, "a webhook's address"),
)

# --- randomness ------------------------------------------------------------------------------------------------------

_PADDING = re.compile("={0,2}")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
# An age recipient, an SSH public key, an OpenPGP fingerprint, a digest with its name.
_PUBLIC = re.compile(r"age1[a-z0-9]+$|AAAA[BCE][1-3][A-Za-z]|[0-9A-F]{40}$|(?:sha\d+|md5)-")
_ARMOUR = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*?(?!PRIVATE)[A-Z0-9]+(?: BLOCK)?-----[A-Za-z0-9+/=:\s\\\"',]*")
_NAMED = re.compile(
    r"(?:@|\b(?:sha\d*|md5|blake\w*|commit\w*|rev(?:ision)?|hash\w*|\w+Hash|checksum\w*|digest\w*|integrity|ref|tag|tree"
    r"|base64,|fingerprint)\b[\"'`]?\s*[:=@,(/ -]?\s*[\"'`]?)\Z",
    re.I,
)
_IN_PATH = re.compile(r"(?:\w://|[~.]?/|\]\()[^\s\"'`<>(]*\Z")
_LISTED = re.compile(r"[ \t]+[*\w./]")
_LONGEST = 4096


def random(scan: Scan) -> Iterator[Span]:
    """Long words that no person made up and nothing around them explains."""
    for start, end in scan.runs(RANDOM_RUN, base64=True):
        padding = _PADDING.match(scan.text, end)
        end = padding.end() if padding else end
        if _is_random(scan.text[start:end]) and not _explained(scan.text, start, end):
            yield Span(start, end, "looks random")


def _is_random(value: str) -> bool:
    value = _UUID.sub("", value) if "-" in value else value
    if not RANDOM_RUN <= len(value) <= _LONGEST or value.isdigit() or wordy(value):
        return False
    if _PUBLIC.match(value) or stands_in(value.lstrip("/")):
        return False
    return entropy(value) > (3.0 if _HEX.fullmatch(value) else 3.8)


def _explained(text: str, start: int, end: int) -> bool:
    """Whether what stands around it says what it is: a digest, a commit, a part of an address or a path."""
    before = text[max(text.rfind("\n", 0, start) + 1, start - 200) : start]
    if _NAMED.search(before) or _IN_PATH.search(before + text[start]):
        return True
    armour = text.rfind("-----BEGIN ", max(0, start - 20_000), start)
    if armour >= 0 and _ARMOUR.fullmatch(text, armour, start):
        return True
    return not before.strip() and end - start in (32, 40, 64, 128) and bool(_LISTED.match(text, end))
