"""The command itself; the modules of its groups add theirs, in the order of the help."""

from __future__ import annotations

from typing import Annotated

import typer

from analysis import __version__

app = typer.Typer(
    name="ssot",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Finds where a Python code base has lost its single source of truth, proves it, and says how to fix it.",
    epilog="Exit codes: 0 done · 1 a gate failed · 2 wrong usage · 3 the target cannot be read · "
    "4 the machine or a notebook failed · 69 not notified · 75 locked by another run · "
    "130 interrupted (143 by SIGTERM, 129 by SIGHUP)",
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"ssot {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass
