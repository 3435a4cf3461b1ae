"""`reconcile run`: the control loop over one repository, until it is told to stop."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EXITS = "Exit status: 0 when it was told to stop (SIGTERM, Ctrl-C); 1 if another loop keeps this repository."


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--branch", default="", metavar="NAME", help="whose commits to apply; default: reconcile.yaml's"
    )
    parser.add_argument("--require-signed", action="store_true", help="apply only commits with a good signature")
    parser.add_argument("--once", action="store_true", help="look and act once, then end")
    parser.add_argument("--json", action="store_true", help="a JSON record for each event instead of a line")


def run(args: Namespace) -> int:
    from reconciler.app import looping, service
    from reconciler.cli import opening
    from reconciler.cli.outlet import Outlet
    from reconciler.loop.controller import Controller
    from reconciler.loop.stopping import stops
    from reconciler.loop.telling import Teller

    app = opening.with_kept(args)
    with looping.alone(app):
        service.cut(app)
        outlet = Outlet()
        teller = Teller(app.env, outlet.show, args.json)
        controller = Controller(app, teller.tell, args.branch, args.require_signed, args.once)
        stops(controller.stop)
        try:
            controller.run()
        finally:
            teller.close()
            outlet.close()
    return 0
