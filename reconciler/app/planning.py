"""Desired state and this machine → what is said, what would change and why, and what the programs say of that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler import registry
from reconciler.app import opencode_schema
from reconciler.app.cautious import cautious
from reconciler.app.rendered import documented, remembered
from reconciler.app.session import App
from reconciler.app.sighted import observing, showing, sights
from reconciler.app.template_mistakes import judging
from reconciler.model.change import Plan
from reconciler.model.problem import Problem, Severity
from reconciler.model.resource import Loaded
from reconciler.pipeline import cycle
from reconciler.pipeline.load import Memo, load, load_all
from reconciler.pipeline.references import nobody
from reconciler.pipeline.shielding import shield


def read(app: App, which: str = "work", memo: Memo | None = None) -> Loaded:
    """What "work", "index" or a commit says; `memo` keeps what was read, for the next load. Raises Invalid with
    every problem."""
    opencode_schema.judge(app.env)
    tree = app.here.tree(which)
    return load(tree, app.kinds, registry.PENDING, app.host, memo, app.standing, app.survey)


def read_all(app: App, which: str = "work", *, portable: bool = False) -> Loaded:
    """The same, with the problems that any machine would have with its overlay, and what only this machine can tell
    of references; `portable`: without that. Raises Invalid."""
    opencode_schema.judge(app.env)
    tree = app.here.tree(which)
    standing, survey = (nobody, None) if portable else (app.standing, app.survey)
    loaded = load_all(tree, app.kinds, registry.PENDING, app.host, standing, survey, judging(app, portable))
    if portable or app.posing:
        return loaded
    root = next(root for root in app.roots if root.name == "opencode")
    unmet = cycle.unmet(loaded, root.path(app.env), app.around)
    return replace(loaded, problems=tuple(sorted({*loaded.problems, *unmet})))


def plan(
    app: App,
    which: str = "work",
    targets: Sequence[str] = (),
    force: Sequence[str] = (),
    loaded: Loaded | None = None,
    allow_delete: int = 0,
) -> Plan:
    """What would change and why; more objects than are plausible go only as far as `allow_delete` says. Raises
    Invalid."""
    loaded = loaded or read(app, which)
    return looked(app, loaded, targets, force, allow_delete)[1]


def looked(
    app: App,
    loaded: Loaded,
    targets: Sequence[str] = (),
    force: Sequence[str] = (),
    allow_delete: int = 0,
    *,
    holding: bool = False,
) -> tuple[cycle.Looked, Plan]:
    """The same, with the look that it was made from. `holding`: what can't be looked at is held, and the rest planned.
    Raises Invalid."""
    repo = loaded.settings.id or app.here.folder
    eyes = replace(app.eyes(repo), sights=sights(app, loaded), holding=holding)
    with remembered(app.env, loaded):
        seen = cycle.snapshot(loaded, eyes)
        plan = cycle.propose(loaded, eyes, only=targets, force=force, allow_delete=allow_delete, looked=seen)
    return seen, replace(plan, problems=(*plan.problems, *_limits(app, loaded), *_outdating(loaded, plan)))


def _outdating(loaded: Loaded, plan: Plan) -> Iterator[Problem]:
    """Warnings about documents that show what the plan changes, as it was seen before."""
    changed = {str(change.ref) for change in plan.due if change.ref.kind != "document"}
    shown = showing(loaded, changed) if changed else {}
    for resource in observing(loaded) if shown else ():
        if refs := shown.get(resource.ref.name):
            more = f" and {len(refs) - 1} more" if len(refs) > 1 else ""
            text = f"{resource.ref} shows {refs[0]}{more} as seen before this plan"
            hint = "once that is done, `reconcile apply` looks again, shows what is to be written, and asks"
            yield Problem(resource.origin, text, hint, Severity.WARNING)


def _limits(app: App, loaded: Loaded) -> Sequence[Problem]:
    """Warnings about limits that servers pass together."""
    if app.posing or all(resource.ref.kind != "orchestration" for resource in loaded.resources):
        return ()
    from reconciler.app.limits import passed

    return tuple(passed(app, loaded))


def stale(app: App, loaded: Loaded, which: str) -> Sequence[Problem]:
    """Documents in this repository that are not as they would be rendered. Raises Invalid."""
    from reconciler.app import documents

    # What is in the way of one is told by the plan.
    return documents.stale(app, loaded, which, astray=False) if documented(loaded) else ()


def confirmed(app: App, plan: Plan, *, ask: bool = True) -> Plan:
    """The plan with what the real programs say of its outcome; `ask` False: that nobody asked them."""
    from reconciler.pipeline.confirm import Asking, confirm

    key, watch = app.journal.key(), shield(app.journal.veiled(), app.codecs, app.journal.content)
    watch.veiled.update((change.claim, change.after) for change in plan.changes if change.veiled)
    asking = Asking(app.kinds, app.roots, app.world, key, app.env, app.programs, watch)
    return cautious(replace(plan, confirmed=confirm(plan, asking, ask=ask)))
