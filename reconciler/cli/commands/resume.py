"""`reconcile resume`: finishes what an interrupted run left, as it was planned."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0 if all of it is done, or nothing was interrupted; 1 if anything was left as it is, or failed."
NOTHING = "nothing was interrupted"


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--no-wait", action="store_true", help="exit 1 when another apply is at work")


def run(args: Namespace) -> int:
    from reconciler.app import applying
    from reconciler.cli import exits, opening, terminal
    from reconciler.cli.render_problems import problem_lines
    from reconciler.cli.render_run import result_text
    from reconciler.model.outcome import Status

    app = opening.with_home(args)
    style = terminal.style(args)
    left = applying.clear_up(app, wait=not args.no_wait, on_wait=terminal.waiting)
    if left:
        terminal.show(style.finish(problem_lines(left, style)))
    if not app.open_runs():
        terminal.say(NOTHING)
        return exits.TROUBLE if left else exits.DONE
    with terminal.progress("finishing") as step:
        done = applying.resume_open(app, wait=not args.no_wait, on_wait=terminal.waiting, progress=step)
    for result, problems in done:
        terminal.show(result_text(result.run, result.outcomes, style))
        terminal.show(style.finish(problem_lines(problems, style)) if problems else "")
    outcomes = [outcome for result, _ in done for _, outcome in result.outcomes]
    well = all(outcome.status is Status.DONE for outcome in outcomes) and not any(problems for _, problems in done)
    return exits.DONE if well else exits.TROUBLE
