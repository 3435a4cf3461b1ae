"""`reconcile`, and `python -m reconciler`: arguments → exit status. Where nothing moved, first.py answers alone."""

import sys


def main() -> int:
    """Never raises."""
    try:
        from reconciler.first import answer

        text = answer(sys.argv[1:]) if sys.stdout is not None else None
        if text is not None:
            sys.stdout.write(text)
            sys.stdout.flush()
            return 0
        from reconciler.cli.main import main as whole

        return whole()
    except BaseException as error:
        from reconciler.cli.failure import explain

        return explain(error)


if __name__ == "__main__":
    sys.exit(main())
