"""The command line: which verbs there are.  How a command ends is told in :mod:`expeval.cli.ending`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from expeval.cli.ending import exit_status


def main() -> NoReturn:
    """Run the command that the arguments name and end the process with its status."""
    # Millions of cells make millions of objects and no cycles among them: looking for some every 700 costs a tenth.
    gc.set_threshold(100_000, 20, 20)
    # Algebra on summaries is small: threads of BLAS, where nobody asks for them, are only started and stopped.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(exit_status(lambda: application()()))


def application() -> Callable[[], object]:
    """The verbs; made inside a function so that Ctrl-C is already heeded while typer loads."""
    import typer

    from expeval.cli import (
        bundle_command,
        check_command,
        cohorts_command,
        init_command,
        invite_command,
        lock_command,
        run_command,
        serve_command,
        verify_command,
    )

    app = typer.Typer(
        name="expeval",
        help="Statistical evaluation of teaching experiments: from a study file to a report.",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def expeval(
        version: bool = typer.Option(False, "--version", help="Print the version and stop.", callback=_version),
    ) -> None:
        del version

    app.command("run")(run_command.run)
    app.command("check")(check_command.check)
    app.command("init")(init_command.init)
    app.command("verify")(verify_command.verify)
    app.command("bundle")(bundle_command.bundle)
    app.command("lock")(lock_command.lock)
    app.add_typer(cohorts_command.cohorts, name="cohorts")
    app.command("invite")(invite_command.invite)
    app.command("serve")(serve_command.serve)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        import typer

        from expeval import __version__
        from expeval.cli.ending import say

        say(f"expeval {__version__}")
        raise typer.Exit
