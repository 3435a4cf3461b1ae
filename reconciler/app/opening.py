"""Variables and a folder → an App over this machine. Looks; makes nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping

from reconciler import registry
from reconciler.app.session import App
from reconciler.model.problem import invalid
from reconciler.model.programs import Programs
from reconciler.model.secret import Secrets
from reconciler.model.serving import ServerWorld
from reconciler.model.world import Cipher, Env, Repository

HINT = "`cd` into it, name it with `-C DIR`, or start one with `reconcile init`"


def environment(variables: Mapping[str, str]) -> Env:
    """Where this user's things are. Raises Invalid."""
    from reconciler.world import local

    return local.environment(variables)


def open_app(env: Env, directory: str | None = None, *, gone: bool = False) -> App:
    """The app over the repository that `directory`, RECONCILE_REPO, the current folder or the state names; `gone`: one
    that the state knows may have no desired state in its work tree."""
    top = found(env, directory, gone)
    if top is None:
        raise invalid("repository", "no desired-state repository found", HINT)
    return app(env, top)


def open_home(env: Env, directory: str | None = None) -> App:
    """The same for verbs that can do without a repository."""
    return app(env, found(env, directory))


def app(env: Env, top: str | None) -> App:
    """An app over this machine and the repository at `top`."""
    from reconciler.world.git import GitRepository
    from reconciler.world.local import LocalWorld
    from reconciler.world.programs import LocalPrograms
    from reconciler.world.seal import Seal
    from reconciler.world.secrets import LocalSecrets
    from reconciler.world.store import Store
    from reconciler.world.witness import Moment

    folders = {root.name: root.path(env) for root in registry.roots(top)}
    opened = Moment.now([*filter(None, folders.values()), *([top] if top else [])])
    seal = Seal(f"{env.data}/reconciler", env.home)
    store = Store(f"{env.state}/reconciler/state.db", seal, folders, env.home)
    programs = LocalPrograms(env, f"{env.cache}/reconciler/confirmed.json")
    repository: Repository | None = GitRepository(top) if top else None
    secrets = LocalSecrets(env, seal, top or "")
    local = LocalWorld(folders, env.home, lambda: _servers(env, top or "", programs, seal, secrets))
    roots = registry.roots(top)
    return App(
        env, repository, local, store, seal, programs, store.book, opened, roots=roots, secrets=secrets,
        scanned=local.scanned,
    )  # fmt: skip


def _servers(env: Env, top: str, programs: Programs, cipher: Cipher, secrets: Secrets) -> ServerWorld:
    """Only where servers are declared or owned: what looks at processes costs time to import."""
    from reconciler.shapes import opencode_copy
    from reconciler.world.server_secrets import ServerSecrets
    from reconciler.world.servers import LocalServers

    def program() -> tuple[str, str] | str:
        how = opencode_copy.CONFIRM
        found = programs.find(how.program, how.variable, how.stage({}, lambda named: None))
        return found if isinstance(found, str) else (found.path, found.version)

    return LocalServers(env, top, program, ServerSecrets(env, cipher, secrets))


def found(env: Env, directory: str | None, gone: bool = False) -> str | None:
    """The top folder of the repository meant; None where nothing names one. Raises Invalid."""
    from reconciler.world import git

    named = directory or env.variables.get("RECONCILE_REPO")
    start = os.path.abspath(os.path.expanduser(named or "."))
    if named and not os.path.isdir(start):
        raise invalid(named, "there is no such folder", "check `-C` or RECONCILE_REPO")
    top = git.find(start)
    if named and top is None:
        raise invalid(named, "this folder lies in no git repository", "`git init` there first")
    if top is not None and _manages(top):
        return top
    known = _known(env) if gone or not named else []
    if top is not None and gone and top in known:
        return top
    if named:
        hint = "`reconcile init` starts one, `reconcile import` fills it from this home"
        raise invalid(top or named, "this repository has no desired-state/ folder", hint)
    return _only([folder for folder in known if _manages(folder)] or (known if gone else []))


def _manages(top: str) -> bool:
    return os.path.isdir(f"{top}/desired-state")


def _known(env: Env) -> list[str]:
    """The repositories that this HOME's state knows, as far as they are there."""
    from reconciler.world.store import known_repositories

    return [folder for folder in known_repositories(f"{env.state}/reconciler/state.db") if os.path.isdir(folder)]


def _only(folders: list[str]) -> str | None:
    """Raises Invalid where there are several."""
    if len(folders) > 1:
        listed = ", ".join(f"`{folder}`" for folder in folders)
        raise invalid("repository", f"this home is kept by several repositories: {listed}", "name one with `-C DIR`")
    return folders[0] if folders else None
