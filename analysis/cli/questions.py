"""Commands that answer one question: ``explain``, ``paths`` and ``why``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import Json, Quiet
from analysis.cli.requests import open_or_scan, print_json
from analysis.terminal import print_paths


@app.command(epilog="Example: `ssot explain shop.api shop.db --in ~/src/shop`")
def explain(
    importer: Annotated[str, typer.Argument(help="The importing module.")],
    imported: Annotated[str, typer.Argument(help="The imported module, directly or through others.")],
    target: Annotated[
        str, typer.Option("--in", metavar="TARGET", help="Folder with the code, or the name of a stored snapshot.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Largest number of chains to print.")] = 5,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Explain why one module depends on another: the shortest import chains, with file and line."""
    chains = open_or_scan(target, quiet=quiet or json_).explain(importer, imported, limit=limit)
    if json_:
        print_json(chains.as_records())
    else:
        typer.echo(str(chains))


@app.command(epilog="Examples: `ssot paths Order --in ~/src/shop` · `ssot paths shop.api.Order --in shop`")
def paths(
    name: Annotated[str, typer.Argument(help="A class name, pkg.mod.Name, or the definition pkg.mod:Name.")],
    target: Annotated[
        str, typer.Option("--in", metavar="TARGET", help="Folder with the code, or the name of a stored snapshot.")
    ] = "",
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show which import path of a class to use: all its paths, their routes and their users."""
    found = open_or_scan(target, quiet=quiet or json_).paths(name)
    if json_:
        print_json(json.loads(found.to_json(orient="records")))
    else:
        print_paths(found)


@app.command(epilog="Examples: `ssot why shop.api --in ~/src/shop` · `ssot why shop.api --in shop --json`")
def why(
    module: Annotated[str, typer.Argument(help="The module that is imported first.")],
    target: Annotated[
        str, typer.Option("--in", metavar="TARGET", help="Folder with the code, or the name of a stored snapshot.")
    ] = "",
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Explain why the first import of a module fails, or what it silently swallows: the predicted traceback."""
    answer = open_or_scan(target, quiet=quiet or json_).why(module)
    if json_:
        print_json(answer.as_record())
    else:
        typer.echo(str(answer))
