"""`reconcile plan`: desired state, the record and this home → what would change and why, as text, JSON or a file."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from reconciler.cli.parser import allow_delete, host_name, preflight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.change import Plan

EXITS = "Exit status: 0; with --exit-code 2 if there are changes, 3 if there is only drift; 1 for any mistake."
BEGINNING = 4096
HINT = "`reconcile apply` to do it · `-o FILE` to save it · `reconcile why REF` to ask about a line"
REFUSED = "`reconcile apply` would refuse this · `--no-preflight` does not ask"
ASK = "`reconcile why REF` to ask about a line"
HELD = "`reconcile apply --force REF` to do what is held · `reconcile why REF` to ask about a line"


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help="a reference, a kind or a glob: agent/x, agent, 'agent/team/*'"
    )
    parser.add_argument("-o", dest="output", metavar="FILE", help="save the plan, for `reconcile apply FILE`")
    parser.add_argument("--json", action="store_true", help="print the plan as it would be saved")
    parser.add_argument("--rev", default="work", metavar="REV", help="plan for a commit instead of the work tree")
    parser.add_argument(
        "--host", type=host_name, metavar="NAME", help="plan as if this machine were called NAME (see hosts/)"
    )
    parser.add_argument("--force", action="append", default=[], metavar="REF", help="plan as `apply --force REF` would")
    allow_delete(parser)
    preflight(parser)
    parser.add_argument("--verify", action="store_true", help="read every file anew, however untouched it looks")
    parser.add_argument("--secrets", action="store_true", help="ask keyrings, age and programs for secrets too")
    parser.add_argument("--exit-code", action="store_true", help="2 if there are changes, 3 if there is only drift")
    parser.add_argument("--full", action="store_true", help="show every diff whole, and what is created and deleted")


def run(args: Namespace) -> int:
    from reconciler.app import proposing, reopening
    from reconciler.cli import confirming, exits, opening, showing, terminal

    app = opening.with_repository(args).asking(args.secrets)
    with terminal.busy(showing.LOOKING):
        asked = (args.rev, args.targets, args.force, args.allow_delete)
        loaded, plan = proposing.proposal(app, *asked, whole=args.verify)
    plan = confirming.confirmed(plan, app, args)
    if args.output:
        _save(reopening.save(app, plan), args.output)
    if args.json:
        for text in reopening.save(app, plan):
            terminal.show(text)
    else:
        hint = REFUSED if plan.refused else HINT if plan.due else HELD if _forceable(plan) else ASK
        hint = _saved_hint(args.output, plan) if args.output and not plan.refused else hint
        text = showing.show_plan(plan, app, args, hint=hint, only=args.targets)
        if opening.plainly(args) and not plan.changes:
            from reconciler.app import remembering

            remembering.remember(app, "verified" if args.verify else "plan", args.directory, loaded, plan, text)
    if plan.refused:
        return exits.TROUBLE
    return exits.of_plan(plan) if args.exit_code else 0


def _forceable(plan: Plan) -> bool:
    """Whether `--force` does any of what is held: it takes nothing from another repository."""
    return any("--force" in change.verdict.hint for change in plan.held)


def _saved_hint(path: str, plan: Plan) -> str:
    import shlex

    posing = f" --host {shlex.quote(plan.host)}" if plan.here else ""
    return f"saved: `reconcile apply {shlex.quote(path)}{posing}` does exactly this"


def _save(text: Iterable[str], path: str) -> None:
    """Readable by its owner only, and never half written; into a pipe or device as it is."""
    import errno
    import os

    file = os.path.realpath(path)
    _not_over(path)
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            _into(os.open(path, os.O_WRONLY), text)
        else:
            _beside(file, text)
    except OSError as error:
        from reconciler.model.problem import invalid

        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        hint = "make room there, or name another place" if full else "name a file in a folder that you may write to"
        raise invalid(path, f"cannot be written: {(error.strerror or str(error)).lower()}", hint) from None


def _not_over(path: str) -> None:
    """Raises Invalid for a file that is no plan: nobody meant to lose that."""
    import os

    from reconciler.formats.plan_json import begins_like_one
    from reconciler.model.problem import invalid

    if not os.path.isfile(path) or not os.path.getsize(path):
        return
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            begun = file.read(BEGINNING)
    except (OSError, ValueError):
        begun = ""
    if not begins_like_one(begun):
        raise invalid(path, "stands there already, and is no saved plan", "name another file, or remove it")


def _beside(path: str, text: Iterable[str]) -> None:
    """In the place of what stands there, when all of it is written."""
    import os

    temporary = f"{path}.{os.getpid()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _into(fd, text)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _into(fd: int, text: Iterable[str]) -> None:
    import os

    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.writelines(text)
