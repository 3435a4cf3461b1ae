"""A branch that is followed: where it stands, what shows that it moved, who signed, and how it is fetched.

Nothing of the repository's own settings is run here either. git verifies with the programs that the user's own settings
name, and a remote is fetched through a bare repository of ours, so that only its URL comes from theirs.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from shlex import quote

from reconciler.model.problem import invalid
from reconciler.world.git_command import Command

# What decides whether a signature is good, as the user has it: a repository may not choose.
TRUST = {
    "gpg.program": "gpg",
    "gpg.openpgp.program": "gpg",
    "gpg.x509.program": "gpgsm",
    "gpg.ssh.program": "ssh-keygen",
    "gpg.ssh.allowedSignersFile": "",
    "gpg.ssh.revocationFile": "",
    "gpg.ssh.defaultKeyCommand": "",
    "gpg.minTrustLevel": "undefined",
}
SIGNS = {
    "N": "it is not signed",
    "B": "its signature is bad",
    "U": "its signature is good, but nobody said that the key may be trusted",
    "X": "its signature has expired",
    "Y": "its key has expired",
    "R": "its key was revoked",
    "E": "its key is not known here",
}


def commit_of(git: Command, branch: str) -> str:
    """The commit a local branch (`main`) or a remote's (`origin/main`) stands at; "" where there is none."""
    local, remote = git.named(*(f"refs/{where}/{branch}^{{commit}}" for where in ("heads", "remotes")))
    return local or remote


def watched(git: Command, branch: str) -> tuple[str, ...]:
    """The folders in which something changes when the branch moves, or a rebase begins or ends."""
    folder = git.facts.git_dir
    shared = os.path.normpath(os.path.join(folder, _first_line(os.path.join(folder, "commondir"))))
    found = {folder, shared, os.path.join(shared, "reftable")}
    for prefix in ("refs/heads", "refs/remotes"):
        path = os.path.dirname(os.path.join(shared, prefix, branch))
        found |= {path, os.path.dirname(path), os.path.join(shared, prefix)}
    return tuple(sorted(path for path in found if os.path.isdir(path)))


def hooks(git: Command) -> str:
    """The folder of a repository's hooks: `core.hooksPath` counts, the user's own too; it is meant from the top."""
    said = git.word("config", "--local", "--get", "core.hooksPath") or git.personal("core.hooksPath")
    if said:
        return os.path.normpath(os.path.join(git.folder, os.path.expanduser(said)))
    folder = git.facts.git_dir
    return os.path.normpath(os.path.join(folder, _first_line(os.path.join(folder, "commondir")), "hooks"))


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
            return file.readline().strip()
    except OSError:
        return ""


def distrusted(git: Command, commit: str) -> str:
    """Why a commit's signature is not good enough, or ""."""
    settings = [f"{name}={git.personal(name) or default}" for name, default in TRUST.items()]
    options = [word for setting in settings for word in ("-c", setting)]
    sign = git.word(*options, "log", "-1", "--format=%G?", commit, no=(1, 128))
    return "" if sign == "G" else SIGNS.get(sign, "its signature cannot be checked here")


def fetch(git: Command, remote: str, branch: str, cache: str) -> None:
    """Brings `refs/remotes/REMOTE/BRANCH` up to date; no branch, no file, no index moves. `cache`: a folder of ours.
    Raises Invalid."""
    url = git.word("config", "--local", "--get", f"remote.{remote}.url")
    if not url:
        raise invalid(
            git.folder, f"no remote is called `{remote}`", f"`git -C {quote(git.folder)} remote -v` lists them"
        )
    own = os.path.join(cache, f"fetch-{blake2b(os.fsencode(git.folder), digest_size=8).hexdigest()}")
    # A path is meant from the repository's top.
    place = os.path.join(git.folder, url) if not url.startswith("/") and os.path.isdir(f"{git.folder}/{url}") else url
    git.aside(own, "init", "--quiet", "--bare", own)
    name = f"refs/heads/{branch}"
    quiet = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
    git.aside(own, "--git-dir", own, *quiet, "--", place, f"+{name}:{name}")
    tracking = f"+{name}:refs/remotes/{remote}/{branch}"
    git.run("-c", "gc.auto=0", "-c", "maintenance.auto=false", *quiet, "--", own, tracking, protocols="file")
